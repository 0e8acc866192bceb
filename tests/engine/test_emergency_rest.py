"""An emergency goes on with the minimum: the rest is owed within 24 hours, and stops nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.db import make_sessions, transaction
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.patients.models import Patient
from hub.referrals.models import Referral
from hub.tasks.models import Task
from tests.admission_factory import Crew, make_crew
from tests.factories import ANSWERS, NOW, REASON, emergency_values, make_referral, referral_values, start_referral
from workflows.core import SYSTEM
from workflows.form1 import follow_up
from workflows.referral import SENT_WITH_THE_MINIMUM

WHOLE: dict[str, Any] = {
    name: value for name, value in referral_values("urgent").items() if name not in SENT_WITH_THE_MINIMUM
}
LATER = NOW + timedelta(hours=2)


@pytest.fixture
def crew(session: Session) -> Crew:
    return make_crew(session)


def sent(session: Session, crew: Crew, **changes: Any) -> Referral:
    """An emergency with the minimum, on its way."""
    values = emergency_values(referring_organisation="ZRF01", **changes)
    made = start_referral(session, crew.referrer, **values)
    perform(session, made, "submit", crew.referrer, now=NOW, values=ANSWERS["submit"])
    return made


def task_of(session: Session, referral: Referral) -> Task:
    session.expire_all()
    return session.scalars(select(Task).where(Task.parent_id == referral.id)).one()


def test_the_rest_is_owed_by_the_referrer_within_24_hours(session: Session, crew: Crew) -> None:
    referral = sent(session, crew)
    task = task_of(session, referral)
    assert (task.state, task.case_id, task.priority) == ("to_do", referral.case_id, "emergency")
    assert task.what == f"The rest of the form of {referral.reference}"
    (clock,) = task.clocks
    assert (clock.due_at, clock.duration, clock.is_running) == (NOW + timedelta(hours=24), "24 hours", True)
    assert [(party.organisation_id, party.capacities) for party in task.parties] == [
        (crew.referrer.organisation_id, ["referrer"])
    ]


def test_given_in_parts_it_is_ticked_off_by_the_last_and_no_clock_is_touched(session: Session, crew: Crew) -> None:
    referral = sent(session, crew)
    due = referral.next_due_at
    names = list(WHOLE)
    for part in (names[:10], names[10:-1]):
        perform(
            session, referral, "add_the_rest", crew.referrer, now=LATER, values={name: WHOLE[name] for name in part}
        )
        assert task_of(session, referral).state == "to_do"
    perform(session, referral, "add_the_rest", crew.coordinator, now=LATER, values={names[-1]: WHOLE[names[-1]]})
    assert follow_up(referral) == ()
    task = task_of(session, referral)
    assert (task.state, [clock.outcome for clock in task.clocks]) == ("done", ["met"])
    assert (referral.next_due_at, referral.state, [clock.rang_at for clock in referral.clocks]) == (
        due,
        "submitted",
        [None],
    )


def test_one_number_given_to_two_records_at_the_same_moment_is_the_first_ones(committed: Engine) -> None:
    sessions = make_sessions(committed)
    with sessions() as session, transaction(session):
        crew = make_crew(session)
        first, second = (sent(session, crew).id for _ in range(2))

    def add_the_rest(session: Session, number: int) -> None:
        referral = session.get_one(Referral, number)
        perform(session, referral, "add_the_rest", crew.referrer, now=LATER, values=WHOLE)

    def add_to_the_second() -> None:
        with sessions() as session, transaction(session):
            add_the_rest(session, second)

    with ThreadPoolExecutor(1) as pool, sessions() as session:
        with transaction(session):
            add_the_rest(session, first)
            later = pool.submit(add_to_the_second)
            with pytest.raises(TimeoutError):
                later.result(timeout=0.5)  # the first has not committed
        later.result(timeout=10)
    with Session(committed) as session:
        people = session.scalars(select(Patient).order_by(Patient.id)).all()
        assert [(each.nhs_number, each.postcode) for each in people] == [
            (WHOLE["nhs_number"], WHOLE["postcode"]),
            (None, WHOLE["postcode"]),
        ]


def test_it_can_come_after_the_referral_was_accepted(session: Session, crew: Crew) -> None:
    referral = sent(session, crew)
    for name in ("start_review", "accept"):
        perform(session, referral, name, crew.on_call, now=LATER)
    closed_at = referral.closed_at
    perform(session, referral, "add_the_rest", crew.on_call, now=LATER + timedelta(hours=1), values=WHOLE)
    assert (referral.state, referral.is_open, referral.closed_at) == ("accepted", False, closed_at)
    assert task_of(session, referral).state == "done"


def test_the_record_and_the_case_learn_what_was_added_and_lose_nothing(session: Session, crew: Crew) -> None:
    referral = sent(session, crew, family_name="Hartwin", legal_status="02")
    case = referral.case
    assert case is not None
    began, ends = date(2026, 3, 14), datetime(2026, 4, 11, 22, 59, tzinfo=UTC)
    told = {
        "nhs_number": WHOLE["nhs_number"],
        "postcode": "LS1 4AB",
        "family_name": "Hartwyn",
        "legal_status_from": began,
        "legal_status_expires_at": ends,
        "family_told": True,
    }
    perform(session, referral, "add_the_rest", crew.referrer, now=LATER, values=told)
    session.expire_all()
    patient = session.get_one(Patient, case.patient_id)
    assert (patient.nhs_number, patient.postcode) == (WHOLE["nhs_number"], "LS1 4AB")
    assert (patient.family_name, patient.date_of_birth) == ("Hartwin", date(2010, 9, 14)), "what it had stays"
    assert referral.title == "Hartwyn, Isobel"
    assert case.family_told is True
    assert [(row.code, row.from_on, row.expires_at) for row in case.legal_statuses] == [("02", began, ends)]
    perform(session, referral, "add_the_rest", crew.referrer, now=LATER, values={"legal_status_from": date(2026, 3, 1)})
    session.expire_all()
    assert [row.from_on for row in case.legal_statuses] == [began], "a date that was recorded stays"


def test_a_number_that_is_somebody_elses_is_left_off_the_record(session: Session, crew: Crew) -> None:
    other = make_referral(session, date_of_birth=date(2011, 1, 1))
    referral = sent(session, crew)
    perform(session, referral, "add_the_rest", crew.referrer, now=LATER, values={"nhs_number": other.nhs_number})
    session.expire_all()
    assert referral.case is not None
    assert session.get_one(Patient, referral.case.patient_id).nhs_number is None
    assert referral.nhs_number == other.nhs_number


@pytest.mark.parametrize("name", ["decline", "redirect", "withdraw"])
def test_a_referral_that_goes_no_further_owes_nothing(session: Session, crew: Crew, name: str) -> None:
    referral = sent(session, crew)
    perform(session, referral, "start_review", crew.case_manager, now=LATER)
    perform(session, referral, name, crew.case_manager, now=LATER, values=ANSWERS.get(name, {}), reason=REASON)
    task = task_of(session, referral)
    assert (task.state, [clock.outcome for clock in task.clocks]) == ("not_needed", ["stopped"])
    assert task.history[-1].reason == f"{referral.reference}: {name.rstrip('e')}{'n' if name == 'withdraw' else 'ed'}"


def test_nothing_is_owed_by_a_whole_form_nor_by_a_file(session: Session, crew: Crew) -> None:
    sent(session, crew, **WHOLE)
    make_referral(session, priority="urgent")
    imported = start_referral(session, crew.referrer, **emergency_values())
    perform(session, imported, "submit", SYSTEM, now=NOW, values=ANSWERS["submit"])
    assert session.scalars(select(Task)).all() == []


def test_who_may_add_it_and_to_what(session: Session, crew: Crew) -> None:
    referral = sent(session, crew)
    for actor in (crew.head, crew.assessor):
        with pytest.raises(ActionRefused):
            perform(session, referral, "add_the_rest", actor, now=LATER, values={"postcode": "LS1 4AB"})
    with pytest.raises(ActionRefused, match="is not asked for here"):
        perform(session, referral, "add_the_rest", crew.referrer, now=LATER, values={"legal_status": "03"})
    routine = make_referral(session)
    with pytest.raises(ActionRefused, match="not possible now: this referral is submitted"):
        perform(session, routine, "add_the_rest", crew.coordinator, now=LATER, values={"school_name": "Beck School"})
    task = task_of(session, referral)
    with pytest.raises(ActionRefused):
        perform(session, task, "say_not_needed", crew.referrer, now=LATER, reason=REASON)
    perform(session, task, "say_not_needed", crew.coordinator, now=LATER, reason=REASON)
    assert (task.state, task.is_open) == ("not_needed", False)
