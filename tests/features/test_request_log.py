"""What the hub writes about itself: a number to find it by, and nothing that anybody typed, sent or is called."""

from __future__ import annotations

import json
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest
from flask import Flask, g, request
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.config import Settings
from hub.web import log_lines, request_log
from hub.web.access import public
from hub.web.database import db
from tests.factories import NOW, make_membership
from workflows.roles import Role

MARK = "Featherstonehaugh"
"""Stands wherever a person's data can: it must come out nowhere."""
FIELDS = {"at", "level", "logger", "message", "request_id", "method", "route", "process"}


@pytest.fixture
def log() -> Iterator[Callable[[str], None]]:
    """Starts the log of this process, in the style it is given; taken away at the end."""
    root, ours = logging.getLogger(), logging.getLogger("hub")
    before = (root.level, ours.level, sys.excepthook, threading.excepthook)

    def begin(style: str) -> None:
        root.handlers.clear()  # pytest's own, which is there for as long as the test runs
        log_lines.configure(style)

    yield begin
    for handler in [handler for handler in root.handlers if handler.__module__ == log_lines.__name__]:
        root.removeHandler(handler)
    root.setLevel(before[0])
    ours.setLevel(before[1])
    sys.excepthook, threading.excepthook = before[2], before[3]
    logging.captureWarnings(False)


@pytest.fixture
def deep(fresh_app: Flask, session: Session) -> Flask:
    """An application with pages that break far inside, with what they were sent in every message."""
    app = fresh_app

    @app.post("/tests/deep/<reference>")
    @public
    def break_deep(reference: str) -> str:
        said = {"name": request.form["name"], "looked for": request.args["q"], "file": request.files["file"].filename}
        try:
            int(f"{MARK} {said}")
        except ValueError as error:
            raise RuntimeError(f"{reference} {said} {request.headers['X-Ward']}") from error
        return ""

    @app.get("/tests/refused")
    @public
    def refuse_row() -> str:
        db.session.execute(
            text("INSERT INTO user_account (email, name, password_hash, created_at) VALUES (:email, :name, '', :now)"),
            {"email": "one@hub.example", "name": request.args["q"], "now": g.now},
        )
        return ""

    @app.get("/tests/stream")
    @public
    def break_off() -> Any:
        def rows() -> Iterator[str]:
            yield "a"
            raise RuntimeError(MARK)

        return rows()

    app.testing = False
    app.test_client_class = Whole
    session.add(UserAccount(email="one@hub.example", name="One", password_hash="", created_at=NOW))
    session.flush()
    return app


class Whole(FlaskClient):
    """A browser that reads every answer to its end, as real ones do."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """The answer, read and closed."""
        return super().open(*args, **{**kwargs, "buffered": True})


def lines(said: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said.splitlines()]


def test_nothing_that_was_sent_is_in_any_line(
    deep: Flask,
    session: Session,
    sign_in: Callable[[FlaskClient, Any], None],
    log: Callable[[str], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    log("json")
    client = deep.test_client()
    member = make_membership(session, Role.COORDINATOR)
    member.user.name = MARK
    sign_in(client, member)
    headers = {"X-Ward": MARK, "User-Agent": MARK, "Referer": f"http://localhost/search?q={MARK}", "Cookie2": MARK}
    rich: dict[str, Any] = {"name": MARK, "file": (BytesIO(MARK.encode()), f"{MARK}.pdf"), "nhs_number": "9990000018"}
    answers = [
        client.post(f"/tests/deep/REF-{MARK}?q={MARK}", data=rich, headers=headers),
        client.get(f"/tests/refused?q={MARK}", headers=headers),
        client.get(f"/search?q={MARK}", headers=headers),
        client.post(f"/referrals/{MARK}/accept?next={MARK}", data={"reason": MARK}, headers=headers),
        client.get(f"/{MARK}?{MARK}", headers=headers),
        client.open(f"/{MARK}", method=MARK.upper()[:10], headers=headers),
        client.get("/", headers={"Host": f"{MARK}.example"}),
        client.get("/worklist", headers={"X-Request-ID": f"{MARK} was here"}),
        client.post("/sign-in", data={"email": f"{MARK}@hub.example", "password": MARK}, headers=headers),
    ]
    logging.getLogger("elsewhere").warning("Cannot read %s, %s of %d", MARK, {"a": MARK}, 7, extra={"name_of": MARK})
    logging.getLogger("elsewhere").warning(f"Cannot read {MARK}")
    logging.getLogger("gunicorn.error").warning(f"Invalid request from ip=127.0.0.1: '/?q={MARK}'")
    logging.getLogger("gunicorn.error").error(ValueError(MARK))  # as gunicorn does it
    sys.excepthook(RuntimeError, RuntimeError(MARK), None)
    said = capsys.readouterr().err
    assert [answer.status_code for answer in answers[:2]] == [500, 500]
    assert MARK.casefold() not in said.casefold() and "9990000018" not in said and "hub.example" not in said
    found = lines(said)
    requests = [line for line in found if line["logger"] == "hub.requests"]
    assert [line["status"] for line in requests] == [answer.status_code for answer in answers]
    assert [line["request_id"] for line in requests] == [answer.headers["X-Request-ID"] for answer in answers]
    assert all(set(line) >= FIELDS | {"status", "ms"} for line in requests)
    routes = [(line["method"], line["route"]) for line in requests]
    assert routes[0] == ("POST", "/tests/deep/<reference>") and routes[3][1] == "/referrals/<reference>/<action>"
    assert routes[4:7] == [("GET", request_log.UNKNOWN), ("other", request_log.UNKNOWN), ("GET", request_log.UNKNOWN)]
    assert {(line["user_id"], line["membership_id"]) for line in requests if "user_id" in line} == {
        (member.user_id, member.id)
    }
    broken = [line for line in found if "exception" in line]
    assert "builtins.ValueError\n\nand then\n\nTraceback" in broken[0]["exception"] and "break_deep" in said
    assert "sqlalchemy.exc.IntegrityError (23505, uq_user_account_email)" in broken[1]["exception"]
    assert [line["request_id"] for line in broken[:2]] == [line["request_id"] for line in requests[:2]]
    texts = [line["message"] for line in found]
    assert "Invalid request from ip" in texts and "Nobody caught this" in texts


def test_every_answer_has_its_number_and_an_error_page_says_it(deep: Flask) -> None:
    client = deep.test_client()
    for given, is_taken in {
        "abc-123-4567-890": True,
        "9990000018": False,
        "x" * 64: True,
        "x" * 65: False,
        "": False,
        "a b": False,
        "a\u00e9": False,
        "../xxxxxxxxxxxxxxx": False,
        "<b>": False,
    }.items():
        answer = client.get("/healthz", headers={"X-Request-ID": given})
        number = answer.headers["X-Request-ID"]
        assert (number == given) is is_taken, given
        assert is_taken or [len(part) for part in number.split("-")] == [4, 4, 4]
    for answer in (client.get("/nothing-here"), client.get("/tests/refused?q=x"), client.put("/sign-in")):
        number = answer.headers["X-Request-ID"]
        assert (
            answer.status_code >= 400
            and f'Say this number if you ring: <b class="hub-break">{number}</b>' in answer.text
        )
    programs = client.get("/tests/refused?q=x", headers={"Accept": "application/json"})
    assert programs.json == {"error": "Something went wrong.", "request_id": programs.headers["X-Request-ID"]}
    assert client.get("/static/hub.js").headers["X-Request-ID"] and request_log.request_id() == ""


def test_what_is_worth_a_line(deep: Flask, log: Callable[[str], None], capsys: pytest.CaptureFixture[str]) -> None:
    """Watchers and files only when they go wrong; what breaks off in the middle is an error though it began well."""
    log("json")
    client = deep.test_client()
    for path in ("/healthz", "/static/hub.js", "/metrics", "/readyz", "/static/none.js"):
        client.get(path)
    with pytest.raises(RuntimeError):
        client.get("/tests/stream")
    found = [line for line in lines(capsys.readouterr().err) if line["logger"] == "hub.requests"]
    assert [(line["route"], line["status"], line["level"]) for line in found] == [
        ("/readyz", 503, "ERROR"),
        ("/static/<path:filename>", 404, "INFO"),
        ("/tests/stream", 500, "ERROR"),
    ]


def test_at_a_terminal_only_what_went_wrong_is_said(
    deep: Flask, log: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    log("text")
    client = deep.test_client()
    client.get("/sign-in")
    client.get(f"/tests/refused?q={MARK}", headers={"X-Request-ID": "one-of-a-machine"})
    said = capsys.readouterr().err
    assert "sign-in" not in said and MARK not in said and "IntegrityError (23505, uq_user_account_email)" in said
    assert "ERROR Answered request_id=one-of-a-machine method=GET route=/tests/refused status=500" in said


def test_a_line_that_cannot_be_written_holds_up_nothing(
    log: Callable[[str], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    log("json")
    logging.getLogger("elsewhere").warning("Lost at %d", MARK)
    logging.getLogger("gunicorn.error").warning("Lost at %d", MARK)
    assert [line["message"] for line in lines(capsys.readouterr().err)] == ["Lost at %d"] * 2
    monkeypatch.setattr(log_lines, "fields_of", lambda record: 1 // 0)
    logging.getLogger("hub.here").warning(MARK)
    assert capsys.readouterr().err == "A line of the log could not be written: hub.here, WARNING\n"


@pytest.mark.parametrize("given", [{"log": "loud"}, {"metrics_token": "short"}])
def test_a_wrong_setting_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(given))):
        Settings(**given)
