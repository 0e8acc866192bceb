"""What another policy set would mean for the items now open: counted by the database, one page of them read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    and_,
    cast,
    column,
    exists,
    false,
    func,
    or_,
    select,
    tuple_,
    values,
)
from sqlalchemy.orm import Session, selectin_polymorphic

import workflows
from hub.engine.clock_names import read_clock_names
from hub.engine.models import Clock, Transition, WorkItem
from hub.engine.rulebook import Rulebook
from hub.engine.visibility import may_be_seen
from hub.web.paging import Cursor, Page, page_of
from workflows.actor import Actor
from workflows.everyday import CHANGE_PRIORITY
from workflows.policy import DIMENSIONS, Entry, Kind, PolicySet

PAGE: Final = 25
_CLOCK_KEYS: Final = tuple(sorted({clock.rule for each in workflows.ALL.values() for clock in each.clocks}))
_STORED: Final = ("service_line", "priority")
"""The dimensions that every item has in a column."""


@dataclass(frozen=True, slots=True)
class Carried:
    """How many open items carry which set; drafts carry none yet."""

    sets: dict[int, int] = field(default_factory=dict)
    """By id of the set."""
    drafts: int = 0
    """What is written and not sent: it takes the set in force when it is sent."""

    @property
    def items(self) -> int:
        """Open items that were sent."""
        return sum(self.sets.values())


@dataclass(frozen=True, slots=True)
class Touched:
    """How many running deadlines go by a rule that would differ, and how many of those items this person may see."""

    deadlines: int
    seen: int


@dataclass(frozen=True, slots=True)
class OpenClock:
    """One running deadline with its item, and the priorities the item has had since the clock started."""

    item: WorkItem
    clock: Clock
    priorities: Sequence[tuple[datetime, str | None, str | None]]
    """(when, from, to), oldest first."""
    title: str = ""
    """What the clock is called, and whose it is."""

    @property
    def urgency(self) -> str | None:
        """The item's, of a kind that has one."""
        found: str | None = getattr(self.item, "urgency", None)
        return found


def carried_sets(session: Session) -> Carried:
    """One statement over the open items."""
    query = (
        select(WorkItem.is_draft, WorkItem.policy_version_id, func.count())
        .where(WorkItem.is_open)
        .group_by(WorkItem.is_draft, WorkItem.policy_version_id)
    )
    sets: dict[int, int] = {}
    drafts = 0
    for is_draft, identity, number in session.execute(query):
        if is_draft or identity is None:
            drafts += number
        else:
            sets[identity] = sets.get(identity, 0) + number
    return Carried(sets, drafts)


def count_touched(session: Session, book: Rulebook, new: PolicySet, actor: Actor, carried: Carried) -> Touched:
    """One statement over the running clocks."""
    seen = func.count().filter(may_be_seen(actor, list(workflows.ALL)))
    query = (
        select(func.count(), seen)
        .select_from(Clock)
        .join(WorkItem, WorkItem.id == Clock.item_id)
        .where(_would_differ(book, new, carried))
    )
    deadlines, of_those = session.execute(query).one()
    return Touched(deadlines, of_those)


def read_page(
    session: Session, book: Rulebook, new: PolicySet, actor: Actor, carried: Carried, after: Cursor | None
) -> Page[OpenClock]:
    """A page of those this person may see, soonest due first; three statements, and two for whose a clock is."""
    query = (
        select(Clock, WorkItem)
        .join(WorkItem, WorkItem.id == Clock.item_id)
        .where(_would_differ(book, new, carried), may_be_seen(actor, list(workflows.ALL)))
        .order_by(Clock.due_at, Clock.id)
        .limit(PAGE + 1)
        .options(selectin_polymorphic(WorkItem, [each for each in _models() if hasattr(each, "urgency")]))
    )
    if after is not None:
        query = query.where(tuple_(Clock.due_at, Clock.id) > tuple_(after.at, after.id))
    rows = [(clock, item) for clock, item in session.execute(query)]
    changed = _priorities(session, [clock.item_id for clock, _ in rows if clock.changes])
    names = read_clock_names(session, [(item.kind, item.id, clock.per) for clock, item in rows])
    found = [
        OpenClock(item, clock, changed.get(item.id, ()), names.title(item.kind, item.id, clock.name, clock.per))
        for clock, item in rows
    ]
    return page_of(found, PAGE, lambda row: Cursor(row.clock.due_at, row.clock.id))


def _models() -> list[type[WorkItem]]:
    return [mapper.class_ for mapper in WorkItem.__mapper__.polymorphic_map.values()]


def _priorities(session: Session, item_ids: Sequence[int]) -> dict[int, list[tuple[datetime, str | None, str | None]]]:
    """What each item's priority was changed from and to, and when."""
    if not item_ids:
        return {}
    query = (
        select(Transition.item_id, Transition.at, Transition.values)
        .where(Transition.item_id.in_(item_ids), Transition.action == CHANGE_PRIORITY.name)
        .order_by(Transition.item_id, Transition.position)
    )
    found: dict[int, list[tuple[datetime, str | None, str | None]]] = defaultdict(list)
    for item_id, at, given in session.execute(query):
        change: dict[str, Any] = given.get("priority", {})
        found[item_id].append((at, change.get("old"), change.get("new")))
    return found


def _would_differ(book: Rulebook, new: PolicySet, carried: Carried) -> ColumnElement[bool]:
    """Whether a clock of a sent item has not stopped, and goes by a rule or by working hours that would differ."""
    ways: list[ColumnElement[bool]] = []
    rows = [row for identity in carried.sets for row in _differing(identity, book.policies[identity], new)]
    if rows:
        differs = values(
            column("set_id", BigInteger),
            column("rule", Text),
            column("service_line", Text),
            column("priority", Text),
            name="differs",
        ).data(rows)
        # A clock whose priority was changed goes by the lengths of several priorities.
        of_priority = or_(differs.c.priority == "", differs.c.priority == WorkItem.priority, Clock.changes != [])
        ways.append(
            exists()
            .select_from(differs)
            .where(
                differs.c.set_id == WorkItem.policy_version_id,
                differs.c.rule == Clock.rule,
                or_(differs.c.service_line == "", differs.c.service_line == WorkItem.service_line),
                of_priority,
            )
        )
    if others := [identity for identity in carried.sets if _hours(book.policies[identity]) != _hours(new)]:
        counts_work = or_(Clock.duration.contains("working"), cast(Clock.changes, Text).contains("working"))
        ways.append(and_(WorkItem.policy_version_id.in_(others), counts_work))
    if not ways:
        return false()
    return and_(Clock.stopped_at.is_(None), Clock.duration != "", WorkItem.is_draft.is_(False), or_(*ways))


def _differing(identity: int, old: PolicySet, new: PolicySet) -> Iterator[tuple[int, str, str, str]]:
    """(set, key, service line or "", priority or "") for every length of a clock that `new` gives otherwise."""
    for key in _CLOCK_KEYS:
        was, now = old.entry(key), new.entry(key)
        if was.kind is not Kind.DURATION or was == now:
            continue
        by = [name for name in DIMENSIONS if name in {*was.by, *now.by}]
        found = set()
        for combination in product(*(DIMENSIONS[name] for name in by)):
            at = dict(zip(by, combination, strict=True))
            if _text(was, at) != _text(now, at):
                found.add(tuple(at.get(name, "") for name in _STORED))
        yield from ((identity, key, line, priority) for line, priority in sorted(found))


def _text(entry: Entry, at: dict[str, str]) -> str:
    combination = tuple(at[name] for name in entry.by)
    rule = entry.rules.get(combination)
    return rule.text if rule is not None else ""


def _hours(policy: PolicySet) -> tuple[Any, Any]:
    return policy.time_of_day("clocks.day_starts"), policy.time_of_day("clocks.day_ends")
