"""The referrer's own page in words: what is asked, where each referral is, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import url_for

import workflows
from hub.engine.models import WorkItem
from hub.engine.rulebook import Rulebook
from hub.messages.queries import Entry as Told
from hub.referrals.queries import PAGE_SIZE, Asked, Mine
from hub.web.filters import ClockFace, count, moment_within, short_moment
from hub.web.item_rows import action_href, face_of, item_href, to_do_of
from hub.web.paging import Page, address
from hub.web.shell import other_pages
from workflows.form1 import FIELD

HERE: Final = "mine.show"
WHICH: Final = {"open": "Going on", "ended": "Ended", "all": "All"}
MOST_MESSAGES: Final = 5
BEGUN: Final = {"new": "A new referral", "emergency": "An emergency referral"}
"""What somebody was typing, by the draft's name."""


@dataclass(frozen=True)
class AskedLine:
    """One thing that is asked: its clock, what it is, the answers it names, and the button."""

    face: ClockFace
    lead: str
    about: str
    words: str
    fields: list[str]
    button: str
    href: str


@dataclass(frozen=True)
class MineLine:
    """One referral: where it is in words, its clock while it is open, and what came of it."""

    reference: str
    href: str
    person: str
    priority: str | None
    sent: str
    where: str
    state: tuple[str, str]
    face: ClockFace | None
    ended: str
    follows: list[tuple[str, str, tuple[str, str], str]]
    """Kind, reference, state with its tone, address."""


class MinePage:
    """The page as one person sees it at one moment."""

    def __init__(
        self,
        *,
        now: datetime,
        book: Rulebook,
        which: str,
        is_first: bool,
        asked: Sequence[Asked],
        drafts: Sequence[Any],
        begun: Mapping[str, datetime],
        counts: Mapping[str, int],
        found: Page[Mine],
        messages: Sequence[Told],
        escalations: Sequence[Any],
    ) -> None:
        self.now = now
        self.which = which
        self.is_first = is_first
        self.counts = counts
        self.messages = messages[:MOST_MESSAGES]
        self._book = book
        self._found = found
        self.asked = [self._asked(each) for each in asked]
        self.drafts = [(each.reference, each.title, item_href("referral", each.reference), each) for each in drafts]
        self.begun = [
            (words, url_for(f"{_page_of(name)}.new"), begun[name]) for name, words in BEGUN.items() if name in begun
        ]
        self.lines = [self._line(each) for each in found.rows]
        self.escalations = [
            (each.reference, each.title, item_href("escalation", each.reference), _escalation_state(each.state))
            for each in escalations
        ]
        self.raise_href = other_pages().get("Raise an escalation", "")

    @property
    def tabs(self) -> list[tuple[str, str, str, bool]]:
        """Which referrals are listed: label, address, count, whether it is this one."""
        return [
            (label, address(HERE, [("which", name)]), f"{self.counts[name]:,}", name == self.which)
            for name, label in WHICH.items()
        ]

    @property
    def shown(self) -> str:
        """How many rows there are, and of how many."""
        whole = self.counts[self.which]
        return count(whole, "referral") if whole <= PAGE_SIZE else f"{len(self.lines)} of {whole:,} referrals"

    @property
    def next_href(self) -> str:
        """The next page, or nothing."""
        return address(HERE, [("which", self.which)], self._found.next) if self._found.next else ""

    @property
    def first_href(self) -> str:
        """Back to the first page, from any other."""
        return "" if self.is_first else address(HERE, [("which", self.which)])

    def _asked(self, asked: Asked) -> AskedLine:
        item = asked.item
        lead, button, href = _asks(asked)
        about = " · ".join(part for part in (item.title, asked.owed_on or item.reference) if part)
        return AskedLine(
            face=face_of(item, asked.clock, self._book, self.now),
            lead=lead,
            about=about,
            words=asked.what_is_missing or "",
            fields=[FIELD[name].label for name in asked.fields if name in FIELD],
            button=button,
            href=href,
        )

    def _line(self, mine: Mine) -> MineLine:
        item = mine.item
        wording = workflows.ALL[item.kind].wording_of(item.state)
        return MineLine(
            reference=item.reference,
            href=item_href(item.kind, item.reference),
            person=item.title or "Name not known",
            priority=item.priority,
            sent=short_moment(item.opened_at, self.now),
            where=to_do_of(wording, is_hub=False),
            state=(wording.label, wording.with_whom),
            face=face_of(item, mine.clock, self._book, self.now) if item.is_open else None,
            ended=moment_within(item.closed_at, self.now),
            follows=[_follow(row) for row in mine.follows],
        )


def _page_of(name: str) -> str:
    return "emergency" if name == "emergency" else "referrals"


def _asks(asked: Asked) -> tuple[str, str, str]:
    """What is asked in words, the words of the button, and where it leads."""
    item: WorkItem = asked.item
    if item.kind == "task":
        href = url_for("referrals.show_form", reference=asked.owed_on)
        return "The rest of the form of an emergency", "Give the rest", href
    if item.kind == "admission":
        return "The hub asks you a question", "Answer it", action_href(item, "answer")
    href = url_for("referrals.show_form", reference=item.reference)
    return "Sent back: some answers are missing", "Give what is missing", href


def _follow(row: Any) -> tuple[str, str, tuple[str, str], str]:
    workflow = workflows.ALL[row.kind]
    wording = workflow.wording_of(row.state)
    return workflow.title, row.reference, (wording.label, wording.with_whom), item_href(row.kind, row.reference)


def _escalation_state(state: str) -> tuple[str, str]:
    wording = workflows.ALL["escalation"].wording_of(state)
    return wording.label, wording.with_whom
