"""Jobs, messages and the worker's life sign."""

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

NEXT_WARNING = (
    "(CASE WHEN warned_at IS NULL OR warned_at < warn_50_at THEN LEAST(warn_50_at, warn_80_at) "
    "WHEN warned_at < warn_80_at THEN warn_80_at END)"
)


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "worker_beat",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker_beat")),
    )
    op.create_index("ix_worker_beat_seen", "worker_beat", ["seen_at"], unique=False)
    op.create_table(
        "job_run",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("last_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_count", sa.Integer(), nullable=False),
        sa.Column("last_done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_run")),
    )
    op.add_column("outbox_message", sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("outbox_message", sa.Column("last_error", sa.Text(), nullable=True))
    op.add_column("outbox_message", sa.Column("gave_up_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_outbox_message_due",
        "outbox_message",
        [sa.text("COALESCE(next_try_at, created_at)"), "id"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL AND gave_up_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_message_given_up",
        "outbox_message",
        ["id"],
        unique=False,
        postgresql_where=sa.text("gave_up_at IS NOT NULL AND sent_at IS NULL"),
    )
    op.create_index(
        "ix_clock_warn",
        "clock",
        [sa.text(NEXT_WARNING)],
        unique=False,
        postgresql_where=sa.text("is_running AND rang_at IS NULL"),
    )
    op.create_table(
        "message",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_message_item_id_work_item")),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox_message.id"], name=op.f("fk_message_outbox_id_outbox_message")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_message_user_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("outbox_id", "user_id", name=op.f("uq_message_outbox_id_user_id")),
    )
    op.create_index(
        "ix_message_inbox", "message", ["user_id", sa.text("created_at DESC"), sa.text("id DESC")], unique=False
    )
    op.create_index(
        "ix_message_unread",
        "message",
        ["user_id", "item_id"],
        unique=False,
        postgresql_where=sa.text("read_at IS NULL"),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("message")
    op.drop_index("ix_clock_warn", table_name="clock")
    op.drop_index("ix_outbox_message_given_up", table_name="outbox_message")
    op.drop_index("ix_outbox_message_due", table_name="outbox_message")
    for name in ("gave_up_at", "last_error", "next_try_at"):
        op.drop_column("outbox_message", name)
    op.drop_table("job_run")
    op.drop_table("worker_beat")
