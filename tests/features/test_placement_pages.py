"""The page of a search by role: the ranking and the approaches for the hub, the outcome alone for everybody else."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, OnCallShift
from hub.engine.models import Transition
from hub.patients.models import Patient
from hub.placements.approach_models import Approach
from hub.placements.models import Placement
from tests.admission_factory import Crew, make_admission, make_crew, searches
from tests.approach_factory import accept, answer, ask, make_search, member_of
from tests.factories import actor_of, make_membership, make_organisation
from tests.statements import counted
from tests.unit_factory import put_in_a_collaborative, unit_at
from workflows.actor import Actor
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
RANKING = ("units that fit", "unit that fits", "left out, and why", "Approaches so far", "From home")


def _membership(session: Session, actor: Actor) -> Membership:
    return session.get_one(Membership, actor.membership_id)


class World:
    """One search for a boy of 15 at HX3, units inside and outside the collaborative, and one that is held back."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.crew: Crew = make_crew(session)
        self.search: Placement = make_search(session, self.crew)
        self.now = datetime.now(UTC)
        assert self.search.case is not None
        person = {"postcode": "HX3 0AA", "gender": "1", "date_of_birth": date(self.now.year - 15, 1, 1)}
        session.execute(update(Patient).where(Patient.id == self.search.case.patient_id).values(**person))
        member, other = (make_organisation(session, code, name=code) for code in ("ZAA01", "ZAA02"))
        put_in_a_collaborative(session, self.search, member)
        at = {"confirmed_at": self.now - timedelta(hours=1)}
        self.near = unit_at(session, "Calder Vale", "HX3 0AB", provider=member, free=0, **at)
        self.next = unit_at(
            session, "Moorhen", "BD1 1AA", provider=member, free=1, confirmed_at=self.now - timedelta(hours=36)
        )
        self.outside = unit_at(session, "Fellgate", "CA1 1AA", provider=other, free=2, **at)
        self.young = unit_at(session, "Birkhill", "LS1 4AB", provider=other, age_from=0, age_to=12)
        self.held = unit_at(
            session,
            "Skelbeck",
            "LS1 4AB",
            provider=other,
            level="intensive",
            admissions="suspended",
            admissions_why="Staffing",
        )

    @property
    def address(self) -> str:
        """The page."""
        return f"/placements/{self.search.reference}"

    def post(self, client: FlaskClient, action: str, **data: Any) -> Any:
        """Send an action's form as it is seen now."""
        self.session.refresh(self.search)
        return client.post(f"{self.address}/{action}", data={"seen": str(self.search.version), **data})

    def asked(self, unit: Any) -> Approach:
        """The latest approach to a unit."""
        query = select(Approach).where(Approach.unit_id == unit.id).order_by(Approach.id.desc()).limit(1)
        return self.session.scalars(query).one()


@pytest.fixture
def world(session: Session) -> World:
    return World(session)


def test_a_coordinator_sees_who_fits_nearest_first_and_why_the_others_do_not(
    world: World, session: Session, client: FlaskClient, sign_in: SignIn, engine: Engine
) -> None:
    manager = actor_of(member_of(session, world.near))
    first = ask(session, world.search, world.near, world.crew.coordinator, now=world.now - timedelta(hours=2))
    answer(session, first, "refuse", manager, now=world.now - timedelta(hours=1), refusal_reason="no_bed")
    ask(session, world.search, world.next, world.crew.coordinator, now=world.now - timedelta(minutes=30))
    sign_in(client, _membership(session, world.crew.coordinator))
    page = client.get(world.address).text
    places = [page.index(words) for words in ("1. Calder Vale", "2. Moorhen", "Outside the coll", "3. Fellgate")]
    assert places == sorted(places)
    for said in (
        "3 units that fit",
        "under 1 km",
        "up to 25 km",
        "No: no bed",
        "Agrees with its bed state",
        "Waiting",
        "<b>1</b> of 10",
        ": stale",
        "2 units left out, and why",
        "Takes ages 12 and under. He is 15",
        "Admissions suspended by the commissioner. Only a director can override",
        "Under intensive surveillance",
        "2 units asked since",
        "From home, HX3",
        "Contains OS data",
    ):
        assert said in page, said
    assert f"?asked_unit_id={world.near.id}" in page and "Ask again" in page  # it has answered, so again
    assert f"?asked_unit_id={world.next.id}" not in page and "Record answer" in page  # it has still to answer
    assert "exception_unit_id" not in page
    client.get(world.address)
    with counted(engine) as sent:
        client.get(world.address)
    assert len(sent) <= 16, "\n\n".join(sent)


def test_a_unit_is_chosen_by_link_and_one_that_is_left_out_wants_a_reason(
    world: World, session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    sign_in(client, _membership(session, world.crew.coordinator))
    form = client.get(f"{world.address}/approach_unit?asked_unit_id={world.young.id}").text
    assert f'value="{world.young.id}" selected' in form
    assert "Left out: Birkhill, ZAA02" in form and "Takes ages 12 and under. He is 15" in form
    assert form.index("Calder Vale, ZAA01: under 1 km, 0 of 10 free") < form.index("Left out: Birkhill")
    assert "Referrer of this item" not in form, "only the hub reads whom it asked"
    asked = {"asked_unit_id": str(world.young.id), "asked_person": "Bed desk", "asked_how": "telephone"}
    refused = world.post(client, "approach_unit", **asked)
    assert refused.status_code == 422
    assert "Birkhill is left out of the list" in refused.text and "Bed desk" in refused.text
    assert world.post(client, "approach_unit", **asked, why_this_unit="His sister is there").status_code == 303
    assert world.asked(world.young).state == "asked"
    twice = world.post(client, "approach_unit", **asked, why_this_unit="His sister is there")
    assert twice.status_code == 422 and "was asked already" in twice.text
    for nobody in ("999999", "x", ""):
        assert world.post(client, "approach_unit", **asked | {"asked_unit_id": nobody}).status_code == 422
    # What was typed about one unit is kept, and never sends the question to it when another one's link is pressed.
    typed = {"asked_unit_id": str(world.near.id), "asked_person": "Bev, in charge"}
    assert client.post(f"{world.address}/approach_unit/draft", data=typed).status_code == 200
    form = client.get(f"{world.address}/approach_unit?asked_unit_id={world.next.id}").text
    assert f'value="{world.next.id}" selected' in form and f'value="{world.near.id}" selected' not in form
    assert "Bev, in charge" in form
    for nobody in ("999999", "x"):
        assert client.get(f"{world.address}/approach_unit?asked_unit_id={nobody}").status_code == 200


def test_only_a_director_lets_a_unit_in_that_is_held_back(
    world: World, session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    until = world.now + timedelta(days=2)
    leave = {
        "exception_unit_id": str(world.held.id),
        "exception_until-day": str(until.day),
        "exception_until-month": str(until.month),
        "exception_until-year": str(until.year),
        "exception_until-time": "12:00",
        "reason": "The only unit that can feed him by tube",
    }
    sign_in(client, _membership(session, world.crew.case_manager))
    assert world.post(client, "allow_exception", **leave).status_code == 403
    sign_in(client, _membership(session, world.crew.director))
    page = client.get(world.address).text
    assert f"allow_exception?exception_unit_id={world.held.id}" in page
    assert "Ask anyway" not in page and "asked_unit_id" not in page
    form = client.get(f"{world.address}/allow_exception?exception_unit_id={world.held.id}").text
    assert f'value="{world.held.id}" selected' in form and "Skelbeck, ZAA02" in form and "Moorhen" not in form
    done = world.post(client, "allow_exception", **leave)
    assert done.status_code == 303, done.text
    page = client.get(world.address).text
    assert "4 units that fit" in page and "A director allows it until" in page
    assert "Admissions suspended by the commissioner. Only" not in page


def test_an_offer_is_accepted_with_what_its_place_calls_for_and_the_page_says_what_is_to_come(
    world: World, session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    session.expire_all()
    for unit in (world.next, world.outside):
        made = ask(session, world.search, unit, world.crew.coordinator, now=world.now)
        conditions = {"offer_conditions": "A parent comes along", "offer_from": world.now + timedelta(hours=6)}
        answer(session, made, "offer", actor_of(member_of(session, unit)), now=world.now, **conditions)
    sign_in(client, _membership(session, world.crew.case_manager))
    page = client.get(world.address).text
    assert "2 offers stand" in page and "Room 4" in page
    form = client.get(f"{world.address}/accept_offer").text
    assert "Conditions: A parent comes along" in form and "Outside the collaborative: give the reason" in form
    assert "Referrer of this item" in form, "who reads that a bed is accepted"
    assert "Why outside the collaborative?" in form
    chosen = {"accepted_approach": world.asked(world.outside).reference}
    refused = world.post(client, "accept_offer", **chosen)
    assert refused.status_code == 422
    for said in ("say why", "say how the person comes back near home", "give the day on which that is looked at again"):
        assert said in refused.text, said
    soon = world.now + timedelta(days=60)
    away = {
        "out_of_area_reason": "no_bed_in_area",
        "repatriation_plan": "Home to Moorhen",
        "repatriation_on-day": "20",
        "repatriation_on-month": str(soon.month),
        "repatriation_on-year": str(soon.year),
    }
    assert world.post(client, "accept_offer", **chosen, **away).status_code == 303
    page = client.get(world.address).text
    for said in (
        "Bed accepted",
        "Fellgate, ZAA02",
        "A parent comes along",
        "Home to Moorhen",
        "What the admission needs",
    ):
        assert said in page, said
    assert "No care coordinator is named" in page and "complete_facts#care_coordinator_name" in page
    assert "Every approach" in page and "Stood down" in page and not any(said in page for said in RANKING[:4])


def test_nothing_of_a_bed_outside_the_collaborative_is_asked_where_every_offer_is_inside(
    world: World, session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    made = ask(session, world.search, world.next, world.crew.coordinator, now=world.now)
    answer(session, made, "offer", actor_of(member_of(session, world.next)), now=world.now)
    sign_in(client, _membership(session, world.crew.case_manager))
    form = client.get(f"{world.address}/accept_offer").text
    assert "Moorhen, ZAA01" in form and "Why outside the collaborative?" not in form
    assert world.post(client, "accept_offer", accepted_approach=made.reference).status_code == 303


def test_what_the_admission_needs_is_written_down_from_what_the_case_has(
    world: World, session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    sign_in(client, _membership(session, world.crew.coordinator))
    form = client.get(f"{world.address}/complete_facts").text
    assert 'value="gillick" selected' in form
    assert "No consultant is named" in client.get(world.address).text
    facts = {"consultant_name": "Ewan Sallis", "care_coordinator_name": "Joy Fenwick", "family_told": "no"}
    refused = world.post(client, "complete_facts", **facts)
    assert refused.status_code == 422 and "Say why the family is not told" in refused.text
    told = {"family_told": "yes", "responsible_icb": "ZIC01", "consent_basis": "gillick"}
    assert world.post(client, "complete_facts", **facts | told).status_code == 303
    page = client.get(world.address).text
    assert "A consultant is named" in page and "No consultant is named" not in page
    form = client.get(f"{world.address}/complete_facts").text
    assert 'value="Ewan Sallis"' in form and 'value="ZIC01" selected' in form


@pytest.mark.parametrize("who", ["receiving unit", "referrer", "unit that was asked", "information governance"])
def test_nobody_else_is_shown_the_ranking_the_approaches_or_another_unit(
    world: World, session: Session, client: FlaskClient, sign_in: SignIn, who: str
) -> None:
    for unit in (world.next, world.near):
        made = ask(session, world.search, unit, world.crew.coordinator, now=world.now)
        answer(session, made, "offer", actor_of(member_of(session, unit)), now=world.now)
    accept(session, world.asked(world.next), world.crew.case_manager, now=world.now)
    people = {
        "receiving unit": lambda: member_of(session, world.next),
        "referrer": lambda: _membership(session, world.crew.referrer),
        "unit that was asked": lambda: member_of(session, world.near),
        "information governance": lambda: make_membership(session, Role.INFORMATION_GOVERNANCE),
    }
    sign_in(client, people[who]())
    answered = client.get(world.address)
    if who == "unit that was asked":
        assert answered.status_code == 404
        return
    assert answered.status_code == 200 and "Bed accepted" in answered.text
    hidden = (*RANKING, "Calder Vale", "Every approach", "Fellgate", "Skelbeck", "Room 4", "Bed desk")
    for words in hidden:
        assert words not in answered.text, words
    if who != "information governance":  # which reads that things happened, to whatever item
        assert world.asked(world.near).reference not in answered.text
    # Whoever takes the person in knows from its own approach who is to come.
    assert ("HARTWIN" in answered.text) is (who == "receiving unit")
    if who == "receiving unit":
        assert "No consultant is named" in answered.text and "complete_facts" not in answered.text
    for action in ("approach_unit", "accept_offer", "allow_exception", "complete_facts"):
        form = client.get(f"{world.address}/{action}")
        assert form.status_code in {403, 404}, action
        for words in (*RANKING, "Calder Vale", "Fellgate", "Skelbeck"):
            assert words not in form.text, (action, words)


def test_on_call_sees_all_of_an_emergency_and_nothing_of_the_rest(
    world: World, session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    night = make_membership(session, Role.FINANCE_LEAD)
    hours = timedelta(hours=9)
    session.add(OnCallShift(user_id=night.user_id, from_at=world.now - hours, until_at=world.now + hours))
    (emergency,) = searches(session, make_admission(session, "admission_agreed", crew=world.crew, priority="emergency"))
    sign_in(client, night)
    page = client.get(f"/placements/{emergency.reference}").text
    assert "that fit" in page and f"asked_unit_id={world.near.id}" in page
    assert client.get(world.address).status_code == 404
    last = session.scalars(select(Transition.action).where(Transition.item_id == world.search.id)).all()
    assert "approach_unit" not in last
