"""What the jobs did last and what waits for them: six statements, whatever the size of the hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.engine.life import JobRun, Watched, WorkerBeat, watched
from hub.engine.models import Clock
from hub.engine.outbox import Backlog, Stuck, backlog, stuck
from hub.jobs.names import LABELS
from workflows.durations import counted


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
    watched: Watched
    """From when on a silent worker and an unsent message count as a fault."""

    @property
    def alive(self) -> list[WorkerBeat]:
        """Workers that gave a sign of life as lately as policy asks."""
        return [beat for beat in self.workers if beat.seen_at > self.at - self.watched.worker_silent]

    @property
    def silent_words(self) -> str:
        """How long a worker may be silent: "60 seconds"."""
        return counted(round(self.watched.worker_silent.total_seconds()), "second")

    @property
    def late_words(self) -> str:
        """How old an unsent message may be: "15 minutes"."""
        return counted(round(self.watched.oldest_unsent.total_seconds()) // 60, "minute")

    @property
    def is_message_late(self) -> bool:
        """Whether a message that is due waits for longer than policy allows."""
        oldest = self.messages.oldest_due_at
        return oldest is not None and self.at - oldest > self.watched.oldest_unsent

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
        watched=watched(session, now),
    )
