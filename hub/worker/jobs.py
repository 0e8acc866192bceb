"""What the worker does, job by job: each drains what is due, a batch a transaction, until nothing is left."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from hub.accounts.asking import forget_unconfirmed
from hub.accounts.throttle import forget_old_attempts
from hub.beds.chasing import chase_stale
from hub.config import Settings, settings
from hub.db import Lock, hold, transaction
from hub.engine.digests import write_digest
from hub.engine.models import AuditDigest
from hub.engine.sweep import RingFailed, ring_due, warn_due
from hub.jobs import names
from hub.messages.delivery import FOLDER, deliver_due
from hub.messages.mail import PostOffice
from hub.messages.mail_delivery import send_next
from hub.referrals.import_runs import run_next_import
from hub.web.old_drafts import forget_old_drafts
from workflows.durations import local

DIGEST_FROM: int = 2
"""The hour in London from which the day's digest is written: the night's quiet, and every day once."""
_log = logging.getLogger("hub.worker")


@dataclass(frozen=True)
class Round:
    """One run of a job. Each batch asks for the time anew: this is the outermost edge, where the time comes from."""

    session: Session
    sessions: sessionmaker[Session]
    """For a job that needs more than one at a time."""
    data_dir: Path
    stopping: Event = field(default_factory=Event)
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    chosen: Settings | None = None
    """How e-mail is sent; the settings of the process when left out."""

    def drain(self, batch: Callable[[], int]) -> int:
        """Run `batch`, each time in a transaction of its own, until it does nothing or the worker is to stop."""
        total = 0
        while not self.stopping.is_set():
            with transaction(self.session):
                done = batch()
            self.session.expunge_all()
            if not done:
                break
            total += done
        return total


def ring(now: Round) -> int:
    """Ring every clock that is due. One whose action breaks is left for the next run, and the others go on."""
    passing: set[int] = set()
    first: RingFailed | None = None
    total = 0
    while True:
        try:
            total += now.drain(lambda: ring_due(now.session, now=now.clock(), passing=passing))
        except RingFailed as failed:
            _log.exception("%s", failed)
            passing.add(failed.clock_id)
            first = first or failed
            continue
        if first is not None:
            raise first
        return total


def warn(now: Round) -> int:
    """Give every warning that is due."""
    return now.drain(lambda: warn_due(now.session, now=now.clock()))


def deliver(now: Round) -> int:
    """Deliver every message that is due."""
    return now.drain(lambda: deliver_due(now.session, now=now.clock(), folder=now.data_dir / FOLDER))


def mail(now: Round) -> int:
    """Send every e-mail that is due, each in a transaction of its own."""
    office = PostOffice(now.chosen or settings(), now.data_dir / FOLDER)
    return now.drain(lambda: send_next(now.session, now=now.clock(), office=office))


def forget_attempts(now: Round) -> int:
    """Forget sign-in attempts that no longer slow anybody down, and requests for an account nobody confirmed."""
    forgotten = now.drain(lambda: forget_old_attempts(now.session, now.clock()))
    return forgotten + now.drain(lambda: forget_unconfirmed(now.session, now.clock()))


def forget_drafts(now: Round) -> int:
    """Forget what was typed long ago and never sent."""
    return now.drain(lambda: forget_old_drafts(now.session, now.clock()))


def import_files(now: Round) -> int:
    """Check and import the files that were sent in on the import page, one after the other."""
    total = 0
    while not now.stopping.is_set() and run_next_import(now.sessions, now.clock()):
        total += 1
    return total


def chase_beds(now: Round) -> int:
    """Ask units whose bed figures are stale for new ones."""
    return now.drain(lambda: chase_stale(now.session, now=now.clock()))


def digest(now: Round) -> int:
    """Write the day's audit digest, once however many workers there are."""
    with transaction(now.session):
        at = now.clock()
        if local(at).hour < DIGEST_FROM:
            return 0
        hold(now.session, Lock.DIGEST)
        last = now.session.scalar(select(AuditDigest.at).order_by(AuditDigest.id.desc()).limit(1))
        if last is not None and local(last).date() >= local(at).date():
            return 0
        write_digest(now.session, now=at)
        return 1


@dataclass(frozen=True, slots=True)
class Job:
    """One job and how often it runs."""

    work: Callable[[Round], int]
    every: timedelta


POLL = timedelta(seconds=2)
JOBS: Mapping[str, Job] = {
    names.RING: Job(ring, POLL),
    names.WARN: Job(warn, POLL),
    names.DELIVER: Job(deliver, POLL),
    names.MAIL: Job(mail, POLL),
    names.IMPORT: Job(import_files, POLL),
    names.CHASE: Job(chase_beds, timedelta(minutes=5)),
    names.DIGEST: Job(digest, timedelta(minutes=10)),
    names.FORGET: Job(forget_attempts, timedelta(hours=1)),
    names.DRAFTS: Job(forget_drafts, timedelta(hours=1)),
}
"""By name, beside the sign of life."""
