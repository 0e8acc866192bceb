"""The worklist in words: rows, tabs, chips and filters, ready for the template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from textwrap import shorten

import workflows
from hub.codes import codes
from hub.engine.rulebook import Rulebook
from hub.engine.visibility import View, view_of
from hub.web.filters import ClockFace, age, count, lower_first
from hub.web.item_rows import face_of, item_href, to_do_of
from hub.web.paging import Page, address
from hub.worklist.filters import GROUPS, ME, NOBODY, SINGLES, Asked, Choices, Filters
from hub.worklist.queries import MOST_COUNTED, Counts, Listed
from workflows.actor import Actor

ENDPOINT = "worklist.list_items"
HUB_TABS: Mapping[str, Filters] = {
    "All open": Filters(),
    "My open items": Filters(owner=ME),
    "Late": Filters(due=("late",)),
    "Nobody owns it": Filters(owner=NOBODY),
}
OUTSIDE_TABS: Mapping[str, Filters] = {
    "All open": Filters(),
    "Late": Filters(due=("late",)),
    "With you or others": Filters(where=("others",)),
}
THIS = "this list"
_LONGEST_PLACE = 32

Choice = tuple[str, str, int | None, bool]
"""Value, label, number or None, and whether it is on: what the filter macros take."""


@dataclass(frozen=True, slots=True)
class Row:
    """One item as its row shows it."""

    face: ClockFace
    to_do: str
    href: str
    priority: str | None
    kind: str
    reference: str
    person: str
    about: str
    """Age and where the person is now."""
    state: str
    with_whom: str
    owner: str


class WorklistPage:
    """One page of the worklist, as one person sees it at one moment."""

    def __init__(
        self,
        *,
        actor: Actor,
        now: datetime,
        choices: Choices,
        book: Rulebook,
        asked: Asked,
        page: Page[Listed],
        counts: Counts,
        is_first: bool,
    ) -> None:
        self.actor = actor
        self.now = now
        self.notes = asked.notes
        self.filters = asked.filters
        self.is_first = is_first
        self._choices = choices
        self._book = book
        self._page = page
        self._counts = counts

    @cached_property
    def rows(self) -> list[Row]:
        """The rows in order."""
        return [self._row(found) for found in self._page.rows]

    def _row(self, found: Listed) -> Row:
        item = found.item
        workflow = workflows.ALL[item.kind]
        wording = workflow.wording_of(item.state)
        is_hidden = view_of(item.kind, self.actor) is View.HISTORY
        return Row(
            face=face_of(item, found.clock, self._book, self.now),
            to_do=to_do_of(wording, is_hub=self.actor.is_hub),
            href=item_href(item.kind, item.reference),
            priority=item.priority,
            kind=workflow.title,
            reference=item.reference,
            person="Not shown to your role" if is_hidden else self._person(found),
            about="" if is_hidden else self._about(found),
            state=wording.label,
            with_whom="paused" if found.clock is not None and found.clock.paused_at else wording.with_whom,
            owner=f"Owner: {found.owner}" if found.owner else "No owner yet",
        )

    def _person(self, found: Listed) -> str:
        """To a party it is who its own item says: a number alone must not tell whose it is."""
        known = found.patient if self.actor.is_hub else None
        return known.short_name if known else found.item.title or "Name not known"

    def _about(self, found: Listed) -> str:
        known = found.patient if self.actor.is_hub else None
        years = age(known.date_of_birth if known else found.born_on, self.now)
        place = found.where_now or codes("location_kind").get(found.location_kind or "", "")
        parts = ["age not known" if years is None else str(years), _cut(place)]
        said = ", ".join(part for part in parts if part)
        return f"{said[:1].upper()}{said[1:]}"

    @property
    def heading(self) -> str:
        """How many items the list holds: "41 items", "1,000+ items"."""
        number = self._counts.lists[THIS]
        return f"{MOST_COUNTED:,}+ items" if number > MOST_COUNTED else count(number, "item")

    @property
    def shown(self) -> str:
        """Which of them stand on this page, in words."""
        if not self.rows:
            return ""
        if not self.is_first:
            return f"{len(self.rows)} more shown"
        return f"1 to {len(self.rows)} shown" if self._page.next else "all shown"

    @property
    def tabs(self) -> list[tuple[str, str, str, bool]]:
        """Ready-made lists: label, address, capped count, and whether it is this one."""
        return [
            (label, self.address(filters), self._capped(label), filters == self.filters)
            for label, filters in tabs_for(self.actor).items()
        ]

    def _capped(self, label: str) -> str:
        number = self._counts.lists[label]
        return f"{MOST_COUNTED:,}+" if number > MOST_COUNTED else f"{number:,}"

    @property
    def chips(self) -> list[tuple[str, str, str]]:
        """The filters that are on: name, values in words, and the address without them."""
        found = []
        for name, title in {**GROUPS, **SINGLES}.items():
            said = self._said(name)
            if said:
                found.append((title, said, self.address(self.filters.without(name))))
        return found

    def _said(self, name: str) -> str:
        if name == "owner":
            value = self.filters.owner
            return {"": "", ME: "me", NOBODY: "nobody"}.get(value) or self._choices.owners.get(int(value or 0), "")
        if name == "organisation":
            return self._choices.organisations.get(self.filters.organisation or 0, "")
        offered = self._choices.of(name)
        return ", ".join(lower_first(offered[value]) for value in getattr(self.filters, name))

    @property
    def groups(self) -> list[tuple[str, str, list[Choice]]]:
        """The filters with several values: legend, name, choices."""
        return [(title, name, self._choices_of(name)) for name, title in GROUPS.items()]

    def _choices_of(self, name: str) -> list[Choice]:
        numbers = self._counts.beside[name] if self._counts.beside is not None else None
        is_on = getattr(self.filters, name)
        return [
            (value, label, None if numbers is None else numbers.get(value, 0), value in is_on)
            for value, label in self._choices.of(name).items()
        ]

    @property
    def selects(self) -> list[tuple[str, str, list[tuple[str, str, bool]]]]:
        """The filters with one value: label, name, choices; for the hub alone."""
        if not self._choices.is_hub:
            return []
        own = {"": "Anyone", ME: "Me", NOBODY: "Nobody"}
        people = {str(identity): name for identity, name in self._choices.owners.items()}
        places = {str(identity): name for identity, name in self._choices.organisations.items()}
        organisation = "" if self.filters.organisation is None else str(self.filters.organisation)
        return [
            ("Owner", "owner", _options({**own, **people}, self.filters.owner)),
            ("Referring organisation", "organisation", _options({"": "Any", **places}, organisation)),
        ]

    @property
    def next_href(self) -> str:
        """The next page, filters kept; empty on the last."""
        return address(ENDPOINT, self.filters.pairs(), self._page.next) if self._page.next else ""

    @property
    def first_href(self) -> str:
        """The first page, filters kept; empty on it."""
        return "" if self.is_first else self.address(self.filters)

    def address(self, filters: Filters) -> str:
        """The first page of the list with these filters."""
        return address(ENDPOINT, filters.pairs())

    @property
    def all_href(self) -> str:
        """The list without filters."""
        return self.address(Filters())


def tabs_for(actor: Actor) -> Mapping[str, Filters]:
    """The ready-made lists of this person. Nobody outside the hub owns an item."""
    return HUB_TABS if actor.is_hub else OUTSIDE_TABS


def _cut(text: str) -> str:
    return shorten(text, _LONGEST_PLACE, placeholder="…")


def _options(offered: Mapping[str, str], chosen: str) -> list[tuple[str, str, bool]]:
    return [(value, label, value == chosen) for value, label in offered.items()]
