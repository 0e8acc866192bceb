"""What a watcher is told: alive, ready, and the first thing that is not as it should be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from hub.engine.life import WorkerBeat
from tests.policies import put_in_force
from tests.statements import counted

NO_WORKER = "no worker was seen for 60 seconds: start hub worker\n"
OLD = "the database is not up to date: run hub migrate\n"


def seen(session: Session, ago: timedelta = timedelta(0)) -> None:
    now = datetime.now(UTC)
    session.add(WorkerBeat(id="one", place="here", started_at=now - ago, seen_at=now - ago))
    session.flush()


def ready(client: FlaskClient) -> tuple[int, str]:
    answer = client.get("/readyz")
    assert answer.content_type == "text/plain; charset=utf-8"
    return answer.status_code, answer.text


def test_it_is_ready_while_a_worker_is_seen(session: Session, client: FlaskClient) -> None:
    assert ready(client) == (503, NO_WORKER)
    seen(session)
    assert ready(client) == (200, "ok\n")


def test_how_long_a_worker_may_be_silent_is_policy(session: Session, client: FlaskClient) -> None:
    seen(session, timedelta(seconds=90))
    assert ready(client) == (503, NO_WORKER)
    put_in_force(session, "messages.worker_silent_seconds", 120)
    assert ready(client) == (200, "ok\n")
    put_in_force(session, "messages.worker_silent_seconds", 1)
    assert ready(client) == (503, "no worker was seen for 1 second: start hub worker\n")


def test_a_database_without_a_policy_set_is_not_ready(session: Session, client: FlaskClient) -> None:
    seen(session)
    session.execute(text("DELETE FROM policy_version"))
    assert ready(client) == (503, "the database has no policy set: run hub migrate\n")


def test_an_old_database_is_not_ready(session: Session, client: FlaskClient) -> None:
    seen(session)
    session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert ready(client) == (503, OLD)
    session.execute(text("ALTER TABLE alembic_version RENAME TO another_name"))
    assert ready(client) == (503, OLD)


def test_a_database_that_does_not_answer_is_said_so(client: FlaskClient) -> None:
    def gone() -> Session:
        raise OperationalError("SELECT 1", {}, ConnectionError("the connection was lost"))

    client.application.extensions["hub.sessions"] = gone
    assert ready(client) == (503, "the database does not answer\n")
    assert client.get("/healthz").text == "ok\n", "the process itself is there"


def test_a_watcher_costs_four_statements(session: Session, client: FlaskClient) -> None:
    seen(session)
    engine = session.get_bind().engine
    ready(client)  # the policy set is read once and then kept
    with counted(engine) as sent:
        ready(client)
    assert len(sent) == 4, sent
