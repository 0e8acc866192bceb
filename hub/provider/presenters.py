"""A unit's own page as one person sees it at one moment: who the page is about, and its lists in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from flask import url_for

from hub.beds.models import BedState
from hub.beds.queries import is_stale
from hub.engine.models import FAR
from hub.messages.queries import Entry as Told
from hub.organisations.models import Unit
from hub.provider import rows
from hub.provider.disputes import DisputeList
from hub.provider.needs import Need, beds_to_confirm, need_of
from hub.provider.queries import RECENT, Ended, Ground, OpenItem
from hub.provider.receipts import Line
from hub.web.filters import ago, count, moment
from hub.web.paging import Cursor, Page, address
from workflows.approach import State as Approaching
from workflows.stay import State as Staying

HOME: Final = "provider.index"
ANSWERED: Final = "provider.answered"
OVER: Final = frozenset({Approaching.TAKEN, Approaching.LAPSED, Approaching.OFFER_WITHDRAWN})
"""How an offer ends that stays beside those that stand for a while."""
FEW: Final = 5
"""Rows of what is over; the rest is one link away."""
MOST_MESSAGES: Final = 5
Figure = tuple[str, str, str, str, str]
"""Number, label, small print, address, tone: what the macro takes."""


@dataclass(frozen=True)
class Place:
    """Whose page it is: the organisation's name, its units, and those that are shown now."""

    organisation: str
    all_units: Sequence[Unit]
    units: Sequence[Unit]

    @property
    def ids(self) -> list[int]:
        """The units that are shown."""
        return [unit.id for unit in self.units]

    @property
    def names_units(self) -> bool:
        """Whether a row must say which unit it is of."""
        return len(self.units) > 1

    @property
    def names(self) -> Mapping[int | None, str]:
        """Unit to its name."""
        return {unit.id: unit.name for unit in self.units}

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The chosen unit as an address says it; nothing when all are shown."""
        return [] if len(self.units) == len(self.all_units) else [("unit", unit.unit_code) for unit in self.units]

    def tabs(self, endpoint: str) -> list[tuple[str, str, None, bool]]:
        """All of them together, and each by itself; nothing for who has one unit."""
        if len(self.all_units) < 2:
            return []
        shown = self.pairs
        found = [("All our units", address(endpoint, []), None, not shown)]
        for unit in self.all_units:
            pair = [("unit", unit.unit_code)]
            found.append((unit.name, address(endpoint, pair), None, pair == shown))
        return found


def place_of(organisation: str | None, units: Sequence[Unit], chosen: str | None) -> Place:
    """The page of all of these units, or of the one whose code is `chosen`; no other code chooses anything."""
    one = [unit for unit in units if unit.unit_code == chosen]
    return Place(organisation or "", units, one or units)


class HomePage:
    """What a unit is asked, its offers, its beds, its people and its answers."""

    def __init__(
        self,
        *,
        place: Place,
        now: datetime,
        ground: Ground,
        found: Sequence[OpenItem],
        ended: Page[Ended],
        messages: Sequence[Told],
        disputes: DisputeList,
        receipts: Sequence[Line],
    ) -> None:
        self.place = place
        self.now = now
        self.disputes = disputes
        self.receipts = receipts
        self.messages = messages[:MOST_MESSAGES]
        self._book = ground.book
        self._found = found
        self._states = [state for state in ground.states if state.unit_id in place.ids]
        self._ended = ended.rows
        self._policy = ground.book.policy(None, now)

    @property
    def title(self) -> str:
        """The one unit, or the organisation."""
        return self.place.units[0].name if len(self.place.units) == 1 else self.organisation

    @property
    def organisation(self) -> str:
        """Whose page it is."""
        return self.place.organisation

    @property
    def below(self) -> str:
        """The line under the heading."""
        return f"{moment(self.now)}. This page holds only what is about {self.organisation}."

    @property
    def tabs(self) -> list[tuple[str, str, None, bool]]:
        """Which unit, for who has several."""
        return self.place.tabs(HOME)

    @property
    def units(self) -> Sequence[Unit]:
        """Those that are shown, for their level and admissions."""
        return self.place.units

    @property
    def names_units(self) -> bool:
        """Whether a row says which unit it is of."""
        return self.place.names_units

    @property
    def beds_href(self) -> str:
        """Every figure of ours."""
        return url_for("beds.index")

    @property
    def answered_href(self) -> str:
        """Everything that was answered, for the units shown."""
        return address(ANSWERED, self.place.pairs)

    @cached_property
    def needs(self) -> list[Need]:
        """What waits for the unit, soonest due first."""
        asked = [need_of(item, self._unit(item), self._book, self.now) for item in self._found]
        units = [*self._beds_to_confirm(), *(need for need in asked if need is not None)]
        return sorted([*units, *self.disputes.needs], key=_due)

    def _beds_to_confirm(self) -> list[Need]:
        found = []
        for unit in self.units:
            own = [state for state in self._states if state.unit_id == unit.id]
            is_given = any(state.bed_type == unit.bed_type for state in own)
            if not is_given or any(self._is_stale(state) for state in own):
                found.append(beds_to_confirm(own if is_given else (), unit, self._policy, self.now))
        return found

    @property
    def needs_said(self) -> str:
        """How many, and in what order."""
        return f"{len(self.needs)}, soonest first" if self.needs else ""

    @cached_property
    def _standing(self) -> list[rows.Offer]:
        return [
            rows.offer_that_stands(item, self._unit(item), self._book, self.now)
            for item in self._of("approach")
            if item.item.state == Approaching.OFFERED
        ]

    @cached_property
    def offers(self) -> list[rows.Offer]:
        """Offers that stand, soonest to end first; then those that were over in the last days, the last one first."""
        over = [ended for ended in self._ended if ended.state in OVER and ended.closed_at > self.now - RECENT]
        return self._standing + [rows.offer_that_is_over(ended, self._named(ended.unit_id)) for ended in over[:FEW]]

    @property
    def offers_said(self) -> str:
        """How many stand."""
        return f"{count(len(self._standing), 'stands', 'stand')} now" if self._standing else "none stands now"

    @cached_property
    def people(self) -> list[rows.Here]:
        """Who is here, the longest first."""
        here = [rows.person_here(item, self._unit(item), self.now) for item in self._of("stay")]
        return sorted(here, key=lambda one: (one.has_left, one.began_at, one.reference))

    @property
    def _there(self) -> list[rows.Here]:
        return [one for one in self.people if not one.has_left]

    @property
    def _away(self) -> int:
        return sum(1 for item in self._of("stay") if item.item.state == Staying.ON_LEAVE)

    @property
    def people_said(self) -> str:
        """How many are on the unit, on leave and gone."""
        left = len(self.people) - len(self._there)
        parts = (f"{len(self._there)} here", f"{self._away} of them on leave", f"{left} to follow up")
        return ", ".join(part for part in parts if not part.startswith("0 "))

    @cached_property
    def beds(self) -> list[rows.Beds]:
        """The figures, by unit and type."""
        return [
            rows.beds_of(state, unit, is_stale=self._is_stale(state), now=self.now)
            for unit in self.units
            for state in self._states
            if state.unit_id == unit.id
        ]

    @cached_property
    def answers(self) -> list[rows.Answer]:
        """The last few approaches that ended."""
        return [rows.answer_of(ended, self._named(ended.unit_id)) for ended in self._ended[:FEW]]

    @property
    def figures(self) -> list[Figure]:
        """The strip of numbers, each a link to its list on the page."""
        late = sum(1 for need in self.needs if need.face.tone == "late")
        ends = [offer.face.left for offer in self._standing if offer.face is not None]
        tone = "late" if late else "soon" if self.needs else ""
        oldest = min((state.confirmed_at for state in self._states), default=None)
        is_stale = any(self._is_stale(state) for state in self._states) or not self._states
        free, in_use = sum(each.free for each in self._states), sum(each.open_beds for each in self._states)
        return [
            (str(len(self.needs)), "Need our answer", f"{late} late", "#needs-our-answer", tone),
            (str(len(self._standing)), "Offers that stand", ends[0] if ends else "none", "#our-offers", ""),
            (str(len(self._there)), "People here", f"{self._away} on leave", "#our-people", ""),
            (
                f"{free} of {in_use}",
                "Beds free",
                f"confirmed {ago(oldest, self.now)}" if oldest else "no figures yet",
                "#our-beds",
                "late" if is_stale else "",
            ),
        ]

    def _of(self, kind: str) -> list[OpenItem]:
        return [found for found in self._found if found.item.kind == kind]

    def _is_stale(self, state: BedState) -> bool:
        return is_stale(state.confirmed_at, self.now, self._policy)

    def _unit(self, found: OpenItem) -> str:
        return self._named(found.unit_id)

    def _named(self, unit_id: int | None) -> str:
        return self.place.names.get(unit_id, "")


class AnsweredPage:
    """Every approach that ended, page by page."""

    def __init__(self, *, place: Place, now: datetime, ended: Page[Ended], after: Cursor | None) -> None:
        self.place = place
        self.now = now
        self.names_units = place.names_units
        self.home_href = address(HOME, place.pairs)
        self.tabs = place.tabs(ANSWERED)
        self.answers = [rows.answer_of(each, place.names.get(each.unit_id, "")) for each in ended.rows]
        self.next_href = address(ANSWERED, place.pairs, ended.next) if ended.next else ""
        self.first_href = address(ANSWERED, place.pairs) if after is not None else ""


def _due(need: Need) -> tuple[bool, datetime, str]:
    """Soonest first; what has no moment of its own and is late already before all."""
    is_first = need.face.due_at is None and need.face.tone == "late"
    return not is_first, need.face.due_at or FAR, need.reference
