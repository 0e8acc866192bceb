"""Whether anybody can take a dispute further: which role nobody holds, and who is to be replaced."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.accounts.queries import holders_at
from hub.escalations.standing import DECIDE, convening_roles, kept_out, today_of, who_holds, who_may_be_asked
from hub.organisations.models import Arm
from hub.web.filters import listed
from workflows.authority import with_article
from workflows.conflicts import KeptOut
from workflows.escalation.states import IN_WORDS, STAGES, State
from workflows.escalation.who import OUTSIDE_ROLES, SPEAKING_ROLES
from workflows.roles import Role

ROLES_OF_OWNERS = (*OUTSIDE_ROLES, Role.HEAD_OF_COMMISSIONING, Role.COORDINATOR, Role.CASE_MANAGER)
"""Who says, by role, that an action of their organisation is done."""
OF_A_PROVIDER = (Role.UNIT_MANAGER, Role.PROVIDER_QUALITY_LEAD)
OF_THE_HUB = (Role.HEAD_OF_COMMISSIONING,)
OF_ANOTHER = (Role.FUNDER, Role.REFERRER)
PROVIDERS = frozenset({"nhs_provider", "independent_provider"})


def nobody_eligible(session: Session, item: Any) -> list[str]:
    """A sentence for each part in the next step that nobody can take, naming the role that nobody holds.

    In `raised`: accepting it. In a stage: convening it, and speaking for each side; in the last also sitting on its
    panel. Afterwards: convening it, and of what is to be done, saying so and confirming it. Empty when somebody can do
    each, and for what has ended. Judged on `item.as_of`, else today: who is away counts as being there. A fixed number
    of statements, whatever the number of people. Shown on the dispute's page and by `hub doctor`.
    """
    if not item.is_open:
        return []
    if item.state == State.RAISED:
        return _nobody_convenes(session, item)
    said = _no_convenor(session, item)
    if item.state in STAGES:
        said += _silent_sides(session, item, item.sides)
    if item.state == STAGES[-1]:
        said += _no_panel(session, item)
    if item.state == State.IMPLEMENTING:
        said += _no_owner(session, item)
    return said


def to_be_replaced(session: Session, item: Any) -> list[str]:
    """A sentence for each person who convenes, sits on the panel or was named to speak and may not any more.

    It says who chooses somebody else; where nobody can, `nobody_eligible` says that.
    """
    if not item.is_open or item.state == State.RAISED:
        return []
    said: list[str] = []
    is_deciding = item.state in STAGES
    panel = item.panel if is_deciding else []
    found = kept_out(session, item, {item.convenor_id, *(seat.user_id for seat in panel)} - {None})
    if why := _why_unfit(
        found, item.convenor_id, who_holds(session, item, convening_roles(item)), "convenes such a dispute"
    ):
        who = "an outside member" if item.hub_is_a_side else "the head of commissioning"
        named = session.get_one(UserAccount, item.convenor_id).name
        said.append(f"{named}, who convenes, {why}: {who} chooses somebody else")
    deciding = who_holds(session, item, DECIDE) if panel else {}
    for seat in panel:
        if why := _why_unfit(found, seat.user_id, deciding, "sits on such a panel"):
            said.append(f"{seat.name}, who sits on the panel, {why}: whoever convenes appoints it again")
    speaking = holders_at(session, SPEAKING_ROLES, today_of(item)) if is_deciding else {}
    for side in item.sides if is_deciding else ():
        named = item.speaker_of(side, item.state)
        if named is not None and named.user_id is not None and named.user_id not in speaking[side.organisation_id]:
            said.append(
                f"{named.name}, who was named for {side.name} at {IN_WORDS[item.state]}, does not speak for it any "
                "more: the side or whoever convenes names somebody else"
            )
    return said


def roles_that_speak(side: Any) -> tuple[Role, ...]:
    """The roles by which people of such an organisation speak for it, to be named where it has nobody."""
    place = side.organisation
    if place.arm == Arm.HUB:
        return OF_THE_HUB
    return OF_A_PROVIDER if place.arm == Arm.PROVIDER or place.kind in PROVIDERS else OF_ANOTHER


def _nobody_convenes(session: Session, item: Any) -> list[str]:
    """Why nobody can become convenor; empty when somebody can."""
    roles = convening_roles(item)
    people = who_may_be_asked(session, item, roles)
    if not people:
        outside = ": the hub is one of the sides, so somebody from outside convenes" if item.hub_is_a_side else ""
        # Not that its case is sealed: every side reads this.
        whoever = "Nobody who may open it" if who_holds(session, item, roles) else "Nobody"
        return [f"{whoever} holds the role of {listed((role.label for role in roles), 'or')}{outside}"]
    found = kept_out(session, item, people)
    fit = [user_id for user_id in people if not found[user_id]]
    if not fit:
        return [f"Everybody who is {_article(roles)} is kept out, so nobody can convene: {_each(people, found)}"]
    if item.hub_is_a_side and not _see_it(session, item, fit):
        names = ", ".join(people[user_id] for user_id in fit)
        return [f"No outside member sees it, so nobody can convene: let the organisation of {names} see it"]
    return []


def _no_convenor(session: Session, item: Any) -> list[str]:
    """Where who convenes may not any more: whether somebody can choose another, and there is another."""
    people = who_holds(session, item, convening_roles(item))
    if item.convenor_id in people and not kept_out(session, item, [item.convenor_id])[item.convenor_id]:
        return []
    if said := _nobody_convenes(session, item):
        return said
    if item.hub_is_a_side:
        return []  # any of the outside members who see it chooses
    heads = who_holds(session, item, OF_THE_HUB)
    if not heads:
        return ["Nobody holds the role of head of commissioning, who would choose who convenes"]
    found = kept_out(session, item, heads)
    if all(found.values()):
        return [f"Nobody can choose who convenes: {_each(heads, found)}"]
    return []


def _silent_sides(session: Session, item: Any, sides: Iterable[Any]) -> list[str]:
    found = holders_at(session, SPEAKING_ROLES, today_of(item))
    return [
        f"{side.name} has nobody who may speak for it: {_article(roles_that_speak(side))}"
        for side in sides
        if not found[side.organisation_id]
    ]


def _no_panel(session: Session, item: Any) -> list[str]:
    people = who_may_be_asked(session, item, DECIDE)
    found = kept_out(session, item, people)
    fit = [user_id for user_id in people if not found[user_id] and user_id != item.convenor_id]
    least = item.policy.number("escalation.panel_least")
    if len(fit) >= least:
        return []
    if not people:
        return [f"Nobody holds a role that sits on a panel: {_article(DECIDE)}"]
    if not fit:
        return [f"Nobody can sit on a panel, which takes {least}: {_each(people, found)}"]
    names = ", ".join(people[user_id] for user_id in fit)
    return [f"A panel takes {least} people and only {names} can sit on it: more are needed, {_article(DECIDE)}"]


def _no_owner(session: Session, item: Any) -> list[str]:
    """Of what is to be done: an organisation that has nobody to say so, or nobody else to confirm it."""
    said = []
    done = holders_at(session, ROLES_OF_OWNERS, today_of(item))
    owners = {each.owner_organisation_id: each.owner.name for each in item.open_actions}
    for organisation_id, name in sorted(owners.items(), key=lambda each: each[1]):
        if not done[organisation_id]:
            said.append(f"{name} has nobody who could say that its action is done")
    speaking = holders_at(session, SPEAKING_ROLES, today_of(item))
    for action in item.claimed_actions:
        others = [side for side in item.sides if side.organisation_id != action.owner_organisation_id]
        if not any(speaking[side.organisation_id] for side in others):
            names = listed((side.name for side in others), "or")
            said.append(f"Nobody may confirm action {action.number} for {names}")
    return said


def _see_it(session: Session, item: Any, user_ids: Iterable[int]) -> bool:
    parties = {party.organisation_id for party in item.parties if party.until_at is None}
    at = holders_at(session, (Role.OUTSIDE_MEMBER,), today_of(item))
    return any(at[place] & set(user_ids) for place in parties if place is not None)


def _why_unfit(found: Mapping[int, tuple[KeptOut, ...]], user_id: int, holders: Mapping[int, str], does: str) -> str:
    said = [why.brief for why in found.get(user_id, ())]
    return "; ".join(said) or ("" if user_id in holders else f"holds no role any more that {does}")


def _each(people: Mapping[int, str], found: Mapping[int, tuple[KeptOut, ...]]) -> str:
    return "; ".join(
        f"{name} {' and '.join(why.brief for why in found[user_id])}"
        for user_id, name in people.items()
        if found[user_id]
    )


def _article(roles: Sequence[Role]) -> str:
    """ "a unit manager or provider quality lead"."""
    return listed([with_article(roles[0]), *(role.label for role in roles[1:])], "or")
