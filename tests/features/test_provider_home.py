"""A unit's own page: what it is asked and has, in order; nothing of another unit, nor of whom it may not know."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from hub.accounts.models import SignInSession
from hub.beds.models import BedState
from hub.engine.models import AccessLog, WorkItem
from hub.engine.perform import perform
from hub.organisations.models import Unit
from hub.placements.models import Placement
from hub.provider import queries
from tests.admission_factory import Crew, make_admission, make_crew, searches
from tests.approach_factory import ENDS, answer, ask, make_approach, make_search, member_of
from tests.factories import NOW, REASON, actor_of, make_membership, make_organisation, make_unit
from tests.placement_factory import Ward
from tests.statements import counted
from tests.stay_factory import do, stay_on
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
HOUR = timedelta(hours=1)
REFERENCE = re.compile(r"\b(?:APR|PLA|STA|REF|ADM)-\d{4}-\d{5}\b")
AT_A_UNIT = (Role.UNIT_MANAGER, Role.UNIT_CLINICIAN)


@pytest.fixture(autouse=True)
def at_the_moment() -> Any:
    """Every page of these tests is read at NOW."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def crew(session: Session) -> Crew:
    """The hub's people."""
    return make_crew(session)


def read(client: FlaskClient, address: str = "/home/") -> str:
    """The page, which must be there, with its escapes undone."""
    answered = client.get(address)
    assert answered.status_code == 200
    return unescape(answered.get_data(as_text=True))


def part(page: str, ident: str) -> str:
    """One panel of the page, in words."""
    found = page[page.index(f'id="{ident}"') :]
    return " ".join(re.sub(r"<[^>]+>", " ", found[: found.index("</section>")]).split())


def ward_of(session: Session, unit: Unit) -> Ward:
    """The unit with one person of each sort."""
    return Ward(unit, *(actor_of(member_of(session, unit, role)) for role in AT_A_UNIT))


def a_unit(session: Session, name: str, code: str = "ZPR01") -> Unit:
    """A unit of this name."""
    made = make_unit(session, make_organisation(session, code, name=f"Provider {code}"))
    made.name = name
    session.flush()
    return made


def figures_of(unit: Unit, confirmed_at: datetime, **changes: Any) -> BedState:
    """Ten beds, one of them free."""
    usual = {"commissioned": 10, "open_beds": 10, "occupied": 9, "held": 0, "confirmed_at": confirmed_at}
    return BedState(unit_id=unit.id, bed_type=unit.bed_type, **{**usual, **changes})


def test_each_membership_sees_its_own_units_and_never_another_one_s(
    session: Session, client: FlaskClient, sign_in: SignIn, crew: Crew
) -> None:
    linden, rowan = a_unit(session, "Linden"), a_unit(session, "Rowan")
    kestrel = a_unit(session, "Kestrel", "ZPR02")
    for number, unit in enumerate((linden, rowan, kestrel)):
        make_approach(session, crew=crew, unit=unit)
        make_approach(session, "taken", crew=crew, unit=unit)
        stay_on(session, ward_of(session, unit), crew=crew)
        session.add(figures_of(unit, NOW - HOUR, occupied=number))
    session.flush()

    def about(*units: Unit) -> set[str]:
        ids = [unit.id for unit in units]
        held = session.scalars(select(WorkItem).where(WorkItem.unit_id.in_(ids))).all()
        parents = [item.parent_id for item in held if item.kind == "approach" and item.state == "taken"]
        coming = select(WorkItem).where(WorkItem.id.in_(parents), WorkItem.is_open)
        return {item.reference for item in (*held, *session.scalars(coming))}

    whole = make_membership(session, Role.UNIT_MANAGER, linden.site.organisation)
    cases = (
        (member_of(session, linden), "", (linden,), "10 free of 10"),
        (member_of(session, linden, Role.UNIT_CLINICIAN), f"?unit={rowan.unit_code}", (linden,), "10 free of 10"),
        (whole, "", (linden, rowan), "10 free of 10"),
        (whole, f"?unit={rowan.unit_code}", (rowan,), "9 free of 10"),
        (whole, f"?unit={kestrel.unit_code}", (linden, rowan), "10 free of 10"),
        (member_of(session, kestrel), "", (kestrel,), "8 free of 10"),
        (make_membership(session, Role.UNIT_MANAGER, make_organisation(session, "ZPR03")), "", (), ""),
    )
    for member, asked, units, beds in cases:
        sign_in(client, member)
        page = read(client, f"/home/{asked}")
        assert set(REFERENCE.findall(page)) == about(*units), (units, asked)
        names = {unit.name for unit in (linden, rowan, kestrel) if unit.name in page}
        offered = {"Linden", "Rowan"} if member is whole else set()
        assert names == {unit.name for unit in units} | offered
        assert beds in page
        ended = {item.reference for item in session.scalars(select(WorkItem).where(~WorkItem.is_open))}
        answered = {reference for reference in about(*units) & ended if reference.startswith("APR")}
        assert set(REFERENCE.findall(read(client, f"/home/answered{asked}"))) == answered
    sign_in(client, whole)
    assert "· Rowan" in read(client)
    assert "· Rowan" not in read(client, f"/home/?unit={rowan.unit_code}")


def test_what_needs_an_answer_stands_soonest_first_and_says_no_name_while_it_asks(
    session: Session, client: FlaskClient, sign_in: SignIn, crew: Crew
) -> None:
    unit = a_unit(session, "Linden")
    ward = ward_of(session, unit)
    session.add(figures_of(unit, NOW - 26 * HOUR))
    late, left = (stay_on(session, ward, crew=crew, admitted_at=NOW - 72 * HOUR) for _ in range(2))
    do(session, late, "start_leave", ward.manager, NOW - 6 * HOUR)
    do(session, left, "end_stay", ward.clinician, NOW - 10 * HOUR)
    stay_on(session, ward, crew=crew)
    (urgent,) = searches(session, make_admission(session, "admission_agreed", crew=crew, priority="urgent"))
    asked = ask(session, urgent, unit, crew.coordinator)
    offered = make_approach(session, "offered", crew=crew, unit=unit)
    coming = make_approach(session, "taken", crew=crew, unit=unit)
    sign_in(client, member_of(session, unit))
    page = read(client)
    assert re.findall(r"<h3>([^<]+)</h3>", page) == [
        "Confirm your beds",
        "Is Hartwin, Isobel back from leave?",
        "Can you offer a bed: general, young person (13 to 17)?",
        "Your bed was accepted: admit Hartwin, Isobel",
        "See or speak to Hartwin, Isobel after leaving",
    ]
    needs = part(page, "needs-our-answer")
    assert "Last confirmed 1 day 2 h ago: 1 free of 10 open. It shows as stale to the hub" in needs
    assert (
        f"12 h left Today, 10pm Can you offer a bed: general, young person (13 to 17)? {asked.reference} · Urgent · "
        "a 15-year-old from LS1. You will see what is needed to answer, and nothing else" in needs
    )
    assert page.count('class="nhsuk-button nhsuk-button--small"') == 1, "one green button"
    placement = session.get_one(WorkItem, coming.parent_id)
    for address in (
        f"/beds/{unit.unit_code}",
        f"/approaches/{asked.reference}",
        f"/placements/{placement.reference}",
        f"/stays/{late.reference}/return_from_leave",
        f"/stays/{left.reference}/record_follow_up",
    ):
        assert re.search(rf'<a class="nhsuk-button[^>]+href="{address}"', page), address
    offers = part(page, "our-offers")
    assert f"{offered.reference} · Room 4, a 15-year-old from LS1 Offered 4 h left" in offers
    assert f"{coming.reference} · Room 4 Taken" in offers
    people = part(page, "our-people")
    assert "2 here, 1 of them on leave, 1 to follow up" in people
    assert f"{late.reference} On leave was due back today, 9am" in people
    assert f"{left.reference} Left, follow-up due left today, midnight" in people
    figures = re.findall(r'href="(#[^"]+)"><b>([^<]+)</b> <span>[^<]+</span> <small>([^<]+)</small>', page)
    assert figures == [
        ("#needs-our-answer", "5", "2 late"),
        ("#our-offers", "1", "4 h left"),
        ("#our-people", "2", "1 on leave"),
        ("#our-beds", "1 of 10", "confirmed 1 day 2 h ago"),
    ]


def test_what_ended_keeps_our_words_and_forgets_whom_it_was_about(
    session: Session, client: FlaskClient, sign_in: SignIn, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = a_unit(session, "Linden")
    ended = [make_approach(session, end, crew=crew, unit=unit).reference for end in ENDS]
    given_back = make_approach(session, "taken", crew=crew, unit=unit)
    search = session.get_one(Placement, given_back.parent_id)
    perform(session, search, "reopen_search", crew.coordinator, now=NOW, reason="Her brother works there")
    ended.append(given_back.reference)
    sign_in(client, member_of(session, unit))
    for address, shown in (("/home/", 5), ("/home/answered", 6)):
        page = read(client, address)
        found = set(REFERENCE.findall(page))
        assert found <= set(ended) and len(found) == shown
        for told in ("15-year-old", "LS1", "Hartwin", "Isobel", "999 ", "Bed desk", "brother", "No bed is needed"):
            assert told not in page, (address, told)
        assert page.count(f"Taken back: {REASON}") == 2
        assert "Offered: Room 4" in page
        assert "We had not answered" in page, "the one that was stood down before anything was said"
    assert "No: Staffing" in page and "Two nurses short until Friday" in page
    monkeypatch.setattr(queries, "PAGE_SIZE", 2)
    seen, address = [], "/home/answered"
    while address:
        page = read(client, address)
        seen += list(dict.fromkeys(REFERENCE.findall(page)))
        following = re.search(r'href="(/home/answered\?[^"]+)" rel="next"', page)
        address = following[1] if following else ""
    assert sorted(seen) == sorted(ended)
    assert "First page" in page
    assert "Nothing further down" in read(client, "/home/answered?after=0-1")


def test_it_is_where_the_people_of_a_unit_arrive_and_nobody_else(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    unit = a_unit(session, "Linden")
    for role in AT_A_UNIT:
        sign_in(client, member_of(session, unit, role))
        assert client.get("/").headers["Location"] == "/home/"
        page = read(client)
        menu = page[page.index('aria-label="Menu"') : page.index("</header>")]
        labels = re.findall(r">([A-Z][^<]+)<", menu)
        assert labels[:5] == ["Home", "Our open items", "Beds", "Raise an escalation", "Messages"]
        assert "Today" not in labels
        assert 'href="/home/" aria-current="page"' in menu
        assert "<small>Provider ZPR01</small>" in page
        assert "This page holds only what is about Provider ZPR01." in page
        assert "<h1>Our open items</h1>" in read(client, "/worklist")
        logged = session.scalars(select(AccessLog).where(AccessLog.what == "listed").order_by(AccessLog.id.desc()))
        assert "/home/" in {row.path for row in logged}
    for role in (Role.REFERRER, Role.COORDINATOR, Role.DIRECTOR):
        sign_in(client, make_membership(session, role))
        assert client.get("/home/").status_code == client.get("/home/answered").status_code == 404
        assert client.get("/").headers.get("Location") != "/home/"
    for role in (Role.ACCESS_ASSESSOR, Role.PROVIDER_QUALITY_LEAD):
        sign_in(client, make_membership(session, role))
        assert client.get("/home/answered").status_code == 404


def test_the_level_and_the_admissions_position_with_date_and_reason(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    unit = a_unit(session, "Linden")
    unit.level, unit.level_since = "enhanced", NOW.date()
    unit.admissions, unit.admissions_since, unit.admissions_why = "case_by_case", NOW.date(), "Two wards share a doctor"
    session.add(figures_of(unit, NOW - HOUR, open_beds=8, occupied=8, closed_why="Damp in two rooms"))
    session.flush()
    sign_in(client, member_of(session, unit))
    page = read(client)
    said = part(page, "our-level")
    assert "Enhanced since Monday 16 March 2026" in said
    assert "Admissions: case by case, since Monday 16 March 2026 Two wards share a doctor" in said
    assert "Nothing needs your answer now" in part(page, "needs-our-answer")
    beds = part(page, "our-beds")
    assert "0 free of 8 open" in beds
    assert "2 closed: Damp in two rooms" in beds
    assert "Confirmed 1 h ago" in beds
    assert "Stale" not in beds
    unit.bed_type = "309"
    session.flush()
    page = read(client)
    assert "Give your bed figures" in page, "figures of another type do not say how many of its own are free"
    assert f'href="/beds/{unit.unit_code}/types/301"' in page


def test_no_more_than_ten_statements_whatever_there_is(
    session: Session, client: FlaskClient, sign_in: SignIn, engine: Engine, crew: Crew
) -> None:
    unit = a_unit(session, "Linden")
    session.add(figures_of(unit, NOW - HOUR))
    ward = ward_of(session, unit)
    member = member_of(session, unit)
    search = make_search(session, crew)
    numbers = []
    for more in (1, 4):
        for _ in range(more):
            answer(session, ask(session, search, unit, crew.coordinator), "refuse", ward.manager)
            made = make_approach(session, "taken", crew=crew, unit=unit)
            answer(session, made, "withdraw_taken", ward.manager)
            make_approach(session, crew=crew, unit=unit)
            stay_on(session, ward, crew=crew)
        sign_in(client, member)
        read(client)
        # The statement that notes "still there" once a minute is one of the ten.
        session.execute(update(SignInSession).values(last_seen_at=NOW - timedelta(minutes=5)))
        session.commit()
        with counted(engine) as sent:
            read(client)
        assert len(sent) <= 10, "\n\n".join(sent)
        numbers.append(len(sent))
    assert numbers[0] == numbers[1] > 5
