"""Who and what was found: people with their cases, items with the names on their own form, one statement each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import literal_column, select, true
from sqlalchemy.orm import Session

from hub.cases.models import CareCase
from hub.engine.models import WorkItem
from hub.engine.visibility import may_be_seen
from hub.patients.models import Patient
from hub.referrals.models import Referral
from hub.search.queries import FORM
from hub.search.seen import KINDS, is_not_sealed, item_is_seen, item_is_told
from workflows.actor import Actor

MOST_ITEMS: Final = 4
"""Items named with one case of a person."""

_REFERRAL: Any = Referral.__table__
_TOLD = (*FORM, _REFERRAL.c.date_of_birth, _REFERRAL.c.nhs_number)


@dataclass(frozen=True, slots=True)
class CaseTold:
    """One case of a person with what is open in it."""

    reference: str
    opened_at: datetime
    closed_at: datetime | None
    items: tuple[WorkItem, ...]
    """What is open, soonest due first, then what ended last; at most MOST_ITEMS."""


@dataclass(frozen=True, slots=True)
class PersonTold:
    """A person and the cases that may be opened, the newest first."""

    patient: Patient
    cases: tuple[CaseTold, ...]


@dataclass(frozen=True, slots=True)
class ItemTold:
    """An item, whose it is as its own form says, and the record behind it for the hub."""

    item: WorkItem
    form: Mapping[str, Any] | None
    """Family name, given name and so on of a referral's form."""
    patient: Patient | None
    case: str | None
    is_told: bool
    """Whether this person may be told whose it is."""


def read_people(session: Session, actor: Actor, ids: Iterable[int]) -> dict[int, PersonTold]:
    """These people with the cases the actor may open and what is in each; nobody without such a case."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    order = (WorkItem.is_open.desc(), WorkItem.next_due_at, WorkItem.closed_at.desc(), WorkItem.id)
    one = select(WorkItem.id.label("id")).where(WorkItem.case_id == CareCase.id, may_be_seen(actor, KINDS))
    within = one.order_by(*order).limit(literal_column(str(MOST_ITEMS))).correlate(CareCase).lateral("within")
    rows = session.execute(
        select(Patient, CareCase.reference, CareCase.opened_at, CareCase.closed_at, WorkItem)
        .join(CareCase, CareCase.patient_id == Patient.id)
        .outerjoin(within, true())
        .outerjoin(WorkItem, WorkItem.id == within.c.id)
        .where(Patient.id.in_(wanted), is_not_sealed(actor))
        .order_by(CareCase.closed_at.is_not(None), CareCase.opened_at.desc(), CareCase.id, *order)
    )
    people: dict[int, Patient] = {}
    cases: dict[int, dict[str, CaseTold]] = {}
    for patient, reference, opened_at, closed_at, item in rows:
        people[patient.id] = patient
        told = cases.setdefault(patient.id, {})
        before = told[reference].items if reference in told else ()
        told[reference] = CaseTold(reference, opened_at, closed_at, (*before, item) if item is not None else before)
    return {identity: PersonTold(patient, tuple(cases[identity].values())) for identity, patient in people.items()}


def read_items(session: Session, actor: Actor, ids: Iterable[int]) -> dict[int, ItemTold]:
    """These items as far as the actor sees them, with the names on their own form and the record behind them."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    named = select(WorkItem.id).where(WorkItem.id.in_(wanted)).subquery("named")
    told = item_is_told(actor, named.c.id, named)
    form = [column.label(f"form_{column.key}") for column in _TOLD]
    rows = session.execute(
        select(WorkItem, _REFERRAL.c.id, Patient, CareCase.reference, told.label("is_told"), *form)
        .select_from(named)
        .join(WorkItem, WorkItem.id == named.c.id)
        .outerjoin(_REFERRAL, _REFERRAL.c.id == WorkItem.id)
        .outerjoin(CareCase, CareCase.id == WorkItem.case_id)
        .outerjoin(Patient, Patient.id == CareCase.patient_id)
        .where(item_is_seen(actor, named.c.id, named))
        .order_by(WorkItem.is_open.desc(), WorkItem.id.desc())
    )
    return {
        row[0].id: ItemTold(
            item=row[0],
            form=None if row[1] is None else {column.key: row._mapping[f"form_{column.key}"] for column in _TOLD},
            patient=row[2] if actor.is_hub else None,
            case=row[3],
            is_told=bool(row.is_told),
        )
        for row in rows
    }
