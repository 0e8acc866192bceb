"""Opening a search for a bed and ending it, because of what was decided about the admission."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.cases.stays import is_staying
from hub.engine.parties import carried_on
from hub.engine.perform import perform
from hub.engine.start import Beginning, start
from hub.engine.unread import unread
from hub.placements.models import Placement
from workflows.core import SYSTEM
from workflows.placement import PLACEMENT, State
from workflows.roles import Capacity


def open_placement(session: Session, admission: Any, *, now: datetime) -> Placement | None:
    """A search for the bed an admission decision asks for; None when one is open already, or the person is admitted.

    The caller holds the case's row locked, so two decisions cannot open two.
    """
    if open_placements(session, admission.case_id) or is_staying(session, admission.case_id):
        return None
    values = {"bed_type": admission.bed_type, "expected_length_weeks": admission.expected_length_weeks}
    made: Placement = start(
        session,
        PLACEMENT,
        SYSTEM,
        now=now,
        values={name: value for name, value in values.items() if value is not None},
        parent=admission,
        about=Beginning(
            title=admission.title,
            owner_id=admission.owner_id,
            parties=carried_on(session, admission, Capacity.REFERRER),
        ),
    )
    return made


def stand_down_search(
    session: Session, case_id: int | None, *, now: datetime, why: str, is_still_wanted: Callable[[datetime], bool]
) -> list[Placement]:
    """Stand the case's open search down, as the hub itself, with the reason in its history.

    `is_still_wanted` says of a search that began at a moment whether another decision asks for its bed too. A bed
    that is taken or planned stays: those are given back, for a person to settle.
    """
    taken = []
    for placement in open_placements(session, case_id):
        if is_still_wanted(placement.opened_at):
            continue
        if placement.state == State.SEARCHING:
            perform(session, unread(session, Placement, placement.id), "stand_down", SYSTEM, now=now, reason=why)
        else:
            taken.append(placement)
    return taken


def taken_beds(session: Session, case_id: int | None) -> list[Placement]:
    """The case's searches that led to an admission nobody has ended: for when a decision is taken back afterwards."""
    query = select(Placement).where(Placement.case_id == case_id, Placement.state == State.ADMITTED)
    return list(session.scalars(query.order_by(Placement.id))) if is_staying(session, case_id) else []


def open_placements(session: Session, case_id: int | None) -> list[Placement]:
    """The case's open searches, the oldest first."""
    query = select(Placement).where(Placement.case_id == case_id, Placement.is_open).order_by(Placement.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))
