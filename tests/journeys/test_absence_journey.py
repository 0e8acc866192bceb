"""The head of commissioning is away: her deputy stands in, ratifies on her behalf, and decides nothing of his own."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, UserAccount
from hub.admissions.models import Admission
from hub.db import transaction
from hub.engine.audit import verify
from hub.engine.models import Transition
from tests.admission_factory import Crew, make_admission, make_crew
from tests.factories import actor_of
from tests.journeys.conftest import Person
from workflows.actor import Actor
from workflows.durations import local
from workflows.roles import Role

pytestmark = pytest.mark.journey
RUTH, PRIYA = "Ruth Calloway", "Priya Nandakumar"
WEEKS_OVER_A_CASE_MANAGERS_LIMIT = 20


def _actor(session: Session, role: Role) -> Actor:
    account = UserAccount.email == f"{role}@hub.example"
    query = select(Membership).join(UserAccount, UserAccount.id == Membership.user_id).where(account)
    return actor_of(session.scalars(query).one())


def _two_decisions(database: Engine) -> tuple[str, str]:
    """An emergency that waits for ratification, and a recommendation of the deputy's own: their references."""
    with Session(database, expire_on_commit=False) as session, transaction(session):
        priya = _actor(session, Role.CASE_MANAGER)
        crew: Crew = replace(make_crew(session), director=_actor(session, Role.DIRECTOR))
        emergency = make_admission(session, "awaiting_ratification", crew=crew, priority="emergency")
        given: dict[str, Any] = {"expected_length_weeks": WEEKS_OVER_A_CASE_MANAGERS_LIMIT}
        own = make_admission(session, "recommended", crew=replace(crew, case_manager=priya), **given)
        return emergency.reference, own.reference


def _fill(person: Person, question: str, at: datetime) -> None:
    boxes = person.page.get_by_role("group", name=question)
    for box, text in (("Day", at.day), ("Month", at.month), ("Year", at.year), ("Time", f"{at:%H:%M}")):
        boxes.get_by_label(box).fill(str(text))


def test_a_deputy_ratifies_on_behalf_of_the_head_and_decides_nothing_of_their_own(
    database: Engine, person: Callable[..., Person], people: dict[Role, str]
) -> None:
    emergency, own = _two_decisions(database)
    # Given Ruth, on a phone without scripts, who says that she is away from this minute and who stands in
    ruth = person(Role.HEAD_OF_COMMISSIONING, java_script_enabled=False, viewport={"width": 320, "height": 640})
    ruth.open("/account")
    ruth.press("Absences and deputies")
    ruth.press("Record an absence")
    ruth.press("Record the absence")
    for said in ("Choose who stands in", "Enter when the absence starts", "Enter when the absence ends"):
        ruth.says(said)
    now = local(datetime.now(UTC)).replace(second=0, microsecond=0)
    _fill(ruth, "When does it start?", now)
    _fill(ruth, "When does it end?", now + timedelta(days=7))
    ruth.page.get_by_label("Who stands in?").select_option(label=f"{PRIYA}, case manager")
    ruth.press("Record the absence")
    ruth.says(f"{PRIYA} stands in.")
    ruth.says("You are recorded as away until")
    # When Priya looks at the emergency in her own role, it is not hers to ratify
    priya = person(Role.CASE_MANAGER)
    priya.open(f"/admissions/{emergency}")
    assert not priya.page.get_by_role("link", name="Ratify the emergency admission").count()
    # but she chooses to stand in, by keyboard, and then it is
    priya.page.get_by_role("link", name="Change role").click()
    priya.is_accessible()
    stands_in = priya.page.get_by_label(f"Stand in for {RUTH} as head of commissioning")
    stands_in.focus()
    priya.page.keyboard.press("Space")
    priya.press("Go on")
    priya.says(f"{PRIYA}, standing in for {RUTH}, head of commissioning")
    for path in ("/absences", "/account", "/worklist?owner=me"):
        priya.open(path)
        priya.is_accessible()
    priya.open(f"/admissions/{emergency}")
    priya.press("Ratify the emergency admission")
    priya.page.get_by_label("Your reason").fill("She could not be kept safe where she was")
    priya.press("Ratify the emergency admission")
    priya.says("Ratified; the late Form 2 is still to come")
    priya.says(f"on behalf of {RUTH}")
    priya.is_accessible()
    # Then what she recommended herself stays another person's to decide, also for Ruth's sake
    priya.open(f"/admissions/{own}/agree_admission")
    priya.says("another person decides")
    # And the moment Ruth is back, what Priya was typing in her place is kept, and not done
    priya.open(f"/admissions/{own}/note")
    priya.page.get_by_label("Your note").fill("The family has been told")
    ruth.page.get_by_role("link", name="End now").click()
    ruth.press("End this absence now")
    ruth.says(f"{PRIYA} does not stand in any more.")
    priya.press("Write a note")
    priya.says("You no longer stand in for anybody")
    priya.says("What you typed has been kept.")
    priya.is_accessible()
    priya.press("Go on")
    priya.says(f"{PRIYA}, case manager")
    assert priya.page.get_by_label("Your note").input_value() == "The family has been told"
    with Session(database) as session:
        assert not verify(session).findings
        row = session.scalars(select(Transition).where(Transition.action == "ratify")).one()
        ruths, priyas = (_actor(session, role) for role in (Role.HEAD_OF_COMMISSIONING, Role.CASE_MANAGER))
        assert (row.actor_id, row.acting_as, row.on_behalf_of) == (priyas.user_id, ruths.membership_id, ruths.user_id)
        assert session.scalars(select(Admission.state).where(Admission.reference == own)).one() == "recommended"
