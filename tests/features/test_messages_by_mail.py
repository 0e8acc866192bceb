"""Messages by e-mail: gathered, settled before they are sent, in digests, as each wishes, to deputies, and bounced."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from hub.accounts.absence_models import Absence
from hub.accounts.models import Membership, UserAccount
from hub.cases.models import CareCase, CaseSeal
from hub.db import make_sessions, transaction
from hub.engine.admin_log import AdminChange
from hub.engine.models import OutboxMessage
from hub.engine.outbox import queue_told
from hub.engine.perform import perform
from hub.messages.delivery import deliver_due
from hub.messages.kinds import MAIL_GIVEN_UP, MessageKind, Way
from hub.messages.mail_delivery import send_next
from hub.messages.models import MailBounce, Message
from hub.messages.preferences import save_wishes
from hub.messages.queries import read_inbox
from hub.messages.told_mail import queue_digests
from hub.referrals.models import Referral
from tests.factories import NOW, actor_of, make_membership, make_referral, signed_in_cookie
from tests.features.mailbox import mail_server, send_all, text_of
from tests.features.test_mail import office
from workflows.roles import Role

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))
TOLD = select(OutboxMessage).where(OutboxMessage.topic == "mail.told").order_by(OutboxMessage.id)


@pytest.fixture
def owner(session: Session) -> Membership:
    return make_membership(session, Role.CASE_MANAGER)


def told(session: Session, owner: Membership, topic: str = "clock.rang", now: datetime = NOW, **more: Any) -> Referral:
    """A referral of the owner and something that happens to it, which they hear of."""
    item = make_referral(session, now=NOW - DAY)
    item.owner_id = owner.user_id
    session.execute(update(OutboxMessage).values(sent_at=NOW).where(OutboxMessage.item_id == item.id))
    say(session, item, topic, now, **more)
    return item


def say(session: Session, item: Referral, topic: str, now: datetime, **more: Any) -> None:
    payload = {"reference": item.reference, "kind": "referral", "clock": "review", "due_at": now.isoformat(), **more}
    session.add(OutboxMessage(topic=topic, item_id=item.id, payload=payload, created_at=now))
    session.flush()


def test_one_mail_brings_what_came_while_it_waited_and_a_repeat_says_the_same(
    committed: Engine, tmp_path: Path
) -> None:
    with mail_server() as box, make_sessions(committed)() as session:
        with transaction(session):
            owner = make_membership(session, Role.CASE_MANAGER)
            items = [told(session, owner)]
            deliver_due(session, now=NOW, folder=tmp_path)
            items.append(told(session, owner, now=NOW + MINUTE))
            deliver_due(session, now=NOW + 2 * SECOND + MINUTE, folder=tmp_path)
        sending, at = office(tmp_path, box.url), NOW + 2 * MINUTE
        with transaction(session):
            assert send_next(session, now=at, office=sending) == 1
        assert box.got == [], "settled, and committed, before it is sent"
        with transaction(session):  # everything it could be written from changes
            told(session, owner, now=at)
            deliver_due(session, now=at, folder=tmp_path)
            save_wishes(session, owner.user_id, {MessageKind.DEADLINE: Way.OFF}, now=at)
            items[0].title, items[0].owner_id = "Somebody Else", None
        for killed in (True, False):
            try:
                with transaction(session):
                    assert send_next(session, now=at + SECOND, office=sending) == 1
                    if killed:
                        raise KeyboardInterrupt
            except KeyboardInterrupt:
                continue
        first, again = box.got
        assert first == again, "the same to the last byte"
        mail = box.mails[0]
        assert mail["Subject"] == "Commissioning hub: 2 deadlines" and mail["Auto-Submitted"] == "auto-generated"
        assert mail["List-Unsubscribe"] == "<https://hub.example/messages/preferences>"
        assert all(f"https://hub.example/messages/{item.reference}" in text_of(mail) for item in items)
        with transaction(session):
            send_all(session, sending, at + HOUR)
        assert len(box.got) == 2, "what was turned off meanwhile is not sent"
        waiting = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.sent_at.is_(None))
        assert session.scalar(waiting.where(OutboxMessage.topic.startswith("mail."))) == 0


def test_workers_that_tell_one_person_at_once_write_one_mail_and_lose_none(committed: Engine, tmp_path: Path) -> None:
    sessions = make_sessions(committed)
    with sessions() as session, transaction(session):
        owner = make_membership(session, Role.CASE_MANAGER).user_id
    together = threading.Barrier(4)

    def work() -> None:
        for _ in range(20):
            together.wait()
            with sessions() as session, transaction(session):
                queue_told(session, [owner], now=NOW)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    with sessions() as one, sessions() as two:
        [row] = one.scalars(TOLD).all()
        assert row.next_try_at == NOW + 5 * SECOND
        one.rollback()
        office_at = office(tmp_path)
        # One tells the person more: the e-mail is left alone until that is written.
        queue_told(two, [owner], now=NOW)
        assert send_next(one, now=NOW + MINUTE, office=office_at) == 0
        two.commit()
        # One has it in hand for sending; another tells the person more, and waits for what becomes of it.
        assert send_next(one, now=NOW + MINUTE, office=office_at) == 1
        queued = threading.Thread(target=lambda: queue_told(two, [owner], now=NOW + MINUTE))
        queued.start()
        queued.join(0.2)
        assert queued.is_alive(), "it waits for the one that settles"
        one.commit()
        queued.join(30)
        two.commit()
        assert [each.sent_at is None for each in two.scalars(TOLD)] == [False, True]


def test_while_a_server_is_down_messages_are_gathered(session: Session, owner: Membership, tmp_path: Path) -> None:
    down, now = office(tmp_path, "smtp://127.0.0.1:9"), NOW
    for _ in range(6):
        told(session, owner, now=now)
        deliver_due(session, now=now, folder=tmp_path / "files")
        send_all(session, down, now + 20 * SECOND)
        now += 2 * HOUR
    assert len(session.scalars(TOLD).all()) == 2
    with mail_server() as box:
        for _ in range(2):
            send_all(session, office(tmp_path, box.url), now + 13 * HOUR)
            now += HOUR
    assert [mail["Subject"] for mail in box.mails] == [
        "Commissioning hub: a deadline, " + session.scalars(select(Referral.reference).order_by(Referral.id)).all()[0],
        "Commissioning hub: 5 deadlines",
    ]


def test_a_digest_a_day_of_what_is_not_read_yet(committed: Engine, tmp_path: Path) -> None:
    sessions, morning = make_sessions(committed), datetime(2026, 3, 17, 8, 0, tzinfo=UTC)
    with sessions() as session, transaction(session):
        owner, other = (make_membership(session, Role.CASE_MANAGER) for _ in range(2))
        for person in (owner, other):
            for topic in ("referral.rest_added", "admission.assessed", "clock.rang"):
                told(session, person, topic)
        deliver_due(session, now=NOW, folder=tmp_path)
        session.execute(update(Message).where(Message.topic == "admission.assessed").values(read_at=NOW))
        session.execute(update(Message).where(Message.user_id == other.user_id).values(read_at=NOW))
        assert queue_digests(session, now=morning - SECOND) == 0, "not before its hour"
    together, done = threading.Barrier(4), list[int]()

    def work() -> None:
        together.wait()
        with sessions() as session, transaction(session):
            done.append(queue_digests(session, now=morning))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert sorted(done) == [0, 0, 0, 1], "one worker wrote it, and only for whom there is something to say"
    with mail_server() as box, sessions() as session:
        with transaction(session):
            send_all(session, office(tmp_path, box.url), morning + MINUTE)
            assert queue_digests(session, now=morning + HOUR) == 0, "once a day"
            assert queue_digests(session, now=morning + DAY) == 0, "and not without anything to say"
        assert sorted(mail["Subject"].partition(", ")[0] for mail in box.mails) == [
            "Commissioning hub: a deadline",
            "Commissioning hub: a piece of news",
        ]


def test_what_each_chooses(session: Session, client: FlaskClient, owner: Membership, tmp_path: Path) -> None:
    def ways() -> dict[str, str]:
        mine = select(Message.kind, Message.mail_when).where(Message.user_id == owner.user_id)
        rows = session.execute(mine.order_by(Message.id)).all()
        return {row.kind: row.mail_when for row in rows}

    def tell(now: datetime) -> None:
        for topic in ("item.assigned", "clock.warned", "referral.accepted"):
            told(session, owner, topic, now)
        deliver_due(session, now=now, folder=tmp_path)

    tell(NOW)
    assert ways() == {"answer_needed": "at_once", "deadline": "at_once", "news": "daily"}
    signed_in_cookie(session, client, owner)
    page = client.get("/messages/preferences").text
    assert "Always at once" in page and "8am" in page and 'name="answer_needed"' not in page
    assert "Running the hub" not in page, "what only administrators hear of"
    chosen = {"deadline": "daily", "news": "off", "calendar_and_rules": "off"}
    wrong = client.post("/messages/preferences", data={**chosen, "answer_needed": "off", "news": "loudly"})
    assert wrong.status_code == 422 and "There is a problem" in wrong.text
    done = client.post("/messages/preferences", data={**chosen, "answer_needed": "off"}, follow_redirects=True)
    assert "What you get by e-mail is recorded." in done.text
    assert ways() == {"answer_needed": "at_once", "deadline": "at_once", "news": "off"}, "what waits is not sent either"
    tell(NOW + DAY)
    assert ways() == {"answer_needed": "at_once", "deadline": "daily", "news": "off"}
    save_wishes(session, owner.user_id, {}, now=NOW)
    assert client.get("/messages/event/987654").status_code == 404


def test_a_bounce_is_marked_shown_and_cleared(
    session: Session, client: FlaskClient, owner: Membership, tmp_path: Path
) -> None:
    administrator = make_membership(session, Role.ADMINISTRATOR)
    told(session, owner)
    deliver_due(session, now=NOW, folder=tmp_path)
    address = session.get_one(UserAccount, owner.user_id).email
    with mail_server() as box:
        sending = office(tmp_path, box.url)
        box.answers = {address: "550 5.1.1 No such mailbox"}
        send_all(session, sending, NOW + MINUTE)
        assert session.scalars(select(MailBounce.address)).all() == [address]
        box.answers = {}
        told(session, owner, now=NOW + HOUR)
        deliver_due(session, now=NOW + HOUR, folder=tmp_path)
        send_all(session, sending, NOW + 2 * HOUR)
        assert [to for to, _ in box.got if to == address] == [], "nothing more is sent to it"
        [said] = session.execute(
            select(Message.user_id, Message.words, Message.page).where(Message.topic == MAIL_GIVEN_UP)
        ).all()
        assert tuple(said) == (administrator.user_id, "An e-mail could not be delivered", "/jobs")

        signed_in_cookie(session, client, owner)
        assert "E-mail to this address comes back" in client.get("/messages/preferences").text
        assert client.post(f"/admin/people/{owner.user_id}/mail-works").status_code == 404
        signed_in_cookie(session, client, administrator)
        page = client.get(f"/admin/people/{owner.user_id}").text
        assert "E-mail to this address comes back" in page and "550 5.1.1 No such mailbox" in page
        for answer in ("is sent again", "was sent to this address already"):
            shown = client.post(f"/admin/people/{owner.user_id}/mail-works", follow_redirects=True).text
            assert answer in shown and "E-mail to this address comes back" not in shown
        [change] = session.scalars(select(AdminChange)).all()
        assert (change.what, change.by_id) == ("E-mail is sent again", administrator.user_id)
        for minutes in (1, 10):
            send_all(session, sending, datetime.now(UTC) + minutes * MINUTE)
        subjects = [mail["Subject"] for mail in box.mails if mail["To"] == address]
        assert len(subjects) == 2 and all("a deadline, REF-" in subject for subject in subjects), "nothing was lost"


def test_a_deputy_hears_of_what_he_may_see_and_never_of_a_sealed_case(
    session: Session, client: FlaskClient, owner: Membership, tmp_path: Path
) -> None:
    deputy, other = (make_membership(session, Role.CASE_MANAGER) for _ in range(2))
    for away, stands_in in ((owner, deputy), (other, owner)):
        session.add(
            Absence(
                user_id=away.user_id,
                deputy_id=stands_in.user_id,
                from_at=NOW - DAY,
                until_at=NOW + DAY,
                made_at=NOW - DAY,
            )
        )
    seen, sealed, done = (told(session, owner) for _ in range(3))
    session.execute(update(CareCase).where(CareCase.id == sealed.case_id).values(is_sealed=True))
    session.add(CaseSeal(case_id=sealed.case_id, user_id=owner.user_id))
    session.expire_all()
    perform(
        session,
        done,
        "note",
        actor_of(deputy, on_behalf_of=owner.user_id),
        now=NOW,
        values={"note": "Rang the ward", "audience": "hub"},
    )
    say(session, done, "referral.rest_added", NOW, position=done.history_length)
    deliver_due(session, now=NOW, folder=tmp_path)
    mine = {
        row.item_id: row.for_id
        for row in session.scalars(
            select(Message).where(Message.user_id == deputy.user_id, Message.topic == "clock.rang")
        )
    }
    assert mine == {seen.id: owner.user_id, done.id: owner.user_id}
    of_own_doing = select(Message.user_id).where(Message.topic == "referral.rest_added")
    assert session.scalars(of_own_doing).all() == [owner.user_id]
    [line] = read_inbox(session, deputy.user_id).rows
    assert (line.count, line.stands_in_for) == (2, owner.user.name)
    signed_in_cookie(session, client, deputy)
    assert f"for {owner.user.name}" in client.get("/messages").text
    assert f"for {owner.user.name}" in client.get(f"/messages/event/{line.message.id}").text
    [mail] = [
        each
        for each in send_all(session, office(tmp_path / "mail"), NOW + MINUTE)
        if each["To"] == session.get_one(UserAccount, deputy.user_id).email
    ]
    assert "for a colleague who is away" in text_of(mail) and owner.user.name not in text_of(mail)
    say(session, seen, "clock.rang", NOW + 2 * DAY)
    deliver_due(session, now=NOW + 2 * DAY, folder=tmp_path)
    assert len(read_inbox(session, deputy.user_id).rows) == 1, "who is back hears alone"
