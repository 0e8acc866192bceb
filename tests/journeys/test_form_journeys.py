"""Form 1 by section: by keyboard on a narrow screen, sent back and answered, and without JavaScript."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.db import transaction
from hub.referrals.models import Referral
from tests.factories import make_referral, start_referral
from tests.journeys.conftest import Person
from workflows.form1 import SECTIONS, fields_of
from workflows.roles import Role

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]
FOCUSED = """() => {
  const at = document.activeElement;
  return ((at.labels && at.labels[0] || at).textContent || "").replace(/\\s+/g, " ").trim();
}"""
NEEDED = {
    "priority": (("Type of bed or service wanted", "Gen"), ("Name of the referrer", "Joy Fenwick")),
    "where_now": (("Kind of place", "Home"), ("Call-back number", "01632 960001")),
    "person": (("NHS number", "999 000 0018"), ("Home postcode", "LS1 4AB")),
    "consent": (("Basis of consent", "Child"),),
    "sharing": (("Yes", " "), ("What must not be shared, and with whom", "Nothing to the uncle")),
    "legal": (("Legal status", "Inf"),),
    "clinical": (("Main reason for referral", "Dep"), ("Problem and its history", "Not eating since January")),
    "neurodiversity": (("Learning disability status", "No"), ("Autism status", "No")),
}
"""What a routine referral must have beside what it is begun with: label of the box, and what is typed there."""


def _referral(database: Engine) -> Referral:
    with Session(database, expire_on_commit=False) as session:
        return session.scalars(select(Referral)).one()


def _tab_to(someone: Person, label: str) -> None:
    for _ in range(60):
        someone.page.keyboard.press("Tab")
        if someone.page.evaluate(FOCUSED) == label:
            return
    raise AssertionError(f"the keyboard never reached {label!r}")


def _go(someone: Person, label: str, address: str) -> None:
    _tab_to(someone, label)
    someone.page.keyboard.press("Enter")
    someone.page.wait_for_url(f"**{address}")
    someone.is_accessible()


def _type(someone: Person, label: str, said: str) -> None:
    _tab_to(someone, label)
    someone.page.keyboard.type(said)


def test_a_routine_form_1_by_keyboard_alone_on_a_narrow_screen(database: Engine, person: Arrive) -> None:
    # Given a referrer with a narrow screen and no mouse
    joy = person(Role.REFERRER, viewport={"width": 320, "height": 640})
    joy.open("/worklist")
    _go(joy, "New referral", "/referrals/new")
    # When she begins a routine referral and fills it in section by section
    _type(joy, "Children and young people", " ")
    _tab_to(joy, "Urgent")
    joy.page.keyboard.press("ArrowDown")
    _type(joy, "Family name (if known)", "O'Neill-Ábrahám")
    _type(joy, "Given name (if known)", "Aoife")
    for part, said in (("Day", "14"), ("Month", "9"), ("Year", "2011")):
        _type(joy, part, said)
    _go(joy, "Begin the referral", "/form")
    joy.says("6 of 20 needed answers are there")
    _go(joy, SECTIONS[0].title, "/form/priority")
    following = [f"/form/{section.name}" for section in SECTIONS[1:]] + ["/form/check"]
    for section, then in zip(SECTIONS, following, strict=True):
        for label, said in NEEDED.get(section.name, ()):
            _type(joy, label, said)
        _go(joy, "Save and go on", then)
    # Then nothing is missing, and she sends it
    joy.says("Everything needed is there")
    _tab_to(joy, "Go to the end and send it")
    joy.page.keyboard.press("Enter")
    _go(joy, "Send the referral", "/submit")
    _type(joy, "The answers are right as far as I know, and consent or another lawful basis is on record", " ")
    _tab_to(joy, "Send the referral")
    joy.page.keyboard.press("Enter")
    joy.says("is submitted")
    joy.is_accessible()
    made = _referral(database)
    assert (made.state, made.priority, made.family_name, made.sharing_restriction_details) == (
        "submitted",
        "routine",
        "O'Neill-Ábrahám",
        "Nothing to the uncle",
    )


def test_sent_back_with_what_is_missing_marked_and_answered(database: Engine, person: Arrive) -> None:
    # Given a referral in review that lacks what accepting it would ask for
    with Session(database, expire_on_commit=False) as session, transaction(session):
        reference = make_referral(session, "in_review", autism="1").reference
    dele = person(Role.COORDINATOR)
    dele.open(f"/referrals/{reference}/return_incomplete")
    # When the coordinator sends it back: what lacks is ticked already, and one question more
    assert dele.page.get_by_label("Date of the community C(E)TR").is_checked()
    dele.page.get_by_text("What the young person and family think").click()
    dele.page.get_by_label("What the family thinks").check()
    dele.page.get_by_label("What is missing?").fill("The review, and what her mother says")
    dele.is_accessible()
    dele.press("Return as incomplete")
    dele.says("is returned")
    # Then the referrer sees exactly these on the list and beside the questions, answers one and sends it
    joy = person(Role.REFERRER)
    joy.open(f"/referrals/{reference}")
    joy.is_accessible()
    joy.press("Open the form")
    joy.says("The hub asks for 2 answers")
    assert joy.page.get_by_text("The hub asks for 1 answer here").count() == 2
    joy.is_accessible()
    joy.press("Learning disability, autism and care reviews")
    joy.is_accessible()
    assert joy.page.locator(".hub-asked").count() == 1
    asked = joy.page.get_by_role("group", name="Date of the community C(E)TR")
    assert asked.get_by_text("The hub asks for this.").is_visible()
    for part, said in (("Day", "2"), ("Month", "3"), ("Year", "2026")):
        asked.get_by_label(part).fill(said)
    joy.press("Save and go back to the list")
    joy.says("1 of them has been changed since")
    assert joy.page.get_by_text("The hub asks for 1 answer here").count() == 1
    joy.press("Check your answers")
    joy.is_accessible()
    joy.press("Send the referral")
    joy.page.get_by_label("The answers are right").check()
    joy.press("Send the referral")
    joy.says("is submitted")
    assert _referral(database).cetr_on is not None


def test_without_javascript_the_button_of_each_section_saves(database: Engine, person: Arrive) -> None:
    with Session(database, expire_on_commit=False) as session, transaction(session):
        reference = start_referral(session, service_line="cyp", priority="routine").reference
    joy = person(Role.REFERRER, java_script_enabled=False)
    texts = {
        section.name: next((field for field in fields_of(section.name) if field.kind in {"text", "long_text"}), None)
        for section in SECTIONS
    }
    joy.open(f"/referrals/{reference}/form/{SECTIONS[0].name}")
    for section in SECTIONS:
        field = texts[section.name]
        if field is not None and joy.page.locator(f"#{field.name}").is_visible():
            joy.page.locator(f"#{field.name}").fill(f"Typed in {section.name}")
        joy.press("Save and go on")
        joy.says(f"Saved: {section.title[0].lower()}{section.title[1:]}.")
    joy.says("Check your answers")
    made = _referral(database)
    saved = {name: getattr(made, field.name) for name, field in texts.items() if field is not None}
    assert {name for name, said in saved.items() if said == f"Typed in {name}"} >= {"where_now", "clinical", "views"}
    # And what hangs on an answer appears without a script too
    joy.open(f"/referrals/{reference}/form/sharing")
    details = joy.page.get_by_label("What must not be shared, and with whom")
    assert not details.is_visible()
    joy.page.get_by_label("Yes", exact=True).check()
    assert details.is_visible()
