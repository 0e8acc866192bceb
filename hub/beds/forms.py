"""The form of the figures of one type of bed, and the one that takes a file of many."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import FileField, HiddenField, StringField, TextAreaField
from wtforms.validators import InputRequired

from hub.beds.figures import LABELS, Figures
from hub.engine.refusal import Problem
from hub.web.csv_upload import text_of
from hub.web.drafts import version_of
from hub.web.page_forms import PageForm, stripped

LARGEST_FILE: Final = 400_000
"""Bytes of one file: it goes through a form of 2 MB at most."""
_NUMBER: Final = {"width": 3, "inputmode": "numeric", "autocomplete": "off"}


class BedsForm(PageForm):
    """Figures as they are typed; the sums are the matter of `hub.beds.figures`."""

    seen = HiddenField(default="0")
    told_by = StringField(
        "Who of the unit told you?",
        filters=[stripped],
        description="Name and role. It is recorded that you entered these figures for the unit, by telephone",
    )
    commissioned = StringField(
        "Commissioned", filters=[stripped], render_kw=_NUMBER, description="Beds that are paid for"
    )
    open_beds = StringField(
        "Open", filters=[stripped], render_kw=_NUMBER, description="Commissioned beds that can be used today"
    )
    occupied = StringField(
        "Occupied", filters=[stripped], render_kw=_NUMBER, description="With somebody in them, also while on leave"
    )
    held = StringField(
        "Held", filters=[stripped], render_kw=_NUMBER, description="Empty, but kept for somebody who is to come"
    )
    closed_why = TextAreaField(
        "Why are beds closed?",
        filters=[stripped],
        description="Only when fewer are open than commissioned. No names of patients",
        render_kw={"rows": 2},
    )

    @property
    def last_seen(self) -> int:
        """The version of the figures that the page showed; 0 for none."""
        return version_of(str(self.seen.data or "")) or 0

    def typed(self) -> dict[str, str]:
        """The figures as they were typed."""
        return {name: self[name].data or "" for name in LABELS}

    def has_figures(self, sent: Mapping[str, str]) -> bool:
        """Whether the post carries any of the figures, and not only the press of a button."""
        return any(name in sent for name in LABELS)

    def fill(self, figures: Figures | None) -> None:
        """Show figures in the boxes."""
        for name, text in figures.as_typed().items() if figures else ():
            self[name].data = text

    def say(self, problems: Iterable[Problem]) -> None:
        """Put each problem beside its box."""
        for problem in problems:
            self[problem.field].errors = [*self[problem.field].errors, problem.message]


class FileForm(FlaskForm):
    """A file with the beds of many units."""

    file = FileField("File of beds", [InputRequired("Choose a file")], render_kw={"accept": ".csv,text/csv"})

    def validate(self, extra_validators: Any = None) -> bool:
        """Reads the file into `text`."""
        self.text, wrong = text_of(self.file.data, LARGEST_FILE)
        is_valid = super().validate(extra_validators)
        if is_valid and not self.text:
            self.file.errors = [wrong or "The file is empty: choose another"]
        return is_valid and bool(self.text)
