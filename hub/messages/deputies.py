"""Who hears for a colleague that is away: the deputy, of what he or she may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, literal, select, union_all
from sqlalchemy.orm import Session

from hub.accounts.absences import NOT_STOOD_IN, deputies_of
from hub.accounts.models import Membership
from hub.accounts.organisation_table import organisation
from hub.accounts.queries import membership_is_current
from hub.engine.models import WorkItem
from hub.engine.outbox import Outgoing
from hub.engine.visibility import may_be_seen
from hub.messages.beside_items import OF_THE_HUB
from hub.messages.who_is_told import actors_of
from workflows import ALL
from workflows.actor import Actor
from workflows.durations import local

Heard = Mapping[int, Mapping[int, int | None]]
"""By outbox row: who hears of it, and whom each stands in for (None: nobody)."""


def with_deputies(session: Session, batch: Sequence[Outgoing], told: Mapping[int, set[int]], now: datetime) -> Heard:
    """Who hears, with the deputies of those who are away; one statement, and three more while somebody is.

    Who hears already hears once, for themselves; nobody hears of what they did on a colleague's behalf.
    """
    heard: dict[int, dict[int, int | None]] = {row: dict.fromkeys(people) for row, people in told.items()}
    deputies = deputies_of(session, {user_id for people in told.values() for user_id in people}, now)
    if not deputies:
        return heard
    pairs = [
        (sent, away, deputies[away])
        for sent in batch
        for away in sorted(told.get(sent.id, set()) & deputies.keys())
        if deputies[away] not in told[sent.id]
    ]
    did = actors_of(session, [sent for sent, _, _ in pairs if sent.item_id is not None])
    seen = _seen(session, {(away, deputy) for _, away, deputy in pairs}, {sent.item_id for sent, _, _ in pairs}, now)
    for sent, away, deputy in pairs:
        if sent.item_id is None:
            # What only administrators look after is no matter of a deputy's.
            roles = set(OF_THE_HUB.get(sent.topic, ()))
            may_hear = not roles or bool(roles - NOT_STOOD_IN)
        else:
            position = sent.payload.get("position", 0)
            may_hear = (away, sent.item_id) in seen and did.get((sent.item_id, position)) != deputy
        if may_hear:
            heard[sent.id].setdefault(deputy, away)
    return heard


def _seen(
    session: Session, pairs: Iterable[tuple[int, int]], items: set[int | None], now: datetime
) -> set[tuple[int, int]]:
    """(who is away, item) of the items that the deputy may see, in a role of their own or of the one away."""
    deputy_of = dict(pairs)
    ids = sorted(item for item in items if item is not None)
    if not ids:
        return set()
    queries = [
        select(literal(away), WorkItem.id).where(and_(WorkItem.id.in_(ids), may_be_seen(actor, sorted(ALL))))
        for away, actor in _actors(session, deputy_of, now)
    ]
    return {(away, item) for away, item in session.execute(union_all(*queries))} if queries else set()


def _actors(session: Session, deputy_of: Mapping[int, int], now: datetime) -> Iterable[tuple[int, Actor]]:
    """As whom each deputy may look: in their own roles, and in those of the one away that somebody may stand in for."""
    rows = session.execute(
        select(Membership, organisation.c.arm.is_not_distinct_from("hub"))
        .join(organisation, organisation.c.id == Membership.organisation_id)
        .where(Membership.user_id.in_({*deputy_of, *deputy_of.values()}))
        .where(membership_is_current(local(now).date()), Membership.role.not_in(NOT_STOOD_IN))
        .order_by(Membership.id)
    ).all()
    for away, deputy in sorted(deputy_of.items()):
        for held, is_hub in rows:
            if held.user_id in {away, deputy}:
                yield (
                    away,
                    Actor(
                        user_id=deputy,
                        name="",
                        role=held.role,
                        membership_id=held.id,
                        organisation_id=held.organisation_id,
                        unit_id=held.unit_id,
                        is_hub=is_hub,
                        on_behalf_of=away if held.user_id == away else None,
                    ),
                )
