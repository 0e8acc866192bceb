"""The page and the command about the worker: what they show as a fault, and putting back what was given up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from hub.cli import main
from hub.config import settings
from hub.db import make_sessions, transaction
from hub.engine.models import AccessLog, OutboxMessage
from hub.jobs import names
from hub.jobs.queries import read_jobs
from hub.worker.process import Worker
from hub.worker.records import Identity, Record, beat, write_records
from tests.factories import NOW, make_membership, make_referral
from tests.policies import put_in_force
from tests.statements import counted
from workflows.roles import Role

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
ME = Identity("one", "here, process 1", NOW)


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


@pytest.fixture
def busy(session: Session) -> None:
    """A hub with something of everything."""
    make_busy(session)


class TestPage:
    """What an administrator sees."""

    @pytest.fixture
    def admin(self, session: Session, client: FlaskClient, sign_in: Callable[[FlaskClient, Any], None]) -> FlaskClient:
        sign_in(client, make_membership(session, Role.ADMINISTRATOR))
        return client

    def test_a_hub_without_a_worker_says_so(self, admin: FlaskClient) -> None:
        page = admin.get("/jobs").text
        assert "No worker was seen for 60 seconds" in page and "No worker was here in the last day" in page
        assert page.count("Not planned") == len(names.LABELS)

    def test_everything_is_shown(self, admin: FlaskClient, busy: None) -> None:
        page = admin.get("/jobs").text
        assert "No worker was seen" not in page and "1 message could not be delivered" in page
        assert "alpha, process 1" in page and "beta, process 2" in page and page.count("Gone") == 1
        assert "the disk is full" in page and "Failed" in page and "(12)" in page
        assert "1, oldest " in page

    def test_how_long_a_message_may_wait_and_a_worker_be_silent_is_policy(
        self, session: Session, admin: FlaskClient, busy: None
    ) -> None:
        session.execute(text("DELETE FROM outbox_message WHERE next_try_at IS NULL AND gave_up_at IS NULL"))
        assert "A message has waited since" not in admin.get("/jobs").text, "what waits since three hours is put off"
        session.add(OutboxMessage(topic="hub.tested", payload={}, created_at=datetime.now(UTC) - 20 * MINUTE))
        session.flush()
        page = admin.get("/jobs").text
        assert "A message has waited since" in page and "No message should wait for longer than 15 minutes" in page
        put_in_force(session, "messages.oldest_unsent_minutes", 25, "messages.worker_silent_seconds", 3 * 3600)
        page = admin.get("/jobs").text
        assert "A message has waited since" not in page and page.count("Gone") == 0

    def test_what_was_given_up_is_tried_again_one_or_all_by_an_administrator(
        self,
        session: Session,
        client: FlaskClient,
        sign_in: Callable[[FlaskClient, Any], None],
        admin: FlaskClient,
        busy: None,
    ) -> None:
        now = datetime.now(UTC)
        session.execute(text("DELETE FROM outbox_message"))
        rows = [
            OutboxMessage(topic=f"mail.{name}", payload={}, created_at=now, gave_up_at=now, last_error="refused")
            for name in ("one", "two", "three")
        ]
        session.add_all(rows)
        session.flush()

        def given_up() -> list[str]:
            waits = select(OutboxMessage.topic).where(OutboxMessage.gave_up_at.is_not(None))
            return sorted(session.scalars(waits))

        page = admin.get("/jobs").text
        assert "Try all again" in page and page.count(f'name="message" value="{rows[1].id}"') == 1
        said = admin.post("/jobs/retry", data={"message": rows[1].id}, follow_redirects=True).text
        assert "1 message put back" in said and given_up() == ["mail.one", "mail.three"]
        for wrong in (str(rows[1].id), "x", "", str(2**70)):
            answer = admin.post("/jobs/retry", data={"message": wrong}, follow_redirects=True)
            assert answer.status_code == 200 and "Nothing was put back" in answer.text, wrong
        assert given_up() == ["mail.one", "mail.three"]
        sign_in(client, make_membership(session, Role.DIRECTOR))
        page = client.get("/jobs").text
        assert "an administrator can try again" in page and "<button" not in page.partition("<main")[2]
        assert client.post("/jobs/retry").status_code == 404
        sign_in(client, make_membership(session, Role.ADMINISTRATOR))
        assert "2 messages put back" in client.post("/jobs/retry", follow_redirects=True).text and given_up() == []
        logged = session.scalars(select(AccessLog.detail).where(AccessLog.what == "messages_put_back")).all()
        assert [row["count"] for row in logged] == [1, 0, 0, 0, 0, 2]

    def test_it_costs_six_statements(self, session: Session, engine: Engine, busy: None) -> None:
        with counted(engine) as sent:
            state = read_jobs(session, datetime.now(UTC))
        assert len(sent) == 6
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
        assert code == 0 and "No worker was seen for 60 seconds. Run: hub worker" in said
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
