"""The worker's jobs: each does its part, what went wrong is written down, and a page and a command show it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from hub.accounts.models import AttemptOutcome, SignInAttempt
from hub.db import make_engine, make_sessions, transaction
from hub.engine.life import JobRun, WorkerBeat
from hub.engine.models import AuditDigest, Clock
from hub.engine.sweep import RingFailed
from hub.jobs import names
from hub.messages.models import Message
from hub.web.log_lines import fields_of
from hub.worker import jobs, process
from hub.worker.jobs import JOBS, Job, Round
from hub.worker.process import Worker
from hub.worker.records import Identity, Record, beat, leave, write_records
from tests.factories import NOW, make_referral

LATE = NOW + timedelta(days=60)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
ME = Identity("one", "here, process 1", NOW)


@pytest.fixture
def at_work(committed: Engine, tmp_path: Path) -> Iterator[Round]:
    """A round of its own database, at a moment when the clocks made at NOW are due."""
    sessions = make_sessions(committed)
    with sessions() as session:
        yield Round(session, sessions, tmp_path, clock=lambda: LATE)


def emergency(engine: Engine) -> int:
    with make_sessions(engine)() as session, transaction(session):
        return make_referral(session, priority="emergency").id


class TestJobs:
    """One by one."""

    def test_rings_and_messages(self, committed: Engine, at_work: Round) -> None:
        emergency(committed)
        assert [jobs.ring(at_work), jobs.warn(at_work), jobs.ring(at_work)] == [1, 0, 0]
        assert [jobs.deliver(at_work), jobs.deliver(at_work)] == [2, 0]
        assert len(list((at_work.data_dir / "outgoing").iterdir())) == 2
        assert at_work.session.scalars(select(Message.words)).all()

    def test_warnings(self, committed: Engine, at_work: Round, tmp_path: Path) -> None:
        emergency(committed)
        soon = Round(at_work.session, at_work.sessions, tmp_path, clock=lambda: NOW + timedelta(hours=7))
        assert [jobs.warn(soon), jobs.warn(soon), jobs.ring(soon)] == [1, 0, 0]

    def test_a_worker_that_is_to_stop_begins_no_batch(self, committed: Engine, at_work: Round) -> None:
        emergency(committed)
        at_work.stopping.set()
        assert [jobs.ring(at_work), jobs.import_files(at_work)] == [0, 0]
        assert at_work.session.scalars(select(Clock.rang_at)).all() == [None]

    def test_a_ring_that_breaks_is_passed_over_and_told_at_the_end(
        self, at_work: Round, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        asked: list[set[int]] = []

        def ring_due(_session: Session, *, now: datetime, passing: set[int]) -> int:
            asked.append(set(passing))
            if len(passing) < 2:
                raise RingFailed(len(passing), f"REF-{len(passing)}")
            return 1 if len(asked) == 3 else 0

        monkeypatch.setattr(jobs, "ring_due", ring_due)
        with caplog.at_level(logging.CRITICAL, "hub.worker"), pytest.raises(RingFailed, match="REF-0"):
            jobs.ring(at_work)
        assert asked == [set(), {0}, {0, 1}, {0, 1}]

    def test_old_attempts_are_forgotten(self, at_work: Round) -> None:
        with transaction(at_work.session):
            for age in (timedelta(days=31), timedelta(days=29)):
                attempt = SignInAttempt(
                    account_hash="x", address="127.0.0.1", at=LATE - age, outcome=AttemptOutcome.FAILED
                )
                at_work.session.add(attempt)
        assert [jobs.forget_attempts(at_work) for _ in range(2)] == [1, 0]

    def test_the_digest_is_written_once_a_day_after_two(self, at_work: Round) -> None:
        def at(text_given: str) -> int:
            moment = datetime.fromisoformat(text_given)
            return jobs.digest(Round(at_work.session, at_work.sessions, at_work.data_dir, clock=lambda: moment))

        assert at("2026-06-01T00:30Z") == 0, "half past one in London"
        assert [at("2026-06-01T01:30Z"), at("2026-06-01T22:30Z")] == [1, 0]
        assert at("2026-06-01T23:30Z") == 0, "the next day, too early"
        assert at("2026-06-02T09:00Z") == 1
        assert at_work.session.scalar(select(func.count()).select_from(AuditDigest)) == 2

    def test_files_that_were_sent_in_are_imported(self, at_work: Round, monkeypatch: pytest.MonkeyPatch) -> None:
        waiting = [1, 1, 0]

        def run_next_import(sessions: sessionmaker[Session], now: datetime) -> int:
            assert (sessions, now) == (at_work.sessions, LATE)
            return waiting.pop(0)

        monkeypatch.setattr(jobs, "run_next_import", run_next_import)
        assert jobs.import_files(at_work) == 2

    def test_each_job_has_words(self) -> None:
        assert {*JOBS, names.BEAT} == set(names.LABELS)


class TestRecords:
    """What the worker writes about itself."""

    def test_a_sign_of_life_and_its_end(self, session: Session) -> None:
        beat(session, ME, NOW)
        beat(session, ME, NOW + SECOND)
        beat(session, Identity("two", "there", NOW), NOW + SECOND)
        seen = session.execute(select(WorkerBeat.id, WorkerBeat.seen_at).order_by(WorkerBeat.id)).all()
        assert [tuple(row) for row in seen] == [("one", NOW + SECOND), ("two", NOW + SECOND)]
        leave(session, ME)
        beat(session, Identity("three", "elsewhere", NOW), NOW + DAY + 2 * SECOND)
        assert session.scalars(select(WorkerBeat.id)).all() == ["three"], "who was killed is forgotten after a day"
        assert "process" in Identity.of_this_process(NOW).place

    def test_an_idle_run_keeps_what_the_last_work_was(self, session: Session) -> None:
        write_records(session, [])
        write_records(session, [Record("ring", NOW, NOW + SECOND, 7, None, NOW + 2 * SECOND)])
        write_records(session, [Record("ring", NOW + DAY, NOW + DAY, 0, "x" * 900, None)])
        [run] = session.scalars(select(JobRun)).all()
        assert (run.last_count, run.last_done_at, run.last_finished_at) == (7, NOW + SECOND, NOW + DAY)
        assert (run.last_failed_at, run.last_error, run.next_at) == (NOW + DAY, "x" * 500, None)
        assert (run.last_ok_at, run.failures) == (NOW + SECOND, 1)
        write_records(session, [Record("ring", NOW + DAY, NOW + DAY + SECOND, 2, None, None)])
        session.refresh(run)
        assert (run.last_count, run.last_error, run.last_failed_at) == (2, None, NOW + DAY)
        assert (run.last_ok_at, run.failures) == (NOW + DAY + SECOND, 1)


class TestWorker:
    """The process, without its scheduler running."""

    @pytest.fixture
    def worker(self, committed: Engine, tmp_path: Path) -> Iterator[Worker]:
        made = Worker(make_engine(committed.url.render_as_string(hide_password=False)), tmp_path)
        yield made
        for thread in threading.enumerate():
            if "ThreadPoolExecutor" in thread.name:
                thread.join(60)
        made.engine.dispose()

    def runs(self, engine: Engine) -> dict[str, JobRun]:
        with Session(engine) as session:
            return {run.name: run for run in session.scalars(select(JobRun))}

    def test_a_frequent_job_is_written_down_with_the_sign_of_life(self, committed: Engine, worker: Worker) -> None:
        emergency(committed)
        for _ in range(2):
            worker.do(names.RING, JOBS[names.RING])
        assert self.runs(committed) == {}
        worker.give_sign()
        runs = self.runs(committed)
        assert set(runs) == {names.RING, names.BEAT} and runs[names.RING].last_count == 1
        worker.do(names.FORGET, JOBS[names.FORGET])
        assert names.FORGET in self.runs(committed), "a seldom one at once"
        worker._say_goodbye()
        with Session(committed) as session:
            assert session.scalars(select(WorkerBeat)).all() == []

    def test_what_goes_wrong_is_written_down_and_the_next_run_tries_again(
        self, committed: Engine, worker: Worker, caplog: pytest.LogCaptureFixture
    ) -> None:
        broken = Job(lambda _round: 1 // 0, timedelta(seconds=2))
        worker.do(names.RING, broken)
        assert self.runs(committed)[names.RING].last_error == "integer division or modulo by zero"
        [line] = [record for record in caplog.records if record.name == "hub.worker"]
        assert line.getMessage() == "The job ring failed", "and not what the error says"
        worker.do(names.RING, JOBS[names.RING])
        worker.give_sign()
        assert self.runs(committed)[names.RING].last_error is None

    def test_each_line_of_a_run_says_which_job_and_run_it_is(self, committed: Engine, worker: Worker) -> None:
        """And neither whose clock it was nor what an error says."""
        said: list[dict[str, Any]] = []
        name = "Featherstonehaugh"

        class Kept(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                said.append(fields_of(record))

        def broken(_round: Round) -> int:
            raise ValueError(name)

        log, kept = logging.getLogger("hub.worker"), Kept()
        level = log.level
        log.addHandler(kept)
        log.setLevel(logging.INFO)
        emergency(committed)
        for job in (JOBS[names.RING], JOBS[names.RING], Job(broken, DAY)):
            worker.do(names.RING, job)
        log.removeHandler(kept)
        log.setLevel(level)
        done, failed = said
        assert (done["job"], done["count"], failed["job"], failed["level"]) == ("ring", 1, "ring", "ERROR")
        assert done["run_id"] != failed["run_id"] and done["ms"] >= 0
        assert "ValueError" in failed["exception"] and name not in str(said) and "REF-" not in str(said)

    def test_a_database_that_is_away_is_said_once_and_so_is_its_return(
        self, committed: Engine, worker: Worker, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.WARNING, "hub.worker")
        worker.give_sign()
        name = committed.url.database
        committed.dispose()
        admin = make_engine(committed.url.set(database="postgres").render_as_string(hide_password=False), pool_size=1)
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false"))
            connection.execute(
                text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
            )
            for _ in range(3):
                worker.do(names.RING, JOBS[names.RING])
                worker.give_sign()
            connection.execute(text(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true"))
        admin.dispose()
        assert caplog.text.count("The database does not answer") == 1
        worker.do(names.RING, JOBS[names.RING])
        worker.give_sign()
        assert caplog.text.count("The database answers again") == 1
        assert self.runs(committed)[names.RING].last_error is None

    def test_it_ends_with_the_process_that_started_it(self, committed: Engine, tmp_path: Path) -> None:
        import os

        beside = Worker(committed, tmp_path, parent=os.getppid())
        beside._watch()
        assert not beside.stopping.is_set()
        beside.parent = 0
        beside._watch()
        assert beside.stopping.is_set()

    def test_it_runs_every_job_and_stops_when_told(
        self, committed: Engine, worker: Worker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In this very thread: the signal that ends it is what the test calls."""
        import signal

        told: dict[int, Any] = {}
        monkeypatch.setattr(signal, "signal", told.__setitem__)
        monkeypatch.setattr(process, "PATIENCE", 120.0)
        worker.parent = -1  # nobody's child: it stops at its first look
        emergency(committed)
        worker.run()
        assert set(told) == {signal.SIGTERM, signal.SIGINT}
        with Session(committed) as session:
            assert session.scalars(select(WorkerBeat)).all() == [], "it said goodbye"
        assert not [thread for thread in threading.enumerate() if "ThreadPoolExecutor" in thread.name]
        worker.stopping.clear()
        told[signal.SIGTERM](signal.SIGTERM, None)
        assert worker.stopping.is_set()

    def test_a_batch_that_does_not_end_is_left_to_the_database(
        self, worker: Worker, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        import signal

        let_go, begun = threading.Event(), threading.Event()
        left: list[int] = []

        def endless(_round: Round) -> int:
            begun.set()
            worker.stopping.set()
            assert let_go.wait(60)
            return 0

        monkeypatch.setattr(signal, "signal", lambda *_: None)
        monkeypatch.setattr(process, "PATIENCE", 0.1)
        monkeypatch.setattr(process, "JOBS", {"endless": Job(endless, timedelta(hours=1))})
        monkeypatch.setattr("os._exit", left.append)
        worker.run()
        assert begun.is_set() and left == [0]
        let_go.set()
