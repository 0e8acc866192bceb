"""Two people and one stay, or one person and two stays, in the same second: one is done, the other is told."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, CaseStay
from hub.cases.services import open_case
from hub.cases.stays import StayEntry, record_stay
from hub.db import make_sessions, transaction
from hub.engine.audit import verify
from hub.engine.models import Clock
from hub.engine.refusal import ActionRefused
from hub.stays.models import Stay
from tests.engine.test_races import all_at_once
from tests.factories import NOW, make_actor
from tests.placement_factory import make_ward
from tests.stay_factory import HOUR, do, stay_on
from workflows.roles import Role

WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def test_two_people_end_one_stay_at_once(committed: Engine) -> None:
    with make_sessions(committed)() as session, transaction(session):
        ward, coordinator = make_ward(session), make_actor(session, Role.COORDINATOR)
        stay_id = stay_on(session, ward).id

    def ending(who: Any, at: Any) -> Any:
        return lambda session: do(session, session.get_one(Stay, stay_id), "end_stay", who, at, now=NOW + HOUR)

    said = all_at_once(committed, [ending(ward.manager, NOW), ending(coordinator, NOW + HOUR)])
    assert sorted(len(words) for words in said) == [0, 1]
    assert "is not possible now: this stay is left, follow-up due" in next(words[0] for words in said if words)
    with Session(committed) as session:
        stay = session.get_one(Stay, stay_id)
        row = session.get_one(CaseStay, stay.case_stay_id)
        assert row.until_at == stay.left_at and stay.left_at in {NOW, NOW + HOUR}
        assert session.scalar(select(func.count()).where(Clock.item_id == stay_id, Clock.name == "follow_up")) == 1
        assert not verify(session).findings


def test_the_same_person_on_two_cases_at_once(committed: Engine) -> None:
    with make_sessions(committed)() as session, transaction(session):
        first = stay_on(session)
        do(session, first, "end_stay", make_actor(session, Role.COORDINATOR), NOW)
        patient_id = session.get_one(CareCase, first.case_id).patient_id
        other = open_case(session, patient_id=patient_id, service_line="aed", now=NOW).id
        here = first.case_id or 0

    def record(case_id: int) -> str:
        with make_sessions(committed)() as session:
            try:
                with transaction(session):
                    record_stay(session, case_id, StayEntry(None, "Ward 6", NOW, None), by_id=None, now=NOW + HOUR)
            except ActionRefused as no:
                return str(no)
        return ""

    with ThreadPoolExecutor(1) as pool, make_sessions(committed)() as session:
        with transaction(session):
            record_stay(session, here, StayEntry(None, "Ward 9", NOW, None), by_id=None, now=NOW + HOUR)
            late = pool.submit(record, other)  # sees no other stay, and waits for this one to be there or not
            while not late.done() and not session.scalar(WAITING):
                continue
        said = late.result(30)
    assert said == "Somebody else recorded another stay at this time just now. Look at the case again first"
