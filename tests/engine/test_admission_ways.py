"""An admission decision in the database: opened by an accepted referral, its clocks, its ways to an end."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.admissions.models import Admission
from hub.cases.models import CareCase
from hub.engine.audit import verify
from hub.engine.models import Clock, Transition
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.referrals.models import Referral
from tests.admission_factory import (
    STEPS,
    Crew,
    add_scan,
    admission_of,
    answers,
    clock_named,
    do,
    make_admission,
    make_crew,
    searches,
)
from tests.factories import ANSWERS, NOW, REASON, make_actor, make_referral
from workflows.admission import ADMISSION
from workflows.roles import Role

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def crew(session: Session) -> Crew:
    return make_crew(session)


def of(session: Session, admission: Admission) -> Referral:
    return session.get_one(Referral, admission.parent_id)


def ran_in(session: Session, admission: Admission) -> dict[str, str | None]:
    """Each clock's name and outcome; the last of a name."""
    rows = session.scalars(
        select(Clock).where(Clock.item_id == admission.id).order_by(Clock.id).execution_options(populate_existing=True)
    )
    return {row.name: row.outcome for row in rows}


def test_an_accepted_referral_opens_it_with_what_it_knew(session: Session, crew: Crew) -> None:
    admission = make_admission(session, crew=crew, priority="urgent")
    referral = of(session, admission)
    assert admission.state == "assessment_requested" and admission.reference.startswith("ADM-2026-")
    same = ("case_id", "service_line", "priority", "policy_version_id", "title", "received_at", "immediate_risk")
    assert [getattr(admission, name) for name in same] == [getattr(referral, name) for name in same]
    assert admission.case_id and admission.policy_version_id and admission.received_at == NOW
    assert (admission.objection_by, admission.objection, admission.pauses_before) == (None, None, None)
    assert admission.referral is referral
    first = admission.history[0]
    assert (first.action, first.acting_role, first.actor_id) == ("start", "system", None)
    assert [(party.organisation_id, party.capacities) for party in admission.parties] == [
        (crew.referrer.organisation_id, ["referrer"])
    ]


def test_the_family_that_objects_on_the_referral_objects_here(session: Session) -> None:
    views = {"family_objects": True, "family_views": "They want her at home"}
    admission = make_admission(session, referral=views)
    assert (admission.objection_by, admission.objection) == ("family", "They want her at home")
    assert admission.why_contested == ("the family objects",)


def test_neither_is_there_when_the_acceptance_is_rolled_back(session: Session, case_manager: Any) -> None:
    referral = make_referral(session, "in_review")
    inner = session.begin_nested()
    perform(session, referral, "accept", case_manager, now=NOW)
    assert admission_of(session, referral).state == "assessment_requested"
    inner.rollback()
    session.refresh(referral)
    assert referral.state == "in_review"
    assert session.scalar(select(func.count()).select_from(Admission)) == 0


def test_a_declined_referral_opens_none(session: Session) -> None:
    make_referral(session, "declined")
    assert session.scalar(select(func.count()).select_from(Admission)) == 0


@pytest.mark.parametrize("state", STEPS)
def test_every_state_has_a_clock_that_runs_or_stands_still_and_no_end_has_one(session: Session, state: str) -> None:
    admission = make_admission(session, state, step=HOUR)
    assert admission.state == state
    live = [clock for clock in admission.clocks if clock.stopped_at is None]
    assert bool(live) is (state not in ADMISSION.ends) is admission.is_open
    assert verify(session).findings == ()


@pytest.mark.parametrize("state", STEPS)
def test_what_has_no_arrow_from_here_nobody_does(session: Session, crew: Crew, state: str) -> None:
    admission = make_admission(session, state, crew=crew)
    possible = {arrow.name for arrow in ADMISSION.arrows(state)}
    before = admission.history_length
    for action in sorted({action.name for action in ADMISSION.actions} - possible):
        with pytest.raises(ActionRefused, match="is not possible now: this admission decision is"):
            do(session, admission, action, crew.case_manager)
    assert (admission.state, admission.history_length) == (state, before)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("priority", "received", "due"),
    [
        ("routine", "2026-03-16T10:00:00Z", "2026-04-13T23:59:59+01:00"),
        ("urgent", "2026-03-16T10:00:00Z", "2026-03-18T10:00:00Z"),
        ("emergency", "2026-03-16T10:00:00Z", "2026-03-17T10:00:00Z"),
        ("emergency", "2026-03-28T23:30:00Z", "2026-03-30T00:30:00+01:00"),
        ("emergency", "2026-10-24T23:30:00+01:00", "2026-10-25T22:30:00Z"),
    ],
)
def test_the_assessment_is_due_counted_from_receipt(session: Session, priority: str, received: str, due: str) -> None:
    admission = make_admission(session, priority=priority, now=moment(received), step=2 * HOUR)
    clock = clock_named(session, admission, "assess")
    assert (clock.started_at, clock.due_at) == (moment(received), moment(due))
    assert admission.opened_at == moment(received) + 6 * HOUR and admission.next_due_at == moment(due)


def test_what_a_routine_referral_waited_for_does_not_count(session: Session, crew: Crew, case_manager: Any) -> None:
    referral = make_referral(session, "returned", referrer=crew.referrer)
    perform(session, referral, "submit", crew.referrer, now=NOW + 3 * DAY, values=ANSWERS["submit"])
    perform(session, referral, "start_review", case_manager, now=NOW + 3 * DAY)
    perform(session, referral, "accept", case_manager, now=NOW + 4 * DAY)
    admission = admission_of(session, referral)
    [pause] = admission.pauses_before or []
    assert (pause["from"], pause["to"]) == (NOW.isoformat(), (NOW + 3 * DAY).isoformat())
    clock = clock_named(session, admission, "assess")
    assert clock.pauses == admission.pauses_before and clock.started_at == NOW
    assert clock.due_at == moment("2026-04-16T23:59:59+01:00"), "28 days and the three it stood still"
    do(session, admission, "book_assessment", crew.coordinator, now=NOW + 5 * DAY)
    do(session, admission, "cannot_assess", crew.assessor, now=NOW + 5 * DAY)
    again = clock_named(session, admission, "assess")
    assert (again.id, again.due_at) == (clock.id, moment("2026-04-16T23:59:59+01:00")), "one clock, told once"


def test_a_pause_on_request_that_ends_by_accepting_is_carried_too(session: Session, crew: Crew) -> None:
    referral = make_referral(session, "in_review", referrer=crew.referrer)
    perform(session, referral, "ask_pause", crew.referrer, now=NOW, values={"clock": "review"}, reason="Exams")
    perform(session, referral, "approve_pause", crew.coordinator, now=NOW, values={"clock": "review"})
    perform(session, referral, "accept", crew.case_manager, now=NOW + 2 * DAY)
    admission = admission_of(session, referral)
    assert [pause["to"] for pause in admission.pauses_before or []] == [(NOW + 2 * DAY).isoformat()]
    assert clock_named(session, admission, "assess").due_at == moment("2026-04-15T23:59:59+01:00")


@pytest.mark.parametrize(
    ("priority", "due"),
    [("emergency", NOW + 4 * HOUR), ("urgent", NOW + DAY), ("routine", moment("2026-03-18T17:00:00Z"))],
)
def test_the_decision_is_due(session: Session, priority: str, due: datetime) -> None:
    admission = make_admission(session, "assessed", priority=priority)
    assert ran_in(session, admission) == {"assess": "met", "decide": None}
    assert clock_named(session, admission, "decide").due_at == due


def test_the_decision_waits_for_an_answer_and_goes_on(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "more_needed", crew=crew, priority="urgent")
    decide, answer = clock_named(session, admission, "decide"), clock_named(session, admission, "answer")
    assert (decide.is_running, decide.paused_at) == (False, NOW)
    assert (answer.due_at, answer.duration, admission.next_due_at) == (NOW + 3 * DAY, "", NOW + 3 * DAY)
    do(session, admission, "answer", crew.coordinator, now=NOW + 2 * DAY)
    assert admission.state == "assessed" and admission.answer_given
    assert ran_in(session, admission) == {"assess": "met", "decide": None, "answer": "met"}
    decide = clock_named(session, admission, "decide")
    assert (decide.is_running, decide.due_at) == (True, NOW + 3 * DAY), "a day, and the two it waited"
    do(session, admission, "recommend", crew.case_manager, now=NOW + 2 * DAY)
    do(session, admission, "ask_more", crew.head, now=NOW + 2 * DAY, answer_due_at=NOW + 9 * DAY)
    again = clock_named(session, admission, "answer")
    assert (again.id != answer.id, again.due_at) == (True, NOW + 9 * DAY), "another question has its own date"


@pytest.mark.parametrize(("days", "outcome"), [(2, "stopped"), (4, "missed")])
def test_going_on_without_the_answer_is_never_an_answer(session: Session, crew: Crew, days: int, outcome: str) -> None:
    admission = make_admission(session, "more_needed", crew=crew)
    with pytest.raises(ActionRefused, match="Who asked the question may go on without the answer"):
        do(session, admission, "proceed_without", crew.head, now=NOW + days * DAY)
    do(session, admission, "proceed_without", crew.case_manager, now=NOW + days * DAY)
    assert admission.state == "assessed" and ran_in(session, admission)["answer"] == outcome


@pytest.mark.parametrize(("hours", "outcome"), [(23, "stopped"), (25, "missed")])
def test_an_assessment_that_an_emergency_overtook_was_not_made(
    session: Session, crew: Crew, hours: int, outcome: str
) -> None:
    admission = make_admission(session, "assessment_booked", crew=crew, priority="emergency")
    do(session, admission, "admit_in_emergency", crew.on_call, now=NOW + hours * HOUR)
    assert ran_in(session, admission)["assess"] == outcome


@pytest.mark.parametrize(("hours", "outcome"), [(3, "stopped"), (5, "missed")])
def test_a_decision_that_an_emergency_overtook_was_not_made(
    session: Session, crew: Crew, hours: int, outcome: str
) -> None:
    admission = make_admission(session, "recommended", crew=crew, priority="emergency")
    do(session, admission, "admit_in_emergency", crew.on_call, now=NOW + hours * HOUR)
    assert ran_in(session, admission) == {"assess": "met", "decide": outcome, "ratify": None}


@pytest.mark.parametrize(("state", "left"), [("assessment_booked", "assess"), ("more_needed", "answer")])
def test_withdrawing_gives_its_clocks_up_and_ends_the_sight_of_who_was_asked(
    session: Session, crew: Crew, state: str, left: str
) -> None:
    admission = make_admission(session, state, crew=crew)
    do(session, admission, "withdraw", crew.referrer, now=NOW + HOUR)
    assert (admission.state, ran_in(session, admission)[left]) == ("withdrawn", "stopped")
    assert [party.organisation_id for party in admission.parties if party.until_at is None] == [
        crew.referrer.organisation_id
    ]


@pytest.mark.parametrize("state", ["alternative_agreed", "admission_refused"])
def test_reconsidering_opens_the_case_again_and_times_another_decision(
    session: Session, crew: Crew, state: str
) -> None:
    admission = make_admission(session, state, crew=crew)
    session.get_one(CareCase, admission.case_id).closed_at = NOW
    session.flush()
    do(session, admission, "reconsider", crew.case_manager, now=NOW + 7 * DAY)
    assert (admission.state, admission.closed_at, admission.is_open) == ("recommended", None, True)
    assert session.get_one(CareCase, admission.case_id, populate_existing=True).closed_at is None
    assert clock_named(session, admission, "decide").started_at == NOW + 7 * DAY
    do(session, admission, "agree_admission", crew.head, now=NOW + 7 * DAY)
    assert len(searches(session, admission)) == 1 and verify(session).findings == ()


def test_a_signed_paper_form_counts_as_signed(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "assessment_booked", crew=crew)
    with pytest.raises(ActionRefused) as no:
        do(session, admission, "enter_signed_paper", crew.case_manager)
    assert "answers missing: fill it in first" in str(no.value)
    do(session, admission, "fill_in_assessment", crew.case_manager)
    with pytest.raises(ActionRefused, match="A scan of the signed paper is not here yet"):
        do(session, admission, "enter_signed_paper", crew.case_manager, now=NOW + HOUR)
    add_scan(session, admission, crew.case_manager)
    with pytest.raises(ActionRefused, match="has not happened yet"):
        do(session, admission, "enter_signed_paper", crew.case_manager, paper_signed_at=NOW + HOUR)
    do(session, admission, "enter_signed_paper", crew.case_manager, now=NOW + HOUR)
    assert (admission.state, admission.form2_signed_by_id) == ("assessed", crew.case_manager.user_id)
    assert (admission.form2_signed_at, admission.form2_signed_role) == (NOW + HOUR, "case_manager")
    assert session.get_one(CareCase, admission.case_id, populate_existing=True).form2_signed_at == NOW + HOUR


def test_without_every_answer_of_form_2_nobody_signs(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "assessment_booked", crew=crew)
    given = answers(session, "fill_in_assessment", NOW)
    perform(session, admission, "fill_in_assessment", crew.assessor, now=NOW, values={**given, "mental_state": None})
    with pytest.raises(ActionRefused) as no:
        do(session, admission, "sign_assessment", crew.assessor, signature=False)
    assert [problem.message for problem in no.value.problems] == [
        "Form 2: “What was found” has no answer",
        "Tick the box to sign",
    ]
    assert (admission.state, admission.form2_signed_at) == ("assessment_booked", None)


def test_only_for_lack_of_services_says_which_and_what_it_would_take(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "assessment_booked", crew=crew)
    do(session, admission, "fill_in_assessment", crew.assessor)
    with pytest.raises(ActionRefused) as no:
        do(session, admission, "sign_assessment", crew.assessor, only_for_lack_of_services=True)
    assert {problem.field for problem in no.value.problems} == {"missing_service", "missing_service_details"}
    missing: dict[str, Any] = {"missing_service": "crisis", "missing_service_details": "Somebody at night"}
    do(session, admission, "sign_assessment", crew.assessor, only_for_lack_of_services=True, **missing)
    assert (admission.missing_service, admission.state) == ("crisis", "assessed")


def test_the_person_in_intensive_care_needs_no_bed(session: Session, crew: Crew) -> None:
    """The case of product.md: referred for a T4 bed, assessed in intensive care, cared for where they are."""
    admission = make_admission(session, "assessment_booked", crew=crew, priority="urgent")
    do(session, admission, "fill_in_assessment", crew.assessor, diagnosis="Malignant catatonia", may_do_harm=True,
       may_do_harm_details="Intensive care cannot be left")  # fmt: skip
    do(session, admission, "sign_assessment", crew.assessor, is_appropriate=False, only_for_lack_of_services=False)
    do(session, admission, "recommend", crew.case_manager, recommendation="alternative", expected_length_weeks=6)
    do(session, admission, "ask_more", crew.case_manager, question="Who leads on the ward?")
    asked = make_actor(session, Role.UNIT_CLINICIAN)
    do(session, admission, "answer", asked, answer_given="The intensive care consultant")
    do(session, admission, "recommend", crew.case_manager, recommendation="alternative", expected_length_weeks=6)
    do(session, admission, "agree_alternative", crew.case_manager, reason=REASON)
    assert (admission.state, admission.alternative, admission.is_open) == ("alternative_agreed", "package", False)
    assert (admission.decided_by_id, admission.decided_role) == (crew.case_manager.user_id, "case_manager")
    assert searches(session, admission) == []
    assert set(ran_in(session, admission).values()) == {"met"}
    done = session.scalars(select(Transition.action).where(Transition.item_id == admission.id).order_by(Transition.id))
    assert list(done) == [
        "start",
        "book_assessment",
        "fill_in_assessment",
        "sign_assessment",
        "recommend",
        "ask_more",
        "answer",
        "recommend",
        "agree_alternative",
    ]
    assert verify(session).findings == ()
