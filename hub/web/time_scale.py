"""A line of time in pixels: from hours to years, with as many marks as can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from workflows.diagram_parts import text_width
from workflows.durations import LONDON, MONTH_NAMES, local, midnight

LEFT, RIGHT = 150.0, 1140.0
"""Between these pixels time passes."""
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Scale:
    """Between two aware moments; `last` must be after `first`."""

    first: datetime
    last: datetime

    def x(self, at: datetime) -> float:
        """The pixel of a moment; one outside is drawn at the edge."""
        share = (at - self.first) / (self.last - self.first)
        return LEFT + min(1.0, max(0.0, share)) * (RIGHT - LEFT)

    @property
    def day_width(self) -> float:
        """Pixels of one day."""
        return (RIGHT - LEFT) * (ONE_DAY / (self.last - self.first))

    @property
    def first_day(self) -> date:
        """The first date in London."""
        return local(self.first).date()

    @property
    def last_day(self) -> date:
        """The last date in London."""
        return local(self.last).date()


Marks = Iterator[tuple[datetime, str]]


def ticks(scale: Scale) -> list[tuple[datetime, str]]:
    """Moments to mark, with their labels: the closest steps whose longest label still has room."""
    for steps, longest, days in _STEPS:
        if scale.day_width * days >= text_width(longest, bold=False) + 14:
            return [(at, label) for at, label in steps(scale) if scale.first <= at <= scale.last]
    return [(at, label) for at, label in _months(12)(scale) if scale.first <= at <= scale.last]


def _hours(step: int) -> Callable[[Scale], Marks]:
    def made(scale: Scale) -> Marks:
        day = scale.first_day
        while day <= scale.last_day:
            for hour in range(0, 24, step):
                label = f"{(hour - 1) % 12 + 1}{'am' if hour < 12 else 'pm'}" if hour else _day_label(day)
                yield datetime.combine(day, time(hour), LONDON).astimezone(UTC), label
            day += ONE_DAY

    return made


def _days(step: int) -> Callable[[Scale], Marks]:
    def made(scale: Scale) -> Marks:
        day, month = scale.first_day, 0
        while day <= scale.last_day:
            at = midnight(day)
            yield at, str(day.day) if day.month == month else _day_label(day)
            month = day.month if at >= scale.first else 0
            day += timedelta(days=step)

    return made


def _weeks(step: int) -> Callable[[Scale], Marks]:
    def made(scale: Scale) -> Marks:
        day = scale.first_day - timedelta(days=scale.first_day.weekday())
        while day <= scale.last_day:
            yield midnight(day), _day_label(day)
            day += timedelta(days=7 * step)

    return made


def _months(step: int) -> Callable[[Scale], Marks]:
    def made(scale: Scale) -> Marks:
        number = scale.first_day.year * 12 + (scale.first_day.month - 1) // step * step
        while number <= scale.last_day.year * 12 + scale.last_day.month - 1:
            day = date(number // 12, number % 12 + 1, 1)
            yield midnight(day), f"{MONTH_NAMES[day.month - 1][:3]} {day.year}"
            number += step

    return made


def _day_label(day: date) -> str:
    return f"{day.day} {MONTH_NAMES[day.month - 1][:3]}"


_STEPS: tuple[tuple[Callable[[Scale], Marks], str, float], ...] = (
    (_hours(1), "30 Mar", 1 / 24),
    (_hours(3), "30 Mar", 3 / 24),
    (_hours(6), "30 Mar", 6 / 24),
    (_hours(12), "30 Mar", 12 / 24),
    (_days(1), "30", 1),  # the first of a month is wider, and the mark after it then has no label
    (_days(2), "30", 2),
    (_weeks(1), "30 Mar", 7),
    (_weeks(2), "30 Mar", 14),
    (_months(1), "Mar 2026", 28),
    (_months(3), "Mar 2026", 90),
)
"""From close to wide: how to make the marks, the longest label, and how many days lie between two."""
