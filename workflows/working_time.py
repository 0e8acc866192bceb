"""Which days and hours are worked, and adding and measuring time inside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property

ONE_DAY = timedelta(days=1)
NOTHING = timedelta(0)


@dataclass(frozen=True)
class Calendar:
    """The days nobody works besides weekends, and the hours of a working day (London wall clock).

    `holidays` and `closures` give each date its name. `known_until` is the last year whose bank holidays are known.
    `opens` and `closes` bound a working day; both must lie between 3am and midnight, clear of the clock changes.
    """

    holidays: Mapping[date, str] = field(default_factory=dict)
    closures: Mapping[date, str] = field(default_factory=dict)
    known_until: int = 9999
    opens: time = time(9)
    closes: time = time(17)

    def __post_init__(self) -> None:
        if not time(3) <= self.opens < self.closes:
            raise ValueError("A working day must open at 3am or later and close after it opens")

    def with_closures(self, closures: Mapping[date, str]) -> Calendar:
        """The same calendar with more local closures."""
        return Calendar(
            self.holidays,
            {**self.closures, **closures},
            self.known_until,
            self.opens,
            self.closes,
        )

    @cached_property
    def _off(self) -> frozenset[date]:
        return frozenset(self.holidays) | frozenset(self.closures)

    @cached_property
    def day_length(self) -> timedelta:
        """How long one working day is (eight hours unless policy says otherwise)."""
        return datetime.combine(date.min, self.closes) - datetime.combine(date.min, self.opens)

    def is_working_day(self, day: date) -> bool:
        """True unless a weekend, bank holiday or local closure."""
        return day.weekday() < 5 and day not in self._off

    def why_not_worked(self, day: date) -> str | None:
        """The name of the bank holiday or closure, "weekend", or None for a working day."""
        if day.weekday() >= 5:
            return "weekend"
        return self.holidays.get(day) or self.closures.get(day)

    def not_worked(self, first: date, last: date) -> Iterator[tuple[date, str]]:
        """Each non-working day from `first` to `last`, both included, with why."""
        for number in range(first.toordinal(), last.toordinal() + 1):
            day = date.fromordinal(number)
            if why := self.why_not_worked(day):
                yield day, why

    def working_day_from(self, day: date) -> date:
        """That day if it is worked, else the next that is."""
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def day_nought(self, wall: datetime) -> date:
        """The day that counts as day 0 of an event: its own, or the next working day when it came too late for it."""
        late = wall.time() >= self.closes
        return self.working_day_from(wall.date() + ONE_DAY if late else wall.date())

    def working_day_after(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`."""
        for _ in range(count):
            day = self.working_day_from(day + ONE_DAY)
        return day

    def next_working_moment(self, wall: datetime) -> datetime:
        """`wall` itself inside a working day (opening included, closing not), else the next opening."""
        return max(wall, datetime.combine(self.day_nought(wall), self.opens))

    def last_closing(self, day: date) -> datetime:
        """The closing time of `day`, or of the last working day before it when it is not worked itself."""
        while not self.is_working_day(day):
            day -= ONE_DAY
        return datetime.combine(day, self.closes)

    def is_staffed(self, wall: datetime) -> bool:
        """True when a message finds people at work: a working day, opening and closing moments both included."""
        return self.opens <= wall.time() <= self.closes and self.is_working_day(wall.date())

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """Working time between two wall-clock moments; nothing when `end` is not after `start`."""
        first, last = start.date(), end.date()
        total, whole, day = NOTHING, 0, first
        while day <= last:
            if self.is_working_day(day):
                if first < day < last:  # a recount does this for a hundred thousand clocks
                    whole += 1
                else:
                    opened = max(start, datetime.combine(day, self.opens))
                    closed = min(end, datetime.combine(day, self.closes))
                    total += max(closed - opened, NOTHING)
            day += ONE_DAY
        return total + whole * self.day_length

    def advance(self, wall: datetime, length: timedelta) -> datetime:
        """The moment when `length` of working time has passed since `wall`; a full day ends at closing time.

        Nothing to add gives `wall` back unchanged.
        """
        if not length:
            return wall
        day = self.working_day_from(wall.date())
        opened = max(wall, datetime.combine(day, self.opens))
        left = max(datetime.combine(day, self.closes) - opened, NOTHING)
        if length <= left:
            return opened + length
        length -= left
        day = self.working_day_from(day + ONE_DAY)
        while length > self.day_length:
            length -= self.day_length
            day = self.working_day_from(day + ONE_DAY)
        return datetime.combine(day, self.opens) + length


def named(days: Iterable[date], why: str) -> dict[date, str]:
    """The same reason for each of several dates, as `Calendar` takes them."""
    return dict.fromkeys(days, why)
