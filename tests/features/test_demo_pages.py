"""The demo's own pages, each opened by somebody whose page it is: the world has something to show on every one."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, UserAccount
from tests.conftest import SESSION
from tests.demo_world import NOW
from tests.factories import signed_in_cookie

DELE, RUTH, PRIYA = "dele.okafor@zd002", "ruth.calloway@zd002", "priya.nandakumar@zd002"
SAM, NIA, HELEN = "sam.ridley@zd002", "nia.probert@zd201", "helen.ashdown@zd002"
PAGES = (
    # whose, where, and what must stand there
    (DELE, "/days", "Water main burst"),
    (RUTH, "/days/add", "Add"),
    (DELE, "/days/days.csv", "local_closure"),
    (HELEN, "/policy-changes", r"POL-2026-\d+"),
    (HELEN, "/policy-changes/new", "Begin the draft"),
    (DELE, "/policy-changes/sets/1", "referral"),
    (PRIYA, "/absences", "Karen Stott"),
    (RUTH, "/absences/add", "deputy"),
    (DELE, "/worklist", "Emergencies"),
    (DELE, "/worklist/views", "Waiting for a decision"),
    (DELE, "/worklist/export.csv", r"REF-2026-\d+"),
    (NIA, "/try-a-date", "Which rule"),
    (NIA, "/api/clock?rule=5+working+days&from=2026-11-20T16:30", "Water main burst"),
    (NIA, "/messages/preferences", "Once a day"),
    (DELE, "/messages", "eadline"),
    (DELE, "/weekend", "on call|On call"),
    (SAM, "/jobs", "Deliver|deliver"),
    (SAM, "/metrics", "hub_"),
)


@pytest.fixture
def demo(made: Session, one_app: Flask) -> Iterator[tuple[Flask, Session]]:
    """The application on the demo world at its moment; what it writes is rolled back."""
    engine = made.get_bind()
    assert isinstance(engine, Engine)
    with engine.connect() as connection, time_machine.travel(NOW, tick=False):
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            one_app.extensions[SESSION] = session
            yield one_app, session
        outer.rollback()


def test_every_page_of_the_demo_has_something_on_it(demo: tuple[Flask, Session]) -> None:
    app, session = demo
    wrong = []
    for who, address, expected in PAGES:
        client = app.test_client()
        account = select(UserAccount.id).where(UserAccount.email == f"{who}.nhs.test").scalar_subquery()
        member = session.scalars(select(Membership).where(Membership.user_id == account).limit(1)).one()
        signed_in_cookie(session, client, member)
        answer = client.get(address)
        if answer.status_code != 200 or not re.search(expected, answer.text):
            wrong.append(f"{address} as {who}: {answer.status_code}, without {expected!r}")
        for recount in re.findall(r'href="(/days/recounts/\d+|/policy-changes/POL-[\d-]+)"', answer.text)[:1]:
            opened = client.get(recount)
            if opened.status_code != 200:
                wrong.append(f"{recount} as {who}: {opened.status_code}")
    assert not wrong, "\n".join(wrong)
