"""The inbox: what it lists, marking as read, page after page, and nobody else's messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.engine.models import OutboxMessage
from hub.messages.delivery import deliver_due
from hub.messages.models import Message
from tests.factories import NOW, actor_of, make_membership
from tests.features.test_messages import DAY, made
from tests.statements import counted
from workflows.actor import Actor
from workflows.roles import Role


@pytest.fixture
def coordinator(session: Session) -> Membership:
    """Whoever takes things in."""
    return make_membership(session, Role.COORDINATOR)


@pytest.fixture
def referrer(session: Session) -> Actor:
    """Who referred."""
    return actor_of(make_membership(session, Role.REFERRER))


@pytest.fixture
def mine(
    session: Session,
    client: FlaskClient,
    sign_in: Callable[[FlaskClient, Any], None],
    coordinator: Membership,
) -> FlaskClient:
    """The coordinator's browser."""
    sign_in(client, coordinator)
    return client


def test_it_lists_marks_and_leads_to_the_item(
    session: Session, mine: FlaskClient, coordinator: Membership, tmp_path: Path
) -> None:
    items = [made(session, now=NOW + number * DAY) for number in range(2)]
    deliver_due(session, now=datetime.now(UTC), folder=tmp_path)
    page = mine.get("/messages").text
    assert "2 messages not read yet." in page and page.count(">New<") == 2
    assert all(item.reference in page for item in items)
    answer = mine.get(f"/messages/{items[0].reference}")
    assert (answer.status_code, answer.location) == (302, f"/referrals/{items[0].reference}")
    page = mine.get("/messages").text
    assert "1 message not read yet." in page and page.count(">New<") == 1
    answer = mine.post("/messages/read", follow_redirects=True)
    assert "1 message marked as read." in answer.text and "You have read everything." in answer.text
    assert "Nothing was unread." in mine.post("/messages/read", follow_redirects=True).text


def test_another_persons_messages_are_not_there(
    session: Session, mine: FlaskClient, tmp_path: Path, referrer: Actor
) -> None:
    item = made(session, "returned", referrer=referrer)
    deliver_due(session, now=datetime.now(UTC), folder=tmp_path)
    session.execute(delete(Message).where(Message.topic == "referral.returned", Message.user_id != referrer.user_id))
    page = mine.get("/messages").text
    assert "Returned" not in page and "Submitted" in page
    stranger = made(session)
    assert mine.get(f"/messages/{stranger.reference}").status_code == 404
    assert mine.get("/messages/REF-1999-00001").status_code == 404
    mine.post("/messages/read")
    assert session.scalars(select(Message.read_at).where(Message.topic == "referral.returned")).all() == [None]
    assert item.reference in page


def test_an_empty_one_says_what_comes(mine: FlaskClient) -> None:
    page = mine.get("/messages").text
    assert "No messages yet" in page and "You have read everything." in page and "Mark all" not in page


def test_page_after_page_shows_each_once(
    session: Session, mine: FlaskClient, coordinator: Membership, engine: Engine
) -> None:
    for number in range(30):
        row = OutboxMessage(topic="hub.tested", payload={}, created_at=NOW, sent_at=NOW)
        session.add(row)
        session.flush()
        at = NOW + DAY * (number // 3)
        more = {"topic": f"hub.tested{number}", "kind": "news", "words": f"Told {number:02d}", "event_at": at}
        session.add(Message(user_id=coordinator.user_id, outbox_id=row.id, created_at=NOW, **more))
    session.flush()
    first = mine.get("/messages").text
    address = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0]
    second = mine.get(address.replace("&amp;", "&")).text
    shown = [number for page in (first, second) for number in range(30) if f"Told {number:02d}" in page]
    assert sorted(shown) == list(range(30)) and len(shown) == 30
    assert "Told 29" in first and "Told 00" in second and "First page" in second
    assert "Nothing further down" in mine.get("/messages?after=0-1").text
    with counted(engine) as sent:
        mine.get("/messages")
    assert len(sent) <= 5, sent
