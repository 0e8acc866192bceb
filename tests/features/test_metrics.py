"""What a monitoring system reads: who may, what is counted and under which names, from one process and from several."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from hub.engine.models import OutboxMessage
from hub.web.metrics_queries import read_figures
from hub.web.shell import chosen_settings
from hub.worker.records import Identity, Record, beat, write_records
from tests.factories import make_membership, make_referral
from tests.statements import counted
from workflows.roles import Role

TOKEN = "a token of sixteen letters"
HERE = {"REMOTE_ADDR": "127.0.0.1"}
MARK = "Featherstonehaugh"


def told(page: str) -> dict[str, float]:
    """Every sample by name and labels."""
    rows = (line.rpartition(" ") for line in page.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in rows}


class TestWhoMayRead:
    """This machine, or whoever has the token; to all others there is no such page."""

    @pytest.fixture(autouse=True)
    def with_a_token(self, app: Flask) -> None:
        with app.app_context():
            changed = chosen_settings().model_copy(update={"metrics_token": SecretStr(TOKEN)})
        app.extensions["hub.settings"] = changed

    @pytest.mark.parametrize(
        ("peer", "headers", "status"),
        [
            ("127.0.0.1", {}, 200),
            ("127.8.8.8", {}, 200),
            ("::1", {}, 200),
            ("10.0.0.7", {}, 404),
            ("", {}, 404),
            ("127.0.0.1", {"X-Forwarded-For": "10.0.0.7"}, 404),
            ("127.0.0.1", {"Forwarded": "for=10.0.0.7"}, 404),
            ("127.0.0.1", {"X-Real-IP": "127.0.0.1"}, 404),
            ("127.0.0.1", {"Via": "1.1 proxy"}, 404),
            ("10.0.0.7", {"Authorization": f"Bearer {TOKEN}"}, 200),
            ("10.0.0.7", {"Authorization": f"bearer {TOKEN}", "X-Forwarded-For": "10.0.0.8"}, 200),
            ("10.0.0.7", {"Authorization": f"Bearer {TOKEN}x"}, 404),
            ("10.0.0.7", {"Authorization": f"Basic {TOKEN}"}, 404),
            ("10.0.0.7", {"Authorization": "Bearer "}, 404),
            ("10.0.0.7", {"Authorization": "Bearer \xe9"}, 404),
        ],
    )
    def test_by_peer_and_headers(self, client: FlaskClient, peer: str, headers: dict[str, str], status: int) -> None:
        answer = client.get("/metrics", headers=headers, environ_base={"REMOTE_ADDR": peer})
        assert answer.status_code == status
        assert ("hub_build_info" in answer.text) is (status == 200)

    def test_what_a_trusted_proxy_says_is_not_the_peer(self, client: FlaskClient) -> None:
        """ProxyFix has put the client's address, which the client made up, in the place of the proxy's."""
        for peer, status in (("10.0.0.7", 404), ("127.0.0.1", 200)):
            before = {"werkzeug.proxy_fix.orig": {"REMOTE_ADDR": peer}}
            assert client.get("/metrics", environ_base=HERE, environ_overrides=before).status_code == status

    def test_without_a_token_none_is_right(self, app: Flask, client: FlaskClient) -> None:
        app.extensions["hub.settings"] = app.extensions["hub.settings"].model_copy(update={"metrics_token": None})
        for given in ("Bearer None", "Bearer ", "Bearer"):
            answer = client.get("/metrics", headers={"Authorization": given}, environ_base={"REMOTE_ADDR": "10.0.0.7"})
            assert answer.status_code == 404


class TestWhatIsCounted:
    """In one process; the database's figures are the same in any."""

    def test_requests_by_route_and_status(
        self, session: Session, client: FlaskClient, sign_in: Callable[[FlaskClient, Any], None]
    ) -> None:
        sign_in(client, make_membership(session, Role.COORDINATOR))
        item = make_referral(session)
        before = told(client.get("/metrics", environ_base=HERE, buffered=True).text)
        for path in (f"/referrals/{item.reference}", f"/search?q={MARK}", f"/{MARK}", "/static/hub.js"):
            client.get(path, buffered=True)
        client.open("/", method="BREW", buffered=True)
        page = client.get("/metrics", environ_base=HERE, buffered=True).text
        now = told(page)

        def more(name: str) -> float:
            return now.get(name, 0) - before.get(name, 0)

        requests = 'hub_http_requests_total{{method="{}",route="{}",status="{}"}}'
        assert more(requests.format("GET", "/referrals/<reference>", "2xx")) == 1
        assert more(requests.format("GET", "/search", "2xx")) == 1
        assert more(requests.format("GET", "no such page", "4xx")) == 1
        assert more(requests.format("GET", "static file", "2xx")) == 1
        assert more(requests.format("other", "/", "4xx")) + more(requests.format("other", "no such page", "4xx")) == 1
        assert more('hub_http_request_seconds_count{method="GET",route="/referrals/<reference>"}') == 1
        assert item.reference not in page and MARK not in page and "BREW" not in page
        labels = set(re.findall(r'[{,](\w+)="', page))
        assert labels == {"method", "route", "status", "le", "version", "python"} | (labels & {"job", "kind"})

    def test_worker_jobs_deadlines_messages_and_items(self, session: Session, engine: Engine) -> None:
        now = datetime.now(UTC)
        hour = timedelta(hours=1)
        beat(session, Identity("one", "here", now), now - timedelta(seconds=30))
        went_well, broke = Record("ring", now, now - hour, 3, None, None), Record("mail", now, now, 0, "gone", None)
        for _ in range(2):
            write_records(session, [went_well, broke])
        write_records(session, [Record("ring", now, now, 0, "gone", None)])
        make_referral(session, priority="emergency", now=now - timedelta(days=30))
        session.query(OutboxMessage).delete()
        for more in ({}, {"next_try_at": now + hour}, {"gave_up_at": now}):
            session.add(OutboxMessage(topic="hub.tested", payload={}, created_at=now - 2 * hour, **more))
        session.flush()
        with counted(engine) as sent:
            found = {figure.name: figure.values for figure in read_figures(session, now)}
        assert len(sent) == 5
        single = {name.removeprefix("hub_"): values[""] for name, values in found.items() if "" in values}
        assert single.pop("clocks_due_oldest_seconds") > 28 * 24 * 3600
        assert single == {
            "clocks_due": 1,
            "outbox_unsent": 1,
            "outbox_later": 1,
            "outbox_given_up": 1,
            "outbox_oldest_seconds": 7200,
            "worker_seen_seconds": 30,
        }
        assert found["hub_job_last_success_timestamp_seconds"] == {"ring": (now - hour).timestamp()}
        assert found["hub_job_failing"] == {"ring": 1, "mail": 1}
        assert found["hub_job_failures"] == {"ring": 1, "mail": 2}
        assert found["hub_open_items"] == {"referral": 1}

    def test_a_database_that_is_away_is_a_figure_too(self, client: FlaskClient) -> None:
        def gone() -> Session:
            raise OperationalError("SELECT 1", {}, ConnectionError(MARK))

        assert told(client.get("/metrics", environ_base=HERE).text)["hub_database_answers"] == 1
        client.application.extensions["hub.sessions"] = gone
        page = client.get("/metrics", environ_base=HERE).text
        assert told(page)["hub_database_answers"] == 0 and "hub_open_items" not in page and MARK not in page


@pytest.mark.slow
class TestSeveralProcesses:
    """A real server of two processes: one tells of both, counts begin anew with each start, and its log is clean."""

    @pytest.fixture
    def environment(self, committed: Engine, tmp_path: Path) -> dict[str, str]:
        return {
            **os.environ,
            "HUB_DATABASE_URL": committed.url.render_as_string(hide_password=False),
            "HUB_DATA_DIR": str(tmp_path),
        }

    @pytest.fixture
    def serve(self, environment: dict[str, str]) -> Iterator[Callable[[int], subprocess.Popen[str]]]:
        started: list[subprocess.Popen[str]] = []

        def do(port: int) -> subprocess.Popen[str]:
            command = "from hub.cli import main; main(prog_name='hub')"
            words = [sys.executable, "-c", command, "run", "--port", str(port), "--workers", "2"]
            one = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, text=True)
            started.append(one)
            end = time.monotonic() + 60
            while ask(port, "/healthz") != 200:
                assert time.monotonic() < end
                time.sleep(0.1)
            return one

        yield do
        for one in started:
            one.kill()
            one.communicate()

    def test_one_tells_of_all(self, serve: Callable[[int], subprocess.Popen[str]], tmp_path: Path) -> None:
        with socket.socket() as tried:
            tried.bind(("127.0.0.1", 0))
            port = int(tried.getsockname()[1])
        server = serve(port)
        asked, end = 0, time.monotonic() + 60
        # The second process may be there later than the first: ask until both have answered.
        while asked < 40 or len(list((tmp_path / "metrics" / str(port)).glob("counter_*.db"))) < 2:
            assert time.monotonic() < end
            assert ask(port, f"/search?q={MARK}") == 302
            asked += 1
        with socket.create_connection(("127.0.0.1", port), 10) as line:
            line.sendall(f"{MARK} and no request\r\n\r\n".encode())
            assert b" 400 " in line.recv(100), "and gunicorn says so in the log"
        searched = 'hub_http_requests_total{method="GET",route="/search",status="3xx"}'
        assert {told(read(port))[searched] for _ in range(6)} == {asked}
        assert told(read(port))["hub_http_requests_in_flight"] == 1, "this one"
        server.send_signal(signal.SIGTERM)
        _, said = server.communicate(timeout=60)
        assert MARK not in said
        found = [json.loads(line) for line in said.splitlines()]
        assert [line["route"] for line in found if line["logger"] == "hub.requests"] == ["/search"] * asked
        assert len({line["process"] for line in found}) >= 2
        assert any(line["logger"] == "gunicorn.error" for line in found)
        serve(port)
        assert searched not in told(read(port)), "counts begin with the server"


def ask(port: int, path: str) -> int:
    """The status of a page; 0 when nobody answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def read(port: int) -> str:
    """The metrics."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()
