"""A worker killed in the middle of an import: nothing by halves, and the next one brings all of it in once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from hub.db import make_sessions, transaction
from hub.engine.audit import verify
from hub.referrals.import_models import ImportFile, ImportRun, Stage
from hub.referrals.import_runs import ask, folder_of, go_on, run_next_import
from hub.referrals.models import Referral
from tests.factories import make_person
from tests.features.import_rows import NOW, content_of, demo_organisations, many_rows

pytestmark = pytest.mark.slow
ROWS = 300
WAIT = 120.0
WORKER = """
import sys
from datetime import datetime
import hub.models, hub.reactions
from hub.db import make_engine, make_sessions
from hub.referrals.import_runs import run_next_import
run_next_import(make_sessions(make_engine(sys.argv[1])), datetime.fromisoformat(sys.argv[2]))
"""


@pytest.mark.parametrize("reached", [1, 250])
def test_killed_while_it_writes(committed: Engine, tmp_path: Path, reached: int) -> None:
    sessions = make_sessions(committed)
    with sessions() as session, transaction(session):
        demo_organisations(session)
        content = content_of(many_rows(ROWS), tmp_path)
        run_id = ask(session, asked_by_id=make_person(session).id, file_name="l.csv", content=content, now=NOW).id
    assert run_next_import(sessions, NOW) == 1
    with sessions() as session, transaction(session):
        go_on(session, session.get_one(ImportRun, run_id), skips_bad=False, now=NOW)

    url = committed.url.render_as_string(hide_password=False)
    with subprocess.Popen([sys.executable, "-c", WORKER, url, NOW.isoformat()]) as process:
        written = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM reference_referral_seq"
        _wait(committed, written, reached)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    # The server takes everything back by itself, and lets go of the file.
    free = "SELECT count(*) FROM (SELECT 1 FROM import_file FOR UPDATE SKIP LOCKED) AS free"
    _wait(committed, free, 1)
    with Session(committed) as session:
        assert session.scalar(select(func.count()).select_from(Referral)) == 0
        assert session.get_one(ImportRun, run_id).stage == Stage.IMPORTING
    with Session(committed) as session:
        left = folder_of(session, run_id)
    assert left.exists(), "the killed worker was in the middle of it"

    assert run_next_import(sessions, NOW) == 1
    assert run_next_import(sessions, NOW) == 0
    assert not left.exists(), "rows of patients were left on disk"
    with Session(committed) as session:
        run = session.get_one(ImportRun, run_id)
        assert (run.stage, run.attempts, run.report["imported"]) == (Stage.DONE, 2, ROWS)
        assert session.scalar(select(func.count()).select_from(Referral)) == ROWS
        assert session.get_one(ImportFile, run_id).content is None
        assert not verify(session).findings


def _wait(engine: Engine, query: str, reached: int) -> None:
    end = time.monotonic() + WAIT
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        while int(connection.execute(text(query)).scalar_one()) < reached:
            assert time.monotonic() < end, f"{query} never reached {reached}"
            time.sleep(0.01)
