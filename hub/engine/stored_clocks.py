"""What a stored clock says: its deadline worked out again from its facts, its pauses and its changes."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workflows.calendar import (
    Calendar,
    Change,
    Deadline,
    Effect,
    Pause,
    moment_rule,
    parse_duration,
    warnings,
    work_out,
)


@dataclass(frozen=True, slots=True)
class Again:
    """What a clock is to say when it was worked out again, by the names of its columns."""

    due_at: datetime
    warn_50_at: datetime | None
    warn_80_at: datetime | None
    warned_at: datetime | None
    rang_at: datetime | None


def worked_out_again(row: Any, calendar: Calendar, percents: tuple[int, int], now: datetime) -> Again:
    """The deadline and warnings of a stored clock from all that happened to it; one that has time again rings again.

    `percents` are the shares of its time after which it warns.
    """
    deadline = deadline_of(row, calendar)
    has_time_again = row.rang_at is not None and deadline.due_at > now
    first, second = warnings(deadline, percents)
    return Again(
        due_at=deadline.due_at,
        warn_50_at=first,
        warn_80_at=second,
        warned_at=None if has_time_again else row.warned_at,
        rang_at=None if has_time_again else row.rang_at,
    )


def deadline_of(
    row: Any, calendar: Calendar, *, now: datetime | None = None, tells_why: bool = True, **told: str
) -> Deadline:
    """The deadline of a stored clock, from its rule, pauses and changes; also the source of its explanation.

    `tells_why` as for `pauses_of`.
    """
    rule = parse_duration(row.duration) if row.duration else moment_rule(row.due_at)
    pauses = pauses_of(row, tells_why=tells_why)
    return work_out(rule, row.started_at, calendar, pauses, changes=changes_of(row), now=now, **told)


def start_of(row: Any) -> datetime:
    """When a stored clock started, as corrected since; `started_at` keeps what was first written down."""
    corrected = [change.start for change in changes_of(row) if change.start is not None]
    started: datetime = row.started_at
    return corrected[-1] if corrected else started


def pauses_of(row: Any, *, tells_why: bool = True) -> tuple[Pause, ...]:
    """The pauses of a stored clock. Without `tells_why`, not the words of who asked for one."""
    return tuple(
        Pause(
            _moment(part["from"]),
            _moment(part["to"]) if part.get("to") else None,
            part.get("why", "") if tells_why or not part.get("approved_by") else "",
            part.get("asked_by", ""),
            part.get("approved_by", ""),
        )
        for part in row.pauses
    )


def changes_of(row: Any) -> tuple[Change, ...]:
    """What altered a stored clock after it started."""
    return tuple(
        Change(
            at=_moment(part["at"]),
            effect=Effect(part["effect"]),
            rule=parse_duration(part["rule"]) if part.get("rule") else None,
            start=_moment(part["start"]) if part.get("start") else None,
            text=part.get("text", ""),
            allows_pause=part.get("allows_pause", True),
        )
        for part in row.changes
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
