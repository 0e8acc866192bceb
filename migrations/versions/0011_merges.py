"""Stays, and records of one person made one."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    _records_up()
    _stays_up()
    _merges_up()


def downgrade() -> None:
    """Take it back."""
    _merges_down()
    _stays_down()
    _records_down()


# A record that was made one with another, and the case that took in another.


def _records_up() -> None:
    op.add_column("patient", sa.Column("merged_into_id", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("fk_patient_merged_into_id_patient"), "patient", "patient", ["merged_into_id"], ["id"])
    op.create_index(
        "ix_patient_merged_into_id",
        "patient",
        ["merged_into_id"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    op.create_index(
        "ix_patient_merged_number",
        "patient",
        ["nhs_number"],
        unique=False,
        postgresql_where=sa.text("merged_into_id IS NOT NULL"),
    )
    _unique_number("nhs_number IS NOT NULL AND merged_into_id IS NULL", "nhs_number IS NOT NULL")
    op.create_table(
        "patient_former_number",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("nhs_number", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_patient_former_number_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient_former_number")),
    )
    op.create_index(
        op.f("ix_patient_former_number_nhs_number"), "patient_former_number", ["nhs_number"], unique=False
    )
    op.add_column("care_case", sa.Column("merged_into_id", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_care_case_merged_into_id_care_case"), "care_case", "care_case", ["merged_into_id"], ["id"]
    )


def _records_down() -> None:
    op.drop_constraint(op.f("fk_care_case_merged_into_id_care_case"), "care_case", type_="foreignkey")
    op.drop_column("care_case", "merged_into_id")
    op.drop_index(op.f("ix_patient_former_number_nhs_number"), table_name="patient_former_number")
    op.drop_table("patient_former_number")
    # An older program knows one record for a number: the one that stands keeps it.
    op.execute(
        "UPDATE patient SET nhs_number = NULL FROM patient AS standing "
        "WHERE patient.merged_into_id IS NOT NULL AND standing.merged_into_id IS NULL "
        "AND standing.nhs_number = patient.nhs_number"
    )
    _unique_number("nhs_number IS NOT NULL", "nhs_number IS NOT NULL AND merged_into_id IS NULL")
    for name in ("ix_patient_merged_number", "ix_patient_merged_into_id"):
        op.drop_index(name, table_name="patient", postgresql_where=sa.text("merged_into_id IS NOT NULL"))
    op.drop_constraint(op.f("fk_patient_merged_into_id_patient"), "patient", type_="foreignkey")
    op.drop_column("patient", "merged_into_id")


def _unique_number(where: str, before: str) -> None:
    op.drop_index("uq_patient_nhs_number", table_name="patient", postgresql_where=sa.text(before))
    op.create_index(
        "uq_patient_nhs_number", "patient", ["nhs_number"], unique=True, postgresql_where=sa.text(where)
    )


# Stays: of one person no two overlap.


def _stays_up() -> None:
    op.create_table(
        "case_stay",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("hospital", sa.Text(), nullable=True),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("corrected_by_id", sa.Integer(), nullable=True),
        sa.Column("correction_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("until_at > from_at", name=op.f("ck_case_stay_ends_after_it_begins")),
        sa.CheckConstraint("num_nonnulls(unit_id, hospital) = 1", name=op.f("ck_case_stay_unit_or_hospital")),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(patient_id, patient_id, '[]')"), "&&"),
            (sa.text("tstzrange(from_at, until_at, '[)')"), "&&"),
            name="ex_case_stay_overlap",
            using="gist",
            where=sa.text("corrected_at IS NULL"),
        ),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name=op.f("fk_case_stay_patient_id_patient")),
        sa.ForeignKeyConstraint(["case_id"], ["care_case.id"], name=op.f("fk_case_stay_case_id_care_case")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_case_stay_unit_id_unit")),
        sa.ForeignKeyConstraint(
            ["recorded_by_id"], ["user_account.id"], name=op.f("fk_case_stay_recorded_by_id_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["corrected_by_id"], ["user_account.id"], name=op.f("fk_case_stay_corrected_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_stay")),
    )
    for column in ("patient_id", "case_id"):
        op.create_index(op.f(f"ix_case_stay_{column}"), "case_stay", [column], unique=False)


def _stays_down() -> None:
    for column in ("case_id", "patient_id"):
        op.drop_index(op.f(f"ix_case_stay_{column}"), table_name="case_stay")
    op.drop_table("case_stay")


# Two records made one, with the sequence of its references.


def _merges_up() -> None:
    op.create_table(
        "merge",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("standing_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("standing_case_id", sa.Integer(), nullable=True),
        sa.Column("other_case_id", sa.Integer(), nullable=True),
        sa.Column("taken", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("done", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("undone", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
        sa.Column("agreed_by_id", sa.Integer(), nullable=True),
        sa.Column("agreed_role", sa.Text(), nullable=True),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("asked_role", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("standing_id <> other_id", name=op.f("ck_merge_two_records")),
        sa.ForeignKeyConstraint(["id"], ["work_item.id"], name=op.f("fk_merge_id_work_item")),
        sa.ForeignKeyConstraint(["standing_id"], ["patient.id"], name=op.f("fk_merge_standing_id_patient")),
        sa.ForeignKeyConstraint(["other_id"], ["patient.id"], name=op.f("fk_merge_other_id_patient")),
        sa.ForeignKeyConstraint(
            ["standing_case_id"], ["care_case.id"], name=op.f("fk_merge_standing_case_id_care_case")
        ),
        sa.ForeignKeyConstraint(["other_case_id"], ["care_case.id"], name=op.f("fk_merge_other_case_id_care_case")),
        sa.ForeignKeyConstraint(["agreed_by_id"], ["user_account.id"], name=op.f("fk_merge_agreed_by_id_user_account")),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["user_account.id"], name=op.f("fk_merge_asked_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merge")),
    )
    for column in ("standing_id", "other_id"):
        op.create_index(f"ix_merge_{column}", "merge", [column], unique=False)
    op.execute("CREATE SEQUENCE reference_merge_seq")


def _merges_down() -> None:
    op.execute("DROP SEQUENCE reference_merge_seq")
    _take_the_kind_away()
    for column in ("other_id", "standing_id"):
        op.drop_index(f"ix_merge_{column}", table_name="merge")
    op.drop_table("merge")


CHILDREN = ("transition", "clock", "item_party", "draft", "outbox_message", "reaction")
KIND = "SELECT id FROM work_item WHERE kind = 'merge'"


def _take_the_kind_away() -> None:
    """An older program does not know the kind, so nothing of it stays; append-only guards stand aside meanwhile."""
    for table in ("transition", "access_log"):
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    op.execute(f"UPDATE access_log SET item_id = NULL WHERE item_id IN ({KIND})")
    for table in CHILDREN:
        op.execute(f"DELETE FROM {table} WHERE item_id IN ({KIND})")
    op.execute(f"UPDATE work_item SET parent_id = NULL WHERE parent_id IN ({KIND})")
    op.execute("DELETE FROM merge")
    op.execute("DELETE FROM work_item WHERE kind = 'merge'")
    for table in ("transition", "access_log"):
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
