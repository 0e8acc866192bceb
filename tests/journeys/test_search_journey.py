"""Finding an ended referral by a name nobody can spell: by keyboard, on a phone, without JavaScript."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.db import transaction
from tests.factories import make_referral
from tests.journeys.conftest import Person
from workflows.roles import Role

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]
PHONE = {"viewport": {"width": 320, "height": 640}, "java_script_enabled": False}


@pytest.fixture
def ended(database: Engine) -> str:
    """The reference of a referral that ended a while ago; another person of a name like it has one still open."""
    then = datetime.now(UTC) - timedelta(days=90)
    with Session(database, expire_on_commit=False) as session, transaction(session):
        make_referral(session, family_name="Houghton", given_name="Niall", now=datetime.now(UTC))
        return make_referral(
            session, "declined", family_name="Featherstonehaugh", given_name="Siobhán", now=then
        ).reference


def test_a_coordinator_finds_an_ended_referral_by_a_misspelt_name(database: Engine, person: Arrive, ended: str) -> None:
    # Given a coordinator anywhere in the hub
    dele = person(Role.COORDINATOR)
    keys = dele.page.keyboard
    # When they type half a name as they heard it into the box of the header, and press Enter
    box = dele.page.get_by_role("searchbox", name="Find a person, case or reference")
    for _ in range(5):
        keys.press("Tab")
        if box.evaluate("box => box === document.activeElement"):
            break
    keys.type("shivaun fetherstonehaugh")
    keys.press("Enter")
    # Then the one person is there, with why, and what ended
    dele.page.get_by_role("link", name="FEATHERSTONEHAUGH, Siobhán").wait_for()
    dele.says("Sounds like it")
    assert "HOUGHTON" not in dele.page.locator("main").inner_text()
    dele.is_accessible()
    # And the referral opens by keyboard, and the back button returns to what was found
    link = dele.page.get_by_role("link", name=ended)
    link.focus()
    keys.press("Enter")
    dele.page.get_by_role("heading", level=1, name="Referral: declined").wait_for()
    dele.page.go_back()
    expect(dele.page.get_by_label("Find a person, case or reference").last).to_have_value("shivaun fetherstonehaugh")
    expect(link).to_be_visible()


def test_the_same_on_a_phone_without_javascript(database: Engine, person: Arrive, ended: str) -> None:
    dele = person(Role.COORDINATOR, **PHONE)
    dele.page.get_by_label("Find a person, case or reference").fill(ended.lower().replace("-", " "))
    dele.page.get_by_role("button", name="Search").click()
    dele.page.wait_for_url(f"**/referrals/{ended}")
    dele.open("/search?q=houghton")
    dele.page.get_by_role("link", name="HOUGHTON, Niall").wait_for()
    wide = dele.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{wide} px too wide"
