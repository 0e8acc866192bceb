"""A forgotten password and invitations: one answer for everybody, links that work once, and what the person is told."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from hub.accounts.links import LinkIsDead, lock_link, make_link, make_ready, token_of, use
from hub.accounts.models import SessionEnd, SignInSession, UserAccount
from hub.accounts.request_models import OneTimeLink, Purpose
from hub.accounts.services import (
    AccountRefused,
    add_membership,
    change_membership_dates,
    disable_account,
    enable_account,
    invite,
    send_invitation,
)
from hub.cli import main
from hub.config import Settings, settings
from hub.db import make_sessions, transaction
from hub.engine.models import AccessLog, OutboxMessage
from hub.messages.mail import PostOffice
from tests.features.mailbox import link_in, send_all, text_of
from tests.features.people import FIRST_DAY, PASSWORD, People
from tests.statements import counted
from workflows.roles import Role

NOW = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)
NEW = "seven violet teapots 9"


@pytest.fixture
def people(session: Session) -> People:
    return People(session)


@pytest.fixture
def office(test_settings: Settings, tmp_path: Path) -> PostOffice:
    return PostOffice(test_settings, tmp_path)


def ask(client: FlaskClient, email: str) -> TestResponse:
    return client.post("/account/forgotten", data={"email": email})


def set_to(client: FlaskClient, link: str, password: str = NEW) -> TestResponse:
    return client.post("/account/link", data={"t": link.rpartition("=")[2], "new_password": password})


def without_marks(page: str) -> str:
    return re.sub(r'nonce="[^"]*"|value="[^"]*"', "", page)


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def logged(session: Session) -> list[str]:
    return list(session.scalars(select(AccessLog.what).order_by(AccessLog.id)))


class TestForgotten:
    """Asking for a link, using it, and what it leaves behind."""

    def test_nobody_learns_whether_there_is_an_account(
        self, client: FlaskClient, session: Session, people: People, office: PostOffice, engine: Engine
    ) -> None:
        people.someone()
        off = people.someone(name="Tom Brierley")
        disable_account(session, session.get_one(UserAccount, off.user_id), NOW)
        seen = set()
        for email in ("Ruth.Calloway@hub.example ", "nobody@hub.example", "tom.brierley@hub.example"):
            with counted(engine) as sent:
                answer = ask(client, email)
            page = client.get(answer.location)
            shape = tuple(statement.split(" VALUES")[0] for statement in sent)
            seen.add((answer.status_code, answer.location, answer.text, without_marks(page.text), shape))
        assert len(seen) == 1, "another status, page or statement gives it away"
        assert "If there is an account for the address" in page.text
        rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
        assert [set(row.payload) for row in rows] == [{"account_hash"}] * 3 and "@" not in str(
            [r.payload for r in rows]
        )
        assert [mail["To"] for mail in send_all(session, office, datetime.now(UTC))] == ["ruth.calloway@hub.example"]
        assert session.scalars(select(OutboxMessage).where(OutboxMessage.sent_at.is_(None))).all() == []

    @pytest.mark.parametrize(
        ("email", "said"),
        [
            ("", "Enter the e-mail address you sign in with"),
            ("not an address", "Enter an e-mail address, such as name@example.nhs.uk"),
            ("ruth@h\u00fcb.example", "Type the part after the @ in plain letters a to z"),
            ("ruth@hub.example\nBcc: all@hub.example", "Enter an e-mail address, such as"),
            ("\0@hub.example", "Enter an e-mail address, such as"),
            ("a" * 300 + "@hub.example", "of at most 254 characters"),
        ],
    )
    def test_what_is_not_an_address_is_said(self, client: FlaskClient, session: Session, email: str, said: str) -> None:
        answer = ask(client, email)
        assert answer.status_code == 422 and said in words(answer.text)
        assert session.scalars(select(OutboxMessage)).all() == []

    def test_asking_again_and_again_is_slowed_down_and_hinders_nobody_else(
        self, client: FlaskClient, session: Session, people: People
    ) -> None:
        people.someone()
        with time_machine.travel(NOW, tick=False) as clock:
            assert {ask(client, "nobody@hub.example").status_code for _ in range(3)} == {303}
            slow = ask(client, " Nobody@hub.example")
            assert slow.status_code == 429 and slow.headers["Retry-After"] == "16"
            assert "Too many e-mails were asked for. Wait 16 seconds, then try again" in slow.text
            assert ask(client, "ruth.calloway@hub.example").status_code == 303
            signed = client.post("/sign-in", data={"email": "ruth.calloway@hub.example", "password": PASSWORD})
            assert signed.status_code == 303, "no failed sign-in was counted"
            clock.shift(timedelta(seconds=16))
            assert ask(client, "nobody@hub.example").status_code == 303
            for number in range(15):
                ask(client, f"someone{number}@hub.example")
            assert ask(client, "another@hub.example").status_code == 429, "twenty from one network address"
        assert len(session.scalars(select(OutboxMessage)).all()) == 20

    def test_the_link_sets_a_password_once_and_looking_at_it_changes_nothing(
        self, client: FlaskClient, session: Session, people: People, office: PostOffice
    ) -> None:
        member = people.someone()
        elsewhere = client.application.test_client()
        people.sign_in(elsewhere, member)
        old = make_link(session, Purpose.INVITATION, datetime.now(UTC), user_id=member.user_id)
        ask(client, "ruth.calloway@hub.example")
        link = link_in(send_all(session, office, datetime.now(UTC))[-1])
        for _ in range(3):  # as a mail scanner does
            page = client.get(link)
            assert page.status_code == 200 and "Ruth Calloway" in page.text
        assert page.headers["Referrer-Policy"] == "strict-origin" and page.headers["Cache-Control"] == "no-store"
        for wrong, said in (("short", "12 characters or more"), ("ruth.calloway", "must not contain your name")):
            weak = set_to(client, link, wrong)
            assert weak.status_code == 422 and said in weak.text
        assert "Enter a new password" in set_to(client, link, "").text
        done = set_to(client, link)
        assert (done.status_code, done.location) == (303, "/sign-in")
        assert "Your password is set. Sign in with it now" in client.get("/sign-in").text, "the link signs nobody in"
        assert elsewhere.get("/account").status_code == 302
        assert old.ended_at is not None, "a new password ends what could change it"
        newest = session.scalars(select(OneTimeLink).where(OneTimeLink.purpose == Purpose.PASSWORD)).one()
        assert newest.used_at is not None and newest.ended_at is None
        ended = session.scalars(select(SignInSession)).one()
        assert ended.ended_why == SessionEnd.CREDENTIALS_CHANGED
        again = set_to(client, link, "another good one 77")
        assert again.status_code == 410 and "works once" in again.text
        signed = client.post("/sign-in", data={"email": "ruth.calloway@hub.example", "password": NEW})
        assert signed.status_code == 303
        told = send_all(session, office, datetime.now(UTC))[-1]
        assert told["Subject"] == "Commissioning hub: your password was changed"
        assert "If it was not you" in text_of(told) and link_in(told) == "/account/forgotten"
        what = ["password_asked_for", "password_set", "link_refused", "signed_in"]
        assert [each for each in logged(session) if each in what] == what
        token = link.rpartition("=")[2]
        for table in ("outbox_message", "access_log", "one_time_link", "message", "sign_in_attempt"):
            rows = session.execute(text(f"SELECT {table}::text FROM {table}")).scalars().all()
            assert not [row for row in rows if token in row], f"{table} holds the secret"

    def test_somebody_who_was_told_to_wait_signs_in_at_once_with_the_new_password(
        self, client: FlaskClient, session: Session, people: People, office: PostOffice
    ) -> None:
        people.someone()
        for _ in range(6):
            client.post("/sign-in", data={"email": "ruth.calloway@hub.example", "password": "forgotten it"})
        ask(client, "ruth.calloway@hub.example")
        set_to(client, link_in(send_all(session, office, datetime.now(UTC))[-1]))
        signed = client.post("/sign-in", data={"email": "ruth.calloway@hub.example", "password": NEW})
        assert signed.status_code == 303

    def test_every_dead_link_is_answered_with_the_same_words(
        self, app: Flask, session: Session, people: People, office: PostOffice
    ) -> None:
        ruth, tom, ada = (people.someone(name=name) for name in ("Ruth Calloway", "Tom Brierley", "Ada Lorne"))
        now = datetime.now(UTC)

        def link_of(user_id: int, purpose: Purpose = Purpose.PASSWORD) -> str:
            link = make_link(session, purpose, now, user_id=user_id)
            make_ready(session, link, office.chosen.key())
            return token_of(link, office.chosen.key())

        replaced, newest = link_of(ruth.user_id), link_of(ruth.user_id)
        used, expired, switched_off = (
            link_of(tom.user_id),
            link_of(tom.user_id, Purpose.INVITATION),
            link_of(ada.user_id),
        )
        use(lock_link(session, used, now), now)
        dead = session.scalars(select(OneTimeLink).where(OneTimeLink.purpose == "invitation")).one()
        dead.expires_at = now
        disable_account(session, session.get_one(UserAccount, ada.user_id), now)
        enable_account(session.get_one(UserAccount, ada.user_id))
        session.flush()
        stranger, own = app.test_client(), app.test_client()
        people.sign_in(stranger, tom)
        people.sign_in(own, ruth)
        seen = set()
        for token in ("wrong", "", "x" * 5000, replaced, used, expired, switched_off):
            for answer in (
                app.test_client().get("/account/link", query_string={"t": token}),
                set_to(app.test_client(), token),
            ):
                seen.add((answer.status_code, without_marks(answer.text)))
        assert len(seen) == 1 and {status for status, _ in seen} == {410}
        assert stranger.get(f"/account/link?t={newest}").status_code == 410, "somebody else is signed in here"
        assert set_to(stranger, newest).status_code == 410
        assert own.get(f"/account/link?t={newest}").status_code == 200 and set_to(own, newest).status_code == 303
        said = words(next(iter(seen))[1])
        for advice in ("ask for a new link", "whoever invited you", "sign out first"):
            assert advice in said
        assert logged(session).count("link_refused") == 16

    def test_of_two_who_use_a_link_at_once_one_wins(self, committed: Engine) -> None:
        sessions, key = make_sessions(committed), "a key for tests only"
        with sessions() as session, transaction(session):
            link = make_link(session, Purpose.PASSWORD, NOW, user_id=People(session).someone().user_id)
            make_ready(session, link, key)
            token = token_of(link, key)

        def go() -> None:
            with sessions() as mine, transaction(mine):
                use(lock_link(mine, token, NOW), NOW)

        with ThreadPoolExecutor(1) as pool, sessions() as session:
            with transaction(session):
                use(lock_link(session, token, NOW), NOW)
                later = pool.submit(go)
                with pytest.raises(TimeoutError):
                    later.result(timeout=1)  # the first holds the link, and has not committed
            with pytest.raises(LinkIsDead):
                later.result(timeout=20)


class TestInvitation:
    """An account that its person opens."""

    def test_it_names_the_role_and_sets_the_first_password(
        self, client: FlaskClient, session: Session, people: People, office: PostOffice
    ) -> None:
        by = people.someone(Role.ADMINISTRATOR, name="Sam Ridley")
        account = invite(session, " Ada.Lorne@hub.example", "Ada  Lorne", datetime.now(UTC), by.user_id)
        people.member(account, Role.FUNDER, "XBC")
        assert session.scalars(select(OneTimeLink)).one().made_by_id == by.user_id
        first = send_all(session, office, datetime.now(UTC))[-1]
        assert first["To"] == "ada.lorne@hub.example" and "Ada" not in text_of(first)
        send_invitation(session, account, datetime.now(UTC), None)
        second = send_all(session, office, datetime.now(UTC))[-1]
        assert client.get(link_in(first)).status_code == 410, "a new one ends the older ones"
        page = words(client.get(link_in(second)).text)
        assert "Ada Lorne" in page and "Funder" in page and "Brackendale Council" in page
        assert "nobody gets in with the link alone" in page
        assert set_to(client, link_in(second)).location == "/sign-in"
        assert client.get("/account").status_code == 302
        assert client.post("/sign-in", data={"email": account.email, "password": NEW}).status_code == 303
        assert len(send_all(session, office, datetime.now(UTC))) == 2, "a first password is no change to tell of"
        disable_account(session, account, datetime.now(UTC))
        with pytest.raises(AccountRefused, match="switched off"):
            send_invitation(session, account, datetime.now(UTC), None)
        with pytest.raises(AccountRefused, match="already an account"):
            invite(session, "ada.lorne@hub.example", "Ada Lorne", datetime.now(UTC), None)

    def test_hub_user_invite(self, committed: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
        monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path))
        settings.cache_clear()
        with make_sessions(committed)() as session:
            with transaction(session):
                People(session).organisation("XBC")

            def say(*given: str) -> str:
                return CliRunner().invoke(main, ["user", "invite", "ada@hub.example", *given]).output

            assert "needs --name, --role and --organisation" in say()
            role = ("--name", "Ada Lorne", "--role", "funder", "--organisation")
            assert "no organisation with the ODS code NONE" in say(*role, "NONE")
            assert say(*role, "xbc") == (
                "Ada Lorne <ada@hub.example> is now funder at Brackendale Council. The worker sends the invitation.\n"
            )
            assert "Give it roles with: hub user add" in say(*role, "xbc")
            assert "has an account. The worker sends the invitation" in say()
            with transaction(session):
                sent = send_all(session, PostOffice(settings(), tmp_path), datetime.now(UTC))
            assert [mail["To"] for mail in sent] == ["ada@hub.example"], "the newest of the two alone"
        settings.cache_clear()

    def test_dates_of_a_role_are_changed_and_end(self, session: Session, people: People) -> None:
        member = people.someone()
        day = timedelta(days=1)
        changed = change_membership_dates(session, member.id, FIRST_DAY + day, date(2027, 1, 31))
        assert (changed.from_on, changed.until_on) == (FIRST_DAY + day, date(2027, 1, 31))
        change_membership_dates(session, member.id, FIRST_DAY + day, date(2026, 6, 30))
        other = people.member(member.user, Role.COORDINATOR)
        change_membership_dates(session, other.id, other.from_on, date(2026, 6, 30))
        again = add_membership(
            session,
            user_id=member.user_id,
            organisation_id=member.organisation_id,
            role=Role.CASE_MANAGER,
            from_on=date(2026, 7, 1),
        )
        refusals = [
            ((member.id, date(2026, 7, 1), FIRST_DAY), "last day is before the first"),
            ((member.id, FIRST_DAY, None), "is a case manager of Invented Hub already"),
            ((again.id, FIRST_DAY, None), "is a case manager of Invented Hub already"),
            ((987654, FIRST_DAY, None), "no such role"),
        ]
        for given, said in refusals:
            with pytest.raises(AccountRefused, match=said):
                change_membership_dates(session, *given)


def test_the_sign_in_page_leads_to_both(client: FlaskClient) -> None:
    page = client.get("/sign-in").text
    assert "Forgotten your password?" in page and 'href="/account/forgotten"' in page
    assert "Ask for an account" in page and 'href="/account/ask"' in page
    assert "file instead" in client.get("/account/forgotten/sent").text
