"""The worker's jobs: each does its part, what went wrong is written down, and a page and a command show it."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from hub.accounts.models import AttemptOutcome, SignInAttempt
from hub.cli import main
from hub.config import settings
from hub.db import make_engine, make_sessions, transaction
from hub.engine.life import JobRun, WorkerBeat
from hub.engine.models import AuditDigest, Clock, OutboxMessage
from hub.engine.sweep import RingFailed
from hub.jobs import names
from hub.jobs.queries import read_jobs
from hub.messages.models import Message
from hub.worker import jobs, process
from hub.worker.jobs import JOBS, Job, Round
from hub.worker.process import Worker
from hub.worker.records import Identity, Record, beat, leave, write_records
from tests.factories import NOW, make_membership, make_referral
from tests.statements import counted
from workflows.roles import Role

LATE = NOW + timedelta(days=60)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
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
        write_records(session, [Record("ring", NOW + DAY, NOW + DAY + SECOND, 2, None, None)])
        session.refresh(run)
        assert (run.last_count, run.last_error, run.last_failed_at) == (2, None, NOW + DAY)


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
        assert "The job ring failed" in caplog.text
        worker.do(names.RING, JOBS[names.RING])
        worker.give_sign()
        assert self.runs(committed)[names.RING].last_error is None

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


@pytest.fixture
def busy(session: Session) -> None:
    """A hub with something of everything."""
    make_busy(session)


def make_busy(session: Session) -> None:
    """A worker that is there, one that is gone, a failing job, and something of every backlog."""
    now = datetime.now(UTC)
    beat(session, Identity("one", "alpha, process 1", now), now)
    beat(session, Identity("two", "beta, process 2", now - DAY / 2), now - timedelta(hours=2))
    write_records(
        session,
        [
            Record(names.RING, now, now - 5 * SECOND, 12, None, now + timedelta(minutes=3)),
            Record(names.DELIVER, now, now - timedelta(minutes=5), 0, "the disk is full", now - SECOND),
        ],
    )
    make_referral(session, priority="emergency")
    more = {"topic": "hub.tested", "payload": {}, "created_at": now - timedelta(hours=3)}
    session.add(OutboxMessage(**more, gave_up_at=now))
    session.add(OutboxMessage(**more, next_try_at=now + DAY))
    session.flush()


class TestPage:
    """What an administrator sees."""

    @pytest.fixture
    def admin(self, session: Session, client: FlaskClient, sign_in: Callable[[FlaskClient, Any], None]) -> FlaskClient:
        sign_in(client, make_membership(session, Role.ADMINISTRATOR))
        return client

    def test_a_hub_without_a_worker_says_so(self, admin: FlaskClient) -> None:
        page = admin.get("/jobs").text
        assert "No worker was seen in the last minute" in page and "No worker was here in the last day" in page
        assert page.count("Not planned") == len(names.LABELS)

    def test_everything_is_shown(self, admin: FlaskClient, busy: None) -> None:
        page = admin.get("/jobs").text
        assert "No worker was seen" not in page and "1 message could not be delivered" in page
        assert "alpha, process 1" in page and "beta, process 2" in page and page.count("Gone") == 1
        assert "the disk is full" in page and "Failed" in page and "(12)" in page
        assert "1, oldest " in page

    def test_it_costs_five_statements(self, session: Session, engine: Engine, busy: None) -> None:
        with counted(engine) as sent:
            state = read_jobs(session, datetime.now(UTC))
        assert len(sent) == 5
        assert [line.name for line in state.failing] == [names.DELIVER] and len(state.alive) == 1


class TestCommand:
    """`hub jobs` and `hub worker`."""

    @pytest.fixture(autouse=True)
    def own(self, committed: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
        monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path))
        settings.cache_clear()
        yield
        settings.cache_clear()

    def say(self, *words: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, words)
        return result.exit_code, result.output

    def test_a_hub_without_a_worker(self) -> None:
        code, said = self.say("jobs")
        assert code == 0 and "No worker was seen in the last minute. Run: hub worker" in said
        assert said.count("never ran") == len(names.LABELS)
        read = json.loads(self.say("jobs", "--json")[1])
        assert read["workers"] == [] and read["messages"]["unsent"] == 0

    def test_everything_is_told_and_what_was_given_up_is_tried_again(self, committed: Engine) -> None:
        with make_sessions(committed)() as session, transaction(session):
            make_busy(session)
        _, said = self.say("jobs")
        assert "Worker running: alpha, process 1, last seen" in said and "Worker gone: beta, process 2" in said
        assert "last had work" in said and "(12)" in said and "next in 2 min" in said
        assert "FAILED: the disk is full" in said
        assert "Deadlines that passed and have not rung: 1, the oldest" in said
        assert "Messages to be delivered now: 1, the oldest due" in said
        assert "Messages that wait for their moment: 1." in said
        assert "Messages given up after many tries: 1. To try again: hub jobs --retry" in said
        read = json.loads(self.say("jobs", "--json")[1])
        assert [line["is_alive"] for line in read["workers"]] == [True, False]
        assert (read["clocks"]["due"], read["messages"]["given_up"]) == (1, 1)
        found = {line["name"]: line for line in read["jobs"]}
        assert found["deliver"]["last_error"] == "the disk is full" and found["digest"]["last_finished_at"] is None
        _, said = self.say("jobs", "--retry")
        assert "Messages put back to be tried again: 1." in said and "given up" not in said
        assert json.loads(self.say("jobs", "--retry", "--json")[1])["messages"]["given_up"] == 0

    def test_a_worker_refuses_an_old_database(self, committed: Engine) -> None:
        with committed.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
        code, said = self.say("worker")
        assert code == 1 and "The database is not up to date. Run: hub migrate" in said

    def test_a_worker_runs_on_an_up_to_date_one(self, monkeypatch: pytest.MonkeyPatch) -> None:
        begun: list[int | None] = []
        monkeypatch.setattr(Worker, "run", lambda worker: begun.append(worker.parent))
        code, said = self.say("worker", "--parent", "1")
        assert (code, begun) == (0, [1]) and "The worker is running." in said

    def test_the_doctor_looks_for_a_worker(self, committed: Engine) -> None:
        assert "to mend  Worker: never seen here." in self.say("doctor")[1]
        with make_sessions(committed)() as session, transaction(session):
            beat(session, ME, datetime.now(UTC))
        assert "ok       Worker: last seen on" in self.say("doctor")[1]
