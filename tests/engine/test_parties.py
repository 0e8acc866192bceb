"""Whom an action lets in to an item and lets go of, what each of them sees, and what is no organisation at all."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.admissions.models import Admission
from hub.engine.audit import verify
from hub.engine.models import ItemParty
from hub.engine.parties import let_in
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.turn import Row
from hub.engine.visibility import View, may_see, view_of_item, visible
from tests.admission_factory import (
    Crew,
    capacities,
    clock_named,
    do,
    let_outside_in,
    make_admission,
    make_crew,
    searches,
)
from tests.factories import NOW, actor_of, make_actor, make_membership, make_organisation
from workflows.actor import Actor
from workflows.roles import Capacity, Role

HOUR = timedelta(hours=1)
REFERRER, ASSESSOR, ASKED, INTERESTED = (
    {capacity} for capacity in (Capacity.REFERRER, Capacity.ASSESSOR, Capacity.ASKED, Capacity.INTERESTED)
)


@pytest.fixture
def crew(session: Session) -> Crew:
    return make_crew(session)


def sees(session: Session, item: Any, actor: Actor) -> bool:
    """Whether the actor finds it; the list and the one item must say the same."""
    by_list = session.scalar(visible(type(item), actor).where(type(item).id == item.id)) is not None
    assert by_list is may_see(item, actor, item.parties)
    return by_list


def copies_are_right(session: Session, item: Any) -> bool:
    rows = session.scalars(
        select(ItemParty).where(ItemParty.item_id == item.id).execution_options(populate_existing=True)
    )
    return {(row.is_open, row.next_due_at, row.kind) for row in rows} == {(item.is_open, item.next_due_at, item.kind)}


def test_who_assesses_comes_in_by_booking_and_goes_by_signing(session: Session, crew: Crew) -> None:
    admission = make_admission(session, crew=crew)
    assert not sees(session, admission, crew.assessor)
    do(session, admission, "book_assessment", crew.coordinator)
    assert capacities(admission)[crew.assessor.organisation_id or 0] == ASSESSOR
    assert sees(session, admission, crew.assessor) and copies_are_right(session, admission)
    [row] = [party for party in admission.parties if party.organisation_id == crew.assessor.organisation_id]
    assert (row.why, row.from_at, row.until_at) == ("Book the assessment", NOW, None)
    do(session, admission, "fill_in_assessment", crew.assessor)
    do(session, admission, "sign_assessment", crew.assessor, now=NOW + HOUR)
    assert not sees(session, admission, crew.assessor)
    session.refresh(row)
    assert row.until_at == NOW + HOUR, "kept, with its end"
    assert capacities(admission) == {crew.referrer.organisation_id: REFERRER}
    with pytest.raises(ActionRefused, match="There is nothing here for you to do"):
        do(session, admission, "fill_in_assessment", crew.assessor)


def test_who_cannot_assess_is_let_go(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "assessment_booked", crew=crew)
    with pytest.raises(ActionRefused, match="Give your reason"):
        do(session, admission, "cannot_assess", crew.assessor, reason="")
    do(session, admission, "cannot_assess", crew.assessor)
    assert admission.state == "assessment_requested" and not sees(session, admission, crew.assessor)


def test_booking_another_lets_the_first_go_and_booking_the_same_keeps_it(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "assessment_booked", crew=crew)
    do(session, admission, "book_assessment", crew.case_manager, now=NOW + HOUR)
    assert sees(session, admission, crew.assessor)
    other = make_actor(session, Role.ACCESS_ASSESSOR)
    do(session, admission, "book_assessment", crew.coordinator, assessing_organisation_id=other.organisation_id)
    assert (sees(session, admission, crew.assessor), sees(session, admission, other)) == (False, True)
    do(session, admission, "book_assessment", crew.coordinator)
    assert (sees(session, admission, crew.assessor), sees(session, admission, other)) == (True, False)
    assert copies_are_right(session, admission) and verify(session).findings == ()


def test_another_role_of_the_assessors_organisation_sees_and_signs_nothing(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "assessment_booked", crew=crew)
    place = make_organisation(session, "ZAS01")
    bed_manager = actor_of(make_membership(session, Role.UNIT_MANAGER, place))
    with pytest.raises(ActionRefused, match="This is for an access assessor"):
        do(session, admission, "sign_assessment", bed_manager)
    elsewhere = make_actor(session, Role.ACCESS_ASSESSOR)
    with pytest.raises(ActionRefused, match="There is nothing here for you to do"):
        do(session, admission, "sign_assessment", elsewhere)


def test_who_was_asked_comes_in_and_goes_with_the_answer(session: Session, crew: Crew) -> None:
    asked = make_actor(session, Role.UNIT_CLINICIAN)
    for way in ("answer", "proceed_without"):
        admission = make_admission(session, "more_needed", crew=crew)
        assert capacities(admission)[asked.organisation_id or 0] == ASKED and sees(session, admission, asked)
        do(session, admission, way, asked if way == "answer" else crew.case_manager)
        assert not sees(session, admission, asked) and copies_are_right(session, admission)


def test_a_role_that_was_not_meant_does_not_answer(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "more_needed", crew=crew)
    for actor in (crew.referrer, crew.head):
        with pytest.raises(ActionRefused, match="This is for a referrer, an access assessor, a unit clinician, a unit"):
            do(session, admission, "answer", actor)


def test_a_referrer_that_is_asked_or_assesses_stays_the_referrer(session: Session, crew: Crew) -> None:
    place = crew.referrer.organisation_id or 0
    admission = make_admission(session, crew=crew)
    do(session, admission, "book_assessment", crew.coordinator, assessing_organisation_id=place)
    assert capacities(admission) == {place: REFERRER | ASSESSOR}
    do(session, admission, "book_assessment", crew.coordinator, assessing_organisation_id=place)
    assert capacities(admission) == {place: REFERRER | ASSESSOR}
    do(session, admission, "book_assessment", crew.coordinator)
    assert capacities(admission)[place] == REFERRER
    admission = make_admission(session, "recommended", crew=crew)
    do(session, admission, "ask_more", crew.case_manager, asked_organisation_id=place)
    assert capacities(admission) == {place: REFERRER | ASKED}
    do(session, admission, "answer", crew.referrer)
    assert capacities(admission) == {place: REFERRER} and sees(session, admission, crew.referrer)
    assert [party.until_at for party in admission.parties if party.organisation_id == place] == [None], "one row"


def test_what_each_of_them_sees(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "assessment_booked", crew=crew, priority="emergency")
    let_outside_in(session, admission, crew)
    finance = make_actor(session, Role.FINANCE_LEAD)
    for actor, view in (
        (crew.referrer, View.OUTCOME),
        (crew.assessor, View.OUTCOME),
        (crew.outside, View.ALL),
        (crew.case_manager, View.ALL),
        (crew.director, View.ALL),
        (crew.on_call, View.ALL),
        (finance, View.COST),
        (make_actor(session, Role.INFORMATION_GOVERNANCE), View.HISTORY),
        (make_actor(session, Role.ADMINISTRATOR), View.NONE),
        (make_actor(session, Role.QUALITY_LEAD), View.NONE),
        (make_actor(session, Role.UNIT_MANAGER), View.NONE),
    ):
        assert view_of_item(admission, actor, admission.parties) is view, actor.role
    assert view_of_item(session_placement(session, crew), crew.referrer, []) is View.NONE


def session_placement(session: Session, crew: Crew) -> Any:
    """A placement, checked to show the referrer its outcome alone."""
    admission = make_admission(session, "admission_agreed", crew=crew)
    [placement] = searches(session, admission)
    assert capacities(placement) == {crew.referrer.organisation_id: REFERRER}
    assert view_of_item(placement, crew.referrer, placement.parties) is View.OUTCOME
    assert view_of_item(placement, crew.case_manager, placement.parties) is View.ALL
    assert not sees(session, placement, crew.assessor) and sees(session, placement, crew.referrer)
    return placement


def test_a_referrer_whom_the_hub_lets_in_otherwise_too_sees_all(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "more_needed", crew=crew)
    asked = make_actor(session, Role.UNIT_CLINICIAN)
    assert view_of_item(admission, asked, admission.parties) is View.OUTCOME
    by_name = ItemParty(item_id=admission.id, user_id=asked.user_id, capacities=["specialist"], from_at=NOW,
                        kind="admission", next_due_at=admission.next_due_at)  # fmt: skip
    session.add(by_name)
    session.flush()
    session.expire(admission, ["parties"])
    assert view_of_item(admission, asked, admission.parties) is View.ALL, "the most that any way in gives"


def test_letting_somebody_in_and_ending_it_by_hand(session: Session, crew: Crew) -> None:
    admission = make_admission(session, crew=crew)
    let_outside_in(session, admission, crew)
    assert capacities(admission)[crew.outside.organisation_id or 0] == INTERESTED
    with pytest.raises(ActionRefused, match="This organisation can already see it"):
        let_outside_in(session, admission, crew)
    values = {"organisation_id": crew.outside.organisation_id}
    perform(session, admission, "remove_party", crew.coordinator, now=NOW, values=values, reason="Done")
    assert not sees(session, admission, crew.outside)
    let_outside_in(session, admission, crew)
    assert sees(session, admission, crew.outside) and copies_are_right(session, admission)


NOBODY = (0, -1, 999_999, 2**31, 2**63, 10**40, "ZAS01", "", True, None)


@pytest.mark.parametrize("number", NOBODY)
@pytest.mark.parametrize(
    ("state", "action", "field"),
    [
        ("assessment_requested", "book_assessment", "assessing_organisation_id"),
        ("recommended", "ask_more", "asked_organisation_id"),
        ("assessment_requested", "add_party", "organisation_id"),
    ],
)
def test_a_number_of_nobody_is_refused_beside_its_field(
    session: Session, crew: Crew, state: str, action: str, field: str, number: Any
) -> None:
    admission = make_admission(session, state, crew=crew)
    version, before = admission.version, capacities(admission)
    with pytest.raises(ActionRefused) as no:
        do(session, admission, action, crew.case_manager, **{field: number})
    assert [problem.field for problem in no.value.problems] == [field]
    session.refresh(admission)
    assert (admission.state, admission.version, capacities(admission)) == (state, version, before)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("assessing_organisation_id", "99999999999999999999"),
        ("assessing_organisation_id", "x"),
        ("asked_organisation_id", "7"),
        ("expected_length_weeks", "99999999999999999999"),
        ("expected_length_weeks", "eight"),
        ("booked_for", "soon"),
        ("booked_for", "2026-03-01T10:00"),
        ("paper_signed_at", "2031-01-01T10:00"),
        ("answer_due_at", "2026-03-01T10:00"),
        ("answer_due_at", "99999-01-01"),
        ("has_interest", "perhaps"),
        ("assessed_at", ""),
        ("objection_by", "nobody"),
        ("form2_signed_by_id", "7"),
        ("received_at", "2026-03-01T10:00"),
        ("pauses_before", "[]"),
    ],
)
def test_a_correction_that_cannot_be_is_refused_and_no_fault_of_the_database(
    session: Session, crew: Crew, field: str, value: str
) -> None:
    admission = make_admission(session, "more_needed", crew=crew)
    perform(session, admission, "assign", crew.coordinator, now=NOW, values={"owner_id": crew.head.user_id})
    before = getattr(admission, field)
    with pytest.raises(ActionRefused):
        perform(session, admission, "correct_field", crew.head, now=NOW, reason="A slip",
                values={"field": field, "value": value})  # fmt: skip
    session.refresh(admission)
    assert getattr(admission, field) == before


def test_a_corrected_date_moves_the_clock_that_is_due_then(session: Session, crew: Crew) -> None:
    admission = make_admission(session, "more_needed", crew=crew)
    perform(session, admission, "assign", crew.coordinator, now=NOW, values={"owner_id": crew.head.user_id})
    values = {"field": "answer_due_at", "value": "2026-03-30T09:00:00+00:00"}
    perform(session, admission, "correct_field", crew.head, now=NOW, values=values, reason="A slip")
    assert admission.answer_due_at == clock_named(session, admission, "answer").due_at == admission.next_due_at
    assert admission.next_due_at.isoformat().startswith("2026-03-30T09:00")
    do(session, admission, "answer", crew.coordinator)
    values = {"field": "answer_due_at", "value": "2026-04-30T09:00:00+00:00"}
    perform(session, admission, "correct_field", crew.head, now=NOW, values=values, reason="A slip")
    assert clock_named(session, admission, "answer").due_at.isoformat().startswith("2026-03-30"), "it has ended"
    assert copies_are_right(session, admission)


def test_nobody_named_and_somebody_who_is_it_already_change_nothing(session: Session, crew: Crew) -> None:
    place = crew.assessor.organisation_id
    held = Row(id=1, organisation_id=place, unit_id=None, user_id=None, capacities=["asked"])
    turn: Any = Row(session=session, values={"place_id": place}, parties=[held], writes=[])
    let_in(turn, "place_id", Capacity.ASKED, why="x")
    let_in(turn, "nobody_id", Capacity.ASKED, why="x")
    assert (turn.writes, turn.parties, held.capacities) == ([], [held], ["asked"])


def test_an_item_that_was_never_stored_carries_no_policy() -> None:
    with pytest.raises(LookupError, match="no policy set"):
        assert Admission().policy
