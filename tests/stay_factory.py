"""Stays for tests: a person on a ward, without the way there, and complete answers of each action."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from hub.admissions.models import Admission
from hub.engine.perform import perform
from hub.organisations.models import Unit
from hub.stays.models import Stay
from hub.stays.services import open_stay
from tests.admission_factory import Crew, make_admission, searches
from tests.factories import NOW, REASON
from tests.placement_factory import Ward, make_ward
from workflows.actor import Actor

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def stay_on(
    session: Session,
    ward: Ward | None = None,
    *,
    crew: Crew | None = None,
    now: datetime = NOW,
    admitted_at: datetime | None = None,
    admission: Admission | None = None,
    **changes: Any,
) -> Stay:
    """A person on a unit since `admitted_at` (a day before `now`); changes go to the admission decision.

    It begins as the reaction to an admission begins it; `tests.placement_factory.make_stay` goes all the way there.
    """
    ward = ward or make_ward(session)
    begun = admitted_at or now - DAY
    if admission is None:
        admission = make_admission(session, "admission_agreed", crew=crew, now=begun - 2 * DAY, **changes)
    return open_stay(
        session,
        searches(session, admission)[-1],
        unit_id=ward.unit.id,
        began_at=begun,
        estimated_discharge_on=(begun + 56 * DAY).date(),
        asked_as="admitted_at",
        by=ward.manager,
        now=now,
    )


def answers(action: str, at: datetime, unit: Unit | None = None) -> dict[str, Any]:
    """Complete answers of an action that says what happened at `at`."""
    given: dict[str, dict[str, Any]] = {
        "start_leave": {
            "leave_kind": "section_17",
            "leave_from": at,
            "leave_until": at + 5 * HOUR,
            "leave_granted_by": "Ewan Sallis, responsible clinician",
            "leave_terms": "Home with Mum, who rings 01632 960 005",
        },
        "return_from_leave": {"returned_at": at},
        "end_stay": {"left_at": at, "destination": "usual_home"},
        "transfer": {"next_unit_id": unit.id if unit else None, "transferred_at": at},
        "record_follow_up": {
            "followed_up_at": at,
            "followed_up_how": "in_person",
            "followed_up_by": "Joy Fenwick, care coordinator",
            "follow_up_notes": "Eating with her family",
        },
        "change_discharge_date": {"estimated_discharge_on": (at + 30 * DAY).date()},
    }
    return given[action]


def do(
    session: Session, stay: Stay, action: str, actor: Actor, at: datetime, *, now: datetime | None = None, **more: Any
) -> None:
    """Perform an action of a stay about something that happened at `at`, with complete answers."""
    unit = more.pop("unit", None)
    values = answers(action, at, unit) | more
    perform(session, stay, action, actor, now=now or at, values=values, reason=REASON)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment in UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC)
