"""What the effects of an escalation share: whose side acts, the visit that goes on, entering and leaving a stage."""

from __future__ import annotations

from hub.engine.refusal import ActionRefused
from hub.engine.turn import Turn
from hub.escalations.side_models import Side, Visit


def own_side(turn: Turn) -> Side:
    """The side that the person acting belongs to; refused (ActionRefused) where it is none."""
    side: Side | None = turn.item.side_of(turn.actor)
    if side is None:
        raise ActionRefused(["You belong to none of the sides"])
    return side


def here(turn: Turn) -> Visit:
    """The visit of the stage that goes on now."""
    visit: Visit = turn.item.here.visit
    return visit


def enter(turn: Turn, stage: str, came: str, why: str | None = None) -> None:
    """Leave the stage that goes on, and begin a visit of this one: `came` says by what, `why` in whose words."""
    leave(turn)
    turn.session.add(Visit(item_id=turn.item.id, stage=str(stage), came=came, why=why, entered_at=turn.now))
    written(turn)


def leave(turn: Turn) -> None:
    """The visit that goes on ends now, and none begins."""
    for visit in turn.item.visits:
        if visit.left_at is None:
            visit.left_at = turn.now
    written(turn)


def end_proposal(turn: Turn) -> None:
    """The version that waited for acceptances waits no longer."""
    for proposal in turn.item.proposals:
        if proposal.ended_at is None:
            proposal.ended_at = turn.now
    written(turn)


def written(turn: Turn) -> None:
    """Send it, and let the item read its rows again when somebody asks."""
    turn.session.flush()
    if loaded := [name for name in turn.item.needs_loaded if name in turn.item.__dict__]:
        turn.session.expire(turn.item, loaded)  # of no names, it would forget what the turn has changed
