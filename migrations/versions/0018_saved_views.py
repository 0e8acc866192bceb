"""Saved views of the worklist, and changes of many items at once with a result for each."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    _views_up()
    _changes_up()


def downgrade() -> None:
    """Take it back."""
    op.drop_table("bulk_change_row")
    op.drop_index(op.f("ix_bulk_change_user_id"), table_name="bulk_change")
    op.drop_table("bulk_change")
    for name in ("team", "own"):
        op.drop_index(f"uq_saved_view_{name}_name", table_name="saved_view")
    op.drop_table("saved_view")


# Lists with a name: a person's own, or a team's.


def _views_up() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("said", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("name <> '' AND length(name) <= 40", name=op.f("ck_saved_view_has_a_name")),
        sa.ForeignKeyConstraint(["owner_id"], ["user_account.id"], name=op.f("fk_saved_view_owner_id_user_account")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_saved_view_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    for name, column, where in (
        ("own", "owner_id", "organisation_id IS NULL"),
        ("team", "organisation_id", "organisation_id IS NOT NULL"),
    ):
        op.create_index(
            f"uq_saved_view_{name}_name",
            "saved_view",
            [column, sa.text("lower(name)")],
            unique=True,
            postgresql_where=sa.text(where),
        )


# One change of many items, and each of its rows.


def _changes_up() -> None:
    op.create_table(
        "bulk_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("answers", postgresql.JSONB(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("is_whole_list", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pressed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "action IN ('assign', 'note', 'change_priority')", name=op.f("ck_bulk_change_action_is_known")
        ),
        sa.CheckConstraint(
            "pressed_at IS NULL OR answers IS NOT NULL", name=op.f("ck_bulk_change_pressed_with_answers")
        ),
        sa.CheckConstraint(
            "finished_at IS NULL OR pressed_at IS NOT NULL", name=op.f("ck_bulk_change_finished_once_pressed")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_bulk_change_user_id_user_account")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_bulk_change_membership_id_membership")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_change")),
    )
    op.create_index(op.f("ix_bulk_change_user_id"), "bulk_change", ["user_id"], unique=False)
    op.create_table(
        "bulk_change_row",
        sa.Column("change_id", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("said", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("outcome IN ('done', 'refused')", name=op.f("ck_bulk_change_row_outcome_is_known")),
        sa.CheckConstraint("(outcome IS NULL) = (done_at IS NULL)", name=op.f("ck_bulk_change_row_done_at_is_known")),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["bulk_change.id"],
            name=op.f("fk_bulk_change_row_change_id_bulk_change"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_bulk_change_row_item_id_work_item")),
        sa.PrimaryKeyConstraint("change_id", "item_id", name=op.f("pk_bulk_change_row")),
    )
