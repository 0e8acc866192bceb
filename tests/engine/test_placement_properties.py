"""Random people press random things on a search, its approaches and the stay: the promises of the design hold."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy import Engine, func, select

from hub.cases.models import CaseStay
from hub.engine.available import available_actions
from hub.engine.models import FAR, ItemParty, Transition
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.sweep import ring_due
from hub.engine.visibility import knows_person, may_see
from hub.placements.approach_models import Approach
from hub.stays.models import Stay
from tests.admission_factory import make_crew
from tests.engine.machine import Undone, run_from
from tests.placement_factory import Ward, complete, make_placement, make_ward
from workflows.actor import Actor

WAITS = (timedelta(0), timedelta(minutes=20), timedelta(hours=5), timedelta(days=1))
BACKWARDS = {
    "stand_down",
    "refuse",
    "withdraw_offer",
    "withdraw_taken",
    "reopen_search",
    "complete_facts",
    "allow_exception",
}
"""What undoes more than it brings on: left out mostly, or no run would get to a stay."""


class Searches(Undone):
    """One search, three units of two providers, and everybody who may meet it."""

    @initialize(random=st.randoms(use_true_random=True))
    def begin(self, random: Random) -> None:
        """Chance decides all that follows."""
        self.random = random
        crew = make_crew(self.session)
        self.placement = make_placement(self.session, crew, priority=random.choice(["emergency", "routine"]))
        complete(self.session, self.placement)
        self.wards: list[Ward] = [make_ward(self.session), make_ward(self.session), make_ward(self.session, "ZFA02")]
        self.people = [
            *(crew.coordinator, crew.case_manager, crew.director, crew.on_call),
            *(actor for ward in self.wards for actor in (ward.manager, ward.clinician)),
        ]
        self.items = [self.placement]
        for _ in range(random.randint(0, 16)):
            self.take_a_step()

    @rule()
    def take_a_step(self) -> None:
        """A button that somebody is shown, on the search itself as often as on all the rest."""
        item = self.random.choice([self.placement, self.random.choice(self.items)])
        offers = [
            (actor, offer.action.name)
            for actor in self.people
            for offer in available_actions(item, actor)
            if offer.is_allowed and (offer.action.name not in BACKWARDS or self.random.random() < 0.02)
        ]
        if offers:
            name = self.random.choice(sorted({name for _actor, name in offers}))
            self.attempt(item, self.random.choice([actor for actor, offered in offers if offered == name]), name)

    @rule()
    def press(self) -> None:
        """Anything by anybody."""
        item = self.random.choice(self.items)
        action = self.random.choice(item.workflow.actions).name
        if action not in BACKWARDS or self.random.random() < 0.2:
            self.attempt(item, self.random.choice(self.people), action)

    @rule()
    def time_passes(self) -> None:
        """Offers lapse, deadlines ring."""
        self.now += self.random.choice(WAITS)
        while ring_due(self.session, now=self.now):
            self.session.expire_all()

    def attempt(self, item: Any, actor: Actor, action: str) -> None:
        """Perform in a transaction of its own; a refusal must leave everything as it was."""
        before = self.written()
        given = self.given(item, action)
        try:
            with self.session.begin_nested():
                perform(self.session, item, action, actor, now=self.now, values=given, reason="Right")
        except ActionRefused as no:
            assert no.problems and all(problem.message for problem in no.problems)
            self.session.expire_all()
            assert self.written() == before
            return
        self.session.expire_all()
        self.items = [
            self.placement,
            *self.session.scalars(select(Approach).order_by(Approach.id)),
            *self.session.scalars(select(Stay).order_by(Stay.id)),
        ]

    def given(self, item: Any, action: str) -> dict[str, Any]:
        """Answers that are complete, and now and then wrong."""
        ward, random, now = self.random.choice(self.wards), self.random, self.now
        offered = [each.reference for each in self.placement.approaches] or ["APR-1999-00001"]
        later = now + timedelta(hours=random.choice([1, 30]))
        answers: dict[str, Any] = {
            "asked_unit_id": random.choice([ward.unit.id, ward.unit.id, 10**9]),
            "asked_person": "Bev",
            "asked_how": "telephone",
            "why_this_unit": random.choice([None, "Near her brother"]),
            "exception_unit_id": ward.unit.id,
            "exception_until": later,
            "accepted_approach": random.choice(offered),
            "out_of_area_reason": "no_bed_in_area",
            "repatriation_plan": random.choice([None, "Back at the first free bed", "Back at the first free bed"]),
            "repatriation_on": (now + timedelta(days=14)).date(),
            "conveyance_how": "staff_car",
            "conveyance_by": "Jo Thorne",
            "conveyance_at": later,
            "conveyance_authority": "Her own consent",
            "admitted_at": now - timedelta(hours=random.choice([0, 2, 60])),
            "estimated_discharge_on": (now + timedelta(days=40)).date(),
            "offered_bed": "Room 4",
            "offer_from": later,
            "offer_until": random.choice([None, later]),
            "refusal_reason": random.choice(["no_bed", "staffing", "acuity"]),
            "left_at": now,
            "destination": "usual_home",
            "next_unit_id": ward.unit.id,
            "transferred_at": now - timedelta(hours=random.choice([0, 1, 50])),
            "leave_kind": "section_17",
            "leave_from": now,
            "leave_until": later,
            "leave_terms": "With her mother",
            "returned_at": now,
            "followed_up_at": now,
            "followed_up_how": "in_person",
            "followed_up_by": "Ann Dale",
        }
        asked = {ask.name for one in item.workflow.named(action) for ask in one.questions}
        return {name: value for name, value in answers.items() if name in asked and value is not None}

    def written(self) -> list[Any]:
        """What a refusal may not change."""
        counts = [self.session.scalar(select(func.count()).select_from(table)) for table in (Transition, CaseStay)]
        parties = self.session.scalar(select(func.count()).select_from(ItemParty).where(ItemParty.until_at.is_(None)))
        return [*counts, parties, *[(item.state, item.version, item.head_hash) for item in self.items]]

    @invariant()
    def promises(self) -> None:
        """What is true at every moment."""
        self.session.expire_all()
        approaches = [item for item in self.items if isinstance(item, Approach)]
        stays = [item for item in self.items if isinstance(item, Stay)]
        state = self.placement.state
        taken = [each for each in approaches if each.state == "taken"]
        assert len(taken) == (state in {"bed_accepted", "conveyance_planned", "admitted"})
        if state != "searching":
            assert not any(each.is_open for each in approaches), "nobody waits for an answer that will not come"
        open_units = [each.unit_id for each in approaches if each.is_open]
        assert len(open_units) == len(set(open_units)), "a unit is asked once at a time"
        receiving = {party.unit_id for party in self.placement.parties if party.until_at is None and party.unit_id}
        assert receiving == {each.unit_id for each in taken}
        for each in approaches:
            for ward in self.wards:
                own = ward.unit.id == each.unit_id
                assert may_see(each, ward.manager, each.parties) is own
            assert knows_person(each, self.wards[0].manager) is (each.is_open or each.state == "taken")
        self.check_stays(stays, state)
        for item in self.items:
            live = [clock for clock in item.clocks if clock.stopped_at is None]
            assert not live or item.is_open
            assert item.next_due_at == min((clock.due_at for clock in live if clock.is_running), default=FAR)
            if item.is_open:
                assert any(offer.is_mine for actor in self.people for offer in available_actions(item, actor))

    def check_stays(self, stays: list[Stay], state: str) -> None:
        """Rows and items agree, and nobody is in two places."""
        assert bool(stays) is (state == "admitted")
        rows = self.session.scalars(select(CaseStay).where(CaseStay.corrected_at.is_(None)).order_by(CaseStay.from_at))
        spans = [(row.from_at, row.until_at) for row in rows]
        assert len(spans) == len(stays)
        for (_, until), (begun, _) in pairwise(spans):
            assert until is not None and until <= begun
        there = [stay for stay in stays if stay.state in {"current", "on_leave"}]
        assert len(there) <= 1
        assert len([until for _, until in spans if until is None]) == len(there)
        for stay in stays:
            assert stay.dates is not None
            assert (stay.dates.from_at, stay.dates.unit_id) == (stay.began_at, stay.unit_id)
            assert stay.dates.until_at == (stay.left_at or stay.transferred_at)


@pytest.fixture
def machine(engine: Engine) -> Iterator[type[Searches]]:
    """The state machine on the shared database; each run rolls itself back."""
    Searches.engine = engine
    yield Searches


@pytest.mark.parametrize("number", range(3))
def test_whatever_people_press(machine: type[Searches], number: int) -> None:
    run_from(number, machine, runs=3, steps=30)
