"""Whatever is admitted, left, transferred, ended and corrected, in whatever order: no two stays of a person overlap."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import combinations
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, CaseStay
from hub.cases.services import open_case
from hub.cases.stays import StayEntry, correct_stay, record_stay
from hub.engine.audit import verify
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.stays.models import Stay
from hub.stays.services import open_stay
from tests.admission_factory import make_admission, searches
from tests.factories import NOW, make_actor
from tests.placement_factory import make_ward
from tests.stay_factory import DAY, HOUR, answers
from workflows.core import SYSTEM
from workflows.roles import Role

STEPS = 24
ACTIONS = (
    *("start_leave", "return_from_leave", "end_stay", "transfer", "record_follow_up", "change_discharge_date"),
    *("correct_beginning", "correct_end"),
)
BY_HAND = ("admit", "record_by_hand", "correct_by_hand")


class Walk:
    """One person with two cases, three units, and what is tried on them at moments that often cannot be."""

    def __init__(self, session: Session, chance: Random) -> None:
        self.session, self.chance, self.now = session, chance, NOW
        admission = make_admission(session, "admission_agreed", now=NOW - 40 * DAY)
        self.placement = searches(session, admission)[-1]
        self.patient_id = session.get_one(CareCase, admission.case_id).patient_id
        other = open_case(session, patient_id=self.patient_id, service_line="aed", now=NOW)
        self.cases = [admission.case_id or 0, other.id]
        self.units = [make_ward(session).unit for _ in range(3)]
        self.people = [make_actor(session, Role.COORDINATOR), make_actor(session, Role.CASE_MANAGER)]
        self.done: list[str] = []

    def step(self) -> None:
        """Something, at some moment; what cannot be is refused, and then nothing has changed."""
        self.now += self.chance.choice((HOUR, 5 * HOUR, DAY))
        name = self.chance.choice((*ACTIONS, *BY_HAND, "admit", "end_stay"))
        at = self.now - self.chance.choice((timedelta(0), timedelta(0), HOUR, DAY, 5 * DAY, -HOUR))
        work: Callable[[datetime], None] = getattr(self, name, None) or self.act(name)
        before = self.rows()
        try:
            with self.session.begin_nested():
                work(at)
            self.done.append(name)
        except ActionRefused:
            self.session.expire_all()
            assert self.rows() == before

    def act(self, name: str) -> Callable[[datetime], None]:
        """An action on one of the stays."""

        def work(at: datetime) -> None:
            stays = self.stays()
            if not stays:
                return
            unit = self.chance.choice(self.units)
            values = {"correct_beginning": {"began_at": at}, "correct_end": {"left_at": at}}.get(name)
            by, given = self.chance.choice(self.people), values or answers(name, at, unit)
            perform(self.session, self.chance.choice(stays), name, by, now=self.now, values=given, reason="x")

        return work

    def admit(self, at: datetime) -> None:
        """As the reaction to an admission does it."""
        told: dict[str, Any] = {"asked_as": "admitted_at", "by": SYSTEM, "now": self.now}
        unit_id = self.chance.choice(self.units).id
        open_stay(self.session, self.placement, unit_id=unit_id, began_at=at, estimated_discharge_on=None, **told)

    def record_by_hand(self, at: datetime) -> None:
        """On the page of either case."""
        record_stay(self.session, self.chance.choice(self.cases), self.entry(at), by_id=None, now=self.now)

    def correct_by_hand(self, at: datetime) -> None:
        """Any row, also one that an item keeps."""
        rows = self.rows()
        if rows:
            row = self.session.get_one(CaseStay, self.chance.choice(rows)[0])
            entry = self.entry(at) if self.chance.random() < 0.6 else None
            by = self.people[0].user_id or 0
            correct_stay(self.session, row.case_id, row.id, entry, reason="x", by_id=by, now=self.now)

    def entry(self, at: datetime) -> StayEntry:
        until = self.chance.choice((None, at + HOUR, at + 2 * DAY))
        return StayEntry(None, "Ward 6", at, until)

    def stays(self) -> list[Stay]:
        return list(self.session.scalars(select(Stay).order_by(Stay.id)))

    def rows(self) -> list[tuple[int, datetime, datetime | None]]:
        """The rows that stand."""
        query = select(CaseStay.id, CaseStay.from_at, CaseStay.until_at).where(
            CaseStay.patient_id == self.patient_id, CaseStay.corrected_at.is_(None)
        )
        return [
            (identity, begun, ended) for identity, begun, ended in self.session.execute(query.order_by(CaseStay.id))
        ]

    def check(self) -> None:
        """No two overlap, item and row agree, and nobody is in two places."""
        rows = self.rows()
        for (_, one, one_ends), (_, two, two_ends) in combinations(rows, 2):
            assert (one_ends is not None and one_ends <= two) or (two_ends is not None and two_ends <= one)
        kept = {identity: (begun, ended) for identity, begun, ended in rows}
        for stay in self.stays():
            assert kept[stay.case_stay_id or 0] == (stay.began_at, stay.left_at or stay.transferred_at)
        assert sum(1 for stay in self.stays() if stay.state in {"current", "on_leave"}) <= 1


@settings(
    max_examples=5,
    deadline=None,
    derandomize=True,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.integers(0, 10_000))
def test_no_two_stays_overlap_and_item_and_row_agree(session: Session, seed: int) -> None:
    around = session.begin_nested()
    try:
        walk = Walk(session, Random(seed))
        for _ in range(STEPS):
            walk.step()
            walk.check()
        assert walk.done and not verify(session).findings
    finally:
        around.rollback()
        session.expire_all()
