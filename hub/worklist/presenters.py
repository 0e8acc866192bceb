"""The worklist in words: rows, tabs, chips and filters, ready for the template."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property

from hub.engine.rulebook import Rulebook
from hub.web.filters import count, lower_first, moment_within
from hub.web.paging import Page, address
from hub.worklist.filters import GROUPS, ME, NOBODY, SINGLES, STATES, Asked, Choices, Filters, wall_text
from hub.worklist.queries import MOST_COUNTED, Counts, Listed
from hub.worklist.rows import Row, row_of
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
MOMENTS = ("arrived", "before")

Choice = tuple[str, str, int | None, bool]
"""Value, label, number or None, and whether it is on: what the filter macros take."""


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
        return [row_of(found, self.actor, self._book, self.now) for found in self._page.rows]

    @property
    def heading(self) -> str:
        """How many items the list holds: "41 items", "1,000+ items"."""
        said = self._capped(THIS)
        return f"{said} items" if said.endswith("+") else count(self._counts.lists[THIS], "item")

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
        is_more = number > MOST_COUNTED or label in self._counts.at_least
        return f"{min(number, MOST_COUNTED):,}{'+' if is_more else ''}"

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
        if name == "state":
            return STATES.get(self.filters.state, "")
        if name in MOMENTS:
            return moment_within(getattr(self.filters, name), self.now)
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
        """The filters with one value: label, name, choices; owner and organisation for the hub alone."""
        state = ("State", "state", _options({"": "Any", **STATES}, self.filters.state))
        if not self._choices.is_hub:
            return [state]
        own = {"": "Anyone", ME: "Me", NOBODY: "Nobody"}
        people = {str(identity): name for identity, name in self._choices.owners.items()}
        places = {str(identity): name for identity, name in self._choices.organisations.items()}
        organisation = "" if self.filters.organisation is None else str(self.filters.organisation)
        return [
            state,
            ("Owner", "owner", _options({**own, **people}, self.filters.owner)),
            ("Referring organisation", "organisation", _options({"": "Any", **places}, organisation)),
        ]

    @property
    def kept(self) -> list[tuple[str, str]]:
        """Filters that the form has no field for and keeps as they are: name and value."""
        given = [(name, getattr(self.filters, name)) for name in MOMENTS]
        return [(name, wall_text(at)) for name, at in given if at is not None]

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


def _options(offered: Mapping[str, str], chosen: str) -> list[tuple[str, str, bool]]:
    return [(value, label, value == chosen) for value, label in offered.items()]
