"""Who may convene and decide a dispute: the rule of exclusion asked about people of the hub and outside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.accounts.queries import holders_of
from hub.cases.models import CaseSeal
from hub.conflicts.queries import place_of, standings
from hub.engine.models import Transition
from hub.engine.visibility import View, view_of
from workflows.actor import Actor
from workflows.conflicts import KeptOut, why_kept_out
from workflows.durations import local
from workflows.roles import HUB_ROLES, Role

T = TypeVar("T")

CONVENE = (Role.COORDINATOR, Role.CASE_MANAGER)
DECIDE = (
    Role.OUTSIDE_MEMBER,
    Role.DIRECTOR,
    Role.HEAD_OF_COMMISSIONING,
    Role.CLINICAL_REVIEWER,
    Role.QUALITY_GROUP_CHAIR,
    Role.FUNDER,
)
"""Roles that may sit on a panel."""
SPOKE: Final = ("state_position", "agree_facts", "propose", "accept_proposal", "ask_to_escalate")
"""What somebody does who takes part in a stage for their side; to name its people, or to send a paper, is not that."""


def convening_roles(item: Any) -> tuple[Role, ...]:
    """Who may convene it, by role: somebody outside where the hub is one of the sides."""
    return (Role.OUTSIDE_MEMBER,) if item.hub_is_a_side else CONVENE


def sees_it_by_role(item: Any, actor: Actor) -> bool:
    """Whether somebody of the hub sees it by their role or on call, as they see its case, and not for a seat alone."""
    on_call = actor.is_on_call and item.priority == "emergency"
    return actor.is_hub and (on_call or view_of(item.kind, actor) is View.ALL)


def today_of(item: Any) -> date:
    """The London day an item is judged on."""
    return local(item.as_of or datetime.now(UTC)).date()


def kept_out(session: Session, item: Any, user_ids: Iterable[int]) -> dict[int, tuple[KeptOut, ...]]:
    """For each of these people, why they may neither convene nor decide; empty for who may. Three statements."""
    wanted = frozenset(user_ids)

    def ask() -> dict[int, tuple[KeptOut, ...]]:
        acted = once(item, ("acted",), lambda: acted_for(session, [item]))
        return kept_out_of_each(session, [item], wanted, today_of(item), acted)[item.id]

    return once(item, ("kept_out", wanted), ask)


def kept_out_of_each(
    session: Session,
    items: Iterable[Any],
    user_ids: Iterable[int],
    today: date,
    acted: Mapping[int, Mapping[int, str]] | None = None,
) -> dict[int, dict[int, tuple[KeptOut, ...]]]:
    """The same of several disputes on a London day, by the item's id; three statements for them all.

    `acted` is what `acted_for` gives for them, where it is known.
    """
    items = list(items)
    if acted is None:
        acted = acted_for(session, items) if items else {}
    people = standings(session, user_ids, today) if items else {}
    return {
        item.id: {
            user_id: why_kept_out(
                person,
                [place_of(side.organisation) for side in item.sides],
                acted_for=acted[item.id],
                today=today,
                lasts_months=int(item.policy.number("escalation.interest_lasts")),
            )
            for user_id, person in people.items()
        }
        for item in items
    }


def acted_for(session: Session, items: Iterable[Any]) -> dict[int, dict[int, str]]:
    """Everybody who did anything for a side, to that side's name, by the item's id; one statement for all items.

    History knows them all: whoever wrote what somebody else of the side has worded anew since, deputies, and whom they
    stood in for. Who was named to speak counts as well.
    """
    items = list(items)
    found: dict[int, dict[int, str]] = {}
    rows: dict[int, list[tuple[int, int]]] = defaultdict(list)
    query = (
        select(Transition.item_id, Transition.actor_id, Transition.on_behalf_of, Membership.organisation_id)
        .join(Membership, Membership.id == Transition.acting_as)
        .where(Transition.item_id.in_([item.id for item in items]))
        .distinct()
    )
    for item_id, user_id, behalf_id, organisation_id in session.execute(query):
        rows[item_id] += [(hand, organisation_id) for hand in (user_id, behalf_id) if hand is not None]
    for item in items:
        names = {side.organisation_id: side.name for side in item.sides}
        sides = {side.id: side.name for side in item.sides}
        named = {each.user_id: sides[each.side_id] for each in item.speakers if each.user_id is not None}
        found[item.id] = named | {user: names[place] for user, place in rows[item.id] if place in names}
    return found


def who_spoke_at(session: Session, item: Any, stage: str) -> frozenset[int]:
    """The people who took part in a stage for a side, deputies and whom they stood in for; one statement."""

    def ask() -> frozenset[int]:
        query = (
            select(Transition.actor_id, Transition.on_behalf_of)
            .join(Membership, Membership.id == Transition.acting_as)
            .where(Transition.item_id == item.id, Transition.from_state == stage, Transition.action.in_(SPOKE))
            .where(Membership.organisation_id.in_([side.organisation_id for side in item.sides]))
            .distinct()
        )
        return frozenset(hand for row in session.execute(query) for hand in row if hand is not None)

    return once(item, ("spoke", stage), ask)


def once(item: Any, about: tuple[object, ...], ask: Callable[[], T]) -> T:
    """The answer, asked once while offers are worked out: nothing changes meanwhile, and many actions ask the same."""
    if item.register_answers is None:
        return ask()
    if about not in item.register_answers:
        item.register_answers[about] = ask()
    found: T = item.register_answers[about]
    return found


def why_actor_is_kept_out(session: Session, item: Any, actor: Actor) -> str:
    """A sentence to this person, also about whom they stand in for; "" when nothing keeps them out."""
    if not actor.hands:
        return ""
    found = kept_out(session, item, actor.hands)
    said = [f"{_who(actor, user_id)} {_to(actor, user_id, why)}" for user_id in found for why in found[user_id]]
    return f"{'; '.join(said)}: somebody else convenes and decides" if said else ""


def _who(actor: Actor, user_id: int) -> str:
    return "You" if user_id == actor.user_id else "The person you stand in for"


def _to(actor: Actor, user_id: int, why: KeptOut) -> str:
    """ "belongs to …" said to the person: "belong to …"; of somebody else, without what their interest is."""
    if user_id != actor.user_id:
        return why.brief
    return why.words.replace("belongs to", "belong to", 1).replace("has declared", "have declared", 1)


def why_not_on_panel(session: Session, item: Any, user_id: int) -> list[str]:
    """Why somebody on the panel may not decide, in words that follow the name; empty for who may."""
    panel = {seat.user_id for seat in item.panel} | {user_id}
    said = _brief(kept_out(session, item, panel), user_id)
    if item.convenor_id == user_id:
        said.append("convenes it")
    if user_id not in who_holds(session, item, DECIDE):
        said.append("holds no role any more that may sit on a panel")
    return said


def why_not_convenor(session: Session, item: Any, user_id: Any) -> str:
    """Why somebody cannot convene: their role, or what keeps them out; "" when they can."""
    who = who_may_be_asked(session, item, convening_roles(item))
    if user_id not in who:
        if item.hub_is_a_side:
            return "The hub is one of the sides: choose an outside member"
        return "Choose a coordinator or a case manager of the hub"
    if user_id in {seat.user_id for seat in item.panel}:
        return f"{who[user_id]} cannot convene: they sit on its panel"
    said = _brief(kept_out(session, item, [user_id]), user_id)
    return f"{who[user_id]} cannot convene: {'; '.join(said)}" if said else ""


def why_not_this_panel(session: Session, item: Any, rows: Iterable[Mapping[str, Any]]) -> str:
    """What is wrong with a panel as it was typed: seats, numbers, people; "" when it is sound."""
    rows = list(rows)
    users = [row.get("user_id") for row in rows]
    if [row.get("seat") for row in rows].count("chair") != 1:
        return "Give the panel one chair"
    least = item.policy.number("escalation.panel_least")
    if len(rows) < least:
        return f"A panel has at least {least} people, its chair among them"
    if len(set(users)) < len(users):
        return "Somebody is on the panel twice"
    who = who_may_be_asked(session, item, DECIDE)
    if any(user not in who for user in users):
        return "Choose people from the list"
    found = kept_out(session, item, [user for user in users if user is not None])
    said = [f"{who[user]} {why}" for user in users if user is not None for why in _brief(found, user)]
    said += [f"{who[user]} convenes it" for user in users if user is not None and user == item.convenor_id]
    return f"Choose others: {'; '.join(said)}" if said else ""


def _brief(found: Mapping[int, tuple[KeptOut, ...]], user_id: int) -> list[str]:
    return [why.brief for why in found.get(user_id, ())]


def people_in(session: Session, roles: Iterable[Role], today: date) -> dict[int, str]:
    """Everybody active who has one of these roles on a day, id to name, by name."""
    return {user_id: name for user_id, name, _ in holders_of(session, tuple(roles), today)}


def who_holds(session: Session, item: Any, roles: Iterable[Role]) -> dict[int, str]:
    """`people_in` these roles on the day the item is judged on."""
    wanted = tuple(roles)
    return once(item, ("holds", wanted), lambda: people_in(session, wanted, today_of(item)))


def who_may_be_asked(session: Session, item: Any, roles: Iterable[Role]) -> dict[int, str]:
    """Everybody in one of these roles who may be let in to it, id to name.

    To convene it or sit on its panel opens it: of a sealed case, nobody of the hub is let in whom its list does not
    name, unless they are in it already.
    """
    everybody = who_holds(session, item, roles := tuple(roles))
    case = item.case
    if case is None or not case.is_sealed:
        return everybody
    named = set(session.scalars(select(CaseSeal.user_id).where(CaseSeal.case_id == case.id)))
    named |= {party.user_id for party in item.parties if party.until_at is None}
    named |= set(people_in(session, set(roles) - HUB_ROLES, today_of(item)))
    return {user_id: name for user_id, name in everybody.items() if user_id in named}
