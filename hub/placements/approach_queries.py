"""Reading what the page of an approach shows besides the item: its pack, the unit's own words, its own beds."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.beds.models import BedState
from hub.engine.models import Transition
from hub.engine.reading import Line, Reading
from hub.papers.models import Paper, PaperKind
from hub.papers.queries import may_be_told
from hub.placements.approach_models import Approach
from workflows.actor import Actor


def pack_of(session: Session, approach: Approach, actor: Actor) -> Paper | None:
    """The frozen pack of an approach; None where sharing was restricted since and the actor is outside the hub."""
    kept = select(Paper).where(Paper.item_id == approach.id, Paper.kind == PaperKind.PACK, may_be_told(actor))
    return session.scalars(kept.order_by(Paper.id.desc()).limit(1)).one_or_none()


def beds_of_the_unit(session: Session, approach: Approach) -> BedState | None:
    """What the unit itself last confirmed of the type of bed that is asked for; None when it never did."""
    if approach.unit_id is None or not approach.bed_type:
        return None
    return session.get(BedState, (approach.unit_id, approach.bed_type))


def own_lines(session: Session, reading: Reading, actor: Actor) -> list[Line]:
    """The history rows that people of the actor's own organisation wrote, newest first."""
    ours = select(Membership.id).where(Membership.organisation_id == actor.organisation_id)
    rows = select(Transition.id).where(Transition.item_id == reading.item.id, Transition.acting_as.in_(ours))
    written = set(session.scalars(rows))
    return [line for line in reading.lines if line.row.id in written]
