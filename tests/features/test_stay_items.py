"""Stays as items: dates that agree with the row the database guards, transfers, corrections, and the follow-up."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, CaseStay
from hub.cases.stays import ELSEWHERE, StayEntry, correct_stay, is_staying, record_stay
from hub.engine.audit import verify
from hub.engine.everyday import correctable
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.visibility import visible
from hub.patients.models import Patient
from hub.stays.models import Stay
from tests.admission_factory import clock_named, make_admission, make_crew, searches
from tests.factories import NOW, make_actor
from tests.placement_factory import (
    Ward,
    accept,
    admit,
    approach,
    complete,
    join_collaborative,
    make_stay,
    make_ward,
    offer,
)
from tests.stay_factory import DAY, HOUR, answers, do, stay_on, utc
from workflows.durations import LONDON
from workflows.roles import Role

MOMENTS = {"began_at", "left_at", "transferred_at", "leave_from", "leave_until", "returned_at", "next_unit_id"}
"""What stands in the row of dates too, or hangs together with it."""


@pytest.fixture
def ward(session: Session) -> Ward:
    return make_ward(session)


@pytest.fixture
def stay(session: Session, ward: Ward) -> Stay:
    """A person on the ward since a day before NOW."""
    return stay_on(session, ward)


def dates(session: Session, stay: Stay) -> tuple[datetime, datetime | None]:
    """From when until when the row of the stay says."""
    query = select(CaseStay.from_at, CaseStay.until_at).where(CaseStay.id == stay.case_stay_id)
    from_at, until_at = session.execute(query).one()
    return from_at, until_at


def next_of(session: Session, stay: Stay) -> Stay:
    """The stay that a transfer began."""
    return session.scalars(select(Stay).where(Stay.parent_id == stay.id)).one()


def test_from_admission_to_follow_up_item_and_row_agree(session: Session, stay: Stay, ward: Ward) -> None:
    case_id = stay.case_id or 0
    assert dates(session, stay) == (stay.began_at, None) and is_staying(session, case_id)
    do(session, stay, "start_leave", ward.clinician, NOW)
    assert clock_named(session, stay, "leave").due_at == NOW + 5 * HOUR
    do(session, stay, "return_from_leave", ward.clinician, NOW + HOUR)
    do(session, stay, "change_discharge_date", ward.clinician, NOW + 2 * HOUR)
    assert clock_named(session, stay, "discharge").due_at == stay.discharge_due_at
    do(session, stay, "end_stay", ward.manager, NOW + 3 * HOUR, now=NOW + 4 * HOUR)
    assert dates(session, stay) == (stay.began_at, NOW + 3 * HOUR) and not is_staying(session, case_id)
    clock = clock_named(session, stay, "follow_up")
    assert (clock.started_at, clock.due_at) == (NOW + 3 * HOUR, NOW + 75 * HOUR)
    do(session, stay, "record_follow_up", make_actor(session, Role.COORDINATOR), NOW + 74 * HOUR)
    assert stay.state == "ended" and clock_named(session, stay, "follow_up").outcome == "met"
    assert not verify(session).findings


@pytest.mark.parametrize(
    ("left_at", "due_at"),
    [
        (utc(2026, 3, 27, 23, 30), "Tuesday 31 March 2026, 00:30"),  # the clocks go forward on Sunday 29 March
        (utc(2026, 10, 23, 22, 30), "Monday 26 October 2026, 22:30"),  # and back on Sunday 25 October
    ],
)
def test_seventy_two_hours_are_hours_that_pass(session: Session, left_at: datetime, due_at: str) -> None:
    ward = make_ward(session)
    stay = stay_on(session, ward, now=left_at - DAY)
    do(session, stay, "end_stay", ward.manager, left_at)
    clock = clock_named(session, stay, "follow_up")
    assert clock.due_at - left_at == timedelta(hours=72)
    here = clock.due_at.astimezone(LONDON)
    assert f"{here:%A} {here.day} {here:%B %Y, %H:%M}" == due_at


REFUSED: list[tuple[str, Callable[[Stay], dict[str, Any]], str]] = [
    ("end_stay", lambda stay: {"left_at": stay.began_at}, "This is before the stay began"),
    ("end_stay", lambda _: {"left_at": NOW + 9 * HOUR}, "this has not happened yet"),
    ("end_stay", lambda _: {"left_at": NOW - 3 * HOUR}, "This is before the last leave began"),
    ("end_stay", lambda _: {"left_at": NOW - 90 * HOUR / 60}, "This is before the person was back"),
    ("start_leave", lambda _: {"leave_from": NOW - 90 * HOUR / 60}, "This is before the person was back"),
    ("start_leave", lambda _: {"leave_until": NOW - HOUR}, "This is before the leave begins"),
    ("start_leave", lambda _: {"leave_from": NOW + 6 * HOUR}, "this has not happened yet"),
    ("transfer", lambda stay: {"next_unit_id": stay.unit_id}, "The person is on this unit already"),
    ("transfer", lambda _: {"next_unit_id": 999_999}, "Choose a unit from the list"),
    ("transfer", lambda _: {"transferred_at": NOW - 3 * HOUR}, "This is before the last leave began"),
    ("correct_beginning", lambda _: {"began_at": NOW}, "This is after the last leave began"),
    ("correct_beginning", lambda _: {"began_at": NOW - 50 * HOUR}, f"^{ELSEWHERE}$"),
]


def test_what_cannot_be_is_refused_in_words_and_changes_nothing(session: Session, stay: Stay, ward: Ward) -> None:
    earlier = StayEntry(None, "Ward 6", NOW - 60 * HOUR, NOW - 48 * HOUR)
    record_stay(session, stay.case_id or 0, earlier, by_id=None, now=NOW)
    do(session, stay, "start_leave", ward.manager, NOW - 2 * HOUR)
    do(session, stay, "return_from_leave", ward.manager, NOW - HOUR)
    coordinator, other = make_actor(session, Role.COORDINATOR), make_ward(session)
    before, version = dates(session, stay), stay.version
    for action, wrong, said in REFUSED:
        who = coordinator if action == "transfer" else ward.manager
        values = {**(answers(action, NOW, other.unit) if action != "correct_beginning" else {}), **wrong(stay)}
        with pytest.raises(ActionRefused, match=said), session.begin_nested():
            perform(session, stay, action, who, now=NOW, values=values, reason="As it was")
        session.expire_all()
        assert (dates(session, stay), stay.version, stay.state) == (before, version, "current"), action
    # The hub alone is told which stay it is.
    with pytest.raises(ActionRefused, match="It would overlap another stay of this person: Ward 6"):
        values = {"began_at": NOW - 50 * HOUR}
        perform(session, stay, "correct_beginning", coordinator, now=NOW, values=values, reason="As it was")


def test_a_transfer_begins_the_next_stay_at_that_moment_and_each_unit_keeps_its_own(
    session: Session, stay: Stay, ward: Ward
) -> None:
    other, coordinator = make_ward(session, "ZPR02", name="Larkwood"), make_actor(session, Role.COORDINATOR)
    do(session, stay, "start_leave", ward.clinician, NOW - HOUR)
    do(session, stay, "transfer", coordinator, NOW, unit=other.unit)
    following = next_of(session, stay)
    assert (stay.state, following.state, following.unit_id) == ("ended", "current", other.unit.id)
    assert dates(session, stay)[1] == dates(session, following)[0] == NOW
    assert {clock.name: clock.outcome for clock in stay.clocks} == {"discharge": "met", "leave": "met"}
    for theirs, not_theirs, people in ((stay, following, ward), (following, stay, other)):
        for who in (people.manager, people.clinician):
            seen = set(session.scalars(visible(Stay, who)))
            assert theirs in seen and not_theirs not in seen
    with pytest.raises(ActionRefused, match="There is nothing here for you to do"):
        do(session, following, "start_leave", ward.manager, NOW)
    # Back on the same day, and again: stays of one person may touch, and never overlap.
    do(session, following, "transfer", coordinator, NOW + HOUR, unit=ward.unit)
    back = next_of(session, following)
    do(session, back, "end_stay", ward.manager, NOW + 2 * HOUR)
    again = record_stay(
        session, stay.case_id or 0, StayEntry(other.unit.id, "", NOW + 2 * HOUR, None), by_id=None, now=NOW + 3 * HOUR
    )
    assert again.from_at == dates(session, back)[1] and is_staying(session, stay.case_id)


@pytest.mark.parametrize("watched", [{"level": "intensive"}, {"admissions": "suspended"}])
def test_a_transfer_is_no_way_round_a_stop_on_admissions(session: Session, stay: Stay, watched: dict[str, str]) -> None:
    other, coordinator = make_ward(session, "ZPR02", name="Larkwood"), make_actor(session, Role.COORDINATOR)
    for name, value in watched.items():
        setattr(other.unit, name, value)
    session.flush()
    with pytest.raises(ActionRefused, match="or ask a director first"), session.begin_nested():
        do(session, stay, "transfer", coordinator, NOW, unit=other.unit)
    session.expire_all()
    assert stay.state == "current" and dates(session, stay)[1] is None


def test_admitted_again_on_the_same_day_and_never_into_another_stay(session: Session) -> None:
    crew, ward = make_crew(session), make_ward(session)
    first = make_stay(session, crew, ward, now=NOW - 2 * DAY)
    number = session.get_one(CareCase, first.case_id).patient_id
    same = {"nhs_number": session.get_one(Patient, number).nhs_number}
    while_there = make_admission(session, "admission_agreed", crew=crew, now=NOW, referral=same)
    assert while_there.case_id == first.case_id and len(searches(session, while_there)) == 1
    do(session, first, "end_stay", ward.manager, NOW)
    admission = make_admission(session, "admission_agreed", crew=crew, now=NOW, referral=same)
    placement = searches(session, admission)[-1]
    asked = approach(session, placement, ward.unit, crew.coordinator, now=NOW)
    offer(session, asked, ward.manager, now=NOW)
    join_collaborative(session, placement, ward.unit.site.organisation)
    accept(session, placement, asked, crew.case_manager, now=NOW)
    complete(session, placement, now=NOW)
    elsewhere = StayEntry(make_ward(session, "ZPR02").unit.id, "", NOW, NOW + HOUR)
    overlap = r"It would overlap another stay of this person: Linden, Tarn House, from"
    for who, said in ((crew.coordinator, overlap), (ward.manager, f"^{ELSEWHERE}$")):
        with pytest.raises(ActionRefused, match=said) as refused, session.begin_nested():
            record_stay(session, first.case_id or 0, elsewhere, by_id=None, now=NOW + HOUR)
            admit(session, placement, who, now=NOW + HOUR, admitted_at=NOW)
        assert [problem.field for problem in refused.value.problems] == ["admitted_at"]
        session.expire_all()
    again = admit(session, placement, ward.manager, now=NOW + HOUR, admitted_at=NOW)
    assert dates(session, first)[1] == dates(session, again)[0] == NOW
    assert (again.title, again.unit_id, again.organisation_id) == (first.title, ward.unit.id, first.organisation_id)


def test_moments_are_corrected_on_the_item_and_nowhere_else(session: Session, stay: Stay, ward: Ward) -> None:
    row = stay.case_stay_id or 0
    entry = StayEntry(ward.unit.id, "", NOW - 2 * DAY, None)
    with pytest.raises(ActionRefused, match=f"This stay is kept by {stay.reference}. Open {stay.reference}"):
        correct_stay(session, stay.case_id or 0, row, entry, reason="Earlier", by_id=1, now=NOW)
    begun = NOW - 30 * HOUR
    perform(session, stay, "correct_beginning", ward.manager, now=NOW, values={"began_at": begun}, reason="Typed wrong")
    do(session, stay, "end_stay", ward.manager, NOW, now=NOW + HOUR)
    right = {"left_at": NOW - HOUR}
    perform(session, stay, "correct_end", ward.manager, now=NOW + HOUR, values=right, reason="Typed wrong")
    assert dates(session, stay) == (stay.began_at, stay.left_at) == (begun, NOW - HOUR)
    assert clock_named(session, stay, "follow_up").due_at == NOW + 71 * HOUR
    assert not set(correctable(stay, make_actor(session), stay.parties)) & MOMENTS
    do(session, stay, "record_follow_up", ward.manager, NOW + HOUR)
    with pytest.raises(ActionRefused, match="This is after the follow-up"):
        late = {"left_at": NOW + 2 * HOUR}
        perform(session, stay, "correct_end", ward.manager, now=NOW + 3 * HOUR, values=late, reason="x")


def test_nobody_is_reminded_to_speak_to_somebody_who_died(session: Session, stay: Stay, ward: Ward) -> None:
    do(session, stay, "end_stay", ward.manager, NOW, destination="died")
    clock = clock_named(session, stay, "follow_up")
    assert (stay.state, clock.is_running, clock.outcome) == ("ended", False, "stopped")
    assert dates(session, stay)[1] == NOW and not verify(session).findings


def test_the_database_refuses_an_overlap_that_came_past_the_program(session: Session, stay: Stay) -> None:
    do(session, stay, "end_stay", make_actor(session, Role.COORDINATOR), NOW)
    record_stay(session, stay.case_id or 0, StayEntry(None, "Ward 6", NOW, None), by_id=None, now=NOW)
    for past in ({"until_at": NOW + HOUR}, {"until_at": None}):
        with pytest.raises(IntegrityError, match="ex_case_stay_overlap"), session.begin_nested():
            session.execute(update(CaseStay).where(CaseStay.id == stay.case_stay_id).values(**past))
