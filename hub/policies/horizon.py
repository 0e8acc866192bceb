"""How far ahead bank holidays are known: administrators are told once a month while it is not far enough."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from hub.engine.life import take_occasions
from hub.engine.models import OutboxMessage
from hub.engine.rulebook import Rulebook, rulebook
from workflows.deadlines import work_out
from workflows.durations import date_words, from_wall, local

HOLIDAYS_SHORT: Final = "hub.holidays_short"
"""The topic."""
JOB: Final = "holiday_horizon"


def short_until(book: Rulebook, now: datetime) -> date | None:
    """The last day up to which bank holidays are known, when that is sooner than policy asks; else None."""
    calendar = book.calendar(None, now)
    rule = book.policy(None, now).duration("clocks.holidays_known")
    known = date(max(calendar.known_until, 1), 12, 31)
    return known if known < local(work_out(rule, now, calendar).due_at).date() else None


def tell_of_short_holidays(session: Session, *, now: datetime) -> int:
    """Tell the administrators, at the next working moment, once in each London month; 1 when it was done.

    The caller commits.
    """
    book = rulebook(session)
    known = short_until(book, now)
    if known is None or not take_occasions(session, JOB, [f"{local(now):%Y-%m}"], now):
        return 0
    opens = book.calendar(None, now).next_working_moment(local(now))
    session.execute(
        insert(OutboxMessage).values(
            topic=HOLIDAYS_SHORT,
            item_id=None,
            payload={"known_until": date_words(known)},
            created_at=now,
            next_try_at=from_wall(opens) if from_wall(opens) > now else None,
        )
    )
    return 1
