"""Merges against each other, against a referral and against closing a case: each in a thread with a real commit."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.cases.models import CareCase
from hub.cases.opening import close_case
from hub.db import make_sessions, transaction
from hub.engine.audit import verify
from hub.engine.models import WorkItem
from hub.engine.perform import perform
from hub.merges.models import Merge
from hub.merges.services import propose
from hub.patients.models import Patient
from hub.referrals.models import Referral
from tests.engine.test_races import all_at_once
from tests.factories import ANSWERS, NOW, make_actor, make_referral, referral_values, start_referral
from workflows.actor import Actor
from workflows.roles import Role

LATER = NOW + timedelta(days=1)


def test_of_two_proposals_about_one_record_one_wins(committed: Engine) -> None:
    with make_sessions(committed)() as session, transaction(session):
        people = [session.get_one(CareCase, make_referral(session).case_id).patient_id for _ in range(3)]
        actors = [make_actor(session, Role.COORDINATOR) for _ in range(4)]
    pairs = [(people[0], people[1]), (people[2], people[1]), (people[1], people[0]), (people[1], people[2])]

    def ask(one: int, two: int, actor: Actor) -> Callable[[Session], Any]:
        return lambda session: propose(session, one, two, taken=(), why="Same mother", actor=actor, now=NOW)

    said = all_at_once(committed, [ask(*pair, actor) for pair, actor in zip(pairs, actors, strict=True)])
    assert sorted(len(words) for words in said) == [0, 1, 1, 1]
    assert all("is not decided yet: decide that first" in words[0] for words in said if words)


def test_a_referral_sent_and_a_case_closed_during_a_merge_land_on_one_side_of_it(committed: Engine) -> None:
    for _ in range(4):
        with make_sessions(committed)() as session, transaction(session):
            first, second = make_referral(session), make_referral(session, "declined", service_line="aed")
            asking, agreeing = make_actor(session, Role.COORDINATOR), make_actor(session)
            referrer = make_actor(session, Role.REFERRER)
            own: dict[str, Any] = {"nhs_number": second.nhs_number, "date_of_birth": second.date_of_birth}
            sent = [
                start_referral(session, referrer, **referral_values(service_line=line, **own))
                for line in ("aed", "cyp")
            ]
            one, two = (session.get_one(CareCase, item.case_id).patient_id for item in (first, second))
            merge = propose(session, one, two, taken=("nhs_number",), why="Same mother", actor=asking, now=NOW)
            ids = [item.id for item in sent]
            merge_id, closing = merge.id, second.case_id

        def agree(session: Session, merge_id: int = merge_id, agreeing: Actor = agreeing) -> None:
            perform(session, session.get_one(Merge, merge_id), "agree", agreeing, now=LATER)

        def submit(number: int, ids: list[int] = ids, referrer: Actor = referrer) -> Callable[[Session], Any]:
            return lambda session: perform(
                session, session.get_one(Referral, ids[number]), "submit", referrer, now=LATER, values=ANSWERS["submit"]
            )

        def close(session: Session, case_id: int | None = closing, by: int | None = agreeing.user_id) -> None:
            close_case(session, case_id or 0, reason="Home again", by_id=by or 0, now=LATER)

        refused = all_at_once(committed, [submit(0), agree, submit(1), close])
        assert refused[0] == refused[2] == []
        with Session(committed) as session:
            joined = session.get_one(Patient, two)
            if refused[1]:  # a case was opened between its locks, and it says so
                assert "Look at both again first" in refused[1][0] and joined.merged_into_id is None
                perform(session, session.get_one(Merge, merge_id), "agree", agreeing, now=LATER)
                session.expire_all()
            assert joined.merged_into_id == one
            cases = session.scalars(
                select(CareCase).where(CareCase.id.in_(select(WorkItem.case_id).where(WorkItem.id.in_(ids))))
            )
            assert {case.patient_id for case in cases} == {one}
            assert session.scalars(select(CareCase).where(CareCase.patient_id == two)).all() == []
            assert verify(session).findings == ()
            session.commit()
