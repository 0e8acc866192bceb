"""D: a day announced late that a hundred thousand open clocks count: the seconds, and worklist pages meanwhile."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from psycopg.types.json import Json
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from hub.db import make_engine, make_sessions, transaction
from hub.engine.recount_days import Day, Kind, add_days
from hub.engine.recount_models import Recount, RecountClock
from hub.engine.recounts import CLOCKS, DONE, ITEMS, MOVES, TAKE, recount_due
from hub.engine.sweep import HISTORY
from tests.performance.data_sets import STANDS_AT
from tests.performance.figures import Figure, at_most
from tests.performance.worklists import open_world

LATE = date(2026, 11, 26)
MOST_CLOCKS = 100_000
MOST_SECONDS = 60.0
"""In which a hundred thousand open clocks are to be right again on two quiet cores."""
# So many clocks count working days across the late day, so that each of them moves: the worst that can be.
COUNT_IT = """
UPDATE clock SET duration = '10 working days', started_at = :at - (id % 5) * interval '1 day', changes = '[]',
    pauses = '[]', paused_at = NULL, is_running = true, rang_at = NULL, warned_at = NULL, due_at = '2026-12-04 17:00+00'
WHERE id IN (SELECT id FROM clock WHERE stopped_at IS NULL ORDER BY id LIMIT :most)
"""
LEAVE_IT = """
UPDATE clock SET duration = '48 hours', changes = '[]' WHERE stopped_at IS NULL AND duration <> '10 working days'
"""


def measure(engine: Engine, *, rounds: int) -> list[Figure]:
    """D: everything in turn on one world, which is changed: pages, the same while the worker is at it, the floor."""
    now = STANDS_AT + timedelta(hours=3)
    _settle(engine, now)
    with TemporaryDirectory() as folder:
        world = open_world(engine, Path(folder))
        page = world.reading("hub", "")
        alone = [_timed(page) for _ in range(rounds + 5)][5:]
        total = _announce(engine, LATE, now)
        worker = _worker(engine, now)
        meanwhile: list[float] = []
        while worker.poll() is None:
            meanwhile.append(_timed(page))
        said = worker.communicate()[0]
        if worker.returncode:
            raise ValueError("the recount broke off")
        seconds = float(said)
    number = _announce(engine, LATE + timedelta(days=1), now)
    floor = _by_hand(engine, now)
    sizes = f"{total:,} open clocks"
    # The floor moves the same rows by the same statements and works nothing out; its rate stands for all of them.
    return [
        at_most(f"D seconds for {sizes}, beside the bare statements", floor * total / number, seconds, None, "s"),
        Figure(
            f"D seconds for {sizes}",
            MOST_SECONDS,
            seconds,
            seconds / MOST_SECONDS,
            "at most 1",
            seconds <= MOST_SECONDS,
            "s",
        ),
        at_most("D page p95 while it runs / before", _p95(alone), _p95(meanwhile), None),
    ]


def _timed(page: Callable[[int], object]) -> float:
    began = time.perf_counter()
    page(0)
    return 1_000 * (time.perf_counter() - began)


def _p95(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.95)] if taken else 0.0


def _settle(engine: Engine, now: datetime) -> None:
    """Give the clocks a rule of working days; where that leads the recount works out itself."""
    with Session(engine) as session, transaction(session):
        session.execute(text(COUNT_IT), {"at": now, "most": MOST_CLOCKS})
        session.execute(text(LEAVE_IT))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE clock"))
        connection.execute(text("CHECKPOINT"))


def _announce(engine: Engine, day: date, now: datetime) -> int:
    """Add the day; how many clocks it touches, once the first two steps of the recount are done."""
    with make_sessions(engine)() as session:
        with transaction(session):
            made = add_days(session, None, [Day(day, Kind.LOCAL_CLOSURE, "Closed")], now=now, why="For the bench")[0]
        for _ in range(2):
            with transaction(session):
                recount_due(session, now=now)
        found = session.scalars(select(Recount.total).where(Recount.id == made)).one()
        if found is None:
            raise ValueError("the recount has not begun")
        return found


def _worker(engine: Engine, now: datetime) -> subprocess.Popen[bytes]:
    """A process of its own, as the worker is."""
    address = engine.url.render_as_string(hide_password=False)
    words = [sys.executable, "-m", "tests.performance.late_days", address, now.isoformat()]
    return subprocess.Popen(words, stdout=subprocess.PIPE)


def _by_hand(engine: Engine, now: datetime) -> float:
    """The seconds for the bare statements over all that is left: read, locked and written, with nothing worked out."""
    pool = engine.raw_connection()
    raw: Any = pool.driver_connection
    began = time.monotonic()
    with Session(engine) as session:
        identity = session.scalars(select(func.max(Recount.id))).one()
    while rows := raw.execute(TAKE, {"id": identity, "limit": 250}, prepare=False).fetchall():
        _write_by_hand(raw, identity, rows, now)
        raw.commit()
    spent = time.monotonic() - began
    pool.close()
    return spent


def _write_by_hand(raw: Any, identity: int, rows: list[Any], now: datetime) -> None:
    later = (now + timedelta(days=20)).isoformat()
    moments = {"due_at": later, "warn_50_at": later, "warn_80_at": later, "warned_at": None, "rang_at": None}
    clocks = [{"id": row[0], **moments} for row in rows]
    items = {row[1]: row for row in rows}
    lines = [
        {
            "item_id": item_id,
            "position": row[17] + 1,
            "state": row[15],
            "values": {"clock": {"new": row[2]}, "deadline": {"old": later, "new": later}},
            "audience": "all",
            "prev_hash": row[18],
            "hash": f"{item_id:064x}",
        }
        for item_id, row in items.items()
    ]
    moved = [{"clock_id": row[0], "item_id": row[1], "old_due_at": later, "new_due_at": later} for row in rows]
    said = {"action": "recount", "role": "system", "reason": None, "now": now}
    heads = {
        "id": list(items),
        "length": [line["position"] for line in lines],
        "head": [line["hash"] for line in lines],
        "far": now,
    }
    with raw.pipeline():
        raw.execute(CLOCKS, {"rows": Json(clocks)}, prepare=True)
        raw.execute(HISTORY, {**said, "rows": Json(lines)}, prepare=True)
        raw.execute(ITEMS, heads, prepare=True)
        raw.execute(MOVES, {"id": identity, "rows": Json(moved)}, prepare=True)
        raw.execute(DONE, {"id": identity, "clocks": [row[0] for row in rows]}, prepare=True)


def main(address: str, at: str) -> None:
    """Do the recounts of a database until nothing is left: what one worker does."""
    import hub.models
    import hub.reactions  # noqa: F401 - every table and topic is known

    engine, now = make_engine(address, pool_size=1), datetime.fromisoformat(at)
    with make_sessions(engine)() as session:
        began, done = time.monotonic(), 1
        while done:
            with transaction(session):
                done = recount_due(session, now=now)
        print(time.monotonic() - began)
        is_left = session.scalar(select(RecountClock.clock_id).limit(1)) is not None
    engine.dispose()
    if is_left:
        raise SystemExit(1)


if __name__ == "__main__":
    main(*sys.argv[1:])
