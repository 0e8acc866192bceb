"""The on-call page of a weekend: when it is sent, to whom, and until when it holds; each person is told once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from hub.accounts.models import OnCallShift
from hub.accounts.on_call import shifts
from hub.engine.life import take_occasions
from hub.engine.models import OutboxMessage
from hub.engine.rulebook import rulebook
from workflows.calendar import Calendar
from workflows.durations import DAY_NAMES, from_wall, local, moment_words
from workflows.policy import PolicySet

PAGES: Final = "oncall.pages"
"""The topic; its payload names the people it is for."""
JOB: Final = "on_call_pages"
_LOOKS_ROUND: Final = 28
"""Days: longer than the hub is ever closed at a stretch."""
_ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Weekend:
    """The time for which an on-call page is made, in UTC: the hub shuts, and opens again."""

    sent_on: date
    """The London day on which it is sent: its name among the occasions of the job."""
    sent_at: datetime
    shuts_at: datetime
    opens_at: datetime


def weekend_at(policy: PolicySet, calendar: Calendar, now: datetime) -> Weekend | None:
    """The weekend whose page is due at `now`: from the day and time of policy until the hub opens again; else None.

    Is the day a holiday, it is sent on the last working day before: there must be somebody to read it in peace.
    """
    today = local(now).date()
    days = (today + timedelta(days=number) for number in range(-_LOOKS_ROUND, _LOOKS_ROUND + 1))
    wanted = DAY_NAMES.index(policy.text("oncall.page_day").strip().capitalize())
    for day in days:
        if day.weekday() == wanted:
            found = _weekend_of(policy, calendar, day)
            if found.sent_at <= now < found.opens_at:
                return found
    return None


def next_weekend(policy: PolicySet, calendar: Calendar, now: datetime) -> Weekend:
    """The weekend whose page is due at `now`, else the next one to come."""
    today = local(now).date()
    wanted = DAY_NAMES.index(policy.text("oncall.page_day").strip().capitalize())
    ahead = (today + timedelta(days=number) for number in range(2 * _LOOKS_ROUND))
    coming = (_weekend_of(policy, calendar, day) for day in ahead if day.weekday() == wanted)
    return weekend_at(policy, calendar, now) or next(found for found in coming if found.sent_at > now)


def people_on_call(rota: Iterable[OnCallShift]) -> list[int]:
    """The accounts of whoever is on call in these shifts, and of their deputies."""
    return sorted({user_id for shift in rota for user_id in (shift.user_id, shift.deputy_id) if user_id is not None})


def tell_on_call(session: Session, *, now: datetime) -> int:
    """Send the page to whoever is on call until the hub opens again and was not told yet; gives how many people.

    Somebody put on the rota after it was sent is told then. The caller commits.
    """
    book = rulebook(session)
    weekend = weekend_at(book.policy(None, now), book.calendar(None, now), now)
    if weekend is None:
        return 0
    people = people_on_call(shifts(session, max(now, weekend.shuts_at), weekend.opens_at))
    taken = set(take_occasions(session, JOB, (_occasion(weekend, user_id) for user_id in people), now))
    told = [user_id for user_id in people if _occasion(weekend, user_id) in taken]
    if told:
        payload = {"user_ids": told, "until": moment_words(weekend.opens_at)}
        session.execute(insert(OutboxMessage).values(topic=PAGES, item_id=None, payload=payload, created_at=now))
    return len(told)


def _occasion(weekend: Weekend, user_id: int) -> str:
    return f"{weekend.sent_on.isoformat()} to {user_id}"


def _weekend_of(policy: PolicySet, calendar: Calendar, day: date) -> Weekend:
    shuts = calendar.last_closing(day)
    opens = calendar.working_day_from(day + _ONE_DAY)
    return Weekend(
        sent_on=shuts.date(),
        sent_at=from_wall(datetime.combine(shuts.date(), policy.time_of_day("oncall.page_at"))),
        shuts_at=from_wall(shuts),
        opens_at=from_wall(datetime.combine(opens, calendar.opens)),
    )
