"""How a deadline was worked out, line by line, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from workflows.core import upper_first
from workflows.durations import (
    Basis,
    counted,
    date_words,
    from_wall,
    in_utc,
    length_words,
    local,
    moment_words,
    working_words,
    zone_words,
)
from workflows.notice import amount_words, time_left, time_used
from workflows.working_time import NOTHING

if TYPE_CHECKING:
    from workflows.deadlines import Change, Deadline

NO_MIDNIGHT = "No midnight in it, so it adds nothing"
NO_WORKING_TIME = "No working time in it, so it adds nothing"
NO_DIFFERENCE = "Bank holidays make no difference to this rule."


@dataclass(frozen=True)
class Step:
    """One line of the panel: a short label and a sentence."""

    label: str
    text: str


WHAT_COUNTS = {
    Basis.ELAPSED: "every hour counts",
    Basis.CALENDAR_DAYS: "every day counts, due at the end of the last one",
    Basis.CALENDAR_MONTHS: "every day counts, due at the end of the same day of the month",
    Basis.WORKING_DAYS: "only working days count, due when the last one closes",
    Basis.WORKING_HOURS: "only the hours of working days count",
    Basis.MOMENT: "a moment that was set, nothing is counted",
}


def explain(deadline: Deadline) -> tuple[Step, ...]:
    """Started, Rule, First deadline, Skipped, Clocks changed, Paused, Changed, Bank holidays; Result comes last."""
    return tuple(Step(label, text) for label, text in _lines(deadline))


def _lines(deadline: Deadline) -> Iterator[tuple[str, str]]:
    yield "Started", _started(deadline)
    yield (
        "Rule",
        _sentences(
            f"{upper_first(deadline.rule.text)}, {WHAT_COUNTS[deadline.rule.basis]}",
            deadline.rule_text,
        ),
    )
    yield "First deadline", f"{moment_words(deadline.first_due_at)}."
    yield from (("Skipped", text) for text in _skipped(deadline))
    yield from (("Clocks changed", text) for text in _clocks_changed(deadline))
    yield from (("Paused", text) for text in _paused(deadline))
    yield from (("Changed", text) for text in _changed(deadline))
    if local(deadline.due_at).year > deadline.calendar.known_until:
        effect = "Later ones may move this deadline." if deadline.deciding.rule.basis.is_working else NO_DIFFERENCE
        yield (
            "Bank holidays",
            f"Known up to the end of {deadline.calendar.known_until} only. {effect}",
        )
    yield "Result", _result(deadline)


def _started(deadline: Deadline) -> str:
    said = _sentences(", ".join(part for part in (moment_words(deadline.first_start), deadline.started_text) if part))
    wall = local(deadline.first_start)
    if deadline.rule.basis is Basis.WORKING_DAYS:
        day = deadline.calendar.day_nought(wall)
        if day != wall.date():
            return f"{said} Outside working time, so day 0 is {date_words(day)}."
    elif deadline.rule.basis is Basis.WORKING_HOURS:
        opening = deadline.calendar.next_working_moment(wall)
        if opening != wall:
            return f"{said} Outside working time, so the count starts {moment_words(from_wall(opening))}."
    return said


def _skipped(deadline: Deadline) -> Iterator[str]:
    basis = deadline.deciding.rule.basis
    if basis is Basis.MOMENT:
        yield "Nothing. The moment was set by a person."
    elif not basis.is_working:
        yield "Nothing. Nights, weekends and bank holidays count for this rule."
    else:
        first, last = (local(moment).date() for moment in (deadline.deciding.start, deadline.due_at))
        days = [f"{date_words(day)}: {why}" for day, why in deadline.calendar.not_worked(first, last)]
        yield from days or ["Nothing. No weekend, bank holiday or closure fell in this time."]


def _clocks_changed(deadline: Deadline) -> Iterator[str]:
    """Said for elapsed clocks alone: the others go by the wall clock, and nobody works at the hour of the change."""
    if deadline.deciding.rule.basis is not Basis.ELAPSED:
        return
    moment = deadline.deciding.start
    while moment < deadline.due_at:
        # Half a day at most: the later end is then on the Sunday of the change itself, which is at 1am UTC.
        later = min(moment + timedelta(hours=12), deadline.due_at)
        if zone_words(moment) != zone_words(later):
            way, more = ("forward", "more") if zone_words(later) == "British Summer Time" else ("back", "less")
            yield (
                f"The clocks went {way} an hour on {date_words(local(later).date())}. Real hours were counted, "
                f"so the wall clock shows an hour {more}."
            )
        moment = later


def _paused(deadline: Deadline) -> Iterator[str]:
    covered = deadline.deciding.start
    for pause in sorted(deadline.pauses, key=lambda one: one.start):
        begun, ended = (
            in_utc(pause.start),
            in_utc(pause.end) if pause.end is not None else None,
        )
        reach = max((other for one, other in deadline.spans if one <= begun <= other), default=begun)
        if ended is None and deadline.paused_since is None and reach > begun:
            ended = reach  # a change to a priority that allows no pause ended it
        until = ended or max(begun, deadline.now or begun)
        said = f"Since {moment_words(begun)}, and still paused"
        if ended is not None:
            said = f"{moment_words(begun)} to {moment_words(ended)}: {length_words(ended - begun)}"
        people = (("asked", pause.asked_by), ("agreed", pause.approved_by))
        who = upper_first(", ".join(f"{did} by {name}" for did, name in people if name))
        why = f"“{pause.why}”" if pause.why else ""
        yield _sentences(
            said,
            _worth(deadline, begun, until, covered),
            ": ".join(part for part in (who, why) if part),
        )
        covered = max(covered, min(until, reach))


def _worth(deadline: Deadline, begun: datetime, ended: datetime, covered: datetime) -> str:
    """What a pause adds, when that is not simply its length; `covered` is how far earlier pauses already reach."""
    if ended == begun:
        return ""
    if begun >= deadline.due_at:
        return "After the deadline, so it does not count"
    if ended <= deadline.deciding.start:
        return "Before the clock started, so it does not count"
    if ended <= covered:
        return "Inside another pause, so it counts only once"
    parts = [(max(begun, covered, one), min(ended, other)) for one, other in deadline.spans]
    parts = [(one, other) for one, other in parts if one < other]
    basis = deadline.deciding.rule.basis
    if basis is Basis.MOMENT:
        return "A moment that was set does not move"
    if not parts:
        return "The priority at the time allowed no pause, so it does not count"
    if basis.is_calendar:
        midnights = sum((local(other).date() - local(one).date()).days for one, other in parts)
        return f"{counted(midnights, 'midnight')}, so {counted(midnights, 'day')} more" if midnights else NO_MIDNIGHT
    if basis.is_working:
        worked = sum(
            (deadline.calendar.worked(local(one), local(other)) for one, other in parts),
            NOTHING,
        )
        return f"Adds {working_words(worked, deadline.calendar.day_length)}" if worked else NO_WORKING_TIME
    real = sum((other - one for one, other in parts), NOTHING)
    return "" if real == ended - begun else f"Counts for {length_words(real)}"


def _changed(deadline: Deadline) -> Iterator[str]:
    for change, due_at in zip(deadline.changes, deadline.changed, strict=True):
        said = f"{moment_words(change.at)}: {change.text or _in_words(change)}"
        yield _sentences(said, f"Due {moment_words(due_at)} from then")


def _in_words(change: Change) -> str:
    if change.start is not None:
        return f"the start was corrected to {moment_words(change.start)}"
    said = {"up": "higher priority", "down": "lower priority"}.get(change.effect, "a new deadline was agreed")
    return f"{said}, {change.rule.text}" if change.rule else said


def _result(deadline: Deadline) -> str:
    said = f"Due {moment_words(deadline.due_at)} ({zone_words(deadline.due_at)})"
    if deadline.paused_since is not None and deadline.paused_since < deadline.due_at:
        said = f"The clock stands still. If it went on now: due{said[3:]}"
    if deadline.now is None or deadline.now < deadline.start:
        return f"{said}."
    net = time_used(deadline, deadline.now).net
    used = upper_first(amount_words(deadline, net)) if net else "Nothing"
    return f"{said}. {used} used, {time_left(deadline, deadline.now)}."


def _sentences(*parts: str) -> str:
    """Each part closed with a full stop unless it already ends a sentence; empty ones left out."""
    return " ".join(part if part[-1] in ".?!”" else f"{part}." for part in parts if part)
