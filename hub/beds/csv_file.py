"""Beds as a CSV file: the columns, what one row says, and the same columns written out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.beds.figures import Figures, figures_of, read_figures
from hub.beds.models import FIGURES
from hub.beds.queries import UnitBeds
from hub.organisations.csv_rows import ImportRefused, Problem, Row, read_rows
from hub.web.csv_cells import as_text
from workflows.durations import LONDON, parse_moment

FILE: Final = "beds"
COLUMNS: Final = ("unit_code", *FIGURES)
OPTIONAL: Final = ("bed_type", "closed_why", "confirmed_at")
MOST_ROWS: Final = 5_000
_BRITISH: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})[ T](\d{1,2}):(\d{2})(?::\d{2})?")


@dataclass(frozen=True, slots=True)
class Line:
    """One row that reads well: what it says of which unit and type ("" for the unit's own), and when it was true."""

    row: Row
    unit_code: str
    bed_type: str
    figures: Figures | None
    at: datetime | None


def read_lines(text: str) -> list[Line]:
    """Every row of a file, problems noted in its `row`. ImportRefused when the file as a whole cannot be used."""
    lines = io.StringIO(text.replace("\0", "").replace("\r\n", "\n"), newline="").readlines()
    rows = read_rows(FILE, lines, COLUMNS, optional=OPTIONAL)
    if not rows:
        raise ImportRefused([Problem(FILE, 0, "", "the file has no row of beds")])
    if len(rows) > MOST_ROWS:
        raise ImportRefused([Problem(FILE, 0, "", f"the file has more than {MOST_ROWS:,} rows: send it in parts")])
    return [_line(row) for row in rows]


def to_csv(rows: Iterable[UnitBeds]) -> str:
    """The figures with the import's columns, and the names for whoever reads them; units without figures left out."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["unit_code", "unit", "organisation", "bed_type", *FIGURES, "closed_why", "confirmed_at"])
    for row in rows:
        if row.state is None:
            continue
        figures = figures_of(row.state)
        names = [as_text(row.unit.name), as_text(row.unit.site.organisation.name)]
        at = row.state.confirmed_at.astimezone(LONDON).isoformat(timespec="seconds")
        numbers = [getattr(figures, name) for name in FIGURES]
        writer.writerow([row.unit.unit_code, *names, row.bed_type, *numbers, shown_text(figures.closed_why), at])
    return out.getvalue()


def shown_text(text: str) -> str:
    """A text as a spreadsheet shows it and does not work it out, so that `own_text` gives it back."""
    return f"'{text}" if text.startswith("'") else as_text(text)


def own_text(cell: str) -> str:
    """What `shown_text` was given; any other cell as it is."""
    is_marked = cell.startswith("'") and (cell.startswith("''") or as_text(cell[1:]) != cell[1:])
    return cell[1:] if is_marked else cell


def _line(row: Row) -> Line:
    typed = {name: row.cells[name] for name in FIGURES} | {"closed_why": own_text(row.cells["closed_why"])}
    figures, problems = read_figures(typed)
    for problem in problems:
        row.wrong(problem.field, problem.message)
    return Line(row, row.get("unit_code").upper(), row.cells["bed_type"], figures, _moment(row))


def _moment(row: Row) -> datetime | None:
    """When the figures were true, to the second; None when the row does not say."""
    text = row.cells["confirmed_at"]
    if not text:
        return None
    found = _BRITISH.fullmatch(text)
    if found:
        text = f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}T{found[4]:0>2}:{found[5]}"
    try:
        return parse_moment(text).replace(microsecond=0)
    except ValueError as wrong:
        row.wrong("confirmed_at", str(wrong).rstrip("."))
        return None
