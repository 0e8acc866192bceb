"""How it works: every workflow drawn and told from its definition, with the items that this person may see."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

import workflows
from hub.accounts.models import SignInSession
from hub.engine.models import AccessLog
from hub.how_it_works.words import everyday_rights, promises_of, rights_of
from tests.factories import (
    actor_of,
    make_membership,
    make_organisation,
    make_provider,
    make_referral,
    start_referral,
)
from tests.statements import counted
from workflows.diagram import HEAT_KEY
from workflows.policy import DEFAULT
from workflows.referral import REFERRAL
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
NOW = datetime.now(UTC).replace(microsecond=0)
DAY = timedelta(days=1)


def read(client: FlaskClient, query: str = "") -> str:
    """The page, which must be there, with its escapes undone."""
    answer = client.get(f"/how-it-works{query}")
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def boxes(page: str) -> dict[str, str]:
    """Name to number of the boxes of the diagram."""
    found = re.findall(r"t-name[^>]*>([^<]+)</text>.*?t-big[^>]*>(\d+)<", page)
    return dict(found)


def test_the_diagram_carries_the_items_and_opens_their_list(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    late = make_referral(session, "in_review", priority="urgent", now=NOW - 3 * DAY)
    make_referral(session, "in_review", now=NOW)
    make_referral(session, "submitted", now=NOW)
    make_referral(session, "declined", now=NOW - DAY)
    make_referral(session, "declined", now=NOW - 31 * DAY)
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    page = read(client)
    drawn = boxes(page)
    assert (drawn["In review"], drawn["Submitted"], drawn["Returned"], drawn["Declined"]) == ("2", "1", "0", "1")
    assert "1 late</text>" in page
    opened = client.get("/worklist?state=referral.in_review").get_data(as_text=True)
    assert 'href="/worklist?state=referral.in_review"' in page
    assert late.reference in opened
    assert len(re.findall(r'<span class="hub-nowrap">REF-', opened)) == 2
    # The same in the table, and in the heat map.
    table = page[page.index("<table") : page.index('id="rights"')]
    assert re.search(r"In review</a></th><td[^>]*>2</td><td[^>]*>1</td>", table)
    assert re.search(r"Declined</th>.*?<td[^>]*>1</td></tr>", table, re.DOTALL)
    heat = page[page.index('id="heat"') :]
    assert re.search(r'class="h1"><a class="hub-heat__a" href="/worklist\?state=referral\.in_review"><b>2</b>', heat)
    assert re.search(r'<td class="is-number"><b>3</b></td>', heat)
    assert 'href="/worklist?kind=referral&due=late"' in heat
    assert "3 days" in heat
    assert HEAT_KEY[-1] in page


def test_everybody_reads_the_definitions_and_counts_only_their_own(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    joy = make_membership(session, Role.REFERRER)
    elsewhere = actor_of(make_membership(session, Role.REFERRER, make_organisation(session, "ZRF02", name="Moss End")))
    make_referral(session, referrer=elsewhere, now=NOW)
    make_referral(session, "declined", referrer=elsewhere, now=NOW)
    make_referral(session, referrer=actor_of(joy), now=NOW)
    start_referral(session, actor_of(joy), now=NOW)
    for member, wanted in (
        (joy, ("1", "1", "0")),
        (make_membership(session, Role.COORDINATOR), ("2", "0", "1")),
        (make_membership(session, Role.ADMINISTRATOR), ("0", "0", "0")),
    ):
        sign_in(client, member)
        page = read(client)
        drawn = boxes(page)
        found = (drawn["Submitted"], drawn["Draft"], drawn["Declined"])
        assert found == wanted, member.role
        assert "Start the review" in page


@pytest.mark.parametrize("name", workflows.ALL)
def test_each_workflow_has_its_page_with_every_action_and_clock(
    session: Session, client: FlaskClient, sign_in: SignIn, name: str
) -> None:
    sign_in(client, make_membership(session, Role.COORDINATOR))
    page = read(client, f"?workflow={name}")
    workflow = workflows.ALL[name]
    assert f'aria-current="page">{workflow.title}<' in page
    for action in workflow.actions:
        assert f"<b>{action.label}</b>" in page
    for clock in workflow.clocks:
        assert clock.title in page
    for state in workflow.open_states:
        assert f"/worklist?state={name}.{state}" in page
    assert all(f">{each.title}</a></th>" in page for each in workflows.ALL.values())


def test_what_is_not_a_workflow_shows_the_first(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    sign_in(client, make_membership(session, Role.COORDINATOR))
    page = read(client, "?workflow=%F0%9F%A6%8A")
    assert 'aria-current="page">Referral<' in page


def test_it_leads_to_the_rules_and_dates_that_this_person_may_read(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    led_to = {"/policy-changes": "Policy sets", "/days": "Bank holidays and closures", "/try-a-date": "Try a date"}
    sign_in(client, make_membership(session, Role.COORDINATOR))
    page = read(client)
    for href, label in led_to.items():
        assert page.count(f'href="{href}">{label}<') == 1, "in the page and not in the menu besides"
        assert 'href="/how-it-works" aria-current="true"' in client.get(href).text
    sign_in(client, make_membership(session, Role.UNIT_MANAGER, make_provider(session)))
    page = read(client)
    assert [label for label in led_to.values() if f">{label}<" in page] == ["Try a date"]


def test_rights_in_words() -> None:
    rights = {right.label: right for right in rights_of(REFERRAL)}
    sent = rights["Send the referral"]
    assert sent.sources == "Draft or returned"
    assert sent.who == "Referrer of this item, coordinator or the hub itself; on-call manager (emergencies only)"
    assert "Every answer its priority must have is there" in sent.needs
    assert rights["Withdraw"].sources == "Any open state"
    stay = {right.label: right.sources for right in rights_of(workflows.ALL["stay"])}
    assert stay["Correct when it began"] == "Any state"  # after its end too
    assert rights["Withdraw"].asks == "A reason"
    assert rights["Fill in the form"].asks.startswith("The ")
    assert rights["Accept"].asks == "Who will assess (if known)"
    everyday = {right.label: right.who for right in everyday_rights(REFERRAL)}
    assert everyday["Change the priority"] == "Case manager; on-call manager (emergencies only)"
    assert everyday["Write a note"] == "Anyone who may see it"


def test_rights_that_many_share_are_said_once() -> None:
    rights = rights_of(workflows.ALL["admission"])
    answered = next(right.who for right in rights if right.label == "Answer the question")
    assert re.fullmatch(r"Referrer, .* or outside member as the one who was asked; coordinator", answered)
    decided = next(right.who for right in rights if right.label == "Decide: admit")
    assert decided.count("within their limit") <= 2
    booked = [right for right in rights if right.label == "Book the assessment"]
    assert [right.asks == "The same as above" for right in booked] == [False, True]


def test_clocks_in_words() -> None:
    review, acknowledge, again = promises_of(REFERRAL, DEFAULT)
    lines = dict(review.groups)
    emergency, urgent, routine = next(lengths for heading, lengths in lines.items() if heading.startswith("Child"))
    assert (emergency.code, emergency.words, emergency.small) == ("emergency", "12 hours", "every hour counts")
    assert (routine.words, routine.small) == ("7 calendar days", "to the end of the day")
    assert urgent.words == "48 hours"
    assert len(lines) == 2  # lines with the same lengths stand together
    secure = next(lengths for heading, lengths in lines.items() if not heading.startswith("Child"))
    assert secure[0].words == "None"
    assert "no unassessed emergency" in secure[0].small
    assert any("stands still in returned" in where for where in review.runs)
    assert any(where.startswith("An emergency or urgent referral never waits: runs in") for where in review.runs)
    assert "key referral.review" in review.origin
    assert [length.label for _, lengths in again.groups for length in lengths] == ["Always"]
    assert again.groups[0][1][0].small == "working days only"
    assert acknowledge.title == "Acknowledge"


def test_a_clock_whose_moment_is_set_by_hand_says_so() -> None:
    answer = next(each for each in promises_of(workflows.ALL["admission"], DEFAULT) if each.title == "Answer")
    assert answer.groups[0][1][0].words == "the moment that was set"
    # An offer stands until the unit's own moment, and where it gave none as long as the policy says: both are told.
    offers = [each for each in promises_of(workflows.ALL["approach"], DEFAULT) if each.title == "Offer"]
    assert [each.groups[0][1][0].words for each in offers] == ["the moment that was set", "4 hours"]


def test_no_more_than_eight_statements_whatever_the_volume(
    session: Session, client: FlaskClient, sign_in: SignIn, engine: Engine
) -> None:
    member = make_membership(session, Role.HEAD_OF_COMMISSIONING)
    numbers = []
    for more in (2, 60):
        for number in range(more):
            make_referral(session, "declined" if number % 3 else "in_review", now=NOW - number * DAY)
        sign_in(client, member)
        read(client)
        session.execute(update(SignInSession).values(last_seen_at=NOW - timedelta(minutes=5)))
        session.commit()
        with counted(engine) as sent:
            read(client)
        assert len(sent) <= 8, "\n\n".join(sent)
        numbers.append(len(sent))
    assert numbers[0] == numbers[1] > 3


def test_reading_it_is_logged_with_the_number(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    make_referral(session, now=NOW)
    sign_in(client, make_membership(session, Role.COORDINATOR))
    read(client)
    row = session.scalars(select(AccessLog).where(AccessLog.what == "listed")).one()
    assert (row.path, row.detail) == ("/how-it-works", {"query": "workflow=referral", "count": 1})
