"""How long a dispute took, whole and stage by stage: gross, and net of the pauses that were asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hub.engine.stored_clocks import pauses_of
from hub.escalations.side_models import Visit
from hub.web.filters import count
from workflows.calendar import Calendar
from workflows.durations import local
from workflows.escalation.states import SHORT

STAGE_CLOCKS: Final = frozenset(f"stage_{short}" for short in SHORT.values())
NOTHING: Final = timedelta(0)
AN_HOUR: Final = timedelta(hours=1)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Length:
    """One length in real time, and in the working time of a calendar whose day is `day` long."""

    elapsed: timedelta
    worked: timedelta
    day: timedelta

    @property
    def hours(self) -> float:
        """Real hours."""
        return self.elapsed / AN_HOUR

    @property
    def working_days(self) -> float:
        """Working days, of which a part of one is a part."""
        return self.worked / self.day

    def number(self, *, is_urgent: bool) -> float:
        """What is counted of an urgent dispute, real hours, or of any other, working days."""
        return self.hours if is_urgent else self.working_days

    def words(self, *, is_urgent: bool) -> str:
        """ "4.5 working days", "63 hours": to the nearest tenth."""
        return length_words(self.number(is_urgent=is_urgent), is_urgent=is_urgent)

    def less(self, other: Length) -> Length:
        """This length without the other one."""
        return Length(self.elapsed - other.elapsed, self.worked - other.worked, self.day)


@dataclass(frozen=True, slots=True)
class Lasted:
    """One stretch of time: from its beginning to its end, and without the pauses inside it."""

    gross: Length
    net: Length


@dataclass(frozen=True, slots=True)
class Durations:
    """A dispute as it lasted: the whole, and each visit of a stage by the visit's id."""

    whole: Lasted
    visits: dict[int, Lasted]
    pauses: tuple[Span, ...]


def durations_of(item: Any, clocks: Iterable[Any], calendar: Calendar, now: datetime) -> Durations:
    """How long a dispute has lasted by `now`, or lasted until it was settled, determined or ended."""
    until = end_of(item) or now
    pauses = pauses_on_request(clocks, now)
    return Durations(
        whole=lasted(item.opened_at, until, pauses, calendar),
        visits={visit.id: lasted(visit.entered_at, visit.left_at or now, pauses, calendar) for visit in item.visits},
        pauses=pauses,
    )


def end_of(item: Any) -> datetime | None:
    """When the question was no longer open: agreed, determined or ended. None while it is, or is again."""
    visits: Sequence[Visit] = item.visits
    ended: datetime | None = visits[-1].left_at if visits else item.closed_at
    return ended


def pauses_on_request(clocks: Iterable[Any], now: datetime) -> tuple[Span, ...]:
    """The times in which the clock of a stage stood still because a side asked for it, merged, soonest first.

    The time a stage was away and came back to is no pause; nor does a reply clock add one: it stands still along.
    """
    spans = sorted(
        (pause.start, pause.end or min(row.resume_at or now, now))
        for row in clocks
        if row.name in STAGE_CLOCKS
        for pause in pauses_of(row, tells_why=False)
        if pause.approved_by
    )
    merged: list[Span] = []
    for begun, ended in spans:
        if merged and begun <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(ended, merged[-1][1]))
        else:
            merged.append((begun, ended))
    return tuple(merged)


def lasted(start: datetime, end: datetime, pauses: Sequence[Span], calendar: Calendar) -> Lasted:
    """The length from `start` to `end`, gross, and net of what of the pauses lies inside it."""
    gross = net = length(start, end, calendar)
    for begun, ended in pauses:
        net = net.less(length(max(begun, start), min(ended, end), calendar))
    return Lasted(gross, net)


def length(start: datetime, end: datetime, calendar: Calendar) -> Length:
    """One stretch of time; nothing when it ends before it begins."""
    worked = calendar.worked(local(start), local(end)) if end > start else NOTHING
    return Length(max(end - start, NOTHING), worked, calendar.day_length)


def length_words(number: float, *, is_urgent: bool) -> str:
    """A number of working days, or of an urgent dispute's hours, in words: "4.5 working days", "1 hour"."""
    tenths = round(number, 1)
    said = int(tenths) if tenths == int(tenths) else tenths
    unit = "hour" if is_urgent else "working day"
    return count(said, unit) if isinstance(said, int) else f"{said:,} {unit}s"
