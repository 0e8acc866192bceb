"""The worker process: APScheduler calls the jobs, each with a session of its own, until the process is told to stop."""

from __future__ import annotations

import logging
import os
import signal
import uuid
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Lock, Thread
from types import FrameType

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Engine

import hub.reactions  # noqa: F401 - what a ring performs must be heard
from hub.db import make_sessions, transaction
from hub.engine.code_lists import keep_up
from hub.jobs import names
from hub.web.log_lines import at_job
from hub.worker.jobs import JOBS, Job, Round
from hub.worker.records import Identity, Record, beat, leave, write_records

BEAT_EVERY = timedelta(seconds=10)
WATCH_EVERY = timedelta(seconds=1)
SELDOM = timedelta(minutes=1)
"""A job that runs no more often than this has each run written down at once; the others with the sign of life."""
PATIENCE = 8.0
"""Seconds that a batch under way has to end when the worker is told to stop."""
THREADS = len(JOBS) + 2
_log = logging.getLogger("hub.worker")


class Worker:
    """One worker process. Any number may run: every job locks what it takes up and leaves out what others have."""

    def __init__(self, engine: Engine, data_dir: Path, *, parent: int | None = None) -> None:
        self.engine, self.data_dir, self.parent = engine, data_dir, parent
        self.sessions = make_sessions(engine)
        self.me = Identity.of_this_process(_now())
        self.stopping = Event()
        self.scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(THREADS)},
            # A run that is late is run once and late, never left out.
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._records: dict[str, Record] = {}
        self._writing = Lock()
        self._is_without_database = False

    def run(self) -> None:
        """Work until SIGTERM or SIGINT: what is under way ends with its batch, and nothing new is begun."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        # "Skipped, it is still running" is no news of a job that drains a backlog.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)
        self._add(names.BEAT, self.give_sign, BEAT_EVERY)
        for name, job in JOBS.items():
            self._add(name, lambda name=name, job=job: self.do(name, job), job.every)
        if self.parent is not None:
            self._add("watch", self._watch, WATCH_EVERY)
        self.scheduler.start()
        self.stopping.wait()
        ending = Thread(target=self.scheduler.shutdown, daemon=True)
        ending.start()
        ending.join(PATIENCE)
        self._say_goodbye()
        if ending.is_alive():
            # A long import: the database takes back what is not finished, and another worker begins it again.
            os._exit(0)

    def do(self, name: str, job: Job) -> None:
        """One run of a job. Whatever goes wrong is written down and tried again at the next run."""
        with at_job(name, uuid.uuid4().hex[:12]):
            self._do(name, job)

    def _do(self, name: str, job: Job) -> None:
        started_at, count, error = _now(), 0, None
        try:
            with self.sessions() as session:
                with transaction(session):
                    keep_up(session)
                count = job.work(Round(session, self.sessions, self.data_dir, self.stopping))
        except Exception as failed:
            error = self._failed(name, failed)
        if count:
            _log.info("The job has done its work", extra={"count": count, "ms": _milliseconds(_now() - started_at)})
        # Not asked of the scheduler: it answers nobody while it waits for the last runs to end.
        record = Record(name, started_at, _now(), count, error, started_at + job.every)
        with self._writing:
            before = self._records.get(name)
            if before is not None and not record.count:
                # Until it is written down, what the last work was must not be lost to a run that found none.
                record = Record(name, started_at, record.finished_at, before.count, error, record.next_at)
            self._records[name] = record
        if error is not None or job.every >= SELDOM:
            self._write(is_beat=False)

    def give_sign(self) -> None:
        """Say that this worker is there, and how its jobs went."""
        self._write(is_beat=True)

    def _write(self, *, is_beat: bool) -> None:
        with self._writing:
            now, records = _now(), list(self._records.values())
            if is_beat:
                records.append(Record(names.BEAT, now, now, 1, None, now + BEAT_EVERY))
            try:
                with self.sessions() as session, transaction(session):
                    if is_beat:
                        beat(session, self.me, now)
                    write_records(session, records)
            except Exception as failed:
                self._failed(names.BEAT, failed)
                return
            self._records.clear()
        if self._is_without_database:
            self._is_without_database = False
            _log.warning("The database answers again")

    def _failed(self, name: str, failed: Exception) -> str:
        """Say what went wrong, a database that is away once and not every two seconds; gives it in a sentence."""
        said = next(iter(str(failed).strip().splitlines()), "") or type(failed).__name__
        # What an error says may be what somebody typed: the log has its kind and place, the jobs page its words.
        if not self._is_away():
            _log.error("The job %s failed", name, exc_info=failed)
        elif not self._is_without_database:
            self._is_without_database = True
            _log.warning("The database does not answer; the worker goes on trying")
        return said

    def _is_away(self) -> bool:
        """Whether the database does not answer a new connection; the old ones are given up."""
        self.engine.dispose()
        try:
            with self.engine.connect():
                return False
        except Exception:
            return True

    def _say_goodbye(self) -> None:
        with suppress(Exception), self.sessions() as session, transaction(session):
            write_records(session, self._records.values())
            leave(session, self.me)
        self.engine.dispose()

    def _add(self, name: str, work: object, every: timedelta) -> None:
        self.scheduler.add_job(work, "interval", seconds=every.total_seconds(), id=name, next_run_time=_now())

    def _watch(self) -> None:
        """A worker that was started beside a web server ends with it, however that ended."""
        if os.getppid() != self.parent:
            self.stopping.set()

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping.set()


def _milliseconds(length: timedelta) -> float:
    return round(length.total_seconds() * 1000, 1)


def _now() -> datetime:
    return datetime.now(UTC)
