"""Raising a dispute: who may, from what, which facts are carried over, what is suggested, and that nothing is lost."""

from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, SignInSession
from hub.flash_points.models import FlashPoint
from hub.flash_points.services import end_flash_point, write_flash_point
from tests.approach_factory import make_approach, member_of
from tests.factories import (
    NOW,
    make_actor,
    make_membership,
    make_organisation,
    make_unit,
    signed_in_cookie,
)
from tests.features.raising import NEW, disputes, sent
from workflows.roles import Role

RAISE = (
    Role.UNIT_MANAGER,
    Role.UNIT_CLINICIAN,
    Role.ACCESS_ASSESSOR,
    Role.PROVIDER_QUALITY_LEAD,
    Role.REFERRER,
    Role.FUNDER,
    Role.COORDINATOR,
    Role.CASE_MANAGER,
    Role.HEAD_OF_COMMISSIONING,
    Role.DIRECTOR,
)


def _flash_point(session: Session, **changes: Any) -> FlashPoint:
    said = {
        "goes_wrong": "Ready to leave, nowhere to go",
        "early_sign": "No home is named",
        "first_response": "Ward and council meet within two working days.",
        "whom_to_ring": "Duty desk, 01632 960 010",
        "dispute_kind": "discharge_delay",
    }
    return write_flash_point(session, make_actor(session, Role.COORDINATOR), **said | changes, now=NOW)


@pytest.fixture
def council(session: Session) -> int:
    """Another organisation, with a funder who can answer."""
    made = make_organisation(session, "ZBC01", name="Brackendale Council", kind="local_authority")
    make_membership(session, Role.FUNDER, made)
    return made.id


@pytest.fixture
def manager(session: Session, client: FlaskClient) -> Membership:
    """A unit manager, signed in."""
    made = make_membership(session, Role.UNIT_MANAGER)
    signed_in_cookie(session, client, made)
    return made


def test_each_role_may_raise_or_not(session: Session, client: FlaskClient) -> None:
    for role in Role:
        if role in {Role.ON_CALL, Role.SYSTEM}:
            continue
        signed_in_cookie(session, client, make_membership(session, role))
        assert client.get(NEW).status_code == (200 if role in RAISE else 404), role
        assert client.post(NEW, data={}).status_code == (422 if role in RAISE else 404), role


def test_one_raised_by_itself_has_its_sides_and_facts(
    session: Session, client: FlaskClient, manager: Membership, council: int
) -> None:
    third = make_organisation(session, "ZIC01", name="Northmoor ICB", kind="icb")
    answered = client.post(NEW, data=sent(council, side_4=str(third.id), funder=str(council), urgency="urgent"))
    [made] = disputes(session)
    assert (answered.status_code, answered.location) == (303, f"/escalations/{made.reference}")
    assert [side.organisation_id for side in made.sides] == [manager.organisation_id, council, third.id]
    assert [side.is_raiser for side in made.sides] == [True, False, False]
    assert [fact.words for fact in made.facts] == ["Ready to leave since 28 February", "A home was offered on 12 March"]
    assert (made.state, made.urgency, made.interim_funder_id, made.case_id) == ("raised", "urgent", council, None)
    assert (made.title, made.asked_for) == ("Who finds the home, and by when?", "A named home and a date")
    # Nobody with the hub among the sides: the hub convenes, and the safety of a person was not asked about.
    assert "safety_plan" not in client.get(NEW).text


WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"question": " "}, "Say in one line what is to be settled"),
    ({"question": "x" * 161}, "Use 160 letters or fewer"),
    ({"dispute_kind": ""}, "Choose the kind"),
    ({"urgency": ""}, "Choose how urgent it is"),
    ({"side_2": ""}, "A dispute has at least two sides"),
    ({"side_3": "{council}"}, "A dispute has at least two sides, each once"),
    ({"side_2": "987654"}, "Choose an answer for “Another side”"),
    ({"wanted": ""}, "Say what you want"),
    ({"facts": "\r\n "}, "Write down at least one fact"),
    ({"facts": "y" * 501}, "A fact has at most 500 characters"),
    ({"funder": "987654"}, "Choose an answer for “Who is asked to pay"),
)


def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    session: Session, client: FlaskClient, manager: Membership, council: int
) -> None:
    assert manager.role == Role.UNIT_MANAGER
    for changes, words in WRONG:
        given = {name: value.format(council=council) for name, value in changes.items()}
        shown = client.post(NEW, data=sent(council, **{"wanted": "My own wish", **given}))
        assert shown.status_code == 422, changes
        page = unescape(shown.text)
        assert words in page and "Nothing was raised" in page, (changes, words)
        assert ("My own wish" in page) is ("wanted" not in changes), changes
    assert disputes(session) == []


def test_a_page_raises_one_dispute_however_often_it_is_sent(
    session: Session, client: FlaskClient, manager: Membership, council: int
) -> None:
    first, again = (client.post(NEW, data=sent(council)) for _ in range(2))
    [made] = disputes(session)
    assert first.location == again.location == f"/escalations/{made.reference}"
    other = client.post(NEW, data=sent(council, question="Who pays for the taxi?"))
    assert other.status_code == 409 and len(disputes(session)) == 1
    assert f"{made.reference} was raised from this page before" in other.text and "Who pays for the taxi?" in other.text
    token = other.text.split('name="page"')[1].split('value="')[1].split('"')[0]
    assert token != "page-1" and token.startswith(str(manager.user_id))
    assert client.post(NEW, data=sent(council, question="Who pays for the taxi?", page=token)).status_code == 303
    assert len(disputes(session)) == 2


def test_what_was_typed_waits_where_it_was_typed_after_the_session_ended(
    session: Session, client: FlaskClient, council: int
) -> None:
    unit = make_unit(session)
    approach, manager = make_approach(session, "refused", unit=unit), member_of(session, unit)
    page = f"{NEW}?from={approach.reference}"
    signed_in_cookie(session, client, manager)
    client.get(page)
    for row in session.scalars(select(SignInSession).where(SignInSession.user_id == manager.user_id)):
        row.last_seen_at = datetime.now(UTC) - timedelta(days=2)
    session.flush()
    token = f"{manager.user_id}-a"
    gone = client.post(page, data=sent(council, page=token, safety_plan="Plan 2", question="Typed too late"))
    assert gone.status_code == 302 and "kept=yes" in gone.location
    assert f"from%3D{approach.reference}" in gone.location or f"from={approach.reference}" in gone.location
    assert disputes(session) == []
    signed_in_cookie(session, client, manager)
    assert "Typed too late" in client.get(page).text
    # What belongs to this approach is offered on no other page.
    assert "Typed too late" not in client.get(NEW).text
    saved = client.post("/escalations/new/draft", data=sent(council, page=token, question="Saved by itself"))
    assert saved.status_code == 200 and "Saved by itself" in client.get(NEW).text
    # Once it is raised, its words fill no form.
    assert client.post(NEW, data=sent(council, page=token, question="Saved by itself")).status_code == 303
    assert "Saved by itself" not in client.get(NEW).text


def test_flash_points_are_read_before_anything_is_sent(
    session: Session, client: FlaskClient, manager: Membership, council: int
) -> None:
    matching, any_kind = _flash_point(session), _flash_point(session, goes_wrong="Nobody rings back", dispute_kind=None)
    _flash_point(session, goes_wrong="The bill is late", dispute_kind="invoice", first_response="Send it again.")
    # From the start all of them can be read, by kind
    first = client.get(NEW).text
    assert "The bill is late" in first and matching.first_response in first and 'value="none"' not in first
    # A kind chosen, and "Show what we agreed": those that match, with first response and number; nothing is checked
    shown = client.post(NEW, data={"do": "show", "dispute_kind": "discharge_delay", "wanted": "Half a thought"})
    page = shown.text
    assert shown.status_code == 200 and "Half a thought" in page and "There is a problem" not in page
    for words in (matching.goes_wrong, matching.first_response, matching.whom_to_ring, any_kind.goes_wrong):
        assert words in page, words
    assert "The bill is late" not in page
    # Sent without having been shown them: shown first, and raised with the second press
    unread = client.post(NEW, data=sent(council))
    assert unread.status_code == 200 and "Not raised yet" in unread.text and disputes(session) == []
    read = client.post(NEW, data=sent(council, shown_for="discharge_delay", flash_point=str(matching.id)))
    assert read.status_code == 303
    assert [dispute.flash_point_id for dispute in disputes(session)] == [matching.id]
    # None of them, and one that was chosen for another kind or has ended, are none
    none = client.post(NEW, data=sent(council, page="b", shown_for="discharge_delay", flash_point="none"))
    assert none.status_code == 303 and disputes(session)[-1].flash_point_id is None
    changed = client.post(NEW, data=sent(council, page="c", dispute_kind="invoice", flash_point=str(matching.id)))
    assert changed.status_code == 200 and len(disputes(session)) == 2
    end_flash_point(session, make_actor(session, Role.COORDINATOR), matching.id, why="The desk is closed", now=NOW)
    late = client.post(NEW, data=sent(council, page="d", shown_for="discharge_delay", flash_point=str(matching.id)))
    assert late.status_code == 303 and disputes(session)[-1].flash_point_id is None
    assert manager.role == Role.UNIT_MANAGER


def test_it_says_by_when_it_is_taken_up_and_where_a_family_goes(
    session: Session, client: FlaskClient, manager: Membership, council: int
) -> None:
    page = unescape(client.get(NEW).text)
    for words in ("Care goes on meanwhile", "complain", "tribunal", "(2 hours)", "(1 working day)"):
        assert words in page, words
    client.post(NEW, data=sent(council, urgency="urgent"))
    [made] = disputes(session)
    [clock] = [row for row in made.clocks if row.name == "accept"]
    assert clock.due_at - made.opened_at == timedelta(hours=2)
    assert "Your side is <b>Tarn House</b>" in page and "2 working days" in page and manager.unit_id is None
