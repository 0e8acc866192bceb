"""The import page says no: to files that cannot be used, and to people it is not for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.referrals.import_models import ImportRun, Stage
from hub.referrals.import_runs import ask
from tests.factories import make_membership
from tests.features.import_rows import NOW, content_of, good_rows, send
from workflows.roles import PERSON_ROLES, Role

SignIn = Callable[[FlaskClient, Any], None]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("list.csv", b"", "The file is empty"),
        ("list.txt", b"x", "not a kind of file we can read"),
        ("", b"x", "Choose a file"),
        ("list.csv", b"PK\x03\x04 and more", "This is a spreadsheet, not a CSV file"),
        ("list.csv", "source_system,É".encode("latin-1"), "The file is not in UTF-8"),
        ("list.csv", b"\xff\xfea\x00", "The file is in UTF-16"),
        ("list.csv", b"\x7fELF\x00\x00\x01", "has a NUL character"),
        ("list.csv", b"name,born\nA,B\n", "The first row must have the names of the columns"),
        ("list.json", b"{", "cannot be read as JSON"),
        ("list.json", b"[]", "The file has no rows"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_at_once(
    session: Session, client: FlaskClient, sign_in: SignIn, name: str, content: bytes, words: str
) -> None:
    sign_in(client, make_membership(session, Role.COORDINATOR))
    answer = send(client, content, name)
    assert answer.status_code == 422 and words in answer.text
    assert session.scalar(select(func.count()).select_from(ImportRun)) == 0


def test_a_file_larger_than_the_hub_takes_is_refused(
    app: Flask, session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 1_000
    sign_in(client, make_membership(session, Role.COORDINATOR))
    answer = send(client, b"x" * 2_000)
    assert answer.status_code == 413 and "too large" in answer.text


@pytest.mark.parametrize("role", PERSON_ROLES)
def test_who_may_import(session: Session, client: FlaskClient, sign_in: SignIn, tmp_path: Path, role: Role) -> None:
    content = content_of(good_rows(1), tmp_path)
    somebody = make_membership(session, Role.COORDINATOR)
    run = ask(session, asked_by_id=somebody.user_id, file_name="list.csv", content=content, now=NOW)
    run.stage, run.report = Stage.CHECKED.value, {"rows": 1, "good": 1, "rejected": 0, "already_there": 0, "repeats": 0}
    sign_in(client, make_membership(session, role))
    may = role in {Role.COORDINATOR, Role.ADMINISTRATOR}
    assert client.get("/referrals/import").status_code == (200 if may else 404)
    assert send(client, content).status_code == (303 if may else 404)
    assert session.scalar(select(func.count()).select_from(ImportRun)) == 1 + may
    # Somebody else's file: what its rows say of patients is for coordinators.
    may_see_it = role is Role.COORDINATOR
    assert client.get(f"/referrals/import/{run.id}").status_code == (200 if may_see_it else 404)
    assert client.post(f"/referrals/import/{run.id}").status_code == (303 if may_see_it else 404)
    assert run.wants_import == may_see_it
    assert ('href="/referrals/import"' in client.get("/account").text) == may
