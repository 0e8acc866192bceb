"""The lists behind the numbers of Today: each is a worklist with filters, so the number and its link cannot differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from hub.worklist.filters import ME, Filters
from workflows.actor import Actor
from workflows.calendar import Calendar
from workflows.durations import from_wall, local

LOOK_AHEAD = timedelta(days=4)
"""How far ahead a bank holiday or closure is said."""
WEEKEND = "weekend"
MOST_ROWS = 12
"""How many rows a table shows; the rest is one link away."""
Tables = dict[str, tuple[Filters, int]]
"""Name of a table to its list and how many rows it shows at most."""


@dataclass(frozen=True)
class Shut:
    """A bank holiday or closure near by: the days with their names, and when work begins again (UTC)."""

    days: tuple[tuple[date, str], ...]
    opens_at: datetime


@dataclass(frozen=True)
class Plan:
    """What one person's page asks for. `lists` by name; `base` is the whole of what the page is about."""

    whose: str
    """"me" for what the person owns, "all" for everything the person may see."""
    base: Filters
    since: datetime
    """From when an arrival counts as new (UTC)."""
    shut: Shut | None
    lists: Mapping[str, Filters]
    tables: Tables


def plan_for(actor: Actor, whose: str, calendar: Calendar, now: datetime) -> Plan:
    """The lists of Today for `actor`; `whose` is "me" or anything else for all."""
    is_own = whose == ME and actor.is_hub
    base = Filters(owner=ME if is_own else "")
    shut = shut_ahead(calendar, local(now).date())
    since = new_since(calendar, now)
    lists = {"all": base, "late": replace(base, due=("late",)), "today": replace(base, due=("today",))}
    if actor.is_hub:
        lists |= {
            "everything": Filters(),
            "mine": Filters(owner=ME),
            "arrivals": replace(base, arrived=since),
            "decisions": replace(base, needs=("decision",)),
            "replies": replace(base, where=("others", "paused")),
        }
        lists["next"] = replace(base, due=("week", "later", "none"))
        tables: Tables = {name: (lists[name], MOST_ROWS) for name in ("late", "today", "next")}
        tables = {**tables, "arrivals": (lists["arrivals"], 8)}
        tables |= {name: (lists[name], 5) for name in ("decisions", "replies")}
    else:
        lists |= {"asked": replace(base, needs=("answer",)), "hub": replace(base, where=("us",))}
        tables = {"asked": (lists["asked"], MOST_ROWS), "all": (base, 2 * MOST_ROWS)}
    if actor.is_on_call:
        lists["emergencies"] = replace(base, priority=("emergency",))
    if shut is not None:
        lists["before"] = replace(base, due=("today", "week"), before=shut.opens_at)
    return Plan("me" if is_own else "all", base, since, shut, lists, tables)


def new_since(calendar: Calendar, now: datetime) -> datetime:
    """The closing time of the last working day before the day of `now` (London), in UTC."""
    return from_wall(calendar.last_closing(local(now).date() - timedelta(days=1)))


def shut_ahead(calendar: Calendar, today: date) -> Shut | None:
    """The next run of days off that holds more than a weekend, when it touches today or the days just ahead."""
    near = [day for day, why in calendar.not_worked(today, today + LOOK_AHEAD) if why != WEEKEND]
    if not near:
        return None
    start = near[0]
    opens = calendar.working_day_from(start)
    days = [(day, why) for day, why in calendar.not_worked(start, opens - timedelta(days=1)) if why != WEEKEND]
    return Shut(tuple(days), from_wall(datetime.combine(opens, calendar.opens)))
