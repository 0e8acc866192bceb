"""What lies under and over the lanes of a timeline: the marks of time, days nobody works, and today."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby

from markupsafe import Markup

from hub.web.time_scale import LEFT, Scale, ticks
from workflows.calendar import Calendar
from workflows.diagram_parts import text_width
from workflows.durations import midnight

WIDTH = 1146
GAP = 8.0
SHADED_FROM = 3.0
"""Pixels a day must be wide for days nobody works to be shaded."""
_OFF = Markup('<rect class="off" x="{}" y="38" width="{}" height="{}"/>')
_HAIR = Markup('<path class="l-hair" d="M{} 38V{}"/>')
_MARK = Markup('<text class="t-quiet t-s" x="{}" y="{}">{}</text>')


def rounded(value: float) -> str:
    """A place in a drawing, to a tenth of a pixel."""
    return f"{value:.1f}".removesuffix(".0")


@dataclass(frozen=True)
class Ground:
    """The line of time itself. `now` is None when today is not marked."""

    scale: Scale
    calendar: Calendar
    now: datetime | None

    def marks(self, bottom: float) -> Iterator[Markup]:
        """A hair line for each mark, and its label where the one before leaves room."""
        reached = LEFT - GAP
        for at, label in ticks(self.scale):
            x = self.scale.x(at)
            yield _HAIR.format(rounded(x), rounded(bottom))
            end = x + 4 + text_width(label, bold=False)
            if x + 4 >= reached + GAP and end <= WIDTH:
                reached = end
                yield _MARK.format(rounded(x + 4), 34, label)

    @cached_property
    def runs(self) -> list[tuple[datetime, datetime, list[str]]]:
        """Runs of days nobody works, as (start, end, why for each day); none when a day is too narrow to be seen."""
        scale = self.scale
        if scale.day_width < SHADED_FROM:
            return []
        days = list(self.calendar.not_worked(scale.first_day, scale.last_day))
        runs = []
        for _, group in groupby(enumerate(days), lambda pair: pair[1][0].toordinal() - pair[0]):
            run = [day for _, day in group]
            start, end = midnight(run[0][0]), midnight(run[-1][0] + timedelta(days=1))
            runs.append((max(start, scale.first), min(end, scale.last), [why for _, why in run]))
        return [run for run in runs if run[0] < run[1]]

    def days_off(self, bottom: float) -> Iterator[Markup]:
        """The shading, with as many words as there is room for."""
        for start, end, why in self.runs:
            low, high = self.scale.x(start), self.scale.x(end)
            yield _OFF.format(rounded(low), rounded(high - low), rounded(bottom - 38))
            if self._flag and self._flag[0] < high and low < self._flag[1]:
                # The words stand after the flag, or before it, where there is more room.
                after, before = high - self._flag[1], self._flag[0] - low
                low, high = (self._flag[1], high) if after >= before else (low, self._flag[0])
            named = [title for title in dict.fromkeys(why) if title != "weekend"]
            told = f"{' to '.join(dict.fromkeys((named[0], named[-1])))}: no working days" if named else "weekend"
            words = (told, "no working days", "not worked", *(("off",) if named else ()))
            fits = (said for said in words if text_width(said, bold=False) + 8 <= high - low)
            said = next(fits, "")
            if said:
                yield _MARK.format(rounded(low + 4), 16, said)

    @cached_property
    def _flag(self) -> tuple[float, float] | None:
        if self.now is None or not self.scale.first <= self.now <= self.scale.last:
            return None
        middle = min(max(self.scale.x(self.now), LEFT), WIDTH - 28)
        return middle - 28, middle + 28

    def today(self, bottom: float) -> Iterator[Markup]:
        """A line with a word at its head."""
        if self._flag is None or self.now is None:
            return
        middle = sum(self._flag) / 2
        yield Markup('<path class="l-now" d="M{} 20V{}"/>').format(rounded(self.scale.x(self.now)), rounded(bottom))
        yield Markup('<rect class="late" x="{}" y="3" width="56" height="18" rx="3"/>').format(rounded(middle - 28))
        yield Markup('<text class="t-s t-inv t-b t-mid" x="{}" y="16.5">Today</text>').format(rounded(middle))
