"""The moment at which a clock that was paused on request goes on by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.add_column("clock", sa.Column("resume_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_clock_resume", "clock", ["resume_at"], unique=False, postgresql_where=sa.text("resume_at IS NOT NULL")
    )


def downgrade() -> None:
    """Take it back. A clock that stands still keeps standing still until somebody lets it go on."""
    op.drop_index("ix_clock_resume", table_name="clock")
    op.drop_column("clock", "resume_at")
