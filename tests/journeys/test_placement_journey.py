"""From an agreed admission to a bed: by day with two units, out of area, and at 3 in the morning by on-call alone."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from hub.admissions.models import Admission
from hub.cases.models import CareCase
from hub.db import transaction
from hub.engine.audit import verify
from hub.engine.perform import perform
from hub.patients.models import Patient
from hub.placements.approach_models import Approach
from hub.placements.models import Placement
from tests.admission_factory import FORM_2, add_scan, make_admission, searches
from tests.factories import make_actor, make_hub, make_organisation
from tests.journeys.conftest import Person
from tests.journeys.telephone import put_on_call, takes_it_to_the_search_for_a_bed
from tests.unit_factory import put_in_a_collaborative, unit_at
from workflows.durations import local
from workflows.roles import Role

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]


def _search(database: Engine) -> str:
    """An agreed admission of a boy of 15 at HX3; two units of the collaborative, one outside it, one for girls."""
    with Session(database, expire_on_commit=False) as session, transaction(session):
        now = datetime.now(UTC)
        admission = make_admission(session, "admission_agreed", priority="urgent", now=now - timedelta(hours=20))
        (placement,) = searches(session, admission)
        assert placement.case is not None
        home = {"postcode": "HX3 0AA", "gender": "1", "date_of_birth": date(now.year - 15, 1, 1)}
        session.execute(update(Patient).where(Patient.id == placement.case.patient_id).values(**home))
        known = {"care_coordinator_name": None, "consultant_name": None, "family_told": None}
        session.execute(update(CareCase).where(CareCase.id == placement.case_id).values(**known))
        member = make_organisation(session, "ZAA01", name="Calder Vale Partnership", kind="nhs_provider")
        other = make_organisation(session, "ZAA02", name="Lonsmoor Care", kind="independent_provider")
        put_in_a_collaborative(session, placement, member)
        fresh, stale = now - timedelta(hours=1), now - timedelta(hours=36)
        unit_at(session, "Calder Vale", "HX3 0AB", provider=member, free=1, confirmed_at=fresh)
        unit_at(session, "Moorhen Lodge", "BD1 1AA", provider=member, free=1, confirmed_at=stale, level="enhanced")
        unit_at(session, "Fellgate", "CA1 1AA", provider=other, free=2, confirmed_at=fresh)
        unit_at(session, "Harrowby Court", "", provider=other, gender="female")
        return placement.reference


def _has_become(database: Engine) -> tuple[str, list[str]]:
    with Session(database) as session:
        assert not verify(session).findings
        states = session.scalars(select(Approach.state).order_by(Approach.id)).all()
        return session.scalars(select(Placement.state)).one(), list(states)


def _asks(someone: Person, unit: str, why: str = "") -> None:
    """From the row of a unit in the ranking to its question being sent."""
    someone.page.get_by_role("row", name=unit).get_by_role("link", name="Approach").or_(
        someone.page.get_by_role("row", name=unit).get_by_role("link", name="Ask anyway")
    ).click()
    someone.page.get_by_label("Whom did you ask?").fill("Bev, nurse in charge, 01632 960 010")
    someone.page.get_by_label("By telephone").check()
    if why:
        someone.page.get_by_label("Why this unit").fill(why)
    someone.press("Approach a unit")
    someone.says("Done: approach a unit")


def _on(someone: Person, legend: str, then: datetime) -> None:
    """A day, with its time where the question has a box for one."""
    group, wall = someone.page.get_by_role("group", name=legend), local(then)
    time = {"Time": f"{wall:%H:%M}"} if group.get_by_label("Time").count() else {}
    boxes = {"Day": wall.day, "Month": wall.month, "Year": wall.year, **time}
    for label, value in boxes.items():
        group.get_by_label(label).fill(str(value))


def _writes_down_an_offer(someone: Person, unit: str) -> None:
    """The unit says yes on the telephone."""
    someone.page.get_by_role("row", name=unit).get_by_role("link", name="Record answer").click()
    someone.press("Offer a bed")
    someone.page.get_by_label("Which bed?").fill("Room 4, by the nurses")
    _on(someone, "From when?", datetime.now(UTC) + timedelta(days=1))
    someone.page.get_by_label("Conditions").fill("A parent stays the first night")
    someone.press("Offer a bed")
    someone.says("Done: offer a bed")


def test_a_coordinator_goes_from_an_agreed_admission_to_a_person_who_is_admitted(
    database: Engine, person: Arrive
) -> None:
    reference = _search(database)
    dele = person(Role.COORDINATOR)
    # Given a search whose page says who fits, nearest first, and why the others do not
    dele.open(f"/placements/{reference}")
    dele.says("3 units that fit")
    dele.says("Girls and young women only")
    dele.is_accessible()
    # When two units are asked, and the nearer one says on the telephone that it has no bed, though it reported one
    _asks(dele, "1. Calder Vale")
    _asks(dele, "2. Moorhen Lodge")
    dele.page.get_by_role("row", name="1. Calder Vale").get_by_role("link", name="Record answer").click()
    dele.press("Say no")
    dele.page.get_by_label("Why not?").select_option(label="No bed")
    dele.press("Say no")
    dele.says("Done: say no")
    dele.open(f"/placements/{reference}")
    dele.says("Contradicts its bed state: 1 of 10 free")
    _writes_down_an_offer(dele, "2. Moorhen Lodge")
    dele.open(f"/placements/{reference}")
    dele.says("1 offer stands")
    dele.is_accessible()
    # Then a case manager accepts the offer: the bed is in the collaborative, so nothing is asked of its distance
    priya = person(Role.CASE_MANAGER)
    priya.open(f"/placements/{reference}/accept_offer")
    priya.says("Conditions: A parent stays the first night")
    assert not priya.page.get_by_text("Why outside the collaborative?").count()
    priya.page.get_by_label("Moorhen Lodge, Calder Vale Partnership").check()
    priya.is_accessible()
    priya.press("Accept an offer")
    priya.says("is bed accepted")
    # And the coordinator plans the journey, and mends everything that the admission still lacks from its own list
    dele.open(f"/placements/{reference}")
    dele.says("No consultant is named")
    dele.is_accessible()
    dele.page.get_by_role("listitem").filter(has_text="No consultant is named").get_by_role("link").click()
    dele.page.wait_for_url("**/complete_facts#consultant_name")
    dele.page.get_by_label("Care coordinator").fill("Joy Fenwick, 01632 960 004")
    dele.page.get_by_label("Consultant").fill("Ewan Sallis")
    dele.page.get_by_label("Responsible ICB").select_option(label="Northmoor ICB")
    dele.page.get_by_role("group", name="Is the family told?").get_by_label("Yes").check()
    dele.is_accessible()
    dele.press("Write down what the admission needs")
    dele.says("Done: write down what the admission needs")
    dele.press("Plan the journey")
    dele.page.get_by_label("With staff, by car").check()
    dele.page.get_by_label("Who goes with them?").fill("Two nurses, 01632 960 020")
    _on(dele, "When?", datetime.now(UTC) + timedelta(days=1))
    dele.page.get_by_label("Under what legal authority?").fill("His own consent, and his mother’s")
    dele.is_accessible()
    dele.press("Plan the journey")
    dele.says("is journey planned")
    dele.press("Record the admission")
    dele.says("8 weeks from today is")
    _on(dele, "When was the person admitted?", datetime.now(UTC) - timedelta(minutes=10))
    _on(dele, "Estimated discharge date", datetime.now(UTC) + timedelta(weeks=8))
    dele.is_accessible()
    dele.press("Record the admission")
    dele.says("is admitted")
    dele.is_accessible()
    assert _has_become(database) == ("admitted", ["refused", "taken"])


def test_a_bed_out_of_area_wants_its_reason_the_way_back_and_a_date(database: Engine, person: Arrive) -> None:
    # Given an offer of a unit outside the collaborative, asked on a telephone's screen
    reference = _search(database)
    dele = person(Role.COORDINATOR, viewport={"width": 320, "height": 640})
    dele.open(f"/placements/{reference}")
    dele.says("Outside the collaborative: needs a reason, and a date to come back")
    dele.is_accessible()
    _asks(dele, "3. Fellgate")
    _writes_down_an_offer(dele, "3. Fellgate")
    # When the case manager accepts it and says nothing more, everything that is missing is said at once
    priya = person(Role.CASE_MANAGER)
    priya.open(f"/placements/{reference}/accept_offer")
    priya.page.get_by_label("Fellgate, Lonsmoor Care").check()
    priya.press("Accept an offer")
    priya.says("3 things to put right")
    priya.is_accessible()
    # Then with the reason, the plan and the date it is taken, and the page keeps all three before everybody's eyes
    assert priya.page.get_by_label("Fellgate, Lonsmoor Care").is_checked()
    priya.page.get_by_label("No suitable bed in the area").check()
    priya.page.get_by_label("How does the person come back near home?").fill("To Moorhen Lodge once it has a bed")
    _on(priya, "When is that looked at again?", datetime.now(UTC) + timedelta(days=14))
    priya.press("Accept an offer")
    priya.says("is bed accepted")
    priya.says("To Moorhen Lodge once it has a bed")
    priya.says("Looked at again")
    priya.is_accessible()
    assert _has_become(database) == ("bed_accepted", ["taken"])


def test_on_call_alone_finds_a_bed_at_night_and_the_day_ratifies_with_the_late_form_2(
    database: Engine, person: Arrive, people: dict[Role, str]
) -> None:
    # Given one manager on call with a telephone in her hand, and a unit that takes girls of 14
    with Session(database, expire_on_commit=False) as session, transaction(session):
        make_hub(session)
        unit_at(session, "Calder Vale", "HX3 0AB", free=1, confirmed_at=datetime.now(UTC))
    put_on_call(database, people[Role.DIRECTOR])
    karen = person(Role.DIRECTOR, viewport={"width": 375, "height": 700})
    takes_it_to_the_search_for_a_bed(karen)
    # When she asks the unit, writes down its answer and accepts the bed, alone
    karen.says("1 unit that fits")
    search = karen.page.url
    _asks(karen, "1. Calder Vale")
    _writes_down_an_offer(karen, "1. Calder Vale")
    karen.page.goto(search)
    karen.press("Accept an offer")
    karen.page.get_by_label("Calder Vale, Tarn House").check()
    karen.page.get_by_label("No suitable bed in the area").check()
    karen.page.get_by_label("How does the person come back near home?").fill("The day team finds a unit near home")
    _on(karen, "When is that looked at again?", datetime.now(UTC) + timedelta(days=3))
    karen.is_accessible()
    karen.press("Accept an offer")
    karen.says("is bed accepted")
    karen.is_accessible()
    assert _has_become(database) == ("bed_accepted", ["taken"])
    # Then in the morning another person ratifies, and the late Form 2 is entered from its signed paper
    with Session(database) as session:
        admission = session.scalars(select(Admission.reference)).one()
    ruth = person(Role.HEAD_OF_COMMISSIONING)
    ruth.open(f"/admissions/{admission}/ratify")
    ruth.page.get_by_label("Your reason").fill("She could not be kept safe where she was")
    ruth.press("Ratify the emergency admission")
    ruth.says("Ratified; the late Form 2 is still to come")
    _answer_form_2(database)
    priya = person(Role.CASE_MANAGER)
    priya.open(f"/admissions/{admission}/enter_late_paper")
    priya.page.get_by_role("group", name="Is inpatient admission appropriate?").get_by_label("Yes").check()
    priya.page.get_by_role("group", name="Would it be only because").get_by_label("No").check()
    priya.page.get_by_label("Who signed").fill("Aisha Thorne")
    _on(priya, "When was it signed?", datetime.now(UTC) - timedelta(minutes=10))
    priya.page.get_by_label("Where is the signed paper").fill("Cabinet 4")
    priya.is_accessible()
    priya.press("Enter a late paper Form 2")
    priya.says("is admission agreed")
    # And the bed is still hers
    assert _has_become(database) == ("bed_accepted", ["taken"])


def _answer_form_2(database: Engine) -> None:
    """The assessor's answers and the scan of the signed paper; filling them in has a journey of its own."""
    with Session(database, expire_on_commit=False) as session, transaction(session):
        admission = session.scalars(select(Admission)).one()
        case_manager = make_actor(session, Role.CASE_MANAGER)
        answers = FORM_2 | {"assessed_at": datetime.now(UTC) - timedelta(hours=1)}
        perform(session, admission, "fill_in_assessment", case_manager, now=datetime.now(UTC), values=answers)
        add_scan(session, admission, case_manager)
