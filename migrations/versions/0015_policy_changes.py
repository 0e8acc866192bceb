"""Changes of the policy set: the draft and who approved it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

PEOPLE = ("proposed_by_id", "proposed_for_id", "approved_by_id", "approved_for_id")
CHILDREN = ("message", "transition", "clock", "item_party", "draft", "outbox_message", "reaction")
KIND = "SELECT id FROM work_item WHERE kind = 'policy_change'"


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "policy_change",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("based_on_id", sa.BigInteger(), nullable=False),
        _json("base", "{}"),
        _json("content", "{}"),
        _json("writers", "[]"),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("in_force_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("policy_set_id", sa.BigInteger(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("proposed_by_id", sa.Integer(), nullable=True),
        sa.Column("proposed_for_id", sa.Integer(), nullable=True),
        sa.Column("proposed_role", sa.Text(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("approved_for_id", sa.Integer(), nullable=True),
        sa.Column("approved_role", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["work_item.id"], name=op.f("fk_policy_change_id_work_item")),
        *(
            sa.ForeignKeyConstraint([column], ["user_account.id"], name=op.f(f"fk_policy_change_{column}_user_account"))
            for column in PEOPLE
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_change")),
    )
    op.execute("CREATE SEQUENCE reference_policy_change_seq")


def downgrade() -> None:
    """Take it back. Sets that were approved stay: items carry them, and an older program reads them as they are."""
    op.execute("DROP SEQUENCE reference_policy_change_seq")
    _take_the_kind_away()
    op.drop_table("policy_change")


def _json(name: str, empty: str) -> sa.Column:
    kind = postgresql.JSONB(astext_type=sa.Text())
    return sa.Column(name, kind, server_default=sa.text(f"'{empty}'"), nullable=False)


def _take_the_kind_away() -> None:
    """An older program does not know the kind, so nothing of it stays; append-only guards stand aside meanwhile."""
    for table in ("transition", "access_log"):
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    op.execute(f"UPDATE access_log SET item_id = NULL WHERE item_id IN ({KIND})")
    clocks = f"SELECT id FROM clock WHERE item_id IN ({KIND})"
    for table in ("recount_move", "recount_clock"):
        op.execute(f"DELETE FROM {table} WHERE clock_id IN ({clocks})")
    for table in CHILDREN:
        op.execute(f"DELETE FROM {table} WHERE item_id IN ({KIND})")
    op.execute(f"UPDATE work_item SET parent_id = NULL WHERE parent_id IN ({KIND})")
    op.execute("DELETE FROM policy_change")
    op.execute("DELETE FROM work_item WHERE kind = 'policy_change'")
    for table in ("transition", "access_log"):
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
