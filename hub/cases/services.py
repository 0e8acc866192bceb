"""Opening, reopening and keeping the facts of a case; each under the lock of its row."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, LegalStatus
from hub.engine.refusal import ActionRefused
from hub.patients.services import standing_id
from workflows.durations import LONDON

FACTS = (
    "consent_basis",
    "lawful_basis",
    "sharing_restricted",
    "sharing_restriction_details",
    "care_coordinator_name",
    "consultant_name",
    "responsible_icb",
    "learning_disability",
    "autism",
    "family_told",
    "family_not_told_why",
    "priority",
    "received_at",
)
"""What several workflows read; the action that makes a fact true writes it here."""

# Made once: an import runs them ten thousand times, and putting a statement together costs more than sending it.
_OPEN = (
    select(CareCase)
    .where(
        CareCase.patient_id == bindparam("patient_id"),
        CareCase.service_line == bindparam("service_line"),
        CareCase.closed_at.is_(None),
    )
    .with_for_update()
    .execution_options(populate_existing=True)
)
_ADD = insert(CareCase).on_conflict_do_nothing().returning(CareCase)
_NUMBER = text("SELECT nextval('reference_case_seq')")
_STANDING = (
    select(LegalStatus)
    .where(LegalStatus.case_id == bindparam("case_id"), LegalStatus.corrected_at.is_(None))
    .order_by(LegalStatus.id)
    .with_for_update()
)


def open_case(session: Session, *, patient_id: int, service_line: str, now: datetime, facts: Any = None) -> CareCase:
    """The person's open case for this service line, locked; opened when there is none, with what `facts` says.

    Two referrals sent at once share one case: the unique index decides who opened it.
    """
    whose = {"patient_id": patient_id, "service_line": service_line}
    found = session.scalar(_OPEN, whose)
    if found is not None:
        return found
    whose["patient_id"] = stands = standing_id(session, patient_id)
    if stands != patient_id:  # made one with another record meanwhile, whose case it is then
        return open_case(session, patient_id=stands, service_line=service_line, now=now, facts=facts)
    values = {**dict.fromkeys(FACTS), **_said(facts), "reference": next_reference(session, now), "opened_at": now}
    made = session.scalar(_ADD, {**whose, **values})
    return made or session.scalars(_OPEN, whose).one()


def lock_case(session: Session, case_id: int) -> CareCase:
    """The case as it is now, its row locked until the transaction ends.

    ActionRefused for one that another case took in when two records were made one: nothing is written there any more.
    """
    query = select(CareCase).where(CareCase.id == case_id).with_for_update(of=CareCase)
    case = session.scalars(query.execution_options(populate_existing=True)).one()
    if case.merged_into_id is not None:
        taken_in = session.get_one(CareCase, case.merged_into_id).reference
        raise ActionRefused([f"{case.reference} is part of {taken_in} now. Do this there"])
    return case


def next_reference(session: Session, now: datetime) -> str:
    """The next case reference, like CAS-2026-00107; gaps are allowed."""
    number = session.execute(_NUMBER).scalar_one()
    return f"{CareCase.prefix}-{now.astimezone(LONDON).year}-{number:05d}"


def keep_facts(session: Session, case: CareCase, facts: Any) -> None:
    """Take over what `facts` (anything with the attributes) says; an empty answer never erases a known one."""
    for name, value in _said(facts).items():
        if getattr(case, name) != value:
            setattr(case, name, value)
    session.flush()


def note_facts(session: Session, case_id: int | None, **facts: Any) -> None:
    """Write facts that an action made true on the case, by column name; nothing for an item without a case."""
    if case_id is not None:
        session.execute(update(CareCase).where(CareCase.id == case_id).values(**facts))


def _said(facts: Any) -> dict[str, Any]:
    found = {name: getattr(facts, name, None) for name in FACTS}
    return {name: value for name, value in found.items() if value is not None}


def record_legal_status(
    session: Session,
    case: CareCase,
    *,
    code: str | None,
    from_on: date | None,
    expires_at: datetime | None,
    by_id: int | None,
    now: datetime,
) -> None:
    """Add a status to the case's legal history, ending the one before; the same status again adds nothing.

    It takes what a form says as it is: one that began before the current status goes behind it, ended. A person who
    records a status by hand is asked for more: see `hub.cases.legal_status.add_legal_status`.
    """
    if code is None:
        return
    standing = session.scalars(_STANDING, {"case_id": case.id}).all()
    current = next((row for row in standing if row.ended_on is None), None)
    ended_on = None
    if current is not None:
        told = (code, from_on, expires_at)
        again = [row for row in standing if row is current or row.from_on is not None]
        if any((row.code, row.from_on, row.expires_at) == told for row in again):
            return
        if from_on is not None and current.from_on is not None and from_on < current.from_on:
            ended_on = current.from_on
        else:
            current.ended_on = from_on or now.astimezone(LONDON).date()
            session.flush()  # before the new row: only one may be current at a time
    session.add(
        LegalStatus(
            case_id=case.id,
            code=code,
            from_on=from_on,
            expires_at=expires_at,
            ended_on=ended_on,
            recorded_by_id=by_id,
            recorded_at=now,
        )
    )
    session.flush()


def complete_legal_status(
    session: Session, case: CareCase, *, from_on: date | None, expires_at: datetime | None
) -> None:
    """Give the current status the dates nobody knew when it was recorded; dates it has stay."""
    standing = session.scalars(_STANDING, {"case_id": case.id}).all()
    for current in (row for row in standing if row.ended_on is None):
        current.from_on = current.from_on or from_on
        current.expires_at = current.expires_at or expires_at
    session.flush()


def reopen_case(session: Session, case_id: int) -> int:
    """Reopen a case whose item was reopened, or give the newer open one of the same person and line. Returns its id."""
    case = lock_case(session, case_id)
    if case.closed_at is None:
        return case.id
    newer = session.scalar(
        select(CareCase).where(
            CareCase.patient_id == case.patient_id,
            CareCase.service_line == case.service_line,
            CareCase.closed_at.is_(None),
        )
    )
    if newer is not None:
        return newer.id
    session.execute(update(CareCase).where(CareCase.id == case_id).values(closed_at=None))
    return case.id
