"""Keyset pages: where a page starts is a moment and an id in the address, so that page 800 costs what page 1 costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from flask import url_for

Row = TypeVar("Row")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of the page before: its moment (aware) and its id. As text: microseconds since 1970, "-", id."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}-{self.id}"


def read_cursor(text: str | None) -> Cursor | None:
    """The cursor written in an address, or None for anything that is not one."""
    moment, _, identity = (text or "").partition("-")
    if not (_is_number(moment) and _is_number(identity)) or int(identity) > _LARGEST_ID:
        return None
    try:
        return Cursor(_EPOCH + int(moment) * _MICROSECOND, int(identity))
    except OverflowError:
        return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 20


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """The rows of one page, and the cursor of the next when there is one."""

    rows: Sequence[Row]
    next: Cursor | None


def page_of(rows: Sequence[Row], size: int, key: Callable[[Row], Cursor]) -> Page[Row]:
    """A page from `size + 1` rows: the extra one only says that there is more."""
    kept = rows[:size]
    return Page(kept, key(kept[-1]) if len(rows) > size else None)


def address(endpoint: str, pairs: Iterable[tuple[str, str]], cursor: Cursor | None = None, **path: str) -> str:
    """The address of a list with its filters and place in it; a name may come several times."""
    query: dict[str, list[str]] = {}
    for name, value in pairs:
        query.setdefault(name, []).append(value)
    if cursor is not None:
        query["after"] = [str(cursor)]
    return url_for(endpoint, **path, **query)  # type: ignore[arg-type]  # Flask takes lists; its types do not say so
