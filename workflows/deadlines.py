"""Working out a deadline from its rule, its start, its pauses and what was changed on the way."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property

from workflows.durations import Basis, Rule, from_wall, in_utc, local
from workflows.explain import Step, explain
from workflows.working_time import NOTHING, Calendar

END_OF_DAY = time(23, 59, 59)
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Pause:
    """A time in which a clock stands still. Aware moments; `end` is None while it goes on.

    A pause caused by a state of the item has no `asked_by` and `approved_by`.
    """

    start: datetime
    end: datetime | None = None
    why: str = ""
    asked_by: str = ""
    approved_by: str = ""

    def __post_init__(self) -> None:
        if self.end is not None and in_utc(self.end) < in_utc(self.start):
            raise ValueError("A pause cannot end before it starts")


class Effect(StrEnum):
    """What a change does to a running clock."""

    UP = "up"  # a higher priority: the earlier of the old deadline and the new length from the change
    DOWN = "down"  # a lower priority: the new length from the original start
    START = "start"  # the start was recorded wrongly: the same rule from the right moment
    REPLACE = "replace"  # a new deadline was agreed: its rule from the change, whatever was before


@dataclass(frozen=True)
class Change:
    """Something that altered a clock after it started, at an aware moment.

    UP, DOWN and REPLACE need `rule`; START needs `start`. `allows_pause` False ends a running pause at the change and
    ignores later ones. `text` says what happened, for example "Priority raised from routine to urgent by R. Calloway".
    """

    at: datetime
    effect: Effect
    rule: Rule | None = None
    start: datetime | None = None
    text: str = ""
    allows_pause: bool = True

    def __post_init__(self) -> None:
        if (self.start if self.effect is Effect.START else self.rule) is None:
            raise ValueError(f"A change of kind “{self.effect}” does not say what it changes to")


@dataclass(frozen=True)
class Count:
    """One rule counted from one moment: `start` is the event, `due_at` where it leads with all pauses in. UTC."""

    rule: Rule
    start: datetime
    due_at: datetime


@dataclass(frozen=True)
class Deadline:
    """A worked-out deadline. All moments are aware and in UTC.

    `rule`, `first_start` and `first_due_at` are as it began, before any pause or change; `start` is the start as
    corrected since. `deciding` is the count (rule and start) that gives `due_at`.
    `spans` are the pauses as they count (merged, an open one up to `now`). `changed` holds the deadline after each
    change, without the pauses that came later. `steps` are the lines of "How this deadline was worked out".
    """

    due_at: datetime
    first_due_at: datetime
    rule: Rule
    first_start: datetime
    start: datetime
    deciding: Count
    calendar: Calendar = field(repr=False)
    pauses: tuple[Pause, ...] = ()
    spans: tuple[tuple[datetime, datetime], ...] = ()
    changes: tuple[Change, ...] = ()
    changed: tuple[datetime, ...] = ()
    now: datetime | None = None
    paused_since: datetime | None = None
    started_text: str = ""
    rule_text: str = ""

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The explanation, worked out when first asked for."""
        return explain(self)


def work_out(
    rule: Rule,
    start: datetime,
    calendar: Calendar,
    pauses: Sequence[Pause] = (),
    *,
    changes: Sequence[Change] = (),
    now: datetime | None = None,
    started_text: str = "",
    rule_text: str = "",
) -> Deadline:
    """The deadline of a clock from everything that happened to it; the same facts always give the same deadline.

    `start` is the event's aware moment. A pause without an end counts up to `now` (not at all when `now` is not given)
    and sets `paused_since`. `started_text` ("when the assessment was signed") and `rule_text` ("Policy set 7, ...") are
    only told in the steps; `now` also adds time used and left to the last step. Raises ValueError for moments without
    an offset and for lengths that lead beyond the year 9999.
    """
    start, now = in_utc(start), now and in_utc(now)
    changes = sorted(changes, key=lambda change: change.at)
    spans, paused_since = _spans(pauses, changes, now)
    try:
        first = _due(rule, start, calendar, ())
        corrected, counts, changed = _counts(rule, start, calendar, spans, changes)
    except OverflowError:
        raise ValueError(f"“{rule.text}” leads to a date too far away to work out") from None
    deciding = min(counts, key=lambda count: count.due_at)
    return Deadline(
        due_at=deciding.due_at,
        first_due_at=first,
        rule=rule,
        first_start=start,
        start=corrected,
        deciding=deciding,
        calendar=calendar,
        pauses=tuple(pauses),
        spans=spans,
        changes=tuple(changes),
        changed=changed,
        now=now,
        paused_since=paused_since,
        started_text=started_text,
        rule_text=rule_text,
    )


def _spans(
    pauses: Sequence[Pause], changes: Sequence[Change], now: datetime | None
) -> tuple[tuple[Span, ...], datetime | None]:
    """Pauses as merged (from, to] spans in UTC, soonest first, and since when the clock stands still now."""
    priorities = [change for change in changes if change.effect in (Effect.UP, Effect.DOWN)]
    merged: list[Span] = []
    paused_since = None
    for pause in sorted(pauses, key=lambda pause: pause.start):
        begun = in_utc(pause.start)
        ended = in_utc(pause.end) if pause.end is not None else None
        if any([not change.allows_pause for change in priorities if change.at <= begun][-1:]):
            continue
        if barred := [in_utc(change.at) for change in priorities if change.at > begun and not change.allows_pause]:
            ended = min(barred[0], ended or barred[0])
        if ended is None:
            paused_since = min(begun, paused_since or begun)
            ended = max(begun, now or begun)
        if merged and begun <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(ended, merged[-1][1]))
        else:
            merged.append((begun, ended))
    return tuple(merged), paused_since


def _counts(
    rule: Rule,
    start: datetime,
    calendar: Calendar,
    spans: tuple[Span, ...],
    changes: Sequence[Change],
) -> tuple[datetime, list[Count], tuple[datetime, ...]]:
    """The corrected start, the counts of which the earliest decides, and the deadline as it stood after each change."""
    origins = [(rule, start)]
    changed = []
    for change in changes:
        at = in_utc(change.at)
        # A change was checked when it was made to have what its effect needs; `or` only says so to the type checker.
        moved, new = in_utc(change.start or start), change.rule or rule
        if change.effect is Effect.START:
            origins = [(known, moved if begun == start else begun) for known, begun in origins]
            start = moved
        elif change.effect is Effect.UP:
            origins.append((new, at))
        else:
            origins = [(new, start if change.effect is Effect.DOWN else at)]
        so_far = tuple((begun, min(ended, at)) for begun, ended in spans if begun < at)
        changed.append(min(_due(known, begun, calendar, so_far) for known, begun in origins))
    return (
        start,
        [Count(known, begun, _due(known, begun, calendar, spans)) for known, begun in origins],
        tuple(changed),
    )


def _due(rule: Rule, start: datetime, calendar: Calendar, spans: Sequence[Span]) -> datetime:
    """One rule from one moment; each pause that begins before the deadline as extended so far moves it on."""
    if rule.basis is Basis.MOMENT:
        return datetime.fromtimestamp(rule.amount, UTC)
    if rule.basis is Basis.ELAPSED:
        due = start + timedelta(hours=rule.amount)
        for begun, ended in spans:
            if begun < due:
                due += max(ended - max(begun, start), NOTHING)
        return due
    wall = local(start)
    if rule.basis.is_calendar:
        day = wall.date() + timedelta(rule.amount) if rule.basis is Basis.CALENDAR_DAYS else _months(wall, rule.amount)
        for begun, ended in spans:
            if begun < from_wall(datetime.combine(day, END_OF_DAY)) and ended > start:
                # The deadline is the end of its day, so a clock still paused at that midnight has a day to come.
                day += local(ended).date() - local(max(begun, start)).date()
        return from_wall(datetime.combine(day, END_OF_DAY))
    if rule.basis is Basis.WORKING_DAYS:
        due = datetime.combine(
            calendar.working_day_after(calendar.day_nought(wall), rule.amount),
            calendar.closes,
        )
    else:
        due = calendar.advance(wall, timedelta(hours=rule.amount))
    for begun, ended in spans:
        if local(begun) < due:
            due = calendar.advance(due, calendar.worked(max(local(begun), wall), local(ended)))
    return from_wall(due)


def _months(wall: datetime, months: int) -> date:
    """The same day of the month so many months on, or that month's last day when it has no such day."""
    years, month = divmod(wall.month - 1 + months, 12)
    if (year := wall.year + years) > 9999:
        raise OverflowError
    return date(year, month + 1, min(wall.day, monthrange(year, month + 1)[1]))
