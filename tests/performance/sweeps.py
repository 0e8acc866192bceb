"""C: ringing what is due among what runs; the sweep and the bare statements take turns on one queue of due clocks."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from psycopg.rows import namedtuple_row
from psycopg.types.json import Json
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hub.db import make_sessions, transaction
from hub.engine.chain import link
from hub.engine.models import Clock
from hub.engine.sweep import BATCH, DUE, HEADS, HISTORY, MARK_RUNG, TELL, ring_due
from tests.performance.figures import Figure, at_least, at_most


class Queue:
    """The clocks of one world that are due at a moment, rung by the sweep and by hand."""

    def __init__(self, engine: Engine, due: int) -> None:
        self.engine, self.sessions = engine, make_sessions(engine)
        running = (Clock.is_running, Clock.rang_at.is_(None))
        with Session(engine) as session:
            self.running = session.scalars(select(func.count()).select_from(Clock).where(*running)).one()
            nth = select(Clock.due_at).where(*running).order_by(Clock.due_at).offset(due - 1).limit(1)
            self.at: datetime = session.scalars(nth).one()
        self.pool = engine.raw_connection()
        self.raw: Any = self.pool.driver_connection

    def ours(self) -> int:
        """One batch by the sweep, committed."""
        with self.sessions() as session, transaction(session):
            return ring_due(session, now=self.at, limit=BATCH)

    def floor(self) -> int:
        """One batch by hand: the locked read, the hashes, four writes, the commit."""
        cursor = self.raw.cursor(row_factory=namedtuple_row)
        rows = cursor.execute(DUE, {"now": self.at, "limit": BATCH, "acting": []}, prepare=False).fetchall()
        heads: dict[int, tuple[int, str]] = {}
        written, told = [], []
        for row in rows:
            length, head = heads.get(row.item_id, (row.history_length, row.head_hash))
            values = {"clock": {"new": row.name}, f"deadline:{row.name}": {"new": row.due_at.isoformat()}}
            line = {
                "item_id": row.item_id,
                "position": length + 1,
                "action": "ring",
                "from_state": row.state,
                "to_state": row.state,
                "actor_id": None,
                "acting_as": None,
                "acting_role": "system",
                "on_behalf_of": None,
                "reason": None,
                "values": values,
                "audience": "all",
                "at": self.at,
                "prev_hash": head,
            }
            hashed = link(line)
            heads[row.item_id] = (length + 1, hashed)
            kept = {name: line[name] for name in ("item_id", "position", "values", "audience", "prev_hash")}
            written.append({**kept, "state": row.state, "hash": hashed})
            payload = {"reference": row.reference, "kind": row.kind, "position": length + 1, "clock": row.name}
            told.append({"item_id": row.item_id, "payload": payload, "tell_at": None})
        if rows:
            lengths, hashes = zip(*heads.values(), strict=True)
            with self.raw.pipeline():
                said = {"action": "ring", "role": "system", "reason": None, "now": self.at}
                self.raw.execute(HISTORY, {**said, "rows": Json(written)}, prepare=True)
                self.raw.execute(
                    HEADS, {"id": list(heads), "length": list(lengths), "head": list(hashes)}, prepare=True
                )
                self.raw.execute(MARK_RUNG, {"ids": [row.clock_id for row in rows]}, prepare=True)
                self.raw.execute(TELL, {"topic": "clock.rang", "now": self.at, "rows": Json(told)}, prepare=True)
        self.raw.commit()
        return len(rows)

    def close(self) -> None:
        """Give the connection back."""
        self.pool.close()


def measure(few: Engine, many: Engine, *, due: int) -> list[Figure]:
    """C: `due` clocks rung by each way in each world, batch by batch in turn."""
    small, large = Queue(few, 2 * due), Queue(many, 2 * due)
    ways: dict[str, Callable[[], int]] = {
        "floor few": small.floor,
        "ours few": small.ours,
        "floor many": large.floor,
        "ours many": large.ours,
    }
    spent, rung = dict.fromkeys(ways, 0.0), dict.fromkeys(ways, 0)
    while any(number < due for number in rung.values()):
        for name, way in ways.items():
            began = time.perf_counter()
            number = way()
            spent[name] += time.perf_counter() - began
            rung[name] += number
            if not number:
                raise ValueError(f"{name}: {rung[name]} of {due} clocks rang and no more are due")
    rates = {name: rung[name] / spent[name] for name in ways}
    small.close()
    large.close()
    return [
        at_least(f"C rings a second, {large.running:,} running", rates["floor many"], rates["ours many"], 0.5, "/s"),
        at_least(f"C rings a second, {small.running:,} running", rates["floor few"], rates["ours few"], 0.5, "/s"),
        at_most(
            f"C time of a ring, {large.running:,} / {small.running:,} running",
            1_000 / rates["ours few"],
            1_000 / rates["ours many"],
            1.3,
        ),
    ]
