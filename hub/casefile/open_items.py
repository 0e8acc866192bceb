"""What is open on a case, and what is missing to move each item on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.casefile.queries import CaseItem
from hub.engine.available import Offer, available_actions
from hub.engine.models import ItemParty
from hub.engine.rulebook import Rulebook
from hub.web.filters import ClockFace, listed, lower_first
from hub.web.item_rows import action_href, face_of, item_href, to_do_of
from workflows.actor import Actor
from workflows.core import upper_first

MOST_MISSING = 5
"""Missing things named under one action; the item's page names them all."""

ON_ITS_PAGE = "Open it: its page says what each side, and whoever convenes, can do."


@dataclass(frozen=True, slots=True)
class Step:
    """One action that cannot be done yet, with what is missing."""

    label: str
    missing: tuple[str, ...]
    more: int
    """How many missing things are not named here."""
    done: tuple[str, ...]
    whose: str
    """Whom it is for, when it is not for this person."""


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One open item, and what would move it on."""

    to_do: str
    href: str
    state: str
    with_whom: str
    kind: str
    reference: str
    priority: str | None
    face: ClockFace
    owner: str
    mine: tuple[tuple[str, str], ...]
    """What this person can do now: label and address."""
    waits_for: str
    """Who else can do something now, when this person cannot."""
    steps: tuple[Step, ...]


def open_item(line: CaseItem, actor: Actor, book: Rulebook, now: datetime, parties: Sequence[ItemParty]) -> OpenItem:
    """One open item as `actor` meets it at `now`; `parties` are its live ones."""
    item = line.item
    workflow = item.workflow
    wording = workflow.wording_of(item.state)
    offers = [] if item.acts_on_its_page_alone else available_actions(item, actor, parties)
    mine = [offer.action for offer in offers if offer.is_allowed]
    theirs = [offer for offer in offers if not offer.is_mine and not offer.missing]
    return OpenItem(
        to_do=to_do_of(wording, is_hub=actor.is_hub),
        href=item_href(item.kind, item.reference),
        state=wording.label,
        with_whom="paused" if line.clock is not None and line.clock.paused_at else wording.with_whom,
        kind=workflow.title,
        reference=item.reference,
        priority=item.priority,
        face=face_of(item, line.clock, book, now),
        owner=f"Owner: {line.owner}" if line.owner else "No owner yet",
        mine=tuple((lower_first(action.label), action_href(item, action.name)) for action in mine),
        waits_for=ON_ITS_PAGE
        if item.acts_on_its_page_alone
        else " ".join([*([] if mine else _waits_for(theirs)), *_barred(offers)]),
        steps=tuple(_step(offer) for offer in offers if offer.missing),
    )


def _step(offer: Offer) -> Step:
    return Step(
        label=offer.action.label,
        missing=offer.missing[:MOST_MISSING],
        more=len(offer.missing) - len(offer.missing[:MOST_MISSING]),
        done=offer.done,
        whose="" if offer.is_mine else offer.who,
    )


def _waits_for(offers: Sequence[Offer]) -> list[str]:
    """Who else can do something now, one sentence for each kind of person."""
    by_whom: dict[str, list[str]] = {}
    for offer in offers:
        by_whom.setdefault(offer.who, []).append(lower_first(offer.action.label))
    return [f"{upper_first(who)} can {listed(what, 'or')}." for who, what in by_whom.items()]


def _barred(offers: Sequence[Offer]) -> list[str]:
    """Why this person may not, where their role alone would let them: they recommended it, it is over their limit."""
    said = [offer.why_not for offer in offers if not offer.is_mine and not offer.why_not.startswith("This is for ")]
    return [f"{why.rstrip('.')}." for why in dict.fromkeys(said)]
