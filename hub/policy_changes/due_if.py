"""When a running deadline would be due had its item been sent under another policy set; no database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

from hub.engine.clock_names import title_of
from hub.engine.rulebook import Rulebook
from hub.engine.stored_clocks import deadline_of
from hub.policy_changes.open_queries import OpenClock
from workflows.calendar import Calendar, Deadline, Effect
from workflows.policy import PolicyError, PolicySet

STANDARD: Final = "standard"
"""What an item is until it is made urgent."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One running deadline: as it is, and as it would be. `why_not` instead, where it could not have been sent."""

    reference: str
    kind: str
    title: str
    clock: str
    set_id: int
    due_at: datetime
    due_if: datetime | None
    rule: str
    rule_if: str
    why_not: str = ""

    @property
    def is_same(self) -> bool:
        """Whether it would be due at the same moment all the same."""
        return self.due_if == self.due_at


def calendar_under(book: Rulebook, new: PolicySet) -> Calendar:
    """The days that nobody works, with the hours of a working day of another set."""
    known = next(iter(book.calendars.values()))
    return replace(known, opens=new.time_of_day("clocks.day_starts"), closes=new.time_of_day("clocks.day_ends"))


def compared(row: OpenClock, new: PolicySet, calendar: Calendar) -> Compared:
    """The deadline under `new`, with the same start, the same pauses and the same changes of priority."""
    item, clock = row.item, row.clock
    made = Compared(
        reference=item.reference,
        kind=item.kind,
        title=row.title or title_of(item.kind, clock.name),
        clock=clock.name,
        set_id=item.policy_version_id or 0,
        due_at=clock.due_at,
        due_if=None,
        rule=clock.duration,
        rule_if="",
    )
    try:
        deadline = due_under(row, new, calendar)
    except PolicyError as no:
        return replace(made, why_not=str(no))
    return replace(made, due_if=deadline.due_at, rule_if=deadline.rule.text)


def due_under(row: OpenClock, new: PolicySet, calendar: Calendar) -> Deadline:
    """The deadline itself; PolicyError when the set gives no length for what the item was at some moment."""
    clock = row.clock
    other = SimpleNamespace(
        due_at=clock.due_at,
        started_at=clock.started_at,
        pauses=clock.pauses,
        duration=_length(row, new, _at_first(row), _first_urgency(row)),
        changes=list(_changes(row, new)),
    )
    return deadline_of(other, calendar)


def _at_first(row: OpenClock) -> str | None:
    """The priority that the clock started with: before the first of its own changes, or the item's."""
    first = next((_moment(part) for part in row.clock.changes if part.get("rule")), None)
    return next((old for when, old, _ in row.priorities if when == first), row.item.priority)


def _changes(row: OpenClock, new: PolicySet) -> Iterator[dict[str, Any]]:
    """Its changes of length with the lengths that `new` gives, where it makes a difference; others as they were."""
    by = new.takes(row.clock.rule)
    for part in row.clock.changes:
        if not part.get("rule"):
            yield part
        elif part["effect"] == Effect.REPLACE:
            yield {**part, "rule": _least(row, new, part)}
        elif "priority" in by:
            became = next((to for when, _, to in row.priorities if when == _moment(part)), row.item.priority)
            yield {**part, "rule": _length(row, new, became, row.urgency)}
        elif "urgency" in by:
            yield {**part, "rule": _length(row, new, row.item.priority, row.urgency)}


def _least(row: OpenClock, new: PolicySet, part: dict[str, Any]) -> str:
    """What a clock that came back has left at the least."""
    keys = [each.at_least for each in row.item.workflow.clocks if each.name == row.clock.name and each.at_least]
    at = next((each for each in row.clock.changes if _was_made_urgent(each)), None)
    is_before = at is not None and _moment(part) < _moment(at)
    urgency = STANDARD if is_before else row.urgency
    return _length(row, new, row.item.priority, urgency, keys[0]) if keys else str(part["rule"])


def _was_made_urgent(part: dict[str, Any]) -> bool:
    return bool(part["effect"] == Effect.UP)


def _first_urgency(row: OpenClock) -> str | None:
    """The urgency it started with: an item becomes urgent, and never less so."""
    return STANDARD if any(map(_was_made_urgent, row.clock.changes)) else row.urgency


def _moment(part: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(part["at"])


def _length(row: OpenClock, new: PolicySet, priority: str | None, urgency: str | None, key: str = "") -> str:
    given = {"service_line": row.item.service_line, "priority": priority, "urgency": urgency}
    return new.duration(key or row.clock.rule, **given).text
