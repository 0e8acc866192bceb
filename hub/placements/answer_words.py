"""What a unit was asked and what it said, in words: the bold line, and the small print under it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.placements.queries import Asked
from hub.web.filters import ClockFace, lower_first, moment_within
from hub.web.item_rows import item_href
from hub.web.stored_words import shown
from workflows.approach import NO_BED, State


@dataclass(frozen=True, slots=True)
class Answer:
    """One approach as a row shows it."""

    lead: str
    small: tuple[str, ...]
    face: ClockFace | None
    href: str
    reference: str
    is_open: bool
    is_contradicted: bool
    """It said that it has no capacity, and its own bed state said otherwise."""


LEADS = {
    State.ASKED: "Waiting",
    State.TAKEN: "Bed accepted",
    State.OFFER_WITHDRAWN: "Offer withdrawn",
    State.LAPSED: "Offer lapsed: nobody accepted it in time",
    State.STOOD_DOWN: "Stood down",
}


def answer_of(asked: Asked, now: datetime) -> Answer:
    """What became of one approach."""
    approach = asked.approach
    contradicted = asked.figures is not None and asked.figures.is_contradicted
    return Answer(
        lead=_lead(approach),
        small=tuple(part for part in (_when(approach, now), *_said(approach, now), _figures(asked, now)) if part),
        face=asked.face if approach.is_open else None,
        href=item_href("approach", approach.reference),
        reference=approach.reference,
        is_open=approach.is_open,
        is_contradicted=contradicted,
    )


def _lead(approach: Any) -> str:
    if approach.state == State.OFFERED:
        return f"Offers a bed: {approach.offered_bed}"
    if approach.state == State.REFUSED:
        return f"No: {lower_first(shown(approach.refusal_reason, codes='approach_refusal_reason'))}"
    return LEADS[State(approach.state)]


def _when(approach: Any, now: datetime) -> str:
    asked = f"Asked {moment_within(approach.opened_at, now)}"
    verb = "answered" if approach.state == State.REFUSED else "ended"
    return f"{asked}, {verb} {moment_within(approach.closed_at, now)}" if approach.closed_at else asked


def _said(approach: Any, now: datetime) -> list[str]:
    """Of an offer: from when and on what conditions; of a clinical refusal: who, and what would change it."""
    if approach.state == State.REFUSED:
        change = approach.would_change
        return [approach.refusal_consultant or "", f"Would change: {lower_first(change)}" if change else ""]
    if approach.state == State.OFFERED:
        conditions = approach.offer_conditions
        return [
            f"From {moment_within(approach.offer_from, now)}" if approach.offer_from else "",
            f"Conditions: {lower_first(conditions)}" if conditions else "",
        ]
    return []


def _figures(asked: Asked, now: datetime) -> str:
    """Whether "no bed" agrees with what the unit itself had said of its beds."""
    figures = asked.figures
    if figures is None or asked.approach.refusal_reason != NO_BED:
        return ""
    if not figures.is_contradicted and not figures.free:
        return "Agrees with its bed state"
    said = f"{figures.free} of {figures.open_beds} free, confirmed {moment_within(figures.confirmed_at, now)}"
    return f"Contradicts its bed state: {said}" if figures.is_contradicted else f"Its bed state was old: {said}"
