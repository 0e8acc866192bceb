"""An import that is killed, run twice at once or very large: nothing half-imported, nothing twice, little memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from hub.cases.models import CareCase
from hub.db import Lock, transaction
from hub.demo import make_referrals_file as shipped
from hub.engine.audit import verify
from hub.engine.models import Clock, OutboxMessage, Transition, WorkItem
from hub.patients.models import Patient
from tests.features.import_rows import demo_organisations, many_rows, read_csv, write_csv

pytestmark = pytest.mark.slow

COMMAND = """
import re, sys
from hub.cli import main
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
import hub.cli.importing, hub.models, hub.reactions
idle = peak()
try:
    main(sys.argv[1:], prog_name="hub")
finally:
    print(f"peak above idle: {peak() - idle} kB")
"""
TABLES = (WorkItem, Transition, Clock, OutboxMessage, CareCase, Patient)
WAIT = 120.0


@pytest.fixture
def database(committed: Engine) -> Engine:
    with Session(committed) as session, transaction(session):
        demo_organisations(session)
    return committed


@pytest.fixture
def begin(database: Engine) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the real command in a process of its own; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def do(*given: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", COMMAND, "import", "referrals", *map(str, given)],
            env={**os.environ, "HUB_DATABASE_URL": database.url.render_as_string(hide_password=False)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield do
    for process in started:
        process.kill()
        process.communicate()


def rows_in(engine: Engine) -> list[int]:
    with Session(engine) as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]


def wait_until(engine: Engine, query: str, reached: int) -> None:
    """Wait until the one number of `query` is at least `reached`."""
    end = time.monotonic() + WAIT
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while int(connection.execute(text(query)).scalar_one()) < reached:
            assert time.monotonic() < end, f"{query} never reached {reached}"
            time.sleep(0.002)


# A sequence moves at once, commit or not, so it shows from outside how far the import has come.
WRITTEN = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM reference_referral_seq"
HOLDING = (
    f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {int(Lock.IMPORT)} "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@pytest.mark.parametrize(
    ("query", "reached"),
    [(HOLDING, 1), (WRITTEN, 1), (WRITTEN, 60), (WRITTEN, 120), (WRITTEN, 179)],
    ids=["while checking", "first row", "a third", "two thirds", "last row"],
)
def test_a_killed_import_leaves_nothing_and_can_be_run_again(
    database: Engine, begin: Callable[..., subprocess.Popen[str]], tmp_path: Path, query: str, reached: int
) -> None:
    rejects = tmp_path / "rejects.csv"
    process = begin(shipped.FILE, "--skip-bad", rejects)
    wait_until(database, query, reached)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    # The server notices the end of the connection by itself and rolls back.
    wait_until(database, f"SELECT 1 - ({HOLDING})", 1)
    assert rows_in(database) == [0] * len(TABLES)
    assert not rejects.exists()

    again = begin(shipped.FILE, "--skip-bad", rejects)
    said, _ = again.communicate(timeout=WAIT)
    assert again.returncode == 0, said
    assert "Referrals imported: 179." in said
    assert rows_in(database)[:2] == [179, 358]
    assert len(read_csv(rejects)) == 17
    with Session(database) as session:
        assert not verify(session).findings


def test_two_imports_of_one_file_at_once_add_it_once(
    database: Engine, begin: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    both = [begin(shipped.FILE, "--skip-bad", tmp_path / f"rejects{place}.csv") for place in range(2)]
    said = [process.communicate(timeout=WAIT)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    imported = sorted(line for text_said in said for line in text_said.splitlines() if "Referrals imported" in line)
    assert imported == ["Referrals imported: 0.", "Referrals imported: 179."]
    assert any("Already imported before, left as they are: 179." in text_said for text_said in said)
    assert rows_in(database)[0] == 179
    assert len(read_csv(tmp_path / "rejects0.csv")) == len(read_csv(tmp_path / "rejects1.csv")) == 17


def test_ten_thousand_rows_need_little_memory(
    database: Engine, begin: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    path = write_csv(tmp_path / "many.csv", many_rows(10_000))
    begun = time.monotonic()
    process = begin(path)
    said, _ = process.communicate(timeout=600)
    seconds = time.monotonic() - begun
    assert process.returncode == 0, said
    assert "Referrals imported: 10,000." in said
    assert rows_in(database)[0] == 10_000
    above_idle = int(said.rsplit("peak above idle: ", 1)[1].split()[0])
    print(f"10,000 rows in {seconds:.0f} s, {above_idle // 1024} MB above idle")
    assert above_idle < 300 * 1024
    with Session(database) as session:
        assert not verify(session).findings
