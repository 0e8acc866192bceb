"""Imports that run in the background."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "import_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("file_bytes", sa.BigInteger(), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("wants_import", sa.Boolean(), nullable=False),
        sa.Column("skips_bad", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("rows_total", sa.Integer(), nullable=True),
        sa.Column("report", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("problems", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "stage IN ('queued', 'checking', 'checked', 'importing', 'done', 'failed', 'refused')",
            name=op.f("ck_import_run_stage_is_known"),
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_import_run_asked_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_run")),
    )
    op.create_index(
        "ix_import_run_waiting",
        "import_run",
        ["id"],
        postgresql_where=sa.text("stage IN ('queued', 'checking', 'importing')"),
    )
    op.create_index("ix_import_run_sha256", "import_run", ["file_sha256", "id"])
    op.create_table(
        "import_file",
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("rejects", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_import_file_run_id_import_run")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_import_file")),
    )


def downgrade() -> None:
    """Take it away."""
    op.drop_table("import_file")
    op.drop_index("ix_import_run_sha256", table_name="import_run")
    op.drop_index(
        "ix_import_run_waiting",
        table_name="import_run",
        postgresql_where=sa.text("stage IN ('queued', 'checking', 'importing')"),
    )
    op.drop_table("import_run")
