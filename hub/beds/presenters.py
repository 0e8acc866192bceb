"""Beds as the pages show them: groups of a type, what changed meanwhile, and what a confirmation said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from flask import url_for

from hub.beds.figures import LABELS, Figures, figures_of
from hub.beds.models import BedState, BedStateEntry, Source
from hub.beds.queries import UnitBeds
from hub.codes import known_label
from hub.organisations.models import Unit


@dataclass(frozen=True)
class Group:
    """The units of one type of bed."""

    bed_type: str
    rows: Sequence[UnitBeds]

    @property
    def label(self) -> str:
        """The type in words."""
        return known_label("bed_type", self.bed_type)

    @property
    def said(self) -> str:
        """How many are free, and on how old figures that rests."""
        known = [row for row in self.rows if row.state is not None]
        free, in_use = (sum(getattr(row.state, name) for row in known) for name in ("free", "open_beds"))
        stale = sum(row.is_stale for row in self.rows)
        parts = [
            f"{free} of {in_use} free" if known else "",
            f"{stale} of {len(self.rows)} to confirm" if stale else "",
        ]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that two people say otherwise."""

    label: str
    before: str
    theirs: str
    yours: str


def beds_href(unit: Unit, bed_type: str | None = None, endpoint: str = "beds.unit") -> str:
    """Where the figures of a unit are confirmed; its own type of bed, or none, needs no naming."""
    return url_for(endpoint, code=unit.unit_code, bed_type=bed_type if bed_type != unit.bed_type else None)


def in_groups(rows: Iterable[UnitBeds]) -> list[Group]:
    """Rows that come in order of their type, by type."""
    return [Group(name, list(each)) for name, each in groupby(rows, key=lambda row: row.bed_type)]


def differences(before: Figures | None, theirs: Figures, yours: Mapping[str, str]) -> list[Difference]:
    """Where what is recorded now differs from what the page had shown, or from what was typed on it."""
    was = before.as_typed() if before else {}
    now = theirs.as_typed()
    return [
        Difference(label, was.get(name, ""), now[name], yours.get(name, ""))
        for name, label in LABELS.items()
        if now[name] != was.get(name, "") or now[name] != yours.get(name, now[name])
    ]


def changed_words(before: Figures, typed: Mapping[str, str]) -> str:
    """What was typed over: "Occupied from 9 to 8, Held from 0 to 1"."""
    said = before.as_typed()
    return ", ".join(
        f"{LABELS[name]} from {said[name] or 'nothing'} to {typed[name] or 'nothing'}"
        for name in LABELS
        if typed[name] != said[name]
    )


def figures_words(figures: Figures | None) -> str:
    """ "2 of 10 free, 2 closed" in a few words; says so when nothing is known."""
    if figures is None:
        return "Not known"
    closed = figures.commissioned - figures.open_beds
    held = f", {figures.held} held" if figures.held else ""
    return f"{figures.free} of {figures.open_beds} free{held}" + (f", {closed} closed" if closed else "")


def words_of(row: BedState | BedStateEntry) -> str:
    """The figures of a state or a confirmation in a few words."""
    return figures_words(figures_of(row))


def who_said(row: BedState | BedStateEntry) -> str:
    """Who confirmed, and how: "Grace Lindley", "Dele Okafor, told by Nurse Ames by telephone"."""
    name = row.confirmed_by.name if row.confirmed_by else "The hub"
    if row.source == Source.TELEPHONE:
        return f"{name}, told by {row.told_by} by telephone"
    return f"{name}, from a file" if row.source == Source.CSV else name
