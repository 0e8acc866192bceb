"""Whether what was typed about speakers and actions can be meant."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.queries import holders_of
from hub.escalations.standing import today_of
from hub.organisations.models import Arm, Organisation
from workflows.actor import Actor
from workflows.escalation.states import IN_WORDS, next_stage, stage_before
from workflows.escalation.who import SPEAKING_ROLES


def why_not_this_speaker(session: Session, item: Any, values: Mapping[str, Any]) -> str:
    """What is wrong with a speaker as they were typed; "" when they can speak."""
    side = next((side for side in item.sides if side.organisation_id == values.get("side_id")), None)
    if side is None:
        return "Choose one of the sides"
    above = next_stage(item.state)
    at_stage = values.get("at_stage")
    if at_stage not in {item.state, above}:
        return "Choose the stage it is in, or the next one"
    given = [name for name in ("speaker_id", "speaker_name", "nobody_else") if values.get(name)]
    if len(given) != 1:
        return "Choose one person, or write one name, or say that there is nobody else"
    user_id = values.get("speaker_id")
    if user_id is None:
        return ""
    people = speakers_of(session, side.organisation_id, today_of(item))
    if user_id not in people:
        return f"Choose somebody who may speak for {side.name}"
    below = stage_before(str(at_stage))
    if below is not None and user_id in item.who_acted_at(str(below)):
        return (
            f"{people[user_id]} took part in {IN_WORDS[below]}: choose somebody else, or say that there is nobody else"
        )
    return ""


def why_not_speaking(item: Any, actor: Actor) -> str:
    """Why somebody does not speak for their side at the stage it is in; "" when they do.

    Who was named speaks, or their deputy while they are away, unless the deputy took part in the stage below: nobody
    comes up by standing in. Where nobody was named, anybody who may speak for the side does.
    """
    side = item.side_of(actor)
    if side is None:
        return "You belong to none of the sides"
    named = item.speaker_of(side, item.state)
    if named is None or named.user_id is None or named.user_id == actor.user_id:
        return ""
    if named.user_id not in actor.hands:
        return f"{named.name} speaks for {side.name} at {IN_WORDS[item.state]}"
    below = stage_before(item.state)
    if below is not None and actor.user_id in item.who_acted_at(below):
        return f"You took part in {IN_WORDS[below]}, so you do not stand in for {named.name} at {IN_WORDS[item.state]}"
    return ""


def speakers_of(session: Session, organisation_id: int, today: date) -> dict[int, str]:
    """Everybody active who may speak for an organisation on a London day, id to name, by name."""
    found = holders_of(session, SPEAKING_ROLES, today, organisations=[organisation_id])
    return {user_id: name for user_id, name, _ in found}


def why_not_this_action(item: Any, number: Any) -> str:
    """Why no action of this number can be meant; "" when one can."""
    going = {each.number for each in (*item.open_actions, *item.claimed_actions)}
    return "" if number in going else "Choose an action that is not settled yet"


def why_not_this_change(item: Any, values: Mapping[str, Any]) -> str:
    """What is wrong with a change of an action as it was typed; "" when it can be made."""
    number, owner = values.get("action_number"), values.get("owner_organisation_id")
    if owner is not None and owner not in item.possible_owners:
        return "An action belongs to somebody who takes part: a side, the hub, or who pays meanwhile"
    parts = [values.get(name) for name in ("what", "owner_organisation_id", "owner_name", "due_on")]
    if number == 0:
        if values.get("is_dropped"):
            return "Another action cannot be dropped at once"
        return "" if all(parts) else "Another action needs what, by which organisation, by whom and by when"
    if said := why_not_this_action(item, number):
        return said
    if values.get("is_dropped"):
        return "Drop it or change it, not both" if any(parts) else ""
    return "" if any(parts) else "Say what changes, or that it is dropped"


def possible_owners(session: Session, item: Any) -> frozenset[int]:
    """The organisations an action may belong to: the sides, the hub, and who pays meanwhile."""
    hub = session.scalars(select(Organisation.id).where(Organisation.arm == Arm.HUB))
    funder = {item.interim_funder_id} - {None}
    return frozenset({side.organisation_id for side in item.sides} | set(hub) | funder)
