"""The approach tables: what a unit was asked and said, what tells whose bed it is, and its own figures that day."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.cases.models import CareCase
from hub.db import Base, Moment
from hub.engine.models import WorkItem
from hub.organisations.models import Unit
from workflows.approach import APPROACH


class Approach(WorkItem):
    """One question to one unit. Nothing of its own row tells who the person is; `work_item.unit_id` is the unit."""

    __tablename__ = "approach"
    workflow = APPROACH
    needs_loaded: ClassVar[tuple[str, ...]] = ("placement",)

    id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    bed_type: Mapped[str | None]
    asked_person: Mapped[str | None]
    asked_how: Mapped[str | None]
    offered_bed: Mapped[str | None]
    offer_from: Mapped[datetime | None] = mapped_column(Moment)
    offer_conditions: Mapped[str | None]
    offer_until: Mapped[datetime | None] = mapped_column(Moment)
    """Until when the unit said the offer stands; empty: the usual time, which its clock has."""
    refusal_reason: Mapped[str | None]
    refusal_details: Mapped[str | None]
    refusal_consultant: Mapped[str | None]
    refusal_criterion: Mapped[str | None]
    would_change: Mapped[str | None]

    case: Mapped[CareCase | None] = relationship(viewonly=True)
    unit: Mapped[Unit | None] = relationship(foreign_keys=[WorkItem.unit_id], viewonly=True)
    placement: Mapped[Any] = relationship(
        "Placement", primaryjoin="foreign(Approach.parent_id) == Placement.id", viewonly=True, uselist=False
    )
    """The search it belongs to; it holds approaches, so by name."""
    pack: Mapped["ApproachPack | None"] = relationship(viewonly=True, uselist=False)
    figures: Mapped["ApproachFigures | None"] = relationship(viewonly=True, uselist=False)

    __mapper_args__ = {"polymorphic_identity": "approach"}


class ApproachPack(Base):
    """What a list may say of the person while the unit may know it; everything else is in the frozen paper."""

    __tablename__ = "approach_pack"

    approach_id: Mapped[int] = mapped_column(ForeignKey("approach.id"), primary_key=True)
    age_years: Mapped[int | None]
    home_outcode: Mapped[str | None]


class ApproachFigures(Base):
    """What the unit's own bed state said when it refused: whether "no bed" agrees with it."""

    __tablename__ = "approach_figures"

    approach_id: Mapped[int] = mapped_column(ForeignKey("approach.id"), primary_key=True)
    free: Mapped[int]
    open_beds: Mapped[int]
    confirmed_at: Mapped[datetime] = mapped_column(Moment)
    is_contradicted: Mapped[bool]
    """No bed was said while the unit's own fresh figures showed one free."""
