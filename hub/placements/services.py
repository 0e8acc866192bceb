"""Opening a search for a bed and standing it down, because of what was decided."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.engine.parties import carried_on
from hub.engine.perform import perform
from hub.engine.start import Beginning, start
from hub.engine.unread import unread
from hub.placements.models import Placement
from workflows.core import SYSTEM
from workflows.placement import PLACEMENT
from workflows.roles import Capacity


def open_placement(session: Session, admission: Any, *, now: datetime) -> Placement | None:
    """A search for the bed an admission decision asks for; None when one is open for the case already.

    The caller holds the case's row locked, so two decisions cannot open two.
    """
    if _searching(session, admission.case_id):
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
) -> None:
    """Stand the case's open search down, as the hub itself, with the reason in its history.

    `is_still_wanted` says of a search that began at a moment whether another decision asks for its bed too.
    """
    for identity, opened_at in _searching(session, case_id):
        if not is_still_wanted(opened_at):
            perform(session, unread(session, Placement, identity), "stand_down", SYSTEM, now=now, reason=why)


def _searching(session: Session, case_id: int | None) -> list[tuple[int, datetime]]:
    """(id, when it began) of the case's open searches."""
    found = select(Placement.id, Placement.opened_at).where(Placement.case_id == case_id, Placement.is_open)
    return [(identity, opened_at) for identity, opened_at in session.execute(found.order_by(Placement.id))]
