"""Opening a stay, ending its dates and moving it on, because of an admission, a discharge or a transfer."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from hub.cases.stays import StayEntry, record_stay, set_dates
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.start import Beginning, PartyTo, start
from hub.engine.topics import Happened
from hub.organisations.models import Admissions, Level, Unit
from hub.organisations.queries import why_closed
from hub.stays.models import Stay
from workflows.core import SYSTEM, Actor
from workflows.durations import local
from workflows.roles import Capacity
from workflows.stay import STAY

DIED = "died"
"""The destination that calls for no follow-up."""


def open_stay(
    session: Session,
    parent: Any,
    *,
    unit_id: int,
    began_at: datetime,
    estimated_discharge_on: date | None,
    asked_as: str,
    by: Actor,
    now: datetime,
) -> Stay:
    """A stay on a unit from `began_at` on, after `parent`: the search that led to it, or the stay before a transfer.

    The caller holds the case locked. ActionRefused says that it would overlap another stay of the person, to the hub
    which, beside the answer `asked_as` that gave the moment. Item and row of dates are one transaction: neither is
    without the other.
    """
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise ActionRefused([Problem("Choose a unit from the list", "next_unit_id")])
    if closed := why_closed(unit, local(began_at).date()):
        raise ActionRefused([Problem(closed, asked_as)])
    entry = StayEntry(unit_id=unit_id, hospital="", from_at=began_at, until_at=None)
    try:
        dates = record_stay(session, parent.case_id, entry, by_id=by.user_id, now=now, is_hub=by.is_hub)
    except ActionRefused as refused:
        raise ActionRefused([Problem(each.message, asked_as) for each in refused.problems]) from refused
    made: Stay = start(
        session,
        STAY,
        SYSTEM,
        now=now,
        values={
            "case_stay_id": dates.id,
            "began_at": began_at,
            "estimated_discharge_on": estimated_discharge_on,
        },
        parent=parent,
        about=Beginning(
            title=parent.title,
            owner_id=parent.owner_id,
            organisation_id=unit.site.organisation_id,
            unit_id=unit_id,
            parties=(
                PartyTo((Capacity.TREATING,), unit.site.organisation_id, unit_id, why="The person is on this unit"),
            ),
        ),
    )
    return made


def begin_stay(happened: Happened) -> None:
    """The person was admitted: the stay on the unit whose bed was accepted begins."""
    placement = happened.item
    taken = next(each for each in reversed(placement.approaches) if each.reference == placement.accepted_approach)
    open_stay(
        happened.session,
        placement,
        unit_id=taken.unit_id,
        began_at=placement.admitted_at,
        estimated_discharge_on=placement.estimated_discharge_on,
        asked_as="admitted_at",
        by=happened.actor,
        now=happened.at,
    )


def keep_the_dates(happened: Happened) -> None:
    """The person left, or a moment was corrected: the case's own dates are those of the item."""
    stay = happened.item
    set_dates(
        happened.session,
        stay.case_stay_id,
        from_at=stay.began_at,
        until_at=stay.left_at or stay.transferred_at,
        is_hub=happened.actor.is_hub,
    )


def ask_for_no_follow_up(happened: Happened) -> None:
    """Nobody is reminded to speak to somebody who has died."""
    if happened.item.destination == DIED:
        why = "The person died"
        perform(happened.session, happened.item, "need_no_follow_up", SYSTEM, now=happened.at, reason=why)


def move_on(happened: Happened) -> None:
    """A transfer: the next stay begins at the very moment this one ends, and the unit before is no party to it."""
    stay = happened.item
    _check_it_may_admit(happened.session, stay.next_unit_id)
    keep_the_dates(happened)
    open_stay(
        happened.session,
        stay,
        unit_id=stay.next_unit_id,
        began_at=stay.transferred_at,
        estimated_discharge_on=stay.estimated_discharge_on,
        asked_as="transferred_at",
        by=happened.actor,
        now=happened.at,
    )


def _check_it_may_admit(session: Session, unit_id: int) -> None:
    """A transfer is no way round the hub's own stop: only a director lifts that, and nobody is searching here."""
    unit = session.get_one(Unit, unit_id)
    if unit.level == Level.INTENSIVE or unit.admissions == Admissions.SUSPENDED:
        said = f"{unit.name} is under intensive surveillance, or its admissions are suspended. Choose another unit"
        raise ActionRefused([Problem(f"{said}, or ask a director first", "next_unit_id")])
