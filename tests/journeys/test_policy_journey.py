"""Two people and a day: the administrator drafts and proposes a change, the head approves it, the day comes."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.db import transaction
from hub.engine.sweep import ring_due
from hub.policy_changes.models import PolicyChange
from tests.factories import make_membership, make_person, make_referral
from tests.journeys.conftest import PASSWORD, Person, hash_password
from workflows.durations import local, midnight
from workflows.roles import Role

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]
PHONE = {"viewport": {"width": 320, "height": 640}}
SAM = "administrator@hub.example"


@pytest.fixture
def older(database: Engine, people: dict[Role, str]) -> str:
    """A referral of an hour ago; gives its reference. And an administrator, who is not among the usual people."""
    assert people
    with Session(database, expire_on_commit=False) as session, transaction(session):
        sam = make_person(session, "Sam Ridley")
        sam.email, sam.password_hash = SAM, hash_password(PASSWORD)
        make_membership(session, Role.ADMINISTRATOR, user=sam)
        return make_referral(session, now=datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)).reference


def test_one_drafts_another_approves_and_the_day_comes(person: Arrive, older: str, database: Engine) -> None:
    day = local(datetime.now(UTC)).date() + timedelta(days=10)
    # Given an administrator who drafts a change of one length
    sam = person(None, SAM)
    sam.open("/policy-changes")
    sam.is_accessible()
    sam.press("Draft a change")
    sam.page.get_by_label("What is the change about?").fill("Faster answers to routine referrals")
    sam.press("Begin the draft")
    sam.is_accessible()
    sam.press("Referrals")
    box = sam.page.get_by_label("Children and young people, routine")
    box.fill("soon")
    sam.press("Keep it in the draft")
    sam.says("“soon” is not a length of time")
    sam.is_accessible()
    box.fill("5 calendar days")
    sam.press("Keep it in the draft")
    sam.says("1 value changed in the draft.")
    # When the comparison says what would change, and that the administrator may open no case
    sam.press("See it and propose it")
    sam.press("What would change for open items")
    sam.says("You may see 0 of them")
    sam.is_accessible()
    sam.page.go_back()
    sam.press("Propose it")
    for part, number in zip(("Day", "Month", "Year"), (day.day, day.month, day.year), strict=True):
        sam.page.get_by_label(part, exact=True).fill(str(number))
    sam.page.get_by_label("Your reason").fill("The SOP of the three teams")
    sam.press("Propose it")
    sam.says("For others")
    sam.is_accessible()
    # Then the same person is refused, whatever they press
    reference = sam.page.url.rsplit("/", 1)[1]
    sam.open(f"/policy-changes/{reference}/approve")
    sam.says("This is for a head of commissioning or a director")
    # When the head compares it with the open items on a phone, by keyboard, and approves it
    ruth = person(Role.HEAD_OF_COMMISSIONING, **PHONE)
    ruth.open(f"/policy-changes/{reference}/compare")
    ruth.says("None of these moves.")
    ruth.says(older)
    ruth.is_accessible()
    ruth.open(f"/policy-changes/{reference}")
    ruth.is_accessible()
    ruth.page.get_by_role("link", name="Approve it").focus()
    ruth.page.keyboard.press("Enter")
    ruth.says("What it is about")
    ruth.is_accessible()
    ruth.page.get_by_role("button", name="Approve it").focus()
    ruth.page.keyboard.press("Enter")
    ruth.says("Approved, to come")
    ruth.open("/policy-changes/sets/2")
    ruth.says("5 calendar days")
    ruth.is_accessible()
    # And the day comes
    with Session(database, expire_on_commit=False) as session, transaction(session):
        change = session.scalars(select(PolicyChange)).one()
        assert change.in_force_from == midnight(day)
        newer = make_referral(session, now=change.in_force_from).reference
        while ring_due(session, now=change.in_force_from):
            pass
    # Then a referral sent carries it, and the older one keeps its own
    priya = person(Role.CASE_MANAGER)
    for sent, number, length in ((newer, 2, "5 calendar days"), (older, 1, "7 calendar days")):
        priya.open(f"/referrals/{sent}")
        priya.page.get_by_text("How this deadline was worked out").first.click()
        priya.says(f"Policy set {number}, in force from")
        priya.says(length)
    ruth.open("/policy-changes")
    ruth.says("No change is drafted or waits")
