"""What the worker writes about itself: its sign of life, and how its jobs went."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hub.engine.life import JobRun, WorkerBeat
from hub.engine.outbox import LONGEST_ERROR

FORGOTTEN = timedelta(days=1)
"""How long the row of a killed worker is kept, so that somebody can see that it was there."""


@dataclass(frozen=True, slots=True)
class Identity:
    """This worker process."""

    id: str
    place: str
    started_at: datetime

    @classmethod
    def of_this_process(cls, now: datetime) -> Identity:
        """A new one: the name is random, as process numbers come again."""
        return cls(uuid.uuid4().hex, f"{socket.gethostname()}, process {os.getpid()}", now)


@dataclass(frozen=True, slots=True)
class Record:
    """How one run of a job went."""

    name: str
    started_at: datetime
    finished_at: datetime
    count: int
    error: str | None
    next_at: datetime | None


def beat(session: Session, me: Identity, now: datetime) -> None:
    """Say that this worker is there. The caller commits."""
    row = insert(WorkerBeat).values(id=me.id, place=me.place, started_at=me.started_at, seen_at=now)
    session.execute(row.on_conflict_do_update(index_elements=["id"], set_={"seen_at": row.excluded.seen_at}))
    session.execute(delete(WorkerBeat).where(WorkerBeat.seen_at < now - FORGOTTEN))


def leave(session: Session, me: Identity) -> None:
    """Say that this worker has ended in order. The caller commits."""
    session.execute(delete(WorkerBeat).where(WorkerBeat.id == me.id))


def write_records(session: Session, records: Iterable[Record]) -> None:
    """Keep the last run of each job, whichever worker did it; a run without work keeps what the last work was."""
    rows = [_row(record) for record in sorted(records, key=lambda record: record.name)]
    if not rows:
        return
    made = insert(JobRun)
    given = made.excluded
    session.execute(
        made.on_conflict_do_update(
            index_elements=["name"],
            set_={
                "last_started_at": given.last_started_at,
                "last_finished_at": given.last_finished_at,
                "last_done_at": func.coalesce(given.last_done_at, JobRun.last_done_at),
                "last_count": func.coalesce(func.nullif(given.last_count, 0), JobRun.last_count),
                "last_error": given.last_error,
                "last_failed_at": func.coalesce(given.last_failed_at, JobRun.last_failed_at),
                "next_at": given.next_at,
                "last_ok_at": func.coalesce(given.last_ok_at, JobRun.last_ok_at),
                "failures": JobRun.failures + given.failures,
            },
        ),
        rows,
    )


def _row(record: Record) -> dict[str, object]:
    return {
        "name": record.name,
        "last_started_at": record.started_at,
        "last_finished_at": record.finished_at,
        "last_done_at": record.finished_at if record.count else None,
        "last_count": record.count,
        "last_error": record.error[:LONGEST_ERROR] if record.error else None,
        "last_failed_at": record.finished_at if record.error else None,
        "next_at": record.next_at,
        "last_ok_at": None if record.error else record.finished_at,
        "failures": 1 if record.error else 0,
    }
