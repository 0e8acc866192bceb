"""A change of many items in words: what was chosen, what will happen to each row, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import url_for
from werkzeug.datastructures import MultiDict

from hub.codes import known_label
from hub.web.drafts import LONGEST_NUMBER
from hub.web.filters import count, lower_first
from hub.worklist.bulk import Chosen, Result, stamp_of
from hub.worklist.models import Bulk, BulkChange, BulkRow, Outcome
from hub.worklist.queries import Ground, Listed
from hub.worklist.rows import Row, row_of
from workflows.actor import Actor

LONGEST_ID = 18
"""Digits of an id that always fits."""
LONGEST_PLACE = 2_000
"""Characters of an address that is kept."""
MOST_READ = 1_000
"""Rows read of one form: a page shows far fewer."""


@dataclass(frozen=True)
class Choice:
    """What a form of chosen rows says; nothing in it is an error."""

    rows: tuple[Chosen, ...]
    is_whole_list: bool
    seen_count: int
    """How many items the list showed, where all of them are chosen."""
    owner_id: int | None
    place: str
    """The page it was chosen on, as it stands in an address."""


def read_choice(sent: MultiDict[str, str]) -> Choice:
    """Rows by id and version, or the whole list with the count that was seen."""
    rows = dict(pair for text in sent.getlist("choose")[:MOST_READ] if (pair := _pair(text)))
    return Choice(
        rows=tuple(Chosen(*pair) for pair in rows.items()),
        is_whole_list="all" in sent,
        seen_count=_number(sent.get("all", ""), LONGEST_NUMBER) or 0,
        owner_id=_number(sent.get("owner_id", ""), LONGEST_NUMBER),
        # Written anew, since it goes into an address: what was typed into it by hand may break a line.
        place=urlencode(parse_qsl(sent.get("place", "").replace("\0", "")[:LONGEST_PLACE])),
    )


def _pair(text: str) -> tuple[int, int] | None:
    """ "123-4" as id and version."""
    identity, _, version = text.partition("-")
    found = _number(identity, LONGEST_ID), _number(version, LONGEST_NUMBER)
    return None if found[0] is None or found[1] is None else (found[0], found[1])


def _number(text: str, longest: int) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= longest else None


@dataclass(frozen=True)
class Line:
    """One row of the page. `row` is None for what this person cannot see any more."""

    reference: str
    row: Row | None
    result: Result | None


class ChangePage:
    """One change as its maker sees it."""

    def __init__(
        self,
        change: BulkChange,
        *,
        actor: Actor,
        ground: Ground,
        now: datetime,
        listed: Mapping[int, Listed],
        tried: Mapping[int, Result],
        is_asking: bool,
    ) -> None:
        self.change = change
        self.now = now
        self.is_asking = is_asking
        self._actor, self._ground, self._listed, self._tried = actor, ground, listed, tried

    @cached_property
    def lines(self) -> list[Line]:
        """The rows in the order of the list they were chosen from."""
        return [self._line(row) for row in self.change.rows]

    def _line(self, row: BulkRow) -> Line:
        found = self._listed.get(row.item_id)
        shown = row_of(found, self._actor, self._ground.book, self.now) if found else None
        done = Result(row.outcome == Outcome.DONE, row.said) if row.outcome else self._tried.get(row.item_id)
        return Line(row.reference, shown, done)

    @property
    def is_pressed(self) -> bool:
        """Whether the button was pressed: what the rows say then is what became of them."""
        return self.change.pressed_at is not None

    @property
    def left(self) -> int:
        """Rows without a result, once it was pressed."""
        return sum(1 for row in self.change.rows if row.outcome is None)

    @property
    def done(self) -> int:
        """Rows that are, or will be, done."""
        return sum(1 for line in self.lines if line.result is not None and line.result.is_done)

    @property
    def chosen(self) -> str:
        """ "3 items"."""
        return count(len(self.change.rows), "item")

    @property
    def title(self) -> str:
        """What is done to them: "Give 3 items to Tom Brierley"."""
        return self._doing(self.chosen)

    @property
    def button(self) -> str:
        """The same of the rows that take it."""
        return self._doing(count(self.done, "item"))

    def _doing(self, items: str) -> str:
        answers: Mapping[str, Any] = self.change.answers or {}
        match self.change.action:
            case Bulk.ASSIGN:
                name = self._ground.choices.owners.get(answers.get("owner_id", 0), "somebody")
                return f"Give {items} to {name}"
            case Bulk.NOTE:
                return f"Add a note to {items}"
            case _:
                named = known_label("priority", answers.get("priority", ""))
                return f"Change the priority of {items}" + (f" to {lower_first(named)}" if named else "")

    @property
    def said(self) -> list[tuple[str, str]]:
        """The answers, for the preview: name and words."""
        answers: Mapping[str, Any] = self.change.answers or {}
        narrow = "The hub only" if self._actor.is_hub else "My own organisation and the hub"
        readers = {"hub": narrow, "all": "Everybody who can see the item"}
        found = [
            ("Your note", str(answers.get("note", ""))),
            ("Who may read it", readers.get(str(answers.get("audience")), "")),
            ("Your reason", self.change.reason or ""),
        ]
        return [pair for pair in found if pair[1]]

    @property
    def stamp(self) -> str:
        """Goes with the button, so that it does what stands above it."""
        return stamp_of(self.change)

    @property
    def back_href(self) -> str:
        """The page of the list it was chosen on, at the first row that was chosen."""
        query = f"?{self.change.query}" if self.change.query else ""
        first = f"#row-{self.change.rows[0].reference}" if self.change.rows else ""
        return f"{url_for('worklist.list_items')}{query}{first}"

    @property
    def edit_href(self) -> str:
        """Where the answers are changed; empty for the action's that has none to change."""
        return url_for("bulk.show", change_id=self.change.id, edit=1)
