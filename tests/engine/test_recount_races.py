"""Recounts beside people and beside each other: nobody waits, nothing is missed, twice or by halves."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from hub.db import make_sessions, transaction
from hub.engine.audit import verify
from hub.engine.models import Clock, OutboxMessage, WorkItem
from hub.engine.perform import perform
from hub.engine.recount_days import Day, Kind, add_days
from hub.engine.recount_models import Recount, RecountClock, RecountMove
from hub.engine.recounts import RECOUNTED, recount_due
from hub.engine.refusal import ActionRefused
from hub.engine.rulebook import rulebook
from hub.engine.statements import RULEBOOK
from hub.engine.stored_clocks import deadline_of
from hub.referrals.models import Referral
from tests.engine.sweep_rows import many_items
from tests.engine.test_races import all_at_once
from tests.factories import ANSWERS, NOW, actor_of, make_actor, make_membership, make_referral, start_referral
from workflows.actor import Actor
from workflows.roles import Role

THURSDAY, FRIDAY = date(2026, 3, 19), date(2026, 3, 20)
LATER = NOW + timedelta(hours=1)
World = tuple[Engine, int, Actor]


@pytest.fixture
def world(committed: Engine) -> Iterator[World]:
    """A committed referral that was sent back, whose five working days run, and its referrer."""
    with make_sessions(committed)() as session, transaction(session):
        referrer = make_actor(session, Role.REFERRER)
        found = committed, make_referral(session, "returned", referrer=referrer).id, referrer
    yield found


def close(engine: Engine, day: date) -> int:
    with make_sessions(engine)() as session, transaction(session):
        return add_days(session, None, [Day(day, Kind.LOCAL_CLOSURE, "Closed")], now=NOW, why="It was announced")[0]


def step(engine: Engine, limit: int = 7) -> int:
    with make_sessions(engine)() as session, transaction(session):
        return recount_due(session, now=LATER, limit=limit)


def drain(engine: Engine, limit: int = 7) -> int:
    steps = 0
    while step(engine, limit):
        steps += 1
    return steps


def is_right(engine: Engine) -> bool:
    """Every open clock is due when working it out from nothing says so, and every item with its copies knows."""
    with Session(engine) as session:
        book = rulebook(session)
        rows = session.execute(select(Clock, WorkItem).join(WorkItem, WorkItem.id == Clock.item_id)).all()
        return (
            all(
                clock.due_at == deadline_of(clock, book.calendar(item.policy_version_id, NOW)).due_at
                for clock, item in rows
                if clock.stopped_at is None
            )
            and all(item.next_due_at == _next(item) for _, item in rows)
            and all(party.next_due_at == item.next_due_at for _, item in rows for party in item.parties)
            and verify(session).findings == ()
        )


def _next(item: WorkItem) -> object:
    return min((clock.due_at for clock in item.clocks if clock.is_running), default=item.next_due_at)


def count(engine: Engine, table: type) -> int:
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_who_read_the_calendar_before_is_waited_for(world: World) -> None:
    """An item is begun while the day is being added: what it worked out by the old calendar is put right."""
    engine, item_id, referrer = world
    with make_sessions(engine)() as person:
        item = person.get_one(Referral, item_id)
        perform(person, item, "submit", referrer, now=LATER, values=ANSWERS["submit"])
        begun = start_referral(person, actor_of(make_membership(person, Role.REFERRER)))
        perform(person, begun, "submit", _who(begun, person), now=NOW, values=ANSWERS["submit"])
        reviewer = actor_of(make_membership(person, Role.CASE_MANAGER))
        for action in ("start_review", "return_incomplete"):
            perform(person, begun, action, reviewer, now=NOW, values=ANSWERS.get(action, {}), reason="Incomplete")
        close(engine, THURSDAY)
        assert step(engine) == 1, "it gets its barrier"
        assert step(engine) == 0, "and waits for the one who read the calendar as it was"
        person.commit()
    assert drain(engine) > 0 and is_right(engine)
    assert count(engine, RecountMove) == 1


def _who(item: Referral, session: Session) -> Actor:
    membership = session.execute(
        text("SELECT id FROM membership WHERE user_id = :user"), {"user": item.opened_by_id}
    ).scalar_one()
    from hub.accounts.models import Membership

    return actor_of(session.get_one(Membership, membership))


def test_whoever_writes_a_clock_takes_a_number_before_reading_the_calendar(
    session: Session, statements: Callable[[], Any]
) -> None:
    """The barrier waits for those with older numbers: one who read first and numbered later would slip through."""
    item = make_referral(session, "returned")
    add_days(session, None, [Day(THURSDAY, Kind.LOCAL_CLOSURE, "Closed")], now=NOW, why="It was announced")
    while session.scalar(select(func.count()).select_from(RecountClock)) == 0:
        assert recount_due(session, now=NOW)
    manager = make_actor(session, Role.CASE_MANAGER)
    for work, numbers in (
        (lambda: start_referral(session), "pg_current_xact_id()"),
        (
            lambda: perform(session, item, "assign", manager, now=NOW, values={"owner_id": manager.user_id}),
            "FOR UPDATE",
        ),
        (lambda: recount_due(session, now=NOW), "FOR NO KEY UPDATE"),
    ):
        with statements() as sent:
            work()
        numbered = min(index for index, statement in enumerate(sent) if numbers in statement)
        assert numbered < sent.index(RULEBOOK)


def test_what_somebody_holds_is_done_later_and_nobody_waits(world: World) -> None:
    engine, item_id, referrer = world
    with make_sessions(engine)() as session, transaction(session):
        many_items(session, item_id, 20)
    close(engine, THURSDAY)
    assert (step(engine), step(engine)) == (1, 1)
    with make_sessions(engine)() as person, make_sessions(engine)() as worker:
        item = person.get_one(Referral, item_id)
        perform(person, item, "submit", referrer, now=LATER, values=ANSWERS["submit"])
        worker.execute(text("SET lock_timeout = '2s'"))
        total = 0
        while done := recount_due(worker, now=LATER, limit=7):
            worker.commit()
            total += done
        worker.commit()
        left = worker.scalar(select(func.count()).select_from(RecountClock))
        assert left is not None and 0 < left <= 2, "the clocks of the one item are left"
        assert worker.scalars(select(Recount.finished_at)).one() is None
        person.commit()
    drain(engine)
    assert count(engine, RecountClock) == 0 and is_right(engine)
    with Session(engine) as session:
        stopped = session.scalars(select(Clock).where(Clock.item_id == item_id, Clock.stopped_at.is_not(None))).one()
        assert stopped.due_at == NOW.replace(day=23, hour=17), "what was stopped meanwhile keeps what was true"
        assert session.scalar(select(func.count()).select_from(RecountMove)) == 20


def test_a_second_day_during_the_first_is_right_too(world: World) -> None:
    engine, item_id, _ = world
    with make_sessions(engine)() as session, transaction(session):
        many_items(session, item_id, 20)
    first = close(engine, THURSDAY)
    for _ in range(4):
        assert step(engine)
    assert 0 < count(engine, RecountMove) < 21
    second = close(engine, FRIDAY)
    drain(engine)
    assert is_right(engine)
    with Session(engine) as session:
        moves = session.execute(select(RecountMove.recount_id, func.count()).group_by(RecountMove.recount_id)).all()
        found = {row[0]: row[1] for row in moves}
        assert found[first] == 21, "those that were left were moved by both days at once"
        assert 0 < found[second] < 21, "those that were done were moved once more"
        due = session.scalars(select(Clock.due_at).where(Clock.name == "resubmit").distinct()).all()
        assert due == [NOW.replace(day=25, hour=17)]


def test_six_workers_at_once_do_each_clock_once_and_tell_it_once(world: World) -> None:
    engine, item_id, _ = world
    with make_sessions(engine)() as session, transaction(session):
        many_items(session, item_id, 200)
    close(engine, THURSDAY)
    done = Event()

    def work() -> None:
        while not done.is_set():
            step(engine)
            if count(engine, RecountClock) == 0 and _is_finished(engine):
                done.set()

    with ThreadPoolExecutor(6) as pool:
        for found in [pool.submit(work) for _ in range(6)]:
            found.result(timeout=60)
    assert count(engine, RecountMove) == 201 and is_right(engine)
    with Session(engine) as session:
        assert session.scalar(select(func.count()).where(OutboxMessage.topic == RECOUNTED)) == 1


def _is_finished(engine: Engine) -> bool:
    with Session(engine) as session:
        return session.scalars(select(Recount.finished_at)).one() is not None


def test_two_people_who_add_one_day_at_once(world: World) -> None:
    """The second waits for the first and is told; the day is there once, of one kind."""
    engine, _, _ = world

    def add(kind: Kind) -> Callable[[Session], object]:
        return lambda session: add_days(session, None, [Day(THURSDAY, kind, "Closed")], now=NOW, why="Announced")

    refused = all_at_once(engine, [add(Kind.BANK_HOLIDAY), add(Kind.LOCAL_CLOSURE)])
    assert sorted(map(len, refused)) == [0, 1]
    assert "Thursday 19 March 2026 is already a " in refused[0 if refused[0] else 1][0]
    assert count(engine, Recount) == 1
    with pytest.raises(ActionRefused), Session(engine) as session:
        add(Kind.BANK_HOLIDAY)(session)
