"""The planned end of a pause: the hub lets the clock run again, as of that moment, however late a worker comes by."""

import logging
from datetime import datetime
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from hub.engine.models import WorkItem
from hub.engine.perform import perform
from hub.engine.statements import raw_connection
from workflows.core import SYSTEM

BATCH = 20
"""Clocks a transaction."""
WHY = "The time that was agreed for the pause is over"
# Both rows are locked, so that a clock that somebody else lets run, or stops, is left alone. Nothing is waited for.
DUE = """
SELECT clock.id, clock.name, clock.item_id, work_item.kind
FROM clock JOIN work_item ON work_item.id = clock.item_id
WHERE clock.resume_at <= %(now)s AND clock.id <> ALL(%(passing)s)
ORDER BY clock.resume_at, clock.id LIMIT %(limit)s FOR UPDATE OF clock, work_item SKIP LOCKED
"""
_log = logging.getLogger("hub.worker")


def resume_due(session: Session, *, now: datetime, limit: int = BATCH) -> int:
    """End the pauses whose planned end has come, at most `limit`, in the caller's transaction; gives how many.

    One that fails holds up no other: it is tried again, and when nothing else is left its error is raised.
    """
    done, passing, broken = 0, list[int](), None
    while not done and (rows := _due(session, now, limit, passing)):
        for clock_id, name, item_id, kind in rows:
            try:
                with session.begin_nested():
                    _resume(session, kind, item_id, name, now)
                done += 1
            except Exception as error:
                _log.exception("The pause of clock %s could not be ended", clock_id)
                passing.append(clock_id)
                broken = broken or error
    if broken is not None and not done:
        raise broken
    return done


def _due(session: Session, now: datetime, limit: int, passing: list[int]) -> list[Any]:
    asked = {"now": now, "limit": limit, "passing": passing}
    return raw_connection(session).execute(DUE, asked, prepare=False).fetchall()


def _resume(session: Session, kind: str, item_id: int, name: str, now: datetime) -> None:
    model: Any = inspect(WorkItem).polymorphic_map[kind].class_
    item = session.get_one(model, item_id, populate_existing=True)
    perform(session, item, "resume_clock", SYSTEM, now=now, values={"clock": name}, reason=WHY)
