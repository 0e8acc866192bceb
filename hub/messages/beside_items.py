"""Who is told of what is about no item: a unit, a change of the calendar, the rota, the running of the hub."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.asking import APPROVERS, ASKED_TOPIC
from hub.accounts.on_call_pages import PAGES as ONCALL_PAGES
from hub.engine.models import WorkItem
from hub.engine.outbox import Outgoing
from hub.engine.recount_models import Recount, RecountMove
from hub.engine.recounts import RECOUNTED
from hub.messages.hearers import TAKE_IN, people_of, with_roles
from hub.messages.kinds import MAIL_GIVEN_UP
from hub.organisations.models import Site, Unit
from hub.organisations.topics import BEDS_STALE
from hub.policies.horizon import HOLIDAYS_SHORT
from workflows.roles import Role

OF_THE_HUB: Mapping[str, tuple[Role, ...]] = {
    ASKED_TOPIC: APPROVERS,
    MAIL_GIVEN_UP: (Role.ADMINISTRATOR,),
    HOLIDAYS_SHORT: (Role.ADMINISTRATOR,),
}
"""Topics about the hub itself, and which roles of the hub hear of them."""
OF_PEOPLE = frozenset({ONCALL_PAGES})
"""Topics whose payload names the people of the hub who hear of them: `user_ids`."""
OF_A_UNIT: Mapping[str, tuple[Role, ...]] = {BEDS_STALE: (Role.UNIT_MANAGER,)}
"""Topics about a unit and no item, and which of its people hear of them."""


def told_beside_items(session: Session, batch: Sequence[Outgoing], now: datetime) -> dict[int, set[int]]:
    """For each outbox row that is about no item the ids of the accounts to tell; a fixed number of statements."""
    found = _of_the_hub(session, [sent for sent in batch if sent.topic in OF_PEOPLE or sent.topic in OF_THE_HUB], now)
    found |= _of_recounts(session, [sent for sent in batch if sent.topic == RECOUNTED], now)
    return found | _of_units(session, [sent for sent in batch if sent.topic in OF_A_UNIT], now)


def _of_the_hub(session: Session, asked: Sequence[Outgoing], now: datetime) -> dict[int, set[int]]:
    """Those whom the row names, or who are in a role that looks after it; of the hub alone."""
    people = [person for person in people_of(session, set(), now) if person.is_hub] if asked else []
    inside = {person.user_id for person in people}
    return {
        sent.id: inside & set(sent.payload.get("user_ids", ()))
        if sent.topic in OF_PEOPLE
        else {person.user_id for person in with_roles(people, OF_THE_HUB[sent.topic])}
        for sent in asked
    }


def _of_recounts(session: Session, asked: Sequence[Outgoing], now: datetime) -> dict[int, set[int]]:
    """For a change of the calendar who owns what it moved, and of what nobody owns those who take it in."""
    if not asked:
        return {}
    about = {sent.id: int(sent.payload.get("recount_id", 0)) for sent in asked}
    owners = (
        select(RecountMove.recount_id, Recount.by_id, WorkItem.owner_id)
        .join(WorkItem, WorkItem.id == RecountMove.item_id)
        .join(Recount, Recount.id == RecountMove.recount_id)
        .where(RecountMove.recount_id.in_(set(about.values())))
        .distinct()
    )
    people = [person for person in people_of(session, set(), now) if person.is_hub]
    inside, take_in = ({each.user_id for each in found} for found in (people, with_roles(people, TAKE_IN)))
    told = defaultdict[int, set[int]](set)
    for recount_id, by_id, owner_id in session.execute(owners):
        told[recount_id] |= ({owner_id} if owner_id in inside else take_in) - {by_id}
    return {sent_id: told[recount_id] for sent_id, recount_id in about.items()}


def _of_units(session: Session, asked: Sequence[Outgoing], now: datetime) -> dict[int, set[int]]:
    """For what is about a unit, those of its own people who hear of it; two statements."""
    if not asked:
        return {}
    about = {sent.id: _unit_of(sent.payload) for sent in asked}
    query = select(Unit.id, Site.organisation_id).join(Site, Site.id == Unit.site_id)
    places = {row[0]: row[1] for row in session.execute(query.where(Unit.id.in_(set(about.values()))))}
    people = [person for person in people_of(session, set(places.values()), now) if not person.is_hub]
    return {
        sent.id: {
            each.user_id
            for each in people
            if each.role in OF_A_UNIT[sent.topic]
            and each.organisation_id == places.get(about[sent.id])
            and each.unit_id in {None, about[sent.id]}
        }
        for sent in asked
    }


def _unit_of(payload: Mapping[str, Any]) -> int:
    """The unit a row is about; 0, which no unit has, when it does not say."""
    unit_id = payload.get("unit_id")
    return unit_id if type(unit_id) is int and 0 < unit_id < 2**31 else 0
