"""Workers killed with -9 in the middle of a recount: every clock moved once, told once, and the chains hold."""

import time
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hub.db import make_sessions, transaction
from hub.engine.audit import verify
from hub.engine.models import Clock, OutboxMessage, Transition
from hub.engine.recount_days import Day, Kind, add_days
from hub.engine.recount_models import Recount, RecountClock, RecountMove
from hub.engine.recounts import RECOUNTED
from tests.engine.sweep_rows import many_items
from tests.engine.test_recount_races import is_right
from tests.engine.test_worker_kill import WAIT, Begin, begin, wait_until, work_under_fire
from tests.factories import make_referral

pytestmark = pytest.mark.slow

ITEMS = 4_000
THEN, LATE, LATER = datetime(2040, 3, 12, 10, tzinfo=UTC), date(2040, 3, 14), date(2040, 3, 15)
__all__ = ["begin"]


def test_a_recount_killed_again_and_again_does_each_clock_once(committed: Engine, begin: Begin) -> None:
    """A second day comes while the first is half done."""
    with make_sessions(committed)() as session, transaction(session):
        item = make_referral(session, "returned", now=THEN)
        many_items(session, item.id, ITEMS - 1)
    _close(committed, LATE)
    moved = "SELECT count(*) FROM recount_move"
    assert work_under_fire(committed, begin, moved, ITEMS, seed=6) == 9
    _close(committed, LATER)
    workers = [begin("worker") for _ in range(2)]
    finished = "SELECT count(*) FROM recount WHERE finished_at IS NOT NULL"
    wait_until(committed, finished, 2, time.monotonic() + WAIT)
    for worker in workers:
        worker.kill()
    assert is_right(committed)
    with Session(committed) as session:
        assert session.scalar(select(func.count()).select_from(RecountClock)) == 0
        assert session.scalar(select(func.count()).select_from(RecountMove)) == 2 * ITEMS
        rows = session.scalars(select(Transition.item_id).where(Transition.action == "recount")).all()
        assert len(rows) == 2 * ITEMS and len(set(rows)) == ITEMS
        due = session.scalars(select(Clock.due_at).where(Clock.name == "resubmit").distinct()).all()
        assert due == [datetime(2040, 3, 21, 17, tzinfo=UTC)]
        told = session.scalars(select(OutboxMessage.payload).where(OutboxMessage.topic == RECOUNTED)).all()
        assert sorted(each["recount_id"] for each in told) == sorted(session.scalars(select(Recount.id)))
        assert verify(session).findings == ()


def _close(engine: Engine, day: date) -> None:
    with make_sessions(engine)() as session, transaction(session):
        add_days(session, None, [Day(day, Kind.LOCAL_CLOSURE, "Closed")], now=datetime.now(UTC), why="It was announced")
