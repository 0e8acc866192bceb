"""Reading a case: a fixed number of statements, and one more for each kind of open item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, exists, func, select, true, tuple_
from sqlalchemy.orm import Session, aliased, joinedload
from sqlalchemy.orm.attributes import set_committed_value

import workflows
from hub.accounts.models import Membership, UserAccount
from hub.cases.models import CareCase, CaseSeal, LegalStatus
from hub.engine.models import AccessLog, Clock, ItemParty, Transition, WorkItem
from hub.engine.rulebook import Rulebook, RulebookState, rulebook_at
from hub.engine.visibility import EMERGENCY_KINDS, View, history_seen_by, may_be_seen, names, view_of
from hub.organisations.models import Organisation, Unit
from hub.patients.models import Patient
from hub.web.item_rows import next_clock
from hub.web.paging import Cursor, Page, page_of
from workflows.actor import Actor

KINDS = tuple(sorted(workflows.ALL))


class Sight(StrEnum):
    """How much of a case a person sees."""

    ALL = "all"
    HISTORY = "history"
    """That things happened, when and by whom, and who looked; no content."""
    ITEMS = "items"
    """Only the items they are a party to, and what those show."""


@dataclass(frozen=True)
class CaseItem:
    """One item of the case that this person may see."""

    item: Any
    owner: str | None
    clock: Clock | None


@dataclass(frozen=True)
class CaseReading:
    """A case as one person may see it."""

    case: CareCase
    items: Sequence[CaseItem]
    statuses: Sequence[LegalStatus]
    book: Rulebook
    sight: Sight
    may_see_who_looked: bool
    responsible_icb: str | None
    """Its name, when it is an organisation the hub knows."""

    @property
    def patient(self) -> Patient:
        """Whose case it is."""
        return self.case.patient

    @property
    def open_items(self) -> list[CaseItem]:
        """What is still going on, soonest due first."""
        return [line for line in self.items if line.item.is_open]

    @property
    def past_items(self) -> list[CaseItem]:
        """What has ended, the latest first."""
        ended = [line for line in self.items if not line.item.is_open]
        return sorted(ended, key=lambda line: (line.item.closed_at or line.item.opened_at, line.item.id), reverse=True)


@dataclass(frozen=True)
class Involved:
    """A party to one or several items of the case."""

    name: str
    capacities: tuple[str, ...]
    since: datetime
    until: datetime | None
    references: tuple[str, ...]


@dataclass(frozen=True)
class Event:
    """One history row of any item of the case."""

    row: Transition
    item: WorkItem
    who: str


@dataclass(frozen=True)
class Look:
    """One row of the access log about this case."""

    row: AccessLog
    who: str
    role: str | None
    organisation: str | None


@dataclass
class _Gathered:
    case: CareCase | None = None
    is_sealed_off: bool = False
    version: int = 0
    responsible_icb: str | None = None
    items: dict[int, CaseItem] = field(default_factory=dict)
    statuses: dict[int, LegalStatus] = field(default_factory=dict)


def read_case(session: Session, reference: str, actor: Actor) -> tuple[CaseReading | None, int | None]:
    """The case and its id. No reading when there is none (no id either) or this actor may see nothing of it."""
    found = _gather(session, reference, actor)
    if found.case is None:
        return None, None
    items = list(found.items.values())
    sight = _sight(actor, [line.item for line in items], is_sealed_off=found.is_sealed_off)
    if sight is None:
        return None, found.case.id
    # One statement read all of it, so nothing is read again when the banner asks.
    statuses = sorted(found.statuses.values(), key=lambda status: (status.recorded_at, status.id), reverse=True)
    current = next((status for status in statuses if status.ended_on is None), None)
    set_committed_value(found.case, "current_status", current)
    by_role = {view_of(kind, actor) for kind in KINDS} & {View.ALL, View.HISTORY}
    reading = CaseReading(
        case=found.case,
        items=items,
        statuses=statuses,
        book=rulebook_at(session, found.version),
        sight=sight,
        may_see_who_looked=bool(by_role) and not found.is_sealed_off,
        responsible_icb=found.responsible_icb,
    )
    return reading, found.case.id


def _gather(session: Session, reference: str, actor: Actor) -> _Gathered:
    # Under another name: the condition on the items asks the case table itself whether it is sealed.
    cases = aliased(CareCase)
    named = exists().where(CaseSeal.case_id == cases.id, CaseSeal.user_id == actor.user_id)
    query = (
        select(
            cases,
            Patient,
            WorkItem,
            func.coalesce(may_be_seen(actor, KINDS), False).label("is_seen"),
            UserAccount.name,
            next_clock,
            LegalStatus,
            and_(cases.is_sealed, ~named).label("is_sealed_off"),
            RulebookState.version,
            Organisation.name,
        )
        .select_from(cases)
        .join(Patient, Patient.id == cases.patient_id)
        .join(RulebookState, RulebookState.id == 1)
        .outerjoin(WorkItem, WorkItem.case_id == cases.id)
        .outerjoin(UserAccount, UserAccount.id == WorkItem.owner_id)
        .outerjoin(next_clock, true())
        .outerjoin(LegalStatus, LegalStatus.case_id == cases.id)
        .outerjoin(Organisation, Organisation.ods_code == cases.responsible_icb)
        .where(cases.reference == reference)
        .order_by(WorkItem.next_due_at, WorkItem.id)
    )
    found = _Gathered()
    for case, patient, item, is_seen, owner, clock, status, is_sealed_off, version, icb in session.execute(query):
        if found.case is None:
            set_committed_value(case, "patient", patient)
            found.case, found.is_sealed_off, found.version = case, bool(is_sealed_off), int(version)
            found.responsible_icb = icb
        if item is not None and is_seen:
            found.items.setdefault(item.id, CaseItem(item, owner, clock))
        if status is not None:
            found.statuses.setdefault(status.id, status)
    return found


def _sight(actor: Actor, items: Sequence[WorkItem], *, is_sealed_off: bool) -> Sight | None:
    views = {view_of(kind, actor) for kind in KINDS}
    if not is_sealed_off:
        if View.ALL in views or (actor.is_on_call and any(_is_an_emergency(item) for item in items)):
            return Sight.ALL
        if View.HISTORY in views:
            return Sight.HISTORY
    return Sight.ITEMS if items else None


def _is_an_emergency(item: WorkItem) -> bool:
    return item.kind in EMERGENCY_KINDS and item.priority == "emergency" and not item.is_draft


def load_kinds(session: Session, items: Sequence[WorkItem]) -> None:
    """Load the own columns of these items and what their needs read: one statement for each kind, none for an item."""
    by_kind: dict[str, list[int]] = {}
    for item in items:
        by_kind.setdefault(item.kind, []).append(item.id)
    for kind, ids in by_kind.items():
        model = WorkItem.__mapper__.polymorphic_map[kind].class_
        session.scalars(select(model).where(model.id.in_(ids)).options(*_relations(model))).unique().all()


def _relations(model: type[WorkItem]) -> Iterator[Any]:
    for path in model.needs_loaded:
        option, entity = None, model
        for name in path.split("."):
            relation = getattr(entity, name)
            option = joinedload(relation) if option is None else option.joinedload(relation)
            entity = relation.property.mapper.class_
        yield option


def read_parties(
    session: Session, reading: CaseReading, actor: Actor
) -> tuple[dict[int, list[ItemParty]], list[Involved]]:
    """The live parties of each item, and everybody involved in words; to a party only its own rows are named."""
    references = {line.item.id: line.item.reference for line in reading.items}
    rows = session.execute(
        select(ItemParty, func.coalesce(UserAccount.name, Organisation.name), Unit.name, names(actor).label("is_own"))
        .outerjoin(Organisation, Organisation.id == ItemParty.organisation_id)
        .outerjoin(Unit, Unit.id == ItemParty.unit_id)
        .outerjoin(UserAccount, UserAccount.id == ItemParty.user_id)
        .where(ItemParty.item_id.in_(references))
        .order_by(ItemParty.id)
    ).all()
    live: dict[int, list[ItemParty]] = {identity: [] for identity in references}
    grouped: dict[tuple[Any, ...], list[tuple[ItemParty, str]]] = {}
    for party, name, ward, is_own in rows:
        if party.until_at is None:
            live[party.item_id].append(party)
        if is_own or reading.sight is not Sight.ITEMS:
            key = (party.organisation_id, party.unit_id, party.user_id, party.until_at is None)
            grouped.setdefault(key, []).append((party, f"{name}, {ward}" if ward else name))
    involved = [_involved([party for party, _ in group], group[0][1], references) for group in grouped.values()]
    return live, sorted(involved, key=lambda party: (party.until is not None, party.since, party.name))


def _involved(parties: Sequence[ItemParty], name: str, references: dict[int, str]) -> Involved:
    ended = [party.until_at for party in parties if party.until_at is not None]
    return Involved(
        name=name,
        capacities=tuple(dict.fromkeys(capacity for party in parties for capacity in party.capacities)),
        since=min(party.from_at for party in parties),
        until=max(ended) if len(ended) == len(parties) else None,
        references=tuple(dict.fromkeys(references[party.item_id] for party in parties)),
    )


def read_timeline(
    session: Session, reading: CaseReading, actor: Actor, size: int, after: Cursor | None = None
) -> Page[Event]:
    """History rows of every item this person may see, newest first."""
    items = {line.item.id: line.item for line in reading.items}
    query = (
        select(Transition, UserAccount.name)
        .outerjoin(UserAccount, UserAccount.id == Transition.actor_id)
        .where(Transition.item_id.in_(items), history_seen_by(actor))
        .order_by(Transition.at.desc(), Transition.id.desc())
        .limit(size + 1)
    )
    if after is not None:
        query = query.where(tuple_(Transition.at, Transition.id) < tuple_(after.at, after.id))
    rows = [Event(row, items[row.item_id], name or "The hub") for row, name in session.execute(query)]
    return page_of(rows, size, lambda event: Cursor(event.row.at, event.row.id))


def read_looks(session: Session, case_id: int, size: int, after: Cursor | None = None) -> Page[Look]:
    """Who opened this case or an item of it, or was refused, newest first."""
    query = (
        select(AccessLog, UserAccount.name, Membership.role, Organisation.name)
        .outerjoin(UserAccount, UserAccount.id == AccessLog.user_id)
        .outerjoin(Membership, Membership.id == AccessLog.membership_id)
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .where(AccessLog.case_id == case_id)
        .order_by(AccessLog.id.desc())
        .limit(size + 1)
    )
    if after is not None:
        query = query.where(AccessLog.id < after.id)
    rows = [
        Look(row, name or "Nobody signed in", role.label if role else None, organisation)
        for row, name, role, organisation in session.execute(query)
    ]
    return page_of(rows, size, lambda look: Cursor(look.row.at, look.row.id))
