"""What any list of items shows of each: the clock that matters now, and the way to the item's page."""

from __future__ import annotations

from datetime import datetime

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import aliased

from hub.engine.models import Clock, WorkItem
from hub.engine.rulebook import Rulebook
from hub.engine.stored_clocks import deadline_of
from hub.web.filters import ClockFace, clock_face, lower_first
from workflows.core import Wording

NO_CLOCK = ClockFace("No clock yet", "ok", None, None, "Starts when it is sent")

next_clock = aliased(
    Clock,
    select(Clock)
    .where(Clock.item_id == WorkItem.id, Clock.stopped_at.is_(None))
    .order_by(Clock.paused_at.is_not(None), Clock.due_at, Clock.id)
    .limit(1)
    .correlate(WorkItem)
    .lateral("next_clock"),
)
"""One clock of each item, for `outerjoin(next_clock, true())`: the earliest that runs, else one that is paused."""


def face_of(item: WorkItem, clock: Clock | None, book: Rulebook, now: datetime) -> ClockFace:
    """The face of an item's `next_clock`; a draft, or an item without one, says so."""
    if clock is None or item.is_draft:
        return NO_CLOCK
    return clock_face(deadline_of(clock, book.calendar(item.policy_version_id, now), now=now), now)


def to_do_of(wording: Wording, *, is_hub: bool) -> str:
    """What to do in this state, or the state's name at an end; to somebody outside it is said that the hub does it."""
    if not wording.to_do:
        return wording.label
    waits = wording.with_whom == "us" and not is_hub
    return f"Waiting for the hub to {lower_first(wording.to_do)}" if waits else wording.to_do


def plural_of(kind: str) -> str:
    """A kind's blueprint, and the first part of its addresses: "referrals", "approaches"."""
    return f"{kind}es" if kind.endswith("ch") else f"{kind}s"


def action_href(item: WorkItem, action: str) -> str:
    """The address of the action page of one action of an item."""
    return url_for(f"{plural_of(item.kind)}.act", reference=item.reference, action=action)


def item_href(kind: str, reference: str) -> str:
    """The address of an item's own page."""
    return url_for(f"{plural_of(kind)}.show", reference=reference)
