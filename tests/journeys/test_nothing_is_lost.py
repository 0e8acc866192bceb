"""Nothing typed is lost: the session ends, the connection goes, two tabs, the back button, JavaScript off."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.db import transaction
from hub.engine.drafts import Draft
from hub.referrals.models import Referral
from tests.factories import start_referral
from tests.journeys.conftest import PASSWORD, Person
from workflows.roles import Role

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]
PERSON, FAMILY = "What the person thinks", "What the family thinks"


@pytest.fixture
def section(database: Engine) -> str:
    """The address of one section of a form that was begun and not sent."""
    with Session(database, expire_on_commit=False) as session, transaction(session):
        return f"/referrals/{start_referral(session).reference}/form/views"


def _write(someone: Person, words: str, box: str = PERSON) -> None:
    someone.page.get_by_label(box).press("Control+End")
    someone.page.keyboard.type(words)


def _holds(someone: Person, words: str | re.Pattern[str], box: str = PERSON) -> None:
    expect(someone.page.get_by_label(box)).to_have_value(words)


def _saved(database: Engine) -> str | None:
    with Session(database) as session:
        return session.scalars(select(Referral.young_person_views)).one()


def _drafts(database: Engine) -> list[str]:
    with Session(database) as session:
        found = session.scalars(select(Draft.fields).order_by(Draft.saved_at))
        return [fields["young_person_views"][0] for fields in found]


def _end_sessions(database: Engine) -> None:
    with database.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE sign_in_session SET created_at = created_at - interval '2 days', "
            "signed_in_at = signed_in_at - interval '2 days', last_seen_at = last_seen_at - interval '2 days'"
        )


def _sign_in_again(someone: Person) -> None:
    someone.page.get_by_label("E-mail").fill(someone.email)
    someone.page.get_by_label("Password", exact=True).fill(PASSWORD)
    someone.page.locator("main").get_by_role("button", name="Sign in").click()


def _other_tab(someone: Person, path: str) -> Person:
    made = Person(someone.page.context.new_page(), someone.address, someone.email)
    made.open(path)
    return made


def test_two_tabs_the_back_button_and_a_lost_connection(database: Engine, person: Arrive, section: str) -> None:
    # Given a referrer with the same section open in two tabs, typing something else in each
    one = person(Role.REFERRER)
    one.open(section)
    two = _other_tab(one, section)
    _write(one, "She wants to go home.")
    _write(two, "She is afraid of the ward.")
    for tab in (one, two):
        tab.says("Draft saved at")
    # When she saves the first, the second's words are told and are in no box
    one.press("Save and go on")
    one.says("Saved:")
    one.open(section)
    _holds(one, "She wants to go home.")
    one.says("You also typed this in another window, at")
    one.says("She is afraid of the ward.")
    one.is_accessible()
    # And back after saving shows what is on record, and offers it as nobody's draft
    one.press("Forget these words")
    one.page.get_by_text("She is afraid of the ward.").wait_for(state="detached")
    assert _saved(database) == "She wants to go home."
    assert _drafts(database) == []

    # When she leaves without pressing a button, and comes back at once
    _write(one, "Her brother agrees.", FAMILY)
    one.press("Go back to the list without saving")
    one.page.go_back()
    one.says("What you typed before is still here")
    _holds(one, "Her brother agrees.", FAMILY)

    # When the connection goes, the page says since when, keeps the words, and does not send into nothing
    context = one.page.context
    context.set_offline(True)
    _write(one, " So does she.", FAMILY)
    one.says("Not saved since")
    one.press("Save and go on")
    one.says("Not sent: no connection.")
    _holds(one, "Her brother agrees. So does she.", FAMILY)
    # And when it comes back everything is saved without a hand
    context.set_offline(False)
    one.says("It is not sent yet: press the button again")
    # And when it goes for good and the tab is closed, what was typed until then is there
    context.set_offline(True)
    _write(one, " Lost.", FAMILY)
    one.page.close(run_before_unload=False)
    context.set_offline(False)
    again = _other_tab(one, section)
    _holds(again, re.compile("^Her brother agrees. So does she."), FAMILY)
    again.press("Save and go on")
    again.says("Saved:")
    assert _drafts(database) == []


def test_a_session_that_ends_while_she_types(database: Engine, person: Arrive, section: str) -> None:
    joy = person(Role.REFERRER)
    joy.open(section)
    _write(joy, "She wants")
    # When the session ends, the page says so, and what was typed until then is kept
    _end_sessions(database)
    _write(joy, " to go home.")
    joy.says("You have been signed out. What you typed until now is kept.")
    joy.is_accessible()
    assert _drafts(database) == ["She wants to go home."]
    # When she signs in again in a new tab, her words are there, and the old page goes on too
    with joy.page.context.expect_page() as opened:
        joy.page.get_by_role("link", name="Sign in again (opens in a new tab)").click()
    tab = Person(opened.value, joy.address, joy.email)
    tab.says("What you typed has been kept")
    _sign_in_again(tab)
    tab.says("What you typed before is still here")
    _holds(tab, "She wants to go home.")
    _write(joy, " Tonight.")
    joy.says("Draft saved at")
    joy.press("Save and go on")
    joy.says("Saved:")
    assert _saved(database) == "She wants to go home. Tonight."
    assert _drafts(database) == []


def test_without_javascript_each_button_saves_and_a_late_post_is_kept(
    database: Engine, person: Arrive, section: str
) -> None:
    joy = person(Role.REFERRER, java_script_enabled=False)
    joy.open(section)
    late, older = _other_tab(joy, section), _other_tab(joy, section)
    _write(joy, "She wants to go home.")
    joy.press("Save and go on")
    joy.says("Saved:")
    assert _saved(database) == "She wants to go home."
    # When the session has ended, the press asks to sign in, and the words come back
    _write(late, "She is afraid of the ward.")
    _end_sessions(database)
    late.press("Save and go on")
    late.says("What you typed has been kept")
    _sign_in_again(late)
    late.says("What you typed before is still here")
    _holds(late, "She is afraid of the ward.")
    assert _drafts(database) == ["She is afraid of the ward."]
    # When a page is older than the sign-in, it comes back filled, and is sent from there
    _write(older, "She is tired.")
    older.press("Save and go on")
    older.says("Nothing you typed is lost")
    older.press("Send it again")
    older.says("What changed meanwhile")
    _holds(older, "She is tired.")
    older.press("Save and go on")
    older.says("Saved:")
    assert _saved(database) == "She is tired."
