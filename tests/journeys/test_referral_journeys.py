"""A referral from the telephone call to the decision, by the people who do it."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.db import transaction
from hub.engine.audit import verify
from hub.referrals.models import Referral
from tests.factories import make_referral
from tests.journeys.conftest import SECOND_EMAIL, Person
from tests.journeys.telephone import send_an_emergency
from workflows.roles import Role

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]
PHONE: dict[str, Any] = {"viewport": {"width": 320, "height": 640}}
MOST_SECONDS = 10
"""For filling in and sending an emergency by keyboard: what the machine itself may take of a person's minutes."""


def _waiting(database: Engine, state: str) -> str:
    with Session(database, expire_on_commit=False) as session, transaction(session):
        return make_referral(session, state=state).reference


def _state(database: Engine, reference: str) -> str:
    with Session(database) as session:
        assert not verify(session).findings
        return session.scalars(select(Referral.state).where(Referral.reference == reference)).one()


def test_a_coordinator_takes_an_emergency_by_telephone_and_a_case_manager_accepts(
    database: Engine, person: Arrive
) -> None:
    # Given a coordinator with a doctor on the telephone
    dele = person(Role.COORDINATOR)
    dele.page.get_by_role("link", name="Emergency referral").first.click()
    dele.is_accessible()
    # When she presses too early, all that is missing is said at once, each with its box, and nothing is lost
    dele.page.get_by_label("Family name").fill("O'Neill-Ábrahám")
    dele.press("Send now")
    dele.says("Not sent yet: 10 things to put right")
    dele.is_accessible()
    assert dele.page.get_by_label("Family name").input_value() == "O'Neill-Ábrahám"
    dele.page.locator(".nhsuk-error-summary").get_by_role("link", name="Consent or a lawful basis").click()
    assert dele.page.evaluate("document.activeElement.name") == "basis"
    # When she writes down what the doctor can give, by keyboard on a narrow screen, and sends it
    dele.page.get_by_label("Family name").fill("")
    dele.page.set_viewport_size(PHONE["viewport"])
    begun = time.monotonic()
    send_an_emergency(dele)
    assert time.monotonic() - begun < MOST_SECONDS
    dele.is_accessible()
    # Then it is submitted, its clock runs, who is told and what is owed is said, and it stands on the list
    dele.says("The coordinators of the hub")
    dele.says("Nobody is on call now: ring the hub as well")
    dele.says("Brackendale Community Team: it stands on their own page")
    dele.says("The rest of the form is owed by")
    dele.page.get_by_role("link", name="Open REF-").click()
    dele.says("How this deadline was worked out")
    dele.page.set_viewport_size({"width": 1280, "height": 900})
    dele.open("/worklist")
    dele.says("Start the review")
    dele.is_accessible()
    # And a case manager triages and accepts it
    priya = person(Role.CASE_MANAGER)
    priya.open("/worklist")
    priya.press("Start the review")
    priya.is_accessible()
    priya.press("Start the review")
    priya.press("Start the review")
    priya.says("is in review")
    priya.press("Accept")
    priya.is_accessible()
    priya.press("Accept")
    priya.says("is accepted")
    priya.is_accessible()
    with Session(database) as session:
        referral = session.scalars(select(Referral)).one()
        assert (referral.state, referral.family_name) == ("accepted", "O'Neill-Ábrahám")
    assert _state(database, referral.reference) == "accepted"


def test_a_case_manager_declines_and_the_referrer_reads_why(database: Engine, person: Arrive) -> None:
    # Given a referral in review
    reference = _waiting(database, "in_review")
    priya = person(Role.CASE_MANAGER)
    priya.open(f"/referrals/{reference}")
    priya.press("Decline")
    # When she forgets half of it, nothing is lost and everything missing is said
    priya.page.get_by_label("What should happen instead?").fill("Home treatment, twice a day")
    priya.press("Decline")
    priya.says("Nothing was done: 2 things to put right")
    priya.is_accessible()
    assert priya.page.get_by_label("What should happen instead?").input_value() == "Home treatment, twice a day"
    priya.page.get_by_label("Why is it declined?").select_option(label="Community care can meet the need")
    priya.page.get_by_label("Which clinician can the referrer talk to?").fill("Dr Abara, 01632 960002")
    priya.press("Decline")
    priya.says("is declined")
    # Then the referrer reads the reason, the advice and whom to ring
    joy = person(Role.REFERRER)
    joy.open(f"/referrals/{reference}")
    joy.says("Community care can meet the need")
    joy.says("Dr Abara, 01632 960002")
    joy.is_accessible()
    assert _state(database, reference) == "declined"


def test_two_coordinators_on_one_referral(database: Engine, person: Arrive) -> None:
    # Given two coordinators with the same referral open, both typing
    reference = _waiting(database, "in_review")
    first, second = person(Role.COORDINATOR), person(Role.COORDINATOR, SECOND_EMAIL)
    for each, words in ((first, "The blood tests"), (second, "The date of the C(E)TR")):
        each.open(f"/referrals/{reference}/return_incomplete")
        each.page.get_by_label("What is missing?").fill(words)
    # When both press
    first.press("Return as incomplete")
    first.says("is returned")
    second.press("Return as incomplete")
    # Then one did it, and the other is told what happened and by whom
    second.says("Someone else has changed this since you opened it")
    second.says("Return as incomplete, Dele Okafor")
    second.says("The date of the C(E)TR")
    second.is_accessible()
    assert _state(database, reference) == "returned"
    with Session(database) as session:
        assert session.scalars(select(Referral.what_is_missing)).one() == "The blood tests"


def test_the_back_button_after_an_action_does_it_no_second_time(database: Engine, person: Arrive) -> None:
    reference = _waiting(database, "submitted")
    dele = person(Role.COORDINATOR)
    dele.open(f"/referrals/{reference}/start_review")
    dele.press("Start the review")
    dele.says("is in review")
    dele.page.go_back()
    dele.says("is not possible now")
    assert _state(database, reference) == "in_review"


def test_triage_by_keyboard_alone_on_a_narrow_screen(database: Engine, person: Arrive) -> None:
    # Given a narrow screen and no mouse
    reference = _waiting(database, "submitted")
    priya = person(Role.CASE_MANAGER, **PHONE)
    priya.open("/worklist")
    priya.is_accessible()
    _tab_to(priya, "Start the review")
    priya.page.keyboard.press("Enter")
    priya.page.wait_for_url(f"**/referrals/{reference}")
    priya.is_accessible()
    _tab_to(priya, "Start the review")
    priya.page.keyboard.press("Enter")
    priya.page.wait_for_url("**/start_review")
    priya.is_accessible()
    _tab_to(priya, "Start the review")
    priya.page.keyboard.press("Enter")
    priya.says("is in review")
    assert _state(database, reference) == "in_review"


def test_one_long_word_stays_inside_the_history_on_a_narrow_screen(database: Engine, person: Arrive) -> None:
    with Session(database, expire_on_commit=False) as session, transaction(session):
        reference = make_referral(session, state="submitted", physical_health="W" * 300).reference
    priya = person(Role.CASE_MANAGER, **PHONE)
    priya.open(f"/referrals/{reference}")
    history = priya.page.locator("table", has_text="History, newest first")
    history.locator("details").last.evaluate("details => { details.open = true }")
    assert history.evaluate("table => table.scrollWidth <= table.clientWidth")


def _tab_to(someone: Person, name: str) -> None:
    for _ in range(120):
        someone.page.keyboard.press("Tab")
        focused = someone.page.evaluate("document.activeElement.textContent || document.activeElement.value || ''")
        if str(focused).strip() == name:
            return
    raise AssertionError(f"the keyboard never reached {name!r}")


def test_it_all_works_without_javascript(database: Engine, person: Arrive) -> None:
    reference = _waiting(database, "in_review")
    priya = person(Role.CASE_MANAGER, java_script_enabled=False)
    priya.open("/worklist")
    priya.press("Accept, decline or redirect")
    priya.press("Withdraw")
    priya.press("Withdraw")
    priya.says("Give your reason")
    priya.page.get_by_label("Your reason").fill("The family moved away")
    priya.press("Withdraw")
    priya.says("is withdrawn")
    assert _state(database, reference) == "withdrawn"
