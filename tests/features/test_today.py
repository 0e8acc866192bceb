"""Today: every number opens a list that holds exactly it, for each role, by at most eight statements."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, OnCallShift, SignInSession
from hub.beds.models import BedState
from hub.engine.models import AccessLog
from hub.engine.perform import perform
from tests.admission_factory import make_admission, make_crew
from tests.factories import (
    ANSWERS,
    actor_of,
    make_membership,
    make_referral,
    make_referring,
    make_unit,
)
from tests.statements import counted
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
NOW = datetime(2026, 4, 1, 9, 45, tzinfo=UTC)
"""Wednesday before Easter, 10:45am in London."""
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def at_the_moment() -> Any:
    """Every page of these tests is read at NOW."""
    with time_machine.travel(NOW, tick=False):
        yield


def read(client: FlaskClient, address: str = "/") -> str:
    """The page, which must be there, with its escapes undone."""
    answer = client.get(address)
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def figures(page: str) -> dict[str, tuple[str, str]]:
    """Label to number and address of the strip of numbers."""
    found = re.findall(r'<li><a[^>]*href="([^"]+)"><b>([\d,+]+)</b> <span>([^<]+)</span>', page)
    return {label: (number, href) for href, number, label in found}


def rows_behind(client: FlaskClient, href: str) -> int:
    """How many rows the list has, all its pages together."""
    rows, address = 0, href
    while address:
        page = read(client, address)
        rows += len(re.findall(r'<span class="hub-nowrap">[A-Z]{3}-\d{4}-\d{5}</span></small>', page))
        following = re.search(r'href="(/worklist\?[^"]+)" rel="next"', page)
        address = following[1] if following else ""
    return rows


def an_office(session: Session, owner: Any) -> None:
    """Items late, due today and later, new and old, waiting for a decision, for a reply, and paused."""
    actor = actor_of(owner)
    make_referral(session, "in_review", priority="emergency", now=NOW - 14 * HOUR)  # late, arrived after 5pm
    make_referral(session, priority="urgent", now=NOW - 30 * HOUR)  # not new
    make_referral(session, priority="emergency", now=NOW - 3 * HOUR)  # due today
    make_referral(session, "returned", priority="routine", now=NOW - 50 * HOUR)
    mine = make_referral(session, "in_review", priority="urgent", now=NOW - 47 * HOUR)
    perform(session, mine, "assign", actor, now=NOW, values={"owner_id": owner.user_id})
    paused = make_referral(session, "in_review", now=NOW - HOUR)
    other = actor_of(make_membership(session, Role.CASE_MANAGER))
    perform(session, paused, "ask_pause", actor, now=NOW, values={"clock": "review"}, reason="Snow")
    perform(session, paused, "approve_pause", other, now=NOW, values={"clock": "review"})


@pytest.mark.parametrize("whose", ["", "?whose=me"])
def test_every_number_opens_a_list_that_holds_exactly_it(
    session: Session, client: FlaskClient, sign_in: SignIn, whose: str
) -> None:
    dele = make_membership(session, Role.COORDINATOR)
    an_office(session, dele)
    sign_in(client, dele)
    page = read(client, f"/{whose}")
    found = figures(page)
    numbers = {label: int(number) for label, (number, _) in found.items()}
    assert numbers == (
        {"Late": 0, "Due today": 1, "New arrivals": 0, "Decisions waited for": 1, "Replies waited for": 0}
        if whose
        else {"Late": 1, "Due today": 2, "New arrivals": 3, "Decisions waited for": 3, "Replies waited for": 2}
    )
    for number, href in found.values():
        assert rows_behind(client, href) == int(number), href
    whole = re.search(r'href="([^"]+)">All (\d+) in the worklist', page)
    assert whole is not None
    assert rows_behind(client, whole[1]) == int(whole[2]) == (1 if whose else 6)


def test_the_note_before_easter_and_its_number(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    dele = make_membership(session, Role.COORDINATOR)
    an_office(session, dele)
    sign_in(client, dele)
    page = read(client)
    assert "Friday 3 April 2026 (Good Friday) and Monday 6 April 2026 (Easter Monday) are not working days." in page
    note = re.search(r'href="([^"]+)">(\d+) items fall due before Tuesday 7 April 2026, 9am</a>', page)
    assert note is not None
    assert rows_behind(client, note[1]) == int(note[2]) == 3


def test_the_beds_of_the_region_in_one_line(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    fresh, stale, silent, shut = (make_unit(session) for _ in range(4))
    shut.until_on = NOW.date() - timedelta(days=1)
    for unit, hours, taken in ((fresh, 1, 7), (stale, 25, 9), (shut, 99, 0)):
        for bed_type in (unit.bed_type, "302"):
            figures = {"commissioned": 10, "open_beds": 10, "occupied": taken, "held": 1}
            state = BedState(unit_id=unit.id, bed_type=bed_type, confirmed_at=NOW - hours * HOUR, **figures)
            session.add(state)
    session.flush()
    sign_in(client, make_membership(session, Role.COORDINATOR))
    said = '<a href="/beds/">Beds: {}</a>'
    assert said.format("4 free of 40 open; 2 units not confirmed in 24 hours") in read(client)
    silent.until_on = shut.until_on
    session.execute(update(BedState).where(BedState.unit_id == stale.id).values(confirmed_at=NOW))
    session.flush()
    assert said.format("4 free of 40 open; every unit confirmed in 24 hours") in read(client)
    sign_in(client, make_membership(session, Role.ACCESS_ASSESSOR, make_referring(session)))
    assert "Beds: " not in read(client, "/home/")


def test_no_note_in_a_week_without_days_off(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    with time_machine.travel(datetime(2026, 3, 18, 9, tzinfo=UTC), tick=False):
        sign_in(client, make_membership(session, Role.COORDINATOR))
        assert "working day" not in read(client)


def test_late_and_due_next_in_groups(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    dele = make_membership(session, Role.COORDINATOR)
    an_office(session, dele)
    sign_in(client, dele)
    page = read(client)
    table = page[page.index('id="next"') : page.index('id="arrivals"')]
    groups = re.findall(r'colspan="4">([^<]+)<', table)
    assert groups == ["Late", "Today", "Next", "No clock is running"]
    assert 'data-label="Owner">Me<' in table
    assert 'data-label="Owner">Nobody yet<' in table
    assert "2 h 15 min late" not in table
    assert "I. Hartwin, 15" in table


def test_who_is_waited_for_and_since_when(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    dele = make_membership(session, Role.COORDINATOR)
    an_office(session, dele)
    sign_in(client, dele)
    page = read(client)
    table = page[page.index('id="waited"') :]
    assert 'data-label="From">Brackendale Community Team<' in table  # a reply
    assert 'data-label="From">A case manager<' in table  # a decision nobody owns
    assert f'data-label="From">{dele.user.name}<' in table  # a decision somebody owns
    assert 'data-label="Since">Mon 30 March<' in table


def test_a_new_arrival_says_who_sent_it_and_when(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    made = make_referral(session, priority="urgent", now=NOW - 16 * HOUR)  # yesterday, 6:45pm
    make_referral(session, priority="urgent", now=NOW - 18 * HOUR)  # yesterday, 4:45pm
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    page = read(client)
    table = page[page.index('id="arrivals"') : page.index('id="waited"')]
    assert "1 since 5pm yesterday" in table
    assert made.reference in table
    assert "Brackendale Community Team" in table
    assert "Yesterday, 6:45pm" in table


def test_a_party_sees_what_is_asked_and_where_the_rest_is(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    crew = make_crew(session)
    booked = make_admission(session, "assessment_booked", crew=crew, now=NOW - 5 * HOUR)
    signed = make_admission(session, "assessed", crew=crew, now=NOW - HOUR)
    foreign = make_referral(session, referrer=crew.referrer, now=NOW)
    sign_in(client, session.get_one(Membership, crew.referrer.membership_id))
    assert client.get("/").location == "/referrals/", "a referrer's day is a page of its own"
    sign_in(client, session.get_one(Membership, crew.assessor.membership_id))
    assert client.get("/").location == "/home/", "everybody else's stands on the home of their side"
    page = read(client, "/home/")
    asked, rest = page[page.index('id="asked"') : page.index('id="sent"')], page[page.index('id="sent"') :]
    assert booked.reference in asked
    assert booked.reference not in rest
    assert "Nothing else is open" in rest
    assert signed.reference not in page, "with the signature their part is over"
    assert foreign.reference not in page
    assert "Whole hub" not in page
    found = {label: (number, href) for label, (number, href) in figures(page).items() if href.startswith("/worklist")}
    assert {label: number for label, (number, _) in found.items()} == {
        "Late": "0",
        "Due today": "0",
        "Asked of you": "1",
        "With the hub": "0",
    }
    for number, href in found.values():
        assert rows_behind(client, href) == int(number), href


def test_somebody_on_call_sees_the_emergencies_and_no_more(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    lead = make_membership(session, Role.QUALITY_LEAD)
    session.add(OnCallShift(user_id=lead.user_id, from_at=NOW - HOUR, until_at=NOW + HOUR))
    emergency = make_referral(session, priority="emergency", now=NOW)
    other = make_referral(session, priority="urgent", now=NOW)
    sign_in(client, lead)
    page = read(client)
    number, href = figures(page)["Emergencies now"]
    assert number == "1"
    assert rows_behind(client, href) == 1
    assert emergency.reference in page
    assert other.reference not in page


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.QUALITY_LEAD, Role.FAMILY_LIAISON])
def test_a_role_that_opens_no_item_sees_its_pages_and_no_number(
    session: Session, client: FlaskClient, sign_in: SignIn, role: Role
) -> None:
    made = make_referral(session, priority="emergency", now=NOW)
    sign_in(client, make_membership(session, role))
    page = read(client)
    assert made.reference not in page
    assert "hub-figures" not in page
    assert 'href="/how-it-works">How it works</a>' in page
    assert 'href="/account"' in page


def test_information_governance_sees_no_person(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    made = make_referral(session, priority="urgent", now=NOW)
    sign_in(client, make_membership(session, Role.INFORMATION_GOVERNANCE))
    page = read(client)
    assert made.reference in page
    assert "Hartwin" not in page


def test_owning_nothing_leads_to_the_whole_hub(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    make_referral(session, now=NOW)
    sign_in(client, make_membership(session, Role.COORDINATOR))
    page = read(client, "/?whose=me")
    assert "You own nothing that is open" in page
    assert '<a href="/">Look at the whole hub</a>' in page


def test_signing_in_lands_here_and_the_reading_is_logged(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    make_referral(session, now=NOW)
    sign_in(client, make_membership(session, Role.COORDINATOR))
    assert 'href="/" aria-current="page"' in read(client)
    row = session.scalars(select(AccessLog).where(AccessLog.what == "listed")).one()
    assert (row.path, row.detail) == ("/", {"query": "", "count": 1})


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.HEAD_OF_COMMISSIONING, Role.ADMINISTRATOR])
def test_no_more_than_eight_statements_whatever_the_volume(
    session: Session, client: FlaskClient, sign_in: SignIn, engine: Engine, role: Role
) -> None:
    member = make_membership(session, role)
    owner = make_membership(session, Role.COORDINATOR)
    numbers = []
    for more in (2, 60):
        for number in range(more):
            made = make_referral(session, "in_review", priority="urgent", now=NOW - number * HOUR)
            if number % 2:
                answers = {**ANSWERS["return_incomplete"]}
                perform(session, made, "return_incomplete", actor_of(owner), now=NOW, values=answers)
        sign_in(client, member)
        read(client)
        # The statement that notes "still there" once a minute is one of the eight.
        session.execute(update(SignInSession).values(last_seen_at=NOW - timedelta(minutes=5)))
        session.commit()
        with counted(engine) as sent:
            read(client)
        assert len(sent) <= 8, "\n\n".join(sent)
        numbers.append(len(sent))
    assert numbers[0] == numbers[1] > 5
