"""Forms by section: drafts for each window, what the hub asks for, and tasks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    _draft_pages_up()
    _tasks_up()
    op.add_column(
        "referral", sa.Column("fields_asked_for", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    op.add_column("referral", sa.Column("begun_from", sa.Text(), nullable=True))
    op.create_index(op.f("uq_referral_begun_from"), "referral", ["begun_from"], unique=True)


def downgrade() -> None:
    """Take it back."""
    op.drop_index(op.f("uq_referral_begun_from"), table_name="referral")
    op.drop_column("referral", "begun_from")
    op.drop_column("referral", "fields_asked_for")
    _tasks_down()
    _draft_pages_down()


# Drafts: one for each window a person types in, where there was one for each person.


def _draft_pages_up() -> None:
    op.add_column("draft", sa.Column("page", sa.Text(), server_default="", nullable=False))
    op.alter_column("draft", "page", server_default=None)
    op.add_column("draft", sa.Column("is_set_aside", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.alter_column("draft", "is_set_aside", server_default=None)
    op.drop_index(op.f("uq_draft_one"), table_name="draft")
    op.create_index(
        op.f("uq_draft_one"),
        "draft",
        ["user_id", "kind", sa.text("coalesce(item_id, 0)"), "action", "page"],
        unique=True,
    )
    op.create_index(op.f("ix_draft_saved_at"), "draft", ["saved_at"], unique=False)


def _draft_pages_down() -> None:
    op.drop_index(op.f("ix_draft_saved_at"), table_name="draft")
    op.drop_index(op.f("uq_draft_one"), table_name="draft")
    # One draft a person again: the newest.
    op.execute(
        "DELETE FROM draft USING draft AS newer WHERE newer.user_id = draft.user_id AND newer.kind = draft.kind"
        " AND newer.action = draft.action AND coalesce(newer.item_id, 0) = coalesce(draft.item_id, 0)"
        " AND (newer.saved_at, newer.id) > (draft.saved_at, draft.id)"
    )
    op.drop_column("draft", "is_set_aside")
    op.drop_column("draft", "page")
    op.create_index(
        op.f("uq_draft_one"), "draft", ["user_id", "kind", sa.text("coalesce(item_id, 0)"), "action"], unique=True
    )


# Tasks: what is still owed on an item.


def _tasks_up() -> None:
    op.create_table(
        "task",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["work_item.id"], name=op.f("fk_task_id_work_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
    )
    op.execute("CREATE SEQUENCE reference_task_seq")


CHILDREN = ("transition", "clock", "item_party", "draft", "outbox_message", "reaction")
TASKS = "SELECT id FROM work_item WHERE kind = 'task'"


def _tasks_down() -> None:
    """An older program does not know the kind, so nothing of it stays; append-only guards stand aside meanwhile."""
    for table in ("transition", "access_log"):
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    op.execute(f"UPDATE access_log SET item_id = NULL WHERE item_id IN ({TASKS})")
    op.execute(f"DELETE FROM message WHERE item_id IN ({TASKS})")
    for table in CHILDREN:
        op.execute(f"DELETE FROM {table} WHERE item_id IN ({TASKS})")
    op.execute(f"UPDATE work_item SET parent_id = NULL WHERE parent_id IN ({TASKS})")
    op.drop_table("task")
    op.execute("DELETE FROM work_item WHERE kind = 'task'")
    for table in ("transition", "access_log"):
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    op.execute("DROP SEQUENCE reference_task_seq")
