"""The worklist's three readings: what the filters offer, one page of rows, and the counts; one statement each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ColumnElement,
    String,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

import workflows
from hub.accounts.models import Membership, UserAccount
from hub.cases.models import CareCase
from hub.engine.models import Clock, WorkItem
from hub.engine.rulebook import Rulebook, RulebookState, rulebook_at
from hub.engine.visibility import may_be_seen
from hub.organisations.models import Arm, Organisation
from hub.patients.models import Patient
from hub.referrals.models import Referral
from hub.web.action_choices import OWNERS
from hub.web.item_rows import next_clock
from hub.web.paging import Cursor, Page, page_of
from hub.worklist.bulk import Chosen
from hub.worklist.filters import GROUPS, NEEDS_OUTSIDE, PLACES_OUTSIDE, Choices, Filters
from hub.worklist.models import SavedView
from hub.worklist.seen import KINDS, Query, due_of_item, listed, need_of_item, place_of_item, widest
from workflows.actor import Actor

PAGE_SIZE = 25
MOST_COUNTED = 1_000
"""Beyond this a count says "1,000+", and the filters show no numbers."""
MOST_LOOKED_AT = 2_000
"""To count what an organisation has in some state, each of its items is looked at; beyond this it says "130+"."""

EVERY = 2**31 - 1
"""A limit that no list reaches."""

BETWEEN_SIDES: tuple[str, ...] = tuple(name for name, workflow in workflows.ALL.items() if workflow.is_between_sides)
_REFERRAL: Any = Referral.__table__
_WITHIN, _LOOKED_AT = "within", "looked at for "


@dataclass(frozen=True)
class Listed:
    """One item of a page with what its row says."""

    item: WorkItem
    owner: str | None
    clock: Clock | None
    patient: Patient | None
    born_on: date | None
    """As it stands in the form, for an item that has no case yet."""
    where_now: str | None
    location_kind: str | None
    is_restricted: bool | None
    """Sharing is restricted in its case."""
    owed: Mapping[str, str] | None = None
    """Between sides: by side, as a clock calls it, the clock that waits for its answer."""


@dataclass(frozen=True, slots=True)
class View:
    """A saved view as it was kept; `SavedView` says what each means."""

    id: int
    name: str
    query: str
    role: str
    said: Mapping[str, str]
    owner_id: int
    is_team: bool


@dataclass(frozen=True)
class Counts:
    """Capped counts of whole lists by name, and the numbers beside the filters, None when there are too many items."""

    lists: Mapping[str, int]
    beside: Mapping[str, Mapping[str, int]] | None
    at_least: frozenset[str] = frozenset()
    """The lists that may be longer than their count: not all of their items were looked at."""


@dataclass(frozen=True)
class Ground:
    """What a worklist stands on for one person: what its filters offer, the rulebook, and the saved views."""

    choices: Choices
    book: Rulebook
    views: tuple[View, ...] = ()
    """Their own first, then their team's; each by name."""


def read_ground(session: Session, actor: Actor, today: date) -> Ground:
    """What the filters offer this person, their saved views and the rulebook, by one statement."""
    nothing = cast(null(), JSONB)
    parts: list[Query] = [
        select(
            literal("rulebook").label("what"),
            _number(RulebookState.version).label("id"),
            type_coerce(null(), String).label("name"),
            nothing.label("more"),
        ),
        _views_of(actor),
    ]
    if actor.is_hub:
        may_own = func.bool_or(Membership.role.in_(OWNERS))
        parts += [
            select(literal("owner"), _number(UserAccount.id), UserAccount.name, func.to_jsonb(may_own))
            .join(Membership, Membership.user_id == UserAccount.id)
            .join(Organisation, Organisation.id == Membership.organisation_id)
            .where(Organisation.arm == Arm.HUB, UserAccount.is_active, *_is_current(Membership, today))
            .group_by(UserAccount.id),
            select(literal("organisation"), _number(Organisation.id), Organisation.name, nothing).where(
                *_is_current(Organisation, today)
            ),
        ]
    rows = session.execute(union_all(*parts).order_by("name", "id")).all()
    choices = Choices(
        owners={row.id: row.name for row in rows if row.what == "owner"},
        organisations={row.id: row.name for row in rows if row.what == "organisation"},
        is_hub=actor.is_hub,
        can_own={row.id: row.name for row in rows if row.what == "owner" and row.more},
        **({} if actor.is_hub else {"places": PLACES_OUTSIDE, "needs": NEEDS_OUTSIDE}),
    )
    version = next(row.id for row in rows if row.what == "rulebook")
    views = (View(row.id, row.name, **row.more) for row in rows if row.what == "view")
    return Ground(choices, rulebook_at(session, int(version)), tuple(sorted(views, key=lambda view: view.is_team)))


def _views_of(actor: Actor) -> Query:
    own = and_(SavedView.organisation_id.is_(None), SavedView.owner_id == actor.user_id)
    return select(
        literal("view"),
        _number(SavedView.id),
        SavedView.name,
        func.jsonb_build_object(
            "query",
            SavedView.query,
            "role",
            SavedView.role,
            "said",
            SavedView.said,
            "owner_id",
            SavedView.owner_id,
            "is_team",
            SavedView.organisation_id.is_not(None),
        ),
    ).where(or_(own, SavedView.organisation_id == actor.organisation_id))


def _number(column: Any) -> ColumnElement[int]:
    return type_coerce(column, BigInteger)


def _is_current(dated: Any, today: date) -> list[Any]:
    return [dated.from_on <= today, or_(dated.until_on.is_(None), dated.until_on >= today)]


def read_page(session: Session, actor: Actor, filters: Filters, now: datetime, after: Cursor | None) -> Page[Listed]:
    """One page of rows, soonest due first, by one statement: the ids first, the rest by primary key."""
    found = listed(actor, filters, now, PAGE_SIZE + 1, after).subquery("listed")
    rows = [Listed(*row) for row in session.execute(rows_of(found))]
    return page_of(rows, PAGE_SIZE, lambda row: Cursor(row.item.next_due_at, row.item.id))


def read_seen(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, Listed]:
    """The rows of those of these items that this person may see, soonest due first, by id."""
    seen = select(WorkItem.next_due_at.label("due"), WorkItem.id.label("id"))
    found = seen.where(WorkItem.id.in_(ids), may_be_seen(actor, KINDS)).subquery("listed")
    rows = session.execute(rows_of(found), execution_options={"populate_existing": True})
    return {row[0].id: Listed(*row) for row in rows}


def read_chosen(session: Session, actor: Actor, filters: Filters, now: datetime, most: int) -> list[Chosen]:
    """The items of a whole list with their versions, in its order; one more than `most` when there are more."""
    found = listed(actor, filters, now, most + 1).subquery("listed")
    rows = select(WorkItem.id, WorkItem.version).join(found, found.c.id == WorkItem.id)
    return [Chosen(*row) for row in session.execute(rows.order_by(found.c.due, found.c.id))]


def count_all(session: Session, actor: Actor, filters: Filters, now: datetime) -> int:
    """How many items a list holds, counted to the end."""
    found = listed(actor, filters, now, EVERY).subquery("listed")
    return session.scalar(select(func.count()).select_from(found)) or 0


def rows_of(found: Subquery) -> Query:
    """The columns of `Listed` for the items of `found` (columns due and id), soonest due first."""
    return (
        select(
            WorkItem,
            UserAccount.name,
            next_clock,
            Patient,
            _REFERRAL.c.date_of_birth,
            _REFERRAL.c.where_now,
            _REFERRAL.c.location_kind,
            CareCase.sharing_restricted,
            _owed(),
        )
        .select_from(found)
        .join(WorkItem, WorkItem.id == found.c.id)
        .outerjoin(_REFERRAL, _REFERRAL.c.id == WorkItem.id)
        .outerjoin(CareCase, CareCase.id == WorkItem.case_id)
        .outerjoin(Patient, Patient.id == CareCase.patient_id)
        .outerjoin(UserAccount, UserAccount.id == WorkItem.owner_id)
        .outerjoin(next_clock, true())
        .order_by(found.c.due, found.c.id)
    )


def _owed() -> ColumnElement[Any]:
    waits = (
        select(func.jsonb_object_agg(Clock.per, Clock.name))
        .where(Clock.item_id == WorkItem.id, Clock.stopped_at.is_(None), Clock.per.startswith("organisation:"))
        .correlate(WorkItem)
    )
    # The inner question is asked of these kinds alone.
    return case((WorkItem.kind.in_(BETWEEN_SIDES), waits.scalar_subquery()), else_=null())


def read_counts(
    session: Session, actor: Actor, filters: Filters, lists: Mapping[str, Filters], now: datetime
) -> Counts:
    """Capped counts of `lists`, and how many items each filter value shows beside the other filters that are on."""
    most = MOST_COUNTED + 1
    base = listed(actor, filters.only_singles(), now, most).cte("base")
    nothing = [type_coerce(null(), String) for _ in GROUPS]
    within_base = select(func.count()).select_from(base).scalar_subquery()
    parts: list[Any] = [_cube(base, within_base, actor, now), select(literal(_WITHIN), *nothing, within_base)]
    # The list the numbers are counted within is counted with them.
    apart = [wanted for wanted in dict.fromkeys(lists.values()) if wanted != filters.only_singles()]
    counted = {wanted: f"list {number}" for number, wanted in enumerate(apart)}
    for wanted, name in counted.items():
        parts.append(_count(name, nothing, listed(actor, wanted, now, most, looks_at=MOST_LOOKED_AT)))
        if (wide := widest(actor, wanted)) is not None:
            parts.append(_count(_LOOKED_AT + name, nothing, listed(actor, wide, now, MOST_LOOKED_AT)))
    rows = session.execute(union_all(*parts)).all()
    cube = [(dict(zip(GROUPS, row[1:-1], strict=True)), int(row.number)) for row in rows if row.list == ""]
    numbers = {str(row.list): int(row.number) for row in rows if row.list != ""}
    within = numbers[_WITHIN]
    return Counts(
        lists={name: numbers[counted[wanted]] if wanted in counted else within for name, wanted in lists.items()},
        beside=_beside(cube, filters) if within <= MOST_COUNTED else None,
        at_least=frozenset(
            name
            for name, wanted in lists.items()
            if wanted in counted and numbers.get(_LOOKED_AT + counted[wanted], 0) == MOST_LOOKED_AT
        ),
    )


def _count(name: str, nothing: list[Any], inside: Query) -> Query:
    return select(literal(name), *nothing, select(func.count()).select_from(inside.subquery()).scalar_subquery())


def _cube(base: CTE, within_base: ColumnElement[int], actor: Actor, now: datetime) -> Query:
    """How many items of `base` fall into each combination of filter values; nothing when they are too many to show."""
    values = {
        "kind": WorkItem.kind,
        "due": due_of_item(now),
        "where": place_of_item(),
        "needs": need_of_item(actor),
        "priority": WorkItem.priority,
    }
    # With a limit inside, each item is fetched by its key; a plain join of a thousand rows reads the whole table.
    one: Any = select(*(values[name].label(name) for name in GROUPS)).where(WorkItem.id == base.c.id)
    each = one.limit(literal_column("1")).correlate(base).lateral("each")
    few = select(*each.c).select_from(base).join(each, true()).where(within_base <= MOST_COUNTED)
    inner = few.subquery("cells")
    return select(literal("").label("list"), *inner.c, func.count().label("number")).group_by(*inner.c)


def _beside(cube: Iterable[tuple[dict[str, Any], int]], filters: Filters) -> dict[str, Counter[str]]:
    """For each filter, its values counted among the items that all the other filters let through."""
    found: dict[str, Counter[str]] = {name: Counter() for name in GROUPS}
    for cell, number in cube:
        failing = [name for name in GROUPS if getattr(filters, name) and cell[name] not in getattr(filters, name)]
        for name in GROUPS:
            if not failing or failing == [name]:
                found[name][str(cell[name])] += number
    return found


__all__ = [
    "MOST_COUNTED",
    "PAGE_SIZE",
    "Counts",
    "Ground",
    "Listed",
    "View",
    "count_all",
    "read_chosen",
    "read_counts",
    "read_ground",
    "read_page",
    "read_seen",
    "rows_of",
]
