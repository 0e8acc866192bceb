"""The stay table: a person on a unit. From when until when is the row of `case_stay`, which the database guards."""

from datetime import date, datetime, time
from typing import Any, ClassVar

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.cases.models import CareCase, CaseStay
from hub.db import Moment
from hub.engine.models import WorkItem
from hub.organisations.models import Unit
from workflows.durations import LONDON
from workflows.stay import STAY

DISCHARGE_HOUR = time(17)
"""When the estimated day of discharge counts as over."""


class Stay(WorkItem):
    """One person on one unit; `work_item.unit_id` is the unit."""

    __tablename__ = "stay"
    workflow = STAY
    needs_loaded: ClassVar[tuple[str, ...]] = ()

    id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    case_stay_id: Mapped[int | None] = mapped_column(ForeignKey("case_stay.id"), unique=True)
    began_at: Mapped[datetime] = mapped_column(Moment)
    estimated_discharge_on: Mapped[date | None]
    leave_kind: Mapped[str | None]
    leave_from: Mapped[datetime | None] = mapped_column(Moment)
    leave_until: Mapped[datetime | None] = mapped_column(Moment)
    leave_terms: Mapped[str | None]
    returned_at: Mapped[datetime | None] = mapped_column(Moment)
    left_at: Mapped[datetime | None] = mapped_column(Moment)
    destination: Mapped[str | None]
    next_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    transferred_at: Mapped[datetime | None] = mapped_column(Moment)
    followed_up_at: Mapped[datetime | None] = mapped_column(Moment)
    followed_up_how: Mapped[str | None]
    followed_up_by: Mapped[str | None]
    follow_up_notes: Mapped[str | None]

    case: Mapped[CareCase | None] = relationship(viewonly=True)
    unit: Mapped[Unit | None] = relationship(foreign_keys=[WorkItem.unit_id], viewonly=True)
    next_unit: Mapped[Unit | None] = relationship(foreign_keys=[next_unit_id], viewonly=True)
    dates: Mapped[CaseStay | None] = relationship(viewonly=True)
    placement: Mapped[Any] = relationship(
        "Placement", primaryjoin="foreign(Stay.parent_id) == Placement.id", viewonly=True, uselist=False
    )
    """The search that led to it; another feature's table, so by name. A transfer's parent is the stay before."""

    __mapper_args__ = {"polymorphic_identity": "stay"}

    @property
    def discharge_due_at(self) -> datetime | None:
        """The end of the estimated day of discharge: what its clock counts to."""
        day = self.estimated_discharge_on
        return datetime.combine(day, DISCHARGE_HOUR, LONDON) if day is not None else None
