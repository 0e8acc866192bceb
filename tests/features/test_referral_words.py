"""The referral's page in words: what an action does to the clocks, what history says, whose move it is."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import make_membership, make_organisation, make_referral
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]


@pytest.fixture
def case_manager(session: Session, client: FlaskClient, sign_in: SignIn) -> FlaskClient:
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    return client


def test_returning_says_whether_the_review_clock_stands_still(session: Session, case_manager: FlaskClient) -> None:
    """Routine and urgent have a clock of one name with rules of their own: the page must tell of the right one."""
    said = "The clock “Review” stands still."
    routine, urgent = (make_referral(session, state="in_review", priority=name) for name in ("routine", "urgent"))
    assert said in case_manager.get(f"/referrals/{routine.reference}/return_incomplete").text
    assert said not in case_manager.get(f"/referrals/{urgent.reference}/return_incomplete").text


def test_history_and_answers_are_in_words(session: Session, case_manager: FlaskClient) -> None:
    referral = make_referral(session, state="in_review", date_of_birth=date(2011, 2, 3), nhs_number="9990000018")
    page = case_manager.get(f"/referrals/{referral.reference}").text
    assert "Date of birth: Thursday 3 February 2011" in page
    assert "2011-02-03" not in page
    assert "NHS number: 999 000 0018" in page
    assert "9990000018" not in page
    assert "Priority: Routine" in page
    assert "New priority" not in page


def test_a_referrer_reads_that_the_hub_has_the_next_move(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    referral = make_referral(session, state="submitted")
    sign_in(client, make_membership(session, Role.REFERRER))
    page = client.get(f"/referrals/{referral.reference}").text
    assert re.search(r"<h1[^>]*>\s*Waiting for the hub to start the review\s*</h1>", page)


def test_a_draft_by_telephone_says_that_the_time_counts_from_the_call(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    team = make_organisation(session, "ZRF01", name="Brackendale Community Team", kind="referrer")
    sign_in(client, make_membership(session, Role.COORDINATOR))
    data = {"service_line": "cyp", "priority": "urgent", "referring_organisation": team.ods_code}
    made = client.post("/referrals/new", data=data)
    assert "when the hub received it." in client.get(made.location.removesuffix("/form")).text
