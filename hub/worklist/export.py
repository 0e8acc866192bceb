"""A list as a CSV file: every row the filters let through at one moment, or none of them and the number."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO, TextIOWrapper
from itertools import chain
from typing import IO, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.engine.rulebook import Rulebook
from hub.web.csv_cells import as_text
from hub.web.filters import count, iso, moment
from hub.worklist.filters import Filters
from hub.worklist.queries import Listed, rows_of
from hub.worklist.rows import Row, row_of
from hub.worklist.seen import listed
from workflows.actor import Actor
from workflows.core import in_words

AT_A_TIME: Final = 500
"""Rows read from the server's cursor at once."""
COLUMNS: Final = (
    "Time left",
    "Due",
    "Due (ISO 8601)",
    "What to do",
    "Priority",
    "Kind",
    "Reference",
    "Person",
    "Age and place",
    "State",
    "Owner",
)


class TooMany(Exception):
    """The list is longer than one file holds: nothing is written, for a list that was cut would look whole."""


@dataclass(frozen=True)
class Origin:
    """What a file says of itself: who made it, when, and what it was filtered by."""

    made_at: datetime
    by: str
    filters: Sequence[tuple[str, str]]
    choice: str = ""
    """Said when single rows were chosen of the list."""


def write_list(
    session: Session, actor: Actor, filters: Filters, book: Rulebook, origin: Origin, *, most: int
) -> tuple[IO[bytes], int]:
    """The file, read from its start, and how many rows it holds. Raises TooMany above `most`.

    All rows come from one statement, so they are one moment's, however long they take to read; and the file is whole
    before its first byte is sent, so what goes wrong half way is an error and not a short file.
    """
    now = origin.made_at
    found = listed(actor, filters, now, most + 1).cte("found")
    numbered = select(found.c.due, found.c.id, func.count().over().label("number")).subquery("listed")
    result = session.execute(
        rows_of(numbered).add_columns(numbered.c.number), execution_options={"yield_per": AT_A_TIME}
    )
    rows = iter(result)
    first = next(rows, None)
    number = int(first[-1]) if first is not None else 0
    if number > most:
        result.close()
        raise TooMany
    every = chain([] if first is None else [first], rows)
    lines = (_whole_row(Listed(*row[:-1]), actor, book, now) for row in every)
    return _written(lines, origin, number), number


def write_rows(found: Iterable[Listed], actor: Actor, book: Rulebook, origin: Origin) -> tuple[IO[bytes], int]:
    """The same of rows that were chosen one by one."""
    rows = [_whole_row(each, actor, book, origin.made_at) for each in found]
    return _written(rows, origin, len(rows)), len(rows)


def file_name(now: datetime) -> str:
    """The file's name, with its London date and nothing about anybody."""
    return f"worklist-{iso(now)[:10]}.csv"


def _whole_row(found: Listed, actor: Actor, book: Rulebook, now: datetime) -> Row:
    """A row of a file has room: no text of it is cut."""
    return row_of(found, actor, book, now, longest_place=sys.maxsize)


def _written(rows: Iterable[Row], origin: Origin, number: int) -> IO[bytes]:
    made = BytesIO()
    # A spreadsheet takes a file for UTF-8 by its first three bytes alone.
    text = TextIOWrapper(made, encoding="utf-8-sig", newline="")
    sheet = csv.writer(text)
    sheet.writerows([as_text(cell) for cell in line] for line in _about(origin, number))
    sheet.writerow(COLUMNS)
    sheet.writerows([as_text(cell) for cell in _cells(row)] for row in rows)
    text.detach()
    made.seek(0)
    return made


def _about(origin: Origin, number: int) -> Iterator[tuple[str, ...]]:
    """What stands above the rows, and an empty line."""
    yield ("Made", moment(origin.made_at))
    yield ("By", origin.by)
    yield ("Filters", "; ".join(f"{name}: {said}" for name, said in origin.filters) or "None: every open item")
    if origin.choice:
        yield ("Chosen", origin.choice)
    yield ("Holds", count(number, "item"))
    yield ()


def _cells(row: Row) -> tuple[str, ...]:
    face = row.face
    return (
        face.left,
        moment(face.due_at) if face.due_at else face.due_words,
        iso(face.due_at),
        row.to_do,
        in_words(row.priority) if row.priority else "",
        row.kind,
        row.reference,
        row.person,
        row.about,
        row.state,
        "" if row.owner is None else row.owner or "No owner yet",
    )
