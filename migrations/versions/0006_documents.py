"""Documents on items."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "document",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("item_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=False),
        sa.Column("acting_as", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scan", sa.Text(), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_by_id", sa.Integer(), nullable=True),
        sa.Column("taken_back_why", sa.Text(), nullable=True),
        sa.CheckConstraint("bytes > 0", name=op.f("ck_document_has_bytes")),
        sa.CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name=op.f("ck_document_sha256_is_one")),
        sa.CheckConstraint("scan IN ('clean', 'not_scanned')", name=op.f("ck_document_scan_is_known")),
        sa.CheckConstraint(
            "num_nonnulls(taken_back_at, taken_back_by_id, taken_back_why) IN (0, 3)",
            name=op.f("ck_document_taken_back_whole"),
        ),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_document_item_id_work_item")),
        sa.ForeignKeyConstraint(
            ["added_by_id"], ["user_account.id"], name=op.f("fk_document_added_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(["acting_as"], ["membership.id"], name=op.f("fk_document_acting_as_membership")),
        sa.ForeignKeyConstraint(
            ["taken_back_by_id"], ["user_account.id"], name=op.f("fk_document_taken_back_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("item_id", "position", name=op.f("uq_document_item_id_position")),
    )
    op.create_index("ix_document_sha256", "document", ["sha256"])
    op.create_index(
        "ix_access_log_document",
        "access_log",
        ["item_id", "id"],
        postgresql_where=sa.text("(detail ->> 'document'::text) IS NOT NULL"),
    )
    op.execute(
        """
CREATE FUNCTION document_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.taken_back_at IS NULL
        AND to_jsonb(NEW) - '{taken_back_at,taken_back_by_id,taken_back_why}'::text[]
            = to_jsonb(OLD) - '{taken_back_at,taken_back_by_id,taken_back_why}'::text[]
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a document is never changed or removed, only taken back once'
        USING ERRCODE = 'restrict_violation';
END $$
        """
    )
    op.execute(
        """
CREATE TRIGGER document_is_kept BEFORE UPDATE OR DELETE ON document FOR EACH ROW EXECUTE FUNCTION document_is_kept()
        """
    )
    op.execute(
        """
CREATE TRIGGER document_is_never_emptied BEFORE TRUNCATE ON document
    FOR EACH STATEMENT EXECUTE FUNCTION document_is_kept()
        """
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_index(
        "ix_access_log_document",
        table_name="access_log",
        postgresql_where=sa.text("(detail ->> 'document'::text) IS NOT NULL"),
    )
    op.drop_table("document")
    op.execute("DROP FUNCTION IF EXISTS document_is_kept()")
