"""Random people press random things at random moments: whatever happens, the promises of the engine hold."""

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)
from sqlalchemy import Engine, func, select

from hub.engine.available import available_actions
from hub.engine.models import FAR, Clock, ItemParty, OutboxMessage, Transition
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.referrals.models import Referral
from tests.engine.machine import Undone, run_from
from tests.factories import ANSWERS, make_actor, referral_values, start_referral
from workflows.actor import Actor
from workflows.everyday import BY_NAME
from workflows.policy import DEFAULT
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
PRIORITIES = ("emergency", "urgent", "routine")
WAITS = (timedelta(0), timedelta(hours=1), timedelta(hours=7), timedelta(days=2), timedelta(days=9))
TEXTS = ("", "  ", "Home treatment", "é ü 中 \U0001f642", '"; DROP', "x" * 8_001, "a\0b", "\ud83d")
FORM: dict[str, tuple[Any, ...]] = {
    "given_name": TEXTS,
    "autism": ("1", "5", "Q", None),
    "cetr_on": (date(2026, 1, 5), None, "soon"),
    "priority": (*PRIORITIES, None),
    "service_line": ("cyp", "secure", "aed"),
    "presenting_problem": TEXTS,
    "shoe_size": ("7",),
}
FORWARD = ("submit", "start_review", "return_incomplete", "reopen", "accept")


class Referrals(Undone):
    """One or two referrals of one person, and a small crowd."""

    @initialize(random=st.randoms(use_true_random=True))
    def begin(self, random: Random) -> None:
        """A draft that went some way, and people of every sort, on call or not. Chance decides all that follows."""
        self.random = random
        self.people = [make_actor(self.session, role) for role in ROLES]
        self.people += [make_actor(self.session, role, is_on_call=True) for role in (Role.FINANCE_LEAD, Role.DIRECTOR)]
        self.values = referral_values(random.choice(PRIORITIES), random.choice(["cyp", "secure", "aed"]))
        if random.random() < 0.2:
            del self.values["where_now"]
        self.items = [start_referral(self.session, self.people[0], now=self.now, **self.values)]
        for _ in range(random.randint(0, 5)):
            self.go_on(FORWARD)

    @precondition(lambda self: len(self.items) == 1)
    @rule()
    def refer_again(self) -> None:
        """The same person is referred a second time."""
        self.items.append(start_referral(self.session, self.people[0], now=self.now, **self.values))

    @rule()
    def press(self) -> None:
        """Anything of the workflow by anybody, with good answers or with whatever comes."""
        random, item = self.random, self.random.choice(self.items)
        nearby = [action.name for action in REFERRAL.arrows(item.state) if action.name != "withdraw"]
        action = random.choice([*(action.name for action in REFERRAL.actions), *nearby * 3, "fly"])
        answers: dict[str, Any] = dict(ANSWERS.get(action, {}))
        if action == "supersede":
            answers = {"superseded_by": random.choice(self.items).reference}
        if action == "fill_in" or random.random() < 0.3:
            answers = {name: random.choice(FORM[name]) for name in random.sample(sorted(FORM), 2)}
        behind = random.choice([None, None, 0, 0, 1])
        self.attempt(
            item,
            random.choice([*self.people, *self.people[:3] * 3]),
            action,
            answers,
            random.choice((*TEXTS, "Right")),
            behind,
        )

    @rule()
    def everyday(self) -> None:
        """Any of the everyday actions, by somebody who may or by anybody."""
        random, item = self.random, self.random.choice(self.items)
        name = random.choice(sorted(BY_NAME))
        answers: dict[str, dict[str, Any]] = {
            "assign": {"owner_id": random.choice([*(actor.user_id for actor in self.people), 0])},
            "note": {"note": random.choice(TEXTS), "audience": random.choice(["hub", "all"])},
            "change_priority": {"priority": random.choice(PRIORITIES)},
            "correct_field": {"field": random.choice(sorted(FORM)), "value": random.choice(TEXTS)},
        }
        party = {"organisation_id": random.choice(self.people).organisation_id}
        clock = {"clock": random.choice([row.name for row in item.clocks] or ["review"])}
        chosen = answers.get(name) or (party if name.endswith("_party") else clock)
        self.attempt(item, random.choice([*self.people, *self.people[:3] * 3]), name, chosen, "It is right", None)

    @rule()
    def pause_or_resume(self) -> None:
        """A pause from request to approval, or the way back, by people who may."""
        random, item = self.random, self.random.choice(self.items)
        running = [row.name for row in item.clocks if row.is_running]
        standing = [row.name for row in item.clocks if row.paused_at and not row.stopped_at]
        if running:
            clock = {"clock": random.choice(running)}
            self.attempt(item, self.people[0], "ask_pause", clock, "They asked", None)
            self.attempt(item, random.choice(self.people[:3]), "approve_pause", clock, "", None)
        elif standing:
            clock = {"clock": random.choice(standing)}
            self.attempt(item, random.choice(self.people[1:3]), "resume_clock", clock, "They rang", None)

    @rule()
    def take_a_step(self) -> None:
        """A step that is offered to somebody."""
        self.go_on(("decline", "redirect", "supersede", *FORWARD * 2))

    def go_on(self, preferred: tuple[str, ...]) -> None:
        """Somebody presses a button that is shown, so that runs get anywhere; it must work."""
        item = self.random.choice(self.items)
        offers = [
            (actor, offer.action)
            for name in preferred
            for actor in self.people
            for offer in available_actions(item, actor)
            if offer.is_allowed and offer.action.name == name
        ]
        if offers:
            actor, action = self.random.choice(offers)
            answers = dict(ANSWERS.get(action.name, {}))
            if action.name == "supersede":
                answers = {"superseded_by": item.others_open[0].reference}
            assert self.attempt(item, actor, action.name, answers, "Right", None), action.name

    def attempt(
        self,
        item: Referral,
        actor: Actor,
        action: str,
        answers: dict[str, Any],
        reason: str,
        behind: int | None,
    ) -> bool:
        """Perform in a transaction of its own; whether it was done. A refusal must leave everything as it was."""
        self.now += self.random.choice(WAITS)
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
            for clock in live:
                if clock.name == "review":
                    rule = DEFAULT.duration(clock.rule, service_line=item.service_line, priority=item.priority).text
                    assert rule == (clock.changes[-1]["rule"] if clock.changes else clock.duration)
            for clock in item.clocks:
                assert clock.is_running is (clock.stopped_at is None and clock.paused_at is None)
                assert (clock.outcome is None) is (clock.stopped_at is None)
                assert 0 <= (clock.net_seconds or 0) <= (clock.gross_seconds or 0)
            assert item.next_due_at == min(running, default=FAR)
            assert (item.policy_version_id is None) is item.is_draft
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


@pytest.mark.parametrize("number", range(8))
def test_whatever_people_press(machine: type[Referrals], number: int) -> None:
    """Several beginnings."""
    run_from(number, machine, runs=5, steps=40)
