"""Approaches to units, stays, and what a search for a bed keeps."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it."""
    op.add_column("care_case", sa.Column("family_not_told_why", sa.Text(), nullable=True))
    _placements_up()
    _approaches_up()
    _stays_up()
    _packs_up()


def downgrade() -> None:
    """Take it back.

    A placement that an older program does not know the state of keeps it: its history is not to be invented anew.
    """
    for kind in ("stay", "approach"):
        _take_the_kind_away(kind)
    _packs_down()
    _stays_down()
    _approaches_down()
    _placements_down()
    op.drop_column("care_case", "family_not_told_why")


# What a search keeps of its approaches, the bed that was accepted and the way there.

PLACEMENT = (
    ("asked_unit_id", sa.Integer()),
    ("asked_person", sa.Text()),
    ("asked_how", sa.Text()),
    ("why_this_unit", sa.Text()),
    ("exception_unit_id", sa.Integer()),
    ("exception_until", sa.DateTime(timezone=True)),
    ("accepted_approach", sa.Text()),
    ("bed_accepted_by_id", sa.Integer()),
    ("bed_accepted_role", sa.Text()),
    ("bed_accepted_at", sa.DateTime(timezone=True)),
    ("out_of_area_reason", sa.Text()),
    ("repatriation_plan", sa.Text()),
    ("repatriation_on", sa.Date()),
    ("conveyance_how", sa.Text()),
    ("conveyance_by", sa.Text()),
    ("conveyance_at", sa.DateTime(timezone=True)),
    ("conveyance_authority", sa.Text()),
    ("care_coordinator_name", sa.Text()),
    ("consultant_name", sa.Text()),
    ("responsible_icb", sa.Text()),
    ("consent_basis", sa.Text()),
    ("family_told", sa.Boolean()),
    ("family_not_told_why", sa.Text()),
    ("admitted_at", sa.DateTime(timezone=True)),
    ("estimated_discharge_on", sa.Date()),
)
KEYS = (
    ("asked_unit_id", "unit"),
    ("exception_unit_id", "unit"),
    ("bed_accepted_by_id", "user_account"),
)


def _placements_up() -> None:
    for name, kind in PLACEMENT:
        op.add_column("placement", sa.Column(name, kind, nullable=True))
    for name, table in KEYS:
        op.create_foreign_key(op.f(f"fk_placement_{name}_{table}"), "placement", table, [name], ["id"])
    op.create_table(
        "placement_exception",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("placement_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("allowed_by_id", sa.Integer(), nullable=True),
        sa.Column("allowed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["placement_id"], ["placement.id"], name=op.f("fk_placement_exception_placement_id_placement")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_placement_exception_unit_id_unit")),
        sa.ForeignKeyConstraint(
            ["allowed_by_id"], ["user_account.id"], name=op.f("fk_placement_exception_allowed_by_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement_exception")),
    )
    op.create_index(op.f("ix_placement_exception_placement_id"), "placement_exception", ["placement_id"], unique=False)


def _placements_down() -> None:
    op.drop_index(op.f("ix_placement_exception_placement_id"), table_name="placement_exception")
    op.drop_table("placement_exception")
    for name, table in reversed(KEYS):
        op.drop_constraint(op.f(f"fk_placement_{name}_{table}"), "placement", type_="foreignkey")
    for name, _ in reversed(PLACEMENT):
        op.drop_column("placement", name)


# One question to one unit.


def _approaches_up() -> None:
    op.create_table(
        "approach",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("bed_type", sa.Text(), nullable=True),
        sa.Column("asked_person", sa.Text(), nullable=True),
        sa.Column("asked_how", sa.Text(), nullable=True),
        sa.Column("offered_bed", sa.Text(), nullable=True),
        sa.Column("offer_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("offer_conditions", sa.Text(), nullable=True),
        sa.Column("offer_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refusal_reason", sa.Text(), nullable=True),
        sa.Column("refusal_details", sa.Text(), nullable=True),
        sa.Column("refusal_consultant", sa.Text(), nullable=True),
        sa.Column("refusal_criterion", sa.Text(), nullable=True),
        sa.Column("would_change", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["work_item.id"], name=op.f("fk_approach_id_work_item")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_approach")),
    )
    op.create_table(
        "approach_pack",
        sa.Column("approach_id", sa.BigInteger(), nullable=False),
        sa.Column("age_years", sa.Integer(), nullable=True),
        sa.Column("home_outcode", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["approach_id"], ["approach.id"], name=op.f("fk_approach_pack_approach_id_approach")),
        sa.PrimaryKeyConstraint("approach_id", name=op.f("pk_approach_pack")),
    )
    op.create_table(
        "approach_figures",
        sa.Column("approach_id", sa.BigInteger(), nullable=False),
        sa.Column("free", sa.Integer(), nullable=False),
        sa.Column("open_beds", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_contradicted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["approach_id"], ["approach.id"], name=op.f("fk_approach_figures_approach_id_approach")
        ),
        sa.PrimaryKeyConstraint("approach_id", name=op.f("pk_approach_figures")),
    )
    # What a unit's own page lists: its open items, and what it answered, newest first.
    op.create_index("ix_work_item_unit", "work_item", ["unit_id", "id"], postgresql_where=sa.text("unit_id IS NOT NULL"))
    op.execute("CREATE SEQUENCE reference_approach_seq")


def _approaches_down() -> None:
    op.execute("DROP SEQUENCE reference_approach_seq")
    op.drop_index("ix_work_item_unit", table_name="work_item", postgresql_where=sa.text("unit_id IS NOT NULL"))
    for table in ("approach_figures", "approach_pack", "approach"):
        op.drop_table(table)


# A person on a unit.


def _stays_up() -> None:
    op.create_table(
        "stay",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("case_stay_id", sa.Integer(), nullable=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("estimated_discharge_on", sa.Date(), nullable=True),
        sa.Column("leave_kind", sa.Text(), nullable=True),
        sa.Column("leave_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leave_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("leave_terms", sa.Text(), nullable=True),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("destination", sa.Text(), nullable=True),
        sa.Column("next_unit_id", sa.Integer(), nullable=True),
        sa.Column("transferred_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("followed_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("followed_up_how", sa.Text(), nullable=True),
        sa.Column("followed_up_by", sa.Text(), nullable=True),
        sa.Column("follow_up_notes", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["id"], ["work_item.id"], name=op.f("fk_stay_id_work_item")),
        sa.ForeignKeyConstraint(["case_stay_id"], ["case_stay.id"], name=op.f("fk_stay_case_stay_id_case_stay")),
        sa.ForeignKeyConstraint(["next_unit_id"], ["unit.id"], name=op.f("fk_stay_next_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stay")),
        sa.UniqueConstraint("case_stay_id", name=op.f("uq_stay_case_stay_id")),
    )
    op.execute("CREATE SEQUENCE reference_stay_seq")


def _stays_down() -> None:
    op.execute("DROP SEQUENCE reference_stay_seq")
    op.drop_table("stay")


# The pack of an approach is a paper.

OLD_KINDS = "kind IN ('form_1', 'form_2', 'decision_notice')"
NEW_KINDS = "kind IN ('form_1', 'form_2', 'decision_notice', 'pack')"


def _packs_up() -> None:
    op.drop_constraint(op.f("ck_paper_kind_is_known"), "paper", type_="check")
    op.create_check_constraint(op.f("ck_paper_kind_is_known"), "paper", NEW_KINDS)


def _packs_down() -> None:
    op.drop_constraint(op.f("ck_paper_kind_is_known"), "paper", type_="check")
    op.create_check_constraint(op.f("ck_paper_kind_is_known"), "paper", OLD_KINDS)


OF_A_KIND = {"approach": ("approach_figures", "approach_pack"), "stay": ()}
CHILDREN = ("paper", "document", "transition", "clock", "item_party", "draft", "outbox_message", "reaction")
GUARDED = ("transition", "access_log", "paper", "document")


def _take_the_kind_away(kind: str) -> None:
    """An older program does not know the kind, so nothing of it stays; append-only guards stand aside meanwhile.

    Where a person was stays: the dates of a stay are the case's.
    """
    items = f"SELECT id FROM work_item WHERE kind = '{kind}'"
    for table in GUARDED:
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    op.execute(f"UPDATE access_log SET item_id = NULL WHERE item_id IN ({items})")
    op.execute(f"DELETE FROM message WHERE item_id IN ({items})")
    for table in OF_A_KIND[kind]:
        op.execute(f"DELETE FROM {table}")
    for table in CHILDREN:
        op.execute(f"DELETE FROM {table} WHERE item_id IN ({items})")
    op.execute(f"UPDATE work_item SET parent_id = NULL WHERE parent_id IN ({items})")
    op.execute(f"DELETE FROM {kind}")
    op.execute(f"DELETE FROM work_item WHERE kind = '{kind}'")
    for table in GUARDED:
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
