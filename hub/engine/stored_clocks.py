"""What a stored clock says: its deadline worked out again from its facts, its pauses and its changes."""

from datetime import datetime
from typing import Any

from workflows.calendar import Calendar, Change, Deadline, Effect, Pause, moment_rule, parse_duration, work_out


def deadline_of(
    row: Any, calendar: Calendar, *, now: datetime | None = None, tells_why: bool = True, **told: str
) -> Deadline:
    """The deadline of a stored clock, from its rule, pauses and changes; also the source of its explanation.

    `tells_why` as for `pauses_of`.
    """
    rule = parse_duration(row.duration) if row.duration else moment_rule(row.due_at)
    pauses = pauses_of(row, tells_why=tells_why)
    return work_out(rule, row.started_at, calendar, pauses, changes=changes_of(row), now=now, **told)


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
