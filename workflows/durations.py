"""Lengths and moments in words: "5 working days", "Friday 27 March 2026, 11:30pm", and back again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
LONGEST = 100_000
DAY_NAMES = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)
MONTH_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class Basis(StrEnum):
    """What a rule counts: real hours, dates on the calendar, or only the time people are at work."""

    ELAPSED = "elapsed"
    CALENDAR_DAYS = "calendar days"
    CALENDAR_MONTHS = "calendar months"
    WORKING_DAYS = "working days"
    WORKING_HOURS = "working hours"
    MOMENT = "moment"

    @property
    def is_working(self) -> bool:
        """True when only the time inside working days counts."""
        return self in (Basis.WORKING_DAYS, Basis.WORKING_HOURS)

    @property
    def is_calendar(self) -> bool:
        """True when whole dates count and the deadline is the end of one."""
        return self in (Basis.CALENDAR_DAYS, Basis.CALENDAR_MONTHS)


@dataclass(frozen=True)
class Rule:
    """A length of time: `amount` of the basis's own unit (hours, days, months, working days, working hours).

    `text` is the rule in words. For `Basis.MOMENT` the amount is the due moment in whole seconds since 1970 (UTC).
    """

    basis: Basis
    amount: int
    text: str


_UNITS = {
    "hour": (Basis.ELAPSED, "hour"),
    "day": (Basis.CALENDAR_DAYS, "calendar day"),
    "calendar day": (Basis.CALENDAR_DAYS, "calendar day"),
    "month": (Basis.CALENDAR_MONTHS, "month"),
    "calendar month": (Basis.CALENDAR_MONTHS, "month"),
    "working day": (Basis.WORKING_DAYS, "working day"),
    "working hour": (Basis.WORKING_HOURS, "working hour"),
}
_DURATION = re.compile(r"(\d{1,6}|\d{1,3},\d{3}) +([a-z ]+?)s?")


def parse_duration(text: str) -> Rule:
    """A rule from words: "48 hours", "7 calendar days", "3 months", "5 working days", "16 working hours".

    "days" alone are calendar days. Raises ValueError with a sentence a user can read for anything else.
    """
    found = _DURATION.fullmatch(" ".join(text.lower().split()))
    if found is None or found[2] not in _UNITS:
        raise ValueError(
            f"“{text}” is not a length of time. Write a whole number and hours, calendar days, months, "
            "working days or working hours, for example “5 working days”."
        )
    amount = int(found[1].replace(",", ""))
    if not 1 <= amount <= LONGEST:
        raise ValueError(f"“{text}” cannot be used: the number must be between 1 and {LONGEST:,}.")
    basis, unit = _UNITS[found[2]]
    return Rule(basis, amount, counted(amount, unit))


def moment_rule(due_at: datetime, text: str = "due at the moment that was set") -> Rule:
    """A rule whose deadline is a recorded moment (an asked date, an offer's "valid until"). `due_at` must be aware."""
    return Rule(Basis.MOMENT, int(in_utc(due_at).timestamp()), text)


def parse_moment(text: str) -> datetime:
    """A moment from ISO text such as "2026-04-02T16:30"; Europe/London unless it carries an offset. Returns UTC.

    Raises ValueError, in words for a user, when it cannot be read, has no time of day, did not exist because the
    clocks went forward, or happened twice because they went back (then an offset decides).
    """
    cleaned = text.strip()
    try:
        moment = datetime.fromisoformat(cleaned)
        if len(cleaned) <= len("2026-04-02"):
            raise ValueError
        return in_utc(moment) if moment.tzinfo else _from_local(moment)
    except (ValueError, OverflowError) as problem:
        if isinstance(problem, ClockChange):
            raise
        raise ValueError(f"“{text}” is not a date and time. Write it like 2026-04-02T16:30.") from None


class ClockChange(ValueError):
    """A local time that did not exist or happened twice."""


def _from_local(moment: datetime) -> datetime:
    first, second = (moment.replace(tzinfo=LONDON, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    said = f"{clock_words(moment)} on {date_words(moment.date())}"
    if first > second:
        raise ClockChange(
            f"{said} did not exist: the clocks went forward an hour. Give a time before or after the gap."
        )
    raise ClockChange(
        f"{said} happened twice: the clocks went back an hour. Add +01:00 for the first (British Summer Time) "
        "or +00:00 for the second (Greenwich Mean Time)."
    )


def in_utc(moment: datetime) -> datetime:
    """The same moment in UTC. Raises ValueError for a moment without an offset: it could be any of several."""
    if moment.tzinfo is None:
        raise ValueError("A moment needs an offset or a time zone")
    return moment.astimezone(UTC)


def local(moment: datetime) -> datetime:
    """What a London wall clock and calendar show at an aware moment; the result carries no zone."""
    return moment.astimezone(LONDON).replace(tzinfo=None)


def from_wall(wall: datetime) -> datetime:
    """The UTC moment at which a London wall clock shows `wall`. Only for times that cannot fall in a clock change."""
    return wall.replace(tzinfo=LONDON).astimezone(UTC)


def midnight(day: date) -> datetime:
    """The first moment of a London day, in UTC; the clocks never change at midnight."""
    return from_wall(datetime.combine(day, time()))


def counted(amount: int, unit: str) -> str:
    """In words: "1 day", "2 days", "1,200 hours"."""
    return f"{amount:,} {unit}" + ("" if amount == 1 else "s")


def date_words(day: date) -> str:
    """In words: "Friday 3 April 2026"."""
    return f"{DAY_NAMES[day.weekday()]} {day.day} {MONTH_NAMES[day.month - 1]} {day.year}"


def clock_words(wall: datetime | time) -> str:
    """In words: "11:30pm", "9am", "midday", "midnight" (seconds are left out)."""
    if wall.minute == 0 and wall.hour % 12 == 0:
        return "midday" if wall.hour else "midnight"
    hour = wall.hour % 12 or 12
    return f"{hour}{f':{wall.minute:02d}' if wall.minute else ''}{'am' if wall.hour < 12 else 'pm'}"


def moment_words(moment: datetime) -> str:
    """In words: "Friday 27 March 2026, 11:30pm", in London, of an aware moment."""
    wall = local(moment)
    return f"{date_words(wall.date())}, {clock_words(wall)}"


def zone_words(moment: datetime) -> str:
    """In words: "British Summer Time" or "Greenwich Mean Time", whichever London kept at an aware moment."""
    return "British Summer Time" if moment.astimezone(LONDON).utcoffset() else "Greenwich Mean Time"


def length_words(length: timedelta, *, exact: bool = True) -> str:
    """In words: "3 days 13 h 55 min".

    Not exact, it says less the longer it is: "1 h 50 min", from 12 hours "15 h", from a day "1 day 2 h", then "9 days".
    Seconds are dropped; under a minute is "less than 1 min". The length must not be negative.
    """
    minutes, days = int(length.total_seconds()) // 60, length.days
    hours, minutes = minutes % (24 * 60) // 60, minutes % 60
    if not exact:
        minutes = 0 if days or hours >= 12 else minutes
        hours = 0 if days >= 7 else hours
    parts = (
        days and counted(days, "day"),
        hours and f"{hours} h",
        minutes and f"{minutes} min",
    )
    return " ".join(part for part in parts if part) or "less than 1 min"


def working_words(length: timedelta, day_length: timedelta) -> str:
    """Working time exactly: "2 working days", "1 working day 3 h", "2 working hours", "30 min of working time"."""
    days, rest = divmod(length, day_length)
    hours, minutes = divmod(int(rest.total_seconds()) // 60, 60)
    if not days and not hours:
        return f"{length_words(rest)} of working time"
    hours_words = f"{hours} h" if days else counted(hours, "working hour")
    parts = (
        days and counted(days, "working day"),
        hours and hours_words,
        minutes and f"{minutes} min",
    )
    return " ".join(part for part in parts if part)
