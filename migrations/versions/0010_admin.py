"""Code lists the hub keeps itself, and what an administrator changes."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    _code_lists_up()
    _admin_changes_up()
    _last_days_up()


def downgrade() -> None:
    """Take it back."""
    _last_days_down()
    _admin_changes_down()
    _code_lists_down()


# Code lists: changes laid over the shipped files, and the counter by which every process sees them.


def _code_lists_up() -> None:
    op.create_table(
        "code_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("list_name", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=True),
        sa.Column("to_on", sa.Date(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("more", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "to_on IS NULL OR from_on IS NULL OR to_on >= from_on", name=op.f("ck_code_entry_ends_after_it_starts")
        ),
        sa.CheckConstraint(
            "(label IS NOT NULL AND from_on IS NOT NULL) OR (label IS NULL AND from_on IS NULL AND to_on IS NOT NULL)",
            name=op.f("ck_code_entry_begins_or_ends"),
        ),
        sa.ForeignKeyConstraint(
            ["added_by_id"], ["user_account.id"], name=op.f("fk_code_entry_added_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_entry")),
    )
    op.create_index("ix_code_entry_list", "code_entry", ["list_name", "code", "id"], unique=False)
    op.create_table(
        "code_list_state",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_code_list_state")),
    )
    op.execute("INSERT INTO code_list_state (id, version) VALUES (1, 0)")
    op.execute(
        """
CREATE FUNCTION count_code_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE code_list_state
    SET version = greatest(version + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
    WHERE id = 1;
    RETURN NULL;
END $$
        """
    )
    op.execute(
        "CREATE TRIGGER code_entry_is_counted AFTER INSERT ON code_entry"
        " FOR EACH STATEMENT EXECUTE FUNCTION count_code_change()"
    )
    _append_only("code_entry")


def _code_lists_down() -> None:
    op.drop_table("code_entry")
    op.execute("DROP FUNCTION count_code_change()")
    op.drop_table("code_list_state")


# Every change an administrator makes.


def _admin_changes_up() -> None:
    op.create_table(
        "admin_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=True),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_key", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("old", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("new", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_admin_change_by_id_user_account")),
        sa.ForeignKeyConstraint(
            ["membership_id"], ["membership.id"], name=op.f("fk_admin_change_membership_id_membership")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_change")),
    )
    op.create_index("ix_admin_change_subject", "admin_change", ["subject", "subject_key", "id"], unique=False)
    _append_only("admin_change")


def _admin_changes_down() -> None:
    op.drop_table("admin_change")


# Sites and units end with a date, as organisations do.


def _last_days_up() -> None:
    for table in ("site", "unit"):
        op.add_column(table, sa.Column("until_on", sa.Date(), nullable=True))
        op.execute(f"UPDATE {table} SET until_on = current_date - 1 WHERE NOT is_open")
        op.drop_column(table, "is_open")


def _last_days_down() -> None:
    for table in ("site", "unit"):
        op.add_column(table, sa.Column("is_open", sa.Boolean(), server_default=sa.text("true"), nullable=False))
        op.execute(f"UPDATE {table} SET is_open = until_on >= current_date WHERE until_on IS NOT NULL")
        op.drop_column(table, "until_on")


def _append_only(table: str) -> None:
    """No row is ever changed or removed; the function is that of the first migration."""
    op.execute(
        f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table}"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_is_never_emptied BEFORE TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
