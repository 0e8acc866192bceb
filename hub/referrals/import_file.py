"""Reading an import file row by row, CSV or JSON, with the memory of one row however long the file is."""

from __future__ import annotations

import csv
import difflib
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final

from hub.referrals.answers import Value, shown
from hub.referrals.json_file import read_objects
from hub.referrals.text_file import FileProblem, Limits, open_text, text_lines
from hub.referrals.validation import AGE_LIMITS, COLUMNS, REQUIRED, AgeLimits, Problem, check

__all__ = ["Examined", "FileProblem", "Limits", "References", "Row", "examine", "fingerprint", "read_rows"]

SUFFIXES: Final = (".csv", ".json", ".jsonl")
_HEADER_ROWS: Final = 1
_TORN: Final = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the file.

    `number` is the row a spreadsheet shows (the header is row 1), or the position of a JSON object (the first is 1).
    `problems` are those of the row's shape; when there are any, the values may stand in the wrong columns.
    """

    number: int
    values: Mapping[str, str]
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Examined:
    """One row after every check: typed values, all problems, and whether it repeats an earlier row exactly."""

    number: int
    raw: Mapping[str, str]
    values: Mapping[str, Value]
    problems: tuple[Problem, ...] = ()
    is_duplicate: bool = False
    fingerprint: str = ""

    @property
    def is_good(self) -> bool:
        """True when nothing is wrong with the row."""
        return not self.problems


@dataclass(slots=True)
class References:
    """Which source references a file has had so far; holds one short digest per good row."""

    _seen: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)

    def note(self, number: int, values: Mapping[str, Value]) -> Problem | bool:
        """Note a row that is good by itself: True for an exact repeat, False for a new one, else what is wrong.

        Only good rows are noted, so that a row put right further down is not blamed for the faulty one above it.
        """
        key = (str(values["source_system"]).casefold(), str(values["source_reference"]).casefold())
        mark = fingerprint(values)
        first, known = self._seen.setdefault(key, (number, mark))
        if first == number:
            return False
        if known == mark:
            return True
        return Problem(
            "source_reference",
            f"This source reference stands on row {first} too, with other answers: give each referral its own "
            "reference, or delete the row that is out of date",
        )


def read_rows(path: Path, limits: Limits | None = None) -> Iterator[Row]:
    """Yield the rows of a `.csv`, `.json` (an array of objects) or `.jsonl` (one object a line) file.

    May be called again for a second pass. Raises FileProblem, also part way through, for a file that cannot be read:
    nothing yielded from it should be kept. Blank CSV lines are passed over but counted.
    """
    limits = limits or Limits()
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise FileProblem("This is not a kind of file we can read: save it as CSV, or send JSON (.json or .jsonl)")
    if path.stat().st_size > limits.file_bytes:
        raise FileProblem(
            f"The file is larger than {limits.file_bytes // 1_000_000} MB: split it and import the parts one by one"
        )
    rows = _csv_rows(path, limits) if suffix == ".csv" else _json_rows(path, limits)
    for count, row in enumerate(rows, start=1):
        if count > limits.rows:
            raise FileProblem(f"The file has more than {limits.rows:,} rows: split it and import the parts one by one")
        yield row


def examine(
    rows: Iterable[Row],
    *,
    now: datetime,
    known_organisations: Collection[str],
    age_limits: AgeLimits = AGE_LIMITS,
) -> Iterator[Examined]:
    """Check rows one by one and yield each with all its problems; a row with shape problems is not checked further.

    An exact repeat of a good row has `is_duplicate` and no problem; the same source reference with other answers is a
    problem of the later row. `now` is an aware instant.
    """
    references = References()
    for row in rows:
        if row.problems:
            yield Examined(row.number, row.values, {}, row.problems)
            continue
        values, problems = check(row.values, now=now, known_organisations=known_organisations, age_limits=age_limits)
        noted = False if problems else references.note(row.number, values)
        if isinstance(noted, Problem):
            yield Examined(row.number, row.values, values, (noted,))
        else:
            yield Examined(row.number, row.values, values, problems, noted, "" if problems else fingerprint(values))


def fingerprint(values: Mapping[str, Value]) -> str:
    """Return a SHA-256 of the typed values, in hexadecimal: equal exactly when two rows say the same.

    The order of columns, blank answers, spaces at the ends and ways of writing a date do not matter.
    """
    plain = {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def _csv_rows(path: Path, limits: Limits) -> Iterator[Row]:
    with open_text(path) as stream:
        number = 0
        try:
            reader = csv.reader(text_lines(stream, limits), strict=True)
            names: tuple[str, ...] = ()
            for number, cells in enumerate(reader, start=1):
                if number == _HEADER_ROWS:
                    names = _header(cells)
                elif any(cell.strip() for cell in cells):
                    yield _csv_row(number, names, cells)
        except csv.Error as problem:
            raise FileProblem(
                f"After row {number} the quote marks do not pair up ({problem}): put a value that has a comma, a "
                'line break or a quote mark between quote marks, and write a quote mark inside it twice ("")'
            ) from None
        if not number:
            raise FileProblem("The file is empty: the first row must have the names of the columns")


def _header(cells: list[str]) -> tuple[str, ...]:
    names = tuple(cell.strip().casefold() for cell in cells)
    for mark, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "upright bars")):
        if len(names) == 1 and names[0].count(mark) >= len(REQUIRED) - 1:
            raise FileProblem(f"The columns are divided by {word}: save the file with commas between them")
    wrong = [f"“{shown(name)}” stands there twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    wrong += [_unknown(name) for name in names if name not in COLUMNS]
    wrong += [f"“{name}” is missing" for name in REQUIRED if name not in names]
    if wrong:
        raise FileProblem(f"The first row must have the names of the columns: {'; '.join(wrong)}")
    return names


def _unknown(name: str) -> str:
    if not name:
        return "one column has no name"
    close = difflib.get_close_matches(name, COLUMNS, n=1)
    return f"“{shown(name)}” is not one of them" + (f" (did you mean “{close[0]}”?)" if close else "")


def _csv_row(number: int, names: tuple[str, ...], cells: list[str]) -> Row:
    values = dict(zip(names, cells, strict=False))
    if len(cells) == len(names):
        return Row(number, values)
    message = (
        f"This row has {len(cells)} values but there are {len(names)} columns: look for a comma, a line break or a "
        "quote mark inside a value"
    )
    return Row(number, values, (Problem("", message),))


def _json_rows(path: Path, limits: Limits) -> Iterator[Row]:
    with open_text(path) as stream:
        for number, pairs in enumerate(read_objects(stream, limits), start=1):
            yield _json_row(number, pairs)


def _json_row(number: int, pairs: list[tuple[str, object]]) -> Row:
    values: dict[str, str] = {}
    problems = []
    for given, value in pairs:
        name, text = _whole(given), _whole(_as_text(value))
        if name != given or text != _as_text(value):
            problems.append(Problem(shown(name), "It has half of a character, which nothing can show: type it again"))
        if name in values:
            problems.append(Problem(shown(name), "This name stands twice in the object: keep one"))
        elif isinstance(value, (list, dict)):
            problems.append(Problem(shown(name), "The value is a list or an object: give one text"))
        values[name] = text
    return Row(number, values, tuple(problems))


def _whole(text: str) -> str:
    """The text with a mark for each half of a surrogate pair: no file or screen takes one."""
    return _TORN.sub("\ufffd", text)


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else ""
