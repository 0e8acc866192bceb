"""The forms of a day nobody works: a new one, the reason to remove one, a file of many."""

from __future__ import annotations

from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import FileField, HiddenField, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from hub.days.page import LONGEST_REASON
from hub.engine.recount_days import LONGEST_TITLE, Day, Kind
from hub.web.csv_upload import text_of
from hub.web.date_fields import DateParts
from hub.web.nhs_forms import choices
from hub.web.page_forms import PageForm, stripped

LARGEST_FILE: Final = 100_000
"""Bytes of a file of days: a hundred years of them are a tenth of it."""


class WhyForm(PageForm):
    """Why a day is added or removed."""

    why = TextAreaField(
        "Why",
        [DataRequired("Enter why, in a few words"), Length(max=LONGEST_REASON, message="Use 500 letters or fewer")],
        filters=[stripped],
        description="It is kept with your name. For example: Announced by the government on Tuesday",
        render_kw={"rows": 2},
    )


class DayForm(WhyForm):
    """A new day; `previewed` names the day whose consequences the page has shown."""

    previewed = HiddenField(default="")
    kind = RadioField(
        "What kind of day is it?",
        [InputRequired("Choose what kind of day it is")],
        choices=choices(
            [
                (str(Kind.BANK_HOLIDAY), "A bank holiday in England"),
                (str(Kind.LOCAL_CLOSURE), "A local closure: the hub is closed though the country works"),
            ]
        ),
    )
    on_date = DateParts(
        "Which day?",
        [InputRequired("Enter the day")],
        description="For example 18 8 2027. It may be in the past",
        called="The day",
    )
    title = StringField(
        "What is it called?",
        [DataRequired("Enter what the day is called"), Length(max=LONGEST_TITLE)],
        [stripped],
        description="Every deadline that skips the day says so by this name",
    )

    def __iter__(self) -> Any:
        order = ("page", "previewed", "csrf_token", "kind", "on_date", "title", "why")
        return iter([self._fields[name] for name in order if name in self._fields])

    @property
    def day(self) -> Day:
        """The day as it was typed; only of a form that was found valid."""
        assert self.on_date.data is not None
        return Day(self.on_date.data, Kind(self.kind.data), str(self.title.data))

    @property
    def is_previewed(self) -> bool:
        """Whether the page has shown what this very day would touch; it remembers that it does now."""
        key = f"{self.kind.data} {self.on_date.data}"
        was, self.previewed.data = self.previewed.data, key
        return bool(was == key)


class FileForm(FlaskForm):
    """A file of many days."""

    file = FileField("File of days", [InputRequired("Choose a file")], render_kw={"accept": ".csv,text/csv"})

    def validate(self, extra_validators: Any = None) -> bool:
        """Reads the file into `text`."""
        self.text, wrong = text_of(self.file.data, LARGEST_FILE)
        is_valid = super().validate(extra_validators)
        if is_valid and not self.text:
            self.file.errors = [wrong or "The file is empty: choose another"]
        return is_valid and bool(self.text)
