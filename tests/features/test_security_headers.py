"""The security baseline: headers, form tokens, other sites, other hosts, static files."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask, request
from sqlalchemy.orm import Session

from hub.app import create_app
from hub.config import Settings
from hub.web.access import public, signed_in
from tests.features.people import PASSWORD, People

HERE = {"Origin": "http://localhost"}


@pytest.fixture
def people(session: Session) -> People:
    return People(session)


@pytest.fixture
def app(fresh_app: Flask) -> Flask:
    """Its own, since routes are added to it."""
    return fresh_app


@pytest.fixture
def guarded(app: Flask) -> Iterator[Flask]:
    """The application with form tokens on, and one form of its own."""
    app.config["WTF_CSRF_ENABLED"] = True

    @app.post("/try/form")
    @signed_in
    def take() -> str:
        return "taken: " + "|".join(f"{name}={value}" for name, value in request.form.items(multi=True))

    @app.get("/try/broken")
    @public
    def broken() -> str:
        raise RuntimeError("a secret in the words of the error")

    yield app


def token_in(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_every_page_carries_the_headers(app: Flask) -> None:
    client = app.test_client()
    for path in ("/sign-in", "/no-such-page", "/account"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy and "data:" not in policy and "*" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "camera=()" in headers["Permissions-Policy"]
        assert headers["Cache-Control"] == "no-store"
        assert "Strict-Transport-Security" not in headers


def test_the_nonce_is_new_each_time_and_on_every_script(app: Flask) -> None:
    client, seen = app.test_client(), set()
    for _ in range(3):
        answer = client.get("/sign-in")
        found = re.search(r"script-src 'nonce-([^']{20,})'", answer.headers["Content-Security-Policy"])
        assert found is not None
        scripts = re.findall(r"<script[^>]*>", answer.text)
        assert scripts and all(f'nonce="{found[1]}"' in script for script in scripts)
        assert " style=" not in answer.text and not re.search(r"\son[a-z]+=", answer.text)
        seen.add(found[1])
    assert len(seen) == 3


def test_a_secure_hub_says_so_for_a_year(test_settings: Settings, session: Session) -> None:
    secure = test_settings.model_copy(update={"secure_cookies": True})
    answer = create_app(secure, session_factory=lambda: session).test_client().get("/sign-in")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert answer.headers["Set-Cookie"].startswith("__Host-hub-form=")


def test_static_files_keep_for_ever_and_are_named_by_their_content(app: Flask) -> None:
    client = app.test_client()
    address = re.search(r'href="(/static/css/tokens\.css\?v=\w+)"', client.get("/sign-in").text)
    assert address is not None
    with client.get(address[1]) as answer:
        assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Access-Control-Allow-Origin" not in answer.headers
    assert client.get("/static/no-such.css").status_code == 404
    assert client.get("/static/../config.py").status_code == 404


def test_another_host_name_is_refused(app: Flask) -> None:
    answer = app.test_client().get("/sign-in", base_url="http://elsewhere.example")
    assert answer.status_code == 400 and "elsewhere" not in answer.text


def test_a_form_from_another_site_is_refused(guarded: Flask, people: People) -> None:
    client = guarded.test_client()
    people.sign_in(client, people.someone())
    token = token_in(client.get("/account").text)
    for origin in ("http://elsewhere.example", "null", "http://localhost.elsewhere.example"):
        answer = client.post("/try/form", data={"csrf_token": token, "a": "1"}, headers={"Origin": origin})
        assert answer.status_code == 400 and "taken" not in answer.text
    assert client.post("/try/form", data={"csrf_token": token, "a": "1"}, headers=HERE).status_code == 200


def test_a_form_that_was_open_too_long_comes_back_filled_in(guarded: Flask, people: People) -> None:
    client = guarded.test_client()
    people.sign_in(client, people.someone())
    typed = {"csrf_token": "old", "reason": "Line one\nline <two>", "choose": ["1", "2"], "new_password": PASSWORD}
    answer = client.post("/try/form?x=1", data=typed, headers=HERE)
    assert answer.status_code == 400 and "Your page was open too long" in answer.text
    assert "Line one\nline &lt;two&gt;" in answer.text and PASSWORD not in answer.text
    assert 'action="/try/form?x=1"' in answer.text and "Ruth Calloway" in answer.text
    again = {"csrf_token": token_in(answer.text), "reason": "Line one\nline <two>", "choose": ["1", "2"]}
    taken = client.post("/try/form?x=1", data=again, headers=HERE).text
    assert "choose=1|choose=2" in taken and "<two>" in taken


def test_it_is_not_offered_again_when_nobody_knows_whose_form_it_was(guarded: Flask, people: People) -> None:
    client = guarded.test_client()
    people.sign_in(client, people.someone())
    answer = client.post("/try/form", data={"reason": "planted words"})
    assert answer.status_code == 400 and "planted words" not in answer.text and "Send it again" not in answer.text


def test_signing_in_from_a_page_that_was_open_too_long_starts_again(guarded: Flask, people: People) -> None:
    people.someone()
    client = guarded.test_client()
    words = {"email": "ruth.calloway@hub.example", "password": PASSWORD, "csrf_token": "old", "next": "/account"}
    answer = client.post("/sign-in", data=words, headers=HERE)
    assert answer.location == "/sign-in?next=/account&ended=open_too_long"
    words["csrf_token"] = token_in(client.get(answer.location).text)
    assert client.post("/sign-in", data=words, headers=HERE).location == "/account"


def test_the_form_token_from_before_signing_in_is_worth_nothing_after(guarded: Flask, people: People) -> None:
    people.someone()
    client = guarded.test_client()
    token = token_in(client.get("/sign-in").text)
    words = {"email": "ruth.calloway@hub.example", "password": PASSWORD, "csrf_token": token}
    assert client.post("/sign-in", data=words, headers=HERE).status_code == 303
    assert client.post("/try/form", data={"csrf_token": token}, headers=HERE).status_code == 400


def test_a_form_of_somebody_signed_out_goes_to_sign_in(guarded: Flask) -> None:
    answer = guarded.test_client().post("/try/form", data={"reason": "x"}, headers=HERE)
    assert answer.location == "/sign-in"


def test_a_body_that_is_too_large_is_refused_in_words(session: Session, test_settings: Settings) -> None:
    small = test_settings.model_copy(update={"max_upload_bytes": 1000})
    app = create_app(small, session_factory=lambda: session)
    app.config |= {"TESTING": True, "WTF_CSRF_ENABLED": False}
    answer = app.test_client().post("/sign-in", data={"email": "x" * 2000})
    assert answer.status_code == 413 and "too large" in answer.text


def test_our_own_fault_shows_a_reference_and_none_of_its_words(guarded: Flask) -> None:
    guarded.config |= {"TESTING": False, "PROPAGATE_EXCEPTIONS": False}
    answer = guarded.test_client().get("/try/broken")
    assert answer.status_code == 500 and "secret" not in answer.text
    assert re.search(r'if you ring: <b class="hub-break">\d{4}-\d{4}-\d{4}</b>', answer.text)
    asked = guarded.test_client().get("/try/broken", headers={"Accept": "application/json"})
    assert asked.status_code == 500 and asked.json is not None and "request_id" in asked.json
