"""Signs of life: which workers are there, when each job last ran, and what it said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Index, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.db import Base, Moment
from hub.engine.rulebook import rulebook

FRESH = timedelta(minutes=1)
"""A worker that was seen longer ago counts as gone, where no policy set is at hand to say otherwise."""


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
    last_ok_at: Mapped[datetime | None] = mapped_column(Moment)
    """When a run last went well."""
    failures: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    """How many of its runs went wrong, ever."""


class JobOccasion(Base):
    """What a job has done and must not do again: the page of one Friday for one person, the word of one month."""

    __tablename__ = "job_occasion"

    job: Mapped[str] = mapped_column(primary_key=True)
    occasion: Mapped[str] = mapped_column(primary_key=True)
    done_at: Mapped[datetime] = mapped_column(Moment)


def take_occasions(session: Session, job: str, occasions: Iterable[str], now: datetime) -> list[str]:
    """Those of `occasions` that nobody has taken yet, in order; from now on they are taken. The caller commits.

    Called in the transaction that does what they stand for: a worker killed before its commit has taken nothing, and
    of two workers the second waits for the first one's commit and is given what is left.
    """
    rows = [{"job": job, "occasion": occasion, "done_at": now} for occasion in sorted(set(occasions))]
    if not rows:
        return []
    taken = insert(JobOccasion).values(rows).on_conflict_do_nothing().returning(JobOccasion.occasion)
    return sorted(session.scalars(taken))


@dataclass(frozen=True, slots=True)
class Watched:
    """From when on something counts as wrong, by the policy set in force."""

    worker_silent: timedelta
    """Without a sign of life of any worker."""
    oldest_unsent: timedelta
    """With a message that is due and has not left."""


def watched(session: Session, now: datetime) -> Watched:
    """What the policy set in force says; one statement. LookupError when the database has none yet."""
    policy = rulebook(session).policy(None, now)
    return Watched(
        timedelta(seconds=policy.number("messages.worker_silent_seconds")),
        timedelta(minutes=policy.number("messages.oldest_unsent_minutes")),
    )


def is_worker_seen(session: Session, now: datetime, within: timedelta = FRESH) -> bool:
    """Whether any worker gave a sign of life `within` so long, a minute unless said. One statement."""
    return bool(session.scalar(select(exists().where(WorkerBeat.seen_at > now - within))))


def last_seen(session: Session) -> datetime | None:
    """When any worker last gave a sign of life; None when there never was one."""
    return session.scalar(select(func.max(WorkerBeat.seen_at)))
