"""Arriving in the morning: Today, the lists behind its numbers, and the diagram on the wall."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.db import transaction
from tests.factories import make_referral
from tests.journeys.conftest import Person
from workflows.roles import Role

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]
PHONE = {"viewport": {"width": 320, "height": 640}}


def _a_morning(database: Engine) -> str:
    """One emergency that is late, one sent back, one for later; gives the late one's reference."""
    now = datetime.now(UTC)
    with Session(database, expire_on_commit=False) as session, transaction(session):
        late = make_referral(session, "in_review", priority="emergency", now=now - timedelta(hours=13))
        make_referral(session, "returned", priority="routine", now=now - timedelta(hours=2))
        make_referral(session, priority="routine", now=now)
        return late.reference


def test_a_coordinator_begins_the_day_and_opens_what_is_late(database: Engine, person: Arrive) -> None:
    # Given an emergency that nobody has answered in time
    late = _a_morning(database)
    # When a coordinator signs in
    dele = person(Role.COORDINATOR)
    # Then Today is there, says what is late first, and each number is a link
    dele.page.get_by_role("heading", name="Today", level=1).wait_for()
    dele.is_accessible()
    strip = dele.page.locator(".hub-figures")
    assert strip.get_by_role("link").count() == 5
    strip.get_by_role("link", name="1 Late").click()
    dele.says("1 item")
    dele.says(late)
    dele.is_accessible()
    # And a decision that is waited for opens its list too, with the filter shown and removable
    dele.open("/")
    strip.get_by_role("link", name="1 Decisions waited for").click()
    dele.says("What it waits for: a decision")
    dele.page.get_by_role("link", name="Remove filter: what it waits for").click()
    dele.says("3 items")


def test_today_by_keyboard_alone(database: Engine, person: Arrive) -> None:
    late = _a_morning(database)
    dele = person(Role.COORDINATOR)
    dele.page.keyboard.press("Tab")
    dele.page.keyboard.press("Enter")  # skip to the content
    first = (
        dele.page.locator("main")
        .get_by_role("link", name=late)
        .or_(dele.page.locator("main").get_by_role("link", name="Accept, decline or redirect"))
    )
    for _ in range(20):
        dele.page.keyboard.press("Tab")
        if first.first.evaluate("link => link === document.activeElement"):
            break
    dele.page.keyboard.press("Enter")
    dele.page.wait_for_url(f"**/referrals/{late}")


def test_today_on_a_phone_and_without_javascript(database: Engine, person: Arrive) -> None:
    _a_morning(database)
    dele = person(Role.COORDINATOR, **PHONE)
    dele.is_accessible()
    joy = person(Role.REFERRER, **PHONE)
    joy.says("What is asked of you")
    joy.says("Sent back: some answers are missing")
    joy.is_accessible()
    plain = person(Role.REFERRER, java_script_enabled=False)
    plain.page.get_by_role("link", name="Give what is missing").click()
    plain.says("Form 1")


def test_the_diagram_opens_the_list_behind_a_box(database: Engine, person: Arrive) -> None:
    late = _a_morning(database)
    priya = person(Role.CASE_MANAGER)
    priya.page.get_by_role("link", name="How it works").click()
    priya.page.get_by_role("heading", name="How it works").wait_for()
    priya.is_accessible()
    # The box by keyboard: it is a link like any other
    box = priya.page.locator("svg a", has_text="In review")
    box.focus()
    priya.page.keyboard.press("Enter")
    priya.says("State: Referral: In review")
    priya.says(late)
    priya.says("1 item")
    priya.is_accessible()
    for workflow in ("admission", "placement"):
        priya.open(f"/how-it-works?workflow={workflow}")
        priya.is_accessible()


def test_the_diagram_on_a_phone_scrolls_in_its_own_box(database: Engine, person: Arrive) -> None:
    _a_morning(database)
    joy = person(Role.REFERRER, **PHONE)
    joy.open("/how-it-works?workflow=admission")
    joy.is_accessible()
    box = joy.page.get_by_role("region", name="Diagram of the admission decision, scrolls sideways")
    box.focus()
    joy.page.keyboard.press("End")
    joy.page.keyboard.press("ArrowRight")
    joy.page.wait_for_function("element => element.scrollLeft > 0", arg=box.element_handle())
