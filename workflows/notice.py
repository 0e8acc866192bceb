"""What a clock tells people: when it warns, when its messages go, the time it has used and has left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from workflows.durations import Basis, counted, from_wall, in_utc, length_words, local
from workflows.working_time import NOTHING

if TYPE_CHECKING:
    from workflows.deadlines import Deadline

WARN_PERCENTS = (50, 80)


@dataclass(frozen=True)
class Notice:
    """A warning: `percent` of the time that counts is used up at `reached_at`; its message goes at `send_at`. UTC."""

    percent: int
    reached_at: datetime
    send_at: datetime


@dataclass(frozen=True)
class Used:
    """Time used by a clock: `gross` with its pauses in, `net` without; working time for working rules, else real."""

    gross: timedelta
    net: timedelta


def warnings(deadline: Deadline, percents: tuple[int, int] = WARN_PERCENTS) -> tuple[datetime | None, datetime | None]:
    """When the first and the second warning are sent, in UTC; None for the first when both fall on one moment."""
    sent = {notice.percent: notice.send_at for notice in notices(deadline, percents)}
    return sent.get(min(percents)), sent.get(max(percents))


def notices(deadline: Deadline, percents: Iterable[int] = WARN_PERCENTS) -> tuple[Notice, ...]:
    """When each share (percent, 1 to 99) of the time that counts is used; two for one moment become the later one."""
    found: dict[datetime, Notice] = {}
    for percent in sorted(percents):
        reached_at = _share_used_at(deadline, percent)
        send_at = send_moment(deadline, reached_at)
        found[send_at] = Notice(percent, reached_at, send_at)
    return tuple(found.values())


def send_moment(deadline: Deadline, moment: datetime) -> datetime:
    """When the message of something that happens at `moment` is sent, in UTC.

    Elapsed clocks and recorded moments: at once. Others: at once while people are at work (a closing time included),
    else at the next opening; a warning for which that is too late goes at the last closing time before the deadline,
    or when its clock started if that was later. The message of a ring never goes before the deadline.
    """
    moment = in_utc(moment)
    basis, calendar = deadline.deciding.rule.basis, deadline.calendar
    if not (basis.is_working or basis.is_calendar) or calendar.is_staffed(local(moment)):
        return moment
    opening = from_wall(calendar.next_working_moment(local(moment)))
    if opening < deadline.due_at or moment >= deadline.due_at:
        return opening
    return max(
        from_wall(calendar.last_closing(local(deadline.due_at).date())),
        deadline.deciding.start,
    )


def ring_moment(deadline: Deadline) -> datetime:
    """When the message "this has run out" is sent; the clock itself is marked at `due_at`."""
    return send_moment(deadline, deadline.due_at)


def time_used(deadline: Deadline, until: datetime) -> Used:
    """Time from the clock's start to `until` (when it was stopped, or now), in the unit of the rule that decides."""
    until = in_utc(until)
    gross = _between(deadline, deadline.start, until)
    return Used(gross, gross - _paused_between(deadline, deadline.start, until))


def net_seconds(deadline: Deadline, until: datetime) -> int:
    """The whole seconds of net time used from the start to `until`."""
    return int(time_used(deadline, until).net.total_seconds())


def time_left(deadline: Deadline, now: datetime) -> str:
    """In words: "1 h 50 min left", "2 working days left", "1.5 working days left", "5 days left", "1 day 2 h late".

    On the day it is due, and for elapsed clocks, real time. Of a clock that stands still: "... left when it goes on".
    """
    now = in_utc(now)
    suffix = "left"
    if deadline.paused_since is not None and now >= deadline.paused_since:
        now, suffix = (
            max(deadline.now or deadline.paused_since, deadline.paused_since),
            "left when it goes on",
        )
    if now == deadline.due_at:
        return "due now"
    if now > deadline.due_at:
        return f"{length_words(now - deadline.due_at, exact=False)} late"
    due, wall, basis = local(deadline.due_at), local(now), deadline.deciding.rule.basis
    if basis.is_working and wall.date() < due.date():
        return f"{amount_words(deadline, deadline.calendar.worked(wall, due))} {suffix}"
    if basis.is_calendar and wall.date() < due.date():
        return f"{counted((due.date() - wall.date()).days, 'day')} {suffix}"
    return f"{length_words(deadline.due_at - now, exact=False)} {suffix}"


def outcome_words(deadline: Deadline, stopped_at: datetime) -> str:
    """In words: "Met, 3 h 15 min early", "Met on time", "Met late, 1 day 2 h after it was due"."""
    early = deadline.due_at - in_utc(stopped_at)
    if early < NOTHING:
        return f"Met late, {length_words(-early, exact=False)} after it was due"
    return f"Met, {length_words(early, exact=False)} early" if early else "Met on time"


def amount_words(deadline: Deadline, length: timedelta) -> str:
    """An amount of the time that counts: "1.5 working days" (nearest half), "3 working hours", or real time."""
    if not deadline.deciding.rule.basis.is_working:
        return length_words(length)
    if length >= deadline.calendar.day_length:
        halves = int(2 * length / deadline.calendar.day_length + 0.5)
        days = f"{halves // 2}.5" if halves % 2 else f"{halves // 2}"
        return f"{days} working day{'' if halves == 2 else 's'}"
    hours = int(length.total_seconds()) // 3600
    return counted(hours, "working hour") if hours else "less than 1 working hour"


def _share_used_at(deadline: Deadline, percent: int) -> datetime:
    """The moment at which so many percent of the time that counts have been used."""
    if not 0 < percent < 100:
        raise ValueError("A warning needs a percentage from 1 to 99")
    at, due = deadline.deciding.start, deadline.due_at
    left = (_between(deadline, at, due) - _paused_between(deadline, at, due)) * percent / 100
    for begun, ended in _spans(deadline):
        running = _between(deadline, at, begun)
        if left <= running:
            break
        left, at = left - running, max(at, ended)
    if not deadline.deciding.rule.basis.is_working:
        return at + left
    return from_wall(deadline.calendar.advance(local(at), left))


def _between(deadline: Deadline, start: datetime, end: datetime) -> timedelta:
    if deadline.deciding.rule.basis.is_working:
        return deadline.calendar.worked(local(start), local(end))
    return max(end - start, NOTHING)


def _paused_between(deadline: Deadline, start: datetime, end: datetime) -> timedelta:
    parts = (_between(deadline, max(begun, start), min(ended, end)) for begun, ended in _spans(deadline))
    return sum(parts, NOTHING)


def _spans(deadline: Deadline) -> tuple[tuple[datetime, datetime], ...]:
    """The pauses that the deciding rule knows; a recorded moment does not move for any."""
    return () if deadline.deciding.rule.basis is Basis.MOMENT else deadline.spans
