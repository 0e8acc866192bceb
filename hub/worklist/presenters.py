"""The worklist in words: rows, tabs, chips and filters, ready for the template."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

from flask import url_for

from hub.web.filters import count, lower_first, moment, moment_within
from hub.web.paging import Cursor, Page, address
from hub.web.person import Person
from hub.worklist.bulk import could_do
from hub.worklist.export import Origin
from hub.worklist.filters import GROUPS, ME, NOBODY, SINGLES, STATES, Choices, Filters, wall_text
from hub.worklist.models import Bulk
from hub.worklist.queries import MOST_COUNTED, Counts, Ground, Listed, View
from hub.worklist.rows import Row, row_of
from hub.worklist.seen import is_counted_fast
from hub.worklist.stale import Opened, kept_as, read_view
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
        ground: Ground,
        opened: Opened,
        page: Page[Listed],
        counts: Counts,
        after: Cursor | None,
    ) -> None:
        self.actor = actor
        self.now = now
        self.notes = opened.notes
        self.gone = opened.gone
        self.view = opened.view
        self.filters = opened.filters
        self.is_first = after is None
        self._after = after
        self._opened = opened
        self._ground = ground
        self._choices = ground.choices
        self._page = page
        self._counts = counts

    @cached_property
    def rows(self) -> list[Row]:
        """The rows in order."""
        return [row_of(found, self.actor, self._ground.book, self.now) for found in self._page.rows]

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
    def tabs(self) -> list[tuple[str, str, str | None, bool]]:
        """Ready-made lists, then saved views: label, address, capped count or None, and whether it is this one."""
        ready: list[tuple[str, str, str | None, bool]] = [
            (label, self.address(filters), self._capped(label), self.view is None and filters == self.filters)
            for label, filters in tabs_for(self.actor).items()
        ]
        return ready + [self._tab(view) for view in self._ground.views]

    def _tab(self, view: View) -> tuple[str, str, str | None, bool]:
        is_here = self.view is not None and view.id == self.view.id
        label = THIS if is_here else f"view {view.id}"
        number = self._capped(label) if label in self._counts.lists else None
        return f"Team: {view.name}" if view.is_team else view.name, view_href(view.id), number, is_here

    def _capped(self, label: str) -> str:
        number = self._counts.lists[label]
        is_more = number > MOST_COUNTED or label in self._counts.at_least
        return f"{min(number, MOST_COUNTED):,}{'+' if is_more else ''}"

    @property
    def chips(self) -> list[tuple[str, str, str]]:
        """The filters that are on: name, values in words, and the address without them."""
        found = []
        for name, title in {**GROUPS, **SINGLES}.items():
            said = _said(name, self.filters, self._choices, self.now)
            if said:
                found.append((title, said, self.address(self.filters.without(name))))
        return found

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
        return address(ENDPOINT, self._opened.pairs(), self._page.next) if self._page.next else ""

    @property
    def first_href(self) -> str:
        """The first page, filters kept; empty on it."""
        return "" if self.is_first else address(ENDPOINT, self._opened.pairs())

    @property
    def place(self) -> str:
        """This very page as it stands in an address: what the way back leads to."""
        after = [("after", str(self._after))] if self._after else []
        return urlencode([*self._opened.pairs(), *after])

    @property
    def save_href(self) -> str:
        """Where these filters get a name; empty when there is nothing to save, or it is saved already."""
        kept = kept_as(self.filters)
        is_kept = self.view is not None or any(kept == view.query for view in self._ground.views)
        return "" if is_kept or not kept else f"{url_for('saved_views.new')}?{kept}"

    @property
    def views_href(self) -> str:
        """Where saved views are renamed and removed; empty for who has none."""
        return url_for("saved_views.list_views") if self._ground.views else ""

    @property
    def export_href(self) -> str:
        """The whole list as a file, page or not."""
        return address("worklist.export", self._opened.pairs())

    @cached_property
    def doable(self) -> tuple[Bulk, ...]:
        """What this person may be able to do to chosen rows."""
        return could_do(self.actor)

    @property
    def can_own(self) -> list[tuple[str, str]]:
        """Whom an item can be given to: id and name."""
        return [(str(identity), name) for identity, name in self._choices.can_own.items()]

    @property
    def number(self) -> str:
        """How many items the list holds, as its count says it: "41", "1,000+"."""
        return self._capped(THIS)

    @property
    def seen_count(self) -> int:
        """The same as a number, for the box that chooses all of them."""
        return self._counts.lists[THIS]

    @property
    def most_at_once(self) -> int:
        """How many rows can be changed at once, by policy."""
        return self._ground.book.policy(None, self.now).number("worklist.bulk_most")

    def address(self, filters: Filters) -> str:
        """The first page of the list with these filters."""
        return address(ENDPOINT, filters.pairs())

    @property
    def all_href(self) -> str:
        """The list without filters."""
        return self.address(Filters())


def lists_of(actor: Actor, ground: Ground, opened: Opened) -> dict[str, Filters]:
    """Every list whose items the page counts, by name: the ready-made ones, saved views, and this one.

    Of the saved views only those that an index counts: sixteen others would cost more than the page itself.
    """
    read = {f"view {view.id}": read_view(view, actor, ground.choices)[0].filters for view in ground.views}
    saved = {name: filters for name, filters in read.items() if is_counted_fast(filters, actor)}
    return {**tabs_for(actor), **saved, THIS: opened.filters}


def origin_of(person: Person, opened: Opened, ground: Ground, now: datetime, *, choice: str = "") -> Origin:
    """What a file of this list says of itself."""
    filters = said_of(opened.filters, ground.choices)
    view = [("Saved view", opened.view.name)] if opened.view else []
    gone = [("Gone from the saved view", said) for said in opened.gone]
    place = f", {person.organisation_name}" if person.organisation_name else ""
    return Origin(now, f"{person.name}, {person.role_words}{place}", [*view, *filters, *gone], choice)


def view_href(view_id: int) -> str:
    """The address of a saved view."""
    return url_for(ENDPOINT, view=view_id)


def said_of(filters: Filters, choices: Choices) -> list[tuple[str, str]]:
    """The filters that are on, in words that hold on any day: name and values."""
    found = ((title, _said(name, filters, choices, None)) for name, title in {**GROUPS, **SINGLES}.items())
    return [(title, said) for title, said in found if said]


def _said(name: str, filters: Filters, choices: Choices, now: datetime | None) -> str:
    if name == "owner":
        value = filters.owner
        return {"": "", ME: "me", NOBODY: "nobody"}.get(value) or choices.owners.get(int(value or 0), "")
    if name == "organisation":
        return choices.organisations.get(filters.organisation or 0, "")
    if name == "state":
        return STATES.get(filters.state, "")
    if name in MOMENTS:
        at = getattr(filters, name)
        return moment(at) if now is None else moment_within(at, now)
    offered = choices.of(name)
    return ", ".join(lower_first(offered[value]) for value in getattr(filters, name))


def tabs_for(actor: Actor) -> Mapping[str, Filters]:
    """The ready-made lists of this person. Nobody outside the hub owns an item."""
    return HUB_TABS if actor.is_hub else OUTSIDE_TABS


def _options(offered: Mapping[str, str], chosen: str) -> list[tuple[str, str, bool]]:
    return [(value, label, value == chosen) for value, label in offered.items()]
