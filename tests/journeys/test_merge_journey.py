"""Two people, two browsers: one proposes that two records are one person's, the other agrees, and it is taken back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.cases.models import CareCase
from hub.db import transaction
from tests.factories import make_referral
from tests.journeys.conftest import Person
from workflows.roles import Role

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]
PHONE = {"viewport": {"width": 320, "height": 640}}


@pytest.fixture
def cases(database: Engine, people: dict[Role, str]) -> tuple[str, str]:
    """The references of two cases: a girl, and the same girl as a ward spelt her."""
    assert people
    now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=30)
    with Session(database, expire_on_commit=False) as session, transaction(session):
        first = make_referral(session, "accepted", now=now, nhs_number_status="01")
        second = make_referral(session, now=now, family_name="Hartwynn", phone="01632 960 100")
        one, two = (session.get_one(CareCase, item.case_id).reference for item in (first, second))
        return one, two


def test_one_proposes_another_agrees_and_two_take_it_back(person: Arrive, cases: tuple[str, str]) -> None:
    # Given a coordinator who sees on the case page that another record is like this one
    dele = person(Role.COORDINATOR)
    dele.open(f"/cases/{cases[0]}")
    dele.page.get_by_role("link", name="This may be the same person").click()
    # Then both records stand side by side, with what would be moved
    dele.says(f"{cases[1]} becomes part of {cases[0]}")
    dele.is_accessible()
    # When she chooses a value and proposes it
    dele.page.get_by_role("group", name="Family name").get_by_label("Hartwynn").check()
    dele.page.get_by_label("Why do you think").fill("The ward rang: it is one girl")
    dele.press("Propose that they are one person")
    dele.says("Another person decides")
    dele.is_accessible()
    # Then she cannot agree to it herself
    reference = dele.page.url.rsplit("/", 1)[1]
    assert dele.page.locator("main").get_by_role("link", name="Agree: make them one record").count() == 0
    # When a case manager compares the two on a phone, by keyboard, and agrees
    priya = person(Role.CASE_MANAGER, **PHONE)
    priya.open(f"/merges/{reference}")
    priya.says("01632 960 100")
    priya.is_accessible()
    priya.page.get_by_role("link", name="Agree: make them one record").focus()
    priya.page.keyboard.press("Enter")
    priya.says("What you agree to")
    priya.is_accessible()
    priya.page.get_by_role("button", name="Agree: make them one record").focus()
    priya.page.keyboard.press("Enter")
    priya.says("What was done when it was agreed")
    priya.is_accessible()
    # Then one case holds everything, and the emptied one leads there
    priya.open(f"/cases/{cases[1]}")
    priya.says(f"This case is part of {cases[0]} now")
    priya.is_accessible()
    # When it turns out to be wrong, she asks to take them apart, and a third person agrees
    priya.open(f"/merges/{reference}/ask_to_undo")
    priya.page.get_by_label("Your reason").fill("They are cousins")
    priya.press("Ask to take them apart")
    priya.says("You asked for it, so another person decides")
    ruth = person(Role.HEAD_OF_COMMISSIONING)
    ruth.open(f"/merges/{reference}")
    ruth.says("If they are taken apart")
    ruth.press("Agree: take them apart")
    ruth.page.get_by_role("button", name="Agree: take them apart").click()
    ruth.says("Both records are as they were.")
    ruth.is_accessible()
    # Then each case stands by itself again
    ruth.open(f"/cases/{cases[1]}")
    ruth.says("Hartwynn".upper())
    assert ruth.page.get_by_text("is part of").count() == 0
