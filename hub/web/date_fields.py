"""Two form fields: a date in three boxes, and a moment that reads as people write it, with errors in words."""

import re
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any, Final

from wtforms import Field
from wtforms.validators import StopValidation

from workflows.durations import LONDON, ClockChange, clock_words, date_words, parse_moment

PARTS: Final = ("day", "month", "year")
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199
"""Nothing the hub records lies outside, and a day more or less always exists."""
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = re.compile(r"(\d{1,2})(?:[:.]?(\d{2}))? *(am|pm)? *(bst|gmt)?")
_TIME_NAMES: Final = {"noon": "12:00", "midday": "12:00", "midnight": "0:00"}
_EXAMPLE: Final = "for example 3:30pm or 15:30"


class DateParts(Field):
    """A date in three boxes, sent as NAME-day, NAME-month and NAME-year. `data` is a date or None.

    `called` names it in error messages when the label is a question. What was typed stays in `typed`.
    """

    boxes: tuple[str, ...] = PARTS

    def __init__(self, *args: Any, called: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.called = called or self.label.text.rstrip("?")
        self.typed: dict[str, str] = {}
        self.wrong: tuple[str, ...] = ()

    @property
    def iso(self) -> str | None:
        """The answer as ISO text, as history and drafts keep it."""
        return self.data.isoformat() if self.data else None

    def process(
        self,
        formdata: Any,
        data: Any = None,
        extra_filters: Iterable[Any] | None = None,
    ) -> None:
        """Reads the boxes when the form was sent, else shows `data` (a date, or its ISO text from a draft)."""
        self.process_errors, self.wrong, self.raw_data = [], (), None
        names = {box: f"{self.name}-{box}" for box in self.boxes}
        if formdata is None or not any(name in formdata for name in names.values()):
            given = self.default() if callable(self.default) else self.default
            given = given if data is None or not isinstance(data, str | date) else data
            self.data = self.from_text(given) if isinstance(given, str) else given
            self.typed = self.show(self.data) if self.data else {}
            return
        self.typed = {box: str(formdata.get(name, "")).strip() for box, name in names.items()}
        self.raw_data = ["".join(self.typed.values())]
        self.data = None
        if not self.raw_data[0]:
            return
        try:
            self.data = self.read()
            for change in (*self.filters, *(extra_filters or ())):
                self.data = change(self.data)
        except ValueError as problem:
            self.process_errors = [str(problem)]

    def pre_validate(self, _form: Any) -> None:
        """One message is enough: the other checks do not run on a date that could not be read."""
        if self.process_errors:
            raise StopValidation

    def from_text(self, text: str) -> date:
        """The date behind ISO text."""
        return date.fromisoformat(text)

    def show(self, value: Any) -> dict[str, str]:
        """What each box shows for `value`."""
        return {
            "day": str(value.day),
            "month": str(value.month),
            "year": f"{value.year:04d}",
        }

    def read(self) -> Any:
        """The date in the boxes, or ValueError saying in words what is wrong; `wrong` then names the boxes."""
        self._refuse_if(
            tuple(box for box in self.boxes if not self.typed[box]),
            lambda empty: f"must include {' and '.join(f'a {box}' for box in empty)}",
        )
        day, month, year = (
            self.typed["day"],
            _month(self.typed["month"]),
            self.typed["year"],
        )
        self._refuse_if(
            () if year.isdecimal() and len(year) == 4 else ("year",),
            lambda _: "must have a year of 4 numbers",
        )
        self._refuse_if(
            () if FIRST_YEAR <= int(year) <= LAST_YEAR else ("year",),
            lambda _: f"must have a year from {FIRST_YEAR} to {LAST_YEAR}",
        )
        self._refuse_if(
            () if day.isdecimal() and len(day) <= 2 else ("day",),
            lambda _: "must have a day that is a number",
        )
        self._refuse_if(() if month else ("month",), lambda _: "must have a month from 1 to 12")
        try:
            return date(int(year), month, int(day))
        except ValueError:
            self.wrong = ("day", "month")
            raise ValueError(f"{self.called} must be a real date") from None

    def _refuse_if(self, boxes: tuple[str, ...], say: Any) -> None:
        if boxes:
            self.wrong = boxes
            raise ValueError(f"{self.called} {say(boxes)}")


class MomentParts(DateParts):
    """A date in three boxes and a time in one, London time. `data` is an aware datetime or None.

    Refuses a time the clocks skipped; a time that came twice asks for BST or GMT after it.
    """

    boxes = (*PARTS, "time")

    def from_text(self, text: str) -> datetime:
        """The moment behind ISO text."""
        return parse_moment(text)

    def show(self, value: Any) -> dict[str, str]:
        """What each box shows for an aware moment."""
        wall = value.astimezone(LONDON)
        is_twice = wall.utcoffset() != wall.replace(fold=1 - wall.fold).utcoffset()
        zone = f" {wall.tzname()}" if is_twice else ""
        return {**super().show(wall), "time": f"{clock_words(wall)}{zone}"}

    def read(self) -> datetime:
        """The moment in the boxes, in UTC, or ValueError in words."""
        on = super().read()
        text = self.typed["time"].lower()
        found = _TIME.fullmatch(_TIME_NAMES.get(text, text))
        hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
        if found and found[3] and 1 <= hour <= 12:
            hour = hour % 12 + (12 if found[3] == "pm" else 0)
        elif found and (found[3] or found[2] is None):
            hour = 99  # "15pm" contradicts itself, and "3" alone could be night or afternoon.
        self._refuse_if(
            () if hour < 24 and minute < 60 else ("time",),
            lambda _: f"must have a time, {_EXAMPLE}",
        )
        zone = {"bst": "+01:00", "gmt": "+00:00"}.get(found[4] or "", "") if found else ""
        try:
            return parse_moment(f"{on.isoformat()}T{hour:02d}:{minute:02d}{zone}")
        except ClockChange as problem:
            self.wrong = ("time",)
            if "twice" not in str(problem):
                raise ValueError(str(problem)) from None
            said = clock_words(datetime.combine(on, time(hour, minute)))
            raise ValueError(
                f"{said} on {date_words(on)} happened twice, because the clocks went back. "
                f"Write {said} BST for the first or {said} GMT for the second"
            ) from None


def _month(text: str) -> int:
    """1 to 12 from a number or a month's name; 0 when it is neither."""
    if text.isdecimal() and len(text) <= 2:
        return int(text) if 1 <= int(text) <= 12 else 0
    return MONTHS.index(text.lower()[:3]) + 1 if text.lower()[:3] in MONTHS else 0
