"""People on the administrator's pages: who may, what is refused in words, races, and the history of it all."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.accounts.administering import (
    NewRole,
    add_person,
    change_person,
    change_role,
    end_role_now,
    switch_account,
)
from hub.accounts.models import Membership, SignInSession, UserAccount
from hub.accounts.services import AccountRefused, invite
from hub.admin.page import READERS
from hub.db import transaction
from hub.engine.admin_log import AdminChange
from hub.engine.models import OutboxMessage
from hub.organisations.models import Organisation
from hub.web.access import declared_access
from tests.factories import (
    actor_of,
    make_hub,
    make_membership,
    make_organisation,
    make_person,
    make_unit,
    signed_in_cookie,
)
from tests.statements import counted
from workflows.durations import local
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
DAY = timedelta(days=1)


@pytest.fixture
def sam(client: FlaskClient, session: Session, sign_in: SignIn) -> Membership:
    """The administrator, signed in."""
    made = make_membership(session, Role.ADMINISTRATOR)
    sign_in(client, made)
    return made


def _today() -> date:
    return local(datetime.now(UTC)).date()


def _days(**days: date | None) -> dict[str, str]:
    boxes: dict[str, str] = {}
    for name, day in days.items():
        boxes |= {f"{name}-day": "", f"{name}-month": "", f"{name}-year": ""}
        if day is not None:
            boxes |= {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": f"{day.year}"}
    return boxes


def _seen(page: str) -> str:
    found = re.search(r'name="seen"[^>]*value="(\d+)"', page) or re.search(r'value="(\d+)"[^>]*name="seen"', page)
    assert found is not None
    return found[1]


def _history(session: Session, user_id: int) -> list[AdminChange]:
    query = select(AdminChange).where(AdminChange.subject == "person", AdminChange.subject_key == str(user_id))
    return list(session.scalars(query.order_by(AdminChange.id)))


def test_who_may_read_and_who_may_change(app: Flask, client: FlaskClient, session: Session, sign_in: SignIn) -> None:
    """What each page declares; that every role meets exactly that is tests/architecture/test_routes.py."""
    declared = [each for each in declared_access(app) if each[0].startswith("/admin")]
    assert len(declared) > 30
    for rule, methods, access in declared:
        is_change = "POST" in methods
        assert access is not None
        assert access.roles == (frozenset({Role.ADMINISTRATOR}) if is_change else frozenset(READERS)), rule
    # Who only reads is offered no button, and a change that is posted all the same is a page that does not exist.
    other, unit = make_membership(session, Role.CASE_MANAGER), make_unit(session)
    sign_in(client, make_membership(session, Role.INFORMATION_GOVERNANCE))
    pages = {
        f"/admin/people/{other.user_id}": "Give a role",
        "/admin/people": "Add a person",
        "/admin/organisations/ZPR01": "Change or end",
        f"/admin/units/{unit.unit_code}": "Change or end",
        "/admin/codes/gender": "Add a code",
        "/admin": "Import organisations",
    }
    for path, button in pages.items():
        answer = client.get(path)
        assert answer.status_code == 200 and button not in answer.text, path
    assert client.post(f"/admin/people/{other.user_id}/switch", data={"why": "x"}).status_code == 404
    sign_in(client, other)
    assert {client.get(path).status_code for path in pages} == {404}


def test_a_person_is_invited_with_a_first_role(client: FlaskClient, session: Session, sam: Membership) -> None:
    hub = make_hub(session)
    given = {
        "name": "  Nell   Ashworth ",
        "email": "Nell.Ashworth@hub.example",
        "role": "coordinator",
        "organisation": str(hub.id),
        "unit": "",
        "why": "She starts on Monday",
        **_days(from_on=_today(), until_on=_today() + 90 * DAY),
    }
    answer = client.post("/admin/people/add", data=given)
    account = session.scalars(select(UserAccount).where(UserAccount.email == "nell.ashworth@hub.example")).one()
    assert answer.headers["Location"].endswith(f"/admin/people/{account.id}")
    held = session.scalars(select(Membership).where(Membership.user_id == account.id)).one()
    assert (account.name, held.role, held.until_on) == ("Nell Ashworth", Role.COORDINATOR, _today() + 90 * DAY)
    mails = session.scalars(select(OutboxMessage.topic).where(OutboxMessage.topic.like("%invitation"))).all()
    assert len(mails) == 1
    shown = client.get(answer.headers["Location"]).text
    assert "She starts on Monday" in shown and "Role given" in shown and sam.user.name in shown
    # Nobody signed in yet: a new invitation; who has, gets a link for a new password.
    client.post(f"/admin/people/{account.id}/link")
    assert [row.what for row in _history(session, account.id)] == ["Invited", "Role given", "Invitation sent again"]
    again = client.post("/admin/people/add", data=given)
    assert again.status_code == 422 and "There is already an account for nell.ashworth@hub.example" in again.text
    assert "She starts on Monday" in again.text, "what was typed is lost"


def test_a_list_of_people_says_who_and_pages_by_name(client: FlaskClient, session: Session, sam: Membership) -> None:
    past, soon = make_membership(session, Role.REFERRER), make_membership(session, Role.REFERRER)
    past.until_on, soon.until_on = _today() - DAY, _today() + 14 * DAY
    off = make_membership(session, Role.DIRECTOR)
    for member, name in ((past, "Past Person"), (soon, "Soon Person"), (off, "Off 100% Person")):
        member.user.name = name
    off.user.is_active = False
    session.flush()
    cases = {
        "q=past per": {"Past Person"},
        "q=100%25": {"Off 100% Person"},
        "q=brackendale community&role=referrer": {"Soon Person"},
        "show=without&q=person": {"Past Person"},
        "show=ending": {"Soon Person"},
        "show=off": {"Off 100% Person"},
        "organisation=ZRF01": {"Past Person", "Soon Person"},
        "q=nobody at all": set(),
        "role=nonsense&show=nonsense&after=x": {"Past Person", "Soon Person", "Off 100% Person", sam.user.name},
    }
    for query, names in cases.items():
        page = client.get(f"/admin/people?{query}").text
        assert set(re.findall(r'/admin/people/\d+"><b>([^<]+)</b>', page)) == names, query
        assert all(box in page for box in ('name="q"', 'name="role"', 'name="show"')), query
        assert 'href="/admin" aria-current="true"' in page
    index = client.get("/admin").text
    for words in ("People with no role today</a>: <b>1", "Roles that end in 14 days</a>: <b>1"):
        assert words in index
    # 61 people more: every one is met once, and a page costs no more statements than one person.
    for number in range(61):
        make_membership(session, Role.REFERRER, user=make_person(session, f"Same Name {number % 3}"))
    engine = session.get_bind().engine
    with counted(engine) as sent:
        first = client.get("/admin/people").text
    assert len(sent) <= 4, sent
    following = re.search(r'href="(/admin/people\?after=\d+)" rel="next"', first)
    assert following is not None
    second = client.get(following[1]).text
    ids = re.findall(r'/admin/people/(\d+)"><b>', first + second)
    assert len(ids) == len(set(ids)) == 65 and 'rel="next"' not in second


def test_roles_are_given_changed_and_ended(client: FlaskClient, session: Session, sam: Membership, app: Flask) -> None:
    held = make_membership(session, Role.CASE_MANAGER)
    other = app.test_client()
    signed_in_cookie(session, other, held)
    person = f"/admin/people/{held.user_id}"
    assert other.get("/worklist").status_code == 200
    provider = make_organisation(session, "ZPA01", parent_id=session.scalar(_lead()), arm="provider")
    both = {"role": "unit_manager", "organisation": str(provider.id), "unit": "", "why": "x"}
    refused = client.post(f"{person}/roles/add", data=both | _days(from_on=_today(), until_on=None))
    assert refused.status_code == 422
    assert "Nobody may belong to the hub and to the lead provider&#39;s own services at once" in refused.text
    dates = f"/admin/roles/{held.id}/change"
    wrong = _days(from_on=_today(), until_on=_today() - 2 * DAY) | {"why": "x"}
    assert "The last day is before the first day" in client.post(dates, data=wrong).text
    same = _days(from_on=held.from_on, until_on=None) | {"why": "x"}
    assert "Nothing is different" in client.post(dates, data=same).text
    end = client.post(f"/admin/roles/{held.id}/end", data={"why": "He has left"})
    assert end.status_code == 303
    session.expire_all()
    assert held.until_on == _today() - DAY
    ended = session.scalars(select(SignInSession).where(SignInSession.membership_id == held.id)).one()
    assert ended.ended_at is not None
    assert other.get("/worklist").status_code == 302
    assert (
        "The role has ended already" in client.post(f"/admin/roles/{held.id}/end", data={"why": "x", "seen": 9**9}).text
    )
    last = _history(session, held.user_id)[-1]
    assert (last.what, last.why, last.old["Until"], last.new["Until"]) == (
        "Role ended",
        "He has left",
        None,
        (_today() - DAY).isoformat(),
    )
    # Now that the one role is over, the other arm may have the person.
    later = both | _days(from_on=_today(), until_on=None) | {"seen": str(last.id)}
    assert client.post(f"{person}/roles/add", data=later).status_code == 303
    assert "Provider arm" not in client.get(person).text and "Unit manager" in client.get(person).text


def _lead() -> Any:
    return select(Organisation.id).where(Organisation.ods_code == "ZLP01")


def test_nobody_changes_themselves_and_one_administrator_stays(
    client: FlaskClient, session: Session, sam: Membership
) -> None:
    mine, hub = f"/admin/people/{sam.user_id}", make_hub(session)
    director = {"role": "director", "organisation": str(hub.id), "unit": "", "why": "x"}
    tries = {
        f"{mine}/roles/add": director | _days(from_on=_today(), until_on=None),
        f"{mine}/switch": {"why": "x"},
        f"{mine}/change": {"name": "Somebody", "email": "somebody@hub.example", "why": "x"},
        f"/admin/roles/{sam.id}/end": {"why": "x"},
        f"/admin/roles/{sam.id}/change": _days(from_on=sam.from_on, until_on=_today()) | {"why": "x"},
    }
    for path, data in tries.items():
        answer = client.post(path, data=data)
        assert answer.status_code == 422 and "ask another administrator" in answer.text, path
    assert "This is your own account" in client.get(mine).text
    assert session.scalar(select(func.count()).select_from(AdminChange)) == 0
    # One whose own role has ended meanwhile cannot take the last one that is left.
    other = make_membership(session, Role.ADMINISTRATOR)
    sam.until_on = _today() - DAY
    session.flush()
    with pytest.raises(AccountRefused, match="without an administrator"):
        switch_account(session, actor_of(sam), other.user_id, is_active=False, why="x", now=datetime.now(UTC), seen=0)


def test_two_administrators_who_switch_each_other_off_at_once_leave_one(committed: Engine) -> None:
    with Session(committed, expire_on_commit=False) as session, transaction(session):
        pair = [make_membership(session, Role.ADMINISTRATOR) for _ in range(2)]
        actors = [actor_of(member) for member in pair]
    start = Barrier(2)

    def strike(number: int) -> str:
        with Session(committed) as session:
            start.wait()
            try:
                with transaction(session):
                    other = pair[1 - number].user_id
                    now = datetime.now(UTC)
                    switch_account(session, actors[number], other, is_active=False, why="x", now=now, seen=0)
            except AccountRefused as refused:
                return str(refused)
            return "done"

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(strike, range(2)))
    assert answers[1] == "done" and "without an administrator" in answers[0]


def test_an_address_given_twice_at_the_same_moment_is_refused_in_words(committed: Engine) -> None:
    """To a new person, and to one whose address is changed: both wait for the first, and are told."""
    email, now = "one@tarn.example", datetime.now(UTC)
    with Session(committed, expire_on_commit=False) as session, transaction(session):
        by, other = actor_of(make_membership(session, Role.ADMINISTRATOR)), make_person(session).id

    def change(session: Session) -> None:
        change_person(session, by, other, email=email, name="Ada Lorne", why="x", now=now, seen=0)

    def told(work: Callable[[Session], Any]) -> str:
        with Session(committed) as session, pytest.raises(AccountRefused) as no, transaction(session):
            work(session)
        return str(no.value)

    with ThreadPoolExecutor(2) as pool, Session(committed) as session:
        with transaction(session):
            invite(session, email, "Cleo Lorne", now, None)
            later = [pool.submit(told, change), pool.submit(told, lambda own: invite(own, email, "Bea", now, None))]
            with pytest.raises(TimeoutError):
                later[0].result(timeout=0.5)  # the first has not committed
        assert [each.result(timeout=10) for each in later] == [f"There is already an account for {email}"] * 2


def test_the_second_of_two_is_told_what_changed_and_loses_nothing(
    client: FlaskClient, session: Session, sam: Membership, app: Flask
) -> None:
    held = make_membership(session, Role.REFERRER)
    path = f"/admin/people/{held.user_id}/change"
    second = app.test_client()
    colleague = make_membership(session, Role.ADMINISTRATOR)
    colleague.user.name = "Jo Second"
    session.flush()
    signed_in_cookie(session, second, colleague)
    seen = {name: _seen(browser.get(path).text) for name, browser in (("first", client), ("second", second))}
    email = held.user.email
    mine = {"name": "Married Name", "email": email, "why": "She married", "seen": seen["first"]}
    theirs = {"name": "Right Spelling", "email": email, "why": "It was misspelt", "seen": seen["second"]}
    assert client.post(path, data=mine).status_code == 303
    late = second.post(path, data=theirs)
    assert late.status_code == 422
    for words in ("Somebody else has changed this", "What changed meanwhile", "Married Name", "She married"):
        assert words in late.text
    assert 'value="Right Spelling"' in late.text and "It was misspelt" in late.text
    assert second.post(path, data=theirs | {"seen": _seen(late.text)}).status_code == 303
    session.expire_all()
    assert held.user.name == "Right Spelling"


def test_an_account_is_switched_off_and_on(client: FlaskClient, session: Session, sam: Membership, app: Flask) -> None:
    held = make_membership(session, Role.REFERRER)
    path, other = f"/admin/people/{held.user_id}/switch", app.test_client()
    signed_in_cookie(session, other, held)
    assert client.post(path, data={"why": ""}).status_code == 422
    assert client.post(path, data={"why": "Lost laptop", "seen": "0"}).status_code == 303
    assert other.get("/worklist").status_code == 302
    page = client.get(f"/admin/people/{held.user_id}").text
    assert "This account is switched off" in page and "Send a link" not in page
    client.post(f"/admin/people/{held.user_id}/link")
    assert "Switch it on first" in client.get("/admin").text
    seen = str(_history(session, held.user_id)[-1].id)
    assert client.post(path, data={"why": "Found", "seen": seen}).status_code == 303
    client.post(f"/admin/people/{held.user_id}/link")
    changes = [row.what for row in _history(session, held.user_id)]
    assert changes == ["Account switched off", "Account switched on", "Link for a new password sent"]
    last = select(OutboxMessage.topic).order_by(OutboxMessage.id.desc()).limit(1)
    assert session.scalars(last).one().endswith("password")


def test_another_address_ends_sessions_and_is_checked(
    client: FlaskClient, session: Session, sam: Membership, app: Flask
) -> None:
    held, other = make_membership(session, Role.REFERRER), app.test_client()
    signed_in_cookie(session, other, held)
    path = f"/admin/people/{held.user_id}/change"
    for email, said in (("no address", "Enter an e-mail address"), (sam.user.email, "already an account for")):
        answer = client.post(path, data={"name": "A Name", "email": email, "why": "x"})
        assert answer.status_code == 422 and said in answer.text
    given = {"name": held.user.name, "email": "New.Address@zrf01.nhs.test", "why": "New address"}
    assert client.post(path, data=given).status_code == 303
    session.expire_all()
    assert held.user.email == "new.address@zrf01.nhs.test"
    assert other.get("/worklist").status_code == 302


def test_the_history_is_never_changed_or_removed(session: Session) -> None:
    session.add(
        AdminChange(at=datetime.now(UTC), subject="person", subject_key="1", what="Test", old={}, new={}, why="x")
    )
    session.flush()
    for statement in ("UPDATE admin_change SET why = 'y'", "DELETE FROM admin_change", "TRUNCATE admin_change"):
        with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
            session.execute(text(statement))


def test_what_makes_no_sense_is_refused_in_words(session: Session) -> None:
    by, now = actor_of(make_membership(session, Role.ADMINISTRATOR)), datetime.now(UTC)
    fresh, other = make_membership(session, Role.REFERRER), make_membership(session, Role.ADMINISTRATOR)
    fresh.from_on = _today()
    session.flush()
    told: dict[str, Any] = {"why": "x", "now": now}
    same: dict[str, Any] = {"email": fresh.user.email, "name": fresh.user.name}
    first = NewRole(make_hub(session).id, None, Role.COORDINATOR, _today(), None)
    cases: list[tuple[str, Callable[[], object]]] = [
        ("begins today or later", lambda: end_role_now(session, by, fresh.id, **told, seen=0)),
        ("switched on already", lambda: switch_account(session, by, fresh.user_id, is_active=True, **told, seen=0)),
        ("Nothing is different", lambda: change_person(session, by, fresh.user_id, **same, **told, seen=0)),
        (
            "Give the person's name",
            lambda: change_person(session, by, fresh.user_id, **{**same, "name": " "}, **told, seen=0),
        ),
        (
            "Enter an e-mail address",
            lambda: add_person(session, by, email="none", name="A Name", first=first, **told),
        ),
    ]
    for said, attempt in cases:
        with pytest.raises(AccountRefused, match=said):
            attempt()
    # The last administrator may begin later only while another one stays; from_on to come counts as being away.
    later: dict[str, Any] = {"from_on": _today() + DAY, "until_on": None}
    change_role(session, by, other.id, **later, **told, seen=0)
    assert by.membership_id is not None
    session.get_one(Membership, by.membership_id).until_on = _today() - DAY
    other.from_on = _today()
    session.flush()
    seen = _history(session, other.user_id)[-1].id
    with pytest.raises(AccountRefused, match="without an administrator"):
        change_role(session, by, other.id, **later, **told, seen=seen)
