"""Reading a case: a fixed number of statements, and one more for each kind of open item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, exists, func, select, true, tuple_
from sqlalchemy.orm import Session, aliased, joinedload
from sqlalchemy.orm.attributes import set_committed_value

import workflows
from hub.accounts.models import Membership, UserAccount
from hub.casefile import dated
from hub.casefile.documents import KeptDocument, documents, documents_of_item
from hub.casefile.stays import StayEntry, stay_entries, stays_of
from hub.cases.models import CareCase, CaseSeal, LegalStatus
from hub.engine.models import AccessLog, Clock, Transition, WorkItem
from hub.engine.rulebook import Rulebook, RulebookState, rulebook_at
from hub.engine.visibility import (
    EMERGENCY_KINDS,
    OPEN_KINDS,
    OPENS_NO_CASE,
    View,
    history_seen_by,
    may_be_seen,
    view_of,
    view_of_item,
)
from hub.organisations.models import Organisation
from hub.patients.models import Patient
from hub.web.item_rows import next_clock
from hub.web.paging import Cursor, Page, page_of
from workflows.actor import Actor

KINDS = tuple(sorted(set(workflows.ALL) - set(OPEN_KINDS)))
"""Every kind about a person: one that everybody may read opens no case to anybody."""


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
    """The clock that matters now."""
    view: View
    """How much of it this person sees."""
    moves: tuple[dated.Move, ...] = ()
    promises: tuple[dated.Promise, ...] = ()
    """Every clock it had, for the drawing."""
    documents: tuple[KeptDocument, ...] = ()


@dataclass(frozen=True)
class CaseReading:
    """A case as one person may see it."""

    case: CareCase
    items: Sequence[CaseItem]
    statuses: Sequence[dated.StatusEntry]
    alerts: Sequence[dated.AlertEntry]
    stays: Sequence[StayEntry]
    book: Rulebook
    sight: Sight
    may_see_who_looked: bool
    responsible_icb: str | None
    """Its name, when it is an organisation the hub knows."""
    where_now: str | None
    """Where the newest referral says the person is."""
    opened_by: str | None
    closed_by: str | None
    """Who opened or closed it by hand."""

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
class Event:
    """One history row of any item of the case."""

    row: Transition
    item: WorkItem
    who: str
    behalf: str | None = None
    """Whom they stood in for."""


@dataclass(frozen=True)
class Look:
    """One row of the access log about this case."""

    row: AccessLog
    who: str
    role: str | None
    organisation: str | None
    behalf: str | None = None
    """Whom they stood in for: the holder of the membership, when it is another person's."""


@dataclass
class _Gathered:
    case: CareCase | None = None
    is_sealed_off: bool = False
    version: int = 0
    responsible_icb: str | None = None
    where_now: str | None = None
    opened_by: str | None = None
    closed_by: str | None = None
    items: dict[int, CaseItem] = field(default_factory=dict)
    statuses: list[dated.StatusEntry] = field(default_factory=list)
    alerts: list[dated.AlertEntry] = field(default_factory=list)
    stays: list[StayEntry] = field(default_factory=list)


def read_case(session: Session, reference: str, actor: Actor) -> tuple[CaseReading | None, int | None]:
    """The case and its id. No reading when there is none (no id either) or this actor may see nothing of it."""
    found = _gather(session, reference, actor)
    if found.case is None:
        return None, None
    items = list(found.items.values())
    sight = _sight(actor, [line.item for line in items], is_sealed_off=found.is_sealed_off)
    if sight is None:
        return None, found.case.id
    by_role = {view_of(kind, actor) for kind in KINDS} & {View.ALL, View.HISTORY}
    reading = CaseReading(
        case=found.case,
        items=items,
        statuses=found.statuses,
        alerts=found.alerts,
        stays=found.stays,
        book=rulebook_at(session, found.version),
        sight=sight,
        may_see_who_looked=bool(by_role) and not found.is_sealed_off,
        responsible_icb=found.responsible_icb,
        where_now=found.where_now,
        opened_by=found.opened_by,
        closed_by=found.closed_by,
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
            UserAccount.name.label("owner"),
            next_clock,
            LegalStatus,
            dated.statuses_of(cases.id).label("statuses"),
            dated.alerts_of(cases.id).label("alerts"),
            stays_of(cases.id).label("stays"),
            dated.moves_of_item(actor).label("moves"),
            dated.clocks_of_item().label("clocks"),
            dated.parties_of_item().label("parties"),
            documents_of_item().label("documents"),
            and_(cases.is_sealed, ~named).label("is_sealed_off"),
            RulebookState.version,
            Organisation.name.label("icb"),
            dated.where_now(cases.id).label("where_now"),
            dated.name_of(cases.opened_by_id).label("opened_by"),
            dated.name_of(cases.closed_by_id).label("closed_by"),
        )
        .select_from(cases)
        .join(Patient, Patient.id == cases.patient_id)
        .join(RulebookState, RulebookState.id == 1)
        .outerjoin(WorkItem, WorkItem.case_id == cases.id)
        .outerjoin(UserAccount, UserAccount.id == WorkItem.owner_id)
        .outerjoin(next_clock, true())
        .outerjoin(
            LegalStatus,
            and_(LegalStatus.case_id == cases.id, LegalStatus.ended_on.is_(None), LegalStatus.corrected_at.is_(None)),
        )
        .outerjoin(Organisation, Organisation.ods_code == cases.responsible_icb)
        .where(cases.reference == reference)
        .order_by(WorkItem.next_due_at, WorkItem.id)
    )
    found = _Gathered()
    for row in session.execute(query):
        case, patient, item, status = row[0], row[1], row[2], row.LegalStatus
        if found.case is None:
            found.alerts, found.statuses = dated.alert_entries(row.alerts), dated.status_entries(row.statuses)
            found.stays = stay_entries(row.stays)
            # One statement read all of it, so nothing is read again when the banner asks.
            set_committed_value(case, "patient", patient)
            set_committed_value(case, "current_status", status)
            set_committed_value(case, "alert_texts", [each.text for each in found.alerts if each.ended_at is None])
            found.case, found.is_sealed_off, found.version = case, bool(row.is_sealed_off), int(row.version)
            found.responsible_icb, found.where_now = row.icb, row.where_now
            found.opened_by, found.closed_by = row.opened_by, row.closed_by
        if item is not None and row.is_seen:
            moves, promises = dated.moves(row.moves), dated.promises(row.clocks)
            view = view_of_item(item, actor, dated.parties(row.parties))
            found.items[item.id] = CaseItem(item, row.owner, row[5], view, moves, promises, documents(row.documents))
    return found


def _sight(actor: Actor, items: Sequence[WorkItem], *, is_sealed_off: bool) -> Sight | None:
    views = {view_of(kind, actor) for kind in KINDS}
    if not is_sealed_off:
        if View.ALL in views or (actor.is_on_call and any(_is_an_emergency(item) for item in items)):
            return Sight.ALL
        if View.HISTORY in views:
            return Sight.HISTORY
    return Sight.ITEMS if any(item.kind not in OPENS_NO_CASE for item in items) else None


def _is_an_emergency(item: WorkItem) -> bool:
    return item.kind in EMERGENCY_KINDS and item.priority == "emergency" and not item.is_draft


def load_kinds(session: Session, items: Sequence[WorkItem]) -> None:
    """Load the own columns of these items and what their needs read: one statement for each kind, none for an item.

    None of a kind whose own page alone says what can be done: eleven collections in one row would multiply.
    """
    by_kind: dict[str, list[int]] = {}
    for item in items:
        if not item.acts_on_its_page_alone:
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


def read_timeline(
    session: Session, reading: CaseReading, actor: Actor, size: int, after: Cursor | None = None
) -> Page[Event]:
    """History rows of every item this person may see, newest first."""
    items, behalf = {line.item.id: line.item for line in reading.items}, aliased(UserAccount)
    query = (
        select(Transition, UserAccount.name, behalf.name)
        .outerjoin(UserAccount, UserAccount.id == Transition.actor_id)
        .outerjoin(behalf, behalf.id == Transition.on_behalf_of)
        .where(Transition.item_id.in_(items), history_seen_by(actor))
        .order_by(Transition.at.desc(), Transition.id.desc())
        .limit(size + 1)
    )
    if after is not None:
        query = query.where(tuple_(Transition.at, Transition.id) < tuple_(after.at, after.id))
    rows = [Event(row, items[row.item_id], name or "The hub", away) for row, name, away in session.execute(query)]
    return page_of(rows, size, lambda event: Cursor(event.row.at, event.row.id))


def read_looks(session: Session, case_id: int, size: int, after: Cursor | None = None) -> Page[Look]:
    """Who opened this case or an item of it, or was refused, newest first."""
    behalf = aliased(UserAccount)
    query = (
        select(AccessLog, UserAccount.name, Membership.role, Organisation.name, behalf.name)
        .outerjoin(UserAccount, UserAccount.id == AccessLog.user_id)
        .outerjoin(Membership, Membership.id == AccessLog.membership_id)
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(behalf, and_(behalf.id == Membership.user_id, behalf.id != AccessLog.user_id))
        .where(AccessLog.case_id == case_id)
        .order_by(AccessLog.id.desc())
        .limit(size + 1)
    )
    if after is not None:
        query = query.where(AccessLog.id < after.id)
    rows = [
        Look(row, name or "Nobody signed in", role.label if role else None, organisation, away)
        for row, name, role, organisation, away in session.execute(query)
    ]
    return page_of(rows, size, lambda look: Cursor(look.row.at, look.row.id))
