"""E-mail through GOV.UK Notify: its own client against a server on loopback that answers as Notify does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from notifications_python_client import authentication
from pydantic import SecretStr, ValidationError
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from hub.cli.doctor_checks import check_machine
from hub.config import Settings
from hub.db import make_sessions, transaction
from hub.engine.models import OutboxMessage
from hub.messages.kinds import MAIL_GIVEN_UP
from hub.messages.mail import PostOffice
from hub.messages.mail_failed import MailFailed
from hub.messages.models import MailBounce
from hub.worker.jobs import Round, ask_what_came_back
from tests.features.mailbox import free_port, send_all
from tests.features.test_mail import asked

NOW = datetime(2026, 3, 16, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SERVICE, SECRET = "26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0"
TEMPLATE = "9d751e0e-f929-4891-82a1-a3e1c3c18ee3"
DECODED: Any = authentication.decode_jwt_token
"""Refuses what the key did not sign; its call has no types."""
KEY = f"hub-{SERVICE}-{SECRET}"


@dataclass
class Notify:
    """What the server was sent, and what it answers next: (status, error, message)."""

    sent: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, list[str]]] = field(default_factory=list)
    answers: list[tuple[int, str, str]] = field(default_factory=list)
    came_back: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def notify() -> Iterator[Notify]:
    box = Notify()

    class Answers(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            DECODED(self.headers["Authorization"].removeprefix("Bearer "), SECRET)
            if box.answers:
                status, error, message = box.answers.pop(0)
                if status == 504:  # taken, and the answer was lost on the way
                    box.sent.append(body)
                return self._say(status, {"status_code": status, "errors": [{"error": error, "message": message}]})
            box.sent.append(body)
            return self._say(201, {"id": "740e5834-3a29-46b4-9a6f-16142fde533a", "reference": body["reference"]})

        def do_GET(self) -> None:
            given = parse_qs(urlsplit(self.path).query)
            box.asked.append(given)
            found = box.came_back
            if "reference" in given:
                found = [each for each in box.sent if [each["reference"]] == given["reference"]]
            if box.answers:
                status, error, message = box.answers.pop(0)
                return self._say(status, {"status_code": status, "errors": [{"error": error, "message": message}]})
            return self._say(200, {"notifications": found, "links": {}})

        def _say(self, status: int, content: dict[str, Any]) -> None:
            raw = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    Thread(target=server.serve_forever, daemon=True).start()
    box.url = f"http://127.0.0.1:{server.server_port}"
    yield box
    server.shutdown()
    server.server_close()


def chosen(folder: Path, url: str, **more: Any) -> Settings:
    given: dict[str, Any] = {"mail_via": "notify", "notify_api_key": KEY, "notify_template": TEMPLATE}
    return Settings(
        secret_key="a key for tests only",
        data_dir=folder,
        address="https://hub.example",
        notify_url=url,
        **{**given, **more},
    )


def test_it_is_taken_refused_or_tried_again(session: Session, notify: Notify, tmp_path: Path) -> None:
    row, now = asked(session), NOW
    office = PostOffice(chosen(tmp_path, notify.url), tmp_path)
    table = (
        ((429, "RateLimitError", "Exceeded rate limit"), "cannot take it now: 429 Exceeded rate limit", False),
        ((500, "Exception", "Internal server error"), "cannot take it now: 500 Internal", False),
        ((403, "AuthError", "Invalid token: API key not found"), "Check HUB_NOTIFY_API_KEY, and that this", True),
        ((400, "BadRequestError", "Missing personalisation: body"), "Check HUB_NOTIFY_TEMPLATE, whose subject", True),
        ((400, "ValidationError", "email_address Not a valid email address"), "refused the address", True),
    )
    for answer, said, gives_up in table:
        row.attempts, row.gave_up_at, row.next_try_at, now = 0, None, None, now + 2 * HOUR
        notify.answers = [answer]
        assert send_all(session, office, now) == []
        session.refresh(row)
        assert said in (row.last_error or "") and (row.gave_up_at is not None) == gives_up, row.last_error
        assert SECRET not in (row.last_error or "")
    assert session.scalars(select(MailBounce.address)).all() == ["ruth@hub.example"], "the last one was the address"
    told = select(OutboxMessage.created_at).where(OutboxMessage.topic == MAIL_GIVEN_UP)
    assert len(set(session.scalars(told).all())) == 3

    session.execute(delete(MailBounce))
    row.attempts, row.gave_up_at, row.next_try_at = 0, None, None
    notify.answers = [(504, "Gateway", "Timed out")]
    for hours in (20, 22):
        send_all(session, office, NOW + hours * HOUR)
    session.refresh(row)
    assert row.sent_at == NOW + 22 * HOUR
    [taken] = notify.sent
    assert notify.asked[-1] == {"reference": [taken["reference"]]}, "it asks before it sends again, so it goes once"
    assert taken["reference"] == f"<hub.{row.id}.20260316100000@hub.example>"
    assert (taken["email_address"], taken["template_id"]) == ("ruth@hub.example", TEMPLATE)
    assert taken["personalisation"]["subject"] == "Commissioning hub: choose a new password"
    assert "https://hub.example/account/link?t=" in taken["personalisation"]["body"]
    assert list(tmp_path.glob("*.eml")) == []


def test_a_service_that_does_not_answer_is_tried_again(session: Session, tmp_path: Path) -> None:
    row = asked(session)
    send_all(session, PostOffice(chosen(tmp_path, f"http://127.0.0.1:{free_port()}"), tmp_path), NOW)
    session.refresh(row)
    assert row.gave_up_at is None and row.last_error == "GOV.UK Notify does not answer"


def test_addresses_that_do_not_exist_are_asked_for(committed: Engine, notify: Notify, tmp_path: Path) -> None:
    sessions = make_sessions(committed)
    gone = {"email_address": "Ruth@hub.example", "created_at": "2026-03-16T09:00:00.000000Z"}
    notify.came_back = [{**gone, "completed_at": "2026-03-16T09:30:00.000000Z"}, {**gone, "completed_at": None}]
    with sessions() as session:
        at_work = Round(session, sessions, tmp_path, clock=lambda: NOW, chosen=chosen(tmp_path, notify.url))
        assert [ask_what_came_back(at_work) for _ in range(2)] == [1, 0]
        assert notify.asked[0] == {"status": ["permanent-failure"], "template_type": ["email"]}
        with transaction(session):
            mark = session.scalars(select(MailBounce)).one()
            assert mark.address == "ruth@hub.example"
            mark.cleared_at = NOW
        assert ask_what_came_back(at_work) == 0, "what came back before it was cleared says nothing new"
        notify.came_back[0]["completed_at"] = "2026-03-16T10:30:00.000000Z"
        assert ask_what_came_back(at_work) == 1
        notify.answers = [(403, "AuthError", "Invalid token")]
        with pytest.raises(MailFailed, match="Check HUB_NOTIFY_API_KEY"):
            ask_what_came_back(at_work)
        by_smtp = Round(session, sessions, tmp_path, clock=lambda: NOW, chosen=Settings(data_dir=tmp_path))
        assert ask_what_came_back(by_smtp) == 0


def test_wrong_settings_are_said_at_start_without_the_key(tmp_path: Path) -> None:
    for wrong, said in (
        ({"notify_api_key": None}, "needs HUB_NOTIFY_API_KEY"),
        ({"notify_template": None, "notify_api_key": None}, "needs HUB_NOTIFY_API_KEY, HUB_NOTIFY_TEMPLATE"),
        ({"notify_api_key": SecretStr(SECRET)}, "HUB_NOTIFY_API_KEY must be a whole key"),
        ({"notify_template": "welcome"}, "HUB_NOTIFY_TEMPLATE must be the id of a template"),
        ({"mail_via": "pigeon"}, "'smtp' or 'notify'"),
    ):
        with pytest.raises(ValidationError, match=said) as refused:
            chosen(tmp_path, "https://notify.example", **wrong)
        assert "3d844edf" not in "; ".join(str(each["msg"]) for each in refused.value.errors())
    with pytest.raises(ValidationError, match="HUB_NOTIFY_URL must begin with https://"):
        chosen(tmp_path, "http://notify.example")
    whole = chosen(tmp_path, "https://notify.example")
    assert whole.mail_folder is None
    [found] = [str(each) for each in check_machine(whole) if each.about == "E-mail"]
    assert found.startswith("ok") and "through GOV.UK Notify" in found and SECRET not in found
