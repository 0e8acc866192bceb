"""The case page as the people of the hub use it: wide, on a phone, by keyboard, on paper, without JavaScript."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.cases.models import CareCase
from hub.db import transaction
from tests.factories import make_referral
from tests.journeys.conftest import Person
from workflows.durations import LONDON
from workflows.roles import Role

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]
PHONE = {"viewport": {"width": 320, "height": 640}}
SIGHT = "el => { const box = el.getBoundingClientRect(); return box.top >= 0 && box.bottom <= window.innerHeight }"


@pytest.fixture
def case(database: Engine, people: dict[Role, str]) -> str:
    """A girl under section 2 with a restriction, a referral in review that lacks something, and one declined."""
    assert people
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=30)
    today = now.astimezone(LONDON).date()
    law: dict[str, Any] = {
        "legal_status": "02",
        "legal_status_from": today - timedelta(days=10),
        "legal_status_expires_at": now + timedelta(days=12),
        "sharing_restricted": True,
        "sharing_restriction_details": "father, ask Mum first",
        "preferred_name": "Izzy",
        "nhs_number": "9990000018",
        "where_now": "Ward 12, intensive care",
    }
    with Session(database, expire_on_commit=False) as session, transaction(session):
        step = timedelta(hours=2)
        make_referral(session, "declined", priority="emergency", now=now, step=step, **law)
        lacks = {**law, "learning_disability": "1"}
        open_one = make_referral(session, "in_review", priority="urgent", now=now + step * 4, step=step, **lacks)
        return session.get_one(CareCase, open_one.case_id).reference


def _add_alert(someone: Person, text: str) -> None:
    someone.press("Add an alert")
    someone.is_accessible()
    someone.page.get_by_label("Alert in a few words").fill(text)
    someone.press("Add the alert")
    someone.says("The alert is on the case")


def test_a_case_manager_reads_the_case_and_keeps_its_alerts_and_law(person: Arrive, case: str) -> None:
    # Given a case manager at a wide window
    priya = person(Role.CASE_MANAGER)
    priya.open(f"/cases/{case}")
    priya.is_accessible()
    # Then what is open, missing and forbidden is there, and a drawing with its words
    for said in ("Izzy’s case", "999 000 0018", "Section 2", "Sharing restricted", "Accept", "Ward 12, intensive care"):
        priya.says(said)
    assert priya.page.get_by_role("img", name="Timeline from").is_visible()
    # And the banner stays while she reads on
    priya.page.mouse.wheel(0, 2000)
    priya.page.wait_for_function("window.scrollY > 500")
    assert priya.page.locator(".hub-person__name").evaluate(SIGHT)
    # When she adds an alert and ends it again
    _add_alert(priya, "No antipsychotics")
    assert priya.page.locator(".hub-person").get_by_text("No antipsychotics").is_visible()
    priya.is_accessible()
    priya.page.get_by_role("link", name="End it").click()
    priya.is_accessible()
    priya.page.get_by_label("Why it ends").fill("Dr Idowu lifted it")
    priya.press("End the alert")
    # Then it has left the banner and stays in the history
    priya.says("1 alert that has ended")
    assert priya.page.locator(".hub-person").get_by_text("No antipsychotics").count() == 0
    # When she records a law that cannot be, she is told how, with her words still there
    priya.press("Record a new one")
    priya.page.get_by_label("Legal status", exact=True).select_option(label="Section 3")
    began = priya.page.get_by_role("group", name="When it began")
    today = datetime.now(LONDON)
    for name, value in (("Day", today.day), ("Month", today.month), ("Year", today.year)):
        began.get_by_label(name).fill(str(value))
    priya.press("Record it")
    priya.says("Section 3 always runs out")
    priya.is_accessible()
    assert began.get_by_label("Year").input_value() == str(today.year)
    priya.page.get_by_label("Legal status", exact=True).select_option(label="Informal")
    priya.press("Record it")
    priya.says("The legal status is recorded")
    assert "Informal" in priya.page.locator(".hub-person").inner_text()
    priya.is_accessible()


def test_on_a_phone_by_keyboard_and_without_javascript(person: Arrive, case: str) -> None:
    # Given a phone without JavaScript
    priya = person(Role.CASE_MANAGER, **PHONE, java_script_enabled=False)
    priya.open(f"/cases/{case}")
    # Then the banner has five lines at the most and nothing scrolls sideways but the drawing
    page = priya.page
    assert page.locator(".hub-person").bounding_box()["height"] <= 5 * 32  # type: ignore[index]  # it is on the page
    assert page.locator(".hub-person").get_by_text("likes to be called").is_hidden()
    # When she goes through the page with the Tab key alone
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        seen.append(focused.get_attribute("aria-label") or focused.inner_text())
        if "Timeline drawing" in seen[-1]:
            break
    # Then every way on was reached, the drawing last, and it moves with the arrow keys
    assert {"decline", "Add an alert", "Record a new one"} <= set(seen)
    assert seen[-1] == "Timeline drawing, scrolls sideways"
    box = page.locator(".hub-scroll")
    assert box.evaluate("el => el.scrollWidth > el.clientWidth")


def test_a_phone_has_no_accessibility_problem_and_a_low_window_no_sticky_banner(person: Arrive, case: str) -> None:
    priya = person(Role.CASE_MANAGER, **PHONE)
    priya.open(f"/cases/{case}")
    priya.is_accessible()
    assert priya.page.locator(".hub-person").evaluate("el => getComputedStyle(el).position") == "sticky"
    priya.page.set_viewport_size({"width": 640, "height": 300})
    assert priya.page.locator(".hub-person").evaluate("el => getComputedStyle(el).position") != "sticky"


def test_on_paper_it_is_whole_and_the_banner_stands_once(person: Arrive, case: str) -> None:
    dele = person(Role.COORDINATOR)
    dele.open(f"/cases/{case}")
    _add_alert(dele, "Penicillin allergy")
    page = dele.page
    page.emulate_media(media="print")
    assert page.locator(".hub-person").evaluate("el => getComputedStyle(el).position") == "static"
    for hidden in (".nhsuk-header__navigation", ".hub-tabs"):
        assert page.locator(hidden).first.is_hidden()
    assert page.get_by_role("link", name="Add an alert").is_hidden()
    # What is folded away on a screen is printed: the drawing in words too.
    assert page.locator(".hub-worked dd").first.is_visible()
    assert page.locator(".hub-person").get_by_text("Penicillin allergy").is_visible()
    page.set_viewport_size({"width": 720, "height": 1000})  # A4 without its margins
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert page.locator(".hub-svg--min").evaluate("el => el.getBoundingClientRect().right <= window.innerWidth")
    assert len(page.pdf(format="A4", prefer_css_page_size=True)) > 10_000
