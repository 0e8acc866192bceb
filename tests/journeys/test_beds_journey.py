"""A bed manager with a keyboard on a narrow screen: beds confirmed in one press, changed, and an approach answered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.accounts.passwords import hash_password
from hub.beds.figures import Figures
from hub.beds.models import BedState
from hub.beds.services import Confirmation, confirm
from hub.db import transaction
from hub.placements.approach_models import Approach
from tests.admission_factory import make_admission, make_crew, searches
from tests.approach_factory import ask, member_of
from tests.factories import make_unit
from tests.journeys.conftest import PASSWORD, Person
from workflows.durations import local

pytestmark = pytest.mark.journey
NARROW = {"viewport": {"width": 320, "height": 640}}


def _asked(database: Engine) -> tuple[str, str]:
    """A unit with stale figures that is asked for a bed: its manager's e-mail address, and the approach."""
    with Session(database, expire_on_commit=False) as session, transaction(session):
        now, crew = datetime.now(UTC), make_crew(session)
        admission = make_admission(session, "admission_agreed", crew=crew, now=now - timedelta(hours=1))
        (placement,) = searches(session, admission)
        unit = make_unit(session)
        said = Confirmation(unit.id, "301", Figures(10, 10, 9, 0), None, now - timedelta(hours=30))
        confirm(session, said, seen=0, now=now - timedelta(hours=30))
        approach = ask(session, placement, unit, crew.coordinator, now=now)
        manager = member_of(session, unit).user
        manager.password_hash = hash_password(PASSWORD)
        return manager.email, approach.reference


def _tab_to(someone: Person, name: str) -> None:
    """Press Tab until what is called `name` has the focus."""
    for _ in range(90):
        someone.page.keyboard.press("Tab")
        said = someone.page.evaluate(
            """() => { const at = document.activeElement;
                const label = at.labels && at.labels.length ? at.labels[0].innerText : '';
                return [(at.innerText || '').replace(/\\s+/g, ' ').trim(), label.trim().split('\\n')[0]]; }"""
        )
        if name in said:
            return
    raise AssertionError(f"the keyboard does not reach {name!r}")


def _go(someone: Person, name: str) -> None:
    _tab_to(someone, name)
    with someone.page.expect_navigation():
        someone.page.keyboard.press("Enter")


def _type(someone: Person, question: str, text: str) -> None:
    _tab_to(someone, question)
    someone.page.keyboard.press("Control+A")
    someone.page.keyboard.type(text)


def test_a_bed_manager_confirms_beds_by_keyboard_and_answers_an_approach(
    database: Engine, person: Callable[..., Person]
) -> None:
    # Given a unit whose figures are stale, and its manager with a keyboard on a screen of 320 pixels
    email, reference = _asked(database)
    grace = person(None, email=email, **NARROW)
    # When she goes to her beds, they are said to be stale, in words
    _go(grace, "Beds")
    grace.says("confirmed 1 day 6 h ago: stale")
    grace.is_accessible()
    _go(grace, "Confirm the beds of Linden")
    grace.is_accessible()
    # and nothing has changed, one press confirms them
    _go(grace, "Nothing has changed: confirm")
    grace.says("The beds of Linden are confirmed: 1 of 10 free.")
    # When she writes what cannot be, all of it is said and nothing is lost
    _type(grace, "Open", "11")
    _type(grace, "Held", "many")
    with grace.page.expect_navigation():
        grace.page.keyboard.press("Enter")
    grace.says("“many” is not a whole number")
    assert grace.page.get_by_label("Open", exact=True).input_value() == "11"
    grace.is_accessible()
    # and while she mends it, a colleague on a telephone without scripts is quicker
    colleague = person(None, email=email, java_script_enabled=False, **NARROW)
    colleague.open("/beds/")
    page = colleague.page
    for pressed in (page.locator("main a.nhsuk-button").last, page.get_by_role("button", name="Nothing has changed")):
        pressed.focus()
        with colleague.page.expect_navigation():
            colleague.page.keyboard.press("Enter")
    colleague.says("The beds of Linden are confirmed")
    _type(grace, "Open", "10")
    _type(grace, "Held", "1")
    _go(grace, "Save these figures")
    # Then she is told what was confirmed meanwhile, and sends hers again
    grace.says("What was confirmed meanwhile")
    grace.is_accessible()
    assert grace.page.get_by_label("Held", exact=True).input_value() == "1"
    _go(grace, "Save these figures")
    grace.says("The beds of Linden are confirmed: 0 of 10 free, 1 held.")
    # And then she answers the approach, with the same keyboard
    grace.open(f"/approaches/{reference}")
    _go(grace, "Offer a bed")
    tomorrow = local(datetime.now(UTC)) + timedelta(days=1)
    _type(grace, "Which bed?", "Room 4")
    for box, value in {"Day": tomorrow.day, "Month": tomorrow.month, "Year": tomorrow.year, "Time": "10am"}.items():
        _type(grace, box, str(value))
    grace.is_accessible()
    _go(grace, "Offer a bed")
    with Session(database) as session:
        state = session.scalars(select(BedState)).one()
        assert (state.version, state.held, state.source) == (4, 1, "page")
        assert session.scalars(select(Approach.state)).one() == "offered"
