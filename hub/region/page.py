"""What the page of the region shows: a row for each unit and type of bed, nearest first, and the picture of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from markupsafe import Markup

from hub import codes
from hub.beds.queries import UnitBeds
from hub.organisations.models import Admissions, Organisation
from hub.places import (
    NOT_KNOWN,
    Point,
    band_words,
    km_between,
    km_words,
    outcode_of,
    point_of,
    point_of_postcode,
    why_no_distance,
)
from hub.places.picture import Mark, draw_region
from hub.places.window import middle_of
from hub.region.queries import Members, is_member
from hub.web.filters import count, listed

MOST_LISTED = 200
"""Rows at most; the words say how many more there are."""
LONGEST_TYPED = 20
_GROUPS = {True: "In the collaborative", False: "Outside the collaborative"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks: from where the distances go, as typed, and which type of bed ("" for all)."""

    near: str = ""
    bed_type: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Asked:
        """From the address; a type of bed that is none is not looked at."""
        bed_type = given.get("bed_type", "")
        typed = " ".join(given.get("near", "").split())[:LONGEST_TYPED]
        return cls(typed, bed_type if bed_type in codes.codes("bed_type") else "")

    @property
    def outcode(self) -> str | None:
        """The postcode district, or None when nothing was typed or it is none."""
        return outcode_of(self.near)

    @property
    def point(self) -> Point | None:
        """Where that is, when it is known."""
        return point_of(self.outcode)

    @property
    def wrong(self) -> str:
        """What is wrong with what was typed, with what to do; "" when nothing is."""
        if not self.near or self.point is not None:
            return ""
        if self.outcode is None:
            return f"“{self.near}” is not the first half of a postcode: write it like HX3"
        return f"Where {self.outcode} lies is not known: only places in Great Britain are. Check it, or try one near by"


@dataclass(frozen=True, slots=True)
class Row:
    """One unit and one type of bed. `km` is None when nothing was asked, or the unit's place is not known."""

    beds: UnitBeds
    km: float | None
    point: Point | None
    in_collaborative: bool
    number: int = 0

    @property
    def provider(self) -> Organisation:
        """Whose unit it is."""
        provider: Organisation = self.beds.unit.site.organisation
        return provider

    @property
    def bed_words(self) -> str:
        """The type of bed in words."""
        return codes.known_label("bed_type", self.beds.bed_type)

    @property
    def free(self) -> int | None:
        """Free beds, None when nobody ever confirmed any."""
        return self.beds.state.free if self.beds.state else None

    @property
    def may_admit(self) -> bool:
        """Whether its admissions are not suspended."""
        return self.beds.unit.admissions != Admissions.SUSPENDED

    @property
    def mark(self) -> Mark:
        """The same on the picture; a free bed in a unit that must not admit is not shown as one."""
        number = self.number if self.may_admit else None
        return Mark(number, self.beds.unit.name, self.point, self.free, not self.may_admit, self.km)


class RegionPage:
    """The region as one person sees it, in the order of the list: the collaborative first, then the nearest."""

    def __init__(self, asked: Asked, found: Sequence[UnitBeds], members: Members, bands: Sequence[float]) -> None:
        self.asked = asked
        self.bands = bands
        rows = sorted((self._row(beds, members) for beds in found), key=_order)
        self.count = len(rows)
        self.rows = [
            Row(row.beds, row.km, row.point, row.in_collaborative, number)
            for number, row in enumerate(rows[:MOST_LISTED], 1)
        ]

    def _row(self, beds: UnitBeds, members: Members) -> Row:
        point = point_of_postcode(beds.unit.site.postcode)
        is_inside = is_member(members, _service_line(beds.bed_type), beds.unit.site.organisation)
        return Row(beds, km_between(self.asked.point, point), point, is_inside)

    @property
    def groups(self) -> list[tuple[str, list[Row]]]:
        """The rows in and outside the collaborative, with the words over each."""
        parts = groupby(self.rows, lambda row: row.in_collaborative)
        return [(_GROUPS[is_inside], list(rows)) for is_inside, rows in parts]

    @property
    def has_distances(self) -> bool:
        """Whether there is a place from which they go."""
        return self.asked.point is not None

    def distance(self, row: Row) -> tuple[str, str]:
        """The distance of a row and its band, in words; why there is none stands in place of the band."""
        if row.km is None:
            has_postcode = bool(row.beds.unit.site.postcode)
            return NOT_KNOWN.capitalize(), why_no_distance(has_postcode=has_postcode)
        return km_words(row.km), band_words(row.km, self.bands)

    @property
    def heading(self) -> str:
        """How many rows there are, and of what."""
        what = codes.known_label("bed_type", self.asked.bed_type) if self.asked.bed_type else ""
        return count(self.count, "unit") + (f": {what}" if what else " and types of bed" if self._has_several else "")

    @cached_property
    def _has_several(self) -> bool:
        return len({row.beds.unit.id for row in self.rows}) < len(self.rows)

    @property
    def summary(self) -> str:
        """The answer in a sentence: how many beds are free, where the nearest is, and which figures are in doubt."""
        never = sum(row.free is None for row in self.rows)
        stale = sum(row.beds.is_stale for row in self.rows) - never
        doubts = [f"{count(stale, 'figure is', 'figures are')} stale"] if stale else []
        doubts += [f"{count(never, 'was', 'were')} never confirmed"] if never else []
        return f"{self._free_words}.{f' {listed(doubts)}: ask before going by them.' if doubts else ''}"

    @property
    def _free_words(self) -> str:
        free = [row for row in self.rows if row.free and row.may_admit]
        if not free:
            return "No unit that admits has a free bed"
        beds, units = sum(row.free or 0 for row in free), {row.beds.unit.id for row in free}
        said = f"{count(beds, 'free bed')} in {count(len(units), 'unit')} that may admit"
        known = [(row.km, row.beds.unit.name) for row in free if row.km is not None]
        return f"{said}. The nearest is {min(known)[1]}, {km_words(min(known)[0])}" if known else said

    @property
    def left_off(self) -> int:
        """How many rows the list has no room for."""
        return self.count - len(self.rows)

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """The types of bed to choose from: (value, label, is chosen)."""
        every = {"": "Any type", **codes.codes("bed_type")}
        return [(code, words, code == self.asked.bed_type) for code, words in every.items()]

    @cached_property
    def picture(self) -> Markup:
        """The same units on the map: round what was typed, else round the collaborative's own."""
        inside = [row.point for row in self.rows if row.in_collaborative and row.point is not None]
        return draw_region(
            self.asked.point,
            self.asked.outcode or "",
            [row.mark for row in self.rows],
            self.bands,
            centre=middle_of(inside),
        )


def _service_line(bed_type: str) -> str:
    """Whose collaborative a type of bed belongs to; "" for one of none, and for one that is no longer used."""
    try:
        return codes.detail("bed_type", bed_type).get("service_line", "")
    except LookupError:
        return ""


def _order(row: Row) -> tuple[bool, bool, float, str, str, str]:
    """The collaborative first, then the nearest; what lies nobody knows where comes last."""
    unit = row.beds.unit
    return (not row.in_collaborative, row.km is None, row.km or 0.0, row.provider.name, unit.name, row.beds.bed_type)
