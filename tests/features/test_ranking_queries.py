"""Ranking over the database: what it reads, and how little it asks for whatever the number of units."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from hub.beds.models import BedState
from hub.organisations.models import CollaborativeMember
from hub.patients.models import Patient
from hub.placements.models import Placement, PlacementException
from hub.placements.ranking_queries import fit_of, rank
from tests.approach_factory import make_search
from tests.factories import NOW, make_organisation
from tests.statements import counted
from tests.unit_factory import many_units, put_in_a_collaborative, unit_at

HOME = {"postcode": "HX3 0AA", "gender": "1", "date_of_birth": date(2010, 9, 14)}


def _search(session: Session, **facts: Any) -> Placement:
    """A search for somebody at HX3, a boy of 15, unless `facts` say otherwise."""
    placement = make_search(session)
    assert placement.case is not None
    person = HOME | facts
    session.execute(update(Patient).where(Patient.id == placement.case.patient_id).values(**person))
    return placement


def _names(ranked: Any) -> list[str]:
    return [one.name for one in ranked]


def test_two_thousand_units_are_ranked_in_at_most_four_statements(session: Session, engine: Engine) -> None:
    placement = _search(session)
    many_units(session, 2_000)
    rank(session, placement, NOW)  # the rulebook is read once in a process
    with counted(engine) as sent:
        found = rank(session, placement, NOW)
    assert len(found.fitting) + len(found.left_out) == 2_000
    assert len(found.fitting) > 100 and len(found.left_out) > 1_000
    assert len(sent) <= 4, "\n\n".join(sent)
    # and one unit of them is judged as the whole list judges it
    for one in (found.fitting[0], found.fitting[-1], found.left_out[0], found.left_out[-1]):
        assert fit_of(session, placement, one.unit_id, NOW) == one


def test_nearest_first_in_the_collaborative_first_with_the_age_of_every_figure(session: Session) -> None:
    placement = _search(session)
    member, other = (make_organisation(session, code, name=code) for code in ("ZAA01", "ZAA02"))
    put_in_a_collaborative(session, placement, member)
    unit_at(session, "Ashgill", "LS1 4AB", provider=member, free=1)
    unit_at(session, "Calder Vale", "HX3 0AB", provider=member, free=0)
    unit_at(session, "Moorhen", "BD1 1AA", provider=member, free=1, confirmed_at=NOW - timedelta(hours=36))
    unit_at(session, "Fellgate", "CA1 1AA", provider=other, free=2)
    unit_at(session, "Next door", "HX3 0AC", provider=other)
    unit_at(session, "Marram", "", provider=other)
    unit_at(session, "Nowhere", "ZZ99 3VZ", provider=member)
    found = rank(session, placement, NOW)
    assert _names(found.fitting) == ["Calder Vale", "Moorhen", "Ashgill", "Nowhere", "Next door", "Fellgate", "Marram"]
    by_name = {one.name: one for one in found.fitting}
    assert (found.home, by_name["Calder Vale"].km, by_name["Calder Vale"].band) == ("HX3", 0.0, "up to 25 km")
    assert 130 < (by_name["Fellgate"].km or 0) < 160 and by_name["Fellgate"].band == "over 100 km"
    assert (by_name["Marram"].km, by_name["Marram"].band) == (None, "not known")
    assert (by_name["Moorhen"].free, by_name["Moorhen"].is_stale) == (1, True)
    assert (by_name["Ashgill"].free, by_name["Ashgill"].is_stale) == (1, False)
    assert (by_name["Marram"].free, by_name["Marram"].beds) == (None, None)


def test_membership_counts_on_its_days_and_the_lead_with_its_arms_belongs(session: Session) -> None:
    placement = _search(session)
    lead = make_organisation(session, "ZLP01", name="Fellside Partnership", kind="nhs_trust")
    arm = make_organisation(session, "ZPA01", name="Fellside Services", parent_id=lead.id, arm="provider")
    gone, to_come = (make_organisation(session, code) for code in ("ZGO01", "ZTC01"))
    made = put_in_a_collaborative(session, placement)
    today = NOW.date()
    for organisation, first, last in ((gone, date(2020, 1, 1), today), (to_come, today + timedelta(1), None)):
        session.add(
            CollaborativeMember(collaborative_id=made.id, organisation_id=organisation.id, from_on=first, until_on=last)
        )
    for name, provider in (("Ours", arm), ("Last day", gone), ("Tomorrow", to_come)):
        unit_at(session, name, "HX3 0AB", provider=provider)
    inside = {one.name for one in rank(session, placement, NOW).fitting if one.in_collaborative}
    assert inside == {"Ours", "Last day"}
    later = {one.name for one in rank(session, placement, NOW + timedelta(days=1)).fitting if one.in_collaborative}
    assert later == {"Ours", "Tomorrow"}


def test_an_exception_lets_one_unit_in_for_one_search_until_its_time(session: Session) -> None:
    placement, another = _search(session), _search(session)
    watched: dict[str, Any] = {"level": "intensive", "admissions": "suspended", "admissions_why": "Staffing"}
    unit, next_door = (unit_at(session, name, **watched) for name in ("Skelbeck", "Moorhen"))
    until = NOW + timedelta(days=2)
    session.add(
        PlacementException(placement_id=placement.id, unit_id=unit.id, until_at=until, why="Nearest", allowed_at=NOW)
    )
    session.flush()
    allowed = fit_of(session, placement, unit.id, NOW)
    assert allowed is not None and not allowed.why_left_out and allowed.unit.exception_until == until
    for search, asked, now in ((another, unit, NOW), (placement, next_door, NOW), (placement, unit, until)):
        refused = fit_of(session, search, asked.id, now)
        assert refused is not None and len(refused.needs_exception) == 2 and refused.why_left_out
    assert fit_of(session, placement, 2_000_000_000, NOW) is None


def test_nothing_known_of_the_person_leaves_nobody_out_and_is_said(session: Session) -> None:
    placement = _search(session, postcode=None, gender=None, date_of_birth=None)
    unit_at(session, "Girls", gender="female", age_from=0, age_to=12)
    closed = unit_at(session, "Closed")
    closed.site.until_on = NOW.date() - timedelta(days=1)
    session.flush()
    found = rank(session, placement, NOW)
    assert _names(found.fitting) == ["Girls"] and _names(found.left_out) == ["Closed"]
    assert found.fitting[0].to_ask and found.fitting[0].km is None and found.home is None
    assert [said.partition(":")[0] for said in found.not_known] == [
        "The person’s age is not known",
        "No gender that the units go by is recorded",
    ]


def test_a_unit_that_reports_beds_of_another_type_has_them(session: Session) -> None:
    placement = _search(session)
    unit = unit_at(session, "Both", bed_type="309", free=None)
    left_out = fit_of(session, placement, unit.id, NOW)
    assert left_out is not None and left_out.why_left_out
    session.add(
        BedState(unit_id=unit.id, bed_type="301", commissioned=2, open_beds=2, occupied=1, held=0, confirmed_at=NOW)
    )
    session.flush()
    now_fits = fit_of(session, placement, unit.id, NOW)
    assert now_fits is not None and not now_fits.why_left_out and now_fits.free == 1
