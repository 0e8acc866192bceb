"""The beds of the region in one line: how many are free, and how many units have not said so lately."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Integer, and_, cast, func, literal, null, or_, select

from hub.beds.models import BedState
from hub.beds.queries import STALE, stale_after
from hub.db import Moment
from hub.organisations.models import Unit
from hub.organisations.queries import lasts
from hub.web.filters import count
from hub.worklist.seen import Query
from workflows.durations import local
from workflows.policy import PolicySet

OPEN, FREE = "beds open", "beds free"


class Counted(Protocol):
    """A number of Today."""

    @property
    def count(self) -> int:
        """How many."""

    @property
    def late(self) -> int:
        """How many of them are late; here, how many units."""


def bed_parts(policy: PolicySet, now: datetime) -> list[Query]:
    """Two rows in the shape of Today's numbers: beds open with the units whose figures are stale, and beds free."""
    goes_on = lasts(Unit.until_on, local(now).date())
    beds: Any = select(BedState.open_beds, BedState.occupied, BedState.held).join(Unit, Unit.id == BedState.unit_id)
    beds = beds.where(goes_on).cte("beds_now")
    own = and_(BedState.unit_id == Unit.id, BedState.bed_type == Unit.bed_type)
    old = or_(BedState.confirmed_at.is_(None), BedState.confirmed_at < now - stale_after(policy))
    stale = select(func.count(Unit.id)).select_from(Unit).outerjoin(BedState, own).where(goes_on, old)
    free = func.greatest(beds.c.open_beds - beds.c.occupied - beds.c.held, 0)
    moment = cast(null(), Moment)
    return [
        select(literal(OPEN), func.coalesce(func.sum(beds.c.open_beds), 0), moment, stale.scalar_subquery()),
        select(literal(FREE), func.coalesce(func.sum(free), 0), moment, literal(0, Integer)),
    ]


def beds_line(numbers: Mapping[str, Counted], policy: PolicySet) -> str:
    """ "Beds: 14 free of 212 open; 3 units not confirmed in 24 hours"."""
    found = numbers[OPEN]
    said = f"Beds: {numbers[FREE].count:,} free of {found.count:,} open"
    if not found.late:
        return f"{said}; every unit confirmed in {policy.duration(STALE).text}"
    return f"{said}; {count(found.late, 'unit')} not confirmed in {policy.duration(STALE).text}"
