"""Units offering, the hub accepting, offers lapsing and being withdrawn at once: one bed, nobody forgotten."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.cases.models import CaseStay
from hub.db import make_sessions, transaction
from hub.engine.audit import verify
from hub.engine.models import Clock, ItemParty
from hub.engine.perform import perform
from hub.engine.sweep import ring_due
from hub.placements.approach_models import Approach
from hub.placements.models import Placement
from hub.stays.models import Stay
from tests.admission_factory import Crew, make_crew
from tests.engine.test_races import all_at_once
from tests.factories import NOW, REASON
from tests.placement_factory import Ward, accept, admit, approach, complete, make_placement, make_ward, offer
from workflows.actor import Actor


@dataclass(frozen=True)
class Ground:
    """A committed search with four units asked."""

    engine: Engine
    crew: Crew
    wards: tuple[Ward, ...]
    placement: int
    asked: tuple[int, ...]
    references: tuple[str, ...]

    def offers(self, *numbers: int) -> None:
        with make_sessions(self.engine)() as session, transaction(session):
            for number in numbers:
                offer(session, session.get_one(Approach, self.asked[number]), self.wards[number].manager)

    def accepting(self, number: int, actor: Actor) -> Callable[[Session], None]:
        chosen = {"accepted_approach": self.references[number]}
        return self.press(Placement, self.placement, "accept_offer", actor, values=chosen)

    def press(self, model: Any, item_id: int, action: str, actor: Actor, **more: Any) -> Callable[[Session], None]:
        return lambda session: perform(session, session.get_one(model, item_id), action, actor, now=NOW, **more)

    def check(self, session: Session) -> Placement:
        """One bed at most, nobody waits in vain for an answer, and only the unit with the bed sees the search."""
        placement = session.get_one(Placement, self.placement)
        states = [each.state for each in placement.approaches]
        taken = [each for each in placement.approaches if each.state == "taken"]
        if placement.state == "searching":
            assert not taken
        else:
            assert len(taken) == 1 and not {"asked", "offered"} & set(states), states
            assert placement.accepted_approach == taken[0].reference
        live = select(ItemParty.unit_id).where(
            ItemParty.item_id == placement.id, ItemParty.until_at.is_(None), ItemParty.unit_id.is_not(None)
        )
        assert session.scalars(live).all() == [each.unit_id for each in taken]
        assert verify(session).findings == ()
        return placement


@pytest.fixture
def ground(committed: Engine) -> Ground:
    with make_sessions(committed)() as session, transaction(session):
        crew = make_crew(session)
        placement = make_placement(session, crew)
        wards = tuple(make_ward(session) for _ in range(4))
        asked = [approach(session, placement, ward.unit, crew.coordinator) for ward in wards]
        return Ground(
            committed,
            crew,
            wards,
            placement.id,
            tuple(each.id for each in asked),
            tuple(each.reference for each in asked),
        )


def test_two_people_accept_two_offers_at_once_and_one_bed_is_taken(ground: Ground) -> None:
    ground.offers(0, 1, 2)
    works = [ground.accepting(number % 3, ground.crew.case_manager) for number in range(9)]
    said = all_at_once(ground.engine, works)
    assert sum(not words for words in said) == 1
    assert all(not words or "“Accept an offer” is not possible now" in words[0] for words in said)
    with Session(ground.engine) as session:
        assert ground.check(session).state == "bed_accepted"


def test_units_offer_in_the_second_in_which_another_is_accepted(ground: Ground) -> None:
    ground.offers(0)
    values = {"offered_bed": "Room 2", "offer_from": NOW + timedelta(hours=3)}
    works = [
        ground.press(Approach, ground.asked[number], "offer", ground.wards[number].manager, values=dict(values))
        for number in (1, 2, 3)
    ]
    works += [ground.accepting(0, ground.crew.case_manager)] * 2
    said = all_at_once(ground.engine, works)
    assert sum(not words for words in said[3:]) == 1
    with Session(ground.engine) as session:
        placement = ground.check(session)
        for words, each in zip(said[:3], placement.approaches[1:], strict=True):
            done = [row.action for row in each.history]
            # An offer that came first was stood down afterwards; one that came later was told that it is over.
            assert each.state == "stood_down" and done[-1] == "stand_down"
            assert ("offer" in done) is not bool(words)


def test_accepting_withdrawing_refusing_and_lapsing_at_once(ground: Ground) -> None:
    ground.offers(0, 1)
    with make_sessions(ground.engine)() as session, transaction(session):
        for clock in session.scalars(select(Clock).where(Clock.item_id == ground.asked[1], Clock.name == "offer")):
            clock.due_at = NOW  # its time is over in this very second
    first, manager = ground.asked[0], ground.wards[0].manager
    works = [
        ground.accepting(0, ground.crew.case_manager),
        ground.accepting(1, ground.crew.case_manager),
        ground.press(Approach, first, "withdraw_offer", manager, reason=REASON),
        ground.press(Approach, first, "refuse", manager, values={"refusal_reason": "staffing"}),
        ground.press(Placement, ground.placement, "stand_down", ground.crew.case_manager, reason=REASON),
        *[lambda session: ring_due(session, now=NOW)] * 3,
    ]
    for _ in range(2):
        said = all_at_once(ground.engine, works)
    with Session(ground.engine) as session:
        placement = session.get_one(Placement, ground.placement)
        states = [each.state for each in placement.approaches]
        assert said and states[1] != "taken", "an offer whose time is over is never accepted"
        assert placement.state == "stood_down" and not {"asked", "offered", "taken"} & set(states)
        assert verify(session).findings == ()


def test_the_unit_withdraws_while_the_hub_plans_and_admits(ground: Ground) -> None:
    ground.offers(0)
    with make_sessions(ground.engine)() as session, transaction(session):
        placement = session.get_one(Placement, ground.placement)
        accept(session, placement, session.get_one(Approach, ground.asked[0]), ground.crew.case_manager)
        complete(session, placement)
    manager = ground.wards[0].manager
    works: list[Callable[[Session], Any]] = [
        ground.press(Approach, ground.asked[0], "withdraw_taken", manager, reason=REASON),
        ground.press(Placement, ground.placement, "reopen_search", ground.crew.coordinator, reason=REASON),
        lambda session: admit(session, session.get_one(Placement, ground.placement), manager),
        lambda session: admit(session, session.get_one(Placement, ground.placement), ground.crew.coordinator),
    ]
    said = all_at_once(ground.engine, works)
    assert sum(not words for words in said) == 1, said
    with Session(ground.engine) as session:
        placement = ground.check(session)
        stays = session.scalars(select(Stay)).all()
        dates = session.scalars(select(CaseStay)).all()
        assert len(stays) == len(dates) == (placement.state == "admitted")
