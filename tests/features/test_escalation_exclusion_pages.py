"""What a browser is told, and what a direct post is answered, by whoever may not convene or decide a dispute."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, UserAccount
from hub.conflicts.services import declare
from hub.escalations.models import Escalation
from hub.messages.delivery import deliver_due
from hub.messages.models import Message
from tests.complaints.at_the_desk import plain
from tests.escalation_factory import Table, do, make_dispute, make_table, state_positions
from tests.factories import make_actor, make_hub, make_membership, make_organisation, make_person
from workflows.actor import Actor
from workflows.roles import Role

NOW = datetime.now(UTC).replace(microsecond=0)
Send = Callable[..., tuple[int, str]]


@pytest.fixture
def send(session: Session, client: FlaskClient, sign_in: Callable[[FlaskClient, Any], None]) -> Send:
    """Post an action straight to its address, or read the dispute with none; gives the status and the words."""

    def post(who: Actor, item: Escalation, action: str = "", **typed: str) -> tuple[int, str]:
        session.commit()
        sign_in(client, session.get_one(Membership, who.membership_id))
        path = f"/escalations/{item.reference}"
        seen = {"seen": str(item.version), "reason": "It has to go on"}
        answer = client.post(f"{path}/{action}", data=seen | typed) if action else client.get(path)
        session.expire_all()
        return answer.status_code, plain(unescape(answer.text))

    return post


def has_interest(session: Session, who: Actor, place: int) -> None:
    """This person declares an interest."""
    values: dict[str, Any] = {"kind": "financial", "what": "Shares, by the hundred", "from_on": date(2020, 1, 1)}
    declare(session, who, organisation_id=place, **values, now=NOW)


def outsiders(session: Session, *names: str) -> list[Actor]:
    """People outside who may sit on a panel."""
    nhse = make_organisation(session, "ZEN01", name="NHS England, Northern region")
    made = [make_actor(session, Role.OUTSIDE_MEMBER, nhse) for _ in names]
    for who, name in zip(made, names, strict=True):
        session.get_one(UserAccount, who.user_id).name = name
    session.flush()
    return made


def seats(*people: Actor) -> dict[str, str]:
    """A panel as a browser sends it, its chair first."""
    return {
        f"panel-{place}-{part}": value
        for place, who in enumerate(people)
        for part, value in (
            ("user_id", str(who.user_id)),
            ("seat", "member" if place else "chair"),
            ("declaration", "none"),
        )
    }


def decision(table: Table) -> dict[str, str]:
    """What a chair types."""
    whose = {"issues-0-chosen_organisation_id": str(table.side_ids[0])}
    return {"issues-0-issue": "Who pays", "issues-0-reasons": "So it was agreed", "binding": "binding", **whose}


def test_a_chair_who_is_found_conflicted_decides_nothing_and_another_panel_is_told_to_all(
    session: Session, send: Send, tmp_path: Any
) -> None:
    table = make_table(session, 3)
    item = make_dispute(session, "determination", table=table, now=NOW)
    chair, member, other = outsiders(session, "Ann Chair", "Bo Member", "Cy Other")
    # Who acted for a side, or is of the hub and convenes, is refused a seat beside the table; nothing is written.
    again = make_membership(
        session, Role.OUTSIDE_MEMBER, make_organisation(session, "ZEN01"), make_person(session, "Dee Gone")
    )
    spoke = session.get_one(Membership, table.speakers[0].membership_id)
    spoke.until_on, again.user_id = date(2021, 1, 1), spoke.user_id
    gone = table.speakers[0]
    status, words = send(table.convenor, item, "appoint_panel", **seats(chair, gone))
    assert status == 422 and "The panel, number 2: choose one from the list" in words and item.panel == []
    assert f"{gone.name} is kept out Belonged to Larkwood Care" not in (page := send(table.speakers[1], item)[1])
    assert f"{gone.name} is kept out Acted for Larkwood Care in this dispute" in page
    spoke.until_on = None
    assert send(table.convenor, item, "appoint_panel", **seats(chair, member))[0] == 303
    state_positions(session, item, table, NOW)
    has_interest(session, chair, table.side_ids[1])
    why = "has declared an interest in Brackendale Council"
    status, words = send(chair, item, "determine", **decision(table))
    assert status == 422 and f"Ann Chair cannot sit on the panel: {why}" in words and item.state == "determination"
    # Every reader's page says it, and what the interest is only to those who appoint.
    for reader in (table.speakers[2], table.seconds[0], table.convenor, chair):
        status, words = send(reader, item)
        assert status == 200 and f"Ann Chair, who sits on the panel, {why}: whoever convenes appoints it again" in words
        assert ("Shares, by the hundred" in words) is (reader is table.convenor)
    deliver_due(session, now=datetime.now(UTC), folder=tmp_path)
    before = set(session.scalars(select(Message.id)))
    assert send(table.convenor, item, "appoint_panel", **seats(other, member))[0] == 303
    deliver_due(session, now=datetime.now(UTC), folder=tmp_path)
    told = set(session.scalars(select(Message.user_id).where(Message.id.not_in(before))))
    for speaker in table.speakers:
        assert speaker.user_id in told
    status, words = send(chair, item, "determine", **decision(table))
    assert status in {403, 404}
    assert send(other, item, "determine", **decision(table))[0] == 303
    assert item.state == "determined"


def test_who_is_kept_out_cannot_accept_and_is_told_why(session: Session, send: Send) -> None:
    table = make_table(session)
    item = make_dispute(session, "raised", table=table, now=NOW)
    has_interest(session, table.convenor, table.side_ids[0])
    words = "You have declared an interest in Larkwood Care: Shares, by the hundred: somebody else convenes and decides"
    other = make_actor(session, Role.COORDINATOR)
    for action, typed in (
        ("accept", {"convenor_id": str(other.user_id)}),
        ("reject", {"instead": "complaints"}),
    ):
        status, page = send(table.convenor, item, action, **typed)
        assert status == 403 and words in page, (action, status)
    status, page = send(other, item, "accept", convenor_id=str(table.convenor.user_id))
    assert status == 422 and item.state == "raised" and "Choose one from the list" in page
    status, page = send(other, item)
    assert f"{table.convenor.name} is kept out Has declared an interest in Larkwood Care: Shares" in page
    # A convenor declares later: the page says so, and nothing of theirs goes on.
    item = make_dispute(session, table=(late := make_table(session)), now=NOW)
    has_interest(session, late.convenor, late.side_ids[1])
    status, page = send(late.convenor, item, "refer_on", referred_to="mediation", agreed_statement="None")
    assert status == 403 and "You have declared an interest in Brackendale Council" in page
    said = f"{late.convenor.name}, who convenes, has declared an interest in Brackendale Council"
    for reader in (late.speakers[0], late.convenor):
        assert f"{said}: the head of commissioning chooses somebody else" in send(reader, item)[1]


def test_where_the_hub_is_a_side_nobody_of_it_convenes_and_the_page_names_the_role(
    session: Session, send: Send
) -> None:
    table = make_table(session, hub_is_a_side=True)
    item = make_dispute(session, "raised", table=table, now=NOW)
    for role in (Role.COORDINATOR, Role.CASE_MANAGER, Role.HEAD_OF_COMMISSIONING):
        who = make_actor(session, role, make_hub(session))
        for action, typed in (
            ("accept", {"convenor_id": str(table.outside.user_id)}),
            ("reject", {"instead": "complaints"}),
            ("change_convenor", {"convenor_id": str(table.outside.user_id)}),
            ("remove_party", {"organisation_id": str(table.outside.organisation_id)}),
        ):
            status, words = send(who, item, action, **typed)
            assert status == 403, (role, action, status)
            assert "Not for you The hub is one of the sides" in words or "Not for you This is for" in words, role
    assert item.state == "raised"
    assert send(table.outside, item)[0] == 200  # its organisation is a party at once
    nobody = "Nobody holds the role of outside member: the hub is one of the sides"
    assert nobody not in send(table.speakers[0], item)[1]
    left = session.get_one(Membership, table.outside.membership_id)
    left.until_on = date(2021, 1, 1)
    for reader in (table.speakers[0], make_actor(session, Role.COORDINATOR)):
        assert nobody in send(reader, item)[1]
    left.until_on = None
    assert send(table.outside, item, "accept", convenor_id=str(table.outside.user_id))[0] == 303
    assert item.state == "local_resolution" and item.convenor_id == table.outside.user_id
    do(session, item, "note", table.outside, NOW, note="I convene", audience="all")
