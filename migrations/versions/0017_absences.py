"""Deputies: absences, and on whose behalf somebody acts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    _absences_up()
    _on_behalf_up()


def downgrade() -> None:
    """Take it back."""
    _absences_down()
    _on_behalf_down()


# Whom the person behind each of these stood in for: separation of duties holds for both.

FOR_WHOM = {
    "work_item": ("opened_for_id",),
    "admission": ("recommended_for_id", "asked_for_id", "admitted_for_id"),
    "merge": ("asked_for_id",),
}


def _on_behalf_up() -> None:
    for table, names in FOR_WHOM.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.Integer(), nullable=True))
            op.create_foreign_key(op.f(f"fk_{table}_{name}_user_account"), table, "user_account", [name], ["id"])


def _on_behalf_down() -> None:
    for table, names in FOR_WHOM.items():
        for name in names:
            op.drop_constraint(op.f(f"fk_{table}_{name}_user_account"), table, type_="foreignkey")
            op.drop_column(table, name)


# Who is away, who stands in, which session does so, and for whom the records outside any item were made.

RECORDS = {
    "admin_change": ("for_id",),
    "account_request": ("decided_for_id",),
    "care_case": ("opened_for_id", "closed_for_id"),
    "case_alert": ("recorded_for_id", "ended_for_id"),
    "legal_status": ("recorded_for_id", "corrected_for_id"),
    "case_stay": ("recorded_for_id", "corrected_for_id"),
    "bed_state": ("confirmed_for_id",),
    "bed_state_entry": ("confirmed_for_id",),
}


def _absences_up() -> None:
    op.create_table(
        "absence",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("user_id", "deputy_id")),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in ("from_at", "until_at")),
        sa.Column("why", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("made_by_id", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("until_at > from_at", name=op.f("ck_absence_ends_after_it_starts")),
        sa.CheckConstraint("deputy_id <> user_id", name=op.f("ck_absence_deputy_is_another_person")),
        sa.CheckConstraint("ended_at <= until_at", name=op.f("ck_absence_ended_no_later_than_planned")),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(user_id, user_id, '[]')"), "&&"),
            (sa.text("tstzrange(from_at, GREATEST(from_at, COALESCE(ended_at, until_at)))"), "&&"),
            name="ex_absence_overlap",
            using="gist",
        ),
        *(
            sa.ForeignKeyConstraint([name], ["user_account.id"], name=op.f(f"fk_absence_{name}_user_account"))
            for name in ("user_id", "deputy_id", "made_by_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_user", "absence", ["user_id", "until_at"], unique=False)
    op.create_index("ix_absence_deputy", "absence", ["deputy_id", "until_at"], unique=False)
    op.add_column("sign_in_session", sa.Column("absence_id", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_sign_in_session_absence_id_absence"), "sign_in_session", "absence", ["absence_id"], ["id"]
    )
    for table, names in RECORDS.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.Integer(), nullable=True))
            op.create_foreign_key(op.f(f"fk_{table}_{name}_user_account"), table, "user_account", [name], ["id"])


def _absences_down() -> None:
    for table, names in RECORDS.items():
        for name in names:
            op.drop_constraint(op.f(f"fk_{table}_{name}_user_account"), table, type_="foreignkey")
            op.drop_column(table, name)
    op.drop_constraint(op.f("fk_sign_in_session_absence_id_absence"), "sign_in_session", type_="foreignkey")
    op.drop_column("sign_in_session", "absence_id")
    op.drop_index("ix_absence_deputy", table_name="absence")
    op.drop_index("ix_absence_user", table_name="absence")
    op.drop_table("absence")
