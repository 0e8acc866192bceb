"""The rota in words, ready for its page: who is on call now, the coming weeks, and where nobody is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from hub.accounts.models import OnCallShift
from hub.accounts.on_call import KEEPERS, Gap, gaps_between, shifts, watched_until
from hub.engine.rulebook import rulebook
from workflows.actor import Actor
from workflows.durations import local

WEEKS: Final = 5
"""Weeks shown, the present one among them: a month's rota is made at a time."""


@dataclass(frozen=True, slots=True)
class Week:
    """One week of the rota: its Monday, and its shifts and gaps in order; a week in which nothing begins has none."""

    monday: date
    rows: Sequence[OnCallShift | Gap]


@dataclass(frozen=True)
class RotaPage:
    """Everything the rota page shows."""

    now: datetime
    current: OnCallShift | None
    weeks: Sequence[Week]
    gaps: Sequence[Gap]
    watched_until: datetime
    filled_until: datetime | None
    """Where the unbroken rota ends; None when nobody is on call now."""
    may_change: bool


def read_rota(session: Session, actor: Actor, now: datetime) -> RotaPage:
    """The rota from now on, by two statements."""
    monday = local(now).date() - timedelta(days=local(now).weekday())
    until = watched_until(rulebook(session), now)
    rota = shifts(session, now, max(until, now + timedelta(weeks=WEEKS)))
    gaps = gaps_between(rota, now, until)
    later = [shift for shift in rota if shift.until_at > now]
    filled = now
    for shift in later:
        if shift.from_at <= filled:
            filled = shift.until_at
    return RotaPage(
        now=now,
        current=next((shift for shift in later if shift.from_at <= now), None),
        weeks=list(_weeks([*later, *gaps], monday, now)),
        gaps=gaps,
        watched_until=until,
        filled_until=filled if filled > now else None,
        may_change=bool(actor.roles & frozenset(KEEPERS)),
    )


def change_words(change: str, shift: OnCallShift) -> dict[str, Any]:
    """What the access log keeps of a change to the rota; JSON."""
    return {
        "change": change,
        "shift": shift.id,
        "person_id": shift.user_id,
        "deputy_id": shift.deputy_id,
        "from": shift.from_at.isoformat(),
        "until": shift.until_at.isoformat(),
    }


def _weeks(rows: Sequence[OnCallShift | Gap], monday: date, now: datetime) -> Iterator[Week]:
    """What runs now belongs to the present week, whenever it began."""
    ordered = sorted(rows, key=lambda row: row.from_at)
    for number in range(WEEKS):
        first = monday + timedelta(weeks=number)
        days = (first, first + timedelta(days=6))
        yield Week(first, [row for row in ordered if days[0] <= local(max(row.from_at, now)).date() <= days[1]])
