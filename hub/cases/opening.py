"""Opening a case without any referral, and closing one: by name, with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, CaseSeal
from hub.cases.services import lock_case, open_case
from hub.engine.models import WorkItem
from hub.engine.refusal import ActionRefused, Problem
from hub.patients.models import Patient
from hub.patients.services import by_number, find_or_add, sound_of

MOST_OFFERED = 10


@dataclass(frozen=True, slots=True)
class Whom:
    """Who a case is for, as somebody typed it; the NHS number is ten digits or empty."""

    nhs_number: str
    family_name: str
    given_name: str
    date_of_birth: date


def people_like(session: Session, whom: Whom) -> Sequence[Patient]:
    """Known people this may be, at most ten: by NHS number, or by the sound of the family name and date of birth."""
    ways = [and_(Patient.name_sound == sound_of(whom.family_name), Patient.date_of_birth == whom.date_of_birth)]
    if whom.nhs_number and (known := by_number(session, whom.nhs_number)):
        ways.append(Patient.id == known.id)
    # One found by what a record said before it became part of another is offered as the record that stands.
    stand = select(func.coalesce(Patient.merged_into_id, Patient.id)).where(or_(*ways))
    query = select(Patient).where(Patient.id.in_(stand)).order_by(Patient.id).limit(MOST_OFFERED)
    return session.scalars(query).all()


def open_by_hand(
    session: Session,
    whom: Whom,
    *,
    patient_id: int | None,
    service_line: str,
    reason: str,
    by_id: int,
    now: datetime,
) -> CareCase:
    """Open a case for a known person, or for a new record when `patient_id` is None. Records are never joined here.

    ActionRefused when the person has an open case already, or when the NHS number is another record's.
    """
    if patient_id is None:
        if whom.nhs_number and by_number(session, whom.nhs_number):
            said = "This NHS number is on the record of a known person. Choose that person, or check the number"
            raise ActionRefused([Problem(said, "nhs_number")])
        facts = SimpleNamespace(
            nhs_number=whom.nhs_number or None,
            family_name=whom.family_name,
            given_name=whom.given_name or None,
            date_of_birth=whom.date_of_birth,
        )
        patient_id = find_or_add(session, facts, now=now).id
    case = open_case(session, patient_id=patient_id, service_line=service_line, now=now)
    if case.opened_at != now or case.opened_by_id is not None:
        if _is_sealed_from(session, case, by_id):
            # Neither its number nor that it is sealed: who may know is on the case's own list.
            raise ActionRefused(["A case cannot be opened for this person here. Ask a head of commissioning"])
        raise ActionRefused([f"This person has an open case already: {case.reference}"])
    case.opened_by_id, case.open_reason = by_id, reason
    session.flush()
    return case


def _is_sealed_from(session: Session, case: CareCase, user_id: int) -> bool:
    named = exists().where(CaseSeal.case_id == case.id, CaseSeal.user_id == user_id)
    return case.is_sealed and not session.scalar(select(named))


def close_case(session: Session, case_id: int, *, reason: str, by_id: int, now: datetime) -> None:
    """Close a case. ActionRefused while anything of it is open, or when it is closed already."""
    case = lock_case(session, case_id)
    if case.closed_at is not None:
        raise ActionRefused(["The case is closed already"])
    still_open = exists().where(WorkItem.case_id == case_id, WorkItem.is_open)
    if session.scalar(select(still_open)):
        raise ActionRefused(["Something is still open on this case. End it first, then close the case"])
    case.closed_at, case.closed_by_id, case.close_reason = now, by_id, reason
    session.flush()
