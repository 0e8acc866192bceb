"""A unit answers: by keyboard on a telephone's screen, and one that offers a bed and takes it back."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.accounts.passwords import hash_password
from hub.db import transaction
from hub.engine.audit import verify
from hub.organisations.models import Unit
from hub.placements.approach_models import Approach
from hub.placements.models import Placement
from tests.admission_factory import make_admission, make_crew, searches
from tests.approach_factory import ask, member_of
from tests.factories import make_organisation, make_unit
from tests.journeys.conftest import PASSWORD, Person
from workflows.durations import local
from workflows.roles import Role

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]


def _manager(session: Session, unit: Unit) -> str:
    """Somebody who keeps this unit's beds; the e-mail address signs them in."""
    person = member_of(session, unit).user
    person.password_hash = hash_password(PASSWORD)
    return person.email


def _asked(database: Engine) -> tuple[str, str, str, str]:
    """A search with one unit asked: references of the approach and the search, its manager, and another's."""
    with Session(database, expire_on_commit=False) as session, transaction(session):
        now, crew = datetime.now(UTC), make_crew(session)
        admission = make_admission(
            session, "admission_agreed", crew=crew, now=now - timedelta(hours=1), priority="urgent"
        )
        (placement,) = searches(session, admission)
        linden, other = make_unit(session), make_unit(session, make_organisation(session, "ZPR02", name="Moorhen Care"))
        other.name = "Sedge"
        approach = ask(session, placement, linden, crew.coordinator, now=now)
        return approach.reference, placement.reference, _manager(session, linden), _manager(session, other)


def _states(database: Engine) -> tuple[str, list[str]]:
    with Session(database) as session:
        assert not verify(session).findings
        approaches = session.scalars(select(Approach).order_by(Approach.id)).all()
        return session.scalars(select(Placement)).one().state, [each.state for each in approaches]


def _tab_to(someone: Person, name: str) -> None:
    """Press Tab until what is called `name` has the focus, as it shows."""
    for _ in range(80):
        someone.page.keyboard.press("Tab")
        found = someone.page.evaluate(
            """() => { const at = document.activeElement;
                const label = at.labels && at.labels.length ? at.labels[0].innerText : '';
                return [at.innerText, label].map(said => (said || '').trim().split('\\n')[0]); }"""
        )
        if name in found:
            return
    raise AssertionError(f"the keyboard does not reach {name!r}")


def _fill_in_an_offer(someone: Person, bed: str) -> None:
    tomorrow = local(datetime.now(UTC)) + timedelta(days=1)
    someone.page.get_by_label("Which bed?").fill(bed)
    when = someone.page.get_by_role("group", name="From when?")
    for box, value in {"Day": tomorrow.day, "Month": tomorrow.month, "Year": tomorrow.year, "Time": "10am"}.items():
        when.get_by_label(box).fill(str(value))


def test_a_bed_manager_answers_by_keyboard_on_a_narrow_screen(database: Engine, person: Arrive) -> None:
    # Given a unit that was asked, and its manager with a keyboard on a screen of 320 pixels
    reference, _, email, _ = _asked(database)
    grace = person(None, email=email, viewport={"width": 320, "height": 640})
    # When she opens the approach, the time left and the question come before everything else
    grace.open(f"/approaches/{reference}")
    grace.page.get_by_text(re.compile(r"1[12] h.* left")).first.wait_for()
    top = grace.page.locator(".hub-head .hub-clock").bounding_box()
    assert top and top["y"] < 640
    grace.says("HARTWIN")
    grace.is_accessible()
    # And she says no for a clinical reason, but leaves out what would change it
    _tab_to(grace, "Say no")
    grace.page.keyboard.press("Enter")
    grace.page.get_by_role("heading", level=1, name="Say no").wait_for()
    grace.is_accessible()
    _tab_to(grace, "Why not?")
    grace.page.keyboard.type("Too acute")
    _tab_to(grace, "Which consultant decided?")
    grace.page.keyboard.type("Dr Leah Marchetti")
    _tab_to(grace, "Which of your criteria is not met?")
    grace.page.keyboard.type("One to one at night is more than the ward can give")
    grace.page.keyboard.press("Tab")
    grace.page.keyboard.press("Tab")
    grace.page.keyboard.press("Enter")
    # Then the page says what is missing, and nothing typed is lost
    grace.says("Say what would change the answer, or that nothing would")
    grace.is_accessible()
    _tab_to(grace, "What would change the answer?")
    grace.page.keyboard.type("A second night nurse, from Friday")
    grace.page.keyboard.press("Tab")
    grace.page.keyboard.press("Enter")
    # And once it is sent, her words are there and the person is not
    grace.says("You see what is yours")
    grace.says("A second night nurse, from Friday")
    assert "HARTWIN" not in grace.page.content() and "Isobel" not in grace.page.content()
    grace.is_accessible()
    assert _states(database) == ("searching", ["refused"])


def test_a_unit_that_takes_its_bed_back_and_the_hub_asks_another(database: Engine, person: Arrive) -> None:
    # Given a unit that offers its bed
    reference, search, email, other_email = _asked(database)
    owain = person(None, email=email)
    owain.open(f"/approaches/{reference}")
    owain.press("Offer a bed")
    owain.says("it stands for 4 hours from when you send it")
    _fill_in_an_offer(owain, "Room 4")
    owain.is_accessible()
    owain.press("Offer a bed")
    owain.says("Done: offer a bed")
    # And the case manager takes it
    priya = person(Role.CASE_MANAGER)
    priya.open(f"/placements/{search}/accept_offer")
    priya.page.get_by_label("Linden, Tarn House").check()
    priya.page.get_by_label("No suitable bed in the area").check()
    priya.page.get_by_label("How does the person come back near home?").fill("To a unit near home in six weeks")
    later = local(datetime.now(UTC)) + timedelta(days=30)
    when = priya.page.get_by_role("group", name="When is that looked at again?")
    for box, value in {"Day": later.day, "Month": later.month, "Year": later.year}.items():
        when.get_by_label(box).fill(str(value))
    priya.press("Accept an offer")
    priya.says("Done: accept an offer")
    assert _states(database) == ("bed_accepted", ["taken"])
    # When the unit takes it back, it says why and loses sight of the person
    owain.open(f"/approaches/{reference}")
    owain.says("HARTWIN")
    owain.is_accessible()
    owain.press("Withdraw the accepted bed")
    owain.says("the search begins again")
    owain.page.get_by_label("Your reason").fill("The ward has flooded")
    owain.is_accessible()
    owain.press("Withdraw the accepted bed")
    owain.says("You see what is yours")
    assert "HARTWIN" not in owain.page.content()
    owain.open(f"/placements/{search}")
    owain.says("Page not found")
    # Then the search goes on, and the hub asks another unit
    assert _states(database) == ("searching", ["offer_withdrawn"])
    dele = person(Role.COORDINATOR)
    dele.open(f"/placements/{search}/approach_unit")
    choice = dele.page.get_by_label("Which unit?")
    label = next(said for said in choice.locator("option").all_inner_texts() if "Sedge" in said)
    choice.select_option(label=label)
    dele.page.get_by_label("Whom did you ask?").fill("Bed desk")
    dele.page.get_by_label("By telephone").check()
    dele.page.get_by_label("Why this unit, although it is left out of the list?").fill("The family asked for it")
    dele.press("Approach a unit")
    dele.says("Done: approach a unit")
    assert _states(database) == ("searching", ["offer_withdrawn", "asked"])
    # And the other answers by telephone, which the hub writes down
    with Session(database) as session:
        second = session.scalars(select(Approach.reference).order_by(Approach.id.desc())).first()
    dele.open(f"/approaches/{second}")
    dele.is_accessible()
    dele.press("Offer a bed")
    dele.says("You answer for Sedge, Moorhen Care")
    _fill_in_an_offer(dele, "The corner room")
    dele.press("Offer a bed")
    dele.says("Done: offer a bed")
    lara = person(None, email=other_email)
    lara.open(f"/approaches/{second}")
    lara.says("The corner room")
    lara.open(f"/approaches/{reference}")
    lara.says("Page not found")
    assert _states(database) == ("searching", ["offer_withdrawn", "offered"])
