"""A search for a bed through the engine: units asked, offers settled, a bed taken, given back and used."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.beds.models import BedState, BedStateEntry
from hub.cases.models import CaseStay
from hub.cases.services import note_facts
from hub.engine.audit import verify
from hub.engine.models import ItemParty
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.sweep import ring_due
from hub.papers.models import Paper
from hub.patients.models import Patient
from hub.placements.approach_models import Approach
from hub.placements.models import Placement
from hub.tasks.models import Task
from tests.admission_factory import Crew, capacities, clock_named, do, make_admission, make_crew, searches
from tests.factories import NOW, REASON, make_organisation
from tests.placement_factory import (
    Ward,
    accept,
    admit,
    approach,
    complete,
    join_collaborative,
    make_placement,
    make_ward,
    offer,
    plan,
)
from workflows.actor import Actor


@dataclass
class Search:
    """A search, the people round it and two units in the collaborative."""

    session: Session
    crew: Crew
    placement: Placement
    near: Ward
    far: Ward

    def ask(self, ward: Ward) -> Approach:
        return approach(self.session, self.placement, ward.unit, self.crew.coordinator)

    def refused(self, item: Any, action: str, actor: Actor, **values: Any) -> dict[str | None, str]:
        with pytest.raises(ActionRefused) as no, self.session.begin_nested():
            perform(self.session, item, action, actor, now=values.pop("now", NOW), values=values, reason=REASON)
        self.session.expire_all()
        return {problem.field: problem.message for problem in no.value.problems}


@pytest.fixture
def search(session: Session) -> Search:
    crew = make_crew(session)
    placement = make_placement(session, crew)
    return Search(session, crew, placement, make_ward(session), make_ward(session))


def test_a_unit_is_asked_with_a_pack_and_is_party_to_its_own_question_alone(search: Search) -> None:
    asked = search.ask(search.near)
    assert (asked.state, asked.unit_id, asked.title) == (
        "asked",
        search.near.unit.id,
        "General, young person (13 to 17)",
    )
    parties = search.session.scalars(select(ItemParty).where(ItemParty.unit_id == search.near.unit.id)).all()
    assert [(party.item_id, party.capacities) for party in parties] == [(asked.id, ["asked"])]
    assert search.session.scalars(select(Paper.kind).where(Paper.item_id == asked.id)).all() == ["pack"]
    assert clock_named(search.session, asked, "reply").rule == "approach.reply"
    again = search.refused(
        search.placement,
        "approach_unit",
        search.crew.coordinator,
        asked_unit_id=search.near.unit.id,
        asked_person="Bev",
        asked_how="page",
    )
    assert again == {
        "asked_unit_id": f"{search.near.unit.name} was asked already and has not said no: see {asked.reference}"
    }


def test_a_unit_that_is_left_out_is_asked_with_a_reason_and_no_unit_is_not_asked(search: Search) -> None:
    younger = make_ward(search.session, bed_type="300")
    ask = {"asked_unit_id": younger.unit.id, "asked_person": "Bev", "asked_how": "page"}
    said = search.refused(search.placement, "approach_unit", search.crew.coordinator, **ask)
    assert "is left out of the list" in said["why_this_unit"]
    asked = approach(
        search.session, search.placement, younger.unit, search.crew.coordinator, why_this_unit="Told us so"
    )
    assert asked.unit_id == younger.unit.id
    nobody = search.refused(
        search.placement, "approach_unit", search.crew.coordinator, **ask | {"asked_unit_id": 999999}
    )
    assert nobody == {"asked_unit_id": "Choose a unit from the list"}


def test_an_accepted_offer_is_taken_and_every_other_unit_is_stood_down(search: Search) -> None:
    near, far = search.ask(search.near), search.ask(search.far)
    third = search.ask(make_ward(search.session))
    offer(search.session, near, search.near.manager)
    offer(search.session, far, search.far.clinician)
    accept(search.session, search.placement, far, search.crew.case_manager)
    assert search.placement.state == "bed_accepted" and search.placement.bed_accepted_by_id
    assert [each.state for each in search.placement.approaches] == ["stood_down", "taken", "stood_down"]
    assert capacities(search.placement)[search.far.unit.site.organisation_id] == {"receiving"}
    assert third.history[-1].reason == "No bed is needed from this unit any more"
    asked = {row.audience for row in search.placement.history if row.action == "approach_unit"}
    assert asked == {"hub"}, "the unit that has the bed is not told how many were asked"
    for gone in (near, third):
        said = search.refused(gone, "offer", search.near.manager, offered_bed="2", offer_from=NOW)
        assert said, "a unit that was stood down offers nothing"
    assert verify(search.session).findings == ()


@pytest.mark.parametrize("end", ["withdraw_offer", "refuse", "lapse", "late"])
def test_an_offer_that_is_gone_cannot_be_accepted(search: Search, end: str) -> None:
    asked = search.ask(search.near)
    offer(search.session, asked, search.near.manager)
    chosen, now = {"accepted_approach": asked.reference}, NOW
    if end == "withdraw_offer":
        perform(search.session, asked, end, search.near.manager, now=NOW, reason=REASON)
    elif end == "refuse":
        perform(search.session, asked, end, search.near.manager, now=NOW, values={"refusal_reason": "staffing"})
    else:
        now = NOW + timedelta(hours=4)  # the policy's time, to the second: the hub may not have come round to it yet
        while end == "lapse" and ring_due(search.session, now=now):
            search.session.expire_all()
        assert asked.state == ("lapsed" if end == "lapse" else "offered")
    said = search.refused(search.placement, "accept_offer", search.crew.case_manager, now=now, **chosen)
    assert said and search.placement.state == "searching"
    assert "lapsed" in str(said) if end == "late" else "No unit offers a bed now" in str(said)


def test_the_units_own_time_is_what_its_offer_stands_for(search: Search) -> None:
    asked = search.ask(search.near)
    until = NOW + timedelta(hours=1)
    offer(search.session, asked, search.near.manager, offer_until=until)
    assert clock_named(search.session, asked, "offer").due_at == until
    for action, who in (("ask_pause", search.crew.coordinator), ("approve_pause", search.crew.case_manager)):
        perform(search.session, asked, action, who, now=NOW, values={"clock": "offer"}, reason=REASON)
    assert ring_due(search.session, now=until) == 0, "an offer whose time stands still does not lapse"
    accept(search.session, search.placement, asked, search.crew.case_manager, now=until)
    assert search.placement.state == "bed_accepted"


def test_a_unit_outside_the_collaborative_needs_reason_plan_and_date(search: Search) -> None:
    outside = make_ward(search.session, "ZFA01", name="Far Trust")
    asked = search.ask(outside)
    offer(search.session, asked, outside.manager)
    chosen = {"accepted_approach": asked.reference}
    said = search.refused(search.placement, "accept_offer", search.crew.case_manager, **chosen)
    assert said.keys() == {"out_of_area_reason", "repatriation_plan", "repatriation_on"}
    plan_home = {"out_of_area_reason": "no_bed_in_area", "repatriation_plan": "Back at the first free bed"}
    whole = chosen | plan_home | {"repatriation_on": (NOW + timedelta(days=14)).date()}
    wrong = search.refused(
        search.placement, "accept_offer", search.crew.case_manager, **whole | {"out_of_area_reason": "x"}
    )
    assert wrong.keys() == {"out_of_area_reason"}
    perform(search.session, search.placement, "accept_offer", search.crew.case_manager, now=NOW, values=whole)
    assert search.placement.repatriation_plan == "Back at the first free bed"


@pytest.mark.parametrize("watched", [{"level": "intensive"}, {"admissions": "suspended"}])
def test_a_unit_under_watch_takes_nobody_without_a_directors_exception(search: Search, watched: dict[str, str]) -> None:
    for name, value in watched.items():
        setattr(search.near.unit, name, value)
    search.session.flush()
    asked = approach(
        search.session, search.placement, search.near.unit, search.crew.coordinator, why_this_unit="Only one"
    )
    offer(search.session, asked, search.near.manager)
    chosen = {"accepted_approach": asked.reference}
    said = search.refused(search.placement, "accept_offer", search.crew.case_manager, **chosen)
    assert "a director has to allow an exception first" in said["accepted_approach"]
    exception = {"exception_unit_id": search.near.unit.id, "exception_until": NOW + timedelta(hours=2)}
    assert search.refused(search.placement, "allow_exception", search.crew.head, **exception)
    nobody = search.refused(
        search.placement, "allow_exception", search.crew.director, **exception | {"exception_unit_id": 99999}
    )
    assert nobody == {"exception_unit_id": "Choose a unit from the list"}
    perform(
        search.session,
        search.placement,
        "allow_exception",
        search.crew.director,
        now=NOW,
        values=exception,
        reason=REASON,
    )
    late = search.refused(
        search.placement, "accept_offer", search.crew.case_manager, now=NOW + timedelta(hours=3), **chosen
    )
    assert late, "an exception ends at its time"
    accept(search.session, search.placement, asked, search.crew.case_manager)
    assert search.placement.state == "bed_accepted"


def test_a_unit_that_reneges_reopens_the_search_and_its_plan_is_gone(search: Search) -> None:
    asked = search.ask(search.near)
    offer(search.session, asked, search.near.manager)
    accept(search.session, search.placement, asked, search.crew.case_manager)
    assert clock_named(search.session, search.placement, "admit").duration == "2 working days"
    plan(search.session, search.placement, search.crew.coordinator)
    assert clock_named(search.session, search.placement, "admit").due_at == NOW + timedelta(hours=20)
    perform(search.session, asked, "withdraw_taken", search.near.manager, now=NOW, reason="The ward is closed")
    search.session.expire_all()
    assert (search.placement.state, asked.state) == ("searching", "offer_withdrawn")
    assert search.placement.conveyance_at is None and search.placement.accepted_approach is None
    assert search.near.unit.site.organisation_id not in capacities(search.placement)
    offer(search.session, again := search.ask(search.far), search.far.manager)
    accept(search.session, search.placement, again, search.crew.case_manager)
    assert clock_named(search.session, search.placement, "admit").duration == "2 working days", "not the old plan"
    assert verify(search.session).findings == ()


@pytest.mark.parametrize("action", ["reopen_search", "stand_down"])
def test_a_bed_given_back_by_the_hub_is_withdrawn_for_the_unit(search: Search, action: str) -> None:
    asked = search.ask(search.near)
    offer(search.session, asked, search.near.manager)
    accept(search.session, search.placement, asked, search.crew.case_manager)
    later = NOW + timedelta(hours=1)
    perform(search.session, search.placement, action, search.crew.case_manager, now=later, reason=REASON)
    search.session.expire_all()
    assert (asked.state, asked.closed_at) == ("offer_withdrawn", later), "not when the bed was taken"
    assert search.near.unit.site.organisation_id not in capacities(search.placement)
    waiting = clock_named(search.session, search.placement, "search")
    assert waiting.is_running == (action == "reopen_search")


def test_a_stood_down_search_stands_down_every_unit(search: Search) -> None:
    asked, offered = search.ask(search.near), search.ask(search.far)
    offer(search.session, offered, search.far.manager)
    perform(search.session, search.placement, "stand_down", search.crew.case_manager, now=NOW, reason=REASON)
    search.session.expire_all()
    assert [asked.state, offered.state] == ["stood_down", "stood_down"]
    assert asked.history[-1].reason == "No bed is needed from this unit any more", "not what the hub wrote"


def test_an_admission_needs_all_that_makes_it_lawful_and_begins_the_stay(search: Search) -> None:
    asked = search.ask(search.near)
    offer(search.session, asked, search.near.manager)
    accept(search.session, search.placement, asked, search.crew.case_manager)
    blank = dict.fromkeys(("care_coordinator_name", "consultant_name", "responsible_icb", "consent_basis"))
    note_facts(search.session, search.placement.case_id, **blank, family_told=False, form2_signed_at=None)
    search.session.expire_all()
    with pytest.raises(ActionRefused) as no:
        admit(search.session, search.placement, search.near.manager)
    said = {problem.message for problem in no.value.problems}
    assert len(said) == 6 and "Form 2 is not signed, and no emergency admission is on record" in said
    facts = {
        "care_coordinator_name": "Ann Dale",
        "consultant_name": "Dr Leah Marchetti",
        "responsible_icb": "ZIC01",
        "consent_basis": "gillick",
        "family_told": False,
        "family_not_told_why": None,
    }
    why = search.refused(search.placement, "complete_facts", search.crew.coordinator, **facts)
    assert why == {"family_not_told_why": "Say why the family is not told"}
    facts["family_not_told_why"] = "She asked us not to, and is 17"
    perform(search.session, search.placement, "complete_facts", search.crew.coordinator, now=NOW, values=facts)
    note_facts(search.session, search.placement.case_id, form2_signed_at=NOW)
    search.session.expire_all()
    assert search.refused(search.placement, "admit", search.far.manager), "another unit admits nobody"
    stay = admit(search.session, search.placement, search.near.clinician)
    dates = search.session.get_one(CaseStay, stay.case_stay_id)
    assert (stay.state, dates.unit_id, dates.from_at, dates.until_at) == ("current", search.near.unit.id, NOW, None)
    assert search.refused(asked, "withdraw_taken", search.near.manager), "a person who is there is not withdrawn"


def test_no_search_opens_for_a_person_who_is_on_a_unit(search: Search) -> None:
    asked = search.ask(search.near)
    offer(search.session, asked, search.near.manager)
    accept(search.session, search.placement, asked, search.crew.case_manager)
    complete(search.session, search.placement)
    admit(search.session, search.placement, search.near.manager)
    assert search.placement.case is not None
    number = search.session.get_one(Patient, search.placement.case.patient_id).nhs_number
    later = make_admission(search.session, "admission_agreed", crew=search.crew, referral={"nhs_number": number})
    assert later.case_id == search.placement.case_id and searches(search.session, later) == [search.placement]


@pytest.mark.parametrize("end", ["bed_accepted", "admitted"])
def test_a_decision_taken_back_leaves_a_taken_bed_for_the_head_to_settle(session: Session, end: str) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "awaiting_ratification", crew=crew, priority="emergency")
    placement = searches(session, admission)[-1]
    ward = make_ward(session)
    join_collaborative(session, placement, make_organisation(session, "ZPR01"))
    asked = approach(session, placement, ward.unit, crew.on_call)
    offer(session, asked, crew.on_call)
    accept(session, placement, asked, crew.on_call)
    if end == "admitted":
        complete(session, placement)
        admit(session, placement, crew.coordinator)
    do(session, admission, "refuse_ratification", crew.head)
    session.expire_all()
    assert placement.state == end
    do(session, admission, "withdraw", crew.case_manager)
    (task,) = session.scalars(select(Task).where(Task.state == "bed_to_settle")).all()  # asked once, not twice
    assert task.parent_id == placement.id
    with pytest.raises(ActionRefused):
        perform(session, task, "settle_bed", crew.case_manager, now=NOW, reason=REASON)
    perform(session, task, "settle_bed", crew.head, now=NOW, reason="Stays until Monday")
    assert task.state == "done"


@pytest.mark.parametrize(
    ("reason", "occupied", "hours_old", "is_contradicted"),
    [("no_bed", 8, 0, True), ("no_bed", 9, 0, False), ("no_bed", 8, 30, False), ("staffing", 8, 0, False)],
    ids=["one was free", "none was free", "its figures were old", "another reason"],
)
def test_a_refusal_is_compared_with_the_units_own_beds(
    search: Search, reason: str, occupied: int, hours_old: int, is_contradicted: bool
) -> None:
    at = NOW - timedelta(hours=hours_old)
    figures = {
        "commissioned": 10,
        "open_beds": 10,
        "occupied": occupied,
        "held": 1,
        "confirmed_at": at,
        "source": "page",
    }
    search.session.add(BedState(unit_id=search.near.unit.id, bed_type="301", **figures))
    search.session.add(BedStateEntry(unit_id=search.near.unit.id, bed_type="301", version=1, recorded_at=at, **figures))
    search.session.flush()
    asked, other = search.ask(search.near), search.ask(search.far)
    clinical = search.refused(asked, "refuse", search.near.manager, refusal_reason="acuity")
    assert clinical.keys() == {"refusal_consultant", "refusal_criterion", "would_change"}
    for item, ward in ((asked, search.near), (other, search.far)):
        perform(search.session, item, "refuse", ward.manager, now=NOW, values={"refusal_reason": reason})
    search.session.expire_all()
    assert asked.figures is not None and asked.figures.free == 9 - occupied
    assert asked.figures.is_contradicted is is_contradicted
    assert other.figures is None, "it never said what it has"
