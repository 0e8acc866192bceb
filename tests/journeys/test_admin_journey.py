"""The administrator without a programmer: a unit, a person who signs in, and a code that ends."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub import codes
from hub.accounts.links import make_ready, token_of
from hub.accounts.passwords import hash_password
from hub.accounts.request_models import OneTimeLink
from hub.config import Settings
from hub.db import transaction
from tests.factories import make_membership, make_person, make_provider, make_referral
from tests.journeys.conftest import PASSWORD, Person
from workflows.durations import local
from workflows.roles import Role

pytestmark = pytest.mark.journey
ENDED = "Community care can meet the need"
CODE = "need_met_in_community"


@pytest.fixture(autouse=True)
def shipped_again() -> Iterator[None]:
    """The overlay is the process's: the next test starts from the files."""
    yield
    codes.lay_over(0, ())


@pytest.fixture
def sam(database: Engine, people: dict[Role, str]) -> str:
    """The administrator's e-mail address."""
    with Session(database, expire_on_commit=False) as session, transaction(session):
        make_provider(session)
        person = make_person(session, "Sam Ridley")
        person.password_hash = hash_password(PASSWORD)
        make_membership(session, Role.ADMINISTRATOR, user=person)
        return person.email


def test_a_unit_a_person_and_a_code_without_a_programmer(
    person: Callable[..., Person], database: Engine, sam: str, test_settings: Settings
) -> None:
    assert codes.label("referral_decline_reason", CODE) == ENDED
    with Session(database, expire_on_commit=False) as session, transaction(session):
        old = make_referral(session, "declined").reference
        fresh = make_referral(session, "in_review").reference
    # Given an administrator on a narrow screen with a keyboard
    admin = person(Role.ADMINISTRATOR, email=sam, viewport={"width": 320, "height": 700})
    page = admin.page
    admin.open("/admin")
    admin.is_accessible()
    # When the provider gets a site and a unit
    admin.open("/admin/organisations/ZPR01/sites/add")
    _fill(admin, {"Site code": "ZPR011", "Name": "Tarn House", "Postcode": "ls1 4ab", "Why": "A new place"})
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    admin.says("Tarn House is added")
    admin.press("Add a unit")
    page.get_by_label("Type of bed").select_option("301")
    _fill(admin, {"Unit code": "TARN-1", "Name": "Heather", "Youngest age": "13", "Oldest age": "17", "Why": "New"})
    admin.is_accessible()
    admin.press("Add the unit")
    admin.says("Heather is added")
    admin.is_accessible()
    # And somebody is invited to look after it
    admin.open("/admin/people/add")
    page.get_by_label("Role", exact=True).select_option("unit_manager")
    page.get_by_label("Organisation", exact=True).select_option(label="Tarn House (ZPR01)")
    page.get_by_label("Unit", exact=True).select_option(label="Tarn House: Heather")
    _fill(admin, {"Full name": "Grace Lindley", "E-mail address": "no address", "Why": "She runs the unit"})
    admin.press("Send the invitation")
    admin.says("Nothing was changed: 1 thing to put right")
    admin.is_accessible()
    _fill(admin, {"E-mail address": "grace.lindley@tarn.example"})
    admin.press("Send the invitation")
    admin.says("Grace Lindley is invited by e-mail")
    admin.is_accessible()
    # Then that person chooses a password by the link, signs in and is a unit manager
    grace = person(None)
    grace.open(_link(database, test_settings))
    grace.says("Tarn House, Heather")
    grace.page.get_by_label("New password").fill("four amber ladders 8")
    grace.press("Set my password")
    grace.email = "grace.lindley@tarn.example"
    grace.sign_in("four amber ladders 8")
    assert "Grace Lindley, unit manager" in grace.page.content()
    # And when a code has ended
    admin.open(f"/admin/codes/referral_decline_reason/{CODE}/end")
    yesterday = local(datetime.now(UTC)).date() - timedelta(days=1)
    _fill(admin, {"Day": str(yesterday.day), "Month": str(yesterday.month), "Year": str(yesterday.year)})
    _fill(admin, {"Why": "Too broad"})
    admin.is_accessible()
    admin.press("End the code")
    admin.says("can be chosen until")
    admin.is_accessible()
    # Then nobody meets it in a new form, and the old referral still says what it was
    priya = person(Role.CASE_MANAGER)
    priya.open(f"/referrals/{fresh}/decline")
    offered = priya.page.get_by_label("Why is it declined?").inner_text()
    assert "Not mainly a mental health need" in offered and ENDED not in offered
    priya.open(f"/referrals/{old}")
    priya.says(ENDED)
    # And every page of the administration is one that everybody can use
    for path in ("people", "organisations", "units", "collaboratives", "codes", "import", "organisations/ZPR01/change"):
        admin.open(f"/admin/{path}")
        admin.is_accessible()


def _fill(who: Person, answers: dict[str, str]) -> None:
    for label, answer in answers.items():
        who.page.get_by_label(label, exact=True).fill(answer)


def _link(database: Engine, chosen: Settings) -> str:
    """The newest invitation, as the worker sends it."""
    key = chosen.key()
    with Session(database) as session, transaction(session):
        link = session.scalars(select(OneTimeLink).order_by(OneTimeLink.id.desc()).limit(1)).one()
        make_ready(session, link, key)
        return f"/account/link?t={token_of(link, key)}"
