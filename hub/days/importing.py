"""Days as a CSV file: every problem by row and field, all or nothing, and the same columns written out."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy.orm import Session

from hub.engine.recount_days import Day, Kind, add_days, hold_days, known_days, why_not
from hub.organisations.csv_rows import ImportRefused, Problem, Row, read_rows
from hub.web.csv_cells import as_text
from workflows.actor import Actor

FILE: Final = "days"
COLUMNS: Final = ("kind", "date", "title")
MOST_ROWS: Final = 500
_CELLS: Final = {"title": "title", "on_date": "date"}
_BRITISH: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


@dataclass(frozen=True, slots=True)
class Report:
    """What a file says: the days it adds, soonest first, and how many are there just so."""

    added: list[Day]
    same: int


def read_days(session: Session, text: str) -> Report:
    """What importing this file would do. Raises ImportRefused with every problem."""
    lines = io.StringIO(text.replace("\0", "").replace("\r\n", "\n"), newline="").readlines()
    rows = read_rows(FILE, lines, COLUMNS)
    if not rows or len(rows) > MOST_ROWS:
        what = f"the file has more than {MOST_ROWS} rows: send it in parts" if rows else "the file has no row of a day"
        raise ImportRefused([Problem(FILE, 0, "", what)])
    known = known_days(session)
    before, added = dict(known), list[Day]()
    for row in rows:
        day = _day(row)
        if day is None or before.get(day.on_date) == day:
            continue
        if problem := why_not(day, known):
            row.wrong(_CELLS[problem.field], problem.message)
        known[day.on_date] = day
        added.append(day)
    if problems := [problem for row in rows for problem in row.problems]:
        raise ImportRefused(problems)
    return Report(sorted(added, key=lambda day: day.on_date), len(rows) - len(added))


def import_days(session: Session, text: str, actor: Actor | None, *, now: datetime, why: str) -> Report:
    """Add the days of a file, all or none; `actor` is None for a command. The caller commits."""
    hold_days(session)
    report = read_days(session, text)
    if report.added:
        add_days(session, actor, report.added, now=now, why=why)
    return report


def to_csv(days: Iterable[Day]) -> str:
    """The days with the columns that the import takes."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([day.kind, day.on_date.isoformat(), as_text(day.title)] for day in days)
    return out.getvalue()


def _day(row: Row) -> Day | None:
    """The day of one row; None, and the problems noted, when it cannot be read."""
    kind = row.checked("kind", _kind, "is not a kind of day: write bank_holiday or local_closure")
    on_date = row.checked("date", _date, "is not a date: write it like 2027-08-18 or 18/08/2027")
    title = row.get("title")
    if not (kind and on_date and title):
        return None
    return Day(date.fromisoformat(on_date), Kind(kind), title.removeprefix("'"))


def _kind(cell: str) -> str | None:
    named = "_".join(cell.lower().split())
    return named if named in set(Kind) else None


def _date(cell: str) -> str | None:
    found = _BRITISH.fullmatch(cell)
    text = f"{found[3]}-{found[2]:0>2}-{found[1]:0>2}" if found else cell
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return None
