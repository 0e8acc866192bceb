"""A unit raises a dispute from a stay: by keyboard, on a phone, with what was agreed read before anything is sent."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.db import transaction
from hub.escalations.models import Escalation
from hub.flash_points.services import write_flash_point
from hub.stays.models import Stay
from tests.approach_factory import member_of
from tests.factories import make_actor, make_membership, make_organisation
from tests.journeys.conftest import Person
from tests.placement_factory import make_ward
from tests.stay_factory import stay_on
from workflows.roles import Role

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]
PHONE = {"viewport": {"width": 320, "height": 640}}
FOCUSED = """() => {
  const at = document.activeElement, legend = at.closest("fieldset")?.querySelector("legend");
  return [at.labels?.[0] ?? at, legend].map(each => each?.textContent.trim() ?? "").join(" | ");
}"""


def _a_stay(database: Engine) -> tuple[str, str, str]:
    """The stay, its unit manager's e-mail, and the first response the partners agreed."""
    with Session(database, expire_on_commit=False) as session, transaction(session):
        now, ward = datetime.now(UTC), make_ward(session)
        stay = stay_on(session, ward, now=now)
        council = make_organisation(session, "ZBC01", name="Brackendale Council", kind="local_authority")
        make_membership(session, Role.FUNDER, council)
        point = write_flash_point(
            session,
            make_actor(session, Role.COORDINATOR),
            goes_wrong="Ready to leave, nowhere to go",
            early_sign="No home is named two weeks before the date",
            first_response="Ward and council meet within two working days",
            whom_to_ring="Duty desk, 01632 960 010",
            dispute_kind="discharge_delay",
            now=now,
        )
        return stay.reference, member_of(session, ward.unit).user.email, point.first_response


def _tab_to(someone: Person, words: str) -> None:
    """Press Tab until what is so called has the focus."""
    for _ in range(80):
        someone.page.keyboard.press("Tab")
        if words in someone.page.evaluate(FOCUSED):
            return
    raise AssertionError(f"the keyboard does not reach {words!r}")


def test_a_unit_manager_raises_a_dispute_from_a_stay_by_keyboard_on_a_phone(database: Engine, person: Arrive) -> None:
    # Given somebody who is ready to leave, and a unit manager with a keyboard at a phone's width
    reference, email, agreed = _a_stay(database)
    grace = person(None, email, **PHONE)
    keyboard = grace.page.keyboard
    grace.open(f"/stays/{reference}")
    # When she follows the link on the stay's page
    for _ in range(2):  # the menu has one for a dispute about nobody
        _tab_to(grace, "Raise an escalation")
    keyboard.press("Enter")
    grace.page.get_by_role("heading", name="Raise an escalation", level=1).wait_for()
    # Then what the partners agreed to do first is read before anything is typed, and the stay's facts are there
    grace.says(agreed)
    facts = grace.page.get_by_label("Facts as you see them")
    assert "Discharge is expected on" in facts.input_value()
    grace.is_accessible()
    # When she fills it in and sends it, having forgotten the safety plan
    _tab_to(grace, "What is it about, in one line?")
    keyboard.type("Who finds the home, and by when?")
    _tab_to(grace, "Ready to leave, nowhere to go")
    keyboard.press("Space")
    _tab_to(grace, "How urgent is it?")
    keyboard.press("ArrowDown")
    _tab_to(grace, "Another side")
    keyboard.type("Brackendale Council")
    _tab_to(grace, "What do you want?")
    keyboard.type("A named home and a date")
    _tab_to(grace, "Raise the escalation")
    keyboard.press("Enter")
    # Then she is told what is missing, and everything typed is still there
    grace.says("Nothing was raised")
    grace.says("say how they are kept safe meanwhile")
    grace.is_accessible()
    assert grace.page.get_by_label("What do you want?").input_value() == "A named home and a date"
    _tab_to(grace, "How is the person kept safe meanwhile?")
    keyboard.type("Safety plan 2, kept by the ward")
    _tab_to(grace, "Raise the escalation")
    keyboard.press("Enter")
    # Then it is raised, with both sides, the flash point and the case of the stay
    grace.page.wait_for_url("**/escalations/ESC-*")
    grace.says("Every side is told")
    with Session(database) as session:
        made = session.scalars(select(Escalation)).one()
        assert [side.name for side in made.sides] == ["Tarn House", "Brackendale Council"]
        assert (made.dispute_kind, made.urgency, made.started_from) == ("discharge_delay", "standard", "stay")
        assert made.flash_point is not None and made.flash_point.first_response == agreed
        stay = session.get_one(Stay, made.parent_id)
        assert stay.reference == reference and made.case_id == stay.case_id
