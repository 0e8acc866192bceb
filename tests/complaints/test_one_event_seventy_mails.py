"""The old complaint "one event, seventy mails": what happens to seventy items of one person is one message to them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, func, select, update
from sqlalchemy.orm import Session

from hub.engine.models import OutboxMessage
from hub.engine.perform import perform
from hub.engine.sweep import RANG, ring_due
from hub.messages.delivery import deliver_due
from hub.messages.models import Message
from hub.messages.queries import count_unread
from tests.engine.sweep_rows import many_items
from tests.factories import NOW, actor_of, make_membership, make_referral, signed_in_cookie
from tests.features.mailbox import mail_server, send_all, text_of
from tests.features.test_mail import office
from tests.statements import counted
from workflows.roles import Role

LATER = NOW + timedelta(days=90)
SECOND = timedelta(seconds=1)


def test_seventy_deadlines_at_once_are_one_mail_and_one_line(
    session: Session, client: FlaskClient, engine: Engine, tmp_path: Path
) -> None:
    owner = make_membership(session, Role.CASE_MANAGER)
    item = make_referral(session)
    boss = actor_of(make_membership(session, Role.COORDINATOR))
    perform(session, item, "assign", boss, now=NOW, values={"owner_id": owner.user_id})
    many_items(session, item.id, 69)
    session.execute(delete(OutboxMessage))
    now = LATER
    while ring_due(session, now=now, limit=30):  # as the worker does: in pieces, each a little later
        now += SECOND
    said = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.topic == RANG)
    assert session.scalar(said) == 70
    session.execute(update(OutboxMessage).values(next_try_at=None))  # none waits for a morning, which would gather them
    numbers = []
    for _ in range(3):
        with counted(engine) as sent:
            assert deliver_due(session, now=now, folder=tmp_path / "files", limit=30) > 0
        numbers.append(len(sent))
        now += SECOND
    assert len(set(numbers[:2])) == 1 and numbers[0] < 20, "a fixed number of statements, whatever the batch holds"
    assert session.scalar(select(func.count()).where(Message.user_id == owner.user_id, Message.topic == RANG)) == 70

    with mail_server() as box:
        send_all(session, office(tmp_path, box.url), now)
        assert box.got == [], "what belongs together is gathered first"
        send_all(session, office(tmp_path, box.url), now + timedelta(seconds=10))
        [mail] = box.mails
    assert mail["Subject"] == "Commissioning hub: 70 deadlines"
    words = text_of(mail)
    assert words.count("Referral REF-") == 50 and "And 20 more" in words

    assert count_unread(session, owner.user_id) == 1
    signed_in_cookie(session, client, owner)
    page = client.get("/messages").text
    assert page.count("70 deadlines passed") == 1 and "1 message not read yet." in page and page.count("REF-") == 0
    first = session.scalar(select(func.min(Message.id)).where(Message.user_id == owner.user_id))
    whole = client.get(f"/messages/event/{first}").text
    assert whole.count('href="/messages/REF-') == 70
    assert "70 messages marked as read" in client.post(f"/messages/event/{first}/read", follow_redirects=True).text
    assert count_unread(session, owner.user_id) == 0
