"""The referrer's own page: what is asked of me, where my referrals are, and of what follows the outcome alone."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, UserAccount
from hub.cases.models import CareCase
from hub.engine.models import WorkItem
from hub.engine.perform import perform
from hub.referrals.models import Referral
from hub.web.access import Kind, declared_access
from tests.admission_factory import do, make_admission, make_crew, searches
from tests.factories import (
    NOW,
    actor_of,
    make_membership,
    make_organisation,
    make_referral,
    make_referring,
    start_referral,
)
from tests.statements import counted
from workflows.everyday import EVERYDAY
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
HERE = "/referrals/"
WRITTEN = "WRITTENFORTHEHUB"
DECIDER = "Hubperson3"
ASSESSING = "Beckside Access Team"
CHOOSES_A_PLACE = ("/escalations/new", "/interests/declare")
"""Forms that list every organisation there is, which says nothing of what any of them has to do with a person."""


def _read(client: FlaskClient, address: str = HERE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return unescape(answer.text)


def _part(page: str, name: str) -> str:
    """One panel, from its heading to the end of the section."""
    start = page.index(f'id="{name}"')
    return page[start : page.index("</section>", start)]


def test_what_is_asked_first_then_where_everything_is_and_drafts(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    joy = make_membership(session, Role.REFERRER, make_referring(session))
    referrer = actor_of(joy)
    back = make_referral(session, "in_review", referrer=referrer)
    asks = {"what_is_missing": "The date of the review", "fields_asked_for": ["cetr_on"]}
    perform(session, back, "return_incomplete", actor_of(make_membership(session)), now=NOW, values=asks)
    emergency = make_referral(session, "submitted", priority="emergency", referrer=referrer, bed_type_wanted=None)
    declined = make_referral(session, "declined", referrer=referrer)
    draft = start_referral(session, referrer)
    elsewhere = make_membership(session, Role.REFERRER, make_organisation(session, "ZRF02", name="Moss End"))
    foreign = make_referral(session, referrer=actor_of(elsewhere))
    sign_in(client, joy)
    assert client.get("/").location == HERE
    client.post("/referrals/emergency/draft", data={"family_name": "Half-typed"})
    page = _read(client)
    assert "Today</a>" not in page and 'href="/referrals/" aria-current="page"' in page
    assert foreign.reference not in page
    asked, sent, begun = (_part(page, name) for name in ("asked", "sent", "begun"))
    for words in ("Sent back: some answers are missing", "The date of the review", back.reference, "Date of the"):
        assert words in asked, words
    assert "The rest of the form of an emergency" in asked and emergency.reference in asked
    assert f'href="/referrals/{back.reference}/form"' in asked and "left" in asked
    assert "Waiting for the hub to start the review" in sent
    assert declined.reference not in sent and draft.reference not in sent
    assert draft.reference in begun and "An emergency referral" in begun
    ended = _part(_read(client, f"{HERE}?which=ended"), "sent")
    assert declined.reference in ended and "Ended" in ended and back.reference not in ended
    assert foreign.reference not in _read(client, f"{HERE}?which=all")
    for role in (Role.COORDINATOR, Role.ACCESS_ASSESSOR):
        sign_in(client, make_membership(session, role))
        assert client.get(HERE).status_code == 404


def test_no_more_statements_for_more_referrals_and_every_one_is_on_some_page(
    session: Session, client: FlaskClient, sign_in: SignIn, engine: Engine
) -> None:
    joy = make_membership(session, Role.REFERRER, make_referring(session))
    sign_in(client, joy)
    made: set[str] = set()
    numbers = []
    for more in (2, 26):
        for number in range(more):
            state = ("returned", "submitted", "accepted")[number % 3]
            at = NOW + timedelta(minutes=number)
            made.add(make_referral(session, state, referrer=actor_of(joy), now=at).reference)
        _read(client)  # what is cached in the process is read once
        sign_in(client, joy)  # "still there" is noted once a minute
        session.commit()
        with counted(engine) as statements:
            _read(client, f"{HERE}?which=all")
        numbers.append(len(statements))
    assert numbers[0] == numbers[1] <= 12
    found: set[str] = set()
    address: str | None = f"{HERE}?which=all"
    while address:
        page = _read(client, address)
        found |= set(re.findall(r"REF-\d{4}-\d{5}", _part(page, "sent")))
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following[1] if following else None
    assert found == made
    assert "Nothing further down" in _read(client, f"{HERE}?which=all&after=0-1")


@pytest.fixture
def followed(session: Session) -> tuple[Membership, WorkItem, WorkItem, list[str]]:
    """A referral that led to an admission agreed and a search for a bed; every text of both holds the same word.

    Gives the referrer, both items, and what must stand on no page of theirs: the word, hub people, other parties.
    """
    crew = make_crew(session)
    for number, actor in enumerate((crew.coordinator, crew.case_manager, crew.head, crew.director, crew.assessor)):
        session.execute(update(UserAccount).where(UserAccount.id == actor.user_id).values(name=f"Hubperson{number}"))
    texts = ("purpose", "exit_plan", "alternatives_considered", "diagnosis", "outcome_comments", "mental_state")
    changes: dict[str, Any] = dict.fromkeys(texts, WRITTEN)
    admission = make_admission(session, "recommended", crew=crew, **changes)
    do(session, admission, "record_objection", crew.case_manager, objection=WRITTEN)
    perform(session, admission, "note", crew.case_manager, now=NOW, values={"note": WRITTEN, "audience": "hub"})
    do(session, admission, "agree_admission", crew.director)
    (placement,) = searches(session, admission)
    joy = session.get_one(Membership, crew.referrer.membership_id)
    return joy, admission, placement, [WRITTEN, "Hubperson", ASSESSING, "£"]


def test_of_what_follows_a_referrer_sees_status_and_outcome_and_nothing_else(
    app: Flask,
    session: Session,
    client: FlaskClient,
    sign_in: SignIn,
    followed: tuple[Membership, WorkItem, WorkItem, list[str]],
) -> None:
    joy, admission, placement, hidden = followed
    sign_in(client, joy)
    mine = _part(_read(client), "sent")  # accepted, and still going on
    for item, words in ((admission, "Admission agreed"), (placement, "Searching")):
        assert item.reference in mine and words in mine

    # Every address of the hub with each of their references, the pages of each action, and each of them as a post
    case = session.get_one(CareCase, admission.case_id).reference
    own = {f"/{item.kind}s": item for item in (admission, placement)}
    walked, told = 0, []
    for rule, methods, access in declared_access(app):
        is_walked = access is not None and access.kind in {Kind.SIGNED_IN, Kind.ROLES}
        if access is None or not is_walked or not access.allows(actor_of(joy)):
            continue
        its = own.get(f"/{rule.split('/')[1]}")
        references = (its.reference,) if its else (admission.reference, placement.reference, case)
        names = sorted({action.name for action in (*its.workflow.actions, *EVERYDAY)}) if its else ["note"]
        for reference in references if "<reference>" in rule else ("",):
            for action in names if "<action>" in rule else ("",):
                address = re.sub(r"<int[^>]*>", "1", rule.replace("<reference>", reference).replace("<action>", action))
                address = re.sub(r"<[^>]*>", "x", address)
                for method in sorted(methods & {"GET", "POST"}):
                    answer = client.open(address, method=method, data={"seen": "1"} if method == "POST" else None)
                    walked += 1
                    said = unescape(answer.get_data(as_text=True)) if str(answer.mimetype).startswith("text") else ""
                    said = said.replace(ASSESSING, "") if address.startswith(CHOOSES_A_PLACE) else said
                    # Who decided stands beside the decision; nobody else of the hub is named.
                    is_about_it = address.startswith((f"/admissions/{admission.reference}", "/papers/"))
                    wrong = [word for word in hidden if word in (said.replace(DECIDER, "") if is_about_it else said)]
                    if answer.status_code >= 500 or wrong:
                        told.append(f"{method} {address}: {answer.status_code} {wrong}")
    assert not told, "\n".join(told)
    assert walked > 100
    # And by name in the search, and in the timeline
    for address in (f"/search?q={admission.reference}", "/search?q=Hartwin", f"/cases/{case}/timeline", "/messages"):
        assert not [word for word in hidden if word in unescape(client.get(address).text)], address
    assert session.get_one(WorkItem, admission.id).state == "admission_agreed", "no post of theirs did anything"


def test_a_question_asked_of_the_referrer_stands_first(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    crew = make_crew(session)
    admission = make_admission(session, "recommended", crew=crew)
    team = crew.referrer.organisation_id
    do(session, admission, "ask_more", crew.case_manager, asked_organisation_id=team, question="Who looks after her?")
    sign_in(client, session.get_one(Membership, crew.referrer.membership_id))
    asked = _part(_read(client), "asked")
    assert "The hub asks you a question" in asked and f"/admissions/{admission.reference}/answer" in asked
    assert session.scalars(select(Referral)).one().state == "accepted"
