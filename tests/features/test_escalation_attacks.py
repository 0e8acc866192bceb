"""Attacks on disputes: the other side's actions, numbers of another dispute, whoever has no part or has one no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.cases.models import CareCase, CaseSeal
from hub.documents.models import Document
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.escalations import form_queries
from hub.escalations.eligible import nobody_eligible
from hub.escalations.models import Escalation
from tests.escalation_factory import Table, actions_of, do, make_dispute, make_table, settle
from tests.factories import NOW, REASON, make_actor, make_organisation, make_referral
from workflows.actor import Actor
from workflows.escalation import ESCALATION
from workflows.everyday import EVERYDAY
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
SECRET = "WORDSOFTHEOTHERS"
ROWS = (
    *("side visit position wish speaker fact view proposal acceptance seat issue action".split()),
    *("",),
)


@dataclass(frozen=True)
class Two:
    """Two disputes about one person, between different organisations, each with its own convenor."""

    mine: Table
    theirs: Table
    item: Escalation
    other: Escalation
    paper: Document
    former: Actor
    """Who convened `item` before, and left the hub's roles for it."""
    funder: Actor
    """Was never asked to pay."""


@pytest.fixture
def two(app: Flask, session: Session) -> Two:
    about = make_referral(session, "accepted")
    mine = make_table(session)
    item = make_dispute(session, table=mine, about=about)
    former = make_actor(session, Role.OUTSIDE_MEMBER, make_organisation(session, "ZEO01", name="Far ICB", kind="icb"))
    rival = make_organisation(session, "ZER01", name="Kestrel Care", kind="independent_provider")
    council = make_organisation(session, "ZES01", name="Far Council", kind="local_authority")
    roles = ((rival, Role.UNIT_MANAGER), (council, Role.FUNDER))
    speakers, seconds = ([make_actor(session, role, place) for place, role in roles] for _ in range(2))
    theirs = Table(speakers, make_actor(session, Role.CASE_MANAGER), mine.outside, seconds)
    facts = f"{SECRET}\nTwo\nThree\nFour"
    words: dict[str, Any] = {"question": f"{SECRET} who pays?", "wanted": SECRET, "facts": facts}
    other = make_dispute(session, table=theirs, about=about, **words)
    do(session, other, "state_position", speakers[0], NOW, words=SECRET, wanted=SECRET)
    do(session, other, "propose", theirs.convenor, NOW, settlement=SECRET, actions=actions_of(theirs, NOW))
    kept = app.extensions["hub.intake"].take_in(f"{SECRET}.txt", SECRET.encode())
    do(session, other, "add_document", speakers[0], NOW, document=kept, audience="all")
    paper = session.scalars(select(Document).order_by(Document.id.desc()).limit(1)).one()
    return Two(mine, theirs, item, other, paper, former, make_actor(session, Role.FUNDER, council))


def state(session: Session) -> list[tuple[Any, ...]]:
    """What every table of disputes holds."""
    session.flush()
    tables = [f"escalation_{name}".rstrip("_") for name in ROWS]
    whole = "SELECT md5(coalesce(string_agg(md5(t::text), '' ORDER BY md5(t::text)), '')) FROM {} t"
    return [
        *((name, session.scalar(text(whole.format(name)))) for name in tables),
        ("work_item", session.scalar(text(whole.format("(SELECT id, state, version FROM work_item)")))),
    ]


def test_whoever_has_no_part_meets_nothing_of_it(
    two: Two, client: FlaskClient, session: Session, sign_in: SignIn
) -> None:
    before = state(session)
    address = f"/escalations/{two.other.reference}"
    actions = dict.fromkeys(action.name for action in (*ESCALATION.actions, *EVERYDAY))
    roles = (Role.UNIT_CLINICIAN, Role.PROVIDER_QUALITY_LEAD, Role.REFERRER, Role.FUNDER)
    provider = make_organisation(session, "ZEA01")
    ours = (make_actor(session, each, provider) for each in roles)
    strangers = [*two.mine.speakers, two.former, two.mine.outside, *ours]
    for actor in strangers:
        sign_in(client, session.get_one(Membership, actor.membership_id))
        for path in ("", "/whole.pdf", "/versions/1", "/state_position", "/note", "/add_document"):
            assert client.get(f"{address}{path}").status_code == 404, (actor.role, path)
        for name in actions if actor is two.mine.speakers[0] else ("state_position", "accept_proposal", "note"):
            data = {"seen": str(two.other.version), "words": "x", "wanted": "x", "reason": "x", "note": "x"}
            assert client.post(f"{address}/{name}", data=data).status_code == 404, (actor.role, name)
            assert client.post(f"{address}/{name}/draft", data=data).status_code in {403, 404}, (actor.role, name)
        assert client.get(f"/documents/{two.paper.id}/{two.paper.name}").status_code == 404
        for page in (
            *("/", "/worklist", "/worklist/export.csv", "/messages", "/worklist?kind=escalation", "/home/escalations"),
            *("/escalations/measures", "/escalations/measures.csv", "/home/sent", f"/search?q={two.other.reference}"),
            *(
                f"/search?q={SECRET}",
                f"/messages/{two.other.reference}",
                f"/escalations/new?from={two.other.reference}",
            ),
        ):
            said = client.get(page, follow_redirects=True).text.replace(f'value="{SECRET}"', "")
            said = said.replace(f"“{SECRET}”", "").replace(f"q={SECRET}", "")
            assert two.other.reference not in said.replace(f'value="{two.other.reference}"', "").replace(
                page.rpartition("=")[2], ""
            ), (actor.role, page)
            assert "Kestrel Care" not in said or page.startswith("/escalations/new"), (actor.role, page)
            assert SECRET not in said or page == f"/search?q={SECRET}", (actor.role, page)
    assert state(session) == before


def test_numbers_of_another_dispute_and_parts_of_others_are_refused(two: Two, session: Session) -> None:
    mine, theirs, item = two.mine, two.theirs, two.item
    first, second = mine.speakers
    foreign = theirs.side_ids[0]
    row = {**actions_of(mine, NOW)[0], "owner_organisation_id": foreign}
    seat = {"user_id": first.user_id, "seat": "chair", "declaration": "none"}
    refused: list[tuple[str, Actor, dict[str, Any]]] = [
        # ids of another dispute, or of nothing
        ("agree_facts", first, {"agreed": ["4"]}),
        ("agree_facts", first, {"agreed": ["1"], "disputed_facts": ["1"]}),
        ("agree_facts", first, {"agreed": ["-1"]}),
        ("accept_proposal", first, {"version": 1}),
        ("propose", first, {"settlement": "x", "actions": [row]}),
        ("take_back_document", first, {"document_id": two.paper.id}),
        ("take_back_document", mine.convenor, {"document_id": two.paper.id}),
        ("name_speaker", first, {"side_id": foreign, "at_stage": "senior_review", "nobody_else": True}),
        ("name_speaker", first, {"side_id": second.organisation_id, "at_stage": "senior_review", "nobody_else": True}),
        ("name_speaker", first, _speaker(first, theirs.speakers[0])),
        ("name_speaker", first, _speaker(first, second)),
        ("claim_done", first, {"action_number": 1, "evidence": "x"}),
        ("change_convenor", mine.convenor, {"convenor_id": first.user_id}),
        ("appoint_panel", mine.convenor, {"panel": [seat]}),
        # parts that are another's
        ("accept", theirs.convenor, {"convenor_id": theirs.convenor.user_id}),
        ("agree_interim_funding", two.funder, {"funding_terms": "x"}),
        ("state_position", mine.convenor, {"words": "x", "wanted": "x"}),
        ("state_position", theirs.speakers[0], {"words": "x", "wanted": "x"}),
        ("ask_to_escalate", mine.convenor, {}),
        ("escalate_to_senior", theirs.convenor, {}),
        ("escalate_to_senior", first, {}),
        ("refer_on", theirs.convenor, {"referred_to": "mediation", "agreed_statement": "x"}),
        ("refer_on", first, {"referred_to": "mediation", "agreed_statement": "x"}),
        ("withdraw", second, {}),
        ("withdraw", mine.convenor, {}),
        ("approve_pause", first, {"clock": "stage_local"}),
        ("correct_start", first, {"clock": "stage_local", "start": NOW}),
        ("settle", mine.convenor, {}),
        ("determine", mine.convenor, {"issues": [], "binding": "binding"}),
    ]
    before = state(session)
    _all_refused(session, item, refused)
    assert state(session) == before
    # Further up and later on.
    do(session, item, "change_convenor", mine.convenor, NOW, convenor_id=theirs.convenor.user_id)
    gone, mine.convenor = mine.convenor, theirs.convenor
    settle(session, item, mine, NOW)
    do(session, item, "start_implementing", mine.convenor, NOW)
    later: list[tuple[str, Actor, dict[str, Any]]] = [
        ("claim_done", second, {"action_number": 1, "evidence": "x"}),
        ("claim_done", theirs.speakers[0], {"action_number": 1, "evidence": "x"}),
        ("change_actions", gone, {"action_number": 1, "is_dropped": True}),
        ("change_actions", first, {"action_number": 1, "is_dropped": True}),
        ("change_actions", mine.convenor, {"action_number": 7, "is_dropped": True}),
        ("close", gone, {"would_have_prevented": "x"}),
        ("close", mine.convenor, {"would_have_prevented": "x"}),
    ]
    _all_refused(session, item, later)
    do(session, item, "claim_done", first, NOW, action_number=1, evidence="A letter")
    answers = [
        ("confirm_done", first),
        ("confirm_done", gone),
        ("confirm_done", theirs.speakers[0]),
        ("dispute_done", first),
    ]
    _all_refused(session, item, [(name, who, {"action_number": 1}) for name, who in answers])
    panel = make_dispute(session, "determination", table=make_table(session, 3))
    issues = [{"issue": "x", "chosen_organisation_id": None, "reasons": "x"}]
    _all_refused(
        session, panel, [("determine", who, {"issues": issues, "binding": "binding"}) for who in (gone, first)]
    )


def _speaker(of: Actor, who: Actor) -> dict[str, Any]:
    return {"side_id": of.organisation_id, "at_stage": "senior_review", "speaker_id": who.user_id}


def _all_refused(session: Session, item: Escalation, attempts: list[tuple[str, Actor, dict[str, Any]]]) -> None:
    for action, actor, values in attempts:
        asked = [*item.workflow.named(action), item.workflow.everyday.get(action), *EVERYDAY]
        wants_reason = next(each for each in asked if each is not None and each.name == action).reason
        with pytest.raises(ActionRefused), session.begin_nested():
            perform(session, item, action, actor, now=NOW, values=values, reason=REASON if wants_reason else None)
            raise AssertionError(f"{action} by {actor.role} with {values} was done")
        session.expire_all()


def test_a_panel_member_and_a_former_convenor_see_no_more_than_theirs(
    client: FlaskClient, session: Session, sign_in: SignIn
) -> None:
    with time_machine.travel(NOW, tick=False):
        table, other = make_table(session, hub_is_a_side=True), make_table(session, hub_is_a_side=True)
        item = make_dispute(session, table=table)
        beside = make_dispute(session, table=other)
        nhse = make_organisation(session, "ZEW01", name="NHS England, Western region", kind="nhse")
        successor = make_actor(session, Role.OUTSIDE_MEMBER, nhse)
        for actor, sees in ((table.outside, True), (successor, False)):
            sign_in(client, session.get_one(Membership, actor.membership_id))
            assert (client.get(f"/escalations/{item.reference}").status_code == 200) is sees
        do(session, item, "change_convenor", table.outside, NOW, convenor_id=successor.user_id)
        sign_in(client, session.get_one(Membership, successor.membership_id))
        assert client.get(f"/escalations/{item.reference}").status_code == 200
        assert client.get(f"/escalations/{beside.reference}").status_code == 404, "one dispute opens no other"
        assert client.post(f"/escalations/{beside.reference}/refer_on", data={"seen": "1"}).status_code == 404
        # Who convened before reads on for their organisation, which is a party, and convenes no more.
        sign_in(client, session.get_one(Membership, table.outside.membership_id))
        data = {"seen": str(item.version), "referred_to": "mediation", "agreed_statement": "x"}
        assert client.post(f"/escalations/{item.reference}/refer_on", data=data).status_code == 403
        assert item.state == "local_resolution"


def test_a_seal_is_not_opened_by_asking_somebody_to_convene_or_to_decide(
    client: FlaskClient, session: Session, sign_in: SignIn
) -> None:
    table, about = make_table(session), make_referral(session, "accepted")
    first, colleague = (make_actor(session, Role.COORDINATOR) for _ in range(2))
    directors = [make_actor(session, Role.DIRECTOR) for _ in range(3)]
    item = make_dispute(session, "raised", table=table, about=about)
    case = session.get_one(CareCase, about.case_id)
    with time_machine.travel(NOW, tick=False):
        case.is_sealed = True
        session.flush()
        assert nobody_eligible(session, item) == [
            "Nobody who may open it holds the role of coordinator or case manager"
        ]
        for actor in (table.convenor, first, directors[0]):
            session.add(CaseSeal(case_id=case.id, user_id=actor.user_id))
        session.flush()
        assert nobody_eligible(session, item) == []
        offered = {int(user_id) for user_id, _ in form_queries.convenors(session, item, None)}
        assert offered == {table.convenor.user_id, first.user_id}
        values = {"interim_arrangement": "Stays", "interim_payer": "hub"}
        refused = [("accept", table.convenor, {**values, "convenor_id": colleague.user_id})]
        _all_refused(session, item, refused)
        item = make_dispute(session, "determination", table=table, about=about)
        _all_refused(session, item, [("change_convenor", table.convenor, {"convenor_id": colleague.user_id})])
        # Whoever is let in from outside is never on such a list; who is in it already stays.
        seats = [
            {"user_id": actor.user_id, "seat": seat, "declaration": "none"}
            for actor, seat in ((table.outside, "chair"), (directors[1], "member"))
        ]
        _all_refused(session, item, [("appoint_panel", table.convenor, {"panel": seats})])
        seats[1]["user_id"] = directors[0].user_id
        do(session, item, "appoint_panel", table.convenor, NOW, panel=seats)
        assert {int(user_id) for user_id, _ in form_queries.panel_people(session, item)} == {
            table.outside.user_id,
            directors[0].user_id,
        }
        do(session, item, "change_convenor", table.convenor, NOW, convenor_id=first.user_id)
        for actor, status in ((first, 200), (table.convenor, 200), (colleague, 404), (directors[1], 404)):
            sign_in(client, session.get_one(Membership, actor.membership_id))
            assert client.get(f"/escalations/{item.reference}").status_code == status, actor.role
