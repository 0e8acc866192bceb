"""Proof of what we sent, in words: the list of receipts, and one receipt with its words and its code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from flask import url_for

import workflows
from hub.codes import list_names
from hub.engine.chain import LINKED, link
from hub.provider.deeds import deed_words
from hub.provider.receipt_queries import Names, Sent
from hub.web.item_rows import item_href
from hub.web.paging import Page, address
from hub.web.stored_words import as_whom, audience_words, shown
from workflows.core import Ask, in_words
from workflows.everyday import everyday_of

SENT: Final = "provider.sent"
FEW: Final = 4
NAMED: Final = ("person", "organisation", "unit")
"""Kinds of answers that are the number of a row with a name."""
Words = tuple[str, str]
"""A question and what was answered."""


@dataclass(frozen=True, slots=True)
class Line:
    """One receipt on a list."""

    number: str
    href: str
    at: datetime
    what: str
    who: str
    item: str
    item_href: str
    """"" where the item may not be opened any more."""


def line_of(sent: Sent) -> Line:
    """One row of ours as a receipt."""
    workflow = workflows.ALL[sent.kind]
    return Line(
        number=number_of(sent),
        href=url_for("provider.receipt", receipt_id=sent.row.id),
        at=sent.row.at,
        what=deed_words(sent.kind, sent.row.action, sent.row.values if sent.is_open_to_reader else {}),
        who=f"{sent.who}, for {sent.on_behalf_of}" if sent.on_behalf_of else sent.who,
        item=f"{workflow.title} {sent.reference}",
        item_href=item_href(sent.kind, sent.reference) if sent.is_open_to_reader else "",
    )


def number_of(sent: Sent) -> str:
    """What a receipt is called: "R-20471"."""
    return f"R-{sent.row.id}"


class SentPage:
    """Every receipt, newest first, page by page."""

    def __init__(self, found: Page[Sent], now: datetime, home: tuple[str, str], *, is_first: bool) -> None:
        self.lines = [line_of(sent) for sent in found.rows]
        self.now = now
        self.home = home
        self.next_href = address(SENT, [], found.next) if found.next else ""
        self.first_href = "" if is_first else address(SENT, [])


class ReceiptPage:
    """One receipt: who of ours sent what, when, on which item, the words as history keeps them, and its code."""

    def __init__(self, sent: Sent, names: Names, now: datetime, home: tuple[str, str], organisation: str) -> None:
        self._sent = sent
        self._names = names
        self.line = line_of(sent)
        self.now = now
        self.home = home
        self.organisation = organisation

    @property
    def as_whom(self) -> str:
        """The role, and for whom they stood in."""
        return as_whom(self._sent.row.acting_role, self._sent.on_behalf_of)

    @property
    def for_whom(self) -> str:
        """Who reads it, where not everybody on the item does."""
        return audience_words(self._sent.row.audience)

    @property
    def is_open(self) -> bool:
        """Whether the words may be shown: the reader may still open the item."""
        return self._sent.is_open_to_reader

    @property
    def reason(self) -> str:
        """The reason that was given."""
        return self._sent.row.reason or "" if self.is_open else ""

    @cached_property
    def words(self) -> list[Words]:
        """Every answer under its question, as it was entered."""
        return list(self._answers()) if self.is_open else []

    def _answers(self) -> Iterator[Words]:
        asks = questions_of(self._sent)
        for name, value in new_values(self._sent):
            ask = asks.get(name)
            if ask is None and name.endswith("_id"):
                continue  # the number of a row, which nobody answered and nobody can read
            label = ask.label.rstrip("?") if ask is not None and ask.kind != "tick" else in_words(name)
            if isinstance(value, list) and any(isinstance(part, dict) for part in value):
                for number, row in enumerate(value, start=1):
                    yield f"{label} {number}", self._row(row, ask)
            else:
                yield label, self._shown(name, value, ask)

    def _row(self, row: Mapping[str, Any], ask: Ask | None) -> str:
        parts = {part.name: part for part in ask.parts} if ask is not None else {}
        said = (
            (parts[name].label, self._shown(name, value, parts[name])) for name, value in row.items() if name in parts
        )
        return "\n".join(f"{label} {words}" for label, words in said if words)

    def _code_list(self, name: str) -> str:
        """The list of codes behind an answer that was given as the item began: named as the answer, or by its kind."""
        return next((each for each in (name, f"{self._sent.kind}_{name}") if each in list_names()), "")

    def _shown(self, name: str, value: Any, ask: Ask | None) -> str:
        if ask is None:
            return shown(value, codes=self._code_list(name))
        if ask.kind in NAMED and isinstance(value, int):
            return self._names.get((ask.kind, value), "")
        return shown(value, codes=ask.codes, kind=ask.kind)

    @property
    def code(self) -> str:
        """Its hash from the chain, in groups of eight so that it can be read out."""
        whole = self._sent.row.hash
        return " ".join(whole[start : start + 8] for start in range(0, len(whole), 8))

    @cached_property
    def fits(self) -> bool:
        """Whether the code, worked out again now, is the one that was kept."""
        row = self._sent.row
        return link({name: getattr(row, name) for name in LINKED}) == row.hash


def new_values(sent: Sent) -> Iterator[tuple[str, Any]]:
    """What was entered, by name: never what stood there before, which may be somebody else's."""
    for name, value in sent.row.values.items():
        if isinstance(value, dict) and value.get("new") not in (None, "", []):
            yield name, value["new"]


def questions_of(sent: Sent) -> dict[str, Ask]:
    """What an action asked, by name; of a beginning, and of a corrected answer, what the whole workflow asks."""
    workflow = workflows.ALL[sent.kind]
    every = (*everyday_of(workflow), *workflow.actions)
    own = [action for action in every if action.name == sent.row.action]
    return {ask.name: ask for action in (*reversed(every), *own) for ask in action.questions}


def numbers_of(sent: Sent) -> dict[str, set[int]]:
    """The numbers of people, organisations and units among the answers, which their names are read for."""
    asks = questions_of(sent)
    found: dict[str, set[int]] = {kind: set() for kind in NAMED}
    for name, value in new_values(sent):
        ask = asks.get(name)
        for part, given in _parts(ask, value):
            if part.kind in NAMED and isinstance(given, int):
                found[part.kind].add(given)
    return found


def _parts(ask: Ask | None, value: Any) -> Iterator[tuple[Ask, Any]]:
    if ask is None:
        return
    if not ask.parts:
        yield ask, value
        return
    rows: Sequence[Any] = value if isinstance(value, list) else ()
    for row in rows:
        for part in ask.parts:
            yield part, row.get(part.name)
