"""The demo's registers: flash points that the partners wrote down beforehand, and interests that people declared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from hub.conflicts.services import declare
from hub.flash_points.services import write_flash_point
from hub.organisations.queries import find_organisation
from workflows.actor import Actor
from workflows.durations import local

FLASH_POINTS: Final = (
    (
        "discharge_delay",
        "Ready to leave, nowhere to go",
        "A leaving date passes twice without a home",
        "The ward and the council ring each other the same day and name one date each",
        "The council’s placements desk, 01632 960 411",
        "Owain Pryce",
    ),
    (
        "package_cost",
        "Extra staff go on past the weeks agreed",
        "Week three of two to one with no review booked",
        "Book the review at once; the hub pays on until it has met",
        "The hub’s case manager of the week, 01632 960 500",
        "Joanne Pickles",
    ),
    (
        "responsible_commissioner",
        "Two commissioners, one person",
        "An invoice comes back twice",
        "Write down the ICB at each detention; the last payer pays on, without prejudice",
        "The ICB’s placements office, 01632 960 301",
        "Farida Noon",
    ),
    (
        None,
        "A call that is never returned",
        "Two calls in a week without an answer",
        "The unit manager rings the other side’s head of service",
        "The hub’s duty coordinator, 01632 960 500",
        "Ruth Calloway",
    ),
)
"""Kind, what goes wrong, early sign, first response, whom to ring, who wrote it."""
INTERESTS: Final = (
    ("Owen Tait", "ZD101", "non_financial_professional", "Worked for Wharfemoor Trust as ward manager", 900, 290),
    ("Karen Stott", "ZD114", "non_financial_personal", "Her sister is a nurse there", 400, None),
    ("Dr Judith Marsden", "ZD104", "indirect", "Her partner advises the trust’s board", 700, None),
)
"""Who, about which organisation, kind, what, and for how many days it has been, and has been over."""


def make_registers(session: Session, people: Mapping[str, Actor], now: datetime) -> list[int]:
    """Both registers; gives the flash points' ids in their order."""
    made = []
    for kind, goes_wrong, sign, response, ring, who in FLASH_POINTS:
        point = write_flash_point(
            session,
            people[who],
            goes_wrong=goes_wrong,
            early_sign=sign,
            first_response=response,
            whom_to_ring=ring,
            dispute_kind=kind,
            now=now - timedelta(days=200),
        )
        made.append(point.id)
    for who, code, kind, what, since, over in INTERESTS:
        place = find_organisation(session, code)
        declare(
            session,
            people[who],
            organisation_id=place.id if place is not None else None,
            kind=kind,
            what=what,
            from_on=local(now - timedelta(days=since)).date(),
            until_on=local(now - timedelta(days=over)).date() if over else None,
            now=now - timedelta(days=30),
        )
    return made
