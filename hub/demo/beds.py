"""The demo's beds: what each unit said of them in the last weeks, in step with who is there and who is to come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from hub.beds.figures import Figures
from hub.beds.models import Source
from hub.beds.services import Confirmation, confirm
from hub.cases.models import CaseStay
from hub.demo.stories import DELE
from hub.demo.units import demo_units
from hub.engine.models import WorkItem
from hub.placements.models import Placement
from workflows.actor import Actor
from workflows.placement import WITH_A_BED

SAID_BY: Final = "Nurse in charge"


@dataclass(frozen=True, slots=True)
class Beds:
    """One unit: its beds, how many are closed and why, and (hours ago, free) for each time it said so."""

    unit: str
    commissioned: int
    said: tuple[tuple[float, int], ...]
    closed: int = 0
    why: str = ""


BEDS: Final = (
    Beds("ZD003A-1", 12, ((590, 0), (220, 1), (74, 0), (26, 0), (1, 0))),
    Beds("ZD003A-2", 10, ((190, 2), (30, 1), (5, 1))),
    Beds("ZD003B-1", 15, ((300, 1), (70, 0))),
    Beds("ZD003B-2", 12, ((290, 2), (9, 2))),
    Beds("ZD003B-3", 14, ((280, 1), (17, 1)), 2, "Ligature work in two rooms until the end of the month"),
    Beds("ZD101A-1", 14, ((500, 1), (48, 2), (22, 1), (2, 1))),
    Beds("ZD101A-2", 16, ((270, 1), (40, 0), (7, 1))),
    Beds("ZD101B-1", 8, ((250, 2), (11, 2))),
    Beds("ZD102A-1", 8, ((400, 1), (6, 1)), 1, "Staffing: one bed until Monday"),
    Beds("ZD102A-2", 6, ((400, 1), (6, 0)), 6, "Legionella in the water: closed until it is clean"),
    Beds("ZD102A-3", 7, ((400, 1), (6, 2))),
    Beds("ZD102A-4", 12, ((400, 2), (54, 1))),
    Beds("ZD103A-1", 10, ((330, 1), (60, 2), (5, 2))),
    Beds("ZD103A-2", 12, ((210, 1), (32, 2), (3, 1))),
    # Wolds View has never said; Redshank beside it has
    Beds("ZD104A-2", 15, ((260, 0),)),
    Beds("ZD104A-3", 8, ((230, 1), (8, 1))),
    Beds("ZD111A-1", 10, ((600, 1), (84, 0), (36, 1))),
    Beds("ZD112A-1", 8, ((620, 1), (33, 1), (3, 0))),
    Beds("ZD112B-1", 9, ((310, 2), (31, 2), (13, 2))),
    Beds("ZD113A-1", 12, ((240, 3), (18, 4))),
    Beds("ZD113A-2", 16, ((260, 2), (15, 1))),
    Beds("ZD114A-1", 8, ((340, 1), (52, 1), (20, 1))),
    Beds("ZD114B-1", 9, ((350, 1), (10, 0))),
)
"""Several fresh, some stale, one unit that never said, one wholly closed since its last word."""


class Wards:
    """Confirms beds as the units' people did; what is occupied is never less than who is known to be there."""

    def __init__(self, session: Session, people: Mapping[str, Actor], now: datetime) -> None:
        self.session, self.dele = session, people[DELE]
        self.units = {unit.code: unit for unit in demo_units(session, people, now)}

    def confirm(self, beds: Beds, nth: int, at: datetime) -> None:
        """The nth word of one unit, from 0; a ward whose people do not sign in says it on the telephone."""
        unit, is_last = self.units[beds.unit], nth == len(beds.said) - 1
        closed, why = (beds.closed, beds.why) if is_last else (0, "")
        there, coming = self.session.execute(_known(unit.id, at)).one()
        open_beds = beds.commissioned - closed
        occupied = max(there, open_beds - beds.said[nth][1] - coming)
        said = Confirmation(
            unit_id=unit.id,
            bed_type=unit.bed_type,
            figures=Figures(beds.commissioned, open_beds, occupied, min(coming, open_beds - occupied), why),
            by_id=(unit.staff or self.dele).user_id,
            confirmed_at=at,
            source=Source.PAGE if unit.staff else Source.TELEPHONE,
            told_by="" if unit.staff else SAID_BY,
        )
        confirm(self.session, said, seen=nth, now=at)


def _known(unit_id: int, at: datetime) -> Select[int, int]:
    """How many of the hub's people are on a unit then, and how many beds it keeps for those who are to come."""
    then = (CaseStay.from_at <= at, or_(CaseStay.until_at.is_(None), CaseStay.until_at > at))
    there = select(func.count()).where(CaseStay.unit_id == unit_id, CaseStay.corrected_at.is_(None), *then)
    asked = aliased(WorkItem, flat=True)
    theirs = select(asked.reference).where(asked.unit_id == unit_id)
    coming = (
        select(func.count())
        .select_from(Placement)
        .where(Placement.state.in_(WITH_A_BED), Placement.accepted_approach.in_(theirs))
    )
    return select(there.scalar_subquery(), coming.scalar_subquery())
