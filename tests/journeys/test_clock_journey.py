"""Trying a date by keyboard on a phone without a script; and a clock that two people pause and let run again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.db import transaction
from hub.engine.models import Clock
from tests.factories import make_referral
from tests.journeys.conftest import Person
from workflows.roles import Role

pytestmark = pytest.mark.journey
PHONE = {"viewport": {"width": 320, "height": 640}}


def type_in(person: Person, *words: str) -> None:
    """Type into one box after the other, by keyboard alone."""
    for number, text in enumerate(words):
        if number:
            person.page.keyboard.press("Tab")
        person.page.keyboard.press("Control+A")
        person.page.keyboard.type(text)


def test_a_date_is_tried_and_a_clock_paused_by_two(person: Callable[..., Person], database: Engine) -> None:
    # Given somebody who refers, at a phone without scripts: anyone may try a date
    joy = person(Role.REFERRER, java_script_enabled=False, **PHONE)
    joy.open("/try-a-date")
    joy.page.get_by_label("Or a length of time in words").focus()
    type_in(joy, "5 working days", "2", "4", "2026", "25:00")
    joy.page.keyboard.press("Enter")
    joy.says("No deadline was worked out")
    joy.says("must have a time, for example 3:30pm")
    # When the time is put right, reached by the link in the summary, everything else is still there
    joy.page.get_by_role("link", name="must have a time").focus()
    joy.page.keyboard.press("Enter")
    type_in(joy, "4:30pm")
    joy.page.keyboard.press("Enter")
    # Then the page says when it is due, and why
    joy.says("Due Monday 13 April 2026, 5pm")
    joy.says("Friday 3 April 2026: Good Friday")
    wide = joy.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0

    # Given a referral that waits, and a coordinator who asks for time
    with Session(database, expire_on_commit=False) as session, transaction(session):
        item = make_referral(session, "in_review", now=datetime.now(UTC) - timedelta(hours=3))
        path, item_id = f"/referrals/{item.reference}", item.id
    dele, priya = person(Role.COORDINATOR), person(Role.CASE_MANAGER)
    dele.open(path)
    dele.press("Ask to pause a clock")
    dele.page.get_by_label("Review: due").check()
    dele.page.get_by_label("Your reason").fill("The family asked for a few days")
    dele.is_accessible()
    dele.press("Ask to pause a clock")
    dele.says("Dele Okafor asked to pause it: “The family asked for a few days”")
    assert dele.page.get_by_role("link", name="Approve a pause").count() == 0, "another person must agree"
    # When that person agrees, having read why, the clock stands still and says until when
    priya.open(path)
    priya.press("Approve a pause")
    priya.page.get_by_label("The family asked for a few days").check()
    priya.is_accessible()
    priya.press("Approve a pause")
    priya.says("It goes on by itself")
    # and when it is let run again, both people and the reason stay on the page
    dele.open(path)
    dele.says("Paused")
    dele.press("Let a clock run again")
    dele.page.get_by_label("Review: stands still since").check()
    dele.page.get_by_label("Your reason").fill("They rang")
    dele.press("Let a clock run again")
    dele.page.get_by_text("How this deadline was worked out").first.click()
    dele.says("Asked by Dele Okafor, agreed by Priya Nandakumar")
    dele.is_accessible()
    with Session(database) as session:
        [clock] = session.query(Clock).filter_by(item_id=item_id, name="review")
        assert (clock.is_running, clock.resume_at, len(clock.pauses)) == (True, None, 1)
    # The page that tries a date is as usable with everything on it
    for width in (1280, 320):
        dele.page.set_viewport_size({"width": width, "height": 800})
        dele.open(
            "/try-a-date?rule=referral.review&priority=emergency&start-day=27&start-month=3&start-year=2026&start-time=11pm"
        )
        dele.says("Due Saturday 28 March 2026, 11am")
        dele.page.get_by_text("Pauses and days on which the hub is closed").click()
        dele.is_accessible()
