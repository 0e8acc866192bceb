"""A form field that is a table: a few boxes for each row, blank rows to fill in, and one more on request; no script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wtforms import BooleanField, Field, Form, SelectField

from hub.engine.checks import MOST_ROWS
from hub.web.date_fields import DateParts

ANOTHER_ROW = "another-row:"
"""How the value of the button begins that asks for one more row; the field's name follows."""
FIRST_ROWS = 2
"""Rows that an empty table begins with."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it is shown; `number` is the one in the names of its boxes, from 0."""

    number: int
    form: Form

    @property
    def is_blank(self) -> bool:
        """Whether nothing was typed or chosen in it."""
        return not any(typed_in(cell) for cell in self.form)


class RowsField(Field):
    """Rows of the same boxes, sent as NAME-NUMBER-PART. `data` holds {part: answer} for each row that is not blank.

    `parts` are the boxes by name, each a field of its own. What was typed stays, also in a row that is filled in by
    half; a wholly blank row is no answer.
    """

    def __init__(self, *args: Any, parts: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._row_form: type[Form] = type("RowForm", (Form,), dict(parts))
        self.rows: list[Row] = []
        self.said: list[str] = []
        """What is wrong with the table as a whole."""

    def process(self, formdata: Any, data: Any = None, **_filters: Any) -> None:
        """Reads the boxes when the form was sent, else shows `data` and blank rows after it."""
        self.raw_data, self.said = None, []
        numbers = self._numbers_in(formdata or ())
        if numbers:
            self.rows = [self._row(number, formdata) for number in numbers]
            return
        given = data if isinstance(data, list | tuple) else ()
        self.rows = [self._row(number, None, dict(row)) for number, row in enumerate(given)]
        while self.may_have_another and (len(self.rows) < FIRST_ROWS or not self.rows[-1].is_blank):
            self.add_row()

    def _numbers_in(self, names: Iterable[str]) -> list[int]:
        """The rows of a post in their order; one more than there may be, for the engine to refuse."""
        sent = re.compile(rf"{re.escape(self.name)}-(0|[1-9][0-9]{{0,3}})-")
        found = {int(match[1]) for match in map(sent.match, names) if match is not None}
        return sorted(found)[: MOST_ROWS + 1]

    def _row(self, number: int, formdata: Any = None, data: Mapping[str, Any] | None = None) -> Row:
        return Row(number, self._row_form(formdata, prefix=f"{self.name}-{number}-", data=data))

    @property
    def data(self) -> list[dict[str, Any]]:
        """What each row that is not blank holds, by the name of its part."""
        return [dict(row.form.data) for row in self.filled]

    @data.setter
    def data(self, given: Any) -> None:
        self.process(None, given)

    @property
    def filled(self) -> list[Row]:
        """The rows in which something was typed or chosen."""
        return [row for row in self.rows if not row.is_blank]

    @property
    def cells(self) -> Iterator[Field]:
        """Every box of every row."""
        return (cell for row in self.rows for cell in row.form)

    def named_cells(self) -> Iterator[tuple[str, Field]]:
        """Every box of the rows that are not blank, by the name that a problem with it has: see `cell_named`."""
        for place, row in enumerate(self.filled):
            for part, cell in row.form._fields.items():
                yield f"{self.name}-{place}-{part}", cell

    # One more row

    @property
    def next_number(self) -> int:
        """The number that the next row has."""
        return max((row.number for row in self.rows), default=-1) + 1

    @property
    def may_have_another(self) -> bool:
        """Whether there is room for one more."""
        return len(self.rows) < MOST_ROWS

    def add_row(self) -> None:
        """One more blank row at the end."""
        self.rows.append(self._row(self.next_number))

    # What is wrong

    @property
    def first_box(self) -> str:
        """The id of the first box, where somebody goes to mend the table as a whole."""
        first = next(self.cells)
        return f"{first.id}-{first.boxes[0]}" if isinstance(first, DateParts) else str(first.id)

    @property
    def errors(self) -> list[str]:
        """All that is wrong, of the table first, then box by box."""
        return [*self.said, *(str(said) for cell in self.cells for said in cell.errors)]

    @errors.setter
    def errors(self, said: Iterable[str]) -> None:
        self.said = list(said)

    def validate(self, _form: Any, _extra_validators: Any = ()) -> bool:
        """Whether every box could be read; whether it is answered is the engine's matter."""
        self.said = []
        return not [row for row in self.rows if not row.form.validate()]  # each is looked at

    def cell_named(self, name: str) -> Field | None:
        """The box that a problem is about: NAME-PLACE-PART, its place among the rows that are not blank, from 0."""
        return dict(self.named_cells()).get(name)

    def refuse(self, message: str, name: str) -> None:
        """Put what is wrong beside its box; of the table when it is about no box."""
        cell = self.cell_named(name)
        if cell is None:
            self.said.append(message)
            return
        # The engine counts the rows that are answered; the page numbers those that are shown.
        short = re.sub(r"^[^:]*, number [0-9]+: ", "", message)
        cell.errors = [*cell.errors, f"{short[:1].upper()}{short[1:]}"]

    def in_words(self) -> str:
        """Every row that is not blank, one on each line, as the person reads it."""
        return _rows_in_words(self.filled)

    def words_of(self, formdata: Any) -> str:
        """What another post holds in this table, in the same words."""
        rows = [self._row(number, formdata) for number in self._numbers_in(formdata)]
        return _rows_in_words([row for row in rows if not row.is_blank])


def _rows_in_words(rows: Iterable[Row]) -> str:
    return "\n".join("; ".join(_words(cell) for cell in row.form if typed_in(cell)) for row in rows)


def typed_in(cell: Field) -> str:
    """What was typed or chosen in a box, as text; empty when nothing was."""
    if isinstance(cell, DateParts):
        return " ".join(part for part in cell.typed.values() if part)
    if isinstance(cell, BooleanField):
        return "yes" if cell.data else ""
    return str(cell.data).strip() if cell.data is not None else ""


def _words(cell: Field) -> str:
    """What a box holds, in the words that were chosen."""
    said = typed_in(cell)
    if isinstance(cell, SelectField):
        return next((str(choice[1]) for choice in cell.iter_choices() if str(choice[0]) == said), said)
    return said
