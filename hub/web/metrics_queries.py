"""What the database says at one moment of the worker, the deadlines, the outbox and the open items; five statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.engine.life import JobRun, last_seen
from hub.engine.models import Clock, WorkItem
from hub.engine.outbox import backlog


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric: its name, what it means, and its values by label; "" when it has no label."""

    name: str
    means: str
    values: Mapping[str, float]
    label: str = ""
    only_grows: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of its labels: one or none."""
        return (self.label,) if self.label else ()


def read_figures(session: Session, now: datetime) -> list[Figure]:
    """Counts by indexes alone, so that asking every few seconds costs the hub nothing; the rest is one row a job."""
    seen = last_seen(session)
    runs = session.scalars(select(JobRun).order_by(JobRun.name)).all()
    waits = Clock.is_running, Clock.rang_at.is_(None), Clock.due_at <= now
    due, oldest_due_at = session.execute(select(func.count(), func.min(Clock.due_at)).where(*waits)).one()
    messages = backlog(session, now)
    kinds = session.execute(select(WorkItem.kind, func.count()).where(WorkItem.is_open).group_by(WorkItem.kind))

    def since(moment: datetime | None) -> float:
        return max((now - moment).total_seconds(), 0.0) if moment is not None else 0.0

    single = {
        "hub_clocks_due": ("Deadlines that passed and have not rung.", due),
        "hub_clocks_due_oldest_seconds": ("Seconds the oldest of them waits.", since(oldest_due_at)),
        "hub_outbox_unsent": ("Messages due to leave now.", messages.unsent),
        "hub_outbox_later": ("Messages that wait for their moment or their next try.", messages.later),
        "hub_outbox_given_up": ("Messages given up after many tries.", messages.given_up),
        "hub_outbox_oldest_seconds": ("Seconds the oldest message due waits.", since(messages.oldest_due_at)),
    }
    if seen is not None:
        single["hub_worker_seen_seconds"] = ("Seconds since any worker gave a sign of life.", since(seen))
    return [
        *(Figure(name, means, {"": float(value)}) for name, (means, value) in single.items()),
        Figure(
            "hub_job_last_success_timestamp_seconds",
            "When a run of the job last went well, in seconds since 1970.",
            {run.name: run.last_ok_at.timestamp() for run in runs if run.last_ok_at is not None},
            "job",
        ),
        Figure(
            "hub_job_failing",
            "1 while the last run of the job went wrong.",
            {run.name: float(bool(run.last_error)) for run in runs},
            "job",
        ),
        Figure(
            "hub_job_failures",
            "Runs of the job that went wrong.",
            {run.name: float(run.failures) for run in runs},
            "job",
            only_grows=True,
        ),
        Figure("hub_open_items", "Open items.", {kind: float(number) for kind, number in kinds}, "kind"),
    ]
