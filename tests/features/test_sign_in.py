"""Signing in and out, sessions and their limits, guessing slowed down, choosing a role, changing a password."""

import re
from datetime import UTC, datetime, timedelta
from time import perf_counter

import pytest
import time_machine
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from hub.accounts.models import SessionEnd, SignInSession, UserAccount
from hub.accounts.passwords import needs_rehash, verify_password
from hub.accounts.services import disable_account
from hub.accounts.sessions import hash_token
from hub.app import create_app
from hub.config import Settings
from hub.engine.models import AccessLog
from tests.features.people import PASSWORD, People
from workflows.durations import local
from workflows.roles import Role

NOW = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)


@pytest.fixture
def people(session: Session) -> People:
    return People(session)


def post_sign_in(client: FlaskClient, email: str, password: str = PASSWORD, way_back: str = "") -> TestResponse:
    return client.post("/sign-in", data={"email": email, "password": password, "next": way_back})


def token_of(client: FlaskClient) -> str:
    cookie = client.get_cookie("hub-session")
    assert cookie is not None
    return cookie.value


def sessions(session: Session) -> list[SignInSession]:
    return list(session.scalars(select(SignInSession).order_by(SignInSession.id)))


def logged(session: Session) -> list[str]:
    return list(session.scalars(select(AccessLog.what).order_by(AccessLog.id)))


def without_marks(page: str) -> str:
    return re.sub(r'nonce="[^"]*"|value="[^"]*"', "", page)


def test_the_right_password_signs_in_and_only_the_hash_of_the_token_is_stored(
    client: FlaskClient, session: Session, people: People
) -> None:
    member = people.someone()
    answer = post_sign_in(client, " Ruth.Calloway@HUB.example ")
    assert (answer.status_code, answer.location) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert all(word in cookie for word in ("hub-session=", "HttpOnly", "SameSite=Lax", "Path=/"))
    (row,) = sessions(session)
    assert row.token_hash == hash_token(token_of(client)) and token_of(client) not in row.token_hash
    assert (row.user_id, row.membership_id) == (member.user_id, member.id)
    assert logged(session) == ["signed_in"]
    assert b"case manager" in client.get("/account").data


def test_a_secure_hub_names_its_cookie_so_that_no_other_host_can_set_it(
    session: Session, people: People, test_settings: Settings
) -> None:
    people.someone()
    secure = test_settings.model_copy(update={"secure_cookies": True})
    app = create_app(secure, session_factory=lambda: Session(session.connection(), expire_on_commit=False))
    app.config |= {"TESTING": True, "WTF_CSRF_ENABLED": False}
    answer = post_sign_in(app.test_client(), "ruth.calloway@hub.example")
    cookie = next(value for value in answer.headers.getlist("Set-Cookie") if "hub-session" in value)
    assert cookie.startswith("__Host-hub-session=") and "Secure" in cookie and "Domain" not in cookie


def test_unknown_email_wrong_password_and_disabled_account_are_told_the_same(
    client: FlaskClient, session: Session, people: People
) -> None:
    people.someone()
    disabled = people.someone(name="Tom Brierley")
    disable_account(session, session.get_one(UserAccount, disabled.user_id), NOW)
    answers = [
        post_sign_in(client, "nobody@hub.example"),
        post_sign_in(client, "ruth.calloway@hub.example", "not the password"),
        post_sign_in(client, "tom.brierley@hub.example"),
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert len({without_marks(answer.text) for answer in answers}) == 1
    assert "not right" in answers[0].text
    assert sessions(session) == []
    rows = list(session.scalars(select(AccessLog).order_by(AccessLog.id)))
    assert [row.what for row in rows] == ["sign_in_failed"] * 3
    assert rows[0].user_id is None and rows[2].user_id == disabled.user_id
    assert "nobody" not in str([row.detail for row in rows])


def test_an_unknown_email_costs_as_much_time_as_a_wrong_password(client: FlaskClient, people: People) -> None:
    people.someone()

    def fastest(email: str) -> float:
        taken = []
        for _ in range(3):
            start = perf_counter()
            assert post_sign_in(client, email, "not the password").status_code == 422
            taken.append(perf_counter() - start)
        return min(taken)

    known, unknown = fastest("ruth.calloway@hub.example"), fastest("nobody@hub.example")
    assert unknown > known / 2


def test_old_hash_parameters_are_renewed_at_sign_in(client: FlaskClient, session: Session, people: People) -> None:
    member = people.someone()
    account = session.get_one(UserAccount, member.user_id)
    account.password_hash = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    session.flush()
    assert post_sign_in(client, account.email).status_code == 303
    assert not needs_rehash(account.password_hash) and verify_password(account.password_hash, PASSWORD)


@pytest.mark.parametrize(
    ("way_back", "goes_to"),
    [
        ("/worklist?kind=referral&page=2", "/worklist?kind=referral&page=2"),
        ("//elsewhere.example/", "/"),
        ("https://elsewhere.example/", "/"),
        ("/\\elsewhere.example", "/"),
        ("/a\r\nLocation: https://elsewhere.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_stays_on_this_site(client: FlaskClient, people: People, way_back: str, goes_to: str) -> None:
    people.someone()
    assert post_sign_in(client, "ruth.calloway@hub.example", way_back=way_back).location == goes_to


def test_signing_out_ends_the_session_on_the_server(client: FlaskClient, session: Session, people: People) -> None:
    token = people.sign_in(client, people.someone())
    assert client.get("/sign-out").status_code in {302, 404, 405}
    assert client.get("/account").status_code == 200
    assert client.post("/sign-out").location == "/sign-in?ended=signed_out"
    assert sessions(session)[0].ended_why == SessionEnd.SIGNED_OUT
    client.set_cookie("hub-session", token)
    assert client.get("/account").location.startswith("/sign-in")
    assert logged(session) == ["signed_out"]


def test_a_session_ends_after_half_an_hour_of_nothing(client: FlaskClient, session: Session, people: People) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        people.sign_in(client, people.someone())
        for _ in range(3):
            clock.shift(timedelta(minutes=29))
            assert client.get("/account").status_code == 200
        clock.shift(timedelta(minutes=30))
        answer = client.get("/account")
        assert answer.location == "/sign-in?next=/account&ended=idle"
        assert "nothing happened for 30 min" in client.get(answer.location).text
        assert sessions(session)[0].ended_why == SessionEnd.IDLE
        clock.shift(timedelta(minutes=-20))
        assert client.get("/account").status_code == 302, "an ended session stays ended"


def test_a_session_ends_after_twelve_hours_and_a_change_of_role_does_not_lengthen_it(
    client: FlaskClient, session: Session, people: People
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        first = people.someone()
        second = people.member(session.get_one(UserAccount, first.user_id), Role.COORDINATOR)
        people.sign_in(client, first)
        for _ in range(23):
            clock.shift(timedelta(minutes=29))
            assert client.get("/account").status_code == 200
        assert client.post("/sign-in/role", data={"membership": second.id}).status_code == 303
        clock.shift(timedelta(minutes=29))
        assert client.get("/account").status_code == 200
        clock.shift(timedelta(minutes=29))
        assert client.get("/account").location == "/sign-in?next=/account&ended=too_old"


def test_who_it_is_costs_one_statement_and_a_write_at_most_once_a_minute(
    client: FlaskClient, session: Session, people: People, engine: Engine
) -> None:
    sent: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_others: object) -> None:
        if statement.startswith(("SELECT", "UPDATE", "INSERT")):
            sent.append(statement.split()[0])

    with time_machine.travel(NOW, tick=False) as clock:
        people.sign_in(client, people.someone())
        row = sessions(session)[0]
        event.listen(engine, "before_cursor_execute", note)
        try:
            clock.shift(timedelta(seconds=59))
            client.get("/healthz")
            assert sent == ["SELECT"]
            clock.shift(timedelta(seconds=1))
            client.get("/healthz")
            assert sent == ["SELECT", "SELECT", "UPDATE"]
            client.application.test_client().get("/healthz")
            assert len(sent) == 3, "a signed-out page asks nothing"
        finally:
            event.remove(engine, "before_cursor_execute", note)
        session.expire_all()
        assert row.last_seen_at == NOW + timedelta(minutes=1)


def test_with_several_roles_one_is_chosen_first_and_the_token_changes(
    client: FlaskClient, session: Session, people: People
) -> None:
    account = people.account()
    first, second = people.member(account), people.member(account, Role.FUNDER, "XBC")
    stranger = people.someone(name="Tom Brierley")
    answer = post_sign_in(client, account.email, way_back="/account")
    assert answer.location == "/sign-in/role?next=/account"
    before = token_of(client)
    page = client.get(answer.location).text
    assert "Brackendale Council" in page and "Invented Hub" in page
    assert client.post("/sign-in/role", data={"membership": stranger.id}).status_code == 200, "not one of theirs"
    answer = client.post("/sign-in/role", data={"membership": second.id, "next": "/account"})
    assert answer.location == "/account" and token_of(client) != before
    assert [row.membership_id for row in sessions(session)] == [None, second.id]
    assert sessions(session)[0].ended_why == SessionEnd.ROLE_CHANGED
    other = client.application.test_client()
    other.set_cookie("hub-session", before)
    assert other.get("/account").status_code == 302, "the token from before the choice is worth nothing"
    assert client.post("/sign-in/role", data={"membership": first.id}).status_code == 303
    client.post("/sign-out")
    post_sign_in(client, account.email)
    assert re.search(rf'value="{first.id}"[^>]*checked', client.get("/sign-in/role").text), "last one used is offered"


def test_a_membership_that_has_ended_opens_nothing(client: FlaskClient, session: Session, people: People) -> None:
    member = people.someone()
    people.sign_in(client, member)
    member.until_on = local(datetime.now(UTC)).date() - timedelta(days=1)
    session.flush()
    assert "You have no role today" in client.get("/sign-in/role").text
    assert "No organisation lists you" in client.get("/account").text


def test_a_disabled_account_is_signed_out_at_once(client: FlaskClient, session: Session, people: People) -> None:
    member = people.someone()
    people.sign_in(client, member)
    assert disable_account(session, session.get_one(UserAccount, member.user_id), datetime.now(UTC)) == 1
    assert client.get("/account").status_code == 302


def test_a_new_password_ends_every_other_session(client: FlaskClient, session: Session, people: People) -> None:
    member = people.someone()
    elsewhere = client.application.test_client()
    people.sign_in(elsewhere, member)
    people.sign_in(client, member)
    new = "seven violet teapots 9"
    wrong = client.post("/account", data={"current_password": "not it", "new_password": new})
    assert "This is not your password now" in wrong.text
    weak = client.post("/account", data={"current_password": PASSWORD, "new_password": "ruth.calloway"})
    assert "must not contain your name" in weak.text
    assert client.post("/account", data={"current_password": PASSWORD, "new_password": new}).status_code == 303
    assert "Your password has been changed" in client.get("/account").text
    assert elsewhere.get("/account").status_code == 302
    assert post_sign_in(elsewhere, "ruth.calloway@hub.example", new).status_code == 303
    assert "password_changed" in logged(session)


def test_demo_people_sign_in_with_one_click_in_demo_mode_only(
    app: Flask, session: Session, people: People, test_settings: Settings
) -> None:
    real, demo = people.someone(), people.someone(Role.FUNDER, "XBC", "Colin Askwith")
    people.organisation("XBC").is_demo = True
    session.flush()
    assert app.test_client().post(f"/sign-in/demo/{demo.id}").status_code == 404
    showing = create_app(
        test_settings.model_copy(update={"demo": True}),
        session_factory=lambda: Session(
            session.connection(), join_transaction_mode="create_savepoint", expire_on_commit=False
        ),
    )
    showing.config |= {"TESTING": True, "WTF_CSRF_ENABLED": False}
    client = showing.test_client()
    page = client.get("/sign-in").text
    assert "Colin Askwith" in page and "Ruth Calloway" not in page
    assert client.post(f"/sign-in/demo/{real.id}").status_code == 404
    assert client.post(f"/sign-in/demo/{demo.id}").status_code == 303
    assert "funder" in client.get("/account").text
