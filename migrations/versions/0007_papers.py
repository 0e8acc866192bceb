"""Papers: forms and notices as they were."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "paper",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("content", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("for_whom", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('form_1', 'form_2', 'decision_notice')", name=op.f("ck_paper_kind_is_known")),
        sa.CheckConstraint("for_whom IN ('whole', 'outcome')", name=op.f("ck_paper_readers_are_known")),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_paper_item_id_work_item")),
        sa.ForeignKeyConstraint(
            ["item_id", "position"],
            ["transition.item_id", "transition.position"],
            name=op.f("fk_paper_item_id_position_transition"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper")),
        sa.UniqueConstraint("item_id", "position", "kind", name=op.f("uq_paper_item_id_position_kind")),
    )
    op.execute(
        """
CREATE TRIGGER paper_is_append_only BEFORE UPDATE OR DELETE ON paper FOR EACH ROW EXECUTE FUNCTION refuse_change()
        """
    )
    op.execute(
        """
CREATE TRIGGER paper_is_never_emptied BEFORE TRUNCATE ON paper FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
        """
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("paper")
