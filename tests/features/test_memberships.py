"""Passwords worth having, roles where they can be held, and the two arms of a lead provider kept apart."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.accounts.passwords import problems_with_password
from hub.accounts.services import AccountRefused, add_membership
from tests.features.people import FIRST_DAY, PASSWORD, People
from workflows.roles import Role


@pytest.fixture
def people(session: Session) -> People:
    return People(session)


@pytest.mark.parametrize(
    ("password", "said"),
    [("short", "12 characters"), ("aaaaaaaaaaaaaaaa", "repeats"), ("password1234", "guess"), ("x" * 129, "fewer")],
)
def test_weak_passwords_are_refused_with_the_reason(password: str, said: str) -> None:
    assert said in " ".join(problems_with_password(password, email="a@hub.example", name="Ada"))
    assert problems_with_password(PASSWORD, email="a@hub.example", name="Ada") == []


def test_nobody_belongs_to_both_arms_of_a_lead_provider(session: Session, people: People) -> None:
    member = people.someone()
    with pytest.raises(AccountRefused, match="hub and to the lead provider's own services"):
        people.member(member.user, Role.UNIT_MANAGER, "XPA")
    member.until_on = FIRST_DAY
    session.flush()
    later = add_membership(
        session,
        user_id=member.user_id,
        organisation_id=people.organisation("XPA").id,
        role=Role.UNIT_MANAGER,
        from_on=FIRST_DAY + timedelta(days=1),
    )
    assert later.id, "moving from one arm to the other is not holding both"


def test_the_database_itself_keeps_the_arms_apart(session: Session, people: People) -> None:
    member = people.someone()
    arm = people.organisation("XPA").id
    session.add(Membership(user_id=member.user_id, organisation_id=arm, role=Role.UNIT_MANAGER, from_on=FIRST_DAY))
    with pytest.raises(DBAPIError, match="both the hub and the provider arm"):
        session.flush()


@pytest.mark.parametrize(
    ("role", "code", "said"),
    [
        (Role.CASE_MANAGER, "XTH", "Only the hub has a case manager"),
        (Role.UNIT_MANAGER, "XHB", "The hub has no unit manager"),
        (Role.ON_CALL, "XHB", "comes from the rota"),
        (Role.SYSTEM, "XHB", "comes from the rota or belongs to the hub itself"),
    ],
)
def test_a_role_is_given_only_where_it_can_be_held(people: People, role: Role, code: str, said: str) -> None:
    with pytest.raises(AccountRefused, match=said):
        people.someone(role, code)
