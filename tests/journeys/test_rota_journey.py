"""A coordinator fills a gap in the on-call rota, by keyboard and without a script, and takes a shift off again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.accounts.on_call import gaps_ahead
from tests.journeys.conftest import Person
from workflows.durations import local
from workflows.roles import Role

pytestmark = pytest.mark.journey
PHONE = {"viewport": {"width": 320, "height": 640}}


def fill(person: Person, question: str, at: datetime) -> None:
    """The date and the time of one moment, as people write them."""
    boxes = person.page.get_by_role("group", name=question)
    for box, text in (("Day", at.day), ("Month", at.month), ("Year", at.year), ("Time", f"{at:%H:%M}")):
        boxes.get_by_label(box).fill(str(text))


def test_a_gap_is_filled_and_a_shift_removed(person: Callable[..., Person], database: Engine) -> None:
    # Given a rota with nobody on it, and a browser on a phone without scripts
    dele = person(Role.COORDINATOR, java_script_enabled=False, **PHONE)
    dele.open("/rota")
    dele.says("Nobody is on call for part of the coming days")
    # When the form is sent empty, everything wrong is said at once
    dele.press("Add a shift")
    dele.press("Add the shift")
    for said in ("Choose who is on call", "Enter when the shift starts", "Enter when the shift ends"):
        dele.says(said)
    # and when it is filled in, by keyboard
    noon = (local(datetime.now(UTC)) + timedelta(days=1)).replace(hour=12, minute=0)
    dele.page.get_by_label("Who is on call?").select_option(label="Priya Nandakumar, case manager")
    fill(dele, "When does the shift start?", noon)
    fill(dele, "When does it end?", noon + timedelta(hours=5))
    dele.page.get_by_label("Who stands in").select_option(label="Dele Okafor, coordinator")
    dele.page.get_by_role("button", name="Add the shift").focus()
    dele.page.keyboard.press("Enter")
    # Then the shift stands in the rota between two gaps
    dele.says("Priya Nandakumar is on call from")
    dele.says("Deputy: Dele Okafor")
    dele.says("Nobody is on call at 2 times in the coming days")
    with Session(database) as session:
        assert len(gaps_ahead(session, datetime.now(UTC))) == 2
    # When it is removed, it is asked once more
    dele.press("Remove the shift of Priya Nandakumar from " + _words(noon))
    dele.says("Nobody is on call then")
    dele.press("Remove this shift")
    dele.says("Priya Nandakumar is off the rota for that shift.")
    with Session(database) as session:
        assert len(gaps_ahead(session, datetime.now(UTC))) == 1


@pytest.mark.parametrize("width", [1280, 320])
def test_every_page_of_the_rota_can_be_used_by_everybody(person: Callable[..., Person], width: int) -> None:
    dele = person(Role.COORDINATOR, viewport={"width": width, "height": 800})
    dele.open("/rota")
    dele.is_accessible()
    dele.page.get_by_role("link", name="Fill").first.click()
    dele.is_accessible()
    dele.page.get_by_label("Who is on call?").select_option(index=1)
    dele.press("Add the shift")
    dele.page.get_by_role("heading", name="Add a shift").or_(dele.page.get_by_role("status")).first.wait_for()
    dele.is_accessible()


def test_a_case_manager_reads_the_rota_and_changes_nothing(person: Callable[..., Person]) -> None:
    priya = person(Role.CASE_MANAGER)
    priya.open("/rota")
    priya.says("can change the rota")
    assert priya.page.get_by_role("link", name="Add a shift").count() == 0
    priya.is_accessible()


def _words(wall: datetime) -> str:
    from workflows.durations import clock_words, date_words

    return f"{date_words(wall.date())}, {clock_words(wall)}"
