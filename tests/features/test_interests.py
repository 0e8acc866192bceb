"""The register of interests: who declares, reads, records, ends and takes back, and what each change leaves behind."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.accounts.models import SessionEnd
from hub.accounts.services import end_sessions
from hub.conflicts.models import Interest
from hub.conflicts.services import declare, end_interest, take_back
from hub.engine.admin_log import AdminChange
from hub.engine.refusal import ActionRefused
from tests.complaints.at_the_desk import plain
from tests.factories import (
    NOW,
    actor_of,
    make_membership,
    make_organisation,
    make_person,
    make_provider,
    signed_in_cookie,
)
from tests.statements import counted
from workflows.actor import Actor
from workflows.roles import PERSON_ROLES, Role

SAID: dict[str, Any] = {"kind": "indirect", "what": "Her sister is a nurse there", "from_on": date(2025, 1, 10)}
READS = {
    Role.COORDINATOR,
    Role.CASE_MANAGER,
    Role.HEAD_OF_COMMISSIONING,
    Role.DIRECTOR,
    Role.ADMINISTRATOR,
    Role.INFORMATION_GOVERNANCE,
}
RECORDS = {Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR, Role.ADMINISTRATOR}


def typed(**changes: Any) -> dict[str, Any]:
    """The form as a browser sends it."""
    days = {f"from_on-{part}": value for part, value in (("day", "10"), ("month", "1"), ("year", "2025"))}
    return {"kind": "indirect", "what": "Her sister is a nurse there", **days, **changes}


def last_day(value: date) -> dict[str, str]:
    """The boxes of a last day."""
    return {"until_on-day": str(value.day), "until_on-month": str(value.month), "until_on-year": str(value.year)}


@pytest.fixture
def place(session: Session) -> int:
    """Where the interests lie."""
    return make_provider(session).id


def declared(session: Session, actor: Actor, place: int, **changes: Any) -> Interest:
    """An interest of this person."""
    return declare(session, actor, organisation_id=place, **{**SAID, **changes}, now=NOW)


def test_each_role_declares_its_own_and_those_who_appoint_read_all(
    session: Session, client: FlaskClient, place: int
) -> None:
    other = make_membership(session, Role.CASE_MANAGER, user=make_person(session, "Morwenna Quill"))
    declared(session, actor_of(other), place, what="Sings in their choir")
    for role in PERSON_ROLES:
        membership = make_membership(session, role)
        signed_in_cookie(session, client, membership)
        assert client.get("/interests/declare").status_code == 200, role
        sent = client.post("/interests/declare", data=typed(organisation_id=str(place), what=f"Of {role}"))
        assert sent.status_code == 303, role
        page = client.get("/interests").text
        assert f"Of {role}" in page, role
        assert ("Sings in their choir" in page and "Morwenna Quill" in page) is (role in READS), role
        assert (client.get("/interests/record").status_code == 200) is (role in RECORDS), role
        assert ("/interests/record" in page) is (role in RECORDS), role
        made = session.scalars(select(Interest).where(Interest.what == f"Of {role}")).one()
        assert (made.user_id, made.declared_by_id) == (membership.user_id, membership.user_id)
    # Another place may call somebody a head: the register is the hub's.
    signed_in_cookie(session, client, make_membership(session, Role.HEAD_OF_COMMISSIONING, make_provider(session)))
    assert "Sings in their choir" not in client.get("/interests").text
    assert client.get("/interests/record").status_code == 404
    session.expire_all()


def test_the_register_is_filtered_paged_and_costs_a_fixed_number_of_statements(
    session: Session, client: FlaskClient, engine: Engine, place: int
) -> None:
    other_place = make_organisation(session, "ZOT02", name="Another House").id
    people = [actor_of(make_membership(session, user=make_person(session, f"Person {n}"))) for n in range(2)]
    for number in range(55):
        declared(session, people[number % 2], place if number % 5 else other_place, what=f"Matter {number}")
    signed_in_cookie(session, client, make_membership(session, Role.COORDINATOR))
    client.get("/interests")
    with counted(engine) as all_of_them:
        page = client.get("/interests")
    assert "Matter 54" in page.text and "Matter 4<" not in page.text and "Next page" in page.text
    first = session.scalars(select(Interest.id).order_by(Interest.id)).first()
    assert first is not None
    rest = client.get(f"/interests?before={first + 5}").text
    assert "Matter 4<" in rest and "Matter 5<" not in rest and "First page" in rest
    with counted(engine) as few:
        page = client.get(f"/interests?person={people[0].user_id}&organisation={other_place}")
    shown = {n for n in range(55) if f"Matter {n}<" in page.text}
    assert shown == {n for n in range(55) if n % 2 == 0 and n % 5 == 0}
    assert len(few) == len(all_of_them)
    assert "No interest fits" in client.get("/interests?person=999999").text
    assert client.get("/interests?person=nonsense&organisation=-1&before=99999999999999").status_code == 200


def test_an_interest_is_ended_and_taken_back_and_stays(session: Session, client: FlaskClient, place: int) -> None:
    membership = make_membership(session, Role.REFERRER)
    signed_in_cookie(session, client, membership)
    sent = [client.post("/interests/declare", data=typed(organisation_id=str(place))).status_code for _ in range(2)]
    [made] = session.scalars(select(Interest)).all()  # what is sent twice stands once
    assert sent == [303, 303]
    page = plain(client.get("/interests").text)
    assert "since 10 January 2025" in page and "Lasts" in page and "End the interest in Tarn House" in page
    end = f"/interests/{made.id}/end"
    before = client.post(end, data=last_day(date(2025, 1, 9)))
    assert before.status_code == 422 and "It cannot end before it began" in before.text
    assert client.post(end, data=last_day(date(2190, 1, 1))).status_code == 422
    assert "Enter its last day" in client.post(end, data={}).text
    done = client.post(end, data=last_day(date(2025, 2, 1)), follow_redirects=True)
    assert "It counts for 12 more months" in done.text and "from 10 January 2025 to 1 February 2025" in plain(done.text)
    late = client.post(end, data=last_day(date(2025, 3, 1)))
    assert late.status_code == 409 and "It ends on 1 February 2025 already" in late.text
    back = f"/interests/{made.id}/take-back"
    assert client.post(back, data={"why": " "}).status_code == 422
    assert client.post(back, data={"why": "The wrong place"}).status_code == 303
    again = client.post(back, data={"why": "My own words"})
    assert again.status_code == 409 and "My own words" in again.text and "taken back since" in again.text
    page = plain(client.get("/interests").text)
    assert "Taken back" in page and "The wrong place" in page and "End the interest" not in page
    log = session.execute(select(AdminChange.what, AdminChange.old, AdminChange.new, AdminChange.why)).all()
    assert [(row.what, row.why) for row in log] == [
        ("Interest declared", ""),
        ("Interest ended", ""),
        ("Interest taken back", "The wrong place"),
    ]
    assert (log[1].old, log[1].new) == ({"Until": None}, {"Until": "2025-02-01"})
    assert log[0].new["What"] == SAID["what"] and log[0].new["Organisation"] == "Tarn House"


def test_who_changes_what_and_nobody_else_learns_of_it(session: Session, client: FlaskClient, place: int) -> None:
    person, head, director = (
        make_membership(session, role) for role in (Role.CASE_MANAGER, Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR)
    )
    own = declared(session, actor_of(person), place)
    signed_in_cookie(session, client, head)
    sent = client.post("/interests/record", data=typed(organisation_id=str(place), what="Shares", user_id="x"))
    assert sent.status_code == 422 and "Shares" in sent.text
    answer = typed(organisation_id=str(place), what="Shares", user_id=str(person.user_id))
    assert client.post("/interests/record", data=answer).status_code == 303
    recorded = session.scalars(select(Interest).where(Interest.what == "Shares")).one()
    assert (recorded.user_id, recorded.declared_by_id) == (person.user_id, head.user_id)
    # Of somebody's own, the person; of what was recorded about them, those who may record, and not the person.
    deputy = actor_of(make_membership(session, Role.DIRECTOR), on_behalf_of=person.user_id)
    for membership, interest, may in (
        (person, own, True),
        (head, own, False),
        (person, recorded, False),
        (head, recorded, True),
        (director, recorded, True),
        (make_membership(session, Role.COORDINATOR), recorded, False),
    ):
        signed_in_cookie(session, client, membership)
        for what in ("end", "take-back"):
            assert client.get(f"/interests/{interest.id}/{what}").status_code == (200 if may else 404)
        if not may:
            assert client.post(f"/interests/{interest.id}/take-back", data={"why": "x"}).status_code == 404
            session.expire_all()
            assert interest.taken_back_at is None
    with pytest.raises(ActionRefused, match="Whoever declared"):
        take_back(session, deputy, recorded.id, why="I stand in for them", now=NOW)
    signed_in_cookie(session, client, person)
    assert f"recorded by {head.user.name}" in plain(client.get("/interests").text)
    assert client.get("/interests/999999/end").status_code == 404
    log = session.execute(select(AdminChange.what).where(AdminChange.subject_key == str(recorded.id))).scalars().all()
    assert log == ["Interest recorded for somebody else"]


def test_everything_that_is_wrong_is_said_beside_its_field(session: Session, client: FlaskClient, place: int) -> None:
    signed_in_cookie(session, client, make_membership(session, Role.UNIT_MANAGER))
    wrong = client.post("/interests/declare", data={"what": "x" * 501, "from_on-day": "31"})
    assert wrong.status_code == 422
    for words in ("Choose the organisation", "Choose what kind", "Use 500 letters", "must include a month and a year"):
        assert words in wrong.text, words
    actor, other = (actor_of(make_membership(session, Role.CASE_MANAGER)) for _ in range(2))
    made = declared(session, actor, place)
    refused: list[tuple[Callable[[], object], str]] = [
        (lambda: declared(session, actor, place, what=" "), "Say what the interest is"),
        (lambda: declared(session, actor, place, what="x" * 501), "Use 500 letters"),
        (lambda: declared(session, actor, 999999), "Choose an organisation"),
        (lambda: declared(session, actor, place, kind="x"), "Choose what kind"),
        (lambda: declared(session, actor, place, user_id=999999), "Choose a person"),
        (lambda: declared(session, actor, place, user_id=other.user_id), "You declare your own interests"),
        (lambda: declared(session, actor, place, from_on=None), "Enter the day it began"),
        (lambda: declared(session, actor, place, from_on=date(1900, 1, 1)), "too far away"),
        (lambda: declared(session, actor, place, from_on=NOW.date() + timedelta(days=400)), "too far away"),
        (lambda: declared(session, actor, place, until_on=date(2025, 1, 9)), "cannot end before"),
        (lambda: declared(session, Actor(None, "The hub"), place), "Choose a person"),
        (lambda: end_interest(session, other, made.id, until_on=NOW.date(), now=NOW), "Whoever declared"),
        (lambda: end_interest(session, actor, 999999, until_on=NOW.date(), now=NOW), "Whoever declared"),
        (lambda: end_interest(session, actor, made.id, until_on=None, now=NOW), "Enter its last day"),
        (lambda: take_back(session, actor, made.id, why="x" * 501, now=NOW), "Use 500 letters"),
    ]
    for attempt, words in refused:
        with pytest.raises(ActionRefused, match=words):
            attempt()
    assert session.scalars(select(Interest)).all() == [made]
    ahead = declared(session, actor, place, what="A post there", from_on=NOW.date() + timedelta(days=300))
    assert ahead.id != made.id


def test_what_was_typed_after_the_session_ended_is_kept(session: Session, client: FlaskClient, place: int) -> None:
    membership = make_membership(session)
    signed_in_cookie(session, client, membership)
    end_sessions(session, membership.user_id, SessionEnd.IDLE, NOW)
    sent = client.post("/interests/declare", data=typed(organisation_id=str(place), what="Typed too late"))
    assert "kept=yes" in sent.location
    signed_in_cookie(session, client, membership)
    assert "Typed too late" in client.get("/interests/declare").text
    assert session.scalars(select(Interest)).all() == []
