"""One clock of an item in words: its face, who asked for what, how it ended, how its deadline was worked out."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from hub.engine.models import Clock
from hub.engine.stored_clocks import deadline_of
from hub.web.filters import ClockFace, clock_face, moment, moment_within
from workflows.calendar import Calendar, Deadline
from workflows.durations import length_words, working_words
from workflows.explain import Step

KEPT = "Bank holidays or closures were changed after this clock had ended. It keeps the deadline it had."


@dataclass(frozen=True, slots=True)
class ClockPanel:
    """One clock as the page shows it."""

    title: str
    face: ClockFace
    steps: tuple[Step, ...]
    asked: str
    """A pause that waits for another person's agreement, in words."""
    goes_on: str
    """When a clock that stands still goes on by itself, in words."""
    took: str
    """Gross and net time of a clock that has ended, in words."""


def clock_panel(
    row: Clock,
    title: str,
    calendar: Calendar,
    now: datetime,
    *,
    is_from_receipt: bool,
    rule_text: str,
    tells_why: bool,
) -> ClockPanel:
    """A stored clock for the page. `tells_why` as for `pauses_of`; `is_from_receipt`: it began when the hub got it."""
    deadline = deadline_of(
        row,
        calendar,
        now=row.stopped_at or now,
        started_text="when the hub received it" if is_from_receipt else "",
        rule_text=rule_text,
        tells_why=tells_why,
    )
    steps = deadline.steps
    if row.stopped_at is not None and deadline.due_at != row.due_at:
        # A day that was added or taken away later changes no clock that had ended.
        deadline = replace(deadline, due_at=row.due_at)
        steps = (*deadline.steps[:-1], Step("Since then", KEPT), deadline.steps[-1])
    return ClockPanel(
        title,
        clock_face(deadline, now, row.stopped_at, row.outcome),
        steps,
        asked_words(row, now, tells_why=tells_why),
        f"It goes on by itself {moment_within(row.resume_at, now)}." if row.resume_at else "",
        _took(row, deadline),
    )


def asked_words(row: Clock, now: datetime, *, tells_why: bool) -> str:
    """Who asked to pause a clock, until when, and why unless that is kept from this reader; empty when nobody did."""
    if not row.asked or row.stopped_at is not None:
        return ""
    until = row.asked.get("until")
    ending = f" until {moment_within(datetime.fromisoformat(until), now)}" if until else ""
    said = f"{row.asked['by']} asked to pause it{ending}"
    return f"{said}: “{row.asked['why']}”" if tells_why else said


def _took(row: Clock, deadline: Deadline) -> str:
    """How long it took, with its pauses in and without them; in working time where that is what counts."""
    if row.gross_seconds is None or row.net_seconds is None or row.stopped_at is None:
        return ""
    gross, net = (_length(timedelta(seconds=one), deadline) for one in (row.gross_seconds, row.net_seconds))
    whole = f"Ended {moment(row.stopped_at)}. Time taken: {gross}"
    return f"{whole}." if gross == net else f"{whole} in all, {net} without pauses."


def _length(length: timedelta, deadline: Deadline) -> str:
    if deadline.deciding.rule.basis.is_working:
        return working_words(length, deadline.calendar.day_length)
    return length_words(length)
