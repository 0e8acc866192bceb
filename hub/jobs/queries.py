"""What the jobs did last and what waits for them: five statements, whatever the size of the hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.engine.life import FRESH, JobRun, WorkerBeat
from hub.engine.models import Clock
from hub.engine.outbox import Backlog, Stuck, backlog, stuck
from hub.jobs.names import LABELS


@dataclass(frozen=True)
class JobLine:
    """One job; `run` is None until a worker first did it."""

    name: str
    label: str
    run: JobRun | None


@dataclass(frozen=True)
class JobsState:
    """Everything about the worker at one moment."""

    at: datetime
    workers: Sequence[WorkerBeat]
    """Seen within the last day, newest sign of life first."""
    jobs: Sequence[JobLine]
    clocks_due: int
    """Clocks that are due and have not rung."""
    oldest_due_at: datetime | None
    messages: Backlog
    stuck: Sequence[Stuck]
    """What did not leave at its last try, newest first."""

    @property
    def alive(self) -> list[WorkerBeat]:
        """Workers seen within the last minute."""
        return [beat for beat in self.workers if beat.seen_at > self.at - FRESH]

    @property
    def failing(self) -> list[JobLine]:
        """Jobs whose last run went wrong."""
        return [line for line in self.jobs if line.run is not None and line.run.last_error]


def read_jobs(session: Session, now: datetime) -> JobsState:
    """Workers, jobs and backlogs at `now`."""
    workers = session.scalars(select(WorkerBeat).order_by(WorkerBeat.seen_at.desc(), WorkerBeat.id)).all()
    runs = {run.name: run for run in session.scalars(select(JobRun))}
    clocks_due, oldest_due_at = session.execute(
        select(func.count(), func.min(Clock.due_at)).where(
            Clock.is_running, Clock.rang_at.is_(None), Clock.due_at <= now
        )
    ).one()
    return JobsState(
        at=now,
        workers=workers,
        jobs=[JobLine(name, label, runs.get(name)) for name, label in LABELS.items()],
        clocks_due=clocks_due,
        oldest_due_at=oldest_due_at,
        messages=backlog(session, now),
        stuck=stuck(session),
    )
