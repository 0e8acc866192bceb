"""Days nobody works that were announced late: the runs, what is left to do, what moved."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "recount",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("barrier", sa.BigInteger(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('bank_holiday', 'local_closure')", name=op.f("ck_recount_kind_is_known")),
        sa.CheckConstraint("change IN ('added', 'removed')", name=op.f("ck_recount_change_is_known")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_recount_by_id_user_account")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recount")),
    )
    op.create_index(
        "ix_recount_unfinished", "recount", ["id"], unique=False, postgresql_where=sa.text("finished_at IS NULL")
    )
    op.create_table(
        "recount_clock",
        sa.Column("recount_id", sa.BigInteger(), nullable=False),
        sa.Column("clock_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("recount_id", "clock_id", name=op.f("pk_recount_clock")),
    )
    op.create_table(
        "recount_move",
        sa.Column("recount_id", sa.BigInteger(), nullable=False),
        sa.Column("clock_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("old_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("new_due_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["clock_id"], ["clock.id"], name=op.f("fk_recount_move_clock_id_clock")),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_recount_move_item_id_work_item")),
        sa.ForeignKeyConstraint(["recount_id"], ["recount.id"], name=op.f("fk_recount_move_recount_id_recount")),
        sa.PrimaryKeyConstraint("recount_id", "clock_id", name=op.f("pk_recount_move")),
    )


def downgrade() -> None:
    """Take it back; the history rows of a recount stay, as all history does."""
    op.drop_table("recount_move")
    op.drop_table("recount_clock")
    op.drop_index("ix_recount_unfinished", table_name="recount", postgresql_where=sa.text("finished_at IS NULL"))
    op.drop_table("recount")
