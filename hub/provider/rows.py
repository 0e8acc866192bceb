"""The rows of a unit's own page in words: its offers, its people, its beds, what it answered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from hub.beds.models import BedState
from hub.beds.presenters import beds_href
from hub.codes import known_label
from hub.engine.rulebook import Rulebook
from hub.organisations.models import Unit
from hub.placements.pack import for_whom
from hub.provider.needs import is_late_back, name_of
from hub.provider.queries import Ended, OpenItem
from hub.stays.presenters import days_words
from hub.web.filters import ClockFace, age, ago, moment, moment_within, short_day
from hub.web.item_rows import face_of, item_href
from workflows.approach import APPROACH
from workflows.approach import State as Approaching
from workflows.durations import local
from workflows.stay import STAY
from workflows.stay import State as Staying

TONES: Final = {Staying.CURRENT: "ours", Staying.ON_LEAVE: "theirs", Staying.AWAITING_FOLLOW_UP: "soon"}
"""Seen from the unit: whom it has is with it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer that stands, with its clock, or one that is over, with its moment."""

    bed: str
    about: str
    href: str
    reference: str
    state: str
    tone: str
    face: ClockFace | None
    ended_at: datetime | None
    unit: str


@dataclass(frozen=True, slots=True)
class Here:
    """Somebody on the unit, on leave from it, or not followed up yet."""

    name: str
    age: int | None
    href: str
    reference: str
    state: str
    tone: str
    until: str
    began_at: datetime
    length: str
    since: str
    discharge_on: date | None
    is_overdue: bool
    has_left: bool
    unit: str


@dataclass(frozen=True, slots=True)
class Beds:
    """The figures of one type of bed, and their age."""

    unit: str
    href: str
    bed_type: str
    free: int
    open_beds: int
    figures: str
    closed_why: str
    confirmed: str
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """An approach that ended: what was asked, how it ended, what the unit said."""

    bed: str
    href: str
    reference: str
    asked_at: datetime
    ended_at: datetime
    state: str
    tone: str
    said: tuple[str, ...]
    unit: str


def offer_that_stands(found: OpenItem, unit: str, book: Rulebook, now: datetime) -> Offer:
    """An offer the hub has not answered yet."""
    item = found.item
    return Offer(
        bed=item.title or "A bed",
        about=", ".join(part for part in (found.offered_bed, for_whom(found.age_years, found.home_outcode)) if part),
        href=item_href(item.kind, item.reference),
        reference=item.reference,
        state=APPROACH.wording_of(item.state).label,
        tone="theirs",
        face=face_of(item, found.clock, book, now),
        ended_at=None,
        unit=unit,
    )


def offer_that_is_over(ended: Ended, unit: str) -> Offer:
    """An offer that was accepted, ran out or was taken back."""
    return Offer(
        bed=ended.title or "A bed",
        about=ended.offered_bed or "",
        href=item_href("approach", ended.reference),
        reference=ended.reference,
        state=APPROACH.wording_of(ended.state).label,
        tone=tone_of(ended),
        face=None,
        ended_at=ended.closed_at,
        unit=unit,
    )


def tone_of(ended: Ended) -> str:
    """A bed that was taken is agreed; every other end is only not open any more."""
    return "done" if ended.state == Approaching.TAKEN else "paused"


def person_here(found: OpenItem, unit: str, now: datetime) -> Here:
    """One stay, from the unit's side."""
    item = found.item
    began = found.began_at or item.opened_at
    due = "was due back" if is_late_back(found, now) else "back"
    has_left = item.state == Staying.AWAITING_FOLLOW_UP
    said = {
        Staying.ON_LEAVE: f"{due} {moment_within(found.leave_until, now)}",
        Staying.AWAITING_FOLLOW_UP: f"left {moment_within(found.left_at, now)}",
    }
    return Here(
        name=name_of(found),
        age=age(found.born_on, now),
        href=item_href(item.kind, item.reference),
        reference=item.reference,
        state=STAY.wording_of(item.state).label,
        tone="late" if is_late_back(found, now) else TONES[Staying(item.state)],
        until=said.get(Staying(item.state), ""),
        began_at=began,
        length=days_words(began, found.left_at or now),
        since=_since(began, now),
        discharge_on=None if has_left else found.estimated_discharge_on,
        is_overdue=found.estimated_discharge_on is not None and found.estimated_discharge_on < local(now).date(),
        has_left=has_left,
        unit=unit,
    )


def _since(began: datetime, now: datetime) -> str:
    """The first day, as it stands inside a sentence."""
    said = short_day(began, now)
    return said.lower() if said in {"Today", "Yesterday"} else said


def beds_of(state: BedState, unit: Unit, *, is_stale: bool, now: datetime) -> Beds:
    """One type of bed in words."""
    taken = f"{state.occupied} occupied, {state.held} held, {state.commissioned} commissioned"
    return Beds(
        unit=unit.name,
        href=beds_href(unit, state.bed_type),
        bed_type=known_label("bed_type", state.bed_type),
        free=state.free,
        open_beds=state.open_beds,
        figures=taken,
        closed_why=f"{state.closed} closed: {state.closed_why}" if state.closed else "",
        confirmed=f"Confirmed {ago(state.confirmed_at, now)}",
        is_stale=is_stale,
    )


def answer_of(ended: Ended, unit: str) -> Answer:
    """One approach that ended, in the unit's own words."""
    return Answer(
        bed=ended.title or "A bed",
        href=item_href("approach", ended.reference),
        reference=ended.reference,
        asked_at=ended.opened_at,
        ended_at=ended.closed_at,
        state=APPROACH.wording_of(ended.state).label,
        tone=tone_of(ended),
        said=tuple(_said(ended)),
        unit=unit,
    )


def _said(ended: Ended) -> list[str]:
    reason = known_label("approach_refusal_reason", ended.refusal_reason or "")
    parts = [
        ("Offered: ", ended.offered_bed),
        ("From: ", moment(ended.offer_from)),
        ("Conditions: ", ended.offer_conditions),
        ("No: ", reason),
        ("", ended.refusal_details),
        ("Criterion: ", ended.refusal_criterion),
        ("What would change it: ", ended.would_change),
        ("Consultant: ", ended.refusal_consultant),
        ("Taken back: ", ended.withdrawn_why),
    ]
    return [f"{label}{words}" for label, words in parts if words]
