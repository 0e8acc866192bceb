"""Finding the two records somebody wants to compare, within what they may see, and the case each is opened by."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from hub.cases.models import CareCase, CaseSeal
from hub.engine.models import WorkItem
from hub.merges.models import Merge
from hub.patients.models import Patient
from hub.patients.nhs_numbers import digits_of
from hub.patients.services import by_number
from workflows.actor import Actor


def sealed_off(patient_id: InstrumentedAttribute[int], actor: Actor) -> ColumnElement[bool]:
    """Whether a sealed case of the person does not name the actor."""
    cases = aliased(CareCase)
    named = exists().where(CaseSeal.case_id == cases.id, CaseSeal.user_id == actor.user_id)
    return exists().where(and_(cases.patient_id == patient_id, cases.is_sealed, ~named))


def find_people(session: Session, ids: Iterable[int], actor: Actor) -> dict[int, Patient]:
    """Those of these records that stand by themselves and that the actor may open."""
    query = select(Patient).where(
        Patient.id.in_(ids),
        Patient.merged_into_id.is_(None),
        ~sealed_off(Patient.id, actor),
    )
    return {patient.id: patient for patient in session.scalars(query)}


def find_person(session: Session, typed: str, actor: Actor) -> Patient | None:
    """The record that stands behind an NHS number, or the reference of a case or an item; None for none to be seen."""
    number = digits_of(typed)
    if number.isdigit():
        found = by_number(session, number)
        patient_id = found.id if found else None
    else:
        patient_id = _by_reference(session, typed.strip().upper())
    return find_people(session, [patient_id], actor).get(patient_id) if patient_id is not None else None


def _by_reference(session: Session, reference: str) -> int | None:
    of_a_case = select(CareCase.patient_id).where(CareCase.reference == reference)
    of_an_item = (
        select(CareCase.patient_id)
        .join(WorkItem, WorkItem.case_id == CareCase.id)
        .where(WorkItem.reference == reference, WorkItem.is_draft.is_(False))
    )
    return session.scalar(of_a_case.union_all(of_an_item).limit(1))


def cases_of(session: Session, patient_ids: Sequence[int]) -> list[CareCase]:
    """Every case of these people, open ones first, then the newest."""
    query = select(CareCase).where(CareCase.patient_id.in_(patient_ids))
    found = session.scalars(query.execution_options(populate_existing=True)).all()
    return sorted(found, key=lambda case: (case.closed_at is not None, -case.id))


def is_closed_off(session: Session, reference: str, actor: Actor) -> bool:
    """Whether one of the two records of this proposal has a sealed case that does not name the actor."""
    query = select(Merge.id).where(
        Merge.reference == reference,
        or_(sealed_off(Merge.standing_id, actor), sealed_off(Merge.other_id, actor)),
    )
    return session.scalar(query) is not None
