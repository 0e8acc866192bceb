"""The outbox: claimed in turn and by one worker only, tried again after a failure, given up loudly."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from hub.db import make_sessions, transaction
from hub.engine.life import JobRun, WorkerBeat, is_worker_seen, last_seen
from hub.engine.models import OutboxMessage
from hub.engine.outbox import (
    DIGEST,
    MOST_ATTEMPTS,
    Backlog,
    backlog,
    claim,
    claimed_before,
    mark_failed,
    mark_sent,
    put_off,
    queue_told,
    settle_told,
    stuck,
    try_again,
    try_again_to,
    wait_after,
)
from tests.factories import NOW

SECOND = timedelta(seconds=1)


def put(session: Session, at: datetime = NOW, **more: Any) -> int:
    row = OutboxMessage(**{"topic": "referral.accepted", "payload": {}, "created_at": at, **more})
    session.add(row)
    session.flush()
    return row.id


def claimed(session: Session, now: datetime = NOW, **more: Any) -> list[int]:
    return [sent.id for sent in claim(session, now=now, **more)]


def test_rows_are_claimed_in_turn_and_once(session: Session) -> None:
    first, second, third = put(session), put(session), put(session)
    assert claimed(session, limit=2) == [first, second]
    mark_sent(session, [first, second], now=NOW + SECOND)
    assert claimed(session) == [third]
    rows = session.execute(select(OutboxMessage.sent_at, OutboxMessage.attempts).order_by(OutboxMessage.id)).all()
    assert [tuple(row) for row in rows] == [(NOW + SECOND, 1), (NOW + SECOND, 1), (None, 0)]


def test_one_that_waits_for_its_moment_holds_up_no_other(session: Session) -> None:
    later = put(session, next_try_at=NOW + SECOND)
    at_once = put(session)
    assert claimed(session) == [at_once]
    assert claimed(session, NOW + SECOND) == [at_once, later]
    assert claimed(session, NOW - SECOND) == [], "nothing leaves before it was written"


def test_a_failure_is_tried_again_later_and_at_last_given_up(session: Session) -> None:
    identity, now = put(session), NOW
    waits = []
    for number in range(MOST_ATTEMPTS):
        [sent] = claim(session, now=now)
        assert sent.attempts == number
        gave_up = mark_failed(session, sent, "the disk is full" * 100, now=now)
        assert gave_up == (number == MOST_ATTEMPTS - 1)
        session.expire_all()
        row = session.get_one(OutboxMessage, identity)
        assert row.next_try_at is not None and row.last_error is not None and len(row.last_error) == 500
        assert claimed(session, row.next_try_at - SECOND) == []
        waits.append(row.next_try_at - now)
        now = row.next_try_at
    assert waits[:3] == [10 * SECOND, 20 * SECOND, 40 * SECOND] and waits[-2:] == [timedelta(hours=1), 0 * SECOND]
    assert row.gave_up_at is not None and claimed(session, now + timedelta(days=30)) == []
    assert backlog(session, now) == Backlog(unsent=0, later=0, oldest_due_at=None, given_up=1)
    assert [try_again(session, now=now) for _ in range(2)] == [1, 0]
    [sent] = claim(session, now=now)
    assert (sent.id, sent.attempts) == (identity, 0)
    mark_sent(session, [sent.id], now=now)
    session.expire_all()
    assert session.get_one(OutboxMessage, identity).last_error is None


def test_waiting_has_an_end() -> None:
    assert wait_after(1) == 10 * SECOND and wait_after(10_000) == timedelta(hours=1)


def test_the_backlog_counts_what_is_due_and_what_is_not(session: Session) -> None:
    put(session, NOW - timedelta(minutes=5))
    put(session)
    put(session, sent_at=NOW)
    put(session, next_try_at=NOW + SECOND)
    put(session, gave_up_at=NOW)
    assert backlog(session, NOW) == Backlog(2, 1, NOW - timedelta(minutes=5), 1)


def test_what_was_imported_is_silent(session: Session) -> None:
    put(session, payload={"imported": True})
    put(session)
    assert [sent.is_silent for sent in claim(session, now=NOW)] == [True, False]


def test_a_wait_of_its_own_and_one_row_put_back(session: Session) -> None:
    first, second = put(session, topic="mail.password"), put(session, topic="mail.told", payload={"user_id": 7})
    for identity in (first, second):
        [sent] = [each for each in claim(session, now=NOW, mail=True) if each.id == identity]
        assert not mark_failed(session, sent, "no", now=NOW, waits=[SECOND])
    [sent, other] = claim(session, now=NOW + SECOND, mail=True)
    assert sent.told_at == NOW and (sent.attempts, sent.next_try_at) == (1, NOW + SECOND), "a failed try moves no event"
    for each in (sent, other):
        assert mark_failed(session, each, "no", now=NOW + SECOND, waits=[SECOND])
    assert try_again(session, now=NOW, only=first + 9) == 0
    assert try_again_to(session, 8, now=NOW) == 0
    assert try_again_to(session, 7, now=NOW) == 1 and claimed(session, mail=True) == [second]
    assert try_again(session, now=NOW, only=first) == 1 and claimed(session, mail=True) == [first, second]


def test_one_mail_of_messages_waits_for_a_person_and_is_settled(session: Session) -> None:
    queue_told(session, [], now=NOW)
    queue_told(session, [8, 7, 7], now=NOW)
    for seconds in (2, 30, 90):
        queue_told(session, [7], now=NOW + seconds * SECOND)
    queue_told(session, [7], now=NOW, kind=DIGEST)
    rows = claim(session, now=NOW + timedelta(hours=1), mail=True)
    assert [(row.topic, row.payload["user_id"], row.told_at - NOW) for row in rows] == [
        ("mail.told", 8, 5 * SECOND),
        ("mail.digest", 7, 5 * SECOND),
        ("mail.told", 7, 60 * SECOND),
    ], "it waits for more, and not for ever"
    assert claimed_before(session, rows[2]) is None
    settle_told(session, rows[2])
    queue_told(session, [7], now=NOW + SECOND)
    known = {row.id for row in rows}
    [later] = [row for row in claim(session, now=NOW + timedelta(hours=1), mail=True) if row.id not in known]
    assert claimed_before(session, later) == NOW
    put_off(session, later, NOW + timedelta(hours=2))
    session.expire_all()
    assert later.id not in claimed(session, NOW + timedelta(hours=1), mail=True)
    assert [row.what for row in stuck(session)] == []
    mark_failed(session, rows[2], "no", now=NOW)
    mark_failed(session, rows[1], "no", now=NOW)
    assert [row.what for row in stuck(session)] == ["E-mail: messages of a day", "E-mail: new messages"]


def test_two_workers_never_hold_the_same_row(committed: Engine) -> None:
    with make_sessions(committed)() as session, transaction(session):
        ids = [put(session) for _ in range(4)]
    with make_sessions(committed)() as one, make_sessions(committed)() as two:
        assert claimed(one, limit=2) == ids[:2]
        two.execute(text("SET LOCAL lock_timeout = '2s'"))
        assert claimed(two) == ids[2:]
        one.rollback()
        assert claimed(one) == ids[:2], "what a killed worker held is free again"


def test_a_worker_is_seen_for_a_minute(session: Session) -> None:
    assert (is_worker_seen(session, NOW), last_seen(session)) == (False, None)
    session.add(WorkerBeat(id="a", place="here", started_at=NOW, seen_at=NOW))
    session.flush()
    assert is_worker_seen(session, NOW + 59 * SECOND) and not is_worker_seen(session, NOW + 60 * SECOND)
    assert last_seen(session) == NOW
    assert session.scalars(select(JobRun)).all() == []
