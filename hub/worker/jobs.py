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
from hub.accounts.on_call_pages import tell_on_call
from hub.accounts.throttle import forget_old_attempts
from hub.beds.chasing import chase_stale
from hub.config import Settings, settings
from hub.db import Lock, hold, transaction
from hub.engine.digests import write_digest
from hub.engine.models import AuditDigest
from hub.engine.recounts import recount_due
from hub.engine.resuming import resume_due
from hub.engine.sweep import RingFailed, ring_due, warn_due
from hub.jobs import names
from hub.messages.delivery import FOLDER, deliver_due
from hub.messages.mail import PostOffice
from hub.messages.mail_delivery import send_next, take_back_bounces
from hub.messages.told_mail import queue_digests
from hub.policies.horizon import tell_of_short_holidays
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
            _log.exception("The clock %s could not ring", failed.clock_id)
            passing.add(failed.clock_id)
            first = first or failed
            continue
        if first is not None:
            raise first
        return total


def resume(now: Round) -> int:
    """Let every clock go on whose pause has come to its planned end."""
    return now.drain(lambda: resume_due(now.session, now=now.clock()))


def warn(now: Round) -> int:
    """Give every warning that is due."""
    return now.drain(lambda: warn_due(now.session, now=now.clock()))


def deliver(now: Round) -> int:
    """Deliver every message that is due."""
    return now.drain(lambda: deliver_due(now.session, now=now.clock(), folder=now.data_dir / FOLDER))


def mail(now: Round) -> int:
    """Send every e-mail that is due, each in a transaction of its own."""
    office = PostOffice(now.chosen or settings(), now.data_dir / FOLDER)
    with office.connection.kept_open():
        return now.drain(lambda: send_next(now.session, now=now.clock(), office=office))


def write_digests(now: Round) -> int:
    """Queue everybody's e-mail with the messages of a day, once a day however many workers there are."""
    with transaction(now.session):
        return queue_digests(now.session, now=now.clock())


def ask_what_came_back(now: Round) -> int:
    """Ask GOV.UK Notify which addresses do not exist; a mail server says so at once."""
    chosen = now.chosen or settings()
    if chosen.mail_via != "notify":
        return 0
    with transaction(now.session):
        return take_back_bounces(now.session, now=now.clock(), chosen=chosen)


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


def recount(now: Round) -> int:
    """Work open deadlines out again because a day nobody works was added or removed."""
    return now.drain(lambda: recount_due(now.session, now=now.clock()))


def chase_beds(now: Round) -> int:
    """Ask units whose bed figures are stale for new ones."""
    return now.drain(lambda: chase_stale(now.session, now=now.clock()))


def on_call_pages(now: Round) -> int:
    """Send the page for the weekend to whoever is on call and does not have it yet."""
    return now.drain(lambda: tell_on_call(now.session, now=now.clock()))


def holiday_horizon(now: Round) -> int:
    """Tell administrators when bank holidays are not known far enough ahead."""
    return now.drain(lambda: tell_of_short_holidays(now.session, now=now.clock()))


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
    names.RESUME: Job(resume, POLL),
    names.WARN: Job(warn, POLL),
    names.DELIVER: Job(deliver, POLL),
    names.MAIL: Job(mail, POLL),
    names.MAIL_DIGESTS: Job(write_digests, timedelta(minutes=1)),
    names.MAIL_BACK: Job(ask_what_came_back, timedelta(minutes=5)),
    names.IMPORT: Job(import_files, POLL),
    names.RECOUNT: Job(recount, POLL),
    names.CHASE: Job(chase_beds, timedelta(minutes=5)),
    names.ON_CALL: Job(on_call_pages, timedelta(minutes=1)),
    names.HORIZON: Job(holiday_horizon, timedelta(hours=1)),
    names.DIGEST: Job(digest, timedelta(minutes=10)),
    names.FORGET: Job(forget_attempts, timedelta(hours=1)),
    names.DRAFTS: Job(forget_drafts, timedelta(hours=1)),
}
"""By name, beside the sign of life."""
