"""Beds, levels of units and members of collaboratives."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    _levels_up()
    _members_up()
    _beds_up()


def downgrade() -> None:
    """Take it back."""
    _beds_down()
    _members_down()
    _levels_down()


# What kind of watch a unit is under, and whether it may admit.

LEVELS = {
    "level_is_known": "level IN ('routine', 'enhanced', 'intensive')",
    "admissions_is_known": "admissions IN ('open', 'case_by_case', 'suspended')",
}


def _levels_up() -> None:
    op.add_column("unit", sa.Column("level", sa.Text(), server_default=sa.text("'routine'"), nullable=False))
    op.add_column("unit", sa.Column("level_since", sa.Date(), nullable=True))
    op.add_column("unit", sa.Column("admissions", sa.Text(), server_default=sa.text("'open'"), nullable=False))
    op.add_column("unit", sa.Column("admissions_since", sa.Date(), nullable=True))
    op.add_column("unit", sa.Column("admissions_why", sa.Text(), server_default=sa.text("''"), nullable=False))
    for name, rule in LEVELS.items():
        op.create_check_constraint(op.f(f"ck_unit_{name}"), "unit", rule)


def _levels_down() -> None:
    for name in LEVELS:
        op.drop_constraint(op.f(f"ck_unit_{name}"), "unit", type_="check")
    for column in ("admissions_why", "admissions_since", "admissions", "level_since", "level"):
        op.drop_column("unit", column)


# Which organisations belong to a collaborative, and when.


def _members_up() -> None:
    op.create_table(
        "collaborative_member",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("collaborative_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "until_on IS NULL OR until_on >= from_on", name=op.f("ck_collaborative_member_ends_after_it_starts")
        ),
        postgresql.ExcludeConstraint(
            (sa.text("int4range(collaborative_id, collaborative_id, '[]')"), "&&"),
            (sa.text("int4range(organisation_id, organisation_id, '[]')"), "&&"),
            (sa.text("daterange(from_on, until_on, '[]')"), "&&"),
            name="ex_collaborative_member_overlap",
            using="gist",
        ),
        sa.ForeignKeyConstraint(
            ["collaborative_id"],
            ["collaborative.id"],
            name=op.f("fk_collaborative_member_collaborative_id_collaborative"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_collaborative_member_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collaborative_member")),
    )
    for column in ("collaborative_id", "organisation_id"):
        op.create_index(op.f(f"ix_collaborative_member_{column}"), "collaborative_member", [column], unique=False)


def _members_down() -> None:
    for column in ("organisation_id", "collaborative_id"):
        op.drop_index(op.f(f"ix_collaborative_member_{column}"), table_name="collaborative_member")
    op.drop_table("collaborative_member")


# Beds of a unit as last confirmed, every confirmation, and when the unit was asked for new ones.

SUMS = {
    "commissioned_is_possible": "commissioned BETWEEN 0 AND 200",
    "open_are_commissioned": "open_beds BETWEEN 0 AND commissioned",
    "taken_are_open": "occupied >= 0 AND held >= 0 AND occupied + held <= open_beds",
    "closed_with_a_reason": "open_beds = commissioned OR closed_why <> ''",
    "source_is_known": "source IN ('page', 'telephone', 'csv')",
}


def _figures(table: str) -> list[sa.schema.SchemaItem]:
    """What a state and a confirmation have in common."""
    return [
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("commissioned", "open_beds", "occupied", "held")),
        sa.Column("closed_why", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by_id", sa.Integer(), nullable=True),
        sa.Column("told_by", sa.Text(), server_default=sa.text("''"), nullable=False),
        *(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}")) for name, rule in SUMS.items()),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f(f"fk_{table}_unit_id_unit")),
        sa.ForeignKeyConstraint(
            ["confirmed_by_id"], ["user_account.id"], name=op.f(f"fk_{table}_confirmed_by_id_user_account")
        ),
    ]


def _beds_up() -> None:
    op.create_table(
        "bed_state",
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("bed_type", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), server_default=sa.text("'page'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
        *_figures("bed_state"),
        sa.PrimaryKeyConstraint("unit_id", "bed_type", name=op.f("pk_bed_state")),
    )
    op.create_index("ix_bed_state_confirmed_at", "bed_state", ["confirmed_at"], unique=False)
    op.create_table(
        "bed_state_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("bed_type", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_sha256", sa.Text(), nullable=True),
        *_figures("bed_state_entry"),
        sa.UniqueConstraint("unit_id", "bed_type", "version", name=op.f("uq_bed_state_entry_unit_id_bed_type_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bed_state_entry")),
    )
    op.create_index(op.f("ix_bed_state_entry_file_sha256"), "bed_state_entry", ["file_sha256"], unique=False)
    _append_only("bed_state_entry")
    op.create_table(
        "bed_chase",
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("chased_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_bed_chase_unit_id_unit")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_bed_chase")),
    )


def _beds_down() -> None:
    op.drop_table("bed_chase")
    op.drop_index(op.f("ix_bed_state_entry_file_sha256"), table_name="bed_state_entry")
    op.drop_table("bed_state_entry")
    op.drop_index("ix_bed_state_confirmed_at", table_name="bed_state")
    op.drop_table("bed_state")


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
