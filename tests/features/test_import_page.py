"""The import page: checked first, imported in the background, nothing twice, nothing by halves, by the right people."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from hub.app import create_app
from hub.config import Settings
from hub.db import make_sessions, transaction
from hub.demo import make_referrals_file as shipped
from hub.engine.audit import verify
from hub.engine.models import AccessLog, Transition
from hub.referrals import import_runs
from hub.referrals.import_models import ImportFile, ImportRun, Stage
from hub.referrals.import_runs import run_next_import
from hub.referrals.models import Referral
from tests.factories import make_membership, signed_in_cookie
from tests.features.import_rows import NOW, content_of, demo_organisations, good_rows, send
from workflows.roles import Role

Sessions = sessionmaker[Session]


@pytest.fixture
def sessions(committed: Engine) -> Sessions:
    """A database of its own with the demo's organisations: the worker has connections of its own."""
    made = make_sessions(committed)
    with made() as session, transaction(session):
        demo_organisations(session)
    return made


@pytest.fixture
def site(sessions: Sessions, test_settings: Settings) -> Flask:
    made = create_app(test_settings, session_factory=sessions)
    made.config |= {"TESTING": True, "WTF_CSRF_ENABLED": False}
    return made


@pytest.fixture
def as_a(site: Flask, sessions: Sessions) -> Callable[[Role], FlaskClient]:
    def arrive(role: Role) -> FlaskClient:
        client = site.test_client()
        with sessions() as session, transaction(session):
            signed_in_cookie(session, client, make_membership(session, role))
        return client

    return arrive


@pytest.fixture
def dele(as_a: Callable[[Role], FlaskClient]) -> FlaskClient:
    """A coordinator at a browser."""
    return as_a(Role.COORDINATOR)


def work(sessions: Sessions) -> int:
    """A worker until nothing waits; gives how many steps there were."""
    steps = 0
    while run_next_import(sessions, NOW):
        steps += 1
    return steps


def the_run(sessions: Sessions, number: int = 1) -> ImportRun:
    with sessions() as session:
        return session.get_one(ImportRun, number)


def referrals_in(sessions: Sessions) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(Referral)) or 0


def kept(sessions: Sessions) -> list[tuple[bool, bool]]:
    """Of each file: whether its content is kept, and whether its rejects are."""
    with sessions() as session:
        files = session.scalars(select(ImportFile).order_by(ImportFile.run_id))
        return [(file.content is not None, file.rejects is not None) for file in files]


def test_a_good_file_is_checked_then_imported_then_forgotten(
    sessions: Sessions, dele: FlaskClient, tmp_path: Path
) -> None:
    sent = send(dele, content_of([*good_rows(4), good_rows(1)[0]], tmp_path))
    assert sent.status_code == 303 and sent.headers["Location"] == "/referrals/import/1"
    page = dele.get("/referrals/import/1").text
    assert "It waits for its turn" in page and "Refresh" in page and 'data-refresh="on"' in page
    assert work(sessions) == 1
    page = dele.get("/referrals/import/1").text
    assert "Every row is good. Nothing is imported yet." in page and "Import 4 referrals" in page
    assert "Exact repeats of another row, counted once" in page and 'data-refresh="off"' in page
    assert referrals_in(sessions) == 0
    assert dele.post("/referrals/import/1").status_code == 303
    assert work(sessions) == 1
    page = dele.get("/referrals/import/1").text
    assert "4 referrals came in." in page and "Import 4 referrals" not in page
    assert referrals_in(sessions) == 4
    assert kept(sessions) == [(False, False)]
    assert "4 referrals added" in dele.get("/referrals/import").text
    with sessions() as session:
        assert not verify(session).findings
        reasons = session.scalars(select(Transition.reason).where(Transition.action == "submit"))
        assert all(reason and reason.startswith("Imported from list.csv, sent by ") for reason in reasons)
        logged = session.scalars(select(AccessLog.what).where(AccessLog.what.like("import%")).order_by(AccessLog.id))
        assert list(logged) == ["import_sent", "import_begun"]


def test_the_same_file_twice_adds_nothing_and_says_so(sessions: Sessions, dele: FlaskClient, tmp_path: Path) -> None:
    content = content_of(good_rows(3), tmp_path)
    send(dele, content)
    work(sessions)
    dele.post("/referrals/import/1")
    work(sessions)
    send(dele, content, "the same under another name.csv")
    assert "This very file was imported" in dele.get("/referrals/import/2").text
    work(sessions)
    page = dele.get("/referrals/import/2").text
    assert "Every row of this file is in the hub already" in page and "The same file twice adds nothing." in page
    said = dele.post("/referrals/import/2", follow_redirects=True).text
    assert "There is nothing to import in this file." in said
    assert work(sessions) == 0 and referrals_in(sessions) == 3


def test_every_problem_is_listed_by_row_and_field(sessions: Sessions, dele: FlaskClient) -> None:
    send(dele, shipped.FILE.read_bytes(), shipped.FILE.name)
    work(sessions)
    run = the_run(sessions)
    page = dele.get("/referrals/import/1").text
    assert run.report["problem_count"] == len(run.problems) == 17
    assert "Date of birth is a day that does not exist" in page and "<code" in page and "date_of_birth" in page
    assert "17 rows have problems" in page and "Import 179 good rows without the others" in page
    rejects = dele.get("/referrals/import/1/problems.csv")
    assert rejects.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(rejects.get_data().decode("utf-8-sig"))))
    assert len(rows) == run.report["problem_count"] and {row["row"] for row in rows} >= {"8", "41", "184"}
    assert referrals_in(sessions) == 0


def test_bad_rows_keep_the_file_out_unless_they_are_left_out(sessions: Sessions, dele: FlaskClient) -> None:
    send(dele, shipped.FILE.read_bytes(), shipped.FILE.name)
    work(sessions)
    said = dele.post("/referrals/import/1", follow_redirects=True).text
    assert "Some rows have problems" in said and the_run(sessions).stage == Stage.CHECKED
    dele.post("/referrals/import/1", data={"leave_out": "yes"})
    again = dele.post("/referrals/import/1", data={"leave_out": "yes"}, follow_redirects=True).text
    assert "somebody may have been quicker" in again
    work(sessions)
    page = dele.get("/referrals/import/1").text
    assert "179 referrals came in." in page and "Rows with problems, left out" in page
    assert referrals_in(sessions) == 179 and kept(sessions) == [(False, True)]
    assert dele.get("/referrals/import/1/problems.csv").status_code == 200


def test_rows_that_go_bad_after_the_check_stop_the_whole_file(
    sessions: Sessions, dele: FlaskClient, tmp_path: Path
) -> None:
    rows = good_rows(3)
    send(dele, content_of(rows, tmp_path))
    send(dele, content_of([rows[0] | {"where_now": "Somewhere else"}], tmp_path))
    work(sessions)
    for number in (2, 1):
        dele.post(f"/referrals/import/{number}")
        work(sessions)
    assert "1 referral came in." in dele.get("/referrals/import/2").text
    page = dele.get("/referrals/import/1").text
    assert "Since it was checked, rows of it have got problems. Nothing was imported." in page
    assert referrals_in(sessions) == 1


def test_a_file_that_breaks_further_down_is_refused_by_the_worker(
    sessions: Sessions, dele: FlaskClient, tmp_path: Path
) -> None:
    send(dele, content_of(good_rows(3), tmp_path) + "É".encode("latin-1"))
    assert work(sessions) == 1
    page = dele.get("/referrals/import/1").text
    assert "The file is not in UTF-8" in page and "Refused" in page
    assert kept(sessions) == [(False, False)]


def test_a_name_from_a_browser_is_only_a_name(sessions: Sessions, dele: FlaskClient, tmp_path: Path) -> None:
    content = content_of(good_rows(1), tmp_path)
    for name in ("C:/Users/me/list.csv", "../../etc/list.csv", "li\u202est.csv"):
        send(dele, content, name)
    with sessions() as session:
        assert {run.file_name for run in session.scalars(select(ImportRun))} == {"list.csv"}


def test_problems_come_in_pages(sessions: Sessions, dele: FlaskClient, tmp_path: Path) -> None:
    send(dele, content_of([row | {"priority": "asap"} for row in good_rows(120)], tmp_path))
    work(sessions)
    first = dele.get("/referrals/import/1").text
    assert "1 to 100 of 120 problems" in first and "from=100" in first
    last = dele.get("/referrals/import/1?from=100").text
    assert "101 to 120 of 120 problems" in last and "First page" in last and "Next page" not in last
    assert dele.get("/referrals/import/1?from=x").status_code == 200


def test_progress_is_seen_while_the_one_transaction_runs(
    sessions: Sessions, dele: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.referrals.importing.BATCH", 2)
    send(dele, content_of(good_rows(6), tmp_path))
    seen: list[str] = []
    tell = import_runs._tell

    def and_look(*given: Any, **values: Any) -> None:
        tell(*given, **values)
        seen.append(dele.get("/referrals/import/1").text)
        assert run_next_import(sessions, NOW) == 0, "a second worker took the same file"
        assert referrals_in(sessions) == 0, "a part of it showed before the end"

    monkeypatch.setattr(import_runs, "_tell", and_look)
    work(sessions)
    assert any("4 rows checked so far" in page for page in seen)
    dele.post("/referrals/import/1")
    work(sessions)
    assert any("4 of 6 referrals written so far" in page for page in seen)
    assert referrals_in(sessions) == 6


class Killed(BaseException):
    """The process is gone."""


def test_a_worker_that_dies_in_the_middle_leaves_nothing_and_the_next_begins_again(
    sessions: Sessions, dele: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.referrals.importing.BATCH", 2)
    send(dele, content_of(good_rows(6), tmp_path))
    work(sessions)
    dele.post("/referrals/import/1")
    tell = import_runs._tell

    def die(*given: Any, **values: Any) -> None:
        tell(*given, **values)
        if values.get("rows_done") == 4:
            raise Killed

    with monkeypatch.context() as changed:
        changed.setattr(import_runs, "_tell", die)
        with pytest.raises(Killed):
            run_next_import(sessions, NOW)
    assert referrals_in(sessions) == 0
    run = the_run(sessions)
    assert (run.stage, run.attempts, run.rows_done) == (Stage.IMPORTING, 1, 4)
    assert "4 of 6 referrals written so far" in dele.get("/referrals/import/1").text
    assert work(sessions) == 1
    assert referrals_in(sessions) == 6 and the_run(sessions).attempts == 2


def test_a_file_that_kills_the_worker_again_and_again_is_given_up(
    sessions: Sessions, dele: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(dele, content_of(good_rows(1), tmp_path))
    with monkeypatch.context() as changed:
        changed.setattr(import_runs, "_work", lambda *_given: (_ for _ in ()).throw(Killed))
        for _ in range(import_runs.MOST_ATTEMPTS):
            with pytest.raises(Killed):
                run_next_import(sessions, NOW)
    assert run_next_import(sessions, NOW) == 1
    assert run_next_import(sessions, NOW) == 0
    assert "never came to an end" in dele.get("/referrals/import/1").text


def test_many_workers_at_once_do_every_file_once(sessions: Sessions, dele: FlaskClient, tmp_path: Path) -> None:
    for place in range(4):
        send(dele, content_of(good_rows(8)[place * 2 : place * 2 + 2], tmp_path))
    for press in (False, True):
        if press:
            for number in range(1, 5):
                dele.post(f"/referrals/import/{number}")
        with ThreadPoolExecutor(3) as workers:
            done = list(workers.map(lambda _number: work(sessions), range(3)))
        assert sum(done) + work(sessions) == 4
    assert referrals_in(sessions) == 8
    with sessions() as session:
        assert [run.attempts for run in session.scalars(select(ImportRun))] == [1] * 4


def test_somebody_who_waits_long_is_told_about_the_worker(
    sessions: Sessions, dele: FlaskClient, tmp_path: Path
) -> None:
    send(dele, content_of(good_rows(1), tmp_path))
    assert "whether the worker is running" not in dele.get("/referrals/import/1").text
    with sessions() as session, transaction(session):
        session.execute(text("UPDATE import_run SET asked_at = asked_at - interval '3 minutes'"))
    assert "whether the worker is running" in dele.get("/referrals/import/1").text


def test_files_are_forgotten_after_a_month(sessions: Sessions, dele: FlaskClient) -> None:
    send(dele, shipped.FILE.read_bytes(), shipped.FILE.name)
    work(sessions)
    assert kept(sessions) == [(True, True)]
    assert run_next_import(sessions, NOW + timedelta(days=29)) == 0
    assert kept(sessions) == [(True, True)]
    assert run_next_import(sessions, NOW + timedelta(days=32)) == 0
    assert kept(sessions) == []
    page = dele.get("/referrals/import/1").text
    assert "the file was deleted" in page and "date_of_birth" not in page
    assert dele.get("/referrals/import/1/problems.csv").status_code == 404


def test_an_administrator_sees_their_own_files_and_a_coordinator_all(
    sessions: Sessions, dele: FlaskClient, as_a: Callable[[Role], FlaskClient]
) -> None:
    send(dele, shipped.FILE.read_bytes(), "of the coordinator.csv")
    work(sessions)
    administrator = as_a(Role.ADMINISTRATOR)
    assert "of the coordinator.csv" not in administrator.get("/referrals/import").text
    for address in ("/referrals/import/1", "/referrals/import/1/problems.csv", "/referrals/import/99"):
        assert administrator.get(address).status_code == 404
    assert administrator.post("/referrals/import/1", data={"leave_out": "yes"}).status_code == 404
    send(administrator, shipped.FILE.read_bytes(), "of the administrator.csv")
    assert administrator.get("/referrals/import/2").status_code == 200
    assert "of the administrator.csv" in dele.get("/referrals/import").text
    with sessions() as session:
        refused = session.scalars(select(AccessLog).where(AccessLog.what == "refused"))
        assert len(list(refused)) == 4


@pytest.fixture(autouse=True)
def _as_of_the_rows() -> Iterator[None]:
    """Pages and rows share a day: some rows say when a legal status began."""
    import time_machine

    with time_machine.travel(datetime(2026, 11, 22, 9, 0, tzinfo=UTC), tick=True):
        yield
