"""Reading a CSV file for import: its columns checked, its rows numbered, every problem kept."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: the line as an editor shows it (0: the whole file), the column, and what to do."""

    file: str
    line: int
    column: str
    what: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{place}: {self.column}: {self.what}" if self.column else f"{place}: {self.what}"


class ImportRefused(Exception):
    """Nothing was imported; `problems` lists all that is wrong."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(slots=True)
class Row:
    """One line of a file. Cells are trimmed; `get` notes a problem when a cell that is needed is empty."""

    file: str
    line: int
    cells: dict[str, str]
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, column: str, what: str) -> None:
        """Note a problem with one cell."""
        self.problems.append(Problem(self.file, self.line, column, what))

    def get(self, column: str) -> str:
        """The cell; noted as a problem when it is empty."""
        cell = self.cells.get(column, "")
        if not cell:
            self.wrong(column, "must not be empty")
        return cell

    def checked(self, column: str, read: Callable[[str], str | None], what: str) -> str:
        """The cell as `read` gives it back; noted as a problem with `what` when `read` gives None."""
        cell = self.get(column)
        value = read(cell) if cell else None
        if cell and value is None:
            self.wrong(column, f"'{cell}' {what}")
        return value or ""

    def whole_number(self, column: str) -> int:
        """The cell as a number of years, 0 to 120; 0 and a noted problem when it is not."""
        cell = self.get(column)
        if cell.isascii() and cell.isdecimal() and len(cell) <= 3 and int(cell) <= 120:
            return int(cell)
        if cell:
            self.wrong(column, f"'{cell}' must be a whole number from 0 to 120")
        return 0


def read_rows(
    file: str, lines: Iterable[str], columns: tuple[str, ...], *, code: str = "", optional: tuple[str, ...] = ()
) -> list[Row]:
    """Every row that has any text, in order; `code` names the column that must not come twice, if any.

    Raises ImportRefused at once when a column is missing, since every row would be wrong then.
    """
    reader = csv.reader(lines)
    all_cells = _read(file, reader)
    header = [name.strip().lstrip("\ufeff").lower() for name in next(all_cells, [])]
    if len(header) == 1 and ";" in header[0]:
        raise ImportRefused([Problem(file, 1, "", "semicolons stand between the cells: save it with commas")])
    missing = [name for name in columns if name not in header]
    if missing:
        raise ImportRefused([Problem(file, 1, "", f"the column {name} is missing") for name in missing])
    rows, first_line = [], dict[str, int]()
    for cells in all_cells:
        if not any(cell.strip() for cell in cells):
            continue
        row = Row(file, reader.line_num, dict(zip(header, (cell.strip() for cell in cells), strict=False)))
        if len(cells) > len(header):
            row.wrong("", "has more cells than the first line has names: put a text with a comma in quotes")
        for name in (*columns, *optional):
            row.cells.setdefault(name, "")
        key = row.cells[code].upper() if code else ""
        if key and key in first_line:
            row.wrong(code, f"'{row.cells[code]}' is on line {first_line[key]} already")
        first_line.setdefault(key, row.line)
        rows.append(row)
    return rows


def _read(file: str, reader: Any) -> Iterator[list[str]]:
    """The cells of each line; ImportRefused where one cannot be read, as when a quotation mark is never closed."""
    try:
        yield from reader
    except csv.Error as error:
        what = "a text is far too long: look for a quotation mark that is opened and never closed"
        raise ImportRefused([Problem(file, reader.line_num, "", what)]) from error
