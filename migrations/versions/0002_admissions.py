"""Admission decisions and placements."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    _alerts_and_legal_status_up()
    _admissions_up()


def downgrade() -> None:
    """Take it away."""
    _admissions_down()
    _alerts_and_legal_status_down()


# Alerts about a person, and legal status entries that were corrected.


def _alerts_and_legal_status_up() -> None:
    op.create_table(
        "case_alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.Integer(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["care_case.id"], name=op.f("fk_case_alert_case_id_care_case")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_case_alert_recorded_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["user_account.id"], name=op.f("fk_case_alert_ended_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_alert")),
    )
    op.create_index(op.f("ix_case_alert_case_id"), "case_alert", ["case_id"], unique=False)
    for word in ("opened", "closed"):
        op.add_column("care_case", sa.Column(f"{word}_by_id", sa.Integer(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_care_case_{word}_by_id_user_account"), "care_case", "user_account", [f"{word}_by_id"], ["id"]
        )
    op.add_column("care_case", sa.Column("open_reason", sa.Text(), nullable=True))
    op.add_column("care_case", sa.Column("close_reason", sa.Text(), nullable=True))
    op.add_column("legal_status", sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("legal_status", sa.Column("corrected_by_id", sa.Integer(), nullable=True))
    op.add_column("legal_status", sa.Column("correction_reason", sa.Text(), nullable=True))
    op.create_foreign_key(
        op.f("fk_legal_status_corrected_by_id_user_account"),
        "legal_status",
        "user_account",
        ["corrected_by_id"],
        ["id"],
    )
    op.create_index(
        "uq_legal_status_current",
        "legal_status",
        ["case_id"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL AND corrected_at IS NULL"),
    )


def _alerts_and_legal_status_down() -> None:
    op.drop_index(
        "uq_legal_status_current",
        table_name="legal_status",
        postgresql_where=sa.text("ended_on IS NULL AND corrected_at IS NULL"),
    )
    op.drop_constraint(op.f("fk_legal_status_corrected_by_id_user_account"), "legal_status", type_="foreignkey")
    op.drop_column("legal_status", "correction_reason")
    op.drop_column("legal_status", "corrected_by_id")
    op.drop_column("legal_status", "corrected_at")
    op.drop_column("care_case", "close_reason")
    op.drop_column("care_case", "open_reason")
    for word in ("closed", "opened"):
        op.drop_constraint(op.f(f"fk_care_case_{word}_by_id_user_account"), "care_case", type_="foreignkey")
        op.drop_column("care_case", f"{word}_by_id")
    op.drop_index(op.f("ix_case_alert_case_id"), table_name="case_alert")
    op.drop_table("case_alert")


# Admission decisions and placements, each with the sequence of its references.


def _admissions_up() -> None:
    op.create_table(
        "admission",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pauses_before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("immediate_risk", sa.Text(), nullable=True),
        sa.Column("assessing_organisation_id", sa.Integer(), nullable=True),
        sa.Column("booked_assessor", sa.Text(), nullable=True),
        sa.Column("booked_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("assessment_how", sa.Text(), nullable=True),
        sa.Column("assessment_where", sa.Text(), nullable=True),
        sa.Column("is_appropriate", sa.Boolean(), nullable=True),
        sa.Column("outcome_comments", sa.Text(), nullable=True),
        sa.Column("only_for_lack_of_services", sa.Boolean(), nullable=True),
        sa.Column("missing_service", sa.Text(), nullable=True),
        sa.Column("missing_service_details", sa.Text(), nullable=True),
        sa.Column("paper_signed_by", sa.Text(), nullable=True),
        sa.Column("paper_signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paper_kept_at", sa.Text(), nullable=True),
        sa.Column("form2_signed_by_id", sa.Integer(), nullable=True),
        sa.Column("form2_signed_role", sa.Text(), nullable=True),
        sa.Column("form2_signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recommendation", sa.Text(), nullable=True),
        sa.Column("alternatives_considered", sa.Text(), nullable=True),
        sa.Column("purpose", sa.Text(), nullable=True),
        sa.Column("bed_type", sa.Text(), nullable=True),
        sa.Column("expected_length_weeks", sa.Integer(), nullable=True),
        sa.Column("exit_plan", sa.Text(), nullable=True),
        sa.Column("recommended_by_id", sa.Integer(), nullable=True),
        sa.Column("recommended_role", sa.Text(), nullable=True),
        sa.Column("recommended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("question", sa.Text(), nullable=True),
        sa.Column("asked_organisation_id", sa.Integer(), nullable=True),
        sa.Column("answer_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("asked_role", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answer_given", sa.Text(), nullable=True),
        sa.Column("objection_by", sa.Text(), nullable=True),
        sa.Column("objection", sa.Text(), nullable=True),
        sa.Column("new_facts", sa.Text(), nullable=True),
        sa.Column("responsible_commissioner", sa.Text(), nullable=True),
        sa.Column("funding_source", sa.Text(), nullable=True),
        sa.Column("conditions", sa.Text(), nullable=True),
        sa.Column("alternative", sa.Text(), nullable=True),
        sa.Column("alternative_provider", sa.Text(), nullable=True),
        sa.Column("contingency", sa.Text(), nullable=True),
        sa.Column("advice", sa.Text(), nullable=True),
        sa.Column("dispute_route", sa.Text(), nullable=True),
        sa.Column("has_interest", sa.Boolean(), nullable=True),
        sa.Column("interest", sa.Text(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("decided_role", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why_it_cannot_wait", sa.Text(), nullable=True),
        sa.Column("clinician_in_charge", sa.Text(), nullable=True),
        sa.Column("admitted_by_id", sa.Integer(), nullable=True),
        sa.Column("admitted_role", sa.Text(), nullable=True),
        sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ratified_by_id", sa.Integer(), nullable=True),
        sa.Column("ratified_role", sa.Text(), nullable=True),
        sa.Column("ratified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ratification_refused_by_id", sa.Integer(), nullable=True),
        sa.Column("ratification_refused_role", sa.Text(), nullable=True),
        sa.Column("ratification_refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tonight", sa.Text(), nullable=True),
        sa.Column("assessor_name", sa.Text(), nullable=True),
        sa.Column("assessor_position", sa.Text(), nullable=True),
        sa.Column("assessor_trust", sa.Text(), nullable=True),
        sa.Column("assessor_team", sa.Text(), nullable=True),
        sa.Column("assessor_email", sa.Text(), nullable=True),
        sa.Column("assessor_phone", sa.Text(), nullable=True),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("diagnosis", sa.Text(), nullable=True),
        sa.Column("mental_state", sa.Text(), nullable=True),
        sa.Column("addresses_needs", sa.Boolean(), nullable=True),
        sa.Column("addresses_needs_details", sa.Text(), nullable=True),
        sa.Column("may_do_harm", sa.Boolean(), nullable=True),
        sa.Column("may_do_harm_details", sa.Text(), nullable=True),
        sa.Column("has_alternatives", sa.Boolean(), nullable=True),
        sa.Column("has_alternatives_details", sa.Text(), nullable=True),
        sa.Column("has_risk_factors", sa.Boolean(), nullable=True),
        sa.Column("has_risk_factors_details", sa.Text(), nullable=True),
        sa.Column("needs_programme", sa.Boolean(), nullable=True),
        sa.Column("needs_programme_details", sa.Text(), nullable=True),
        sa.Column("has_health_needs", sa.Boolean(), nullable=True),
        sa.Column("has_health_needs_details", sa.Text(), nullable=True),
        sa.Column("has_education_needs", sa.Boolean(), nullable=True),
        sa.Column("has_education_needs_details", sa.Text(), nullable=True),
        sa.Column("has_welfare_needs", sa.Boolean(), nullable=True),
        sa.Column("has_welfare_needs_details", sa.Text(), nullable=True),
        sa.Column("needs_specialist", sa.Boolean(), nullable=True),
        sa.Column("needs_specialist_details", sa.Text(), nullable=True),
        sa.Column("other_considerations", sa.Text(), nullable=True),
        sa.CheckConstraint("expected_length_weeks BETWEEN 1 AND 520", name=op.f("ck_admission_length_in_weeks")),
        sa.ForeignKeyConstraint(
            ["admitted_by_id"], ["user_account.id"], name=op.f("fk_admission_admitted_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_admission_asked_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["asked_organisation_id"], ["organisation.id"], name=op.f("fk_admission_asked_organisation_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["assessing_organisation_id"],
            ["organisation.id"],
            name=op.f("fk_admission_assessing_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_admission_decided_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["form2_signed_by_id"], ["user_account.id"], name=op.f("fk_admission_form2_signed_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["id"], ["work_item.id"], name=op.f("fk_admission_id_work_item")),
        sa.ForeignKeyConstraint(
            ["ratification_refused_by_id"],
            ["user_account.id"],
            name=op.f("fk_admission_ratification_refused_by_id_user_account"),
        ),
        sa.ForeignKeyConstraint(
            ["ratified_by_id"], ["user_account.id"], name=op.f("fk_admission_ratified_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["recommended_by_id"], ["user_account.id"], name=op.f("fk_admission_recommended_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admission")),
    )
    op.create_table(
        "placement",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("bed_type", sa.Text(), nullable=True),
        sa.Column("expected_length_weeks", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["work_item.id"], name=op.f("fk_placement_id_work_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement")),
    )
    op.create_index(
        "ix_work_item_closed", "work_item", ["closed_at"], unique=False, postgresql_where=sa.text("NOT is_open")
    )
    op.create_index(
        "ix_work_item_parent",
        "work_item",
        ["parent_id", "id"],
        unique=False,
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.execute("CREATE SEQUENCE reference_admission_seq")
    op.execute("CREATE SEQUENCE reference_placement_seq")


def _admissions_down() -> None:
    op.drop_index("ix_work_item_parent", table_name="work_item")
    op.drop_index("ix_work_item_closed", table_name="work_item")
    op.execute("DROP SEQUENCE reference_placement_seq")
    op.execute("DROP SEQUENCE reference_admission_seq")
    _take_the_kinds_away()
    op.drop_table("placement")
    op.drop_table("admission")


CHILDREN = ("transition", "clock", "item_party", "draft", "outbox_message", "reaction")
KINDS = "SELECT id FROM work_item WHERE kind IN ('admission', 'placement')"


def _take_the_kinds_away() -> None:
    """An older program knows neither kind, so nothing of them stays; append-only guards stand aside meanwhile."""
    for table in ("transition", "access_log"):
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    op.execute(f"UPDATE access_log SET item_id = NULL WHERE item_id IN ({KINDS})")
    for table in CHILDREN:
        op.execute(f"DELETE FROM {table} WHERE item_id IN ({KINDS})")
    op.execute(f"UPDATE work_item SET parent_id = NULL WHERE parent_id IN ({KINDS})")
    op.execute("DELETE FROM placement")
    op.execute("DELETE FROM admission")
    op.execute("DELETE FROM work_item WHERE kind IN ('admission', 'placement')")
    for table in ("transition", "access_log"):
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
