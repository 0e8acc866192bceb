"""Who meets what of an approach, in every state it can be in: the unit, other units, the referrer, the hub."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, OnCallShift
from hub.cases.models import CareCase
from hub.documents.models import Document
from hub.engine.perform import perform
from hub.organisations.models import Unit
from hub.papers.models import Paper
from hub.placements.approach_models import Approach
from hub.placements.approach_presenters import WHY_NO_MORE
from hub.placements.models import Placement
from tests.admission_factory import Crew, make_admission, make_crew, searches
from tests.approach_factory import ENDS, accept, answer, ask, member_of
from tests.factories import NOW, REASON, actor_of, make_membership, make_organisation, make_unit
from workflows.actor import Actor
from workflows.core import SYSTEM
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
WHOLE = ("asked", "offered", "taken")
PERSON = ("Hartwin", "Isobel", "999 1", "14 September 2010", "HIDDENCLINICAL")
"""Words that tell who it is, and what only the pack says."""
INSIDE, THEIRS, OURS, OTHERS = "INTERNALWORDS", "WORDSOFTHEHUB", "WORDSOFTHEUNIT", "WORDSOFANOTHERUNIT"
ACTIONS = ("offer", "refuse", "withdraw_offer", "withdraw_taken", "note", "add_document", "correct_field")


@dataclass(frozen=True)
class World:
    """One search with two units asked, documents and notes on everything, and the addresses of it all."""

    crew: Crew
    unit: Unit
    other: Unit
    approach: Approach
    placement: Placement
    addresses: dict[str, str]
    number: str
    manager: str
    """The name of whoever answers for the unit."""


def _add(app: Flask, session: Session, item: Any, by: Actor, audience: str, words: str) -> str:
    kept = app.extensions["hub.intake"].take_in(f"{words}.txt", words.encode())
    perform(session, item, "add_document", by, now=NOW, values={"document": kept, "audience": audience})
    made = session.scalars(select(Document).order_by(Document.id.desc()).limit(1)).one()
    return f"/documents/{made.id}/{made.name}"


def make_world(session: Session, app: Flask, state: str, *, priority: str = "urgent") -> World:
    """The approach is walked to `state`; notes and documents are there before it ends."""
    crew = make_crew(session)
    words: dict[str, Any] = {"presenting_problem": "HIDDENCLINICAL", "sharing_restricted": False}
    admission = make_admission(session, "admission_agreed", crew=crew, priority=priority, referral=words)
    (placement,), referral = searches(session, admission), admission.referral
    unit = make_unit(session)
    other = make_unit(session, make_organisation(session, "ZPR02", name="Moorhen Care", kind="independent_provider"))
    approach, elsewhere = (ask(session, placement, each, crew.coordinator) for each in (unit, other))
    manager, rival = actor_of(member_of(session, unit)), actor_of(member_of(session, other))
    items = {"approach": approach, "elsewhere": elsewhere, "placement": placement, "admission": admission}
    addresses = {name: f"/{item.kind}s/{item.reference}" for name, item in items.items()}
    addresses |= {name: addresses[name].replace("approachs", "approaches") for name in ("approach", "elsewhere")}
    addresses["referral"] = f"/referrals/{referral.reference}"
    for name, item, by, audience, said in (
        ("hub document", approach, crew.coordinator, "all", THEIRS),
        ("inside document", approach, crew.coordinator, "hub", INSIDE),
        ("own document", approach, manager, "hub", OURS),
        ("elsewhere document", elsewhere, rival, "hub", OTHERS),
        ("placement document", placement, crew.coordinator, "all", INSIDE),
        ("admission document", admission, crew.coordinator, "hub", INSIDE),
    ):
        addresses[name] = _add(app, session, item, by, audience, said)
        perform(session, item, "note", by, now=NOW, values={"note": said, "audience": audience})
    _walk(session, approach, state, manager, crew)
    for paper in session.scalars(select(Paper)):
        owner = {approach.id: "pack", elsewhere.id: "elsewhere pack"}.get(paper.item_id, paper.kind)
        addresses[owner] = f"/papers/{paper.id}"
    case = session.get_one(CareCase, placement.case_id)
    addresses |= {name: f"/cases/{case.reference}{end}" for name, end in (("case", ""), ("timeline", "/timeline"))}
    addresses["who"] = f"/cases/{case.reference}/who-has-looked"
    return World(crew, unit, other, approach, placement, addresses, referral.nhs_number, manager.name)


def _walk(session: Session, approach: Approach, state: str, manager: Actor, crew: Crew) -> None:
    if state == "refused":
        answer(session, approach, "refuse", manager, refusal_details=OURS)
    elif state == "stood_down":
        placement = session.get_one(Placement, approach.parent_id)
        perform(session, placement, "stand_down", crew.case_manager, now=NOW, reason=INSIDE)
    elif state != "asked":
        answer(session, approach, "offer", manager, offer_conditions=OURS)
    if state == "offer_withdrawn":
        answer(session, approach, "withdraw_offer", manager)
    elif state == "lapsed":
        perform(session, approach, "lapse", SYSTEM, now=NOW + timedelta(hours=5))
    elif state in {"taken", "withdrawn after it was taken"}:
        accept(session, approach, crew.case_manager)
    if state == "withdrawn after it was taken":
        answer(session, approach, "withdraw_taken", manager)
    session.expire_all()


def _opened(client: FlaskClient, addresses: dict[str, str]) -> tuple[set[str], dict[str, str]]:
    """Which of these answer, and what every answer says, refusals too."""
    said = {}
    opened = set()
    for name, address in addresses.items():
        found = client.get(address)
        assert found.status_code in {200, 404}, f"{address}: {found.status_code}"
        opened |= {name} if found.status_code == 200 else set()
        said[name] = unescape(found.get_data(as_text=True))
    return opened, said


def _found(client: FlaskClient, world: World) -> set[str]:
    """By which of the person's facts a search finds the approach."""
    asked = {"name": "Hartwin", "first name": "Isobel", "number": world.number, "born": "14/09/2010", "case": ""}
    asked["case"] = world.addresses["case"].removeprefix("/cases/")
    return {
        name
        for name, words in asked.items()
        if world.approach.reference in client.get("/search", query_string={"q": words}, follow_redirects=True).text
    }


@pytest.mark.parametrize("state", [*WHOLE, *ENDS])
def test_the_unit_opens_its_approach_and_nothing_else_and_after_the_end_not_even_the_person(
    session: Session, client: FlaskClient, app: Flask, sign_in: SignIn, state: str
) -> None:
    world, is_whole = make_world(session, app, state), state in WHOLE
    own = {"approach", "own document", *(("pack", "hub document") if is_whole else ())}
    # Whoever has the bed accepted also sees where the search stands.
    with_the_bed = {"placement", "case", "timeline"} if state == "taken" else set()
    # Both roles answer for a unit; each walks every second state.
    role = (Role.UNIT_MANAGER, Role.UNIT_CLINICIAN)[[*WHOLE, *ENDS].index(state) % 2]
    sign_in(client, member_of(session, world.unit, role))
    opened, said = _opened(client, world.addresses)
    assert opened == own | with_the_bed, role
    page = said["approach"]
    assert world.approach.reference in page and OURS in page
    for words in (*PERSON, THEIRS):
        assert (words in page) is is_whole, words
    assert (WHY_NO_MORE in page) is not is_whole
    assert world.manager in page and "Another organisation" not in page
    assert world.addresses["case"] not in page or state == "taken"
    assert all(INSIDE not in text and OTHERS not in text for text in said.values())
    assert "Moorhen" not in "".join(said.values())
    if not is_whole:  # it is typeset elsewhere
        assert client.get(f"{world.addresses['pack']}.pdf").status_code == 404
    assert bool(_found(client, world) - {"case"}) is is_whole
    assert client.get("/search", query_string={"q": world.approach.reference}).status_code == 302
    for path in ("/worklist", "/", "/messages"):
        listed = client.get(path, follow_redirects=True).text
        assert not any(words in listed for words in (*PERSON[2:], INSIDE, OTHERS)), path
        assert is_whole or not any(words in listed for words in PERSON), path
    for action in ACTIONS:
        answered = client.get(f"{world.addresses['approach']}/{action}")
        text = unescape(answered.text)
        assert answered.status_code in {200, 403, 404}, action
        assert is_whole or not any(words in text for words in (*PERSON, THEIRS)), action
        assert INSIDE not in text and OTHERS not in text, action


NOBODY: set[str] = set()
FOR_OTHERS: dict[str, set[str]] = {
    "another unit of the same organisation": NOBODY,
    "another unit that was asked": {"elsewhere", "elsewhere pack", "elsewhere document"},
    "referrer": {"placement", "admission", "referral", "form_1", "decision_notice", "case", "timeline"},
    "assessor": NOBODY,
    "administrator": NOBODY,
    "finance lead": {"admission", "case", "timeline"},
    "information governance": {
        "approach",
        "elsewhere",
        "placement",
        "admission",
        "referral",
        "case",
        "timeline",
        "who",
    },
    "on call, urgent": NOBODY,
}


def _others(session: Session, world: World) -> dict[str, Membership]:
    crew = world.crew
    sibling = make_unit(session, world.unit.site.organisation)
    shift = make_membership(session, Role.ADMINISTRATOR)
    session.add(
        OnCallShift(user_id=shift.user_id, from_at=NOW - timedelta(days=999), until_at=NOW + timedelta(days=999))
    )
    session.flush()
    return {
        "another unit of the same organisation": member_of(session, sibling),
        "another unit that was asked": member_of(session, world.other),
        "referrer": session.get_one(Membership, crew.referrer.membership_id),
        "assessor": session.get_one(Membership, crew.assessor.membership_id),
        "administrator": make_membership(session, Role.ADMINISTRATOR),
        "finance lead": make_membership(session, Role.FINANCE_LEAD),
        "information governance": make_membership(session, Role.INFORMATION_GOVERNANCE),
        "on call, urgent": shift,
    }


THE_NEAREST = ("another unit of the same organisation", "another unit that was asked", "referrer")
"""Who has most to do with it; everybody else is asked once."""


@pytest.mark.parametrize("state", ["offered", "stood_down"])
def test_nobody_else_outside_meets_an_approach_of_another_unit(
    session: Session, client: FlaskClient, app: Flask, sign_in: SignIn, state: str
) -> None:
    world = make_world(session, app, state)
    members = _others(session, world)
    gone = {"elsewhere pack"} if state == "stood_down" else NOBODY
    for who in FOR_OTHERS if state == "offered" else THE_NEAREST:
        expected = FOR_OTHERS[who]
        sign_in(client, members[who])
        opened, said = _opened(client, world.addresses)
        assert opened == expected - gone, who
        assert all(OURS not in text and THEIRS not in text for text in said.values()), who
        if "approach" not in expected:
            assert not any(world.approach.reference in text for text in said.values()), who
            assert who not in THE_NEAREST or not _found(client, world), who
            posted = client.post(f"{world.addresses['approach']}/offer", data={"offered_bed": "x"})
            assert posted.status_code == 404, who
        if "placement" in expected and state == "offered":
            assert len(set(_told_of_a_list(client, world))) == 1, who
    hub = {*world.addresses} - {"who"}
    sign_in(client, make_membership(session, Role.COORDINATOR))
    opened, said = _opened(client, world.addresses)
    assert opened >= hub and all(words in said["approach"] for words in (*PERSON[:2], OURS, THEIRS, INSIDE))


def _told_of_a_list(client: FlaskClient, world: World) -> list[str]:
    """What is said to one who may not accept and tries what is on the list of offers, and what is not."""
    told = []
    for reference in (world.approach.reference, "APR-2026-99999"):
        answered = client.post(f"{world.addresses['placement']}/accept_offer", data={"accepted_approach": reference})
        assert answered.status_code in {403, 404}
        told.append(re.sub(r'"[^"]*"', "", answered.text.replace(reference, "")))
    return told


def test_on_call_meets_an_emergency(session: Session, client: FlaskClient, app: Flask, sign_in: SignIn) -> None:
    world = make_world(session, app, "asked", priority="emergency")
    sign_in(client, _others(session, world)["on call, urgent"])
    opened, said = _opened(client, world.addresses)
    assert {"approach", "elsewhere", "pack", "placement", "case"} <= opened
    assert "Isobel" in said["approach"] and f"{world.addresses['approach']}/offer" in said["approach"]


def test_an_offer_that_comes_too_late_is_refused_and_its_words_are_shown_back(
    session: Session, client: FlaskClient, app: Flask, sign_in: SignIn
) -> None:
    world = make_world(session, app, "asked")
    sign_in(client, member_of(session, world.unit))
    here = f"{world.addresses['approach']}/offer"
    before = client.get(here).text
    seen = re.search(r'name="seen"[^>]*value="(\d+)"', before)
    assert seen and "Isobel" in before
    perform(session, world.placement, "stand_down", world.crew.case_manager, now=NOW, reason=INSIDE)
    typed = {"offered_bed": "Room 9, by the garden", "offer_conditions": "A nurse comes with her", "seen": seen[1]}
    typed |= {"offer_from-day": "17", "offer_from-month": "3", "offer_from-year": "2026", "offer_from-time": "3:30pm"}
    answered = client.post(here, data=typed)
    text = unescape(answered.text)
    assert answered.status_code in {403, 409, 422}
    assert "not possible now" in text and "stood down" in text
    assert all(words in text for words in ("Room 9, by the garden", "A nurse comes with her", "17 3 2026 3:30pm"))
    assert not any(words in text for words in (*PERSON, THEIRS, INSIDE))
    session.expire_all()
    assert (world.approach.state, world.approach.offered_bed) == ("stood_down", None)
    assert REASON not in text
