"""What a dispute shows to whom on every other page: clocks, private words, lists, the case, search, the weekend."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.cases.models import CareCase
from hub.documents.models import Document
from hub.engine.clock_names import read_clock_names
from hub.engine.models import Transition, WorkItem
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from tests.escalation_factory import Table, actions_of, do, make_dispute, make_table, ring
from tests.factories import NOW, make_actor, make_referral
from tests.statements import counted
from workflows.actor import Actor
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _at_one_moment() -> Any:
    with time_machine.travel(NOW + HOUR, tick=False):
        yield


def as_somebody(client: FlaskClient, session: Session, actor: Actor, sign_in: SignIn) -> FlaskClient:
    sign_in(client, session.get_one(Membership, actor.membership_id))
    return client


def test_a_clock_of_one_side_or_action_says_whose_it_is(
    client: FlaskClient, session: Session, engine: Engine, sign_in: SignIn
) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table)
    names = read_clock_names(session, [(item.kind, item.id, row.per) for row in item.clocks])
    assert {names.title(item.kind, item.id, row.name, row.per) for row in item.clocks} == {
        "Acceptance",
        "Local resolution",
        "Reply, Larkwood Care",
        "Reply, Brackendale Council",
    }
    other = make_dispute(session, table=table)
    rows = actions_of(table, NOW, 2)
    for each in (item, other):
        do(session, each, "propose", table.convenor, NOW, settlement="As follows", actions=rows)
        for actor in table.speakers:
            do(session, each, "accept_proposal", actor, NOW, version=1)
        do(session, each, "start_implementing", table.convenor, NOW)
        do(session, each, "claim_done", table.speakers[1], NOW, action_number=2, evidence="A letter")
    session.expire_all()
    asked = [(each.kind, each.id, row.name, row.per) for each in (item, other) for row in each.clocks]
    with counted(engine) as sent:
        names = read_clock_names(session, [(kind, identity, per) for kind, identity, _, per in asked])
    assert len(sent) == 2, "two statements, however many clocks of however many disputes"
    titles = {names.title(*each) for each in asked}
    assert {"Action 1, Larkwood Care", "Answer to a claim, action 2, Brackendale Council"} <= titles
    # What it cannot know is left out, and a kind whose parties do not see each other names nobody.
    assert names.title("escalation", item.id, "closing", "all") == "Closing"
    assert names.title("escalation", item.id, "reply_local", "organisation:999999") == "Reply"
    assert names.title("referral", 1, "review", "organisation:1") == "Review"
    assert read_clock_names(session, [("referral", 1, "organisation:1"), ("gone", 2, None)]).places == {}
    assert WorkItem.row_owners(session, [item.id]) == {}, "no other kind has rows with clocks"
    for actor in (*table.speakers, table.convenor):
        as_somebody(client, session, actor, sign_in)
        for address in (f"/escalations/{item.reference}", "/worklist", "/", "/worklist/export.csv", "/messages"):
            page = client.get(address, follow_redirects=True)
            assert page.status_code == 200 and "organisation:" not in page.text and "action:1" not in page.text, address
    ask = client.get(f"/escalations/{item.reference}/correct_start")
    assert ask.status_code == 404 or "organisation:" not in ask.text


def test_where_the_hub_is_a_side_it_reads_no_other_sides_private_words(
    app: Flask, client: FlaskClient, session: Session, sign_in: SignIn
) -> None:
    for hub_is_a_side in (True, False):
        table = make_table(session, hub_is_a_side=hub_is_a_side)
        table.outside = make_actor(session, Role.OUTSIDE_MEMBER) if not hub_is_a_side else table.outside
        item = make_dispute(session, table=table)
        ours, rival = table.speakers
        kept = app.extensions["hub.intake"].take_in("PRIVATEFILE.txt", b"PRIVATE")
        do(session, item, "add_document", ours, NOW, document=kept, audience="hub")
        do(session, item, "note", ours, NOW, note="PRIVATENOTE", audience="hub")
        do(session, item, "note", ours, NOW, note="FORALL", audience="all")
        paper = session.scalars(select(Document).order_by(Document.id.desc()).limit(1)).one()
        readers = {
            "ours": (table.seconds[0], True),
            "the other side": (rival, False),
            "who convenes": (table.convenor, not hub_is_a_side),
            "the hub": (make_actor(session, Role.DIRECTOR), not hub_is_a_side),
        }
        for name, (actor, reads) in readers.items():
            as_somebody(client, session, actor, sign_in)
            page = client.get(f"/escalations/{item.reference}").text
            assert "FORALL" in page, name
            assert ("PRIVATENOTE" in page, "PRIVATEFILE" in page) == (reads, reads), (name, hub_is_a_side)
            assert client.get(f"/documents/{paper.id}/{paper.name}").status_code == (200 if reads else 404), name
            whole = client.get(f"/escalations/{item.reference}/whole.pdf")
            assert whole.status_code in {200, 404}, name
        as_somebody(client, session, ours, sign_in)
        choice = client.get(f"/escalations/{item.reference}/note").text
        assert ("My own organisation and the hub" in choice) is not hub_is_a_side and "My own organisation" in choice
        said = "Only its own organisation can read this" if hub_is_a_side else "Only its own organisation and the hub"
        assert said in client.get(f"/escalations/{item.reference}").text
        if hub_is_a_side:
            # What nobody shows the convenor, the convenor does not take back.
            with pytest.raises(ActionRefused, match="Choose a document"):
                values = {"document_id": paper.id}
                perform(session, item, "take_back_document", table.convenor, now=NOW, values=values, reason="Wrong")
        audiences = set(session.scalars(select(Transition.audience).where(Transition.item_id == item.id)))
        kind = "alone" if hub_is_a_side else "organisation"
        assert f"{kind}:{ours.organisation_id}" in audiences


def test_lists_say_what_is_theirs_and_lead_no_side_further(
    client: FlaskClient, session: Session, engine: Engine, sign_in: SignIn
) -> None:
    table = make_table(session)
    about = make_referral(session, "accepted")
    item = make_dispute(session, table=table, about=about)
    case = session.get_one(CareCase, about.case_id)
    do(session, item, "state_position", table.speakers[0], NOW, words="Mine", wanted="A date")
    done, owes = table.speakers
    for actor, waits in ((done, False), (owes, True)):
        as_somebody(client, session, actor, sign_in)
        for address in ("/worklist", "/worklist/export.csv"):
            assert ("State your position" in client.get(address).text) is waits, (actor.role, address)
        for address in (
            f"/cases/{case.reference}",
            f"/referrals/{about.reference}",
            f"/cases/{case.reference}/history",
        ):
            assert client.get(address).status_code == 404, "a side is not led on"
        found = client.get("/search", query_string={"q": "finds the home"}).text
        assert item.reference in found, "by what it is about, for who takes part"
        assert case.reference not in client.get("/search", query_string={"q": item.reference}).text
        assert item.reference not in client.get("/search", query_string={"q": about.family_name}).text
    outsider = make_table(session, 3).speakers[2]
    as_somebody(client, session, outsider, sign_in)
    for words in ("finds the home", item.reference):
        assert f"/escalations/{item.reference}" not in client.get("/search", query_string={"q": words}).text
    as_somebody(client, session, make_actor(session, Role.FINANCE_LEAD), sign_in)
    assert f"/escalations/{item.reference}" not in client.get("/search", query_string={"q": "finds the home"}).text
    as_somebody(client, session, make_actor(session, Role.COORDINATOR), sign_in)
    assert f"/escalations/{item.reference}" in client.get("/search", query_string={"q": "finds the home"}).text
    address = f"/cases/{case.reference}"
    page = client.get(address)
    assert item.reference in page.text and "Open it: its page says what each side" in page.text
    # What the test still holds of its rows would be asked for once more, or not, as the garbage was taken.
    about_id = about.id
    session.expunge_all()
    with counted(engine) as one:
        client.get(address)
    about = session.get_one(type(about), about_id)
    for _ in range(3):
        make_dispute(session, table=table, about=about)
    session.expunge_all()
    with counted(engine) as four:
        client.get(address)
    assert len(one) == len(four), "however many disputes a case has, its page asks as often"


def test_an_urgent_dispute_stands_on_the_sheet_of_the_weekend(
    client: FlaskClient, session: Session, engine: Engine, sign_in: SignIn
) -> None:
    table = make_table(session)
    friday = datetime(2026, 3, 27, 18, 0, tzinfo=UTC)
    urgent = make_dispute(session, table=table, now=friday, urgency="urgent", question="May she go out on Sunday?")
    calm = make_dispute(session, table=table, now=friday, question="Who pays in April?")
    head = make_actor(session, Role.HEAD_OF_COMMISSIONING)
    with time_machine.travel(friday + HOUR, tick=False):
        as_somebody(client, session, head, sign_in)
        page = client.get("/weekend").text
        assert "May she go out on Sunday?" in page and urgent.reference in page
        assert "Reply, Brackendale Council" in page and "Local resolution" in page
        assert calm.reference not in page
        reference = urgent.reference
        session.expunge_all()
        with counted(engine) as one:
            client.get("/weekend")
        make_dispute(session, table=table, now=friday, urgency="urgent")
        session.expunge_all()
        with counted(engine) as two:
            client.get("/weekend")
        assert len(one) == len(two)
        as_somebody(client, session, make_actor(session, Role.FINANCE_LEAD), sign_in)
        assert reference not in client.get("/weekend").text
        as_somebody(client, session, make_actor(session, Role.INFORMATION_GOVERNANCE), sign_in)
        page = client.get("/weekend").text
        assert urgent.reference in page and "May she go out" not in page, "who is told that it is, and not what it says"


def test_how_it_works_says_it_and_the_trail_keeps_who_opened_it(
    client: FlaskClient, session: Session, sign_in: SignIn
) -> None:
    table: Table = make_table(session)
    item = make_dispute(session, table=table)
    as_somebody(client, session, table.speakers[0], sign_in)
    assert client.get(f"/escalations/{item.reference}").status_code == 200
    assert "Escalation" in client.get("/how-it-works").text
    assert client.get("/how-it-works?workflow=escalation").status_code == 200
    ring(session, NOW)
    governance = make_actor(session, Role.INFORMATION_GOVERNANCE)
    as_somebody(client, session, governance, sign_in)
    rows = client.get(f"/trail/export?person={table.speakers[0].user_id}").text
    assert item.reference in rows, "who looked at a dispute is in the trail"
    assert session.get_one(WorkItem, item.id).state == "local_resolution"
