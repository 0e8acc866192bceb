"""Deciding, ratifying and admitting at once, each in a thread with a real commit: one wins, and one search opens."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hub.admissions.models import Admission
from hub.db import make_sessions, transaction
from hub.engine.audit import verify
from hub.placements.models import Placement
from tests.admission_factory import Crew, admission_of, do, make_admission, make_crew
from tests.engine.test_races import all_at_once
from tests.factories import NOW, make_provider, make_referral, referral_values
from workflows.actor import Actor


@dataclass(frozen=True)
class Ground:
    """A committed database with a crew in it."""

    engine: Engine
    crew: Crew

    def admission(self, state: str, **more: Any) -> int:
        with make_sessions(self.engine)() as session, transaction(session):
            return make_admission(session, state, crew=self.crew, **more).id


@pytest.fixture
def ground(committed: Engine) -> Ground:
    with make_sessions(committed)() as session, transaction(session):
        make_provider(session)  # each thread looks it up
        return Ground(committed, make_crew(session))


def press(item_id: int, action: str, actor: Actor) -> Callable[[Session], None]:
    return lambda session: do(session, session.get_one(Admission, item_id), action, actor, now=NOW)


def winners(said: list[list[str]]) -> int:
    for words in said:
        assert words == [] or "is not possible now: this admission decision is" in words[0], words
    return sum(not words for words in said)


def searches(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Placement).where(Placement.is_open)) or 0


def test_one_of_many_who_decide_wins_and_one_search_opens(ground: Ground) -> None:
    admission_id = ground.admission("recommended")
    deciders = [ground.crew.head, ground.crew.director, ground.crew.case_manager]
    works = [press(admission_id, "agree_admission", deciders[number % 3]) for number in range(6)]
    works += [press(admission_id, "refuse_admission", deciders[number % 3]) for number in range(6)]
    assert winners(all_at_once(ground.engine, works)) == 1
    with Session(ground.engine) as session:
        admission = session.get_one(Admission, admission_id)
        assert searches(session) == (admission.state == "admission_agreed")
        assert [row.action for row in admission.history][-1] in {"agree_admission", "refuse_admission"}
        assert verify(session).findings == ()


def test_two_decisions_of_one_case_open_one_search(ground: Ground) -> None:
    with make_sessions(ground.engine)() as session, transaction(session):
        same = {"priority": "emergency", "nhs_number": referral_values()["nhs_number"]}
        both = [admission_of(session, make_referral(session, "accepted", **same)) for _ in range(2)]
        assert len({admission.case_id for admission in both}) == 1
        ids = [admission.id for admission in both]
    works = [press(item_id, "admit_in_emergency", ground.crew.on_call) for item_id in ids * 4]
    assert winners(all_at_once(ground.engine, works)) == 2
    with Session(ground.engine) as session:
        assert searches(session) == 1 and verify(session).findings == ()


def test_a_second_decision_of_the_case_waits_for_the_first_and_opens_no_search_of_its_own(ground: Ground) -> None:
    with make_sessions(ground.engine)() as session, transaction(session):
        number = referral_values()["nhs_number"]
        first, second = (
            make_admission(
                session, "recommended", crew=ground.crew, referral={"nhs_number": number}, priority="emergency"
            ).id
            for _ in range(2)
        )
    sessions = make_sessions(ground.engine)

    def decide_second() -> None:
        with sessions() as session, transaction(session):
            press(second, "agree_admission", ground.crew.director)(session)

    with ThreadPoolExecutor(1) as pool, sessions() as session:
        with transaction(session):
            press(first, "agree_admission", ground.crew.head)(session)
            later = pool.submit(decide_second)
            with pytest.raises(TimeoutError):
                later.result(timeout=1)  # the first holds the case, and has not committed
        later.result(timeout=10)
    with Session(ground.engine) as session:
        assert searches(session) == 1 and verify(session).findings == ()


def test_ratifying_refusing_and_withdrawing_at_once(ground: Ground) -> None:
    admission_id = ground.admission("assessed", priority="emergency")
    [] = all_at_once(ground.engine, [press(admission_id, "admit_in_emergency", ground.crew.case_manager)])[0]
    crew = ground.crew
    people = {"ratify": crew.head, "refuse_ratification": crew.director, "withdraw": crew.case_manager}
    said = all_at_once(ground.engine, [press(admission_id, action, people[action]) for action in [*people] * 3])
    done = [action for action, words in zip([*people] * 3, said, strict=True) if not words]
    with Session(ground.engine) as session:
        admission = session.get_one(Admission, admission_id)
        # Refused, it is open again and may still be withdrawn.
        assert len(done) == 1 or sorted(done) == ["refuse_ratification", "withdraw"]
        assert searches(session) == (admission.state == "admission_agreed")
        assert verify(session).findings == ()
