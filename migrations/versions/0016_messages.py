"""Messages by e-mail: what each person wants to hear and how, and digests."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

WAYS = "'at_once', 'daily', 'off'"
TOLD_WAITS = "topic IN ('mail.told', 'mail.digest') AND sent_at IS NULL AND gave_up_at IS NULL"
NEW_COLUMNS = ("for_id", "kind", "page", "event_at", "mail_when", "mail_id")


def upgrade() -> None:
    """Make it."""
    _messages_up()
    _wishes_up()
    op.create_index(
        "uq_outbox_message_told",
        "outbox_message",
        [sa.text("(payload ->> 'user_id')"), "topic", sa.text("COALESCE(payload ->> 'claimed', '')")],
        unique=True,
        postgresql_where=sa.text(TOLD_WAITS),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index("uq_outbox_message_told", table_name="outbox_message")
    for table in ("mail_digest_run", "mail_bounce", "message_preference"):
        op.drop_table(table)
    _messages_down()


# A message knows its event and its kind, whom it was meant for, and the e-mail that brings it.


def _messages_up() -> None:
    op.add_column("message", sa.Column("for_id", sa.Integer(), nullable=True))
    op.add_column("message", sa.Column("kind", sa.Text(), nullable=True))
    op.add_column("message", sa.Column("page", sa.Text(), nullable=True))
    op.add_column("message", sa.Column("event_at", sa.DateTime(timezone=True), nullable=True))
    # What was told before is not sent by e-mail now.
    op.add_column("message", sa.Column("mail_when", sa.Text(), server_default=sa.text("'off'"), nullable=False))
    op.add_column("message", sa.Column("mail_id", sa.BigInteger(), nullable=True))
    op.execute(
        "UPDATE message SET event_at = outbox_message.created_at, "
        "kind = CASE WHEN starts_with(message.topic, 'clock.') THEN 'deadline' ELSE 'news' END "
        "FROM outbox_message WHERE outbox_message.id = message.outbox_id"
    )
    op.alter_column("message", "kind", nullable=False)
    op.alter_column("message", "event_at", nullable=False)
    op.create_check_constraint(op.f("ck_message_mail_when_is_known"), "message", f"mail_when IN ({WAYS})")
    op.create_foreign_key(op.f("fk_message_for_id_user_account"), "message", "user_account", ["for_id"], ["id"])
    op.create_foreign_key(op.f("fk_message_mail_id_outbox_message"), "message", "outbox_message", ["mail_id"], ["id"])
    op.drop_index("ix_message_inbox", table_name="message")
    op.create_index("ix_message_inbox", "message", ["user_id", sa.text("event_at DESC"), "topic"])
    op.create_index(
        "ix_message_unread_events",
        "message",
        ["user_id", "event_at", "topic"],
        postgresql_where=sa.text("read_at IS NULL"),
    )
    op.create_index(
        "ix_message_to_mail",
        "message",
        ["mail_when", "user_id"],
        postgresql_where=sa.text("mail_id IS NULL AND mail_when <> 'off'"),
    )
    op.create_index("ix_message_mail", "message", ["mail_id"], postgresql_where=sa.text("mail_id IS NOT NULL"))


def _messages_down() -> None:
    for index in ("ix_message_mail", "ix_message_to_mail", "ix_message_unread_events", "ix_message_inbox"):
        op.drop_index(index, table_name="message")
    op.create_index("ix_message_inbox", "message", ["user_id", sa.text("created_at DESC"), sa.text("id DESC")])
    for foreign_key in ("fk_message_mail_id_outbox_message", "fk_message_for_id_user_account"):
        op.drop_constraint(op.f(foreign_key), "message", type_="foreignkey")
    op.drop_constraint(op.f("ck_message_mail_when_is_known"), "message", type_="check")
    for column in reversed(NEW_COLUMNS):
        op.drop_column("message", column)
    # The program of before does not know them, and would give them up one after the other.
    op.execute("DELETE FROM outbox_message WHERE topic IN ('mail.told', 'mail.digest')")


# What each person wants by e-mail, addresses that mail comes back from, and the day's digests.


def _wishes_up() -> None:
    op.create_table(
        "message_preference",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(f"way IN ({WAYS})", name=op.f("ck_message_preference_way_is_known")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_message_preference_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_message_preference")),
    )
    op.create_table(
        "mail_bounce",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_mail_bounce")),
    )
    op.create_table(
        "mail_digest_run",
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("on_date", name=op.f("pk_mail_digest_run")),
    )
