"""Adding and removing a day nobody works: the day, who did it and why, and the recount of what it touches, in one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from hub.engine.admin_log import Subject, log_change
from hub.engine.recount_models import Recount
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.rulebook import BankHoliday, LocalClosure
from workflows.actor import Actor
from workflows.durations import date_words, from_wall

YEARS = range(2000, 2101)
"""Years a day may lie in."""
LONGEST_TITLE = 100
ONE_DAY = timedelta(days=1)


class Kind(StrEnum):
    """Why nobody works."""

    BANK_HOLIDAY = "bank_holiday"
    LOCAL_CLOSURE = "local_closure"

    @property
    def words(self) -> str:
        """In the middle of a sentence: "bank holiday"."""
        return self.replace("_", " ")


class Change(StrEnum):
    """What happened to a day."""

    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Day:
    """A day nobody works: its date, its kind, and what it is called."""

    on_date: date
    kind: Kind
    title: str


_TABLES: dict[Kind, Any] = {Kind.BANK_HOLIDAY: BankHoliday.__table__, Kind.LOCAL_CLOSURE: LocalClosure.__table__}
# Everything but real hours and recorded moments is counted in days; a changed clock may have counted so before.
TOUCHED = """
FROM clock WHERE stopped_at IS NULL AND due_at >= %(begins)s
    AND (changes <> '[]' OR (started_at < %(ends)s AND duration ~ 'day|month|working'))
"""
_HELD = text("SELECT 1 FROM rulebook_state WHERE id = 1 FOR UPDATE")


def hold_days(session: Session) -> None:
    """Let nobody else change the calendar until the caller's transaction ends; the second to come waits."""
    session.execute(_HELD)


def known_days(session: Session) -> dict[date, Day]:
    """Every bank holiday and closure by its date, soonest first; two statements."""
    found = {
        row.on_date: Day(row.on_date, kind, row.title)
        for kind, table in _TABLES.items()
        for row in session.execute(select(table))
    }
    return dict(sorted(found.items()))


def why_not(day: Day, known: dict[date, Day]) -> Problem | None:
    """Why this day cannot be added to those that are known, in words for whoever typed it; None when it can."""
    if not day.title.strip():
        return Problem("Say what the day is called, for example “Day of national mourning”", "title")
    if len(day.title) > LONGEST_TITLE:
        return Problem(f"What the day is called must be {LONGEST_TITLE} characters or fewer", "title")
    if day.on_date.year not in YEARS:
        return Problem(f"The year must be between {YEARS[0]} and {YEARS[-1]}", "on_date")
    if day.on_date.weekday() >= 5:
        return Problem(f"{date_words(day.on_date)} is at a weekend, when nobody works anyway", "on_date")
    if (there := known.get(day.on_date)) is not None:
        return Problem(f"{date_words(day.on_date)} is already a {there.kind.words}: {there.title}", "on_date")
    return None


def add_days(session: Session, by: Actor | None, days: Sequence[Day], *, now: datetime, why: str) -> list[int]:
    """Add days, all or none; gives the ids of their recounts, which the worker does. `by` is None for a command.

    Raises ActionRefused with all that is wrong.
    """
    hold_days(session)
    known = known_days(session)
    problems = []
    for day in days:
        if problem := why_not(day, known):
            problems.append(problem)
        known[day.on_date] = day
    if problems:
        raise ActionRefused(problems)
    for day in days:
        session.execute(insert(_TABLES[day.kind]).values(on_date=day.on_date, title=day.title.strip()))
    return [_recount(session, by, day, Change.ADDED, now, why) for day in days]


def remove_day(session: Session, by: Actor | None, on_date: date, *, now: datetime, why: str) -> int:
    """Take a day back; gives the id of its recount. Raises ActionRefused when it is not there."""
    hold_days(session)
    day = known_days(session).get(on_date)
    if day is None:
        raise ActionRefused([f"{date_words(on_date)} is not a bank holiday or closure: somebody may have removed it"])
    table = _TABLES[day.kind]
    session.execute(delete(table).where(table.c.on_date == on_date))
    return _recount(session, by, day, Change.REMOVED, now, why)


def _recount(session: Session, by: Actor | None, day: Day, change: Change, now: datetime, why: str) -> int:
    told = {"kind": day.kind.words, "title": day.title.strip()}
    old, new = (dict.fromkeys(told), told) if change is Change.ADDED else (told, dict.fromkeys(told))
    log_change(session, by, Subject.DAY, day.on_date.isoformat(), change, now=now, old=old, new=new, why=why)
    made = Recount(
        on_date=day.on_date,
        title=day.title.strip(),
        kind=day.kind,
        change=change,
        by_id=by.user_id if by else None,
        at=now,
    )
    session.add(made)
    session.flush()
    return made.id


def bounds(on_date: date) -> dict[str, datetime]:
    """When a day begins and ends in London, by the names TOUCHED gives them."""
    begins, ends = (from_wall(datetime.combine(day, datetime.min.time())) for day in (on_date, on_date + ONE_DAY))
    return {"begins": begins, "ends": ends}


def about_how_many(session: Session, on_date: date) -> int:
    """How many open clocks a change of this day may touch; not all of them move."""
    counted = text(f"SELECT count(*) {TOUCHED}".replace("%(begins)s", ":begins").replace("%(ends)s", ":ends"))
    return int(session.execute(counted, bounds(on_date)).scalar_one())
