"""A closure announced late in the demo: open deadlines have moved, and their owners have a message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from hub.engine.recount_days import Day, Kind, add_days, known_days
from hub.engine.recounts import recount_due
from workflows.actor import Actor
from workflows.durations import local

HEAD: Final = "Ruth Calloway"
TITLE: Final = "Water main burst: the building is shut"
WHY: Final = "The water company shuts the street off for the day. Announced this morning"


def make_late_day(session: Session, people: Mapping[str, Actor], now: datetime) -> None:
    """Announced an hour ago for a working day of this week or the next, and worked out since."""
    day = Day(_next_working_day(session, local(now).date() + timedelta(days=1)), Kind.LOCAL_CLOSURE, TITLE)
    add_days(session, people[HEAD], [day], now=now - timedelta(hours=1), why=WHY)
    while recount_due(session, now=now - timedelta(minutes=59)):
        pass
    session.expire_all()


def _next_working_day(session: Session, day: date) -> date:
    known = known_days(session)
    while day.weekday() >= 5 or day in known:
        day += timedelta(days=1)
    return day
