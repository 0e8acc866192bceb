"""A deputy acts for somebody away: with their items and their role, and never past what either of them did."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from hub.cases.models import CaseSeal
from hub.engine.authority import capacities_of
from hub.engine.models import ItemParty
from hub.engine.perform import perform
from hub.engine.reading import read_item
from hub.engine.refusal import ActionRefused
from hub.engine.start import start
from hub.engine.visibility import visible
from hub.referrals.models import Referral
from tests.admission_factory import Crew, do, make_admission, make_crew
from tests.factories import NOW, REASON, make_actor, make_referral
from workflows.actor import Actor
from workflows.referral import REFERRAL
from workflows.roles import Capacity, Role

HOUR = timedelta(hours=1)
LONG = 60
"""Weeks: above a case manager's limit, and a head's."""


def standing_in(deputy: Actor, absent: Actor) -> Actor:
    """The actor of a deputy's session: the absent person's membership, the deputy's own hand."""
    return replace(absent, user_id=deputy.user_id, name=deputy.name, on_behalf_of=absent.user_id)


@pytest.fixture
def crew(session: Session) -> Crew:
    return make_crew(session)


def test_a_deputy_has_the_items_of_the_absent_person_and_history_names_both(session: Session, crew: Crew) -> None:
    referral = make_referral(session, "in_review")
    perform(session, referral, "assign", crew.coordinator, now=NOW, values={"owner_id": crew.case_manager.user_id})
    stranger = make_actor(session, Role.FINANCE_LEAD)
    deputy = standing_in(stranger, crew.case_manager)
    assert Capacity.OWNER not in capacities_of(referral, stranger, ())[0]
    assert Capacity.OWNER in capacities_of(referral, deputy, ())[0]
    # What the deputy owns in another role stays with that role.
    perform(session, referral, "assign", crew.coordinator, now=NOW, values={"owner_id": crew.director.user_id})
    assert Capacity.OWNER not in capacities_of(referral, standing_in(crew.director, crew.case_manager), ())[0]
    perform(session, referral, "note", deputy, now=NOW, values={"note": "Rang back", "audience": "hub"})
    reading = read_item(session, Referral, referral.reference, crew.director)
    assert reading is not None
    last = reading.lines[0]
    assert last.row.actor_id == stranger.user_id and last.on_behalf_of == crew.case_manager.name
    assert last.row.acting_as == crew.case_manager.membership_id


def test_what_a_deputy_began_is_also_the_absent_persons(session: Session, crew: Crew) -> None:
    deputy = standing_in(make_actor(session, Role.FINANCE_LEAD), crew.coordinator)
    begun = start(session, REFERRAL, deputy, now=NOW, values={})
    assert (begun.opened_by_id, begun.opened_for_id) == (deputy.user_id, crew.coordinator.user_id)
    for actor, is_theirs in ((deputy, True), (crew.coordinator, True), (crew.case_manager, False)):
        assert (Capacity.REQUESTER in capacities_of(begun, actor, ())[0]) is is_theirs, actor.name


def test_what_is_open_to_people_by_name_is_not_open_to_their_deputy(session: Session, crew: Crew) -> None:
    referral = make_referral(session, "in_review", referrer=crew.referrer)
    deputy = standing_in(make_actor(session, Role.FINANCE_LEAD), crew.case_manager)
    assert session.scalars(visible(Referral, deputy)).all() == [referral]
    assert referral.case is not None
    referral.case.is_sealed = True
    session.add(CaseSeal(case_id=referral.case_id, user_id=crew.case_manager.user_id))
    session.add(
        ItemParty(
            item_id=referral.id,
            user_id=crew.case_manager.user_id,
            capacities=[str(Capacity.INTERESTED)],
            from_at=NOW,
            kind="referral",
        )
    )
    session.flush()
    assert session.scalars(visible(Referral, crew.case_manager)).all() == [referral]
    assert session.scalars(visible(Referral, deputy)).all() == []
    with pytest.raises(ActionRefused, match="There is nothing here for you to do"):
        perform(session, referral, "note", deputy, now=NOW, values={"note": "x", "audience": "hub"})


def test_neither_decides_what_the_other_recommended(session: Session, crew: Crew) -> None:
    away = crew.head
    second = standing_in(crew.case_manager, away)
    own = make_admission(session, "assessed", crew=crew)
    do(session, own, "recommend", crew.case_manager, expected_length_weeks=LONG)
    with pytest.raises(ActionRefused, match="You recommended it, and it is over your own limit"):
        do(session, own, "refuse_admission", second)
    theirs = make_admission(session, "assessed", crew=crew, referral={"family_name": "Quarrington"})
    do(session, theirs, "recommend", standing_in(crew.director, crew.case_manager), expected_length_weeks=LONG)
    assert (theirs.recommended_by_id, theirs.recommended_for_id) == (crew.director.user_id, crew.case_manager.user_id)
    another = make_actor(session, Role.DIRECTOR)
    for actor, words in (
        (crew.director, "You recommended it"),
        (standing_in(crew.case_manager, crew.director), "The person you stand in for recommended it"),
        (standing_in(crew.case_manager, another), "Your deputy recommended it"),
        (standing_in(crew.head, crew.director), "The person you stand in for recommended it"),
        (standing_in(crew.head, another), None),
    ):
        if words is None:
            do(session, theirs, "refuse_admission", actor)
            assert theirs.decided_by_id == crew.head.user_id
        else:
            with pytest.raises(ActionRefused, match=words):
                do(session, theirs, "refuse_admission", actor)


def test_neither_ratifies_what_the_other_admitted(session: Session, crew: Crew) -> None:
    admission = make_admission(session, crew=crew, priority="emergency", immediate_risk="Has tried to hang herself")
    do(session, admission, "admit_in_emergency", standing_in(crew.head, crew.case_manager))
    with pytest.raises(ActionRefused, match="You admitted this person"):
        do(session, admission, "ratify", crew.head)
    with pytest.raises(ActionRefused, match="Your deputy admitted this person"):
        do(session, admission, "ratify", standing_in(crew.case_manager, crew.director))
    do(session, admission, "ratify", crew.director)
    assert admission.ratified_at == NOW


def test_a_pause_asked_for_by_a_deputy_is_not_approved_by_either(session: Session, crew: Crew) -> None:
    referral = make_referral(session, "submitted", priority="routine")
    deputy = standing_in(crew.head, crew.coordinator)
    perform(session, referral, "ask_pause", deputy, now=NOW + HOUR, values={"clock": "review"}, reason=REASON)
    for actor in (deputy, crew.coordinator, crew.head):
        with pytest.raises(ActionRefused, match="You asked for this pause"):
            perform(session, referral, "approve_pause", actor, now=NOW + HOUR, values={"clock": "review"})
    perform(session, referral, "approve_pause", crew.case_manager, now=NOW + HOUR, values={"clock": "review"})
    session.refresh(referral)
    assert [clock.paused_at for clock in referral.clocks] == [NOW + HOUR]
