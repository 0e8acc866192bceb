"""The demo's providers, beds, searches and stays: every kind of answer, a year of stays, figures that agree."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts.queries import held_roles
from hub.beds.models import BedState, BedStateEntry
from hub.beds.queries import is_stale, policy_now
from hub.cases.models import CaseStay
from hub.demo.people import COLLABORATIVES, LEAD
from hub.engine.models import Clock, Transition, WorkItem
from hub.organisations.models import Admissions, Collaborative, Level, Organisation, Site, Unit
from hub.placements.approach_models import Approach, ApproachFigures
from hub.placements.models import Placement, PlacementException
from hub.placements.ranking_queries import rank
from hub.places.distance import km_between
from hub.places.outcodes import point_of_postcode
from hub.stays.models import Stay
from tests.demo_world import NOW
from workflows.approach import State as Asked
from workflows.durations import local
from workflows.placement import WITH_A_BED
from workflows.roles import Role

AT_LEAST = {
    "placement": {"searching": 4, "bed_accepted": 2, "conveyance_planned": 1, "admitted": 40, "stood_down": 10},
    "approach": {
        "asked": 3,
        "offered": 2,
        "taken": 40,
        "refused": 8,
        "offer_withdrawn": 2,
        "lapsed": 1,
        "stood_down": 1,
    },
    "stay": {"current": 10, "on_leave": 1, "awaiting_follow_up": 1, "ended": 30},
}
PROVIDERS = ("nhs_provider", "independent_provider")


def providers(session: Session) -> dict[str, Organisation]:
    """Every organisation that has a unit, by its code."""
    query = select(Organisation).join(Site).join(Unit).distinct()
    return {place.ods_code: place for place in session.scalars(query)}


def search_for(session: Session, name: str) -> Placement:
    return session.scalars(select(Placement).where(Placement.title == name)).one()


def actions(item: WorkItem) -> list[str]:
    return [row.action for row in item.history]


def test_searches_approaches_and_stays_stand_in_every_state(made: Session) -> None:
    query = select(WorkItem.kind, WorkItem.state, func.count()).group_by(WorkItem.kind, WorkItem.state)
    found = {(kind, state): number for kind, state, number in made.execute(query)}
    few = {
        (kind, state): (found.get((kind, state), 0), least)
        for kind, states in AT_LEAST.items()
        for state, least in states.items()
        if found.get((kind, state), 0) < least
    }
    assert not few, "found, and at least"


def test_a_lead_provider_with_two_arms_and_eight_others_each_with_somebody_to_sign_in(made: Session) -> None:
    places = providers(made)
    own = [place for place in places.values() if place.parent is not None and place.parent.ods_code == LEAD]
    assert [(place.ods_code, place.arm) for place in own] == [("ZD003", "provider")]
    others = [place for place in places.values() if place.parent_id is None]
    assert len(others) == 8 and {place.kind for place in others} == set(PROVIDERS)
    held = held_roles(made, local(NOW).date(), demo_only=True)
    managers = [role for role in held if role.role is Role.UNIT_MANAGER]
    assert {role.organisation_name for role in managers} == {place.name for place in places.values()}
    assert [role.organisation_name for role in managers if not role.unit_name] == ["Tynemoor Trust"]
    assert len({role.organisation_name for role in held if role.role is Role.UNIT_CLINICIAN}) >= 2
    theirs = select(WorkItem.organisation_id).where(WorkItem.kind.in_(["approach", "stay"]))
    assert set(made.scalars(theirs)) == {place.id for place in places.values()}


def test_units_lie_across_the_north_of_england_and_differ(made: Session) -> None:
    units = list(made.scalars(select(Unit)))
    assert len(units) >= 20
    where = {unit.unit_code: point_of_postcode(unit.site.postcode) for unit in units}
    assert [code for code, point in where.items() if point is None] == ["ZD114A-1"], "one place is not known"
    known = [point for point in where.values() if point is not None]
    assert all(53.3 < point.latitude < 55.9 and -3.7 < point.longitude < 0.2 for point in known)
    apart = [km_between(one, other) or 0 for one in known for other in known]
    assert max(apart) > 150
    assert {unit.gender for unit in units} == {"mixed", "female", "male"}
    assert len({unit.bed_type for unit in units}) >= 8
    assert min(unit.age_from for unit in units) < 6 and max(unit.age_to for unit in units) == 120


def test_some_providers_are_outside_each_collaborative_and_one_left(made: Session) -> None:
    today = local(NOW).date()
    for collaborative in made.scalars(select(Collaborative)):
        inside = {
            member.organisation.ods_code
            for member in collaborative.members
            if member.until_on is None or member.until_on >= today
        }
        codes = next(codes for _, line, codes in COLLABORATIVES if line == collaborative.service_line)
        assert inside == set(codes) and providers(made).keys() - inside - {"ZD003"}
    former = [member for one in made.scalars(select(Collaborative)) for member in one.members if member.until_on]
    assert [member.organisation.ods_code for member in former] == ["ZD103"]


def test_levels_and_positions_are_set_with_their_reasons(made: Session) -> None:
    units = {unit.name: unit for unit in made.scalars(select(Unit))}
    assert [name for name, unit in units.items() if unit.level == Level.ENHANCED] == ["Moorhen Lodge"]
    assert [name for name, unit in units.items() if unit.level == Level.INTENSIVE] == ["Skelbeck Hospital"]
    positions = Counter(unit.admissions for unit in units.values())
    assert positions[Admissions.SUSPENDED] == 2 and positions[Admissions.CASE_BY_CASE] == 2
    watched = [unit for unit in units.values() if unit.admissions != Admissions.OPEN]
    assert all(unit.admissions_why and unit.admissions_since for unit in watched)


def test_bed_figures_are_fresh_stale_closed_or_never_given_and_agree_with_who_is_there(made: Session) -> None:
    states = list(made.scalars(select(BedState)))
    policy = policy_now(made, NOW)
    stale = {state.unit.name for state in states if is_stale(state.confirmed_at, NOW, policy)}
    assert "Moorhen Lodge" in stale and 3 <= len(stale) < len(states) - 3
    never = set(made.scalars(select(Unit.name).where(Unit.id.not_in(select(BedState.unit_id)))))
    assert never == {"Wolds View"}
    assert {state.unit.name for state in states if state.open_beds == 0} == {"Fulmar Unit"}
    assert all(state.closed_why for state in states if state.closed)
    entries = list(made.scalars(select(BedStateEntry)))
    assert len(entries) > 2 * len(states) and {entry.source for entry in entries} == {"page", "telephone"}
    for entry in entries:
        there = (CaseStay.from_at <= entry.confirmed_at, func.coalesce(CaseStay.until_at, NOW) > entry.confirmed_at)
        ours = made.scalar(select(func.count()).where(CaseStay.unit_id == entry.unit_id, *there)) or 0
        assert ours <= entry.occupied, entry.unit_id
    held = {state.unit.name for state in states if state.held}
    assert held >= {"Tarn House", "Skelbeck Hospital", "Fellgate Unit"}


def test_the_searches_worth_showing_are_there(made: Session) -> None:
    toby = search_for(made, "Renn, Tobias")
    ranking = rank(made, toby, NOW)
    assert [one.name for one in ranking.fitting if one.km is None] == ["Marram House"]
    assert [one.in_collaborative for one in ranking.fitting] == [True] * 3 + [False] * 3
    left_out = {one.name: " ".join(one.why_left_out) for one in ranking.left_out}
    assert "12" in left_out["Birkhill Ward"] and "Girls" in left_out["Harrowby Court"]
    assert "suspended" in left_out["Skelbeck Hospital"]

    maisie = search_for(made, "Kelbrook, Maisie")
    contradicted = select(Approach).join(ApproachFigures).where(ApproachFigures.is_contradicted)
    assert [approach.parent_id for approach in made.scalars(contradicted)] == [maisie.id]
    assert maisie.why_this_unit

    nell = search_for(made, "Ashworth, Nell")
    assert nell.state == "searching" and "reopen_search" in actions(nell)
    caleb = search_for(made, "Thirlby, Caleb")
    exception = made.scalars(select(PlacementException).where(PlacementException.placement_id == caleb.id)).one()
    assert exception.until_at > NOW and caleb.state == "conveyance_planned"
    rory = search_for(made, "Kirkbride, Rory")
    assert rory.state == "admitted" and rory.repatriation_plan and rory.repatriation_on


def test_on_call_alone_got_from_the_telephone_to_an_accepted_bed(made: Session) -> None:
    lena = search_for(made, "Oduya, Lena")
    assert lena.state == "bed_accepted"
    asked = made.scalars(select(Approach).where(Approach.parent_id == lena.id)).one()
    rows = [row for item in (lena, asked) for row in item.history if row.acting_role != Role.SYSTEM]
    assert {row.action for row in rows} == {"approach_unit", "start", "offer", "accept_offer"}
    assert len({row.actor_id for row in rows}) == 1


def test_no_offer_stands_beyond_its_time_and_every_bed_has_one_approach(made: Session) -> None:
    standing = select(Clock.due_at).join(Approach, Approach.id == Clock.item_id)
    due = made.scalars(standing.where(Approach.state == Asked.OFFERED, Clock.stopped_at.is_(None))).all()
    assert due and all(at > NOW for at in due)
    for placement in made.scalars(select(Placement).where(Placement.state.in_([*WITH_A_BED, "admitted"]))):
        taken = select(Approach.reference).where(Approach.parent_id == placement.id, Approach.state == Asked.TAKEN)
        assert made.scalars(taken).all() == [placement.accepted_approach]


def test_a_year_of_stays(made: Session) -> None:
    stays = list(made.scalars(select(Stay).order_by(Stay.began_at)))
    months = {(local(stay.began_at).year, local(stay.began_at).month) for stay in stays}
    assert len(months) >= 11 and len({stay.unit_id for stay in stays}) >= 9
    assert all((stay.dates is not None and stay.dates.from_at == stay.began_at) for stay in stays)
    beds = dict(made.execute(select(BedState.unit_id, BedState.commissioned)).all())
    there = Counter(stay.unit_id for stay in stays if stay.state in {"current", "on_leave"})
    assert all(number < beds[unit] for unit, number in there.items() if unit in beds)
    done = Counter(row.action for row in made.scalars(select(Transition).join(Stay, Stay.id == Transition.item_id)))
    assert done["transfer"] >= 1 and done["start_leave"] >= 4 and done["change_discharge_date"] >= 1
    followed = made.execute(
        select(Clock.outcome, func.count()).where(Clock.name == "follow_up").group_by(Clock.outcome)
    ).all()
    outcomes = dict(followed)
    assert outcomes["met"] > 3 * outcomes["met_late"] > 0


def test_somebody_was_back_on_a_ward_the_day_they_left(made: Session) -> None:
    one, other = made.scalars(select(Stay).where(Stay.title == "Whernside, Saul").order_by(Stay.began_at))
    assert one.left_at is not None and one.left_at < other.began_at and one.unit_id != other.unit_id
    assert local(one.left_at).date() == local(other.began_at).date()
    assert other.began_at - one.left_at < timedelta(hours=12) and other.state == "current"


def test_a_transfer_is_no_discharge(made: Session) -> None:
    one, other = made.scalars(select(Stay).where(Stay.title == "Pennock, Ivy").order_by(Stay.began_at))
    assert (one.state, other.state) == ("ended", "current") and one.left_at is None
    assert one.transferred_at == other.began_at and other.parent_id == one.id
