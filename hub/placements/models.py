"""The placement table: what kind of bed is looked for, which was accepted, and how the person gets there."""

from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, ForeignKey, Identity
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.cases.models import CareCase
from hub.db import Base, Moment
from hub.engine.models import WorkItem
from hub.placements.approach_models import Approach
from workflows.approach import State as Asked
from workflows.placement import PLACEMENT


class Placement(WorkItem):
    """One person's search for a bed."""

    __tablename__ = "placement"
    workflow = PLACEMENT
    needs_loaded: ClassVar[tuple[str, ...]] = ("case.current_status", "admission.referral", "approaches")

    id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    bed_type: Mapped[str | None]
    expected_length_weeks: Mapped[int | None]
    asked_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    """The unit approached last; each approach is an item of its own."""
    asked_person: Mapped[str | None]
    asked_how: Mapped[str | None]
    why_this_unit: Mapped[str | None]
    exception_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    """The unit of the exception allowed last; all of them are in `placement_exception`."""
    exception_until: Mapped[datetime | None] = mapped_column(Moment)
    accepted_approach: Mapped[str | None]
    """Reference of the approach whose offer was accepted."""
    bed_accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    bed_accepted_role: Mapped[str | None]
    bed_accepted_at: Mapped[datetime | None] = mapped_column(Moment)
    out_of_area_reason: Mapped[str | None]
    repatriation_plan: Mapped[str | None]
    repatriation_on: Mapped[date | None]
    conveyance_how: Mapped[str | None]
    conveyance_by: Mapped[str | None]
    conveyance_at: Mapped[datetime | None] = mapped_column(Moment)
    conveyance_authority: Mapped[str | None]
    care_coordinator_name: Mapped[str | None]
    consultant_name: Mapped[str | None]
    responsible_icb: Mapped[str | None]
    consent_basis: Mapped[str | None]
    family_told: Mapped[bool | None]
    family_not_told_why: Mapped[str | None]
    admitted_at: Mapped[datetime | None] = mapped_column(Moment)
    estimated_discharge_on: Mapped[date | None]

    case: Mapped[CareCase | None] = relationship(viewonly=True)
    admission: Mapped[Any] = relationship(
        "Admission", primaryjoin="foreign(Placement.parent_id) == Admission.id", viewonly=True, uselist=False
    )
    """The decision it was opened from; another feature's table, so by name."""
    approaches: Mapped[list[Approach]] = relationship(
        primaryjoin="foreign(Approach.parent_id) == Placement.id", order_by="Approach.id", viewonly=True
    )
    """Every unit that was asked, the first asked first."""

    __mapper_args__ = {"polymorphic_identity": "placement"}

    @property
    def live_offers(self) -> list[str]:
        """References of the offers that nobody has accepted, withdrawn or let lapse."""
        return [approach.reference for approach in self.approaches if approach.state == Asked.OFFERED]


class PlacementException(Base):
    """A director's leave for one unit to take this person although its level or position forbids it."""

    __tablename__ = "placement_exception"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    placement_id: Mapped[int] = mapped_column(ForeignKey("placement.id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    until_at: Mapped[datetime] = mapped_column(Moment)
    why: Mapped[str]
    allowed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    allowed_at: Mapped[datetime] = mapped_column(Moment)
