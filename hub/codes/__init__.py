"""Code lists: what a coded answer may be and what it is called, by date.

Each list is a CSV file in this folder with the columns code, label, from, to and source, and any further columns of its
own. `from` and `to` are the first and last day a code may be used; empty means no limit. One code may have several rows
as long as their dates do not overlap.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

FOLDER: Final = Path(__file__).parent
_OWN_COLUMNS: Final = ("code", "label", "from", "to", "source")


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
        """Say whether the code may be used on a day; without a day, whether it has no last day."""
        if on is None:
            return self.to_on is None
        return (self.from_on is None or self.from_on <= on) and (self.to_on is None or on <= self.to_on)


@cache
def list_names() -> tuple[str, ...]:
    """Return the names of all code lists in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.csv")))


@cache
def rows(list_name: str) -> tuple[Code, ...]:
    """Return every row of a list in the file's order; raise UnknownCodeList when there is no such list."""
    if list_name not in list_names():
        raise UnknownCodeList(list_name)
    with (FOLDER / f"{list_name}.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(_code(row) for row in csv.DictReader(lines))


@lru_cache(maxsize=2048)  # one entry per list and day
def codes(list_name: str, on: date | None = None) -> Mapping[str, str]:
    """Return code to label, in the file's order, for the codes usable on a day (without a day: those not ended).

    The mapping is shared by every caller and cannot be changed. Raises UnknownCodeList.
    """
    return MappingProxyType({row.code: row.label for row in rows(list_name) if row.holds(on)})


@lru_cache(maxsize=256)
def codes_of_line(list_name: str, service_line: str | None) -> Mapping[str, str]:
    """Return code to label of the codes that a list's `service_line` column gives to this line; all without a line."""
    found = {
        row.code: row.label
        for row in rows(list_name)
        if row.holds(None) and (service_line is None or row.more.get("service_line") == service_line)
    }
    return MappingProxyType(found)


def label(list_name: str, code: str | None) -> str:
    """Return what a code is called, ended codes too, so that old records stay readable; nothing for no code.

    Raises UnknownCodeList, and LookupError for a code the list never had.
    """
    if not code:
        return ""
    try:
        return _labels(list_name)[code]
    except KeyError:
        raise LookupError(f"{code} is not in the list {list_name}") from None


def detail(list_name: str, code: str, on: date | None = None) -> Mapping[str, str]:
    """Return the further columns of a code on a day, as text: `detail("legal_status", "02")["max_days"]` is "28".

    Raises UnknownCodeList, and LookupError when the list has no such code on that day.
    """
    for row in rows(list_name):
        if row.code == code and row.holds(on):
            return row.more
    raise LookupError(f"{code} is not in the list {list_name}")


@cache
def _labels(list_name: str) -> Mapping[str, str]:
    return {row.code: row.label for row in rows(list_name)}


def _code(row: Mapping[str, str]) -> Code:
    more = {name: value for name, value in row.items() if name not in _OWN_COLUMNS}
    return Code(row["code"], row["label"], _day(row["from"]), _day(row["to"]), row["source"], MappingProxyType(more))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
