"""The register of flash points: who reads and writes it, what a change leaves behind, and what is not told outside."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import SignInSession
from hub.engine.admin_log import AdminChange
from hub.engine.refusal import ActionRefused
from hub.flash_points.models import FlashPoint
from hub.flash_points.services import Words, end_flash_point, rewrite_flash_point, write_flash_point
from tests.escalation_factory import make_dispute, make_table
from tests.factories import (
    NOW,
    actor_of,
    make_hub,
    make_membership,
    make_organisation,
    make_provider,
    make_referring,
    signed_in_cookie,
)
from workflows.actor import Actor
from workflows.roles import Role

SAID: dict[str, Any] = {
    "goes_wrong": "Ready to leave, nowhere to go",
    "early_sign": "No home is named two weeks before the date",
    "first_response": "Ward and council meet within two working days",
    "whom_to_ring": "Duty desk of the council, 01632 960 010",
    "dispute_kind": "discharge_delay",
}
READ, WRITE, NEITHER = "reads", "writes", "neither"
MAY = {
    Role.UNIT_MANAGER: WRITE,
    Role.PROVIDER_QUALITY_LEAD: WRITE,
    Role.FUNDER: WRITE,
    Role.REFERRER: WRITE,
    Role.HEAD_OF_COMMISSIONING: WRITE,
    Role.COORDINATOR: WRITE,
    Role.CASE_MANAGER: WRITE,
    Role.QUALITY_LEAD: WRITE,
    Role.UNIT_CLINICIAN: READ,
    Role.ACCESS_ASSESSOR: READ,
    Role.OUTSIDE_MEMBER: READ,
    Role.CLINICAL_REVIEWER: READ,
    Role.DIRECTOR: READ,
    Role.QUALITY_GROUP_CHAIR: READ,
    Role.FINANCE_LEAD: NEITHER,
    Role.FAMILY_LIAISON: NEITHER,
    Role.INFORMATION_GOVERNANCE: NEITHER,
    Role.ADMINISTRATOR: NEITHER,
}


@pytest.fixture
def writer(session: Session) -> Actor:
    """A unit manager of the usual provider."""
    return actor_of(make_membership(session, Role.UNIT_MANAGER))


@pytest.fixture
def point(session: Session, writer: Actor) -> FlashPoint:
    """One that stands, written by the provider."""
    return write_flash_point(session, writer, **SAID, now=NOW)


def test_each_role_reads_writes_or_neither(session: Session, client: FlaskClient, point: FlashPoint) -> None:
    assert {role for role in Role if role not in {Role.ON_CALL, Role.SYSTEM}} == set(MAY)
    for role, may in MAY.items():
        signed_in_cookie(session, client, make_membership(session, role))
        pages = ("/flash-points", f"/flash-points/{point.id}", "/flash-points/add")
        answers = [client.get(page).status_code for page in pages]
        assert answers == {READ: [200, 200, 404], WRITE: [200, 200, 200], NEITHER: [404, 404, 404]}[may], role
        shows_button = b"Add a flash point" in client.get("/flash-points").data
        assert shows_button is (may == WRITE), role


CHANGERS: tuple[tuple[Role, str, bool], ...] = (
    (Role.UNIT_MANAGER, "provider", True),
    (Role.PROVIDER_QUALITY_LEAD, "provider", True),
    (Role.UNIT_MANAGER, "another", False),
    (Role.FUNDER, "another", False),
    (Role.COORDINATOR, "hub", True),
    (Role.CASE_MANAGER, "hub", True),
    (Role.HEAD_OF_COMMISSIONING, "hub", True),
    (Role.QUALITY_LEAD, "hub", False),
    # The lead provider's own services have heads too: the hub's rights are the hub's.
    (Role.HEAD_OF_COMMISSIONING, "another", False),
)


def test_who_wrote_it_and_the_hub_change_it(session: Session, client: FlaskClient, point: FlashPoint) -> None:
    places = {
        "provider": make_provider(session),
        "another": make_organisation(session, "ZOT01", name="Another House", kind="independent_provider"),
        "hub": make_hub(session),
    }
    for role, place, may in CHANGERS:
        signed_in_cookie(session, client, make_membership(session, role, places[place]))
        shown = client.get(f"/flash-points/{point.id}").text
        assert ("Write it anew" in shown) is may, (role, place)
        for what, sent in (
            ("write-anew", {**SAID, "goes_wrong": "Other words", "why": "Why not"}),
            ("end", {"why": "x"}),
        ):
            page = client.get(f"/flash-points/{point.id}/{what}")
            assert page.status_code == (200 if may else 403), (role, place, what)
            if not may:
                assert client.post(f"/flash-points/{point.id}/{what}", data=sent).status_code == 403
                session.expire_all()
                assert point.until_on is None, (role, place, what)


def test_a_change_ends_the_old_one_and_both_stay_readable(
    session: Session, client: FlaskClient, point: FlashPoint, writer: Actor
) -> None:
    signed_in_cookie(session, client, make_membership(session, Role.FUNDER, make_provider(session)))
    form = f"/flash-points/{point.id}/write-anew"
    filled = client.get(form).text
    assert all(words in filled for words in (SAID["goes_wrong"], SAID["first_response"], SAID["whom_to_ring"]))
    same = client.post(form, data={**SAID, "why": "To be clear"})
    assert same.status_code == 422 and "nothing would change" in same.text
    unsaid = client.post(form, data={**SAID, "first_response": "Ring each other", "why": ""})
    assert (
        unsaid.status_code == 422 and "Say why it is written anew" in unsaid.text and "Ring each other" in unsaid.text
    )
    done = client.post(form, data={**SAID, "first_response": "Ring each other", "why": "The desk has moved"})
    assert done.status_code == 303
    new = session.scalars(select(FlashPoint).where(FlashPoint.replaces_id == point.id)).one()
    session.expire_all()
    assert done.location.endswith(f"/flash-points/{new.id}")
    assert (point.until_on is not None, point.first_response) == (True, SAID["first_response"])
    assert (new.first_response, new.early_sign, new.until_on) == ("Ring each other", SAID["early_sign"], None)

    old_page, new_page, index = (
        client.get(path).text for path in (f"/flash-points/{point.id}", f"/flash-points/{new.id}", "/flash-points")
    )
    assert "has ended" in old_page and f"Read number {new.id}" in old_page and SAID["first_response"] in old_page
    assert "The desk has moved" in old_page and "Write it anew" not in old_page
    assert f"number {point.id}" in new_page and "The desk has moved" in new_page
    standing, ended = index.split('id="ended"')
    assert f"/flash-points/{new.id}" in standing and f'/flash-points/{point.id}"' not in standing
    assert f'/flash-points/{point.id}"' in ended

    # Whoever opened the page before is told, and keeps what they typed.
    late = client.post(form, data={**SAID, "goes_wrong": "My own words", "why": "A typing error"})
    assert late.status_code == 409 and "My own words" in late.text and "since you opened this page" in late.text

    assert client.post(f"/flash-points/{new.id}/end", data={"why": ""}).status_code == 422
    assert client.post(f"/flash-points/{new.id}/end", data={"why": "The desk is closed"}).status_code == 303
    assert "The desk is closed" in client.get(f"/flash-points/{new.id}").text
    log = session.execute(
        select(AdminChange.subject_key, AdminChange.what, AdminChange.why, AdminChange.by_id)
        .where(AdminChange.subject == "flash_point")
        .order_by(AdminChange.id)
    ).all()
    who = log[1].by_id
    assert log == [
        (str(point.id), "Flash point written", "", writer.user_id),
        (str(point.id), f"Written anew as number {new.id}", "The desk has moved", who),
        (str(new.id), f"Written in place of number {point.id}", "The desk has moved", who),
        (str(new.id), "Flash point ended", "The desk is closed", who),
    ]
    change = session.scalars(select(AdminChange).where(AdminChange.what.startswith("Written anew"))).one()
    assert (change.old, change.new) == (
        {"First response": SAID["first_response"]},
        {"First response": "Ring each other"},
    )


def test_adding_refuses_what_is_wrong_and_stands_once_when_sent_twice(session: Session, client: FlaskClient) -> None:
    membership = make_membership(session, Role.UNIT_MANAGER)
    signed_in_cookie(session, client, membership)
    wrong = client.post("/flash-points/add", data={"goes_wrong": "x" * 161, "dispute_kind": "nonsense"})
    assert wrong.status_code == 422
    for words in ("Use 160 letters", "by what people notice", "what everybody does first", "whom to ring", "Choose an"):
        assert words in wrong.text, words
    assert session.scalars(select(FlashPoint)).all() == []
    sent = [client.post("/flash-points/add", data=SAID | {"page": "1-a"}).location for _ in range(2)]
    [made] = session.scalars(select(FlashPoint)).all()
    assert sent == [f"/flash-points/{made.id}"] * 2
    assert (made.organisation_id, made.written_by_id) == (membership.organisation_id, membership.user_id)
    # Another partner may mean the same: it is their own, and says so.
    other = make_membership(session, Role.FUNDER, make_referring(session))
    assert write_flash_point(session, actor_of(other), **SAID, now=NOW).id != made.id


def test_the_service_refuses_by_itself(session: Session, point: FlashPoint, writer: Actor) -> None:
    other = actor_of(make_membership(session, Role.UNIT_CLINICIAN))
    words = Words(**SAID)
    refused: list[tuple[Callable[[], object], str]] = [
        (lambda: write_flash_point(session, other, **SAID, now=NOW), "Whoever speaks for a partner"),
        (lambda: rewrite_flash_point(session, other, point.id, words, why="x", now=NOW), "The organisation that wrote"),
        (lambda: end_flash_point(session, writer, 0, why="x", now=NOW), "There is no flash point"),
        (lambda: end_flash_point(session, writer, point.id, why="x" * 2001, now=NOW), "Use 2000 letters"),
        (
            lambda: write_flash_point(
                session, writer, **SAID | {"dispute_kind": "x", "early_sign": "y" * 2001}, now=NOW
            ),
            "Early sign: use 2000 letters or fewer; Choose a kind",
        ),
        (
            lambda: rewrite_flash_point(session, writer, point.id, Words("", "", "", ""), why="", now=NOW),
            "Say why it is written anew; Say what goes wrong",
        ),
    ]
    for attempt, words_of_it in refused:
        with pytest.raises(ActionRefused, match=words_of_it):
            attempt()
    assert point.until_on is None


def test_how_many_disputes_began_so_is_told_to_those_alone_who_see_disputes(
    session: Session, client: FlaskClient, point: FlashPoint
) -> None:
    table = make_table(session)
    for _ in range(2):
        make_dispute(session, "raised", table=table, flash_point_id=point.id)
    readers = (
        (make_membership(session, Role.COORDINATOR), "2 disputes raised as this"),
        (make_membership(session, Role.DIRECTOR), "2 disputes raised as this"),
        (make_membership(session, Role.QUALITY_LEAD), ""),
        (make_membership(session, Role.UNIT_MANAGER), ""),
    )
    for membership, words in readers:
        signed_in_cookie(session, client, membership)
        for path in ("/flash-points", f"/flash-points/{point.id}"):
            shown = client.get(path).text
            assert (words in shown) if words else ("raised as this" not in shown), (membership.role, path)


def test_what_was_typed_is_there_after_signing_in_again(session: Session, client: FlaskClient) -> None:
    membership = make_membership(session, Role.UNIT_MANAGER)
    signed_in_cookie(session, client, membership)
    client.get("/flash-points/add")
    for row in session.scalars(select(SignInSession).where(SignInSession.user_id == membership.user_id)):
        row.last_seen_at = datetime.now(UTC) - timedelta(days=2)
    session.flush()
    gone = client.post("/flash-points/add", data=SAID | {"page": f"{membership.user_id}-a"})
    assert gone.status_code == 302 and "kept=yes" in gone.location
    signed_in_cookie(session, client, membership)
    assert SAID["first_response"] in client.get("/flash-points/add").text
    assert session.scalars(select(FlashPoint)).all() == []
