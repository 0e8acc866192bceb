"""Sweeps beside sweeps and beside people: everything rings once, and an action that came first leaves no ring."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from hub.db import make_sessions, transaction
from hub.engine.access_log import log_access
from hub.engine.audit import verify
from hub.engine.models import Clock, OutboxMessage, Transition
from hub.engine.perform import perform
from hub.engine.start import Beginning, start
from hub.engine.sweep import ring_due, warn_due
from hub.engine.visibility import HUB_SEES, View
from hub.referrals.models import Referral
from tests.engine import watch
from tests.engine.sweep_rows import many_items
from tests.engine.test_races import all_at_once, press
from tests.engine.watch import WATCH, Watch
from tests.factories import ANSWERS, NOW, make_actor, make_referral
from workflows.actor import Actor
from workflows.roles import Role

LATE = NOW + timedelta(days=60)


@pytest.fixture
def world(committed: Engine) -> Iterator[tuple[Engine, int, Actor]]:
    """A committed emergency in review, whose clock is due, and a case manager."""
    with make_sessions(committed)() as session, transaction(session):
        item = make_referral(session, "in_review", priority="emergency")
        found = committed, item.id, make_actor(session, Role.CASE_MANAGER)
    yield found


def drained(session: Session, sweep: Callable[..., int] = ring_due) -> int:
    total = 0
    while True:
        with transaction(session):
            done = sweep(session, now=LATE, limit=7)
        if not done:
            return total
        total += done


def rung(session: Session) -> tuple[int | None, ...]:
    """Ring rows, marked clocks and messages of rings."""
    return tuple(
        session.scalar(query)
        for query in (
            select(func.count()).where(Transition.action == "ring"),
            select(func.count()).where(Clock.rang_at.is_not(None)),
            select(func.count()).where(OutboxMessage.topic == "clock.rang"),
        )
    )


def test_what_one_sweep_holds_the_next_leaves_out(world: tuple[Engine, int, Actor]) -> None:
    engine, _, _ = world
    with make_sessions(engine)() as one, make_sessions(engine)() as two:
        assert ring_due(one, now=LATE) == 1
        two.execute(text("SET LOCAL lock_timeout = '2s'"))
        assert ring_due(two, now=LATE) == 0, "it neither waits nor rings twice"
        two.rollback()
        one.rollback()
        assert ring_due(two, now=LATE) == 1, "nothing is lost when the first one fails"
        two.commit()
        assert ring_due(one, now=LATE) == 0
        assert rung(one) == (1, 1, 1)


def test_eight_sweeps_at_once_ring_each_once(world: tuple[Engine, int, Actor]) -> None:
    engine, item_id, _ = world
    with make_sessions(engine)() as session, transaction(session):
        many_items(session, item_id, 300)
    counts: list[int] = []
    all_at_once(engine, [lambda session: counts.append(drained(session)) for _ in range(8)])
    warned: list[int] = []
    with Session(engine) as session:
        assert sum(counts) == 301 and rung(session) == (301, 301, 301)
        assert verify(session).findings == ()
        session.execute(text("UPDATE clock SET rang_at = NULL, due_at = due_at + interval '1 year'"))
        session.commit()
    all_at_once(engine, [lambda session: warned.append(drained(session, warn_due)) for _ in range(8)])
    assert sum(warned) == 301


def test_an_action_that_comes_first_leaves_no_ring(world: tuple[Engine, int, Actor]) -> None:
    engine, item_id, actor = world
    with make_sessions(engine)() as person, make_sessions(engine)() as worker:
        perform(person, person.get_one(Referral, item_id), "decline", actor, now=LATE, values=ANSWERS["decline"])
        assert (ring_due(worker, now=LATE), warn_due(worker, now=NOW + timedelta(hours=7))) == (0, 0)
        worker.rollback()
        person.commit()
        assert ring_due(worker, now=LATE) == 0
        assert rung(worker) == (0, 0, 0)


def test_an_action_during_the_sweep_waits_and_goes_on_from_the_ring(world: tuple[Engine, int, Actor]) -> None:
    engine, item_id, actor = world
    with make_sessions(engine)() as worker, ThreadPoolExecutor(1) as pool:
        assert ring_due(worker, now=LATE) == 1
        waiting = pool.submit(all_at_once, engine, [press(item_id, "decline", actor, seen=3)])
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        worker.commit()
        assert waiting.result(timeout=30) == [[]], "the version it saw is still the version"
    with Session(engine) as session:
        item = session.get_one(Referral, item_id)
        assert (item.state, item.version, item.history_length) == ("declined", 4, 5)
        assert verify(session).findings == ()


def test_a_sweep_sees_the_clock_as_it_is_after_the_action_it_met(world: tuple[Engine, int, Actor]) -> None:
    """The clock is stopped between the moment the sweep began to look and the moment it locks the row."""
    engine, _, actor = world
    with make_sessions(engine)() as session, transaction(session):
        items = [make_referral(session, "in_review", priority="emergency").id for _ in range(40)]

    def work(session: Session) -> None:
        for item_id in items:
            with transaction(session):
                item: Any = session.get_one(Referral, item_id)
                perform(session, item, "decline", actor, now=LATE, values=ANSWERS["decline"])

    all_at_once(engine, [work, *([drained] * 3)])
    with Session(engine) as session:
        for clock in session.scalars(select(Clock).where(Clock.item_id.in_(items))):
            line = select(Transition.position).where(Transition.item_id == clock.item_id, Transition.action == "ring")
            ring = session.scalar(line)
            assert (ring is None) == (clock.rang_at is None)
            assert ring in {None, 4}, "a ring stands before the action that stopped the clock, or not at all"
        assert verify(session).findings == ()


def test_who_logs_that_an_item_was_opened_is_not_held_up(world: tuple[Engine, int, Actor]) -> None:
    engine, item_id, actor = world
    with make_sessions(engine)() as worker, make_sessions(engine)() as page:
        assert ring_due(worker, now=LATE) == 1
        page.execute(text("SET LOCAL lock_timeout = '2s'"))
        log_access(page, actor, "opened", now=LATE, item_id=item_id)
        page.commit()
        worker.commit()


def test_an_offer_somebody_has_locked_is_left_for_the_next_sweep(
    world: tuple[Engine, int, Actor], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, item_id, _ = world
    monkeypatch.setitem(HUB_SEES[Role.COORDINATOR], "watch", View.ALL)
    with make_sessions(engine)() as session, transaction(session):
        watch.make_table(session)
        coordinator = make_actor(session, Role.COORDINATOR)
        case_id = session.get_one(Referral, item_id).case_id
        with_case: Watch = start(session, WATCH, coordinator, now=NOW, values={}, about=Beginning(case_id=case_id))
        alone: Watch = start(session, WATCH, coordinator, now=NOW, values={})
        assert ring_due(session, now=LATE) == 1
    with make_sessions(engine)() as person, make_sessions(engine)() as worker:
        person.execute(text("SELECT id FROM care_case WHERE id = :id FOR UPDATE"), {"id": case_id})
        person.execute(text("SELECT id FROM work_item WHERE id = :id FOR UPDATE"), {"id": alone.id})
        worker.execute(text("SET LOCAL lock_timeout = '2s'"))
        assert ring_due(worker, now=LATE) == 0
        worker.rollback()
        person.rollback()
        assert [ring_due(worker, now=LATE) for _ in range(3)] == [1, 1, 0]
        worker.commit()
        states = select(Watch.state).where(Watch.id.in_([with_case.id, alone.id]))
        assert worker.scalars(states).all() == ["lapsed", "lapsed"]
