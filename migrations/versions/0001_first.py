"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "audit_digest",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.Column("last_access_id", sa.BigInteger(), nullable=False),
        sa.Column("heads_hash", sa.Text(), nullable=False),
        sa.Column("access_hash", sa.Text(), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_digest")),
    )
    op.create_table(
        "bank_holiday",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("on_date", name=op.f("pk_bank_holiday")),
    )
    op.create_table(
        "local_closure",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("on_date", name=op.f("pk_local_closure")),
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ods_code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("arm", sa.String(length=10), nullable=True),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.CheckConstraint("arm IS NULL OR arm IN ('hub', 'provider')", name=op.f("ck_organisation_arm_is_known")),
        sa.CheckConstraint("arm IS NULL OR parent_id IS NOT NULL", name=op.f("ck_organisation_arm_has_a_parent")),
        sa.CheckConstraint("parent_id IS NULL OR parent_id <> id", name=op.f("ck_organisation_not_its_own_parent")),
        sa.CheckConstraint(
            "until_on IS NULL OR until_on >= from_on", name=op.f("ck_organisation_ends_after_it_starts")
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["organisation.id"], name=op.f("fk_organisation_parent_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("ods_code", name=op.f("uq_organisation_ods_code")),
    )
    op.create_index(op.f("ix_organisation_parent_id"), "organisation", ["parent_id"], unique=False)
    op.create_index(
        "uq_organisation_arm",
        "organisation",
        ["parent_id", "arm"],
        unique=True,
        postgresql_where=sa.text("arm IS NOT NULL"),
    )
    op.create_table(
        "patient",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("nhs_number", sa.Text(), nullable=True),
        sa.Column("nhs_number_status", sa.Text(), nullable=True),
        sa.Column("no_identity_reason", sa.Text(), nullable=True),
        sa.Column("family_name", sa.Text(), nullable=True),
        sa.Column("given_name", sa.Text(), nullable=True),
        sa.Column("preferred_name", sa.Text(), nullable=True),
        sa.Column("name_sound", sa.Text(), nullable=False),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("ethnic_category", sa.Text(), nullable=True),
        sa.Column("first_language", sa.Text(), nullable=True),
        sa.Column("interpreter_needed", sa.Boolean(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("gp_practice", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
    )
    op.create_index("ix_patient_sound_birth", "patient", ["name_sound", "date_of_birth"], unique=False)
    op.create_index(
        "uq_patient_nhs_number",
        "patient",
        ["nhs_number"],
        unique=True,
        postgresql_where=sa.text("nhs_number IS NOT NULL"),
    )
    op.create_table(
        "policy_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("in_force_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_version")),
        sa.UniqueConstraint("number", name=op.f("uq_policy_version_number")),
    )
    op.create_table(
        "rulebook_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rulebook_state")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_hash", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum("failed", "throttled", "succeeded", name="attemptoutcome", native_enum=False, length=40),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempt")),
    )
    op.create_index("ix_sign_in_attempt_account", "sign_in_attempt", ["account_hash", "at"], unique=False)
    op.create_index("ix_sign_in_attempt_address", "sign_in_attempt", ["address", "at"], unique=False)
    op.create_table(
        "user_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_user_account_email_is_lower_case")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email", name=op.f("uq_user_account_email")),
    )
    op.create_table(
        "care_case",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("service_line", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_sealed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("priority", sa.Text(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("form2_signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("emergency_route_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consent_basis", sa.Text(), nullable=True),
        sa.Column("lawful_basis", sa.Text(), nullable=True),
        sa.Column("sharing_restricted", sa.Boolean(), nullable=True),
        sa.Column("sharing_restriction_details", sa.Text(), nullable=True),
        sa.Column("care_coordinator_name", sa.Text(), nullable=True),
        sa.Column("consultant_name", sa.Text(), nullable=True),
        sa.Column("responsible_icb", sa.Text(), nullable=True),
        sa.Column("learning_disability", sa.Text(), nullable=True),
        sa.Column("autism", sa.Text(), nullable=True),
        sa.Column("family_told", sa.Boolean(), nullable=True),
        sa.Column("is_contested", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_care_case_patient_id_patient")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_case")),
        sa.UniqueConstraint("reference", name=op.f("uq_care_case_reference")),
    )
    op.create_index("ix_care_case_patient", "care_case", ["patient_id", "id"], unique=False)
    op.create_index(
        "uq_care_case_open",
        "care_case",
        ["patient_id", "service_line"],
        unique=True,
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "collaborative",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("service_line", sa.String(length=40), nullable=False),
        sa.Column("lead_organisation_id", sa.Integer(), nullable=False),
        sa.Column("policy_set", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=20), server_default="active", nullable=False),
        sa.CheckConstraint("status IN ('planned', 'active', 'closed')", name=op.f("ck_collaborative_status_is_known")),
        sa.ForeignKeyConstraint(
            ["lead_organisation_id"],
            ["organisation.id"],
            name=op.f("fk_collaborative_lead_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collaborative")),
        sa.UniqueConstraint("name", name=op.f("uq_collaborative_name")),
    )
    op.create_table(
        "on_call_shift",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("deputy_id", sa.Integer(), nullable=True),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "deputy_id IS NULL OR deputy_id <> user_id", name=op.f("ck_on_call_shift_deputy_is_another_person")
        ),
        sa.CheckConstraint("until_at > from_at", name=op.f("ck_on_call_shift_ends_after_it_starts")),
        sa.ForeignKeyConstraint(
            ["deputy_id"], ["user_account.id"], name=op.f("fk_on_call_shift_deputy_id_user_account")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_on_call_shift_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_on_call_shift")),
    )
    op.create_index("ix_on_call_shift_time", "on_call_shift", ["until_at", "from_at"], unique=False)
    op.create_table(
        "site",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_code", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("postcode", sa.String(length=8), nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_site_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site")),
        sa.UniqueConstraint("site_code", name=op.f("uq_site_site_code")),
    )
    op.create_index(op.f("ix_site_organisation_id"), "site", ["organisation_id"], unique=False)
    op.create_table(
        "case_seal",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["care_case.id"], name=op.f("fk_case_seal_case_id_care_case")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_case_seal_user_id_user_account")),
        sa.PrimaryKeyConstraint("case_id", "user_id", name=op.f("pk_case_seal")),
    )
    op.create_table(
        "legal_status",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["care_case.id"], name=op.f("fk_legal_status_case_id_care_case")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_legal_status_recorded_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_status")),
    )
    op.create_index(op.f("ix_legal_status_case_id"), "legal_status", ["case_id"], unique=False)
    op.create_table(
        "unit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("bed_type", sa.String(length=40), nullable=False),
        sa.Column("gender", sa.String(length=20), nullable=False),
        sa.Column("age_from", sa.Integer(), nullable=False),
        sa.Column("age_to", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.CheckConstraint(
            "age_from >= 0 AND age_to >= age_from AND age_to <= 120", name=op.f("ck_unit_ages_in_order")
        ),
        sa.ForeignKeyConstraint(["site_id"], ["site.id"], name=op.f("fk_unit_site_id_site")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("unit_code", name=op.f("uq_unit_unit_code")),
    )
    op.create_index(op.f("ix_unit_site_id"), "unit", ["site_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column(
            "role",
            sa.Enum(
                "coordinator",
                "case_manager",
                "clinical_reviewer",
                "finance_lead",
                "head_of_commissioning",
                "director",
                "quality_lead",
                "quality_group_chair",
                "family_liaison",
                "information_governance",
                "administrator",
                "unit_manager",
                "unit_clinician",
                "access_assessor",
                "provider_quality_lead",
                "referrer",
                "funder",
                "outside_member",
                "on_call",
                "system",
                name="role",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.CheckConstraint("until_on IS NULL OR until_on >= from_on", name=op.f("ck_membership_ends_after_it_starts")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_membership_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_membership_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_membership_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index("ix_membership_organisation_role", "membership", ["organisation_id", "role"], unique=False)
    op.create_index(op.f("ix_membership_unit_id"), "membership", ["unit_id"], unique=False)
    op.create_index(op.f("ix_membership_user_id"), "membership", ["user_id"], unique=False)
    op.create_table(
        "work_item",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("collaborative_id", sa.Integer(), nullable=True),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("opened_by_id", sa.Integer(), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("service_line", sa.Text(), nullable=True),
        sa.Column("priority", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_version_id", sa.BigInteger(), nullable=True),
        sa.Column("history_length", sa.Integer(), nullable=False),
        sa.Column("head_hash", sa.Text(), nullable=False),
        sa.CheckConstraint("history_length > 0 AND head_hash <> ''", name=op.f("ck_work_item_has_history")),
        sa.ForeignKeyConstraint(["case_id"], ["care_case.id"], name=op.f("fk_work_item_case_id_care_case")),
        sa.ForeignKeyConstraint(
            ["collaborative_id"], ["collaborative.id"], name=op.f("fk_work_item_collaborative_id_collaborative")
        ),
        sa.ForeignKeyConstraint(
            ["opened_by_id"], ["user_account.id"], name=op.f("fk_work_item_opened_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_work_item_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_work_item_owner_id_user_account")),
        sa.ForeignKeyConstraint(["parent_id"], ["work_item.id"], name=op.f("fk_work_item_parent_id_work_item")),
        sa.ForeignKeyConstraint(
            ["policy_version_id"], ["policy_version.id"], name=op.f("fk_work_item_policy_version_id_policy_version")
        ),
        sa.ForeignKeyConstraint(["team_id"], ["organisation.id"], name=op.f("fk_work_item_team_id_organisation")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_work_item_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_item")),
        sa.UniqueConstraint("reference", name=op.f("uq_work_item_reference")),
    )
    op.create_index("ix_work_item_case", "work_item", ["case_id", "id"], unique=False)
    op.create_index(
        "ix_work_item_due", "work_item", ["next_due_at", "id"], unique=False, postgresql_where=sa.text("is_open")
    )
    op.create_index(
        "ix_work_item_kind_due",
        "work_item",
        ["kind", "next_due_at", "id"],
        unique=False,
        postgresql_where=sa.text("is_open"),
    )
    op.create_index(
        "ix_work_item_owner_due",
        "work_item",
        ["owner_id", "next_due_at", "id"],
        unique=False,
        postgresql_where=sa.text("is_open"),
    )
    op.create_table(
        "access_log",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["care_case.id"], name=op.f("fk_access_log_case_id_care_case")),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_access_log_item_id_work_item")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_access_log_membership_id_membership")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_access_log_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    op.create_index("ix_access_log_case", "access_log", ["case_id", "id"], unique=False)
    op.create_index("ix_access_log_user", "access_log", ["user_id", "id"], unique=False)
    op.create_table(
        "clock",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("per", sa.Text(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("duration", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_running", sa.Boolean(), nullable=False),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pauses", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("asked", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("warn_50_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warn_80_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rang_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("gross_seconds", sa.BigInteger(), nullable=True),
        sa.Column("net_seconds", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_clock_item_id_work_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    op.create_index(
        "ix_clock_due", "clock", ["due_at"], unique=False, postgresql_where=sa.text("is_running AND rang_at IS NULL")
    )
    op.create_index("ix_clock_item", "clock", ["item_id", "id"], unique=False)
    op.create_table(
        "draft",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("item_version", sa.Integer(), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_draft_item_id_work_item")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_draft_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
    )
    op.create_index(
        "uq_draft_one", "draft", ["user_id", "kind", sa.literal_column("coalesce(item_id, 0)"), "action"], unique=True
    )
    op.create_table(
        "item_party",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("capacities", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("next_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(organisation_id, user_id) = 1", name=op.f("ck_item_party_organisation_or_person")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_item_party_item_id_work_item")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_item_party_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_item_party_unit_id_unit")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_item_party_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_party")),
    )
    op.create_index("ix_item_party_item", "item_party", ["item_id"], unique=False)
    op.create_index(
        "ix_item_party_organisation_due",
        "item_party",
        ["organisation_id", "next_due_at", "item_id"],
        unique=False,
        postgresql_where=sa.text("is_open AND until_at IS NULL"),
    )
    op.create_index(
        "ix_item_party_organisation_kind_due",
        "item_party",
        ["organisation_id", "kind", "next_due_at", "item_id"],
        unique=False,
        postgresql_where=sa.text("is_open AND until_at IS NULL"),
    )
    op.create_index(
        "ix_item_party_user_due",
        "item_party",
        ["user_id", "next_due_at", "item_id"],
        unique=False,
        postgresql_where=sa.text("is_open AND until_at IS NULL"),
    )
    op.create_index(
        "uq_item_party_live",
        "item_party",
        [
            "item_id",
            sa.literal_column("coalesce(organisation_id, 0)"),
            sa.literal_column("coalesce(unit_id, 0)"),
            sa.literal_column("coalesce(user_id, 0)"),
        ],
        unique=True,
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.create_table(
        "outbox_message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_outbox_message_item_id_work_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
    )
    op.create_index(
        "ix_outbox_message_unsent", "outbox_message", ["id"], unique=False, postgresql_where=sa.text("sent_at IS NULL")
    )
    op.create_table(
        "reaction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_reaction_item_id_work_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reaction")),
        sa.UniqueConstraint("item_id", "position", "topic", name=op.f("uq_reaction_item_id_position_topic")),
    )
    op.create_table(
        "referral",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source_system", sa.Text(), nullable=True),
        sa.Column("source_reference", sa.Text(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=True),
        sa.Column("what_is_missing", sa.Text(), nullable=True),
        sa.Column("decline_reason", sa.Text(), nullable=True),
        sa.Column("alternative_advice", sa.Text(), nullable=True),
        sa.Column("named_clinician", sa.Text(), nullable=True),
        sa.Column("redirected_to", sa.Text(), nullable=True),
        sa.Column("superseded_by", sa.Text(), nullable=True),
        sa.Column("assessing_organisation", sa.Text(), nullable=True),
        sa.Column("why_it_cannot_wait", sa.Text(), nullable=True),
        sa.Column("bed_type_wanted", sa.Text(), nullable=True),
        sa.Column("referral_source", sa.Text(), nullable=True),
        sa.Column("referring_organisation", sa.Text(), nullable=True),
        sa.Column("referrer_name", sa.Text(), nullable=True),
        sa.Column("referrer_role", sa.Text(), nullable=True),
        sa.Column("referrer_email", sa.Text(), nullable=True),
        sa.Column("location_kind", sa.Text(), nullable=True),
        sa.Column("where_now", sa.Text(), nullable=True),
        sa.Column("call_back_number", sa.Text(), nullable=True),
        sa.Column("family_name", sa.Text(), nullable=True),
        sa.Column("given_name", sa.Text(), nullable=True),
        sa.Column("preferred_name", sa.Text(), nullable=True),
        sa.Column("previous_family_names", sa.Text(), nullable=True),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("nhs_number", sa.Text(), nullable=True),
        sa.Column("nhs_number_status", sa.Text(), nullable=True),
        sa.Column("no_identity_reason", sa.Text(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("ethnic_category", sa.Text(), nullable=True),
        sa.Column("first_language", sa.Text(), nullable=True),
        sa.Column("interpreter_needed", sa.Boolean(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("postcode", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("gp_practice", sa.Text(), nullable=True),
        sa.Column("responsible_icb", sa.Text(), nullable=True),
        sa.Column("parental_responsibility_name", sa.Text(), nullable=True),
        sa.Column("parental_responsibility_relationship", sa.Text(), nullable=True),
        sa.Column("parental_responsibility_phone", sa.Text(), nullable=True),
        sa.Column("kept_informed_name", sa.Text(), nullable=True),
        sa.Column("kept_informed_relationship", sa.Text(), nullable=True),
        sa.Column("kept_informed_phone", sa.Text(), nullable=True),
        sa.Column("do_not_contact", sa.Text(), nullable=True),
        sa.Column("consent_basis", sa.Text(), nullable=True),
        sa.Column("consent_given_by", sa.Text(), nullable=True),
        sa.Column("consent_on", sa.Date(), nullable=True),
        sa.Column("lawful_basis", sa.Text(), nullable=True),
        sa.Column("capacity_notes", sa.Text(), nullable=True),
        sa.Column("sharing_restricted", sa.Boolean(), nullable=True),
        sa.Column("sharing_restriction_details", sa.Text(), nullable=True),
        sa.Column("legal_status", sa.Text(), nullable=True),
        sa.Column("legal_status_from", sa.Date(), nullable=True),
        sa.Column("legal_status_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("children_act_status", sa.Text(), nullable=True),
        sa.Column("prison_number", sa.Text(), nullable=True),
        sa.Column("index_offence", sa.Text(), nullable=True),
        sa.Column("earliest_release_on", sa.Date(), nullable=True),
        sa.Column("safeguarding_concerns", sa.Text(), nullable=True),
        sa.Column("child_protection_plan", sa.Boolean(), nullable=True),
        sa.Column("child_in_need_plan", sa.Boolean(), nullable=True),
        sa.Column("likely_pregnant", sa.Boolean(), nullable=True),
        sa.Column("primary_reason", sa.Text(), nullable=True),
        sa.Column("presenting_problem", sa.Text(), nullable=True),
        sa.Column("immediate_risk", sa.Text(), nullable=True),
        sa.Column("risk_to_self", sa.Text(), nullable=True),
        sa.Column("risk_to_others", sa.Text(), nullable=True),
        sa.Column("risk_from_others", sa.Text(), nullable=True),
        sa.Column("physical_health", sa.Text(), nullable=True),
        sa.Column("medication_and_allergies", sa.Text(), nullable=True),
        sa.Column("learning_disability", sa.Text(), nullable=True),
        sa.Column("autism", sa.Text(), nullable=True),
        sa.Column("on_support_register", sa.Boolean(), nullable=True),
        sa.Column("cetr_on", sa.Date(), nullable=True),
        sa.Column("cetr_outcome", sa.Text(), nullable=True),
        sa.Column("laep_on", sa.Date(), nullable=True),
        sa.Column("no_cetr_reason", sa.Text(), nullable=True),
        sa.Column("reasonable_adjustments", sa.Text(), nullable=True),
        sa.Column("education", sa.Text(), nullable=True),
        sa.Column("school_name", sa.Text(), nullable=True),
        sa.Column("has_ehcp", sa.Boolean(), nullable=True),
        sa.Column("accommodation", sa.Text(), nullable=True),
        sa.Column("local_authority", sa.Text(), nullable=True),
        sa.Column("social_worker_name", sa.Text(), nullable=True),
        sa.Column("social_worker_phone", sa.Text(), nullable=True),
        sa.Column("care_coordinator_name", sa.Text(), nullable=True),
        sa.Column("care_coordinator_phone", sa.Text(), nullable=True),
        sa.Column("consultant_name", sa.Text(), nullable=True),
        sa.Column("interventions_tried", sa.Text(), nullable=True),
        sa.Column("why_not_community", sa.Text(), nullable=True),
        sa.Column("purpose_of_admission", sa.Text(), nullable=True),
        sa.Column("expected_length", sa.Text(), nullable=True),
        sa.Column("when_it_would_end", sa.Text(), nullable=True),
        sa.Column("young_person_views", sa.Text(), nullable=True),
        sa.Column("family_views", sa.Text(), nullable=True),
        sa.Column("family_told", sa.Boolean(), nullable=True),
        sa.Column("family_objects", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["work_item.id"], name=op.f("fk_referral_id_work_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    op.create_index(
        "uq_referral_source",
        "referral",
        [sa.literal_column("lower(source_system)"), sa.literal_column("lower(source_reference)")],
        unique=True,
        postgresql_where=sa.text("source_reference IS NOT NULL"),
    )
    op.create_table(
        "sign_in_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "ended_why",
            sa.Enum(
                "signed_out",
                "idle",
                "too_old",
                "role_changed",
                "credentials_changed",
                "disabled",
                name="sessionend",
                native_enum=False,
                length=40,
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_why IS NULL)", name=op.f("ck_sign_in_session_ended_with_a_reason")
        ),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_sign_in_session_membership_id_membership")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_sign_in_session_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_session_token_hash")),
    )
    op.create_index("ix_sign_in_session_user", "sign_in_session", ["user_id", "id"], unique=False)
    op.create_table(
        "transition",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("from_state", sa.Text(), nullable=True),
        sa.Column("to_state", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("acting_as", sa.Integer(), nullable=True),
        sa.Column("acting_role", sa.Text(), nullable=True),
        sa.Column("on_behalf_of", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("values", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("prev_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["acting_as"], ["membership.id"], name=op.f("fk_transition_acting_as_membership")),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name=op.f("fk_transition_actor_id_user_account")),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_transition_item_id_work_item")),
        sa.ForeignKeyConstraint(
            ["on_behalf_of"], ["user_account.id"], name=op.f("fk_transition_on_behalf_of_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transition")),
        sa.UniqueConstraint("item_id", "position", name=op.f("uq_transition_item_id_position")),
    )
    op.execute(
        """
CREATE SEQUENCE reference_referral_seq
        """
    )
    op.execute(
        """
CREATE SEQUENCE reference_case_seq
        """
    )
    op.execute(
        """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: a row is never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
        """
    )
    op.execute(
        """
CREATE TRIGGER transition_is_append_only BEFORE UPDATE OR DELETE ON transition FOR EACH ROW EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
CREATE TRIGGER transition_is_never_emptied BEFORE TRUNCATE ON transition FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
CREATE TRIGGER access_log_is_append_only BEFORE UPDATE OR DELETE ON access_log FOR EACH ROW EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
CREATE TRIGGER access_log_is_never_emptied BEFORE TRUNCATE ON access_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
CREATE TRIGGER audit_digest_is_append_only BEFORE UPDATE OR DELETE ON audit_digest FOR EACH ROW EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
CREATE TRIGGER audit_digest_is_never_emptied BEFORE TRUNCATE ON audit_digest FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
CREATE FUNCTION state_change_has_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.history_length <= OLD.history_length OR NOT EXISTS (
        SELECT 1 FROM transition
        WHERE item_id = NEW.id AND position = NEW.history_length
          AND to_state = NEW.state AND hash = NEW.head_hash
    ) THEN
        RAISE EXCEPTION 'the state of % cannot change without a history row', OLD.reference
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
        """
    )
    op.execute(
        """
CREATE TRIGGER state_change_has_history BEFORE UPDATE OF state ON work_item FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION state_change_has_history()
        """
    )
    op.execute(
        """
CREATE FUNCTION count_rulebook_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE rulebook_state SET version = greatest(version + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
    WHERE id = 1;
    RETURN NULL;
END $$
        """
    )
    op.execute(
        """
CREATE TRIGGER policy_version_is_counted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON policy_version FOR EACH STATEMENT EXECUTE FUNCTION count_rulebook_change()
        """
    )
    op.execute(
        """
CREATE TRIGGER bank_holiday_is_counted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON bank_holiday FOR EACH STATEMENT EXECUTE FUNCTION count_rulebook_change()
        """
    )
    op.execute(
        """
CREATE TRIGGER local_closure_is_counted AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON local_closure FOR EACH STATEMENT EXECUTE FUNCTION count_rulebook_change()
        """
    )
    op.execute(
        """
INSERT INTO rulebook_state (id, version) VALUES (1, 1)
        """
    )
    op.execute(
        """
CREATE FUNCTION membership_keeps_arms_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM user_account WHERE id = NEW.user_id FOR UPDATE;
    IF EXISTS (
    SELECT 1
    FROM membership mine
    JOIN organisation here ON here.id = mine.organisation_id
    JOIN organisation there ON there.parent_id = here.parent_id AND there.arm <> here.arm
    JOIN membership other ON other.organisation_id = there.id AND other.user_id = mine.user_id
    WHERE daterange(mine.from_on, mine.until_on, '[]') && daterange(other.from_on, other.until_on, '[]')
 AND mine.id = NEW.id) THEN
        RAISE EXCEPTION 'nobody may hold memberships of both the hub and the provider arm of one lead provider'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_membership_keeps_arms_apart';
    END IF;
    RETURN NULL;
END $$
        """
    )
    op.execute(
        """
CREATE TRIGGER membership_keeps_arms_apart AFTER INSERT OR UPDATE ON membership
    FOR EACH ROW EXECUTE FUNCTION membership_keeps_arms_apart()
        """
    )
    op.execute(
        """
CREATE FUNCTION organisation_keeps_arms_apart() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
    SELECT 1
    FROM membership mine
    JOIN organisation here ON here.id = mine.organisation_id
    JOIN organisation there ON there.parent_id = here.parent_id AND there.arm <> here.arm
    JOIN membership other ON other.organisation_id = there.id AND other.user_id = mine.user_id
    WHERE daterange(mine.from_on, mine.until_on, '[]') && daterange(other.from_on, other.until_on, '[]')
 AND here.id = NEW.id) THEN
        RAISE EXCEPTION 'someone holds memberships of both the hub and the provider arm of this lead provider'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ck_organisation_keeps_arms_apart';
    END IF;
    RETURN NULL;
END $$
        """
    )
    op.execute(
        """
CREATE TRIGGER organisation_keeps_arms_apart AFTER UPDATE OF arm, parent_id ON organisation
    FOR EACH ROW EXECUTE FUNCTION organisation_keeps_arms_apart()
        """
    )


def downgrade() -> None:
    """Take it back."""
    op.execute(
        """
DROP TRIGGER IF EXISTS organisation_keeps_arms_apart ON organisation
        """
    )
    op.execute(
        """
DROP FUNCTION IF EXISTS organisation_keeps_arms_apart()
        """
    )
    op.execute(
        """
DROP TRIGGER IF EXISTS membership_keeps_arms_apart ON membership
        """
    )
    op.execute(
        """
DROP FUNCTION IF EXISTS membership_keeps_arms_apart()
        """
    )
    op.execute(
        """
DROP TRIGGER IF EXISTS policy_version_is_counted ON policy_version
        """
    )
    op.execute(
        """
DROP TRIGGER IF EXISTS bank_holiday_is_counted ON bank_holiday
        """
    )
    op.execute(
        """
DROP TRIGGER IF EXISTS local_closure_is_counted ON local_closure
        """
    )
    op.execute(
        """
DROP FUNCTION IF EXISTS count_rulebook_change()
        """
    )
    op.execute(
        """
DROP TRIGGER IF EXISTS state_change_has_history ON work_item
        """
    )
    op.execute(
        """
DROP FUNCTION IF EXISTS state_change_has_history()
        """
    )
    op.execute(
        """
DROP TRIGGER IF EXISTS transition_is_append_only ON transition
        """
    )
    op.execute(
        """
DROP TRIGGER IF EXISTS access_log_is_append_only ON access_log
        """
    )
    op.execute(
        """
DROP TRIGGER IF EXISTS audit_digest_is_append_only ON audit_digest
        """
    )
    op.execute(
        """
DROP TRIGGER IF EXISTS transition_is_never_emptied ON transition
        """
    )
    op.execute(
        """
DROP TRIGGER IF EXISTS access_log_is_never_emptied ON access_log
        """
    )
    op.execute(
        """
DROP TRIGGER IF EXISTS audit_digest_is_never_emptied ON audit_digest
        """
    )
    op.execute(
        """
DROP FUNCTION IF EXISTS refuse_change()
        """
    )
    op.execute(
        """
DROP SEQUENCE IF EXISTS reference_referral_seq
        """
    )
    op.execute(
        """
DROP SEQUENCE IF EXISTS reference_case_seq
        """
    )
    op.drop_table("transition")
    op.drop_index("ix_sign_in_session_user", table_name="sign_in_session")
    op.drop_table("sign_in_session")
    op.drop_index("uq_referral_source", table_name="referral", postgresql_where=sa.text("source_reference IS NOT NULL"))
    op.drop_table("referral")
    op.drop_table("reaction")
    op.drop_index("ix_outbox_message_unsent", table_name="outbox_message", postgresql_where=sa.text("sent_at IS NULL"))
    op.drop_table("outbox_message")
    op.drop_index("uq_item_party_live", table_name="item_party", postgresql_where=sa.text("until_at IS NULL"))
    op.drop_index(
        "ix_item_party_user_due", table_name="item_party", postgresql_where=sa.text("is_open AND until_at IS NULL")
    )
    op.drop_index(
        "ix_item_party_organisation_kind_due",
        table_name="item_party",
        postgresql_where=sa.text("is_open AND until_at IS NULL"),
    )
    op.drop_index(
        "ix_item_party_organisation_due",
        table_name="item_party",
        postgresql_where=sa.text("is_open AND until_at IS NULL"),
    )
    op.drop_index("ix_item_party_item", table_name="item_party")
    op.drop_table("item_party")
    op.drop_index("uq_draft_one", table_name="draft")
    op.drop_table("draft")
    op.drop_index("ix_clock_item", table_name="clock")
    op.drop_index("ix_clock_due", table_name="clock", postgresql_where=sa.text("is_running AND rang_at IS NULL"))
    op.drop_table("clock")
    op.drop_index("ix_access_log_user", table_name="access_log")
    op.drop_index("ix_access_log_case", table_name="access_log")
    op.drop_table("access_log")
    op.drop_index("ix_work_item_owner_due", table_name="work_item", postgresql_where=sa.text("is_open"))
    op.drop_index("ix_work_item_kind_due", table_name="work_item", postgresql_where=sa.text("is_open"))
    op.drop_index("ix_work_item_due", table_name="work_item", postgresql_where=sa.text("is_open"))
    op.drop_index("ix_work_item_case", table_name="work_item")
    op.drop_table("work_item")
    op.drop_index(op.f("ix_membership_user_id"), table_name="membership")
    op.drop_index(op.f("ix_membership_unit_id"), table_name="membership")
    op.drop_index("ix_membership_organisation_role", table_name="membership")
    op.drop_table("membership")
    op.drop_index(op.f("ix_unit_site_id"), table_name="unit")
    op.drop_table("unit")
    op.drop_index(op.f("ix_legal_status_case_id"), table_name="legal_status")
    op.drop_table("legal_status")
    op.drop_table("case_seal")
    op.drop_index(op.f("ix_site_organisation_id"), table_name="site")
    op.drop_table("site")
    op.drop_index("ix_on_call_shift_time", table_name="on_call_shift")
    op.drop_table("on_call_shift")
    op.drop_table("collaborative")
    op.drop_index("uq_care_case_open", table_name="care_case", postgresql_where=sa.text("closed_at IS NULL"))
    op.drop_index("ix_care_case_patient", table_name="care_case")
    op.drop_table("care_case")
    op.drop_table("user_account")
    op.drop_index("ix_sign_in_attempt_address", table_name="sign_in_attempt")
    op.drop_index("ix_sign_in_attempt_account", table_name="sign_in_attempt")
    op.drop_table("sign_in_attempt")
    op.drop_table("rulebook_state")
    op.drop_table("policy_version")
    op.drop_index("uq_patient_nhs_number", table_name="patient", postgresql_where=sa.text("nhs_number IS NOT NULL"))
    op.drop_index("ix_patient_sound_birth", table_name="patient")
    op.drop_table("patient")
    op.drop_index("uq_organisation_arm", table_name="organisation", postgresql_where=sa.text("arm IS NOT NULL"))
    op.drop_index(op.f("ix_organisation_parent_id"), table_name="organisation")
    op.drop_table("organisation")
    op.drop_table("local_closure")
    op.drop_table("bank_holiday")
    op.drop_table("audit_digest")
