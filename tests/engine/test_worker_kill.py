"""Workers and web servers killed with -9 in the middle of their work: nothing twice, lost or by halves."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from hub.accounts.sessions import start_session
from hub.db import make_sessions, transaction
from hub.engine.audit import verify
from hub.engine.models import Clock, OutboxMessage, Transition, WorkItem
from hub.messages.models import Message
from tests.engine.sweep_rows import many_items
from tests.factories import make_membership, make_referral
from workflows.roles import Role

pytestmark = pytest.mark.slow

COMMAND = "from hub.cli import main; main(prog_name='hub')"
WORKERS = 3
WAIT = 240.0
"""Seconds after which a test has failed; on a machine with nothing else to do each takes well under a minute."""
CLOCKS = 10_000
MESSAGES = 4_000
ACTIONS = 100
Begin = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def begin(committed: Engine, tmp_path: Path) -> Iterator[Begin]:
    """Start `hub` with these words in a process group of its own; whatever still runs at the end is killed."""
    environment = {
        **os.environ,
        "HUB_DATABASE_URL": committed.url.render_as_string(hide_password=False),
        "HUB_DATA_DIR": str(tmp_path),
        "HUB_SECRET_KEY": "a key for tests only",
    }
    started: list[subprocess.Popen[bytes]] = []

    def do(*given: object) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-W", "ignore", "-c", COMMAND, *map(str, given)]
        started.append(subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, start_new_session=True))
        return started[-1]

    yield do
    for process in started:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and all it started, at once; it has no chance to tidy up."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(engine: Engine, query: str, reached: int, end: float) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while (found := int(connection.execute(text(query)).scalar_one())) < reached:
            assert time.monotonic() < end, f"{query} came to {found} of {reached}"
            time.sleep(0.005)


def wait_until_it_listens(worker: subprocess.Popen[bytes], end: float) -> None:
    """Another may have done all the work before this one had begun: a signal then would end it as nobody's doing."""
    caught = re.compile(r"^SigCgt:\s*([0-9a-f]+)$", re.MULTILINE)
    while not int(caught.findall(Path(f"/proc/{worker.pid}/status").read_text())[0], 16) >> (signal.SIGTERM - 1) & 1:
        assert worker.poll() is None and time.monotonic() < end, "a worker ended by itself"
        time.sleep(0.01)


def work_under_fire(engine: Engine, begin: Begin, query: str, whole: int, seed: int) -> int:
    """Three workers until `query` gives `whole`; all of them killed, a moment apart, again and again on the way."""
    chance, end, killed = random.Random(seed), time.monotonic() + WAIT, 0
    for reached in sorted(chance.sample(range(1, whole * 9 // 10), 3)):
        workers = [begin("worker") for _ in range(WORKERS)]
        wait_until(engine, query, reached, end)
        for worker in workers:
            assert worker.poll() is None, "a worker ended by itself"
            kill(worker)
            killed += 1
            time.sleep(chance.random() / 20)
    workers = [begin("worker") for _ in range(WORKERS)]
    wait_until(engine, query, whole, end)
    for worker in workers:
        wait_until_it_listens(worker, end)
        worker.send_signal(signal.SIGTERM)
    assert [worker.wait(20) for worker in workers] == [0] * WORKERS, "told to stop, they end in order"
    return killed


@pytest.fixture
def due(committed: Engine) -> int:
    """An emergency of a month ago, committed: its clock is due and has not rung. A coordinator is there to be told."""
    then = datetime.now(UTC) - timedelta(days=30)
    with make_sessions(committed)() as session, transaction(session):
        item = make_referral(session, priority="emergency", now=then)
        return item.id


def test_ten_thousand_clocks_ring_once_each(committed: Engine, due: int, begin: Begin) -> None:
    with make_sessions(committed)() as session, transaction(session):
        many_items(session, due, CLOCKS - 1)
    rung = "SELECT count(*) FROM clock WHERE rang_at IS NOT NULL"
    assert work_under_fire(committed, begin, rung, CLOCKS, seed=3) == 3 * WORKERS
    with Session(committed) as session:
        clocks = select(func.count()).select_from(Clock)
        assert session.scalar(clocks.where(Clock.rang_at == Clock.due_at)) == CLOCKS
        for rows in (
            select(Transition.item_id).where(Transition.action == "ring"),
            select(OutboxMessage.item_id).where(OutboxMessage.topic == "clock.rang"),
        ):
            found = session.scalars(rows).all()
            assert len(found) == len(set(found)) == CLOCKS
        as_before = WorkItem.history_length == 3, WorkItem.version == 2
        assert session.scalar(select(func.count()).select_from(WorkItem).where(*as_before)) == CLOCKS
        assert verify(session).findings == ()


def test_four_thousand_messages_are_delivered_once_each(
    committed: Engine, due: int, begin: Begin, tmp_path: Path
) -> None:
    with make_sessions(committed)() as session, transaction(session):
        session.execute(text("UPDATE clock SET rang_at = due_at, warned_at = due_at"))
        many_items(session, due, 400)
        session.execute(
            text(
                "INSERT INTO outbox_message (topic, item_id, payload, created_at, attempts) "
                "SELECT 'referral.declined', id, jsonb_build_object('reference', reference, 'kind', kind), "
                "now() - interval '1 hour', 0 FROM (SELECT id, reference, kind FROM work_item ORDER BY id LIMIT 400) "
                "AS item, generate_series(1, :each)"
            ),
            {"each": MESSAGES // 400},
        )
        told = session.scalar(text("SELECT count(*) FROM membership WHERE role IN ('coordinator', 'referrer')"))
    # E-mails, which come of what was told, have a storm of their own.
    no_mail = "NOT starts_with(topic, 'mail.')"
    sent = f"SELECT count(*) FROM outbox_message WHERE sent_at IS NOT NULL AND {no_mail}"
    work_under_fire(committed, begin, sent, MESSAGES + 1, seed=4)
    with Session(committed) as session:
        unsent = select(func.count()).where(OutboxMessage.sent_at.is_(None), text(no_mail))
        assert session.scalar(unsent) == 0
        ids = session.scalars(select(OutboxMessage.id).where(OutboxMessage.topic == "referral.declined")).all()
        assert len(ids) == MESSAGES and told == 2
        pairs = session.execute(
            select(Message.outbox_id, Message.user_id).where(Message.topic == "referral.declined")
        ).all()
        assert len(pairs) == len(set(pairs)) == MESSAGES * told
        assert {outbox_id for outbox_id, _ in pairs} == set(ids)
    folder = tmp_path / "outgoing"
    files = {path.name for path in folder.iterdir() if not path.name.endswith(".eml")}
    assert {f"{identity:012d}.json" for identity in ids} <= files
    assert not [name for name in files if name.startswith(".")], "and nothing half-written is left beside them"
    assert all(json.loads((folder / name).read_text())["id"] == int(name.removesuffix(".json")) for name in files)


class Browser:
    """A signed-in person's browser: it opens the action page and sends its form, cookies and all."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.cookies = port, {"hub-session": token}

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
            if form is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, urlencode(form) if form is not None else None, headers)
            answer = connection.getresponse()
            for name, value in answer.getheaders():
                if name.lower() == "set-cookie":
                    key, _, rest = value.partition("=")
                    self.cookies[key] = rest.partition(";")[0]
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def accept(self, reference: str) -> bool:
        """Press "Accept"; whether an answer came that says it is done, now or before."""
        try:
            status, page = self.ask("GET", f"/referrals/{reference}/accept")
            assert status == 200, f"{reference}: {status}"
            fields = dict(re.findall(r'<input[^>]*name="(csrf_token|seen)"[^>]*value="([^"]*)"', page))
            status, page = self.ask("POST", f"/referrals/{reference}/accept", fields)
        except (OSError, HTTPException):
            return False
        assert status in {303, 409, 422}, f"{reference}: {status}"
        return True


@pytest.fixture
def port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def test_a_web_server_killed_among_a_hundred_actions_leaves_nothing_by_halves(
    committed: Engine, begin: Begin, port: int
) -> None:
    with make_sessions(committed)() as session, transaction(session):
        references = [make_referral(session, "in_review").reference for _ in range(ACTIONS)]
        member = make_membership(session, Role.CASE_MANAGER)
        token = start_session(
            session,
            user_id=member.user_id,
            membership_id=member.id,
            address="127.0.0.1",
            now=datetime.now(UTC),
        )
    chance, end, waiting = random.Random(5), time.monotonic() + WAIT, list(references)
    accepted = "SELECT count(*) FROM work_item WHERE kind = 'referral' AND state = 'accepted'"
    with ThreadPoolExecutor(5) as pool:
        for reached in [*sorted(chance.sample(range(5, 85), 2)), None]:
            server = begin("run", "--port", port)
            until_it_answers(port, end)
            tries = [pool.submit(Browser(port, token).accept, reference) for reference in waiting]
            if reached is not None:
                wait_until(committed, accepted, reached, end)
                kill(server)
            answered = [found.result(WAIT) for found in tries]
            assert_whole(committed)
            assert reached is None or not all(answered), "the kill came in the middle"
            waiting = [reference for reference, is_done in zip(waiting, answered, strict=True) if not is_done]
        kill(server)
    assert waiting == []
    with Session(committed) as session:
        assert session.scalar(text(accepted)) == ACTIONS
        assert verify(session).findings == ()


def until_it_answers(port: int, end: float) -> None:
    while True:
        assert time.monotonic() < end, "the server never answered"
        try:
            if Browser(port, "nobody").ask("GET", "/healthz")[0] == 200:
                return
        except (OSError, HTTPException):
            time.sleep(0.05)


HALVES = {
    "version and history": "SELECT reference FROM work_item WHERE version <> history_length",
    "history and state": (
        "SELECT reference FROM work_item JOIN transition ON item_id = work_item.id AND position = history_length "
        "WHERE to_state <> state OR hash <> head_hash"
    ),
    "one acceptance each": (
        "SELECT reference FROM work_item WHERE kind = 'referral' AND (state = 'accepted')::int <> "
        "(SELECT count(*) FROM transition WHERE item_id = work_item.id AND action = 'accept')"
    ),
    "clocks": (
        "SELECT reference FROM work_item JOIN clock ON item_id = work_item.id "
        "WHERE is_open <> (stopped_at IS NULL) OR (stopped_at IS NULL) <> (outcome IS NULL)"
    ),
    "next deadline": (
        "SELECT reference FROM work_item WHERE next_due_at <> coalesce("
        "(SELECT min(due_at) FROM clock WHERE item_id = work_item.id AND is_running), next_due_at)"
    ),
    "party copies": (
        "SELECT reference FROM work_item JOIN item_party ON item_id = work_item.id WHERE until_at IS NULL AND "
        "(item_party.is_open, item_party.next_due_at) IS DISTINCT FROM (work_item.is_open, work_item.next_due_at)"
    ),
    "outbox": (
        "SELECT reference FROM work_item WHERE kind = 'referral' AND (state = 'accepted')::int <> "
        "(SELECT count(*) FROM outbox_message WHERE item_id = work_item.id AND topic = 'referral.accepted')"
    ),
    "reactions": (
        "SELECT reference FROM work_item WHERE kind = 'referral' AND (state = 'accepted')::int <> "
        "(SELECT count(*) FROM reaction WHERE item_id = work_item.id AND topic = 'referral.accepted')"
    ),
    "what follows": (
        "SELECT reference FROM work_item AS referral WHERE kind = 'referral' AND (state = 'accepted')::int <> "
        "(SELECT count(*) FROM work_item WHERE kind = 'admission' AND parent_id = referral.id)"
    ),
}
"""Items of which one part was written and another was not, by what does not agree."""


def assert_whole(engine: Engine) -> None:
    """Wait until the server has taken back what the dead were doing; then every part must agree with every other."""
    end = time.monotonic() + WAIT
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        busy = text(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state <> 'idle' "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        while connection.execute(busy).scalar_one():
            assert time.monotonic() < end
            time.sleep(0.02)
        found: dict[str, Any] = {
            name: rows for name, query in HALVES.items() if (rows := connection.execute(text(query)).scalars().all())
        }
    assert found == {}
