"""Recounts: open clocks are worked out again, batch by batch, because a day nobody works was added or removed.

Any number of workers may do it at once and be killed at any moment: what is left to do is in rows, and a batch is one
transaction. No statement waits for a person: what somebody holds is left for a later batch.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import namedtuple_row
from psycopg.types.json import Json
from sqlalchemy.orm import Session

from hub.engine.clock_steps import warn_percents
from hub.engine.models import FAR
from hub.engine.recount_days import TOUCHED, Change, Kind, bounds
from hub.engine.rulebook import Rulebook, rulebook_at
from hub.engine.statements import RULEBOOK, raw_connection
from hub.engine.stored_clocks import Again, worked_out_again
from hub.engine.sweep import HISTORY, as_written, chained
from workflows.core import SYSTEM
from workflows.durations import date_words
from workflows.everyday import RECOUNT

BATCH = 250
"""Clocks a transaction: large enough to share its cost, small enough to keep nobody waiting."""
RECOUNTED = "calendar.recounted"
"""The topic of the one outbox row when a recount is done."""

UNFINISHED = """
SELECT id, on_date, title, kind, change, barrier IS NULL AS is_new, total IS NULL AS is_unknown
FROM recount WHERE finished_at IS NULL ORDER BY id
"""
BAR = """
UPDATE recount SET barrier = pg_current_xact_id()::text::bigint
WHERE id IN (SELECT id FROM recount WHERE barrier IS NULL FOR UPDATE SKIP LOCKED)
"""
# Every transaction that may have read the calendar as it was is older than the barrier: `start` and `perform` take
# their numbers before they read the counter. Asked of this database's alone: what others on the server do for hours
# would hold up ours. A number is locked by its transaction until that ends; age() compares numbers that wrap around.
NEXT = """
SELECT id, on_date FROM recount WHERE barrier IS NOT NULL AND total IS NULL AND NOT EXISTS (
    SELECT 1 FROM pg_locks JOIN pg_stat_activity ON pg_stat_activity.pid = pg_locks.pid
    WHERE pg_locks.locktype = 'transactionid' AND pg_locks.granted AND pg_locks.mode = 'ExclusiveLock'
        AND pg_stat_activity.datname = current_database() AND pg_locks.pid <> pg_backend_pid()
        AND age(pg_locks.transactionid) >= age(barrier::text::xid8::xid)
)
ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
"""
FILL = f"INSERT INTO recount_clock (recount_id, clock_id) SELECT %(id)s, clock.id {TOUCHED}"
FILLED = "UPDATE recount SET total = %(total)s, started_at = %(now)s WHERE id = %(id)s"

# The three rows are locked, so that none is what it was before a wait; see the sweep.
TAKE = """
SELECT clock.id AS clock_id, clock.item_id, clock.name, clock.per, clock.duration, clock.started_at, clock.due_at,
    clock.pauses, clock.changes, clock.warn_50_at, clock.warn_80_at, clock.warned_at, clock.rang_at, clock.stopped_at,
    work_item.kind, work_item.state, work_item.policy_version_id, work_item.history_length, work_item.head_hash
FROM recount_clock JOIN clock ON clock.id = recount_clock.clock_id JOIN work_item ON work_item.id = clock.item_id
WHERE recount_clock.recount_id = %(id)s ORDER BY recount_clock.clock_id LIMIT %(limit)s
FOR NO KEY UPDATE OF recount_clock, clock, work_item SKIP LOCKED
"""
CLOCKS = """
UPDATE clock SET due_at = given.due_at, warn_50_at = given.warn_50_at, warn_80_at = given.warn_80_at,
    warned_at = given.warned_at, rang_at = given.rang_at
FROM json_to_recordset(%(rows)s) AS given (id bigint, due_at timestamptz, warn_50_at timestamptz,
    warn_80_at timestamptz, warned_at timestamptz, rang_at timestamptz)
WHERE clock.id = given.id
"""
# The version stays: whoever is filling in a form is not refused because the calendar changed meanwhile.
ITEMS = """
UPDATE work_item SET history_length = given.length, head_hash = given.head, next_due_at = coalesce(
    (SELECT min(clock.due_at) FROM clock WHERE clock.item_id = work_item.id AND clock.is_running), %(far)s)
FROM unnest(%(id)s::bigint[], %(length)s::int[], %(head)s::text[]) AS given (id, length, head)
WHERE work_item.id = given.id
"""
COPIES = """
UPDATE item_party SET next_due_at = work_item.next_due_at FROM work_item
WHERE item_party.item_id = ANY(%(id)s) AND work_item.id = item_party.item_id
    AND item_party.next_due_at <> work_item.next_due_at
"""
MOVES = """
INSERT INTO recount_move (recount_id, clock_id, item_id, old_due_at, new_due_at)
SELECT %(id)s, clock_id, item_id, old_due_at, new_due_at FROM json_to_recordset(%(rows)s)
    AS given (clock_id bigint, item_id bigint, old_due_at timestamptz, new_due_at timestamptz)
"""
DONE = "DELETE FROM recount_clock WHERE recount_id = %(id)s AND clock_id = ANY(%(clocks)s)"
FINISH = """
UPDATE recount SET finished_at = %(now)s WHERE id IN (
    SELECT id FROM recount WHERE total IS NOT NULL AND finished_at IS NULL
        AND NOT EXISTS (SELECT 1 FROM recount_clock WHERE recount_clock.recount_id = recount.id)
    FOR UPDATE SKIP LOCKED
) AND finished_at IS NULL RETURNING id, kind, change, on_date
"""
TELL = """
INSERT INTO outbox_message (topic, item_id, payload, created_at, attempts)
VALUES (%(topic)s, NULL, %(payload)s, %(now)s, 0)
"""


def recount_due(session: Session, *, now: datetime, limit: int = BATCH) -> int:
    """One step of the recounts that are not finished, in the caller's transaction; 0 when nothing can be done now.

    A new one gets its barrier; one whose barrier has been passed learns which clocks it touches; then clocks are worked
    out again, at most `limit`, with the calendar as it now is, so that a second day during the first is right as well;
    last, its end is recorded and told. What others hold is left for the next call.
    """
    raw = raw_connection(session)
    unfinished = _read(raw, UNFINISHED)
    if any(run.is_new for run in unfinished):
        return raw.execute(BAR).rowcount
    if any(run.is_unknown for run in unfinished) and (found := _read(raw, NEXT)):
        return _fill(raw, found[0], now)
    for run in unfinished:
        if not run.is_unknown and (done := _work_out(session, raw, run, now, limit)):
            return done
    return _finish(raw, now) if unfinished else 0


def _read(raw: Connection[Any], query: str, **given: Any) -> list[Any]:
    rows: list[Any] = raw.cursor(row_factory=namedtuple_row).execute(query, given).fetchall()
    return rows


def _fill(raw: Connection[Any], run: Any, now: datetime) -> int:
    total = raw.execute(FILL, {"id": run.id, **bounds(run.on_date)}, prepare=False).rowcount
    return raw.execute(FILLED, {"id": run.id, "total": total, "now": now}).rowcount


def _work_out(session: Session, raw: Connection[Any], run: Any, now: datetime, limit: int) -> int:
    with raw.pipeline(), raw.cursor(row_factory=namedtuple_row) as taken, raw.cursor() as counter:
        taken.execute(TAKE, {"id": run.id, "limit": limit}, prepare=False)
        # After the locks, which give the transaction its number: see NEXT.
        counter.execute(RULEBOOK, prepare=True)
        rows, version = taken.fetchall(), counter.fetchone()
    if rows:
        book = rulebook_at(session, int(version[0] if version else 0))
        _write(raw, run, rows, [_again(row, book, now) for row in rows], now)
    return len(rows)


def _again(row: Any, book: Rulebook, now: datetime) -> Again:
    """What a clock is to say; one that was stopped meanwhile keeps what was true."""
    if row.stopped_at is not None:
        return _as_it_is(row)
    percents = warn_percents(book.policy(row.policy_version_id, now))
    return worked_out_again(row, book.calendar(row.policy_version_id, now), percents, now)


def _as_it_is(row: Any) -> Again:
    return Again(**{name: getattr(row, name) for name in Again.__dataclass_fields__})


def _write(raw: Connection[Any], run: Any, rows: Sequence[Any], found: Sequence[Again], now: datetime) -> None:
    pairs = [(row, again) for row, again in zip(rows, found, strict=True) if again != _as_it_is(row)]
    moved = {row.clock_id: again.due_at for row, again in pairs if again.due_at != row.due_at}
    those = [row for row, _ in pairs if row.clock_id in moved]
    history = list(chained(those, RECOUNT, _says(run, moved), now))
    heads = {line["item_id"]: (line["position"], line["hash"]) for line in history}
    with raw.pipeline():
        if pairs:
            raw.execute(CLOCKS, {"rows": Json([_clock(row, again) for row, again in pairs])}, prepare=True)
        if moved:
            lengths, hashes = zip(*heads.values(), strict=True)
            spoken = {"action": RECOUNT, "role": str(SYSTEM.role), "reason": None, "now": now}
            raw.execute(HISTORY, {**spoken, "rows": Json(as_written(history))}, prepare=True)
            items = {"id": list(heads), "length": list(lengths), "head": list(hashes), "far": FAR}
            raw.execute(ITEMS, items, prepare=True)
            raw.execute(COPIES, {"id": list(heads)}, prepare=True)
            told = [_move(row, moved[row.clock_id]) for row in those]
            raw.execute(MOVES, {"id": run.id, "rows": Json(told)}, prepare=True)
        raw.execute(DONE, {"id": run.id, "clocks": [row.clock_id for row in rows]}, prepare=True)


def _says(run: Any, moved: dict[int, datetime]) -> Callable[[Any], dict[str, Any]]:
    """What history keeps of each: the clock, its deadline before and after, and the day."""
    words = f"{Kind(run.kind).words.capitalize()} {run.change}: {date_words(run.on_date)}, {run.title}"

    def says(row: Any) -> dict[str, Any]:
        deadline = {"old": row.due_at.isoformat(), "new": moved[row.clock_id].isoformat()}
        return {"clock": {"new": row.name}, f"deadline:{row.name}": deadline, "calendar": {"new": words}}

    return says


def _clock(row: Any, again: Again) -> dict[str, Any]:
    moments = {name: getattr(again, name) for name in Again.__dataclass_fields__}
    return {"id": row.clock_id, **{name: moment and moment.isoformat() for name, moment in moments.items()}}


def _move(row: Any, due_at: datetime) -> dict[str, Any]:
    return {
        "clock_id": row.clock_id,
        "item_id": row.item_id,
        "old_due_at": row.due_at.isoformat(),
        "new_due_at": due_at.isoformat(),
    }


def _finish(raw: Connection[Any], now: datetime) -> int:
    """Record the end of those with nothing left, and have it told once each."""
    ended = _read(raw, FINISH, now=now)
    for row in ended:
        said = f"a {Kind(row.kind).words} on {date_words(row.on_date)} was {Change(row.change)}"
        raw.execute(TELL, {"topic": RECOUNTED, "payload": Json({"recount_id": row.id, "why": said}), "now": now})
    return len(ended)
