"""Who raises, speaks, convenes and decides in an escalation, and what keeps them from it."""

from typing import Any

from workflows.core import Actor, Condition, May
from workflows.roles import Capacity, Role

SPEAKING_ROLES = (
    Role.UNIT_MANAGER,
    Role.PROVIDER_QUALITY_LEAD,
    Role.FUNDER,
    Role.REFERRER,
    Role.HEAD_OF_COMMISSIONING,
)
"""Who speaks for an organisation. A referring organisation has no other role, and a side without a voice is no side."""
OUTSIDE_ROLES = (
    Role.UNIT_MANAGER,
    Role.UNIT_CLINICIAN,
    Role.ACCESS_ASSESSOR,
    Role.PROVIDER_QUALITY_LEAD,
    Role.REFERRER,
    Role.FUNDER,
)
HUB_RAISERS = (Role.COORDINATOR, Role.CASE_MANAGER, Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR)
URGENT = "urgent"


def may_convene(item: Any, actor: Actor) -> str | None:
    """The hub is no side, and nothing keeps them out"""
    if item.hub_is_a_side:
        return "The hub is one of the sides, so somebody from outside convenes: an outside member"
    return item.why_kept_out(actor) or None


def may_convene_from_outside(item: Any, actor: Actor) -> str | None:
    """Where the hub is one of the sides, and nothing keeps them out"""
    if not item.hub_is_a_side:
        return "An outside member convenes only where the hub is one of the sides"
    return item.why_kept_out(actor) or None


def takes_no_side(item: Any, actor: Actor) -> str | None:
    """Nothing keeps them out"""
    return item.why_kept_out(actor) or None


def speaks_now(item: Any, actor: Actor) -> str | None:
    """Speaks for their side at this stage"""
    return item.why_not_speaking(actor) or None


def of_the_side_that_raised(item: Any, actor: Actor) -> str | None:
    """Of the side that raised it"""
    side = item.side_of(actor)
    return None if side is not None and side.is_raiser else "Whoever raised it may withdraw it"


def of_no_other_side(item: Any, actor: Actor) -> str | None:
    """Of the side that raised it, or of none"""
    side = item.side_of(actor)
    return None if side is None or side.is_raiser else "Whoever raised it may withdraw it"


def was_asked_to_pay(item: Any, actor: Actor) -> str | None:
    """Of the organisation that was asked to pay meanwhile"""
    asked = item.interim_funder_id
    if asked is not None and asked == actor.organisation_id:
        return None
    return "Only the funder who was asked can agree"


def owns_an_open_action(item: Any, actor: Actor) -> str | None:
    """Of the organisation that has the action"""
    if any(each.owner_organisation_id == actor.organisation_id for each in item.open_actions):
        return None
    return "Whoever has an action says that it is done; yours are done, or you have none"


def is_another_side(item: Any, actor: Actor) -> str | None:
    """Of another side than the one that claims"""
    if not item.claimed_actions:
        return None  # said by the need, which knows it better
    if any(each.owner_organisation_id != actor.organisation_id for each in item.claimed_actions):
        return None
    return "Your own organisation says that it is done: another side confirms it"


def each_of(roles: tuple[Role, ...], capacity: Capacity, when: Condition | None = None) -> tuple[May, ...]:
    """The same permission for each of several roles."""
    return tuple(May(role, capacity, when) for role in roles)


SIDES = each_of(SPEAKING_ROLES, Capacity.SIDE, speaks_now)
"""Who speaks for a side at the stage it is in."""
ANY_SPEAKER = each_of(SPEAKING_ROLES, Capacity.SIDE)
"""Who may speak for a side at all: they also say who does at a stage."""
CONVENOR = May(capacity=Capacity.CONVENOR, when=takes_no_side)
CONVENORS_TO_BE = (
    May(Role.COORDINATOR, when=may_convene),
    May(Role.CASE_MANAGER, when=may_convene),
    May(Role.OUTSIDE_MEMBER, Capacity.INTERESTED, may_convene_from_outside),
)
WHO_ENDS_SIGHT = (CONVENOR, *CONVENORS_TO_BE[:2])
"""Who ends that somebody looks on: while the hub is one of the sides, nobody of it."""
WHO_LETS_IN = (CONVENOR, May(Role.COORDINATOR), May(Role.CASE_MANAGER))
"""Who lets others look on; the hub always, so that somebody outside who may convene can be let in later."""
WHO_CHANGES_CONVENOR = (
    May(Role.HEAD_OF_COMMISSIONING, when=may_convene),
    May(capacity=Capacity.CONVENOR),  # also who must not convene any more, to hand it over
    May(Role.OUTSIDE_MEMBER, Capacity.INTERESTED, may_convene_from_outside),
)
PANEL_CHAIR = May(capacity=Capacity.PANEL_CHAIR)
WHO_WITHDRAWS = (
    *each_of(SPEAKING_ROLES, Capacity.SIDE, of_the_side_that_raised),
    May(capacity=Capacity.REQUESTER, when=of_no_other_side),
)
"""Who speaks for the side that raised it, and the person who did, whatever their role."""
RAISERS = tuple(May(role) for role in (*OUTSIDE_ROLES, *HUB_RAISERS))
