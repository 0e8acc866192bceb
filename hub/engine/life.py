"""Signs of life: which workers are there, when each job last ran, and what it said."""

from datetime import datetime, timedelta

from sqlalchemy import Index, exists, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.db import Base, Moment

FRESH = timedelta(minutes=1)
"""A worker that was seen longer ago counts as gone."""


class WorkerBeat(Base):
    """One worker process: a row from its start to its clean end; a killed one's row grows old."""

    __tablename__ = "worker_beat"

    id: Mapped[str] = mapped_column(primary_key=True)
    place: Mapped[str]
    """Host name and process number, for whoever looks for it."""
    started_at: Mapped[datetime] = mapped_column(Moment)
    seen_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (Index("ix_worker_beat_seen", "seen_at"),)


class JobRun(Base):
    """The last run of one job, whichever worker did it."""

    __tablename__ = "job_run"

    name: Mapped[str] = mapped_column(primary_key=True)
    last_started_at: Mapped[datetime] = mapped_column(Moment)
    last_finished_at: Mapped[datetime] = mapped_column(Moment)
    last_done_at: Mapped[datetime | None] = mapped_column(Moment)
    """When it last had anything to do."""
    last_count: Mapped[int]
    """How much it did then: clocks rung, messages sent, and so on."""
    last_error: Mapped[str | None]
    """What went wrong in the last run; empty when it went well."""
    last_failed_at: Mapped[datetime | None] = mapped_column(Moment)
    next_at: Mapped[datetime | None] = mapped_column(Moment)
    """When the worker that wrote this means to run it again."""


def is_worker_seen(session: Session, now: datetime) -> bool:
    """Whether any worker gave a sign of life within the last minute. One statement."""
    return bool(session.scalar(select(exists().where(WorkerBeat.seen_at > now - FRESH))))


def last_seen(session: Session) -> datetime | None:
    """When any worker last gave a sign of life; None when there never was one."""
    return session.scalar(select(func.max(WorkerBeat.seen_at)))
