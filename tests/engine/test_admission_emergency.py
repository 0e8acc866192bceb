"""Admitting first and ratifying after: both orders, who may, and the search for a bed that goes with it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.admissions.models import Admission
from hub.cases.models import CareCase
from hub.engine.audit import verify
from hub.engine.models import Clock, Transition
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.start import Beginning, start
from hub.referrals.services import parties_of
from tests.admission_factory import Crew, add_scan, admission_of, clock_named, do, make_admission, make_crew, searches
from tests.factories import ANSWERS, NOW, actor_of, emergency_values, make_membership, make_referral, referral_values
from workflows.actor import Actor
from workflows.referral import REFERRAL
from workflows.roles import Role

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def crew(session: Session) -> Crew:
    return make_crew(session)


def outcomes(session: Session, admission: Admission) -> dict[str, str | None]:
    rows = select(Clock).where(Clock.item_id == admission.id).order_by(Clock.id)
    return {row.name: row.outcome for row in session.scalars(rows.execution_options(populate_existing=True))}


def open_searches(session: Session, admission: Admission) -> list[str]:
    return [one.reference for one in searches(session, admission) if one.is_open]


def test_one_person_alone_at_three_in_the_morning(session: Session, crew: Crew) -> None:
    """By telephone, with on-call's powers only; ratified in the morning, the late Form 2 after that."""
    alone = crew.on_call
    called = datetime(2026, 3, 18, 3, 0, tzinfo=UTC)
    parties = parties_of(crew.referrer.organisation_id or 0, alone.organisation_id)
    referral = start(
        session,
        REFERRAL,
        alone,
        now=called,
        values={**emergency_values(), "received_at": called},
        about=Beginning(title="Hartwin, Isobel", parties=parties),
    )
    perform(session, referral, "submit", alone, now=called + HOUR / 6, values=ANSWERS["submit"])
    perform(session, referral, "start_review", alone, now=called + HOUR / 5)
    perform(session, referral, "accept", alone, now=called + HOUR / 4)
    admission = admission_of(session, referral)
    do(session, admission, "admit_in_emergency", alone, now=called + HOUR / 2)
    assert (admission.state, admission.admitted_by_id) == ("awaiting_ratification", alone.user_id)
    assert admission.admitted_role == "on_call", "a finance lead admits nobody"
    [placement] = searches(session, admission)
    assert (placement.state, placement.bed_type, placement.priority) == ("searching", "301", "emergency")
    assert (placement.parent_id, placement.case_id) == (admission.id, admission.case_id)
    assert clock_named(session, placement, "search").due_at == called + HOUR / 2 + 4 * HOUR
    case = session.get_one(CareCase, admission.case_id, populate_existing=True)
    assert (case.emergency_route_at, case.form2_signed_at) == (called + HOUR / 2, None)
    ratify, late = (clock_named(session, admission, name) for name in ("ratify", "late_assessment"))
    assert late.due_at == called + HOUR / 2 + DAY
    assert ratify.due_at == datetime(2026, 3, 20, 17, 0, tzinfo=UTC)
    morning = datetime(2026, 3, 18, 9, 0, tzinfo=UTC)
    do(session, admission, "ratify", crew.head, now=morning)
    assert (admission.state, admission.ratified_by_id) == ("awaiting_ratification", crew.head.user_id)
    assert outcomes(session, admission) == {"assess": "stopped", "late_assessment": None, "ratify": "met"}
    assert admission.next_due_at == late.due_at, "what is left to do keeps it in the lists"
    do(session, admission, "book_assessment", crew.coordinator, now=morning + HOUR)
    do(session, admission, "fill_in_assessment", crew.assessor, now=morning + 3 * HOUR)
    do(session, admission, "sign_late_assessment", crew.assessor, now=morning + 4 * HOUR)
    assert (admission.state, admission.is_open) == ("admission_agreed", False)
    assert outcomes(session, admission)["late_assessment"] == "met"
    session.refresh(case)
    assert case.form2_signed_at == morning + 4 * HOUR
    assert [one.id for one in searches(session, admission)] == [placement.id], "the search goes on, and is one"
    assert verify(session).findings == ()


def test_on_call_is_not_on_call_any_more(session: Session, crew: Crew) -> None:
    admission = make_admission(session, crew=crew, priority="emergency")
    for action in ("admit_in_emergency", "record_immediate_risk", "record_objection"):
        with pytest.raises(ActionRefused, match="There is nothing here for you to do"):
            do(session, admission, action, replace(crew.on_call, is_on_call=False))
    do(session, admission, "record_objection", crew.on_call)


@pytest.mark.parametrize("priority", ["urgent", "routine"])
def test_on_call_takes_emergencies_alone(session: Session, crew: Crew, priority: str) -> None:
    admission = make_admission(session, crew=crew, priority=priority)
    with pytest.raises(ActionRefused, match="There is nothing here for you to do"):
        do(session, admission, "admit_in_emergency", crew.on_call)
    coordinator = replace(crew.coordinator, is_on_call=True)
    with pytest.raises(ActionRefused, match="On-call takes emergencies; this one is not an emergency"):
        do(session, admission, "admit_in_emergency", coordinator)
    do(session, admission, "admit_in_emergency", crew.director)
    assert admission.admitted_role == "director"


def test_who_admits_in_an_emergency(session: Session, crew: Crew) -> None:
    admission = make_admission(session, crew=crew, priority="emergency")
    for actor in (crew.coordinator, crew.head, crew.referrer):
        with pytest.raises(ActionRefused, match="This is for a case manager, an on-call manager or a director"):
            do(session, admission, "admit_in_emergency", actor)
    assert searches(session, admission) == []


@pytest.mark.parametrize("state", ["assessment_requested", "assessment_booked", "assessed", "recommended"])
def test_from_wherever_it_is(session: Session, crew: Crew, state: str) -> None:
    admission = make_admission(session, state, crew=crew, priority="emergency")
    do(session, admission, "admit_in_emergency", crew.case_manager)
    owed = state.startswith("assessment")
    live = {clock.name for clock in admission.clocks if clock.stopped_at is None}
    assert live == ({"ratify", "late_assessment"} if owed else {"ratify"})
    assert len(open_searches(session, admission)) == 1


def test_the_risk_is_written_down_first_and_adult_secure_takes_nobody(session: Session, crew: Crew) -> None:
    routine = make_admission(session, crew=crew, referral={"immediate_risk": None})
    with pytest.raises(ActionRefused, match="The immediate risk is not on record: write it down first"):
        do(session, routine, "admit_in_emergency", crew.case_manager)
    do(session, routine, "record_immediate_risk", crew.coordinator)
    do(session, routine, "admit_in_emergency", crew.case_manager)
    secure = make_admission(session, crew=crew, service_line="secure", priority="urgent")
    with pytest.raises(ActionRefused, match="This service takes nobody without an assessment: book one"):
        do(session, secure, "admit_in_emergency", crew.case_manager, bed_type="206")
    assert (secure.state, searches(session, secure)) == ("assessment_requested", [])


def test_the_assessment_first_and_then_ratified(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "assessment_booked", crew=crew, priority="emergency")
    do(session, admission, "admit_in_emergency", crew.case_manager)
    do(session, admission, "fill_in_assessment", crew.assessor, now=NOW + HOUR)
    do(session, admission, "sign_late_assessment", crew.assessor, now=NOW + HOUR)
    assert (admission.state, admission.form2_signed_by_id) == ("awaiting_ratification", crew.assessor.user_id)
    assert outcomes(session, admission) == {"assess": "stopped", "late_assessment": "met", "ratify": None}
    for action in ("fill_in_assessment", "enter_late_paper", "book_assessment"):
        with pytest.raises(ActionRefused, match="Form 2 is signed already"):
            do(session, admission, action, crew.case_manager, now=NOW + HOUR)
    do(session, admission, "ratify", crew.director, now=NOW + 3 * DAY)
    assert (admission.state, admission.ratified_role) == ("admission_agreed", "director")
    assert outcomes(session, admission)["ratify"] == "met_late"
    assert len(searches(session, admission)) == 1 and verify(session).findings == ()


@pytest.mark.parametrize("is_ratified", [False, True])
def test_a_late_paper_form(session: Session, crew: Crew, is_ratified: bool) -> None:
    admission = make_admission(session, "awaiting_ratification", crew=crew, priority="emergency")
    if is_ratified:
        do(session, admission, "ratify", crew.head)
    with pytest.raises(ActionRefused, match="answers missing: fill it in first"):
        do(session, admission, "enter_late_paper", crew.case_manager)
    do(session, admission, "fill_in_assessment", crew.case_manager)
    add_scan(session, admission, crew.case_manager)
    do(session, admission, "enter_late_paper", crew.case_manager, now=NOW + 25 * HOUR)
    assert admission.state == ("admission_agreed" if is_ratified else "awaiting_ratification")
    assert outcomes(session, admission)["late_assessment"] == "met_late"


def test_once_ratified_it_is_not_ratified_or_refused_again(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "awaiting_ratification", crew=crew, priority="emergency")
    do(session, admission, "ratify", crew.head)
    for action in ("ratify", "refuse_ratification"):
        with pytest.raises(ActionRefused, match="It is ratified already"):
            do(session, admission, action, crew.director)
    assert admission.ratified_by_id == crew.head.user_id


@pytest.mark.parametrize("action", ["ratify", "refuse_ratification"])
@pytest.mark.parametrize("is_signed", [False, True])
def test_another_person_ratifies(session: Session, crew: Crew, action: str, is_signed: bool) -> None:
    state = "assessed" if is_signed else "assessment_requested"
    admission = make_admission(session, state, crew=crew, priority="emergency")
    do(session, admission, "admit_in_emergency", crew.director)
    user = session.get_one(UserAccount, crew.director.user_id)
    as_head = actor_of(make_membership(session, Role.HEAD_OF_COMMISSIONING, user=user))
    for_them = replace(crew.head, on_behalf_of=crew.director.user_id)
    for actor in (crew.director, as_head, for_them):
        with pytest.raises(ActionRefused, match="so another head of commissioning or director ratifies it"):
            do(session, admission, action, actor)
    for actor in (crew.case_manager, crew.coordinator, crew.on_call):
        with pytest.raises(ActionRefused, match="This is for a head of commissioning or a director"):
            do(session, admission, action, actor)
    do(session, admission, action, crew.head)
    leads_to = {
        ("ratify", True): "admission_agreed",
        ("ratify", False): "awaiting_ratification",
        ("refuse_ratification", True): "assessed",
        ("refuse_ratification", False): "assessment_requested",
    }
    assert admission.state == leads_to[action, is_signed]


@pytest.mark.parametrize("is_signed", [False, True])
@pytest.mark.parametrize("hours", [1, 200])
def test_refusing_stands_the_search_down_and_decides_the_usual_way(
    session: Session, crew: Crew, is_signed: bool, hours: int
) -> None:
    state = "assessed" if is_signed else "assessment_booked"
    admission = make_admission(session, state, crew=crew, priority="emergency")
    do(session, admission, "admit_in_emergency", crew.on_call)
    then = NOW + hours * HOUR
    do(session, admission, "refuse_ratification", crew.head, now=then, reason="The ward can hold her")
    [placement] = searches(session, admission)
    assert (placement.state, placement.is_open) == ("stood_down", False)
    last = session.scalars(select(Transition).where(Transition.item_id == placement.id).order_by(Transition.id)).all()[
        -1
    ]
    assert (last.action, last.actor_id, last.acting_role, last.at) == ("stand_down", None, "system", then)
    assert last.reason == f"{admission.reference}: The ward can hold her"
    late = clock_named(session, placement, "search")
    assert late.outcome == ("stopped" if hours == 1 else "missed")
    said = outcomes(session, admission)
    assert said["ratify"] == ("met" if hours == 1 else "met_late")
    if is_signed:
        assert admission.state == "assessed" and said["decide"] is None and "late_assessment" not in said
    else:
        assert admission.state == "assessment_requested" and said["assess"] is None
        assert said["late_assessment"] == ("stopped" if hours == 1 else "missed")
        assert [party.organisation_id for party in admission.parties if party.until_at is None] == [
            crew.referrer.organisation_id
        ]
    assert (admission.tonight, admission.ratification_refused_by_id) == (
        "Stays on the paediatric ward with two nurses",
        crew.head.user_id,
    )
    do(session, admission, "admit_in_emergency", crew.case_manager, now=then + HOUR)
    assert len(open_searches(session, admission)) == 1 and len(searches(session, admission)) == 2
    assert clock_named(session, admission, "ratify").started_at == then + HOUR
    assert verify(session).findings == ()


def test_withdrawing_stands_the_search_down(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "awaiting_ratification", crew=crew, priority="emergency")
    do(session, admission, "withdraw", crew.case_manager, reason="Gone home with the family")
    assert open_searches(session, admission) == [] and len(searches(session, admission)) == 1


def two_of_one_case(session: Session, crew: Crew) -> tuple[Admission, Admission]:
    """Two referrals of one person, both accepted."""
    same = {"priority": "emergency", "referrer": crew.referrer, "nhs_number": referral_values()["nhs_number"]}
    first, second = (admission_of(session, make_referral(session, "accepted", **same)) for _ in range(2))
    assert first.case_id == second.case_id and first.id != second.id
    return first, second


def test_one_search_for_one_case(session: Session, crew: Crew) -> None:
    first, second = two_of_one_case(session, crew)
    do(session, first, "admit_in_emergency", crew.on_call)
    do(session, second, "admit_in_emergency", crew.case_manager)
    assert len(searches(session, first)) == 1


@pytest.mark.parametrize("who_opened", ["the one that stays", "the one that goes"])
@pytest.mark.parametrize("goes_by", ["withdraw", "refuse_ratification"])
def test_a_search_that_another_decision_asks_for_goes_on(
    session: Session, crew: Crew, who_opened: str, goes_by: str
) -> None:
    first, second = two_of_one_case(session, crew)
    stays, goes = (first, second) if who_opened == "the one that stays" else (second, first)
    do(session, first, "admit_in_emergency", crew.on_call)
    do(session, second, "admit_in_emergency", crew.on_call, now=NOW + HOUR)
    do(session, goes, goes_by, crew.head if goes_by != "withdraw" else crew.case_manager, now=NOW + 2 * HOUR)
    assert len(open_searches(session, first)) == 1, "the other decision still asks for the bed"
    do(session, stays, "withdraw", crew.case_manager, now=NOW + 3 * HOUR)
    assert open_searches(session, first) == []


def test_an_old_decision_of_the_case_does_not_keep_a_new_search_alive(session: Session, crew: Crew) -> None:
    first, second = two_of_one_case(session, crew)
    do(session, first, "admit_in_emergency", crew.on_call)
    [old] = searches(session, first)
    perform(session, old, "stand_down", crew.case_manager, now=NOW + HOUR, reason="A bed was found")
    do(session, second, "admit_in_emergency", crew.on_call, now=NOW + 9 * DAY)
    do(session, second, "withdraw", crew.case_manager, now=NOW + 10 * DAY)
    assert open_searches(session, first) == []


def test_who_stands_a_search_down(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "awaiting_ratification", crew=crew, priority="emergency")
    [placement] = searches(session, admission)
    people: tuple[Any, ...] = (crew.coordinator, crew.head)
    for actor in people:
        with pytest.raises(ActionRefused, match="This is for a case manager or an on-call manager"):
            do(session, placement, "stand_down", actor)
    with pytest.raises(ActionRefused, match="Give your reason"):
        do(session, placement, "stand_down", crew.on_call, reason=" ")
    outsider = Actor(9_999, "Somebody elsewhere", Role.CASE_MANAGER, organisation_id=9_999)
    with pytest.raises(ActionRefused, match="There is nothing here for you to do"):
        do(session, placement, "stand_down", outsider)
    do(session, placement, "stand_down", crew.on_call)
    assert placement.state == "stood_down"
