"""A stay as its unit and the hub live it: leave, back late, discharged, and followed up within 72 hours."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.accounts.passwords import hash_password
from hub.db import transaction
from tests.journeys.conftest import PASSWORD, Person
from tests.placement_factory import make_ward
from tests.stay_factory import DAY, HOUR, stay_on
from workflows.durations import local
from workflows.roles import Role

pytestmark = pytest.mark.journey
Arrive = Callable[..., Person]
UNIT_EMAIL = "samuel.oyelaran@unit.example"
PHONE = {"viewport": {"width": 320, "height": 640}}


@pytest.fixture
def stay(database: Engine, people: dict[Role, str]) -> str:
    """A girl on a unit for ten days, on section 2 with a restriction, and a clinician of the unit who can sign in."""
    assert people
    now = datetime.now(UTC).replace(microsecond=0)
    law = {
        "preferred_name": "Izzy",
        "legal_status": "02",
        "legal_status_from": local(now - 12 * DAY).date(),
        "legal_status_expires_at": now + 15 * DAY,
        "sharing_restricted": True,
        "sharing_restriction_details": "father, ask Mum first",
    }
    with Session(database, expire_on_commit=False) as session, transaction(session):
        ward = make_ward(session)
        account = session.get_one(UserAccount, ward.clinician.user_id)
        account.name, account.email, account.password_hash = "Samuel Oyelaran", UNIT_EMAIL, hash_password(PASSWORD)
        return stay_on(session, ward, now=now, admitted_at=now - 10 * DAY, referral=law).reference


def fill_moment(someone: Person, group: str, at: datetime) -> None:
    """The four boxes of a moment."""
    here = local(at)
    boxes = someone.page.get_by_role("group", name=group)
    parts = {"Day": here.day, "Month": here.month, "Year": here.year, "Time": f"{here:%H:%M}"}
    for label, value in parts.items():
        boxes.get_by_label(label, exact=True).fill(str(value))


def test_leave_discharge_and_follow_up(person: Arrive, stay: str) -> None:
    now = datetime.now(UTC)
    # Given a clinician of the unit, who knows whom they treat and nothing that the hub keeps to itself
    samuel = person(None, email=UNIT_EMAIL)
    samuel.open(f"/stays/{stay}")
    for said in ("Izzy", "Section 2", "10 days", "Estimated discharge", "What happens next", "ask the hub"):
        samuel.says(said)
    assert samuel.page.get_by_text("ask Mum first").count() == 0
    samuel.is_accessible()
    # When leave is written down, and "back by" is before it begins, that is said in words and nothing typed is lost
    samuel.press("Start leave")
    samuel.is_accessible()
    samuel.page.get_by_label("Section 17 leave", exact=True).check()
    fill_moment(samuel, "From when?", now - 3 * HOUR)
    fill_moment(samuel, "Back by when?", now - 4 * HOUR)
    samuel.page.get_by_label("Who granted it?").fill("Ewan Sallis, responsible clinician")
    samuel.page.get_by_label("On what terms?").fill("Home with Mum, 01632 960 005")
    samuel.press("Start leave")
    samuel.says("This is before the leave begins")
    samuel.is_accessible()
    fill_moment(samuel, "Back by when?", now - HOUR)
    samuel.press("Start leave")
    # Then the page says who granted it, on what terms, and that she is late
    for said in ("Not back from leave: 1 h", "Ewan Sallis, responsible clinician", "Home with Mum", "Not back yet"):
        samuel.says(said)
    samuel.is_accessible()
    # When she is back and goes home, the unit writes both down
    samuel.press("Record the return")
    fill_moment(samuel, "When did they return?", now - timedelta(minutes=40))
    samuel.press("Record the return")
    samuel.says("On the unit: not on leave now")
    samuel.press("Record the discharge")
    fill_moment(samuel, "When did the person leave?", now - timedelta(minutes=30))
    samuel.page.get_by_label("Where to?").select_option(label="Usual home")
    samuel.page.get_by_label("Your reason").fill("She eats with her family again")
    samuel.is_accessible()
    samuel.press("Record the discharge")
    samuel.says("Left, follow-up due")
    samuel.is_accessible()
    assert samuel.page.get_by_text("Section 2", exact=False).count() == 0  # what becomes of her is not theirs to follow
    # Then a coordinator, on a phone, sees how the 72 hours were worked out and records the follow-up
    dele = person(Role.COORDINATOR, **PHONE)
    dele.open(f"/stays/{stay}")
    dele.page.get_by_text("How this deadline was worked out: Follow-up").click()
    dele.says("72 hours")
    dele.is_accessible()
    dele.press("Record the follow-up")
    fill_moment(dele, "When?", now - timedelta(minutes=5))
    dele.page.get_by_label("Spoken to by telephone").check()
    dele.page.get_by_label("Who saw or spoke to the person?").fill("Joy Fenwick, care coordinator")
    dele.is_accessible()
    dele.press("Record the follow-up")
    dele.says("Follow-up after discharge")
    dele.says("Joy Fenwick, care coordinator")
    dele.is_accessible()
    # And the case's stays lead to the item that keeps them
    dele.page.get_by_role("link", name="Izzy’s case").first.click()
    dele.page.get_by_role("link", name=f"Leave, discharge and follow-up: {stay}").click()
    dele.says("Ended")
