"""Who may do what to one item: roles, capacities, and the words for a refusal."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from workflows.core import Action, Actor, May, Workflow
from workflows.everyday import CHANGE_PRIORITY
from workflows.roles import UNIT_ROLES, Capacity, Role


class PartyRow(Protocol):
    """A live party: an organisation (perhaps one unit of it) or a person, with what it is to the item."""

    organisation_id: Any
    unit_id: Any
    user_id: Any
    capacities: Any
    until_at: Any


def is_party(actor: Actor, party: PartyRow) -> bool:
    """Whether `party` names this actor: the person, or the organisation (and unit) they act for."""
    if party.user_id is not None:
        return bool(party.user_id == actor.user_id)
    if party.organisation_id is None or party.organisation_id != actor.organisation_id:
        return False
    if party.unit_id is None or party.unit_id == actor.unit_id:
        return True
    return actor.unit_id is None and actor.role in UNIT_ROLES


def capacities_of(item: Any, actor: Actor, parties: Iterable[PartyRow]) -> tuple[set[str], set[str]]:
    """The capacities the person holds themself, and those their organisation holds."""
    own: set[str] = {Capacity.ONLOOKER}
    shared: set[str] = set()
    if actor.user_id is not None:
        if item.owner_id == actor.behind_id:
            own.add(Capacity.OWNER)
        if actor.behind_id in {item.opened_by_id, item.opened_for_id}:
            own.add(Capacity.REQUESTER)
    for party in parties:
        if party.until_at is None and is_party(actor, party):
            (own if party.user_id is not None else shared).update(party.capacities)
    return own, shared


def by_of(workflow: Workflow, action: Action) -> tuple[May, ...]:
    """Who may do `action`; changing the priority is for whoever may accept."""
    if action is not CHANGE_PRIORITY:
        return action.by
    return tuple(may for accepting in workflow.named(workflow.accepting) for may in accepting.by)


def why_not(workflow: Workflow, action: Action, item: Any, actor: Actor, parties: Sequence[PartyRow]) -> str | None:
    """None when any one `May` holds; else why this person may not."""
    own, shared = capacities_of(item, actor, parties)
    reasons = []
    for may in by_of(workflow, action):
        if may.role is not None and may.role not in actor.roles:
            continue
        if may.capacity is not None and may.capacity not in own and (may.role is None or may.capacity not in shared):
            continue
        why = may.when(item, actor) if may.when else None
        if why is None:
            return None
        reasons.append(why)
    return reasons[0] if reasons else f"This is for {who_may(workflow, action)}"


def who_may(workflow: Workflow, action: Action) -> str:
    """In words, who may do it: "a case manager or the owner"."""
    allowed = by_of(workflow, action)
    names = list(dict.fromkeys(_with_article(may) for may in allowed if may.role is not Role.SYSTEM))
    if len(names) > 1:
        return " or ".join([", ".join(names[:-1]), names[-1]])
    return "".join(names) or ("the hub itself" if allowed else "nobody")


def _with_article(may: May) -> str:
    if may.role is None:
        return f"the {may.capacity.label}" if may.capacity not in {None, Capacity.ONLOOKER} else "anyone who sees it"
    article = "an" if may.role.label[0] in "aeio" else "a"  # "a unit manager"
    return f"{article} {may.role.label}"
