"""The sweep: what rings and warns, when people are told, and what stays as it was."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.engine.audit import verify
from hub.engine.models import Clock, OutboxMessage, Transition, WorkItem
from hub.engine.perform import perform
from hub.engine.reading import read_item
from hub.engine.start import Beginning, PartyTo, start
from hub.engine.sweep import RANG, WARNED, RingFailed, ring_due, warn_due
from hub.engine.visibility import HUB_SEES, View
from hub.referrals.models import Referral
from tests.engine import loan, watch
from tests.engine.loan import LOAN, Loan
from tests.engine.sweep_rows import many_items
from tests.engine.watch import WATCH, Watch
from tests.factories import (
    NOW,
    REASON,
    make_actor,
    make_membership,
    make_organisation,
    make_person,
    make_referral,
)
from workflows import ALL
from workflows.actor import Actor
from workflows.roles import Role

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATE = NOW + timedelta(days=60)


def rings(session: Session, item: Any) -> list[Transition]:
    query = select(Transition).where(Transition.item_id == item.id, Transition.action == "ring")
    return list(session.scalars(query.order_by(Transition.position)))


def told(session: Session, topic: str = RANG) -> list[OutboxMessage]:
    return list(session.scalars(select(OutboxMessage).where(OutboxMessage.topic == topic).order_by(OutboxMessage.id)))


def read_again(session: Session, item: Any) -> Any:
    session.expire_all()
    return session.get_one(type(item), item.id)


def test_a_ring_is_marked_at_its_due_time_and_stands_in_history(session: Session) -> None:
    item = make_referral(session, priority="emergency")
    [clock] = item.clocks
    due, version, now = clock.due_at, item.version, clock.due_at + timedelta(minutes=3)
    assert ring_due(session, now=due - timedelta(seconds=1)) == 0
    assert ring_due(session, now=now) == 1
    assert ring_due(session, now=now) == 0
    item = read_again(session, item)
    assert item.clocks[0].rang_at == due
    [row] = rings(session, item)
    assert (row.position, item.history_length, item.head_hash) == (3, 3, row.hash)
    assert (row.from_state, row.to_state, row.at) == ("submitted", "submitted", now)
    assert (row.actor_id, row.acting_role, row.audience, row.reason) == (None, "system", "all", None)
    assert row.values == {"clock": {"new": "review"}, "deadline:review": {"new": due.isoformat()}}
    assert item.version == version, "who types a form is not refused because a deadline passed"
    assert item.next_due_at == due, "overdue still counts"
    assert verify(session).findings == ()


def test_a_ring_puts_one_row_into_the_outbox(session: Session) -> None:
    item = make_referral(session, priority="emergency")
    due = item.clocks[0].due_at
    ring_due(session, now=LATE)
    [message] = told(session)
    assert message.payload == {
        "reference": item.reference,
        "kind": "referral",
        "position": 3,
        "clock": "review",
        "due_at": due.isoformat(),
    }
    assert (message.item_id, message.created_at, message.attempts) == (item.id, LATE, 0)
    assert message.next_try_at is None, "real hours: at once, at night too"


def test_two_clocks_of_one_item_make_one_chain(session: Session) -> None:
    item = make_referral(session, service_line="aed")
    assert {clock.name for clock in item.clocks} == {"review", "acknowledge"}
    assert ring_due(session, now=LATE) == 2
    item = read_again(session, item)
    assert [row.position for row in rings(session, item)] == [3, 4]
    assert item.history_length == 4 and item.version == 2
    assert [row.values["clock"]["new"] for row in rings(session, item)] == ["acknowledge", "review"], "soonest first"
    assert len(told(session)) == 2
    assert verify(session).findings == ()


def test_history_goes_on_after_a_ring(session: Session, case_manager: Actor) -> None:
    item = make_referral(session, priority="emergency")
    ring_due(session, now=LATE)
    item = read_again(session, item)
    perform(session, item, "start_review", case_manager, now=LATE, seen=2)
    assert (item.version, item.history_length) == (3, 4)
    assert verify(session).findings == ()


def test_a_ring_is_told_on_the_next_working_morning_when_days_are_counted(session: Session) -> None:
    make_referral(session)  # seven calendar days: Monday 23 March, 11:59pm
    assert ring_due(session, now=LATE) == 1
    assert [message.next_try_at for message in told(session)] == [datetime(2026, 3, 24, 9, tzinfo=UTC)]


def test_a_ring_of_working_days_is_told_at_once(session: Session, referrer: Actor) -> None:
    make_referral(session, "returned", referrer=referrer)  # five working days, due at five in the afternoon
    [clock] = session.scalars(select(Clock).where(Clock.is_running))
    assert clock.duration == "5 working days" and clock.due_at == datetime(2026, 3, 23, 17, tzinfo=UTC)
    assert ring_due(session, now=LATE) == 1
    assert [message.next_try_at for message in told(session)] == [None]


def test_after_a_change_of_priority_the_rule_that_decides_says_when_it_is_told(session: Session) -> None:
    boss = make_actor(session, Role.CASE_MANAGER)
    for old, new in (("routine", "emergency"), ("emergency", "routine")):
        item = make_referral(session, "in_review", priority=old)
        perform(session, item, "change_priority", boss, now=NOW + HOUR, values={"priority": new}, reason=REASON)
    assert ring_due(session, now=LATE) == 2
    assert [message.next_try_at for message in told(session)] == [None, datetime(2026, 3, 24, 9, tzinfo=UTC)]


def test_a_stopped_or_paused_clock_and_a_draft_never_ring(session: Session) -> None:
    make_referral(session, "draft")
    make_referral(session, "declined")
    paused = make_referral(session, "returned")  # its review stands still, and only "resubmit" runs
    assert ring_due(session, now=LATE) == 1
    assert [row.values["clock"]["new"] for row in rings(session, paused)] == ["resubmit"]
    assert session.scalars(select(Clock.name).where(Clock.rang_at.is_not(None))).all() == ["resubmit"]
    assert warn_due(session, now=LATE) == 0


def test_a_clock_that_gets_time_again_rings_again(session: Session) -> None:
    boss = make_actor(session, Role.CASE_MANAGER)
    item = make_referral(session, "in_review", priority="emergency")
    first = item.clocks[0].due_at
    assert ring_due(session, now=first + HOUR) == 1
    item = read_again(session, item)
    perform(session, item, "change_priority", boss, now=first + HOUR, values={"priority": "routine"}, reason=REASON)
    assert ring_due(session, now=first + 2 * HOUR) == 0
    assert ring_due(session, now=LATE) == 1
    assert len(rings(session, item)) == 2
    assert verify(session).findings == ()


def test_one_sweep_takes_no_more_than_it_is_told(session: Session) -> None:
    for _ in range(3):
        make_referral(session, priority="emergency")
    assert [ring_due(session, now=LATE, limit=2) for _ in range(3)] == [2, 1, 0]


def test_a_batch_costs_the_same_statements_whatever_its_size(session: Session, statements: Any) -> None:
    first = make_referral(session, priority="emergency")
    many_items(session, first.id, 30)
    with statements() as small:
        assert ring_due(session, now=LATE, limit=1) == 1
    with statements() as large:
        assert ring_due(session, now=LATE, limit=100) == 30
    with statements() as idle:
        assert ring_due(session, now=LATE) == 0
    assert len(small) == len(large) == 6, large
    assert len(idle) == 3, "the counter of the rulebook, the clocks, and those with an action of their own"
    assert verify(session).findings == ()


def test_what_is_due_is_found_by_its_index(session: Session) -> None:
    from sqlalchemy import text

    from hub.engine import sweep

    many_items(session, make_referral(session, priority="emergency").id, 300)
    session.execute(text("UPDATE clock SET due_at = due_at + id * interval '1 hour'"))
    session.execute(text("ANALYZE clock"))
    session.execute(text("ANALYZE work_item"))
    raw: Any = session.connection().connection.driver_connection
    asked = {"now": NOW - DAY, "limit": 200, "acting": []}
    for statement, index in ((sweep.DUE, "ix_clock_due"), (sweep.WARN, "ix_clock_warn")):
        plan = "\n".join(row[0] for row in raw.execute(f"EXPLAIN {statement}", asked))
        assert index in plan and "Seq Scan on clock" not in plan, plan


def test_parties_do_not_read_of_each_others_deadlines(session: Session, coordinator: Actor) -> None:
    loan.make_table(session)
    one = make_membership(session, Role.UNIT_MANAGER, make_organisation(session, "ZU01"))
    person = make_person(session)
    parties = [
        PartyTo(("asked",), organisation_id=one.organisation_id),
        PartyTo(("asked",), user_id=person.id),
    ]
    item: Loan = start(session, LOAN, coordinator, now=NOW, values={}, about=Beginning(parties=parties))
    assert ring_due(session, now=LATE) == 3
    audiences = {row.values["clock"]["new"] + "/" + row.audience for row in rings(session, item)}
    assert audiences == {f"reply/organisation:{one.organisation_id}", "reply/hub", "lend/all"}
    assert {message.payload.get("per") for message in told(session)} == {
        f"organisation:{one.organisation_id}",
        f"user:{person.id}",
        None,
    }


def test_a_recorded_moment_is_told_at_once(
    session: Session, coordinator: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    loan.make_table(session)
    monkeypatch.setitem(HUB_SEES[Role.COORDINATOR], "loan", View.ALL)
    item: Loan = start(session, LOAN, coordinator, now=NOW, values={})
    back = datetime(2026, 3, 22, 3, tzinfo=UTC)  # a Sunday, in the night
    perform(session, item, "lend", coordinator, now=NOW, values={"due_back_at": back}, reason=REASON)
    assert ring_due(session, now=LATE) == 2
    assert [message.next_try_at for message in told(session)] == [None, None]


class TestWarnings:
    """Two warnings, at half and at four fifths of the time."""

    def test_each_is_given_once(self, session: Session) -> None:
        item = make_referral(session, priority="emergency")  # twelve hours
        [clock] = item.clocks
        half, most = clock.warn_50_at, clock.warn_80_at
        assert half is not None and most is not None
        assert (half - NOW, most - NOW) == (6 * HOUR, timedelta(hours=9, minutes=36))
        assert warn_due(session, now=half - timedelta(seconds=1)) == 0
        assert [warn_due(session, now=half) for _ in range(2)] == [1, 0]
        assert session.scalars(select(Clock.warned_at)).all() == [half]
        assert [warn_due(session, now=most) for _ in range(2)] == [1, 0]
        assert session.scalars(select(Clock.warned_at)).all() == [most]
        assert [message.payload["clock"] for message in told(session, WARNED)] == ["review", "review"]
        assert rings(session, item) == [] and read_again(session, item).history_length == 2

    def test_two_that_come_together_are_one(self, session: Session) -> None:
        [clock] = make_referral(session, priority="emergency").clocks
        at = clock.warn_80_at
        assert at is not None
        assert [warn_due(session, now=at) for _ in range(2)] == [1, 0]
        assert len(told(session, WARNED)) == 1

    def test_after_the_deadline_it_rings_and_does_not_warn(self, session: Session) -> None:
        [clock] = make_referral(session, priority="emergency").clocks
        assert warn_due(session, now=clock.due_at) == 0
        assert ring_due(session, now=clock.due_at) == 1
        assert warn_due(session, now=clock.due_at - HOUR) == 0

    def test_a_clock_that_gets_time_again_warns_again(self, session: Session) -> None:
        boss = make_actor(session, Role.CASE_MANAGER)
        item = make_referral(session, "in_review", priority="emergency")
        at = item.clocks[0].warn_80_at
        assert at is not None and warn_due(session, now=at) == 1
        item = read_again(session, item)
        perform(session, item, "change_priority", boss, now=at, values={"priority": "routine"}, reason=REASON)
        half = item.clocks[0].warn_50_at
        assert half is not None and half > at
        assert [warn_due(session, now=half) for _ in range(2)] == [1, 0]

    def test_a_batch_costs_three_statements_and_none_costs_one(self, session: Session, statements: Any) -> None:
        many_items(session, make_referral(session, priority="emergency").id, 20)
        with statements() as sent:
            assert warn_due(session, now=NOW + 7 * HOUR) == 21
        with statements() as idle:
            assert warn_due(session, now=NOW + 7 * HOUR) == 0
        assert (len(sent), len(idle)) == (3, 1)


class TestVersions:
    """What changed since a version, when deadlines passed in between."""

    def reading(self, session: Session, item: WorkItem, actor: Actor) -> Any:
        session.expire_all()
        found = read_item(session, Referral, item.reference, actor)
        assert found is not None
        return found

    def test_a_ring_is_no_change_of_somebodys(self, session: Session, case_manager: Actor) -> None:
        item = make_referral(session, priority="emergency")
        ring_due(session, now=LATE)
        assert self.reading(session, item, case_manager).since(2) == []
        item = read_again(session, item)
        perform(session, item, "start_review", case_manager, now=LATE)
        reading = self.reading(session, item, case_manager)
        assert [line.row.action for line in reading.since(2)] == ["start_review"]
        assert [line.row.action for line in reading.since(1)] == ["start_review", "submit"]
        assert reading.since(3) == []
        assert {line.row.position: reading.version_of(line.row.position) for line in reading.lines} == {
            4: 3,
            3: 2,
            2: 2,
            1: 1,
        }


class TestActionOfTheRing:
    """A clock whose definition says what the hub does when it rings."""

    @pytest.fixture(autouse=True)
    def offers(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        watch.make_table(session)
        monkeypatch.setitem(HUB_SEES[Role.COORDINATOR], "watch", View.ALL)

    def offer(
        self, session: Session, coordinator: Actor, mood: str = "free", now: datetime = NOW, **about: Any
    ) -> Watch:
        made: Watch = start(session, WATCH, coordinator, now=now, values={"mood": mood}, about=Beginning(**about))
        return made

    def test_it_is_performed_by_the_hub(self, session: Session, coordinator: Actor) -> None:
        item = self.offer(session, coordinator)
        due = item.clocks[0].due_at
        assert [ring_due(session, now=LATE) for _ in range(2)] == [1, 0]
        item = read_again(session, item)
        assert (item.state, item.version, item.history_length) == ("lapsed", 2, 2)
        assert rings(session, item) == [] and item.history[-1].acting_role == "system"
        [clock] = item.clocks
        assert (clock.rang_at, clock.outcome) == (due, "missed")
        assert [message.topic for message in session.scalars(select(OutboxMessage))] == ["watch.lapsed"]
        assert verify(session).findings == ()

    def test_the_case_is_locked_first(self, session: Session, coordinator: Actor, statements: Any) -> None:
        case_id = make_referral(session, "declined").case_id
        item = self.offer(session, coordinator, case_id=case_id)
        with statements() as sent:
            assert ring_due(session, now=LATE) == 1
        locks = [statement for statement in sent if "FOR UPDATE" in statement]
        assert "care_case" in locks[0] and "work_item" in locks[1]
        assert read_again(session, item).state == "lapsed"

    def test_others_ring_first_and_it_comes_alone(self, session: Session, coordinator: Actor) -> None:
        make_referral(session, priority="emergency")
        for _ in range(2):
            self.offer(session, coordinator)
        assert [ring_due(session, now=LATE) for _ in range(4)] == [1, 1, 1, 0]
        assert session.scalar(select(func.count()).select_from(Watch).where(Watch.state == "lapsed")) == 2

    def test_a_refused_one_rings_like_any_other_and_says_why(self, session: Session, coordinator: Actor) -> None:
        item = self.offer(session, coordinator, "held")
        assert [ring_due(session, now=LATE) for _ in range(2)] == [1, 0]
        item = read_again(session, item)
        [row] = rings(session, item)
        assert row.reason == "The hub could not do “Let it lapse”: Somebody holds it"
        assert (item.state, row.audience, item.version) == ("offered", "hub", 1)
        assert len(told(session)) == 1 and verify(session).findings == ()

    def test_where_nothing_follows_it_rings(self, session: Session, coordinator: Actor) -> None:
        item = self.offer(session, coordinator, "quiet")
        assert [ring_due(session, now=LATE) for _ in range(2)] == [1, 0]
        assert [row.reason for row in rings(session, read_again(session, item))] == [None]

    def test_where_no_clock_acts_nobody_looks_for_any(
        self, session: Session, monkeypatch: pytest.MonkeyPatch, statements: Any
    ) -> None:
        for clock in (each for workflow in (WATCH, *ALL.values()) for each in workflow.clocks):
            monkeypatch.setitem(clock.__dict__, "on_ring", None)
        with statements() as idle:
            assert ring_due(session, now=LATE) == 0
        assert len(idle) == 2

    def test_where_the_clock_is_no_more_in_the_definition_it_rings(
        self, session: Session, coordinator: Actor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        item = self.offer(session, coordinator)
        monkeypatch.setitem(WATCH.clocks[0].__dict__, "when", is_never)
        assert [ring_due(session, now=LATE) for _ in range(2)] == [1, 0]
        assert len(rings(session, read_again(session, item))) == 1

    def test_a_broken_one_writes_nothing_and_does_not_hold_up_the_next(
        self, session: Session, coordinator: Actor
    ) -> None:
        broken = self.offer(session, coordinator, "broken", NOW - HOUR)
        sound = self.offer(session, coordinator)
        clock_id = broken.clocks[0].id
        with pytest.raises(RingFailed, match=f"{broken.reference}: what should follow") as failed:
            ring_due(session, now=LATE)
        assert failed.value.clock_id == clock_id and isinstance(failed.value.__cause__, ZeroDivisionError)
        assert session.scalars(select(Clock.rang_at)).all() == [None, None]
        assert [ring_due(session, now=LATE, passing=[clock_id]) for _ in range(2)] == [1, 0]
        assert (read_again(session, sound).state, read_again(session, broken).state) == ("lapsed", "offered")


def is_never(_item: Any) -> bool:
    """Not for any."""
    return False
