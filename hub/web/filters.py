"""How a value is written on a page: moments, days, NHS numbers, money, time left."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from flask import g, has_app_context

from workflows.core import in_words, upper_first
from workflows.deadlines import Deadline
from workflows.durations import (
    DAY_NAMES,
    LONDON,
    MONTH_NAMES,
    clock_words,
    date_words,
    in_utc,
    length_words,
    local,
    zone_words,
)
from workflows.notice import net_seconds, outcome_words, time_left

SOON_FROM: Final = 0.5
"""The share of the time from which a clock is amber: its first warning."""


@dataclass(frozen=True, slots=True)
class ClockFace:
    """What the clock component shows: words, a tone (ok, soon, late, paused, met) and how full the bar is (0 to 1)."""

    left: str
    tone: str
    share: float | None
    due_at: datetime | None
    due_words: str = ""
    """Said instead of the due moment, for a clock that stands still or has not started."""


GIVEN_UP = {"stopped": "Stopped before it was due", "missed": "Its time ran out"}
"""Outcomes of a clock that ended without what it asked for."""


def clock_face(
    deadline: Deadline, now: datetime | None = None, stopped_at: datetime | None = None, outcome: str | None = None
) -> ClockFace:
    """The face of a clock whose deadline was worked out; `stopped_at` when what it waited for is done.

    With the `outcome` "stopped" or "missed" it was given up, and nothing was met.
    """
    at = _now(now)
    whole = net_seconds(deadline, deadline.due_at)
    share = min(1.0, max(0.0, net_seconds(deadline, stopped_at or at) / whole)) if whole else 1.0
    if stopped_at is not None and outcome in GIVEN_UP:
        return ClockFace(GIVEN_UP[outcome], "late" if outcome == "missed" else "paused", share, deadline.due_at)
    if stopped_at is not None:
        is_met = in_utc(stopped_at) <= deadline.due_at
        return ClockFace(outcome_words(deadline, stopped_at), "met" if is_met else "late", share, deadline.due_at)
    left = time_left(deadline, at)
    if deadline.paused_since is not None and at >= deadline.paused_since:
        return ClockFace("Paused", "paused", share, None, left.removesuffix(" when it goes on"))
    return ClockFace(left, _tone(share, at >= deadline.due_at), share, deadline.due_at)


def plain_face(started_at: datetime, due_at: datetime, now: datetime | None = None) -> ClockFace:
    """A face from two moments alone, in real time: for long lists, where working time is not worked out."""
    at, start, due = _now(now), in_utc(started_at), in_utc(due_at)
    if at >= due:
        return ClockFace(f"{length_words(at - due, exact=False)} late", "late", 1.0, due)
    share = max(0.0, (at - start) / (due - start)) if at > start else 0.0
    return ClockFace(f"{length_words(due - at, exact=False)} left", _tone(share, False), share, due)


def _tone(share: float, is_late: bool) -> str:
    return "late" if is_late else "soon" if share >= SOON_FROM else "ok"


def moment(value: datetime | None) -> str:
    """ "Friday 27 March 2026, 11:30pm" in London; nothing for None. A time that came twice says which."""
    if value is None:
        return ""
    wall = local(in_utc(value))
    return f"{date_words(wall.date())}, {clock_words(wall)}{_which(value)}"


def short_moment(value: datetime | None, now: datetime | None = None) -> str:
    """ "Today, 9:40am", "Fri 3 April, 6:02pm", or with another year. `now` is the page's own if left out."""
    if value is None:
        return ""
    wall = local(in_utc(value))
    return f"{short_day(wall.date(), now)}, {clock_words(wall)}{_which(value)}"


def moment_within(value: datetime | None, now: datetime | None = None) -> str:
    """A short moment as it stands inside a sentence: "today, 9:40am", "Fri 3 April, 6:02pm"."""
    said = short_moment(value, now)
    return lower_first(said) if said.startswith(("To", "Yes")) else said


def day(value: date | datetime | None) -> str:
    """ "Friday 27 March 2026"; a moment is given by its date in London."""
    return "" if value is None else date_words(_date(value))


def plain_day(value: date | datetime | None) -> str:
    """ "14 September 2010", for a date of birth."""
    if value is None:
        return ""
    on = _date(value)
    return f"{on.day} {MONTH_NAMES[on.month - 1]} {on.year}"


def short_day(value: date | datetime | None, now: datetime | None = None) -> str:
    """ "Today", "Yesterday", "Tomorrow", "Fri 3 April", or "Fri 2 April 2027" in another year."""
    if value is None:
        return ""
    on, today = _date(value), _date(_now(now))
    near = {0: "Today", -1: "Yesterday", 1: "Tomorrow"}.get((on - today).days)
    year = "" if on.year == today.year else f" {on.year}"
    return near or f"{DAY_NAMES[on.weekday()][:3]} {on.day} {MONTH_NAMES[on.month - 1]}{year}"


def time_of_day(value: datetime | None) -> str:
    """ "11:30pm" in London."""
    return "" if value is None else clock_words(local(in_utc(value))) + _which(value)


def iso(value: date | datetime | None) -> str:
    """For the `datetime` attribute of a `<time>` element."""
    if isinstance(value, datetime):
        return in_utc(value).astimezone(LONDON).isoformat(timespec="seconds")
    return value.isoformat() if value else ""


def age(born_on: date | None, on: date | datetime | None = None) -> int | None:
    """Whole years on a day, today if left out. Born on 29 February: a year older on 1 March when there is no 29th."""
    if born_on is None:
        return None
    then = _date(on if on is not None else _now(None))
    return then.year - born_on.year - ((then.month, then.day) < (born_on.month, born_on.day))


def nhs_number(value: str | int | None) -> str:
    """ "999 000 0018". Anything that is not ten digits is shown as it was given."""
    text = "" if value is None else str(value)
    digits = text.replace(" ", "").replace("-", "")
    is_whole = len(digits) == 10 and digits.isascii() and digits.isdecimal()
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}" if is_whole else text


def pounds(pence: int | None) -> str:
    """ "£21,184.00" from whole pence; a minus sign stands before the pound."""
    if pence is None:
        return ""
    return f"{'-' if pence < 0 else ''}£{Decimal(abs(pence)) / 100:,.2f}"


def capped(number: int, most: int) -> str:
    """ "1,204", or "10,000+" for any more than `most`, where counting stops."""
    return f"{most:,}+" if number > most else f"{number:,}"


def size_words(size: int) -> str:
    """A number of bytes: "812 bytes", "14 KB", "2.3 MB"; units of 1,024."""
    if size < 1024:
        return count(size, "byte")
    unit, shown = ("KB", size / 1024) if size < 1024 * 1024 else ("MB", size / 1024 / 1024)
    return f"{shown:,.0f} {unit}" if shown >= 10 or shown == int(shown) else f"{shown:,.1f} {unit}"


def count(number: int, one: str, many: str = "") -> str:
    """ "1 thing", "3 things", "1,200 referrals"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(parts: Iterable[Any], word: str = "and") -> str:
    """ "a, b and c"."""
    given = [str(part) for part in parts]
    return f" {word} ".join(part for part in (", ".join(given[:-1]), *given[-1:]) if part)


def yes_no(value: bool | None) -> str:
    """ "Yes", "No", or "Not answered"."""
    return "Not answered" if value is None else "Yes" if value else "No"


def how_long(length: timedelta | None) -> str:
    """ "3 days 13 h 55 min"."""
    return "" if length is None else length_words(abs(length))


def ago(value: datetime | None, now: datetime | None = None) -> str:
    """ "2 h 10 min ago"; nothing for None."""
    return "" if value is None else f"{length_words(abs(_now(now) - in_utc(value)), exact=False)} ago"


def lower_first(text: str) -> str:
    """For a sentence's start moved into its middle; an abbreviation such as "NHS number", or "I", stays as it is."""
    return text if text[1:2].isupper() or text.startswith("I ") else text[:1].lower() + text[1:]


def _now(now: datetime | None) -> datetime:
    if now is not None:
        return in_utc(now)
    if has_app_context() and "now" in g:
        return in_utc(g.now)
    return datetime.now(UTC)


def _date(value: date | datetime) -> date:
    return local(in_utc(value)).date() if isinstance(value, datetime) else value


def _which(value: datetime) -> str:
    """Which of two, for a London time that came twice because the clocks went back."""
    at = in_utc(value)
    hour = timedelta(hours=1)
    is_twice = any(local(at) == local(at + step) for step in (hour, -hour))
    return f" ({zone_words(at)})" if is_twice else ""


ALL: Final[dict[str, Callable[..., Any]]] = {
    "ago": ago,
    "age": age,
    "clock_face": clock_face,
    "counted": count,
    "day": day,
    "how_long": how_long,
    "in_words": in_words,
    "iso": iso,
    "listed": listed,
    "capped": capped,
    "lower_first": lower_first,
    "upper_first": upper_first,
    "moment": moment,
    "moment_within": moment_within,
    "nhs_number": nhs_number,
    "plain_day": plain_day,
    "plain_face": plain_face,
    "pounds": pounds,
    "short_day": short_day,
    "short_moment": short_moment,
    "size_words": size_words,
    "time_of_day": time_of_day,
    "yes_no": yes_no,
}
