"""Random people press random things at random moments: whatever happens, the promises of the engine hold."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hub.engine.audit import verify
from hub.engine.available import available_actions
from hub.engine.models import FAR, Clock, ItemParty, OutboxMessage, Transition
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.referrals.models import Referral
from tests.factories import ANSWERS, NOW, make_actor, referral_values, start_referral
from workflows.actor import Actor
from workflows.everyday import BY_NAME
from workflows.referral import REFERRAL, State
from workflows.roles import Role

EDGES = {
    (action.name, source, action.dest_from(source)) for action in REFERRAL.actions for source in action.sources
} | {(name, state, state) for name in BY_NAME for state in REFERRAL.state_names}
ROLES = (
    Role.REFERRER,
    Role.COORDINATOR,
    Role.CASE_MANAGER,
    Role.HEAD_OF_COMMISSIONING,
    Role.FINANCE_LEAD,
    Role.UNIT_MANAGER,
)
PRIORITIES = st.sampled_from(["emergency", "urgent", "routine"])
STEPS = st.sampled_from([timedelta(0), timedelta(hours=1), timedelta(hours=7), timedelta(days=2), timedelta(days=9)])
TEXTS = st.sampled_from(["", "  ", "Home treatment", "é ü 中", "x" * 8_001]) | st.text(max_size=20)
EVERYDAY_ANSWERS = st.one_of(
    st.builds(lambda priority: {"priority": priority}, PRIORITIES),
    st.builds(lambda name: {"clock": name}, st.sampled_from(["review", "resubmit", "acknowledge"])),
    st.builds(lambda note: {"note": note, "audience": "hub"}, TEXTS),
    st.builds(lambda value: {"field": "given_name", "value": value}, TEXTS),
)
FORM = st.fixed_dictionaries(
    {},
    optional={
        "given_name": TEXTS,
        "autism": st.sampled_from(["1", "5", "Q", None]),
        "cetr_on": st.dates() | st.none(),
        "priority": PRIORITIES | st.none(),
        "service_line": st.sampled_from(["cyp", "secure", "aed"]),
        "presenting_problem": TEXTS,
    },
)


class Referrals(RuleBasedStateMachine):
    """One or two referrals of one person, and a small crowd."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.engine.connect()
        self.outer = self.connection.begin()
        self.session = Session(self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        self.now = NOW
        self.people: list[Actor] = []
        self.items: list[Referral] = []

    def teardown(self) -> None:
        """Nothing survives a run."""
        if self.items:
            assert verify(self.session).findings == ()
        self.session.close()
        self.outer.rollback()
        self.connection.close()

    @initialize(
        line=st.sampled_from(["cyp", "secure", "aed"]),
        priority=PRIORITIES,
        is_complete=st.sampled_from([True, True, False]),
    )
    def begin(self, line: str, priority: str, is_complete: bool) -> None:
        """A draft, and people of every sort, each on call or not."""
        self.people = [make_actor(self.session, role) for role in ROLES]
        self.people += [make_actor(self.session, role, is_on_call=True) for role in (Role.FINANCE_LEAD, Role.DIRECTOR)]
        self.values = referral_values(priority, line)
        if not is_complete:
            self.values.pop("where_now"), self.values.pop("primary_reason", None)
        self.items = [start_referral(self.session, self.people[0], now=self.now, **self.values)]

    @precondition(lambda self: len(self.items) == 1)
    @rule()
    def refer_again(self) -> None:
        """The same person is referred a second time."""
        self.items.append(start_referral(self.session, self.people[0], now=self.now, **self.values))

    @rule(
        which=st.integers(0, 1),
        who=st.integers(0, 7),
        action=st.sampled_from([action.name for action in REFERRAL.actions] * 3 + ["fly"]),
        wait=STEPS,
        reason=TEXTS,
        form=FORM,
        is_complete=st.booleans(),
        behind=st.sampled_from([None, 0, 0, 1]),
    )
    def press(
        self,
        which: int,
        who: int,
        action: str,
        wait: timedelta,
        reason: str,
        form: dict[str, Any],
        is_complete: bool,
        behind: int | None,
    ) -> None:
        """Anything of the workflow by anybody, with good answers or with whatever comes."""
        item = self.items[which % len(self.items)]
        answers: dict[str, Any] = form if action == "fill_in" or not is_complete else dict(ANSWERS.get(action, {}))
        if action == "supersede" and is_complete:
            answers = {"superseded_by": self.items[which - 1].reference}
        self.attempt(item, self.people[who], action, wait, answers, reason, behind)

    @rule(
        which=st.integers(0, 1),
        who=st.integers(0, 7),
        name=st.sampled_from(sorted(BY_NAME)),
        wait=STEPS,
        data=st.data(),
    )
    def everyday(self, which: int, who: int, name: str, wait: timedelta, data: st.DataObject) -> None:
        """Any of the everyday actions."""
        if name in {"assign"}:
            answers: dict[str, Any] = {
                "owner_id": data.draw(st.sampled_from([actor.user_id for actor in self.people] + [0]))
            }
        elif name in {"add_party", "remove_party"}:
            ids = [actor.organisation_id for actor in self.people]
            answers = {"organisation_id": data.draw(st.sampled_from(ids))}
        else:
            answers = data.draw(EVERYDAY_ANSWERS)
        item = self.items[which % len(self.items)]
        self.attempt(item, self.people[who], name, wait, answers, "It is right", None)

    @rule(which=st.integers(0, 1), wait=STEPS)
    def go_on(self, which: int, wait: timedelta) -> None:
        """Somebody who may takes the first step that is open, so that runs get anywhere."""
        item = self.items[which % len(self.items)]
        for actor in self.people:
            for offer in available_actions(item, actor):
                name = offer.action.name
                if offer.is_allowed and name in {"submit", "start_review", "accept", "return_incomplete", "reopen"}:
                    assert self.attempt(item, actor, name, wait, dict(ANSWERS.get(name, {})), "Right", None), (
                        "a button that is offered must work"
                    )
                    return

    def attempt(
        self,
        item: Referral,
        actor: Actor,
        action: str,
        wait: timedelta,
        answers: dict[str, Any],
        reason: str,
        behind: int | None,
    ) -> bool:
        """Perform in a transaction of its own; whether it was done. A refusal must leave everything as it was."""
        self.now += wait
        before = self.written(item)
        state, version = item.state, item.version
        seen = None if behind is None else version - behind
        try:
            with self.session.begin_nested():
                perform(self.session, item, action, actor, now=self.now, values=dict(answers), reason=reason, seen=seen)
        except ActionRefused as no:
            assert no.problems and all(problem.message for problem in no.problems)
            self.session.expire_all()
            assert self.written(item) == before
            return False
        import collections; C=globals().setdefault("C",collections.Counter()); C[(action,state)]+=1
        assert behind != 1, "a stale page was accepted"
        assert (action, state, item.state) in EDGES
        assert (item.version, item.history_length) == (version + 1, version + 1)
        if action in BY_NAME:
            assert item.state == state
        return True

    def written(self, item: Referral) -> tuple[Any, ...]:
        """What a refusal may not change."""
        counts = [
            self.session.scalar(select(func.count()).select_from(table)) for table in (Transition, OutboxMessage, Clock)
        ]
        return (item.state, item.version, item.head_hash, item.priority, item.case_id, item.next_due_at, *counts)

    @invariant()
    def promises(self) -> None:
        """What is true of every item at every moment."""
        self.session.expire_all()
        for item in self.items:
            live = [clock for clock in item.clocks if clock.stopped_at is None]
            running = [clock.due_at for clock in live if clock.is_running]
            assert item.is_open is (item.state not in REFERRAL.ends)
            assert item.is_draft is (item.state == State.DRAFT)
            assert (item.closed_at is None) is item.is_open
            assert bool(live) is (item.is_open and not item.is_draft)
            assert len({clock.name for clock in live}) == len(live), "one promise of a name at a time"
            for clock in item.clocks:
                assert clock.is_running is (clock.stopped_at is None and clock.paused_at is None)
                assert (clock.outcome is None) is (clock.stopped_at is None)
                assert clock.stopped_at is None or 0 <= clock.net_seconds <= clock.gross_seconds  # type: ignore[operator]
            assert item.next_due_at == min(running, default=FAR)
            assert (item.policy_version_id is None) is (item.is_draft or item.case_id is None)
            rows = self.session.scalars(select(ItemParty).where(ItemParty.item_id == item.id)).all()
            assert {(row.is_open, row.next_due_at, row.kind) for row in rows} == {
                (item.is_open, item.next_due_at, "referral")
            }
            assert item.history_length == len(item.history)


@pytest.fixture
def machine(engine: Engine) -> Iterator[type[Referrals]]:
    """The state machine on the shared database; each run rolls itself back."""
    Referrals.engine = engine
    yield Referrals


def test_whatever_people_press(machine: type[Referrals]) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_zz():
    for k,v in sorted(C.items()): print(k,v)

