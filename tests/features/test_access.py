"""Default deny: every route declares who may use it; a refusal looks exactly like a page that does not exist."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask, Request, g
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import SignInSession, UserAccount
from hub.accounts.on_call import add_shift
from hub.engine.models import AccessLog
from hub.web.access import (
    Access,
    Kind,
    declared_access,
    hub_staff,
    keep_what_was_typed,
    public,
    roles,
    safe_next,
    signed_in,
    undeclared_routes,
)
from hub.web.person import EndedSession
from tests.features.people import People
from workflows.actor import Actor
from workflows.roles import PERSON_ROLES, Role

HUB_ONLY = {Role.CASE_MANAGER: "XHB", Role.UNIT_MANAGER: "XTH", Role.FUNDER: "XBC"}


@pytest.fixture
def people(session: Session) -> People:
    return People(session)


@pytest.fixture
def app(fresh_app: Flask) -> Flask:
    """Its own, since routes are added to it."""
    return fresh_app


@pytest.fixture
def routes(app: Flask) -> Flask:
    """The application with one extra route of each kind, and one that forgot to say."""

    @app.get("/try/public")
    @public
    def for_everybody() -> str:
        return "seen"

    @app.route("/try/signed-in", methods=["GET", "POST"])
    @signed_in
    def for_people() -> str:
        return "seen"

    @app.get("/try/hub")
    @hub_staff
    def for_the_hub() -> str:
        return "seen"

    @app.post("/try/only-post")
    @signed_in
    def for_posting() -> str:
        return "seen"

    @app.get("/try/manager")
    @roles(Role.UNIT_MANAGER, Role.DIRECTOR)
    def for_managers() -> str:
        return "seen"

    @app.get("/try/on-call")
    @roles(Role.ON_CALL)
    def for_on_call() -> str:
        return "seen"

    @app.get("/try/forgotten")
    def forgotten() -> str:
        return "seen"

    return app


def without_nonce(page: str) -> str:
    return re.sub(r'nonce="[^"]*"', "", page)


def refusals(session: Session) -> list[AccessLog]:
    return list(session.scalars(select(AccessLog).where(AccessLog.what == "refused")))


def test_every_route_of_the_hub_says_who_may_use_it(app: Flask) -> None:
    assert undeclared_routes(app) == []
    known = {rule: access for rule, _, access in declared_access(app)}
    assert known["/sign-in"] == Access(Kind.PUBLIC) and known["/sign-out"] == Access(Kind.IDENTIFIED)
    assert known["/static/<path:filename>"] == Access(Kind.PUBLIC)


def test_a_route_that_forgot_to_say_is_listed_and_refused(routes: Flask, session: Session, people: People) -> None:
    assert undeclared_routes(routes) == ["/try/forgotten"]
    client = routes.test_client()
    assert client.get("/try/forgotten").status_code == 404
    people.sign_in(client, people.someone(Role.DIRECTOR))
    assert client.get("/try/forgotten").status_code == 404


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("/try/public", {None, Role.CASE_MANAGER, Role.UNIT_MANAGER, Role.FUNDER}),
        ("/try/signed-in", {Role.CASE_MANAGER, Role.UNIT_MANAGER, Role.FUNDER}),
        ("/try/hub", {Role.CASE_MANAGER}),
        ("/try/manager", {Role.UNIT_MANAGER}),
        ("/try/on-call", set()),
    ],
)
def test_who_may_open_what(routes: Flask, people: People, path: str, who: set[Role | None]) -> None:
    seen: set[Role | None] = set()
    for role in (None, *HUB_ONLY):
        client = routes.test_client()
        if role is not None:
            people.sign_in(client, people.someone(role, HUB_ONLY[role], f"Ada {role}"))
        answer = client.get(path)
        assert answer.status_code == (200 if role in who else 302 if role is None else 404)
        seen |= {role} if answer.text == "seen" else set()
    assert seen == who


def test_a_refusal_and_a_missing_page_are_the_same_bytes(routes: Flask, session: Session, people: People) -> None:
    client = routes.test_client()
    member = people.someone(Role.FUNDER, "XBC")
    people.sign_in(client, member)
    number = {"X-Request-ID": "one-of-a-machine"}  # which stands on both, and is each request's own
    refused, missing = (client.get(path, headers=number) for path in ("/try/hub", "/try/there-is-no-such-page"))
    assert (refused.status_code, missing.status_code) == (404, 404)
    assert without_nonce(refused.text) == without_nonce(missing.text)
    assert {name for name, _ in refused.headers} == {name for name, _ in missing.headers}
    (row,) = refusals(session)
    assert (row.user_id, row.membership_id, row.path) == (member.user_id, member.id, "/try/hub")
    assert row.detail == {"method": "GET", "why": "needs hub_staff"} and row.address == "127.0.0.1"


def test_on_call_powers_come_from_the_rota_and_go_with_it(routes: Flask, session: Session, people: People) -> None:
    client, now = routes.test_client(), datetime.now(UTC)
    member = people.someone()
    account = session.get_one(UserAccount, member.user_id)
    people.sign_in(client, member)
    assert client.get("/try/on-call").status_code == 404
    shift = add_shift(session, user=account, from_at=now - timedelta(hours=1), until_at=now + timedelta(hours=1))
    assert client.get("/try/on-call").status_code == 200
    assert "You are on call now" in client.get("/account").text
    shift.until_at = now - timedelta(minutes=1)
    session.flush()
    assert client.get("/try/on-call").status_code == 404


def test_on_call_powers_do_not_follow_into_a_role_elsewhere(routes: Flask, session: Session, people: People) -> None:
    client, now = routes.test_client(), datetime.now(UTC)
    at_the_hub = people.someone()
    account = session.get_one(UserAccount, at_the_hub.user_id)
    elsewhere = people.member(account, Role.FUNDER, "XBC")
    add_shift(session, user=account, from_at=now - timedelta(hours=1), until_at=now + timedelta(hours=1))
    people.sign_in(client, elsewhere)
    assert client.get("/try/on-call").status_code == 404


def test_the_actor_of_a_request_is_the_membership(routes: Flask, session: Session, people: People) -> None:
    member = people.someone(Role.UNIT_MANAGER, "XTH")
    found: list[Actor] = []

    @routes.get("/try/actor")
    @signed_in
    def show() -> str:
        found.append(g.actor)
        return str(g.person.organisation_name)

    client = routes.test_client()
    people.sign_in(client, member)
    assert client.get("/try/actor").text == "Tarn House"
    assert found == [
        Actor(
            user_id=member.user_id,
            name="Ruth Calloway",
            role=Role.UNIT_MANAGER,
            membership_id=member.id,
            organisation_id=member.organisation_id,
            unit_id=member.unit_id,
        )
    ]
    assert member.unit_id is not None


def test_somebody_signed_out_is_sent_to_sign_in_and_back(routes: Flask) -> None:
    client = routes.test_client()
    assert client.get("/try/signed-in?a=1&b=2").location == "/sign-in?next=/try/signed-in?a%3D1%26b%3D2"
    assert client.post("/try/signed-in").location == "/sign-in?next=/try/signed-in"
    page = {"Referer": "http://localhost/try/public?x=1"}
    assert client.post("/try/only-post", headers=page).location == "/sign-in?next=/try/public?x%3D1"
    foreign = {"Referer": "http://elsewhere.example/try"}
    assert client.post("/try/only-post", headers=foreign).location == "/sign-in"
    asked = client.get("/try/signed-in", headers={"Accept": "application/json"})
    assert (asked.status_code, asked.get_json()["error"]) == (401, "Sign in first.")
    part = client.get("/try/signed-in", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/try/public"})
    assert (part.status_code, part.headers["HX-Redirect"]) == (401, "/sign-in?next=/try/public")


def test_somebody_without_a_chosen_role_chooses_first(routes: Flask, session: Session, people: People) -> None:
    account = people.account()
    people.member(account)
    member = people.member(account, Role.FUNDER, "XBC")
    client = routes.test_client()
    people.sign_in(client, member)
    member.until_on = member.from_on
    session.flush()
    assert client.get("/try/signed-in").location == "/sign-in/role?next=/try/signed-in&ended=role_changed"
    asked = client.get("/try/signed-in", headers={"Accept": "application/json"})
    assert asked.status_code == 401


def test_what_was_typed_when_the_session_ended_is_offered_to_its_keeper(
    routes: Flask, session: Session, people: People
) -> None:
    kept: list[tuple[EndedSession, dict[str, str]]] = []

    def keep(ended: EndedSession, request: Request) -> bool:
        kept.append((ended, request.form.to_dict()))
        return True

    keep_what_was_typed(routes, keep)
    member = people.someone()
    client = routes.test_client()
    people.sign_in(client, member)
    signed = session.scalars(select(SignInSession)).one()
    signed.last_seen_at -= timedelta(minutes=31)
    session.flush()
    answer = client.post("/try/signed-in", data={"reason": "Half a page of words"})
    assert answer.location == "/sign-in?next=/try/signed-in&ended=idle&kept=yes"
    assert kept == [(EndedSession(member.user_id, member.id, "idle"), {"reason": "Half a page of words"})]
    assert "What you typed has been kept" in client.get(answer.location).text
    client.set_cookie("hub-session", "nobody's token")
    client.post("/try/signed-in", data={"reason": "of a stranger"})
    assert len(kept) == 1, "a token that was never ours keeps nothing"


@pytest.mark.parametrize("role", PERSON_ROLES)
def test_a_roles_route_is_open_to_those_roles_alone(role: Role) -> None:
    access = Access(Kind.ROLES, frozenset({Role.DIRECTOR}))
    assert access.allows(Actor(user_id=1, name="Ada", role=role)) == (role is Role.DIRECTOR)


def test_roles_needs_a_role() -> None:
    with pytest.raises(ValueError, match="at least one"):
        roles()


@pytest.mark.parametrize("target", [None, "", "x", "//x", "http://x", "/\\x", "/x\ny", "\\\\x"])
def test_a_way_back_to_another_site_is_no_way_back(target: str | None) -> None:
    assert safe_next(target) is None


def test_a_watcher_needs_no_account(client: FlaskClient) -> None:
    assert client.get("/healthz").text == "ok\n"
    assert client.get("/readyz").text == "no worker was seen for 60 seconds: start hub worker\n"
