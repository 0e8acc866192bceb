"""E-mail through a real mail server: once, the same when repeated, tried again, refused, and what it never holds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr, ValidationError
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.accounts.links import make_link
from hub.accounts.models import UserAccount
from hub.accounts.request_models import OneTimeLink, Purpose
from hub.accounts.services import invite
from hub.cli.doctor_checks import check_machine
from hub.config import Settings
from hub.db import make_sessions, transaction
from hub.engine.models import OutboxMessage
from hub.engine.outbox import queue_mail
from hub.messages.mail import PostOffice
from hub.messages.mail import mail_server as server_of
from hub.messages.mail_delivery import send_next
from hub.worker.jobs import Round, mail
from tests.factories import make_membership, make_person
from tests.features.mailbox import Mailbox, free_port, link_in, mail_server, send_all, text_of
from workflows.roles import Role

NOW = datetime(2026, 3, 16, 10, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def office(folder: Path, url: str | None = None, **more: Any) -> PostOffice:
    given = {"smtp_url": SecretStr(url) if url else None, "mail_from": "hub@hub.example", **more}
    chosen = Settings(secret_key="a key for tests only", data_dir=folder, address="https://hub.example/")
    return PostOffice(chosen.model_copy(update=given), folder)


def somebody(session: Session) -> UserAccount:
    person = make_person(session, "Ruth Calloway")
    person.email = "ruth@hub.example"
    session.flush()
    return person


def asked(session: Session, now: datetime = NOW) -> OutboxMessage:
    """Somebody who has forgotten a password, as it stands in the outbox once the link is made."""
    link = make_link(session, Purpose.PASSWORD, now, user_id=somebody(session).id)
    queue_mail(session, "password", {"link_id": link.id}, now=now)
    session.flush()
    return session.scalars(select(OutboxMessage)).one()


def test_a_mail_arrives_once_as_text_and_page_with_its_link(committed: Engine, tmp_path: Path) -> None:
    sessions = make_sessions(committed)
    with mail_server() as box, sessions() as session:
        with transaction(session):
            row = asked(session)
        chosen = office(tmp_path, box.url).chosen
        at_work = Round(session, sessions, tmp_path, clock=lambda: NOW, chosen=chosen)
        assert [mail(at_work), mail(at_work)] == [2, 0], "made ready, then sent; and never again"
        [message], link = box.mails, session.scalars(select(OneTimeLink)).one()
    assert (message["To"], message["From"]) == ("ruth@hub.example", "hub@hub.example")
    assert message["Subject"] == "Commissioning hub: choose a new password"
    assert message["Message-ID"] == f"<hub.{row.id}.20260316100000@hub.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    html = message.get_body(("html",))
    assert html is not None and f"https://hub.example{link_in(message)}" in html.get_content()
    said = text_of(message)
    assert "until Monday 16 March 2026, 10:30am" in said and "do nothing" in said
    assert "Ruth" not in said and "Calloway" not in html.get_content(), "no name leaves the building"
    assert link.token_hash and link_in(message).rpartition("=")[2] not in (link.token_hash, link.salt, str(row.payload))


def test_killed_between_sending_and_writing_it_down_the_same_message_goes_once_more(
    committed: Engine, tmp_path: Path
) -> None:
    with mail_server() as box, make_sessions(committed)() as session:
        with transaction(session):
            asked(session)
            invite(session, "new@hub.example", "Ada Newcomer", NOW, None)
        sending = office(tmp_path, box.url)
        with transaction(session):
            send_next(session, now=NOW, office=sending)  # made ready
        with pytest.raises(KeyboardInterrupt), transaction(session):
            send_next(session, now=NOW + SECOND, office=sending)
            raise KeyboardInterrupt
        with transaction(session):
            send_next(session, now=NOW + 2 * SECOND, office=sending)
        assert [to for to, _ in box.got] == ["ruth@hub.example"] * 2
        first, again = box.mails
        assert first["Message-ID"] == again["Message-ID"] and first["Date"] == again["Date"]
        assert link_in(first) == link_in(again)
        send_all(session, sending, NOW + 9 * SECOND)
        assert [to for to, _ in box.got] == ["ruth@hub.example"] * 2 + ["new@hub.example"], "the one under way alone"
        assert len({mail["Message-ID"] for mail in box.mails}) == 2


def test_a_server_that_is_down_is_tried_again_and_the_link_counts_from_sending(
    session: Session, tmp_path: Path
) -> None:
    row, box = asked(session), Mailbox(port=free_port())
    sending = office(tmp_path, box.url)
    send_all(session, sending, NOW)
    session.refresh(row)
    assert row.sent_at is None and row.attempts == 1 and "the mail server does not answer" in (row.last_error or "")
    with mail_server(box):
        send_all(session, sending, NOW + 9 * SECOND)
        assert box.got == [], "not before its time"
        send_all(session, sending, NOW + timedelta(hours=3))
    assert "until Monday 16 March 2026, 1:30pm" in text_of(box.mails[0])
    session.refresh(row)
    assert row.sent_at is not None and row.last_error is None


def test_what_the_server_refuses_is_shown(
    session: Session, client: FlaskClient, sign_in: Callable[[FlaskClient, Any], None], tmp_path: Path
) -> None:
    row, now = asked(session), NOW
    sign_in(client, make_membership(session, Role.ADMINISTRATOR))
    with mail_server() as box:
        for address, answer, said in (
            ("ruth@hub.example", "450 4.2.0 Come back later", "refused the address: 450 4.2.0 Come back"),
            ("hub@hub.example", "553 5.7.1 Not allowed to send", "said no: 553 5.7.1 Not allowed"),
            ("ruth@hub.example", "550 5.1.1 No such mailbox", "refused the address: 550 5.1.1 No such mailbox"),
        ):
            box.answers = {address: answer}
            now += timedelta(hours=2)
            send_all(session, office(tmp_path, box.url), now)
            session.refresh(row)
            is_hopeless = answer.startswith("550")
            assert (row.gave_up_at is not None) == is_hopeless and row.sent_at is None
            page = client.get("/jobs").text
            assert said in page and "E-mail: password" in page and ("could not be delivered" in page) == is_hopeless
        assert box.got == []


WRONG: tuple[tuple[dict[str, Any], str, bool], ...] = (
    ({"smtp_url": SecretStr("http://mail")}, "must look like smtp://user:password@host:587", False),
    ({"smtp_url": SecretStr("smtp://mail:many")}, "the port must be a number", False),
    ({"smtp_url": SecretStr("smtp://u:secret@mail.example?starttls=no")}, "its password unencrypted", False),
    ({"smtp_url": SecretStr("smtp://127.0.0.1:{port}?starttls=yes")}, "could not be used: STARTTLS", False),
    ({"smtp_url": SecretStr("smtps://127.0.0.1:{port}")}, "could not be used", False),
    ({"smtp_url": SecretStr("smtp://u:secret@127.0.0.1:{port}")}, "could not be used: SMTP AUTH", False),
    ({"smtp_url": SecretStr("smtp://mail"), "mail_from": None}, "HUB_MAIL_FROM must be set", False),
    ({"smtp_url": SecretStr("smtp://mail"), "address": None}, "HUB_ADDRESS must be set", False),
    ({"production": True}, "HUB_SMTP_URL is not set, so this hub sends no e-mail", False),
    ({"mail_from": "hub@hub.example\nBcc: all@elsewhere.example"}, "cannot be written as an e-mail", True),
)


def test_settings_that_will_not_do_are_said_and_the_password_never_is(session: Session, tmp_path: Path) -> None:
    row, now = asked(session), NOW
    with mail_server() as box:
        for update, said, gives_up in WRONG:
            url = update.get("smtp_url", SecretStr("")).get_secret_value().format(port=box.port)
            changed = {**update, "smtp_url": SecretStr(url)} if url else update
            now, row.attempts = now + timedelta(hours=2), 0
            send_all(session, PostOffice(office(tmp_path).chosen.model_copy(update=changed), tmp_path), now)
            session.refresh(row)
            assert said in (row.last_error or "") and "secret" not in (row.last_error or ""), row.last_error
            assert (row.gave_up_at is not None) == gives_up
        assert box.got == []


def test_addresses_of_mail_servers() -> None:
    def read(url: str) -> tuple[str, int, str, bool, bool]:
        found = server_of(Settings(smtp_url=SecretStr(url)))
        return found.host, found.port, found.password, found.is_tls, found.has_starttls

    assert read("smtp://u:p%40ss@mail.example") == ("mail.example", 587, "p@ss", False, True)
    assert read("smtps://u:p@mail.example") == ("mail.example", 465, "p", True, False)
    assert read("smtp://relay.example:25?starttls=no") == ("relay.example", 25, "", False, False)
    assert read("smtp://localhost:1025") == ("localhost", 1025, "", False, False)


def test_without_a_server_each_is_a_file_for_its_owner_alone(session: Session, tmp_path: Path) -> None:
    asked(session)
    in_the_way = tmp_path / "outgoing"
    in_the_way.write_text("a file where the folder should be")
    sending = PostOffice(office(tmp_path).chosen, in_the_way)
    send_all(session, sending, NOW)
    row = session.scalars(select(OutboxMessage)).one()
    session.refresh(row)
    assert "File exists" in (row.last_error or "")
    in_the_way.unlink()
    [message] = send_all(session, sending, NOW + 60 * SECOND)
    [path] = in_the_way.iterdir()
    assert path.name == f"{row.id:012d}.eml" and path.stat().st_mode & 0o777 == 0o600
    assert link_in(message) in path.read_text(), "the link stands in one piece, to be copied"


def test_what_is_of_no_more_use_is_not_sent_and_what_nobody_knows_is_given_up(session: Session, tmp_path: Path) -> None:
    row = asked(session)
    session.scalars(select(OneTimeLink)).one().ended_at = NOW
    queue_mail(session, "password", {"link_id": 987654}, now=NOW)
    queue_mail(session, "password_changed", {"user_id": 987654}, now=NOW)
    queue_mail(session, "role_given", {"membership_id": 987654}, now=NOW)
    queue_mail(session, "request_refused", {"request_id": 987654}, now=NOW)
    queue_mail(session, "birthday", {}, now=NOW)
    assert send_all(session, office(tmp_path), NOW) == []
    session.refresh(row)
    assert row.sent_at == NOW
    stuck = session.scalars(select(OutboxMessage).where(OutboxMessage.gave_up_at.is_not(None))).one()
    assert stuck.topic == "mail.birthday" and "cannot be put into words" in (stuck.last_error or "")


def test_production_and_the_doctor_say_what_is_missing(tmp_path: Path) -> None:
    production: dict[str, Any] = {
        "production": True,
        "secret_key": "k",
        "database_url": "postgresql://x/y",
        "hosts": ("hub.example",),
    }
    with pytest.raises(ValidationError, match="that sends e-mail needs HUB_MAIL_FROM, HUB_ADDRESS"):
        Settings(**production, smtp_url=SecretStr("smtp://mail.example"))
    with pytest.raises(ValidationError, match="HUB_ADDRESS must begin with https://"):
        Settings(address="hub.example")

    def said(**given: Any) -> str:
        found = [str(each) for each in check_machine(Settings(data_dir=tmp_path, **given)) if each.about == "E-mail"]
        return found[0]

    assert f"each is a file in {tmp_path / 'outgoing'}" in said()
    assert "Set HUB_SMTP_URL and HUB_MAIL_FROM and HUB_ADDRESS" in said(**production)
    whole: dict[str, Any] = {"smtp_url": SecretStr("smtps://u:secret@mail.example"), "mail_from": "a@b.example"}
    assert "begin with https://" in said(**production, **whole, address="http://hub.example")
    well = said(**production, **whole, address="https://hub.example")
    assert well.startswith("ok") and "mail.example, port 465, encrypted" in well and "secret" not in well
    assert "must look like" in said(**{**whole, "smtp_url": SecretStr("ftp://x")}, address="https://hub.example")
