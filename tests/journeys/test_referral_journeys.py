"""A referral from the telephone call to the decision, by the people who do it."""

from collections.abc import Callable

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.db import transaction
from hub.engine.audit import verify
from hub.referrals.models import Referral
from tests.factories import make_referral
from tests.journeys.conftest import SECOND_EMAIL, Person
from tests.journeys.telephone import fill_an_emergency
from workflows.roles import Role

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]
PHONE = {"viewport": {"width": 320, "height": 640}}


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
    dele.open("/referrals/new")
    dele.is_accessible()
    # When she writes down what the doctor can give, and sends it
    fill_an_emergency(dele)
    dele.press("Save the draft")
    dele.says("is saved as a draft")
    dele.is_accessible()
    dele.press("Send the referral")
    dele.is_accessible()
    dele.page.get_by_label("The answers are right").check()
    dele.press("Send the referral")
    # Then it is submitted, its clock runs, and it stands on the list
    dele.says("is submitted")
    dele.says("How this deadline was worked out")
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


def test_a_session_that_ended_in_the_middle_loses_nothing(database: Engine, person: Arrive) -> None:
    # Given a half-written answer, and a session that ends meanwhile
    reference = _waiting(database, "in_review")
    priya = person(Role.CASE_MANAGER)
    priya.open(f"/referrals/{reference}/return_incomplete")
    priya.page.get_by_label("What is missing?").fill("The blood tests of last week")
    with database.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE sign_in_session SET created_at = created_at - interval '2 days', "
            "signed_in_at = signed_in_at - interval '2 days', last_seen_at = last_seen_at - interval '2 days'"
        )
    # When she presses, she is asked to sign in, and then finds her words again
    priya.press("Return as incomplete")
    priya.says("What you typed has been kept")
    priya.page.get_by_label("E-mail").fill(priya.email)
    priya.page.get_by_label("Password", exact=True).fill("plenty of words for a test")
    priya.page.locator("main").get_by_role("button", name="Sign in").click()
    priya.says("What you typed before is still here")
    assert priya.page.get_by_label("What is missing?").input_value() == "The blood tests of last week"
    priya.press("Return as incomplete")
    priya.says("is returned")
    # And it is offered once only
    assert _state(database, reference) == "returned"


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


def test_typing_saves_a_draft_and_does_nothing_else(database: Engine, person: Arrive) -> None:
    # Given a case manager who begins to write why a referral is withdrawn
    reference = _waiting(database, "in_review")
    priya = person(Role.CASE_MANAGER)
    priya.open(f"/referrals/{reference}/withdraw")
    priya.page.get_by_label("Your reason").press_sequentially("The family asked")
    # When she stops typing
    priya.says("Draft saved at")
    # Then it waits for her, and nothing was done
    priya.is_accessible()
    assert _state(database, reference) == "in_review"
    priya.open(f"/referrals/{reference}/withdraw")
    priya.says("What you typed before is still here")
    assert priya.page.get_by_label("Your reason").input_value() == "The family asked"
