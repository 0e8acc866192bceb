"""A unit's own page: a bed manager arrives by keyboard on a phone, sees what is asked, and opens it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.accounts.passwords import hash_password
from hub.beds.models import BedState
from hub.db import transaction
from tests.admission_factory import make_admission, make_crew, searches
from tests.approach_factory import ask, member_of
from tests.factories import make_organisation, make_unit
from tests.journeys.conftest import PASSWORD, Person

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]
PHONE = {"viewport": {"width": 320, "height": 640}}


def _a_unit_that_was_asked(database: Engine) -> tuple[str, str, str]:
    """The approach, the e-mail of the unit's manager, and that of a manager of another provider."""
    with Session(database, expire_on_commit=False) as session, transaction(session):
        now, crew = datetime.now(UTC), make_crew(session)
        asked = make_admission(session, "admission_agreed", crew=crew, now=now - timedelta(hours=1), priority="urgent")
        unit, other = make_unit(session), make_unit(session, make_organisation(session, "ZPR02", name="Larkwood Care"))
        figures = {"commissioned": 10, "open_beds": 10, "occupied": 9, "held": 0}
        session.add(BedState(unit_id=unit.id, bed_type="301", confirmed_at=now - timedelta(hours=2), **figures))
        approach = ask(session, searches(session, asked)[-1], unit, crew.coordinator, now=now)
        managers = [member_of(session, each).user for each in (unit, other)]
        for manager in managers:
            manager.password_hash = hash_password(PASSWORD)
        return approach.reference, managers[0].email, managers[1].email


def _tab_to(someone: Person, words: str) -> None:
    """Press Tab until what is so called has the focus."""
    said = "() => (document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()"
    for _ in range(60):
        someone.page.keyboard.press("Tab")
        if someone.page.evaluate(said).startswith(words):
            return
    raise AssertionError(f"the keyboard does not reach {words!r}")


def test_a_bed_manager_arrives_on_a_phone_by_keyboard_and_opens_what_is_asked(database: Engine, person: Arrive) -> None:
    # Given a unit that was asked for a bed, and its manager with a keyboard at a phone's width
    reference, email, stranger = _a_unit_that_was_asked(database)
    grace = person(None, **PHONE)
    grace.open("/sign-in")
    # When she signs in
    _tab_to(grace, "E-mail")
    grace.page.keyboard.type(email)
    _tab_to(grace, "Password")
    grace.page.keyboard.type(PASSWORD)
    grace.page.keyboard.press("Enter")
    # Then her own unit's page is there, and says what is asked before anything else, with the time left
    grace.page.get_by_role("heading", name="Linden", level=1).wait_for()
    assert grace.page.url.endswith("/home/")
    grace.says("This page holds only what is about Tarn House")
    first = grace.page.locator("section:has(#needs-our-answer) .hub-action").first
    assert "Can you offer a bed: general, young person (13 to 17)?" in first.inner_text()
    assert "-year-old from LS1. You will see what is needed to answer, and nothing else" in first.inner_text()
    assert "h left" in first.inner_text() or "min left" in first.inner_text()
    assert "Hartwin" not in grace.page.content()
    grace.is_accessible()
    # And the number in the strip leads to the list, from which she opens the question
    _tab_to(grace, "1 Need our answer")
    grace.page.keyboard.press("Enter")
    grace.page.wait_for_url("**#needs-our-answer")
    _tab_to(grace, "Answer")
    grace.page.keyboard.press("Enter")
    grace.page.wait_for_url(f"**/approaches/{reference}")
    grace.says("HARTWIN")
    # And the same page holds on a wide screen, and to a browser without JavaScript
    wide = person(None, email=email)
    wide.says("You have no offer that stands")
    wide.is_accessible()
    plain = person(None, email=email, java_script_enabled=False)
    plain.page.get_by_role("link", name="Confirm or change").click()
    plain.page.get_by_role("heading", level=1).wait_for()
    assert "/beds/" in plain.page.url
    # And a manager of another provider has nothing of it
    owain = person(None, email=stranger)
    owain.says("The hub has none of yours yet")
    assert reference not in owain.page.content()
