"""Four thousand e-mails through a mail server in bad weather, by workers that are killed: none lost, few twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Queue

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from hub.accounts.asking import ASKED_TOPIC
from hub.db import make_sessions, transaction
from hub.engine.models import OutboxMessage
from hub.engine.outbox import queue_mail
from hub.messages.models import Message
from tests.factories import make_hub, make_membership
from tests.features.stormy_mail import StormyServer
from tests.worklist_limits import put_limit
from workflows.roles import Role

pytestmark = pytest.mark.slow

MAILS = 4_000
PEOPLE = MAILS // 4
WORKERS = 2
KILLS = 12
AWAY = 2
WAIT = 240.0
"""Seconds after which the test has failed; a quiet machine needs well under one minute."""
HURRY = text(
    "UPDATE outbox_message SET next_try_at = now() WHERE id IN (SELECT id FROM outbox_message "
    "WHERE sent_at IS NULL AND next_try_at > now() FOR UPDATE SKIP LOCKED)"
)
"""What waits for its next try waits no longer: the minutes of the policy are not waited for here."""

NURSERY = """
import os, signal, sys
import hub.cli.worker, hub.worker.process
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for line in sys.stdin:
    worker = os.fork()
    if not worker:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        sys.stdout = open(os.devnull, "w")
        hub.cli.main(["worker"], prog_name="hub")
    print(worker, flush=True)
"""
"""For each line a process that runs `hub worker`: a new program would be read for seconds after each kill."""


@pytest.fixture
def addresses(committed: Engine) -> list[str]:
    """Everybody's address, as often as they get an e-mail: each three of their own, and one about one event for all."""
    now = datetime.now(UTC)
    with make_sessions(committed)() as session, transaction(session):
        put_limit(session, "messages.retry_minutes", (1,) * 40, now)
        hub = make_hub(session)
        people = [make_membership(session, Role.COORDINATOR, hub).user for _ in range(PEOPLE)]
        session.flush()
        for person in people * 3:
            queue_mail(session, "password_changed", {"user_id": person.id}, now=now)
        session.add(OutboxMessage(topic=ASKED_TOPIC, payload={}, created_at=now, attempts=0))
        return [person.email for person in people * 4]


@pytest.fixture
def storm() -> Iterator[StormyServer]:
    with StormyServer(seed=6).running() as server:
        yield server


class Workers:
    """Worker processes; one that is killed has another in its place at once."""

    def __init__(self, engine: Engine, folder: Path, storm: StormyServer) -> None:
        environment = {
            **os.environ,
            "HUB_DATABASE_URL": engine.url.render_as_string(hide_password=False),
            "HUB_DATA_DIR": str(folder),
            "HUB_SECRET_KEY": "a key for tests only",
            "HUB_SMTP_URL": storm.url,
            "HUB_MAIL_FROM": "hub@hub.example",
            "HUB_ADDRESS": "https://hub.example",
        }
        self.nursery = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", NURSERY],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.running = [self._begin() for _ in range(WORKERS)]

    def _begin(self) -> int:
        assert self.nursery.stdin and self.nursery.stdout
        self.nursery.stdin.write(b"one more\n")
        self.nursery.stdin.flush()
        return int(self.nursery.stdout.readline())

    def kill_one(self, chance: random.Random) -> None:
        """Whichever: in the middle of an e-mail, or between two. One that had ended by itself fails the test."""
        os.kill(self.running.pop(chance.randrange(WORKERS)), signal.SIGKILL)
        self.running.append(self._begin())

    def end(self) -> None:
        """All of them, and the nursery."""
        for worker in self.running:
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        self.nursery.kill()
        self.nursery.communicate()


@pytest.fixture
def workers(committed: Engine, tmp_path: Path, storm: StormyServer) -> Iterator[Workers]:
    made = Workers(committed, tmp_path, storm)
    yield made
    made.end()


def test_four_thousand_messages_through_a_flaky_server_with_random_kills(
    committed: Engine, addresses: list[str], storm: StormyServer, workers: Workers
) -> None:
    chance, moments = random.Random(7), Queue[int]()
    chosen = sorted(chance.sample(range(20, MAILS * 9 // 10), KILLS + AWAY))
    away = set(chance.sample(chosen, AWAY))
    storm.on_taking = lambda total: moments.put(total) if total in chosen else None
    unsent = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.sent_at.is_(None))
    end = time.monotonic() + WAIT
    with committed.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while connection.scalar(unsent):
            assert time.monotonic() < end, f"{storm.total} came, {connection.scalar(unsent)} wait"
            try:
                moment = moments.get(timeout=0.5)
            except Empty:
                connection.execute(HURRY)
                continue
            if moment in away:
                storm.close()
                time.sleep(2.5)
                storm.open()
            else:
                time.sleep(chance.random() * 0.02)
                workers.kill_one(chance)
    with Session(committed) as session:
        assert session.scalar(select(func.count()).where(OutboxMessage.gave_up_at.is_not(None))) == 0
        inbox = session.scalars(select(Message.user_id)).all()
        assert len(inbox) == len(set(inbox)) == PEOPLE, "each was told once, and by one e-mail"
    assert moments.empty() and storm.total >= MAILS
    assert len(storm.taken) == MAILS, "each arrived"
    assert sorted(took[0][0] for took in storm.taken.values()) == sorted(addresses)
    assert all(set(took) == {took[0]} for took in storm.taken.values()), "a repeat is the same to the last byte"
    repeats = storm.total - MAILS
    assert repeats <= KILLS + storm.unthanked
