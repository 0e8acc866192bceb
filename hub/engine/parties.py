"""Letting an organisation in to an item and letting it go, in the turn of the action that says so."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.engine.models import ItemParty, WorkItem
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.start import PartyTo
from hub.engine.statements import adapt, insert, raw_connection
from hub.engine.turn import Row, Turn
from hub.engine.writing import forget_rows
from workflows.roles import Capacity

CAPACITIES = "UPDATE item_party SET capacities = %(capacities)s WHERE id = %(id)s"
END = "UPDATE item_party SET until_at = %(now)s WHERE id = %(id)s"


def let_in(turn: Turn, field: str, capacity: Capacity, *, why: str) -> None:
    """The organisation that the answer `field` names becomes a party, or gains the capacity when it is one."""
    organisation = turn.values.get(field)
    if organisation is None:
        return
    check_it_exists(turn, "organisation", field, "Choose an organisation from the list")
    _let_in(turn, capacity, why, organisation_id=organisation)


def let_person_in(turn: Turn, user_id: int, capacity: Capacity, *, why: str) -> None:
    """A person who is known becomes a party, or gains the capacity when they are one."""
    _let_in(turn, capacity, why, user_id=user_id)


def _let_in(
    turn: Turn, capacity: Capacity, why: str, *, organisation_id: int | None = None, user_id: int | None = None
) -> None:
    who = (organisation_id, None, user_id)
    held = next((row for row in turn.parties if (row.organisation_id, row.unit_id, row.user_id) == who), None)
    if held is not None:
        if capacity not in held.capacities:
            held.capacities = [*held.capacities, str(capacity)]
            turn.writes.append((CAPACITIES, {"id": held.id, "capacities": adapt(held.capacities, as_json=True)}))
        return
    values = {
        "item_id": turn.item.id,
        "organisation_id": organisation_id,
        "user_id": user_id,
        "capacities": adapt([str(capacity)], as_json=True),
        "from_at": turn.now,
        "why": why,
        "kind": turn.item.kind,
        "is_open": turn.item.is_open,
        "next_due_at": turn.item.next_due_at,
    }
    turn.writes.append((insert("item_party", tuple(values)), values))
    turn.parties.append(
        Row(
            id=None,
            unit_id=None,
            user_id=user_id,
            until_at=None,
            organisation_id=organisation_id,
            capacities=[str(capacity)],
        )
    )


def let_go(turn: Turn, capacity: Capacity) -> None:
    """Whoever holds `capacity` gives it up, and the sight of the item with it when that was all they were."""
    for row in [row for row in turn.parties if capacity in row.capacities]:
        row.capacities = [held for held in row.capacities if held != capacity]
        if row.capacities:
            turn.writes.append((CAPACITIES, {"id": row.id, "capacities": adapt(row.capacities, as_json=True)}))
        else:
            end_party(turn, row)


def end_party(turn: Turn, row: Row) -> None:
    """The party's access ends now."""
    turn.writes.append((END, {"now": turn.now, "id": row.id}))
    turn.parties.remove(row)


def add_party(session: Session, item: Any, party: PartyTo, *, now: datetime) -> None:
    """Somebody becomes a party because of what happened; by a reaction, in the transaction of the action."""
    values = {
        "item_id": item.id,
        "organisation_id": party.organisation_id,
        "unit_id": party.unit_id,
        "user_id": party.user_id,
        "capacities": adapt(list(party.capacities), as_json=True),
        "from_at": now,
        "why": party.why,
        "kind": item.kind,
        "is_open": item.is_open,
        "next_due_at": item.next_due_at,
    }
    raw_connection(session).execute(insert("item_party", tuple(values)), values)
    forget_rows(session, item)


def check_it_exists(turn: Turn, table: str, field: str, words: str) -> None:
    """A number that names nobody is an answer to correct, not a fault of the hub."""
    rows, number = WorkItem.metadata.tables[table], turn.values[field]
    if not isinstance(number, int) or not turn.session.scalar(select(rows.c.id).where(rows.c.id == number)):
        raise ActionRefused([Problem(words, field)])


def carried_on(session: Session, item: Any, capacity: Capacity) -> list[PartyTo]:
    """Whoever holds `capacity` on `item` now, as a party for what is opened from it: with that capacity alone."""
    rows = session.scalars(
        select(ItemParty).where(ItemParty.item_id == item.id, ItemParty.until_at.is_(None)).order_by(ItemParty.id)
    )
    return [
        PartyTo((capacity,), row.organisation_id, row.unit_id, row.user_id, row.why)
        for row in rows
        if capacity in row.capacities
    ]
