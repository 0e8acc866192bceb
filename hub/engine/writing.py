"""The second turn: state, history, clocks, copies, outbox; then what happens inside the hub because of it."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from hub.engine.chain import FIRST, LINKED, link
from hub.engine.clock_steps import clock_writes
from hub.engine.statements import adapt, insert, raw_connection, update
from hub.engine.topics import Happened, listeners
from hub.engine.turn import Turn

HISTORY = (*LINKED, "hash")
"""The columns of a history row, as it is written."""
_OF_AN_ITEM = frozenset({"clock", "item_party", "document"})
COPIES = "UPDATE item_party SET is_open = %(is_open)s, next_due_at = %(next_due_at)s WHERE item_id = %(id)s"


def finish(turn: Turn) -> None:
    """Write everything the turn decided, then run the reactions; all in the caller's transaction."""
    item, workflow = turn.item, turn.kind.workflow
    is_open = workflow.is_open(turn.to_state)
    was_due, was_open = item.next_due_at, item.is_open
    row = history_row(turn)
    turn.shared_changes |= {
        "state": turn.to_state,
        "version": item.version + 1,
        "is_open": is_open,
        "is_draft": turn.to_state in workflow.drafts,
        "closed_at": _closed_at(turn) if not is_open else None,
        "next_due_at": turn.next_due(),
        "history_length": row["position"],
        "head_hash": row["hash"],
    }
    for name, value in turn.shared_changes.items():
        set_committed_value(item, name, value)
    raw = raw_connection(turn.session)
    with raw.pipeline(), raw.cursor() as cursor:
        # History first: the trigger on a change of state looks for its row.
        cursor.execute(insert("transition", HISTORY), {name: adapt(row[name]) for name in HISTORY}, prepare=True)
        cursor.execute(
            update("work_item", tuple(turn.shared_changes)), {"id": item.id, **turn.shared_changes}, prepare=True
        )
        if turn.own_changes:
            own = {name: adapt(value, as_json=name in turn.kind.json) for name, value in turn.own_changes.items()}
            cursor.execute(update(turn.kind.table, tuple(own)), {"id": item.id, **own})
        for statement, values in clock_writes(turn):
            cursor.execute(statement, values, prepare=True)
        for statement, values in turn.writes:
            cursor.execute(statement, values)
        if was_due != item.next_due_at or was_open != is_open:
            cursor.execute(COPIES, {"id": item.id, "is_open": is_open, "next_due_at": item.next_due_at}, prepare=True)
        for topic in turn.action.emits:
            announce(turn, cursor, topic, row)
    forget_rows(turn.session, item)
    react(turn, row)


def _closed_at(turn: Turn) -> datetime:
    """When it came to the end it is in: an ended item may be corrected and stay, or go on to another end."""
    stays = turn.to_state == turn.from_state
    return (turn.item.closed_at if stays else None) or turn.now


def history_row(turn: Turn) -> dict[str, Any]:
    """The next row of the item's history, linked to the one before."""
    item, actor = turn.item, turn.actor
    row = {
        "item_id": item.id,
        "position": item.history_length + 1,
        "action": turn.action.name,
        "from_state": turn.from_state,
        "to_state": turn.to_state,
        "actor_id": actor.user_id,
        "acting_as": actor.membership_id,
        "acting_role": _roles(turn),
        "on_behalf_of": actor.on_behalf_of,
        "reason": turn.reason,
        "values": turn.entered,
        "audience": turn.audience,
        "at": turn.now,
        "prev_hash": item.head_hash or FIRST,
    }
    return row | {"hash": link(row)}


def _roles(turn: Turn) -> str:
    """The role acted under; both are recorded while the rota adds on-call."""
    return ", ".join(sorted(str(role) for role in turn.actor.roles))


def announce(turn: Turn, cursor: Any, topic: str, row: dict[str, Any]) -> None:
    """One outbox row for the worker, and one reaction row that makes sure its listeners run once."""
    payload = {"reference": turn.item.reference, "kind": turn.item.kind, "position": row["position"]}
    if turn.tells:
        payload["to"] = turn.tells
    cursor.execute(
        insert("outbox_message", ("topic", "item_id", "payload", "created_at", "attempts")),
        {"topic": topic, "item_id": turn.item.id, "payload": adapt(payload), "created_at": turn.now, "attempts": 0},
        prepare=True,
    )
    if listeners(topic):
        cursor.execute(
            insert("reaction", ("item_id", "position", "topic")),
            {"item_id": turn.item.id, "position": row["position"], "topic": topic},
            prepare=True,
        )


def forget_rows(session: Session, item: Any) -> None:
    """What the object holds of other rows is read again when somebody asks."""
    names = ("owner", "clocks", "parties", "history", "documents", *(item.needs_loaded if item.own_rows else ()))
    loaded = [name for name in names if name in item.__dict__]
    if loaded:
        session.expire(item, loaded)
    tables = _OF_AN_ITEM | item.own_rows
    for row in session.identity_map.values():
        # Read again, the collection gives the same objects, so they must forget what they were.
        if getattr(row, "__tablename__", "") in tables and row.__dict__.get("item_id") == item.id:
            session.expire(row)


def react(turn: Turn, row: dict[str, Any]) -> None:
    """What happens inside the hub because of the topics of this turn, in the same transaction."""
    for topic in turn.action.emits:
        for listener in listeners(topic):
            listener(
                Happened(
                    session=turn.session,
                    item=turn.item,
                    topic=topic,
                    action=turn.action.name,
                    position=row["position"],
                    actor=turn.actor,
                    at=turn.now,
                    values=turn.values,
                    reason=turn.reason,
                )
            )
