"""What the worker does once for each occasion, and when a job last went well."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.create_table(
        "job_occasion",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("job", "occasion", name=op.f("pk_job_occasion")),
    )
    op.add_column("job_run", sa.Column("last_ok_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("job_run", sa.Column("failures", sa.BigInteger(), server_default=sa.text("0"), nullable=False))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("job_run", "failures")
    op.drop_column("job_run", "last_ok_at")
    op.drop_table("job_occasion")
