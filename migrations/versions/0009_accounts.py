"""Accounts that are asked for, and one-time links."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "account_request",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("job", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("organisation_typed", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("refusal_note", sa.String(length=1000), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("email = lower(email)", name=op.f("ck_account_request_email_is_lower_case")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (outcome IS NULL)", name=op.f("ck_account_request_ended_with_an_outcome")
        ),
        sa.CheckConstraint(
            "ended_at IS NULL OR confirmed_at IS NOT NULL", name=op.f("ck_account_request_decided_when_confirmed")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["user_account.id"], name=op.f("fk_account_request_decided_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_account_request_user_id_user_account")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_account_request_membership_id_membership")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_request")),
    )
    op.create_index(
        "uq_account_request_waiting",
        "account_request",
        ["email"],
        unique=True,
        postgresql_where=sa.text("confirmed_at IS NOT NULL AND ended_at IS NULL"),
    )
    op.create_index(
        "ix_account_request_ended",
        "account_request",
        ["ended_at"],
        unique=False,
        postgresql_where=sa.text("ended_at IS NOT NULL"),
    )
    op.create_table(
        "one_time_link",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("request_id", sa.BigInteger(), nullable=True),
        sa.Column("salt", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("num_nonnulls(user_id, request_id) = 1", name=op.f("ck_one_time_link_of_one_person")),
        sa.CheckConstraint("used_at IS NULL OR ended_at IS NULL", name=op.f("ck_one_time_link_used_or_ended")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_one_time_link_user_id_user_account")),
        sa.ForeignKeyConstraint(
            ["request_id"],
            ["account_request.id"],
            name=op.f("fk_one_time_link_request_id_account_request"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["user_account.id"], name=op.f("fk_one_time_link_made_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_one_time_link_token_hash")),
    )
    op.create_index(
        "ix_one_time_link_user",
        "one_time_link",
        ["user_id"],
        unique=False,
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )
    op.create_index(
        "ix_one_time_link_request",
        "one_time_link",
        ["request_id"],
        unique=False,
        postgresql_where=sa.text("request_id IS NOT NULL"),
    )
    op.create_table(
        "organisation_email_domain",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("has_subdomains", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("domain = lower(domain)", name=op.f("ck_organisation_email_domain_domain_is_lower_case")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_organisation_email_domain_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["added_by_id"], ["user_account.id"], name=op.f("fk_organisation_email_domain_added_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation_email_domain")),
        sa.UniqueConstraint(
            "organisation_id", "domain", name=op.f("uq_organisation_email_domain_organisation_id_domain")
        ),
    )
    op.create_index("ix_organisation_email_domain_domain", "organisation_email_domain", ["domain"], unique=False)
    op.create_index(
        "ix_outbox_message_mail",
        "outbox_message",
        [sa.text("COALESCE(next_try_at, created_at)"), "id"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL AND gave_up_at IS NULL AND starts_with(topic, 'mail.')"),
    )


def downgrade() -> None:
    """Take it back. E-mails still to be sent go too: an older hub would not know what they are."""
    op.execute("DELETE FROM outbox_message WHERE starts_with(topic, 'mail.')")
    op.drop_index("ix_outbox_message_mail", table_name="outbox_message")
    op.drop_table("organisation_email_domain")
    op.drop_table("one_time_link")
    op.drop_table("account_request")
