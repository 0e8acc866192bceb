"""Putting an item into its case, and moving items to another one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from psycopg.rows import namedtuple_row
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from hub.engine.chain import link
from hub.engine.models import WorkItem
from hub.engine.statements import adapt, insert, raw_connection, update
from hub.engine.writing import HISTORY
from workflows.core import Actor
from workflows.everyday import MOVED

_LOCK = (
    "SELECT id, state, version, history_length, head_hash FROM work_item WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE"
)
_CHANGED = ("case_id", "version", "history_length", "head_hash")


def attach_case(session: Session, item: Any, case_id: int) -> None:
    """Say which case the item belongs to; done by a reaction, in the transaction of the action that made it so."""
    if item.case_id == case_id:
        return
    values = {"id": item.id, "case_id": case_id}
    raw_connection(session).execute(update("work_item", ("case_id",)), values, prepare=True)
    set_committed_value(item, "case_id", case_id)
    session.expire(item, ["case"])


def move_items(
    session: Session,
    ids: Sequence[int],
    *,
    case_id: int,
    places: tuple[str, str],
    actor: Actor,
    now: datetime,
    reason: str,
) -> None:
    """Move items to another case, each with a row in its history; `places` are the two cases' references, old and new.

    Rows before stay as they are. The hub alone reads the row: to a party nothing has changed but the case's number.
    The caller holds both cases locked.
    """
    if not ids:
        return
    raw = raw_connection(session)
    locked = raw.cursor(row_factory=namedtuple_row).execute(_LOCK, {"ids": list(ids)}, prepare=True)
    found: list[Any] = locked.fetchall()
    rows = [_row(item, places, actor, now, reason) for item in found]
    heads = [
        {
            "id": item.id,
            "case_id": case_id,
            "version": item.version + 1,
            "history_length": row["position"],
            "head_hash": row["hash"],
        }
        for item, row in zip(found, rows, strict=True)
    ]
    with raw.pipeline(), raw.cursor() as cursor:
        cursor.executemany(
            insert("transition", HISTORY), [{name: adapt(row[name]) for name in HISTORY} for row in rows]
        )
        cursor.executemany(update("work_item", _CHANGED), heads)
    moved = set(ids)
    for held in session.identity_map.values():
        if isinstance(held, WorkItem) and held.id in moved:
            session.expire(held)


def _row(item: Any, places: tuple[str, str], actor: Actor, now: datetime, reason: str) -> dict[str, Any]:
    row = {
        "item_id": item.id,
        "position": item.history_length + 1,
        "action": MOVED,
        "from_state": item.state,
        "to_state": item.state,
        "actor_id": actor.user_id,
        "acting_as": actor.membership_id,
        "acting_role": ", ".join(sorted(actor.roles)),
        "on_behalf_of": actor.on_behalf_of,
        "reason": reason,
        "values": {"case": {"old": places[0], "new": places[1]}},
        "audience": "hub",
        "at": now,
        "prev_hash": item.head_hash,
    }
    return row | {"hash": link(row)}
