"""Random people press random things on admission decisions at random moments: the promises of the design hold."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy import Engine, func, select

from hub.accounts.models import UserAccount
from hub.admissions.models import Admission
from hub.engine.available import available_actions
from hub.engine.models import FAR, Clock, ItemParty, OutboxMessage, Transition
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.placements.models import Placement
from tests.admission_factory import Crew, admission_of, answers, make_crew
from tests.engine.machine import Undone, run_from
from tests.factories import actor_of, make_actor, make_membership, make_referral, referral_values
from workflows.actor import Actor
from workflows.admission import ADMISSION, State
from workflows.everyday import BY_NAME
from workflows.roles import Role

EDGES = {
    (action.name, source, action.dest_from(source)) for action in ADMISSION.actions for source in action.sources
} | {(name, state, state) for name in BY_NAME for state in ADMISSION.state_names}
LIMITS = {"case_manager": 5_000_000, "head_of_commissioning": 25_000_000, "director": 100_000_000}
DECISIONS = {"agree_admission", "agree_alternative", "refuse_admission"}
BESIDES = {"withdraw", "record_objection", "record_immediate_risk"}
"""What can be done nearly anywhere and moves nothing on."""
WAITS = (timedelta(0), timedelta(minutes=20), timedelta(hours=5), timedelta(days=1), timedelta(days=8))
CHANGES: dict[str, tuple[Any, ...]] = {
    "expected_length_weeks": (1, 8, 11, 53, 300, 520, 0, 2**40, True),
    "recommendation": ("admit", "admit", "alternative", "refuse", "perhaps"),
    "is_appropriate": (True, True, False),
    "bed_type": ("301", "309", "204"),
    "objection_by": ("family", "referrer", "young_person"),
    "mental_state": ("Tired", "", None),
}


class Admissions(Undone):
    """One or two admission decisions of one case, and a crowd of whom some are two people in one."""

    @initialize(random=st.randoms(use_true_random=True))
    def begin(self, random: Random) -> None:
        """Chance decides all that follows."""
        self.random = random
        crew = make_crew(self.session)
        self.people = self.crowd(crew)
        line = random.choice(["cyp", "cyp", "cyp", "aed", "secure"])
        priority = "urgent" if line == "secure" else random.choice(["emergency", "urgent", "routine"])
        same = {"nhs_number": referral_values()["nhs_number"], "family_objects": random.random() < 0.2}
        for _ in range(random.choice([1, 2])):
            referral = make_referral(
                self.session, "accepted", priority=priority, service_line=line, referrer=crew.referrer, **same
            )
            self.items.append(admission_of(self.session, referral))
        for _ in range(random.randint(0, 8)):
            self.take_a_step()

    def crowd(self, crew: Crew) -> list[Actor]:
        """The crew, a second case manager, who is two people, a deputy, and strangers."""
        user = self.session.get_one(UserAccount, crew.case_manager.user_id)
        return [
            *(crew.referrer, crew.coordinator, crew.case_manager, crew.head, crew.director, crew.on_call),
            *(crew.assessor, crew.outside),
            make_actor(self.session, Role.CASE_MANAGER),
            make_actor(self.session, Role.UNIT_CLINICIAN),
            make_actor(self.session, Role.ADMINISTRATOR),
            actor_of(make_membership(self.session, Role.HEAD_OF_COMMISSIONING, user=user)),
            replace(crew.director, on_behalf_of=crew.case_manager.user_id),
            replace(crew.coordinator, is_on_call=True),
        ]

    @rule()
    def press(self) -> None:
        """Anything by anybody, with good answers or not."""
        item = self.random.choice(self.items)
        names = [*(action.name for action in ADMISSION.actions), *(one.name for one in ADMISSION.arrows(item.state))]
        name = self.random.choice(names)
        self.attempt(item, self.random.choice(self.people), name, self.given(name), self.random.choice(["", "Right"]))

    @rule()
    def everyday(self) -> None:
        """Parties, owners, corrections and priorities in between."""
        random, item = self.random, self.random.choice(self.items)
        someone = random.choice(self.people)
        choices: list[tuple[str, dict[str, Any]]] = [
            ("add_party", {"organisation_id": someone.organisation_id}),
            ("remove_party", {"organisation_id": someone.organisation_id}),
            ("assign", {"owner_id": someone.user_id}),
            ("change_priority", {"priority": random.choice(["emergency", "urgent", "routine"])}),
            ("correct_field", {"field": random.choice(sorted(CHANGES)), "value": random.choice(["1", "yes", "x"])}),
        ]
        name, values = random.choice(choices)
        self.attempt(item, random.choice(self.people), name, values, "Right")

    @rule()
    def stand_a_search_down(self) -> None:
        """A search may be stood down by hand at any time."""
        for placement in self.session.scalars(select(Placement).where(Placement.is_open)).all():
            if self.random.random() < 0.3:
                perform(self.session, placement, "stand_down", self.people[2], now=self.now, reason="Right")

    @rule()
    def take_a_step(self) -> None:
        """A button that is shown, so that runs get anywhere; with complete answers it must work."""
        item = self.random.choice(self.items)
        offers = [
            (actor, offer.action.name)
            for actor in self.people
            for offer in available_actions(item, actor)
            if offer.is_allowed and (offer.action.name not in BESIDES or self.random.random() < 0.03)
        ]
        if offers:
            name = self.random.choice(sorted({name for _actor, name in offers}))
            actor = self.random.choice([actor for actor, offered in offers if offered == name])
            bed = {"bed_type": "301", "expected_length_weeks": self.random.choice([1, 8, 11, 53, 300])}
            given = answers(self.session, name, self.now)
            given |= {field: value for field, value in bed.items() if field in given}
            if "is_appropriate" in given:
                given["is_appropriate"] = self.random.random() < 0.7
            assert self.attempt(item, actor, name, given, "Right", waits=(timedelta(0),)), name

    def given(self, name: str) -> dict[str, Any]:
        """Complete answers, some of them changed for others."""
        given = answers(self.session, name, self.now)
        for field in sorted(given.keys() & CHANGES.keys()):
            if self.random.random() < 0.5:
                given[field] = self.random.choice(CHANGES[field])
        for field in sorted(given):
            if field.endswith("organisation_id") and self.random.random() < 0.5:
                given[field] = self.random.choice([*(actor.organisation_id for actor in self.people), 10**12])
        return given

    def attempt(
        self,
        item: Admission,
        actor: Actor,
        action: str,
        given: dict[str, Any],
        reason: str,
        waits: tuple[timedelta, ...] = WAITS,
    ) -> bool:
        """Perform in a transaction of its own; whether it was done. A refusal must leave everything as it was."""
        before, state, version = self.written(), item.state, item.version
        cost, contested, recommender = item.estimated_cost_pence, item.why_contested, item.recommended_by_id
        admitter = item.admitted_by_id
        try:
            with self.session.begin_nested():
                perform(self.session, item, action, actor, now=self.now, values=dict(given), reason=reason)
        except ActionRefused as no:
            assert no.problems and all(problem.message for problem in no.problems)
            self.session.expire_all()
            assert self.written() == before
            return False
        finally:
            self.now += self.random.choice(waits)
        assert (action, state, item.state) in EDGES
        assert item.version == version + 1
        behind = {actor.user_id, actor.on_behalf_of}
        if action in DECISIONS:
            role = str(actor.role)
            assert cost is not None and (role == "outside_member" or cost <= LIMITS[role])
            assert not contested or role != "case_manager"
            assert recommender not in behind or (cost <= LIMITS["case_manager"] and not contested)
            assert (item.decided_by_id, item.decided_role) == (actor.user_id, role)
        if action in {"ratify", "refuse_ratification"}:
            assert admitter not in behind and actor.role in {Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR}
        if action == "admit_in_emergency":
            assert item.service_line != "secure" and item.immediate_risk
            assert item.priority == "emergency" or item.admitted_role != "on_call"
        return True

    def written(self) -> list[Any]:
        """What a refusal may not change."""
        tables = (Transition, OutboxMessage, Clock, ItemParty, Placement)
        counts = [self.session.scalar(select(func.count()).select_from(table)) for table in tables]
        return counts + [(item.state, item.version, item.head_hash, item.next_due_at) for item in self.items]

    @invariant()
    def promises(self) -> None:
        """What is true of every decision at every moment."""
        self.session.expire_all()
        for item in self.items:
            live = [clock for clock in item.clocks if clock.stopped_at is None]
            assert item.is_open is (item.state not in ADMISSION.ends) is bool(live)
            assert len({clock.name for clock in live}) == len(live)
            assert item.next_due_at == min((clock.due_at for clock in live if clock.is_running), default=FAR)
            for party in item.parties:
                assert (party.is_open, party.next_due_at) == (item.is_open, item.next_due_at)
                assert party.capacities, "a party is something to the item"
            if item.is_open:
                moves = {
                    offer.action.name
                    for actor in self.people
                    for offer in available_actions(item, actor)
                    if offer.is_allowed
                }
                assert moves - BESIDES, f"nobody can move it on from {item.state}"
            if item.state == State.ADMISSION_AGREED:
                assert item.decided_at or (item.ratified_at and item.form2_signed_at)
        searching = self.session.scalars(select(Placement).where(Placement.is_open)).all()
        assert len(searching) <= 1
        wanted = any(item.state in {State.ADMISSION_AGREED, State.AWAITING_RATIFICATION} for item in self.items)
        assert wanted or not searching


@pytest.fixture
def machine(engine: Engine) -> Iterator[type[Admissions]]:
    """The state machine on the shared database; each run rolls itself back."""
    Admissions.engine = engine
    yield Admissions


@pytest.mark.parametrize("number", range(5))
def test_whatever_people_press(machine: type[Admissions], number: int) -> None:
    run_from(number, machine, runs=3, steps=30)
