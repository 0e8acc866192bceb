"""What only the unit itself can do, each with the time left: beds to confirm, questions to answer, people to see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hub.beds.models import BedState
from hub.beds.presenters import beds_href
from hub.beds.queries import stale_after
from hub.engine.rulebook import Rulebook
from hub.organisations.models import Unit
from hub.placements.pack import for_whom
from hub.provider.queries import OpenItem
from hub.web.filters import ClockFace, age, ago, lower_first, moment_within, plain_face
from hub.web.item_rows import action_href, face_of, item_href
from workflows.approach import State as Approaching
from workflows.placement import State as Placing
from workflows.policy import PolicySet
from workflows.stay import State as Staying

NOTHING_ELSE: Final = "You will see what is needed to answer, and nothing else"
NO_FIGURES: Final = ClockFace("No figures yet", "late", None, None, "The hub cannot count on your beds")


@dataclass(frozen=True, slots=True)
class Need:
    """Something only this unit can do, with the time left."""

    face: ClockFace
    ask: str
    about: str
    href: str
    button: str
    reference: str = ""
    priority: str | None = None
    unit: str = ""


def need_of(found: OpenItem, unit: str, book: Rulebook, now: datetime) -> Need | None:
    """What an open item wants of the unit now; None while it waits for others, or for nothing."""
    asks: dict[tuple[str, str], Callable[..., Need]] = {
        ("approach", Approaching.ASKED): ask_for_a_bed,
        ("placement", Placing.BED_ACCEPTED): somebody_to_admit,
        ("placement", Placing.CONVEYANCE_PLANNED): somebody_to_admit,
        ("stay", Staying.AWAITING_FOLLOW_UP): follow_up_owed,
    }
    if is_late_back(found, now):
        return late_from_leave(found, unit, now)
    ask = asks.get((found.item.kind, found.item.state))
    return ask(found, unit, book, now) if ask is not None else None


def ask_for_a_bed(found: OpenItem, unit: str, book: Rulebook, now: datetime) -> Need:
    """The question, the time left to answer it, and the least that says for whom."""
    item = found.item
    return Need(
        face=face_of(item, found.clock, book, now),
        ask=f"Can you offer a bed: {lower_first(item.title)}?" if item.title else "Can you offer a bed?",
        about=f"{for_whom(found.age_years, found.home_outcode)}. {NOTHING_ELSE}",
        href=item_href(item.kind, item.reference),
        button="Answer",
        reference=item.reference,
        priority=item.priority,
        unit=unit,
    )


def somebody_to_admit(found: OpenItem, unit: str, book: Rulebook, now: datetime) -> Need:
    """An accepted bed: the person is to be admitted."""
    item = found.item
    coming = f"expected {moment_within(found.conveyance_at, now)}" if found.conveyance_at else "no journey planned yet"
    return Need(
        face=face_of(item, found.clock, book, now),
        ask=f"Your bed was accepted: admit {name_of(found)}",
        about=f"{_years(found, now)}{coming}",
        href=item_href(item.kind, item.reference),
        button="Admit",
        reference=item.reference,
        priority=item.priority,
        unit=unit,
    )


def is_late_back(found: OpenItem, now: datetime) -> bool:
    """Whether somebody is on leave whose time is over."""
    return found.item.state == Staying.ON_LEAVE and found.leave_until is not None and found.leave_until <= now


def late_from_leave(found: OpenItem, unit: str, now: datetime) -> Need:
    """Leave whose end has passed with nobody back."""
    until = found.leave_until or now
    return Need(
        face=plain_face(found.leave_from or until, until, now),
        ask=f"Is {name_of(found)} back from leave?",
        about=f"Was due back {moment_within(until, now)}",
        href=action_href(found.item, "return_from_leave"),
        button="Record return",
        reference=found.item.reference,
        unit=unit,
    )


def follow_up_owed(found: OpenItem, unit: str, book: Rulebook, now: datetime) -> Need:
    """Somebody who left and was not seen or spoken to since."""
    return Need(
        face=face_of(found.item, found.clock, book, now),
        ask=f"See or speak to {name_of(found)} after leaving",
        about=f"Left {moment_within(found.left_at, now)}",
        href=action_href(found.item, "record_follow_up"),
        button="Follow up",
        reference=found.item.reference,
        unit=unit,
    )


def beds_to_confirm(beds: Sequence[BedState], unit: Unit, policy: PolicySet, now: datetime) -> Need:
    """Figures that are too old, or were never given; of one unit's types the oldest counts."""
    if not beds:
        ask, about = "Give your bed figures", "The hub has none of yours yet"
        return Need(NO_FIGURES, ask, about, beds_href(unit), "Give figures", unit=unit.name)
    oldest = min(beds, key=lambda state: state.confirmed_at)
    at, free, in_use = oldest.confirmed_at, sum(state.free for state in beds), sum(state.open_beds for state in beds)
    return Need(
        face=plain_face(at, at + stale_after(policy), now),
        ask="Confirm your beds",
        about=f"Last confirmed {ago(at, now)}: {free} free of {in_use} open. It shows as stale to the hub",
        href=beds_href(unit, oldest.bed_type),
        button="Confirm beds",
        unit=unit.name,
    )


def name_of(found: OpenItem) -> str:
    """Who it is about, as the item says; before the person comes not where sharing is restricted."""
    if found.is_restricted and found.item.kind == "placement":
        return "this person (sharing restricted: ring the hub)"
    return found.item.title or "a person whose name is not known"


def _years(found: OpenItem, now: datetime) -> str:
    years = age(found.born_on, now)
    return "" if years is None else f"aged {years}, "
