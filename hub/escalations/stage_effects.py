"""What the actions on the ladder write: positions, who speaks, wishes, going up and back, who convenes."""

from __future__ import annotations

from hub.accounts.models import UserAccount
from hub.engine.clock_changes import make_urgent
from hub.engine.parties import let_person_in
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.turn import Turn
from hub.escalations.facts import put_down_facts
from hub.escalations.side_models import Position, Speaker, Wish
from hub.escalations.visiting import end_proposal, enter, here, own_side, written
from workflows.escalation.states import State, next_stage, stage_before
from workflows.roles import Capacity


def accept(turn: Turn) -> None:
    """The first stage begins, and who convenes is let in."""
    enter(turn, State.LOCAL_RESOLUTION, "accepted")
    let_convenor_in(turn)


def let_convenor_in(turn: Turn) -> None:
    """Who convenes now sees it, whatever their role shows them."""
    let_person_in(turn, turn.values["convenor_id"], Capacity.CONVENOR, why=turn.action.label)


def state_position(turn: Turn) -> None:
    """A side's position at this visit, or another wording of it; its facts are put down and agreed by it."""
    side, visit = own_side(turn), here(turn)
    found = turn.item.here.position_of(side)
    if found is None:
        found = Position(item_id=turn.item.id, visit_id=visit.id, side_id=side.id, at=turn.now)
        turn.session.add(found)
    else:
        found.changed_at = turn.now
    for name in ("words", "disputed", "wanted"):
        setattr(found, name, turn.values.get(name))
    found.by_id, found.for_id = turn.actor.user_id, turn.actor.on_behalf_of
    put_down_facts(turn.session, turn.item, side, turn.values.get("new_facts"), turn.actor.user_id, turn.now)
    written(turn)


def name_speaker(turn: Turn) -> None:
    """Who speaks for a side at a stage from now on; a side says it of itself alone."""
    own = turn.item.side_of(turn.actor)
    side = next(each for each in turn.item.sides if each.organisation_id == turn.values["side_id"])
    if own is not None and own is not side:
        raise ActionRefused([Problem("You speak for your own side: the other one names its own people", "side_id")])
    user_id = turn.values.get("speaker_id")
    name = turn.values.get("speaker_name") or ""
    if user_id is not None:
        name = turn.session.get_one(UserAccount, user_id).name
    turn.session.add(
        Speaker(
            item_id=turn.item.id,
            side_id=side.id,
            stage=turn.values["at_stage"],
            user_id=user_id,
            name=name,
            is_nobody_else=bool(turn.values.get("nobody_else")),
            by_id=turn.actor.user_id,
            at=turn.now,
        )
    )
    written(turn)


def ask_to_escalate(turn: Turn) -> None:
    """A side asks to go up."""
    turn.session.add(
        Wish(
            item_id=turn.item.id,
            visit_id=here(turn).id,
            side_id=own_side(turn).id,
            by_id=turn.actor.user_id,
            for_id=turn.actor.on_behalf_of,
            at=turn.now,
        )
    )
    written(turn)


def go_up(turn: Turn) -> None:
    """The stage is left: who said nothing is recorded so, and the next one is entered."""
    visit, above = here(turn), str(next_stage(turn.item.state))
    for side in turn.item.sides:
        if turn.item.here.position_of(side) is None:
            silent = Position(item_id=turn.item.id, visit_id=visit.id, side_id=side.id, is_no_reply=True, at=turn.now)
            turn.session.add(silent)
        if turn.item.speaker_of(side, above) is None:
            unsaid = Speaker(
                item_id=turn.item.id, side_id=side.id, stage=above, name="", is_nobody_else=True, is_unsaid=True
            )
            unsaid.at = turn.now
            turn.session.add(unsaid)
    enter(turn, above, "up", turn.values.get("why_up"))


def go_back(turn: Turn) -> None:
    """The stage below is entered once more, with a question."""
    enter(turn, str(stage_before(turn.item.state)), "back", turn.values["question"])


def reopen(turn: Turn) -> None:
    """Back to executive review: what was accepted counts no more for what comes."""
    end_proposal(turn)
    enter(turn, State.EXECUTIVE_REVIEW, "reopened", turn.reason)


def urgent(turn: Turn) -> None:
    """Every clock runs by the hour from now on."""
    turn.change("urgency", "urgent")
    turn.change("priority", "urgent")
    make_urgent(turn)
