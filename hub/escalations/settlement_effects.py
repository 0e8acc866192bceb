"""What a settlement, a determination and its actions write."""

from __future__ import annotations

from datetime import date
from typing import Any

from hub.engine.parties import let_person_in
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.turn import Turn, as_json
from hub.escalations.settlement_models import Acceptance, AgreedAction, Issue, Proposal, Seat
from hub.escalations.visiting import end_proposal, here, leave, own_side, written
from workflows.escalation.states import State
from workflows.roles import Capacity

_PARTS = ("what", "owner_organisation_id", "owner_name", "due_on")
"""What an action consists of."""


def propose(turn: Turn) -> None:
    """Another version: it takes the place of the one before, and what was accepted of that one counts no more."""
    end_proposal(turn)
    side = turn.item.side_of(turn.actor)
    turn.session.add(
        Proposal(
            item_id=turn.item.id,
            version=len(turn.item.proposals) + 1,
            words=turn.values["settlement"],
            actions=as_json(turn.values["actions"]),
            visit_id=here(turn).id,
            side_id=side.id if side is not None else None,
            by_id=turn.actor.user_id,
            for_id=turn.actor.on_behalf_of,
            at=turn.now,
        )
    )
    written(turn)


def accept_proposal(turn: Turn) -> None:
    """A side accepts the version on the table."""
    turn.session.add(
        Acceptance(
            item_id=turn.item.id,
            proposal_id=turn.item.on_the_table.proposal.id,
            visit_id=here(turn).id,
            side_id=own_side(turn).id,
            by_id=turn.actor.user_id,
            for_id=turn.actor.on_behalf_of,
            at=turn.now,
        )
    )
    written(turn)


def appoint_panel(turn: Turn) -> None:
    """Another panel takes its seats; those of the one before are over, and their sight of it."""
    for seat in turn.item.panel:
        seat.until_at = turn.now
    for row in turn.values["panel"]:
        turn.session.add(
            Seat(
                item_id=turn.item.id,
                user_id=row["user_id"],
                seat=row["seat"],
                declaration=row["declaration"],
                from_at=turn.now,
            )
        )
        capacity = Capacity.PANEL_CHAIR if row["seat"] == "chair" else Capacity.PANEL_MEMBER
        let_person_in(turn, row["user_id"], capacity, why=turn.action.label)
    written(turn)


def determine(turn: Turn) -> None:
    """The decision on each issue, with its reasons."""
    for number, row in enumerate(turn.values["issues"], start=len(turn.item.issues) + 1):
        turn.session.add(
            Issue(
                item_id=turn.item.id,
                number=number,
                issue=row["issue"],
                chosen_organisation_id=row.get("chosen_organisation_id"),
                reasons=row["reasons"],
                at=turn.now,
            )
        )
    leave(turn)


def start_implementing(turn: Turn) -> None:
    """The actions of the version that all accepted, or those that follow from what was determined."""
    proposal = turn.item.on_the_table
    is_agreed = turn.item.state == State.AGREED and proposal is not None
    rows = proposal.proposal.actions if is_agreed else as_json(turn.values["actions"])
    for old in (*turn.item.open_actions, *turn.item.claimed_actions):
        old.state = "dropped"  # of a settlement that was disputed since
    for row in rows:
        _add_action(turn, row)
    written(turn)


def _add_action(turn: Turn, row: Any) -> None:
    action = AgreedAction(
        item_id=turn.item.id,
        number=max((each.number for each in turn.item.agreed_actions), default=0) + 1,
        what=row["what"],
        owner_organisation_id=row["owner_organisation_id"],
        owner_name=row["owner_name"],
        due_on=date.fromisoformat(row["due_on"]),
        state="open",
    )
    turn.session.add(action)
    written(turn)


def claim_done(turn: Turn) -> None:
    """The owner says that it is done, and what shows it."""
    action = _action(turn, "open")
    if action.owner_organisation_id != turn.actor.organisation_id:
        raise ActionRefused([Problem("This action is not your organisation’s", "action_number")])
    action.state, action.evidence = "claimed", turn.values["evidence"]
    action.claimed_by_id, action.claimed_at = turn.actor.user_id, turn.now
    action.answered_by_id = action.answered_at = action.disputed_why = None
    written(turn)


def confirm_done(turn: Turn) -> None:
    """Another side agrees that it is done."""
    _answer(turn).state = "confirmed"
    written(turn)


def dispute_done(turn: Turn) -> None:
    """Another side says that it is not: its owner has it again."""
    action = _answer(turn)
    action.state, action.disputed_why = "open", turn.reason
    written(turn)


def _answer(turn: Turn) -> AgreedAction:
    action = _action(turn, "claimed")
    if action.owner_organisation_id == turn.actor.organisation_id:
        raise ActionRefused(
            [Problem("Your own organisation says that it is done: another side answers", "action_number")]
        )
    action.answered_by_id, action.answered_at = turn.actor.user_id, turn.now
    return action


def change_actions(turn: Turn) -> None:
    """One action is changed, dropped or added."""
    values = turn.values
    if values["action_number"] == 0:
        _add_action(turn, as_json({name: values[name] for name in _PARTS}))
        return
    action = _action(turn, "open", "claimed")
    if values.get("is_dropped"):
        action.state = "dropped"
    else:
        for name in _PARTS:
            if values.get(name) is not None:
                setattr(action, name, values[name])
        action.state = "open"  # what was claimed was another thing
    written(turn)


def close(turn: Turn) -> None:
    """What nobody answered in its time is recorded as that."""
    for action in turn.item.claimed_actions:
        action.state, action.answered_at = "silent", turn.now
    written(turn)


def _action(turn: Turn, *states: str) -> AgreedAction:
    number = turn.values["action_number"]
    for action in turn.item.agreed_actions:
        if action.number == number and action.state in states:
            found: AgreedAction = action
            return found
    words = "is not claimed as done" if states == ("claimed",) else "is not open"
    raise ActionRefused([Problem(f"Action {number} {words}: choose another", "action_number")])
