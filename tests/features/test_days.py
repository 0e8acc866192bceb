"""Bank holidays and closures: the pages, the file both ways, the command, who may, and the worker's job."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hub.cli import main
from hub.config import settings as hub_settings
from hub.days.importing import import_days, read_days, to_csv
from hub.engine.recount_days import Day, Kind, add_days, known_days
from hub.engine.recount_models import Recount
from hub.engine.recounts import recount_due
from hub.organisations.csv_rows import ImportRefused
from tests.complaints.at_the_desk import plain
from tests.factories import NOW, make_membership, make_referral
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
DAY = {"kind": "local_closure", "on_date-day": "18", "on_date-month": "8", "on_date-year": "2027", "title": "Flood"}
SENT = {**DAY, "why": "The building is shut", "previewed": "local_closure 2027-08-18"}
HEAD = "kind,date,title\n"


@pytest.fixture
def head(session: Session, client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    """The browser of the head of commissioning."""
    sign_in(client, make_membership(session, Role.HEAD_OF_COMMISSIONING))
    return client


def test_a_day_is_added_shown_and_removed(session: Session, head: FlaskClient) -> None:
    assert "What kind of day is it?" in head.get("/days/add").text
    shown = head.post("/days/add", data={**SENT, "previewed": ""})
    assert shown.status_code == 200 and "Nothing is changed yet" in shown.text and "Add the day" in shown.text
    assert known_days(session).get(date(2027, 8, 18)) is None
    done = head.post("/days/add", data=SENT)
    assert done.status_code == 303
    page = head.get(done.location).text
    assert "Not begun yet" in page and "Refresh" in page and "The building is shut" in page
    while recount_due(session, now=NOW):
        pass
    page = head.get(done.location).text
    assert "No open deadline counts the day, so none moved" in page and "Nobody: nothing moved" in page
    year = plain(head.get("/days?year=2027").text)
    assert "Wednesday 18 August 2027 Local closure Flood Remove" in year
    assert "Added: local closure on Wednesday 18 August 2027, Flood" in year
    assert "Add the bank holidays" in head.get("/days?year=2077").text
    assert "It becomes a working day again" in head.get("/days/2027-08-18/remove").text
    assert head.post("/days/2027-08-18/remove", data={}).status_code == 422
    assert head.post("/days/2027-08-18/remove", data={"why": "It has dried"}).status_code == 303
    assert head.get("/days/2027-08-18/remove").status_code == 404 == head.get("/days/someday/remove").status_code
    assert known_days(session).get(date(2027, 8, 18)) is None
    assert head.get("/days/recounts/999999").status_code == 404


def test_what_cannot_be_a_day_is_said_beside_its_field(session: Session, head: FlaskClient) -> None:
    for more, words in (
        ({"on_date-day": "21"}, "Saturday 21 August 2027 is at a weekend"),
        ({"on_date-day": "30"}, "Monday 30 August 2027 is already a bank holiday: Summer bank holiday"),
        ({"on_date-day": "31", "on_date-month": "6"}, "real date"),
        ({"on_date-year": "2150"}, "The year must be between 2000 and 2100"),
        ({"title": " "}, "Enter what the day is called"),
        ({"kind": "feast"}, "hoose"),
        ({"why": ""}, "Enter why, in a few words"),
    ):
        for previewed in ("", SENT["previewed"]):
            refused = head.post("/days/add", data={**SENT, "previewed": previewed, **more})
            assert refused.status_code == 422 and words in plain(refused.text), words
    assert session.scalar(select(func.count()).select_from(Recount)) == 0


def test_whoever_comes_second_is_told(session: Session, head: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the question and the answer somebody else does the same."""
    from hub.days import views

    add_days(session, None, [Day(date(2027, 8, 18), Kind.LOCAL_CLOSURE, "Shut")], now=NOW, why="Announced")
    monkeypatch.setattr(views, "known_days", lambda _session: {})
    late = head.post("/days/add", data=SENT)
    assert late.status_code == 422 and "already a local closure: Shut" in plain(late.text)
    monkeypatch.undo()
    gone = Day(date(2027, 8, 19), Kind.LOCAL_CLOSURE, "Gone")
    monkeypatch.setattr(views, "known_day", lambda _text: gone)
    late = head.post("/days/2027-08-19/remove", data={"why": "Not after all"})
    assert late.status_code == 422 and "somebody may have removed it" in plain(late.text)


def test_who_may(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    made = add_days(session, None, [Day(date(2027, 8, 18), Kind.LOCAL_CLOSURE, "Flood")], now=NOW, why="Announced")[0]
    reads = ("/days", "/days/days.csv", f"/days/recounts/{made}")
    changes = ("/days/add", "/days/2027-08-18/remove", "/days/import")
    for role, may_read, may_change in (
        (Role.ADMINISTRATOR, True, True),
        (Role.HEAD_OF_COMMISSIONING, True, True),
        (Role.CASE_MANAGER, True, False),
        (Role.REFERRER, False, False),
    ):
        sign_in(client, make_membership(session, role))
        assert {client.get(path).status_code for path in reads} == {200 if may_read else 404}, role
        assert {client.get(path).status_code for path in changes} == {200 if may_change else 404}, role
        assert ("Remove" in client.get("/days?year=2027").text) is may_change


def test_what_moved_is_shown_page_by_page_and_only_what_the_reader_may_see(
    session: Session, client: FlaskClient, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hub.days import queries

    items = [make_referral(session, "returned") for _ in range(3)]
    day = Day(date(2026, 3, 19), Kind.LOCAL_CLOSURE, "Mourning")
    (made,) = add_days(session, None, [day], now=NOW, why="Announced")
    while recount_due(session, now=NOW):
        pass
    monkeypatch.setattr(queries, "PAGE_SIZE", 2)
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    first = client.get(f"/days/recounts/{made}")
    assert first.text.count("<b>REF-") == 2
    after = first.text.partition("?after=")[2].partition('"')[0]
    last = client.get(f"/days/recounts/{made}?after={after}").text
    assert items[-1].reference in last and "First page" in last and "?after=" not in last
    assert "A command of the hub" in plain(last) and "The messages are on their way" in last
    sign_in(client, make_membership(session, Role.ADMINISTRATOR))
    assert "0 of 3 are of items you may see" in plain(client.get(f"/days/recounts/{made}").text)
    assert client.get(f"/days/recounts/{made}?after={'9' * 40}").status_code == 200


class TestFiles:
    """Days from a file and as a file."""

    def test_all_that_is_wrong_is_listed_and_nothing_is_done(self, session: Session) -> None:
        rows = [
            "bank_holiday,2027-08-18,Day of mourning",
            "feast,2027-08-19,Feast",
            "local_closure,31/02/2027,Never",
            "local_closure,2027-08-21,Saturday",
            "Local closure,18/08/2027,Again",
            "local_closure,2027-08-20,",
        ]
        with pytest.raises(ImportRefused) as refused:
            import_days(session, HEAD + "\n".join(rows), None, now=NOW, why="From a file")
        assert [str(problem) for problem in refused.value.problems] == [
            "days, line 3: kind: 'feast' is not a kind of day: write bank_holiday or local_closure",
            "days, line 4: date: '31/02/2027' is not a date: write it like 2027-08-18 or 18/08/2027",
            "days, line 5: date: Saturday 21 August 2027 is at a weekend, when nobody works anyway",
            "days, line 6: date: Wednesday 18 August 2027 is already a bank holiday: Day of mourning",
            "days, line 7: title: must not be empty",
        ]
        assert date(2027, 8, 18) not in known_days(session)
        for text, words in ((HEAD, "no row of a day"), (HEAD + "bank_holiday,2027-08-18,X\n" * 501, "more than 500")):
            with pytest.raises(ImportRefused, match=words):
                read_days(session, text)

    def test_tried_out_done_and_the_same_again_is_nothing(self, session: Session, head: FlaskClient) -> None:
        text = HEAD + "local_closure,18/08/2027,'=1+1\nbank_holiday,2027-08-30,Summer bank holiday\n"
        sent = {"file": (io.BytesIO(text.encode()), "days.csv")}
        tried = plain(head.post("/days/import", data=sent).text)
        assert "Wednesday 18 August 2027 Local closure =1+1" in tried and "1 as before" in tried
        assert head.post("/days/import/go-on", data={"text": text, "why": "Published"}).status_code == 303
        assert known_days(session)[date(2027, 8, 18)].title == "=1+1"
        again = head.post("/days/import", data={"file": (io.BytesIO(text.encode()), "days.csv")})
        assert "there just so already" in again.text
        out = head.get("/days/days.csv")
        assert "local_closure,2027-08-18,'=1+1" in out.text
        report = read_days(session, to_csv(known_days(session).values()))
        assert report.added == [] and report.same == len(known_days(session)), "what goes out comes in as it was"

    def test_a_file_that_cannot_be_used_is_refused(self, session: Session, head: FlaskClient) -> None:
        bad = HEAD + "local_closure,2027-08-21,Saturday\n"
        assert head.post("/days/import", data={}).status_code == 422
        empty = head.post("/days/import", data={"file": (io.BytesIO(b""), "days.csv")})
        assert empty.status_code == 422 and "The file is empty" in empty.text
        for answer in (
            head.post("/days/import", data={"file": (io.BytesIO(bad.encode()), "days.csv")}),
            head.post("/days/import/go-on", data={"text": bad}),
        ):
            assert answer.status_code == 422 and "at a weekend" in answer.text
        assert head.post("/days/import/go-on", data={"text": " "}).status_code == 303
        assert session.scalar(select(func.count()).select_from(Recount)) == 0

    def test_by_the_command(self, committed: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
        monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path))
        hub_settings.cache_clear()
        file, bad = tmp_path / "days.csv", tmp_path / "bad.csv"
        file.write_text(HEAD + "local_closure,2027-08-18,Flood\n", "utf-8")
        bad.write_text(HEAD + "local_closure,2027-08-21,Saturday\n", "utf-8")
        runs = [
            (["import", "days", str(file), "--dry-run"], 0, "Without --dry-run this would add 1 days"),
            (["import", "days", str(file)], 0, "Days added: 1"),
            (["import", "days", str(file)], 0, "Days as before: 1"),
            (["import", "days", str(bad)], 1, "is at a weekend"),
        ]
        for words, code, said in runs:
            done = CliRunner().invoke(main, words)
            assert (done.exit_code, said in done.output) == (code, True), done.output
        with Session(committed) as session:
            run = session.scalars(select(Recount)).one()
            assert (run.by_id, run.title, run.at <= datetime.now(UTC)) == (None, "Flood", True)
        hub_settings.cache_clear()
