"""The sweep: clocks whose time has come ring and warn, in batches; the cost grows with what is due alone.

Its own statements lock without waiting, so they can hold up nobody and many may sweep at once: what somebody else has
locked is left for the next sweep. An action that a ring performs waits as a person's action would.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import namedtuple_row
from psycopg.types.json import Json
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from hub.engine.chain import link
from hub.engine.clock_steps import clock_definition
from hub.engine.models import NEXT_WARNING, WorkItem
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.rulebook import Rulebook, rulebook_at
from hub.engine.statements import LOCK_CASE, RULEBOOK, raw_connection
from hub.engine.stored_clocks import deadline_of
from workflows.calendar import Calendar, parse_duration, ring_moment
from workflows.core import SYSTEM, Workflow
from workflows.durations import from_wall, local
from workflows.everyday import RING, label_of

BATCH = 200
"""Clocks a transaction: large enough to share its cost, small enough to keep nobody waiting."""
TRIED = 50
"""Clocks with an action of their own that are looked at before giving way to whoever holds them all."""
RANG, WARNED = "clock.rang", "clock.warned"

_WHAT = """
SELECT clock.id AS clock_id, clock.item_id, clock.name, clock.per, clock.duration, clock.started_at, clock.due_at,
    clock.pauses, clock.changes, clock.warn_50_at, clock.warn_80_at, work_item.kind, work_item.reference,
    work_item.state, work_item.case_id, work_item.policy_version_id, work_item.history_length, work_item.head_hash
FROM clock JOIN work_item ON work_item.id = clock.item_id
WHERE clock.is_running AND clock.rang_at IS NULL
"""
# Both rows are locked: after a wait PostgreSQL looks again at the rows it locks, and at no other. A note on the item
# must not read an old clock, nor a stopped clock ring. NO KEY: a page that logs who opened the item is not held up.
_LOCK = "FOR NO KEY UPDATE OF clock, work_item SKIP LOCKED"
_OF_ACTIONS = "work_item.kind || ':' || clock.name = ANY(%(acting)s)"
DUE = f"{_WHAT} AND clock.due_at <= %(now)s AND NOT {_OF_ACTIONS} ORDER BY clock.due_at LIMIT %(limit)s {_LOCK}"
ACTING = f"""
SELECT clock.id, work_item.case_id FROM clock JOIN work_item ON work_item.id = clock.item_id
WHERE clock.is_running AND clock.rang_at IS NULL AND clock.due_at <= %(now)s AND {_OF_ACTIONS}
    AND clock.id <> ALL(%(passing)s)
ORDER BY clock.due_at LIMIT %(limit)s
"""  # noqa: S608 - our own words
ONE = f"{_WHAT} AND clock.due_at <= %(now)s AND clock.id = %(id)s FOR UPDATE OF clock, work_item SKIP LOCKED"
_NEXT = NEXT_WARNING.replace("warn", "clock.warn")
WARN = f"""{_WHAT} AND {_NEXT} <= %(now)s AND clock.due_at > %(now)s ORDER BY {_NEXT} LIMIT %(limit)s {_LOCK}"""

# The rows come as one JSON document: written and read faster than a list for each column.
HISTORY = """
INSERT INTO transition (item_id, position, action, from_state, to_state, acting_role, reason, values, audience, at,
    prev_hash, hash)
SELECT item_id, position, %(action)s, state, state, %(role)s, %(reason)s, given.values, audience, %(now)s,
    prev_hash, hash
FROM json_to_recordset(%(rows)s) AS given (item_id bigint, position int, state text, values jsonb, audience text,
    prev_hash text, hash text)
"""
# The version stays: whoever is filling in a form is not refused because a deadline passed meanwhile.
HEADS = """
UPDATE work_item SET history_length = given.length, head_hash = given.head
FROM unnest(%(id)s::bigint[], %(length)s::int[], %(head)s::text[]) AS given (id, length, head)
WHERE work_item.id = given.id
"""
MARK_RUNG = "UPDATE clock SET rang_at = due_at WHERE id = ANY(%(ids)s)"
MARK_WARNED = (
    "UPDATE clock SET warned_at = CASE WHEN warn_80_at <= %(now)s THEN warn_80_at ELSE warn_50_at END "
    "WHERE id = ANY(%(ids)s)"
)
TELL = """
INSERT INTO outbox_message (topic, item_id, payload, created_at, attempts, next_try_at)
SELECT %(topic)s, item_id, payload, %(now)s, 0, tell_at
FROM json_to_recordset(%(rows)s) AS given (item_id bigint, payload jsonb, tell_at timestamptz)
"""

_GIVEN = {
    "item_id": "item_id",
    "position": "position",
    "state": "to_state",
    "values": "values",
    "audience": "audience",
    "prev_hash": "prev_hash",
    "hash": "hash",
}
"""What differs from ring to ring: its name in HISTORY and in a history row."""


def ring_due(session: Session, *, now: datetime, limit: int = BATCH, passing: Collection[int] = ()) -> int:
    """Ring clocks that are due at `now`, at most `limit`, in the caller's transaction; gives how many, 0 when done.

    Each is marked at its due time, with a history row and an outbox row. One whose definition names an action comes
    when no other is due, alone in its transaction: the hub performs the action. `passing` are ids of such clocks to
    leave out. Raises RingFailed when the action broke; nothing was written then.
    """
    raw = raw_connection(session)
    with raw.pipeline(), raw.cursor() as counter, raw.cursor(row_factory=namedtuple_row) as due:
        counter.execute(RULEBOOK, prepare=True)
        # Never prepared: the plan for a few hundred rows of a million needs their number and the moment.
        due.execute(DUE, {"now": now, "limit": limit, "acting": _clocks_that_act()}, prepare=False)
        version, rows = counter.fetchone(), due.fetchall()
    if rows:
        _ring(raw, rows, _book(session, version), now)
        return len(rows)
    return _ring_by_action(session, raw, now, passing, lambda: _book(session, version))


def warn_due(session: Session, *, now: datetime, limit: int = BATCH) -> int:
    """Give the warnings that are due at `now`, at most `limit`, in the caller's transaction; gives how many.

    Two that fell due since the last sweep become one. There is no history row, and nothing of the item changes.
    """
    raw = raw_connection(session)
    found = raw.cursor(row_factory=namedtuple_row).execute(WARN, {"now": now, "limit": limit}, prepare=False)
    rows: list[Any] = found.fetchall()
    if rows:
        with raw.pipeline():
            raw.execute(MARK_WARNED, {"now": now, "ids": [row.clock_id for row in rows]}, prepare=True)
            # The moments of warnings were chosen for working hours when they were worked out.
            told = [_told(row, row.history_length, None) for row in rows]
            raw.execute(TELL, {"topic": WARNED, "now": now, "rows": Json(told)}, prepare=True)
    return len(rows)


class RingFailed(Exception):
    """The action of a ring broke. `clock_id` names the clock, so that the others need not wait for it."""

    def __init__(self, clock_id: int, reference: str) -> None:
        super().__init__(f"{reference}: what should follow from its deadline failed")
        self.clock_id = clock_id


def _ring(raw: Connection[Any], rows: Sequence[Any], book: Rulebook, now: datetime, reason: str | None = None) -> None:
    history = list(chained(rows, RING, _rung, now, reason))
    heads = {line["item_id"]: (line["position"], line["hash"]) for line in history}
    told = [
        _told(row, line["position"], _tell_at(row, book.calendar(row.policy_version_id, now)))
        for row, line in zip(rows, history, strict=True)
    ]
    written = as_written(history)
    said = {"action": RING, "role": str(SYSTEM.role), "reason": reason, "now": now}
    lengths, hashes = zip(*heads.values(), strict=True)
    with raw.pipeline():
        raw.execute(HISTORY, {**said, "rows": Json(written)}, prepare=True)
        raw.execute(HEADS, {"id": list(heads), "length": list(lengths), "head": list(hashes)}, prepare=True)
        raw.execute(MARK_RUNG, {"ids": [row.clock_id for row in rows]}, prepare=True)
        raw.execute(TELL, {"topic": RANG, "now": now, "rows": Json(told)}, prepare=True)


def as_written(history: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of history as HISTORY takes them."""
    return [{name: line[column] for name, column in _GIVEN.items()} for line in history]


def _rung(row: Any) -> dict[str, Any]:
    return {"clock": {"new": row.name}, f"deadline:{row.name}": {"new": row.due_at.isoformat()}}


def chained(
    rows: Iterable[Any], action: str, says: Callable[[Any], dict[str, Any]], now: datetime, reason: str | None = None
) -> Iterable[dict[str, Any]]:
    """One history row of the hub for each clock, each linked to the one before of the same item.

    `says` gives what the row keeps of the clock: {field: {"old": …, "new": …}}.
    """
    heads: dict[int, tuple[int, str]] = {}
    for row in rows:
        length, head = heads.get(row.item_id, (row.history_length, row.head_hash))
        line = {
            "item_id": row.item_id,
            "position": length + 1,
            "action": action,
            "from_state": row.state,
            "to_state": row.state,
            "actor_id": None,
            "acting_as": None,
            "acting_role": str(SYSTEM.role),
            "on_behalf_of": None,
            "reason": reason,
            "values": says(row),
            "audience": "hub" if reason else _audience(row),
            "at": now,
            "prev_hash": head,
        }
        line["hash"] = link(line)
        heads[row.item_id] = (length + 1, line["hash"])
        yield line


def _audience(row: Any) -> str:
    """Parties do not see each other, so that one's deadline passed is read by it and the hub; sides of a dispute do."""
    if row.per is None or _workflows()[row.kind].is_between_sides:
        return "all"
    per: str = row.per
    return per.partition("/")[0] if per.startswith("organisation:") else "hub"


def _told(row: Any, position: int, tell_at: datetime | None) -> dict[str, Any]:
    """The outbox row of one clock."""
    payload = {
        "reference": row.reference,
        "kind": row.kind,
        "position": position,
        "clock": row.name,
        "due_at": row.due_at.isoformat(),
    }
    if row.per is not None:
        payload["per"] = row.per
    return {"item_id": row.item_id, "payload": payload, "tell_at": tell_at and tell_at.isoformat()}


def _tell_at(row: Any, calendar: Calendar) -> datetime | None:
    """When people are told: at once, or for a clock that counts days when they are next at work. None: at once."""
    if row.changes:
        moment = ring_moment(deadline_of(row, calendar))
    else:
        basis = parse_duration(row.duration).basis if row.duration else None
        due = local(row.due_at)
        if basis is None or not (basis.is_calendar or basis.is_working) or calendar.is_staffed(due):
            return None
        moment = from_wall(calendar.next_working_moment(due))
    return moment if moment > row.due_at else None


def _book(session: Session, version: Any) -> Rulebook:
    return rulebook_at(session, int(version[0]))


def _workflows() -> dict[str, Workflow]:
    return {name: mapper.class_.workflow for name, mapper in inspect(WorkItem).polymorphic_map.items()}


def _clocks_that_act() -> list[str]:
    """The clocks, as "kind:name", that may have an action of their own."""
    return [
        f"{kind}:{clock.name}" for kind, workflow in _workflows().items() for clock in workflow.clocks if clock.on_ring
    ]


def _ring_by_action(session: Session, raw: Connection[Any], now: datetime, passing: Collection[int], book: Any) -> int:
    acting = _clocks_that_act()
    if not acting:
        return 0
    asked = {"now": now, "acting": acting, "passing": list(passing), "limit": TRIED}
    for clock_id, case_id in raw.execute(ACTING, asked, prepare=False).fetchall():
        # The case before the item, as every action that may open or end something locks them.
        if case_id is not None and raw.execute(f"{LOCK_CASE} SKIP LOCKED", {"id": case_id}).fetchone() is None:
            continue
        row = raw.cursor(row_factory=namedtuple_row).execute(ONE, {"now": now, "id": clock_id}).fetchone()
        if row is not None:
            _act(session, raw, row, now, book)
            return 1
    return 0


def _act(session: Session, raw: Connection[Any], row: Any, now: datetime, book: Any) -> None:
    item = session.get_one(inspect(WorkItem).polymorphic_map[row.kind].class_, row.item_id, populate_existing=True)
    definition = clock_definition(item, row.name)
    action = definition.on_ring if definition else None
    reason = None
    if action is not None:
        try:
            with session.begin_nested():
                # Asked for again: the session sets its savepoint when its connection is next asked for.
                raw_connection(session).execute(MARK_RUNG, {"ids": [row.clock_id]})
                perform(session, item, action, SYSTEM, now=now)
            return
        except ActionRefused as no:
            # Somebody must be told: it rings like any other, and says what the hub could not do.
            said = "; ".join(problem.message for problem in no.problems)
            reason = f"The hub could not do “{label_of(item.workflow, action)}”: {said}"
        except Exception as error:
            raise RingFailed(row.clock_id, row.reference) from error
    _ring(raw, [row], book(), now, reason)
    session.expire(item)
