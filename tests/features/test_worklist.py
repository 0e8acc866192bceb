"""The worklist page: what is on it, filters, tabs, chips, numbers, pages, and how many statements it takes."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from hub.accounts.models import SignInSession
from hub.engine.models import AccessLog, WorkItem
from hub.engine.perform import perform
from hub.worklist.models import SavedView
from tests.factories import actor_of, make_membership, make_referral, start_referral
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
NOW = datetime.now(UTC).replace(microsecond=0)


@contextmanager
def statements(session: Session) -> Iterator[list[str]]:
    """The SQL statements sent while the block runs; BEGIN, COMMIT and savepoints are not counted."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "COMMIT")):
            sent.append(statement)

    engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def references(page: str) -> list[str]:
    """The references of the rows, in order."""
    return re.findall(r'<span class="hub-nowrap">(REF-\d{4}-\d{5})</span>', page)


@pytest.fixture
def coordinator(session: Session, client: FlaskClient, sign_in: SignIn) -> Any:
    """A coordinator of the hub, signed in."""
    membership = make_membership(session, Role.COORDINATOR)
    sign_in(client, membership)
    return membership


def read(client: FlaskClient, query: str = "") -> str:
    """The page, which must be there."""
    answer = client.get(f"/worklist{query}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_open_items_soonest_due_first(session: Session, client: FlaskClient, coordinator: Any) -> None:
    urgent = make_referral(session, priority="urgent", now=NOW)
    emergency = make_referral(session, priority="emergency", now=NOW)
    routine = make_referral(session, priority="routine", now=NOW)
    make_referral(session, "withdrawn", now=NOW)
    page = read(client)
    assert references(page) == [emergency.reference, urgent.reference, routine.reference]
    assert "3 items" in page
    assert "Start the review" in page
    assert re.search(r"1[12] h( \d+ min)? left", page)
    assert "I. Hartwin" in page
    assert re.search(r"1[5-9], A&amp;E, Calder Royal", page)
    assert f'href="/referrals/{emergency.reference}"' in page


def test_a_referrer_sees_its_own_with_the_draft_last(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    membership = make_membership(session, Role.REFERRER)
    draft = start_referral(session, actor_of(membership), now=NOW)
    sent = make_referral(session, referrer=actor_of(membership), now=NOW)
    sign_in(client, membership)
    page = read(client)
    assert references(page) == [sent.reference, draft.reference]
    assert "Waiting for the hub to start the review" in page
    assert "No clock yet" in page
    assert "Referring organisation" not in page


def test_the_hub_does_not_see_a_draft(session: Session, client: FlaskClient, coordinator: Any) -> None:
    start_referral(session, now=NOW)
    assert "Nothing is open" in read(client)


def test_administrator_sees_nothing_and_information_governance_no_person(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    made = make_referral(session, now=NOW)
    sign_in(client, make_membership(session, Role.ADMINISTRATOR))
    assert references(read(client)) == []
    sign_in(client, make_membership(session, Role.INFORMATION_GOVERNANCE))
    page = read(client)
    assert references(page) == [made.reference]
    assert "Hartwin" not in page
    assert "Calder Royal" not in page


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("?kind=referral", "ELSR"),
        ("?priority=emergency", "E"),
        ("?state=referral.returned", "R"),
        ("?state=admission.assessed", ""),
        ("?needs=decision", ""),
        ("?arrived=2099-01-01T09:00", ""),
        ("?arrived=2020-01-01T09:00", "ELSR"),
        ("?before=2099-01-01T09:00", "ELSR"),
        ("?before=2020-01-01T09:00", ""),
        ("?priority=urgent&priority=routine", "LSR"),
        ("?due=late", "L"),
        ("?due=late&due=later", "L"),
        # An emergency is due in twelve hours: today or tomorrow, as the day goes.
        ("?due=today&due=week", "ESR"),
        ("?due=today&priority=urgent&priority=routine", ""),
        ("?due=week&priority=urgent&priority=routine", "SR"),
        ("?where=others", "R"),
        ("?where=us", "ELS"),
        ("?owner=nobody", "LSR"),
        ("?owner=me", "E"),
        ("?due=late&priority=emergency", ""),
    ],
)
def test_filters(session: Session, client: FlaskClient, coordinator: Any, query: str, wanted: str) -> None:
    named = four_items(session, coordinator)
    page = read(client, query)
    assert sorted(references(page)) == sorted(named[letter] for letter in wanted)
    if not wanted:
        assert "No open item fits these filters" in page


def four_items(session: Session, owner: Any) -> dict[str, str]:
    """An emergency with an owner, a late one, a routine one, and one that went back to its referrer."""
    noon = NOW
    emergency = make_referral(session, priority="emergency", now=noon)
    perform(session, emergency, "assign", actor_of(owner), now=noon, values={"owner_id": owner.user_id})
    late = make_referral(session, priority="urgent", now=noon - timedelta(days=4))
    routine = make_referral(session, priority="routine", now=noon)
    returned = make_referral(session, "returned", priority="urgent", now=noon + timedelta(hours=1))
    return {
        "E": emergency.reference,
        "L": late.reference,
        "S": routine.reference,
        "R": returned.reference,
    }


def test_a_referral_that_waits_stands_as_paused(session: Session, client: FlaskClient, coordinator: Any) -> None:
    made = make_referral(session, priority="routine", now=NOW)
    perform(session, made, "ask_pause", actor_of(coordinator), now=NOW, values={"clock": "review"}, reason="Snow")
    other = actor_of(make_membership(session, Role.CASE_MANAGER))
    perform(session, made, "approve_pause", other, now=NOW, values={"clock": "review"})
    page = read(client, "?where=paused")
    assert references(page) == [made.reference]
    assert "Paused" in page
    assert references(read(client, "?where=us")) == []
    assert references(read(client, "?due=none")) == [made.reference]


def test_by_person_and_by_referring_organisation(session: Session, client: FlaskClient, coordinator: Any) -> None:
    named = four_items(session, coordinator)
    assert references(read(client, f"?owner={coordinator.user_id}")) == [named["E"]]
    referring = session.scalars(select(WorkItem).where(WorkItem.reference == named["E"])).one().parties[0]
    page = read(client, f"?organisation={referring.organisation_id}")
    assert len(references(page)) == 4
    assert "Brackendale Community Team" in page
    assert references(read(client, f"?organisation={coordinator.organisation_id}")) == []


@pytest.mark.parametrize(
    "query",
    [
        "?kind=loan",
        "?due=yesterday",
        "?where=moon",
        "?priority=asap",
        "?owner=0",
        "?owner=999999999999999999999",
        "?organisation=-1",
        "?organisation=%00",
        "?owner=%F0%9F%A6%8A",
        "?colour=blue",
        "?state=moon",
        "?state=referral.accepted",
        "?arrived=yesterday",
        "?arrived=0001-01-01T00:00",
        "?before=9999-12-31T23:59",
        "?before=2026-03-29T01:30",
        "?needs=answer",
        "?after=99999999999999999999-1",
        "?after=1-99999999999999999999",
        "?after=x",
        "?after=",
    ],
)
def test_what_is_not_known_is_left_out_with_a_note(
    session: Session, client: FlaskClient, coordinator: Any, query: str
) -> None:
    made = make_referral(session, now=NOW)
    page = read(client, query)
    assert references(page) == [made.reference]
    assert ("Part of this address was not understood" in page) == ("after" not in query)


def test_chips_take_one_filter_off(session: Session, client: FlaskClient, coordinator: Any) -> None:
    four_items(session, coordinator)
    page = read(client, "?due=late&due=week&priority=urgent&owner=nobody")
    chips = dict(re.findall(r'<li class="hub-chip">(\w+): [^<]*<a href="([^"]+)"', page))
    assert {name: href.replace("&amp;", "&") for name, href in chips.items()} == {
        "Due": "/worklist?priority=urgent&owner=nobody",
        "Priority": "/worklist?due=late&due=week&owner=nobody",
        "Owner": "/worklist?due=late&due=week&priority=urgent",
    }


def test_numbers_beside_filters_count_what_the_others_let_through(
    session: Session, client: FlaskClient, coordinator: Any
) -> None:
    four_items(session, coordinator)
    page = read(client, "?priority=urgent&due=late")

    def number(value: str) -> str:
        found = re.search(rf'value="{value}"[^>]*><span>[^<]*</span><span class="hub-filter__count">(\d+)', page)
        return found[1] if found else ""

    assert number("urgent") == "1"
    assert number("emergency") == "0"
    assert number("late") == "1"
    assert number("week") == "1"
    assert number("us") == "1"
    assert number("others") == "0"


def test_tabs_are_ready_made_lists_with_counts(session: Session, client: FlaskClient, coordinator: Any) -> None:
    four_items(session, coordinator)
    page = read(client, "?owner=me")
    tabs = re.findall(
        r'<li><a href="([^"]+)"( aria-current="page")?>([^<]+) <span class="hub-quiet">([\d,+]+)</span>', page
    )
    assert [(label, number, bool(current)) for _, current, label, number in tabs] == [
        ("All open", "4", False),
        ("My open items", "1", True),
        ("Late", "1", False),
        ("Nobody owns it", "3", False),
    ]
    assert references(read(client, tabs[2][0].removeprefix("/worklist"))) != []


def test_pages_go_on_where_the_last_ended_and_keep_the_filters(
    session: Session, client: FlaskClient, coordinator: Any
) -> None:
    made = [make_referral(session, priority="urgent", now=NOW + timedelta(minutes=n // 3)) for n in range(28)]
    make_referral(session, priority="routine", now=NOW)
    first = read(client, "?priority=urgent")
    following = re.search(r'href="/worklist(\?[^"]+)" rel="next"', first)
    assert following is not None
    second = read(client, following[1].replace("&amp;", "&"))
    assert references(first) + references(second) == [item.reference for item in made]
    assert "1 to 25 shown" in first
    assert "3 more shown" in second
    assert 'rel="next"' not in second
    assert 'href="/worklist?priority=urgent">First page' in second
    assert "checked" in second
    assert "Nothing further down" in read(client, "?priority=urgent&after=253402300000000000-5")


def test_no_more_than_six_statements_whatever_the_volume(
    session: Session, client: FlaskClient, coordinator: Any
) -> None:
    # Sixteen saved views, read and counted, cost no statement of their own.
    for number in range(8):
        for team in (None, coordinator.organisation_id):
            kept = {"query": f"due=late&owner={('me', 'nobody')[number % 2]}", "role": "coordinator"}
            session.add(
                SavedView(
                    owner_id=coordinator.user_id, organisation_id=team, name=f"List {number}", saved_at=NOW, **kept
                )
            )
    session.flush()
    counted = []
    for more in (3, 297):
        for number in range(more):
            make_referral(session, priority="urgent", now=NOW - timedelta(minutes=number))
        read(client)
        # The statement that notes "still there" once a minute is one of the six.
        session.execute(update(SignInSession).values(last_seen_at=NOW - timedelta(minutes=5)))
        session.commit()
        for query in ("", "?due=late&due=week&where=us&owner=nobody", f"?organisation={coordinator.organisation_id}"):
            with statements(session) as sent:
                read(client, query)
            counted.append(len(sent))
            assert len(sent) <= 6, "\n\n".join(sent)
    assert counted[0] == counted[3] == 6


def test_the_list_is_in_the_access_log(session: Session, client: FlaskClient, coordinator: Any) -> None:
    four_items(session, coordinator)
    read(client, "?priority=urgent&owner=nobody")
    row = session.scalars(select(AccessLog).where(AccessLog.what == "listed")).one()
    assert row.detail == {"query": "priority=urgent&owner=nobody", "count": 2}
    assert row.user_id == coordinator.user_id
    assert row.path == "/worklist"


def test_signed_out_people_are_asked_to_sign_in(client: FlaskClient) -> None:
    assert client.get("/worklist").status_code == 302
