"""Who is involved in a case: the parties of its items, put together by person and organisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.casefile.queries import CaseReading, Sight
from hub.engine.models import ItemParty
from hub.engine.visibility import names
from hub.organisations.models import Organisation, Unit
from workflows.actor import Actor


@dataclass(frozen=True)
class Involved:
    """A party to one or several items of the case."""

    name: str
    capacities: tuple[str, ...]
    since: datetime
    until: datetime | None
    references: tuple[str, ...]


def read_parties(
    session: Session, reading: CaseReading, actor: Actor
) -> tuple[dict[int, list[ItemParty]], list[Involved]]:
    """The live parties of each item, and everybody involved in words; to a party only its own rows are named."""
    references = {line.item.id: line.item.reference for line in reading.items}
    rows = session.execute(
        select(
            ItemParty,
            func.coalesce(UserAccount.name, Organisation.name),
            Unit.name,
            names(actor).label("is_own"),
            Organisation.arm.is_not_distinct_from("hub"),
        )
        .outerjoin(Organisation, Organisation.id == ItemParty.organisation_id)
        .outerjoin(Unit, Unit.id == ItemParty.unit_id)
        .outerjoin(UserAccount, UserAccount.id == ItemParty.user_id)
        .where(ItemParty.item_id.in_(references))
        .order_by(ItemParty.id)
    ).all()
    live: dict[int, list[ItemParty]] = {identity: [] for identity in references}
    grouped: dict[tuple[Any, ...], list[tuple[ItemParty, str]]] = {}
    for party, name, ward, is_own, is_the_hub in rows:
        if party.until_at is None:
            live[party.item_id].append(party)
        if is_the_hub:
            continue  # the hub works on it by role, whoever of it wrote a referral down
        if is_own or reading.sight is not Sight.ITEMS:
            key = (party.organisation_id, party.unit_id, party.user_id, party.until_at is None)
            grouped.setdefault(key, []).append((party, f"{name}, {ward}" if ward else name))
    involved = [_involved([party for party, _ in group], group[0][1], references) for group in grouped.values()]
    return live, sorted(involved, key=lambda party: (party.until is not None, party.since, party.name))


def _involved(parties: Sequence[ItemParty], name: str, references: dict[int, str]) -> Involved:
    ended = [party.until_at for party in parties if party.until_at is not None]
    return Involved(
        name=name,
        capacities=tuple(dict.fromkeys(capacity for party in parties for capacity in party.capacities)),
        since=min(party.from_at for party in parties),
        until=max(ended) if len(ended) == len(parties) else None,
        references=tuple(dict.fromkeys(references[party.item_id] for party in parties)),
    )
