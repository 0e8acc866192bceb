"""Code lists: what a coded answer may be and what it is called, by date.

Each list is a CSV file in this folder with the columns code, label, from, to and source, and any further columns of its
own. `from` and `to` are the first and last day a code may be used; empty means no limit. One code may have several rows
as long as their dates do not overlap.

An administrator's changes are kept in the database and laid over the files: `lay_over` is told of them when their
counter moves (hub/engine/code_lists.py), and from then on every function here gives the lists as they are now.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from workflows.durations import date_words

FOLDER: Final = Path(__file__).parent
_OWN_COLUMNS: Final = ("code", "label", "from", "to", "source")
_LONDON: Final = ZoneInfo("Europe/London")
_ONE_DAY: Final = timedelta(days=1)
_MOST_KEPT: Final = 2048
"""Answers kept by list and day: an import reads many days."""


class UnknownCodeList(LookupError):
    """There is no code list of this name."""


@dataclass(frozen=True, slots=True)
class Code:
    """One row of a code list; `more` holds the columns only this list has, as text."""

    code: str
    label: str
    from_on: date | None
    to_on: date | None
    source: str
    more: Mapping[str, str] = field(default_factory=dict)

    def holds(self, on: date | None) -> bool:
        """Say whether the code may be used on a day; without a day, today in London."""
        day = on or today()
        return (self.from_on is None or self.from_on <= day) and (self.to_on is None or day <= self.to_on)


@dataclass(frozen=True, slots=True)
class Change:
    """A change to the shipped lists, in the order they were made.

    With a label: the code is called so from `from_on` to `to_on` (None: on and on), whatever it was called before.
    Without one: the code ends, and `to_on` is its last day.
    """

    list_name: str
    code: str
    label: str | None
    from_on: date | None
    to_on: date | None
    source: str
    more: Mapping[str, str] = field(default_factory=dict)


class _Lists:
    """The lists as of one value of the counter; never changed, so that any number of threads may read."""

    def __init__(self, version: int, changes: Iterable[Change]) -> None:
        self.version = version
        self._changes: dict[str, list[Change]] = {}
        for change in changes:
            self._changes.setdefault(change.list_name, []).append(change)
        self._rows: dict[str, tuple[Code, ...]] = {}
        self._codes: dict[tuple[str, date], Mapping[str, str]] = {}

    def rows(self, list_name: str) -> tuple[Code, ...]:
        found = self._rows.get(list_name)
        if found is None:
            found = self._rows[list_name] = _laid_over(shipped(list_name), self._changes.get(list_name, ()))
        return found

    def codes(self, list_name: str, on: date) -> Mapping[str, str]:
        found = self._codes.get((list_name, on))
        if found is None:
            if len(self._codes) >= _MOST_KEPT:
                self._codes.clear()
            held = {row.code: row.label for row in self.rows(list_name) if row.holds(on)}
            found = self._codes[list_name, on] = MappingProxyType(held)
        return found


def today() -> date:
    """The day it is in London, on which a code is or is not in force."""
    return datetime.now(_LONDON).date()


@cache
def list_names() -> tuple[str, ...]:
    """Return the names of all code lists in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.csv")))


@cache
def shipped(list_name: str) -> tuple[Code, ...]:
    """Return the rows of a list's file, in its order; raise UnknownCodeList when there is no such list."""
    if list_name not in list_names():
        raise UnknownCodeList(list_name)
    with (FOLDER / f"{list_name}.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(_code(row) for row in csv.DictReader(lines))


def lay_over(version: int, changes: Iterable[Change]) -> None:
    """Put the changes made in the hub, oldest first, over the files, for the whole process; `version` is their mark."""
    global _lists
    _lists = _Lists(version, changes)


def version() -> int:
    """Return the mark of the changes that are laid over; 0 while there are none."""
    return _lists.version


def rows(list_name: str) -> tuple[Code, ...]:
    """Return every row of a list, those of one code together; raise UnknownCodeList when there is no such list."""
    return _lists.rows(list_name)


def columns(list_name: str) -> tuple[str, ...]:
    """Return the names of the columns that only this list has."""
    return tuple(shipped(list_name)[0].more)


def codes(list_name: str, on: date | None = None) -> Mapping[str, str]:
    """Return code to label, in the list's order, for the codes in force on a day; without a day, today.

    The mapping is shared by every caller and cannot be changed. Raises UnknownCodeList.
    """
    return _lists.codes(list_name, on or today())


def codes_of_line(list_name: str, service_line: str | None) -> Mapping[str, str]:
    """Return code to label of today's codes that a list's `service_line` column gives to this line; all without one."""
    day = today()
    found = {
        row.code: row.label
        for row in rows(list_name)
        if row.holds(day) and (service_line is None or row.more.get("service_line") == service_line)
    }
    return MappingProxyType(found)


def label(list_name: str, code: str | None, on: date | None = None) -> str:
    """Return what a code is called on a day (today), ended codes too, so that old records stay readable; or nothing.

    An ended code keeps its last label, and one to come has its first. Raises UnknownCodeList, and LookupError for a
    code the list never had.
    """
    if not code:
        return ""
    called = _row_of(list_name, code, on or today())
    if called is None:
        raise LookupError(f"{code} is not in the list {list_name}")
    return called.label


def known_label(list_name: str, code: str) -> str:
    """Return what a code is called, or the code itself when the list never had it. Raises UnknownCodeList."""
    found = _row_of(list_name, code, today())
    return found.label if found else code


def why_not(list_name: str, code: str, on: date | None = None) -> str:
    """Say why a code that was once, or will be, on a list cannot be used on a day (today); nothing for any other.

    For an answer chosen before the list changed: it names what was chosen and what to do. Raises UnknownCodeList.
    """
    day = on or today()
    mine = [row for row in rows(list_name) if row.code == code]
    if not mine or any(row.holds(day) for row in mine):
        return ""
    ended = max((row.to_on for row in mine if row.to_on is not None and row.to_on < day), default=None)
    called = label(list_name, code, day)
    if ended is None:
        begins = min(row.from_on for row in mine if row.from_on is not None)
        return f"“{called}” can be chosen from {date_words(begins)} on. Choose another answer"
    return f"“{called}” can no longer be chosen: it ended on {date_words(ended)}. Choose another answer"


def detail(list_name: str, code: str, on: date | None = None) -> Mapping[str, str]:
    """Return the further columns of a code on a day, as text: `detail("legal_status", "02")["max_days"]` is "28".

    Raises UnknownCodeList, and LookupError when the list has no such code on that day.
    """
    for row in rows(list_name):
        if row.code == code and row.holds(on):
            return row.more
    raise LookupError(f"{code} is not in the list {list_name}")


def _row_of(list_name: str, code: str, on: date) -> Code | None:
    """The row that holds on a day, else the last one before it, else the first one after it."""
    mine = sorted((row for row in rows(list_name) if row.code == code), key=lambda row: row.from_on or date.min)
    begun = [row for row in mine if (row.from_on or date.min) <= on]
    return begun[-1] if begun else next(iter(mine), None)


def _laid_over(rows: tuple[Code, ...], changes: Iterable[Change]) -> tuple[Code, ...]:
    by_code: dict[str, list[Code]] = {}
    for row in rows:
        by_code.setdefault(row.code, []).append(row)
    for change in changes:
        mine = by_code.get(change.code, [])
        if change.label is None:
            by_code[change.code] = _until(mine, change.to_on)
            continue
        is_after = change.from_on is not None and change.from_on > date.min  # there is no day before the first of all
        before = _until(mine, change.from_on - _ONE_DAY) if change.from_on is not None and is_after else []
        row = Code(
            change.code, change.label, change.from_on, change.to_on, change.source, MappingProxyType(dict(change.more))
        )
        by_code[change.code] = [*before, row]
    return tuple(row for mine in by_code.values() for row in mine)


def _until(rows: Iterable[Code], last: date | None) -> list[Code]:
    """The rows cut off after a day; those that begin later go."""
    if last is None:
        return list(rows)
    kept = (row for row in rows if row.from_on is None or row.from_on <= last)
    return [row if row.to_on is not None and row.to_on <= last else replace(row, to_on=last) for row in kept]


def _code(row: Mapping[str, str]) -> Code:
    more = {name: value for name, value in row.items() if name not in _OWN_COLUMNS}
    return Code(row["code"], row["label"], _day(row["from"]), _day(row["to"]), row["source"], MappingProxyType(more))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


_lists = _Lists(0, ())
