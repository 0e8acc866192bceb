"""The rows of two people that a merge moves: locked and read once, in the order that keeps others from deadlock."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from hub.cases.models import CareCase, CaseAlert, CaseStay, LegalStatus
from hub.db import Base
from hub.engine.models import WorkItem
from hub.engine.refusal import ActionRefused
from hub.merges.fields import back, kept
from hub.patients.models import Patient

Facts = dict[str, list[Any]]
"""{column: [value before, value after]}, as `kept` keeps values."""


def lock_both(session: Session, standing_id: int, other_id: int) -> tuple[Patient, Patient, list[CareCase]]:
    """Both records and all their cases as they are now, locked until the transaction ends.

    Cases first, as every action on an item does; then the records. A case that was opened between the two locks is one
    that nobody has looked at yet: ActionRefused.
    """
    both = (standing_id, other_id)
    of_both = select(CareCase).where(CareCase.patient_id.in_(both)).order_by(CareCase.id)
    fresh = {"populate_existing": True}
    cases = list(session.scalars(of_both.with_for_update(of=CareCase).execution_options(**fresh)))
    query = select(Patient).where(Patient.id.in_(both)).order_by(Patient.id).with_for_update(key_share=True)
    people = {patient.id: patient for patient in session.scalars(query.execution_options(**fresh))}
    now_theirs = set(session.scalars(select(CareCase.id).where(CareCase.patient_id.in_(both))))
    cases = [case for case in cases if case.patient_id in both]
    if now_theirs != {case.id for case in cases}:
        raise ActionRefused(["A case of one of them was opened or moved just now. Look at both again first"])
    return people[standing_id], people[other_id], cases


def items_of(session: Session, case_id: int) -> list[int]:
    """The ids of every item of a case."""
    return list(session.scalars(select(WorkItem.id).where(WorkItem.case_id == case_id).order_by(WorkItem.id)))


def alerts_of(session: Session, case_id: int) -> list[int]:
    """The ids of every alert of a case, ended ones too."""
    return list(session.scalars(select(CaseAlert.id).where(CaseAlert.case_id == case_id).order_by(CaseAlert.id)))


def statuses_of(session: Session, case_id: int, *, standing_only: bool = False) -> list[int]:
    """The ids of every entry of a case's legal history; with `standing_only` those that were not corrected."""
    query = select(LegalStatus.id).where(LegalStatus.case_id == case_id).order_by(LegalStatus.id)
    return list(session.scalars(query.where(LegalStatus.corrected_at.is_(None)) if standing_only else query))


def stays_of_case(session: Session, case_id: int) -> list[int]:
    """The ids of every stay of a case, corrected ones too."""
    return list(session.scalars(select(CaseStay.id).where(CaseStay.case_id == case_id).order_by(CaseStay.id)))


def stays_of_items(session: Session, ids: Sequence[int]) -> list[int]:
    """The ids of the stays that these items keep; the items' table is another feature's, named as the keys are."""
    items = Base.metadata.tables["stay"]
    query = select(items.c.case_stay_id).where(items.c.id.in_(ids)).order_by(items.c.case_stay_id)
    return list(session.scalars(query))


def put(session: Session, model: Any, ids: Sequence[int], **values: Any) -> None:
    """Give these rows these values."""
    if ids:
        session.execute(
            update(model).where(model.id.in_(ids)).values(**values).execution_options(synchronize_session=False)
        )


def change(session: Session, model: Any, identity: int, wanted: dict[str, Any]) -> Facts:
    """Give one row these values; what differed, before and after."""
    if not wanted:
        return {}
    row = session.execute(select(*(getattr(model, name) for name in wanted)).where(model.id == identity)).one()
    before = dict(zip(wanted, row, strict=True))
    changed = {name: value for name, value in wanted.items() if before[name] != value}
    if changed:
        put(session, model, [identity], **changed)
    return {name: [kept(before[name]), kept(value)] for name, value in changed.items()}


def change_back(session: Session, model: Any, identity: int, facts: Facts) -> None:
    """Give one row again what it had before, by column."""
    column: dict[str, InstrumentedAttribute[Any]] = {name: getattr(model, name) for name in facts}
    if facts:
        put(session, model, [identity], **{name: back(column[name], values[0]) for name, values in facts.items()})


def changed_since(session: Session, model: Any, identity: int, facts: Facts) -> set[str]:
    """The columns that no longer hold what the merge put there."""
    if not facts:
        return set()
    row = session.execute(select(*(getattr(model, name) for name in facts)).where(model.id == identity)).one()
    return {name for name, value in zip(facts, row, strict=True) if kept(value) != facts[name][1]}


def followers(session: Session, ids: Sequence[int]) -> list[int]:
    """These items and whatever was opened from them, and from that."""
    parent = select(WorkItem.id).where(WorkItem.id.in_(ids)).cte("followers", recursive=True)
    whole = parent.union(select(WorkItem.id).join(parent, WorkItem.parent_id == parent.c.id))
    return sorted(session.scalars(select(whole.c.id)))


def forget(session: Session) -> None:
    """What the session holds of moved rows is read again when somebody asks."""
    for held in list(session.identity_map.values()):
        if isinstance(held, Patient | CareCase | CaseAlert | CaseStay | LegalStatus):
            session.expire(held)


def case_of_items(session: Session, ids: Sequence[int]) -> dict[int, int | None]:
    """In which case each of these items is now."""
    rows = session.execute(select(WorkItem.id, WorkItem.case_id).where(WorkItem.id.in_(ids)).order_by(WorkItem.id))
    return dict(rows.all())
