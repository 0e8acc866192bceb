"""A search finds nothing that may not be seen: every role of a crew against everything that could be typed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.casefile.queries import read_case
from hub.cases.models import CareCase
from hub.engine.models import WorkItem
from hub.engine.visibility import visible
from hub.search.finding import answer
from hub.search.hits import NOT_TOLD
from tests.admission_factory import make_admission, make_crew
from tests.factories import NOW, make_actor, make_membership, make_referral, make_referring, start_referral
from tests.features.test_attacks_sight import seal
from workflows.actor import Actor
from workflows.roles import Role

BORN = date(2010, 9, 14)
SignIn = Callable[[FlaskClient, Any], None]


@dataclass(frozen=True)
class World:
    """Five people whose names begin alike, and everybody who might look for them."""

    actors: dict[str, Actor]
    typed: tuple[str, ...]
    finds_hart: dict[str, set[str]]
    """Whom "hart" finds, by who asks; nobody for the others."""


@pytest.fixture
def world(session: Session) -> World:
    crew = make_crew(session)
    admitted = make_admission(
        session,
        "assessment_booked",
        crew=crew,
        referral={"family_name": "Hartwin", "given_name": "Isobel", "previous_family_names": "Moss"},
    )
    urgent = make_referral(
        session, priority="emergency", family_name="Hartwell", given_name="Ivo", nhs_number="9990000018"
    )
    sealed = make_referral(
        session, priority="emergency", family_name="Hartwright", given_name="Una", nhs_number="9990000026"
    )
    seal(session, sealed, crew.head.user_id or 0)
    mine = start_referral(session, crew.referrer, family_name="Hartley", given_name="Max", date_of_birth=BORN)
    colleague = make_actor(session, Role.REFERRER)
    theirs = start_referral(session, colleague, family_name="Harting", given_name="Sam", date_of_birth=BORN)
    roles = {
        str(role): make_actor(session, role)
        for role in (Role.FINANCE_LEAD, Role.QUALITY_LEAD, Role.INFORMATION_GOVERNANCE, Role.ADMINISTRATOR)
    }
    elsewhere = replace(make_actor(session, Role.REFERRER), organisation_id=crew.outside.organisation_id)
    actors = {
        **{name: getattr(crew, name) for name in crew.__dataclass_fields__ if name not in {"case_manager", "director"}},
        **roles,
        "colleague": colleague,
        "elsewhere": elsewhere,
    }
    items = session.scalars(select(WorkItem.reference)).all()
    cases = session.scalars(select(CareCase.reference)).all()
    numbers = ["9990000018", "9990000026", admitted.referral.nhs_number]
    everybody = {"HARTWIN, Isobel", "HARTWELL, Ivo"}
    assert {urgent.is_draft, mine.is_draft, theirs.is_draft} == {True, False}
    return World(
        actors,
        ("hart", "hartwright una", "moss", "14/09/2010", *items, *cases, *numbers),
        {
            "coordinator": everybody,
            "head": everybody | {"HARTWRIGHT, Una"},
            "on_call": {"HARTWELL, Ivo"},
            "referrer": {"HARTWIN, Isobel", "HARTWELL, Ivo", "HARTLEY, Max", "HARTWRIGHT, Una"},
            "colleague": {"HARTWIN, Isobel", "HARTWELL, Ivo", "HARTING, Sam", "HARTWRIGHT, Una"},
            "assessor": {"Hartwin, Isobel"},
        },
    )


@pytest.fixture
def request_of(app: Flask) -> Iterator[None]:
    """Hits are links, which need a request."""
    with app.test_request_context():
        yield


@pytest.mark.usefixtures("request_of")
def test_what_is_found_is_part_of_what_may_be_seen(session: Session, world: World) -> None:
    names = {}
    for who, actor in world.actors.items():
        seen = set(session.scalars(visible(WorkItem, actor).with_only_columns(WorkItem.reference)))
        seen |= {
            reference
            for reference in session.scalars(select(CareCase.reference))
            if read_case(session, reference, actor)[0] is not None
        }
        told: set[str] = set()
        for typed in world.typed:
            found = answer(session, actor, typed, now=NOW)
            named = {line.reference for hit in found.hits for line in hit.lines}
            named |= {typed} if found.straight_to else set()
            assert named <= seen, (who, typed, named - seen)
            assert not (typed[3:4] == "-" and typed in seen) or named, (who, typed, "could be seen and was not found")
            told |= {hit.name for hit in found.hits}
            if typed == "hart" and found.hits:
                names[who] = {hit.name for hit in found.hits}
        if who in {"information_governance", "finance_lead"}:
            assert told <= {NOT_TOLD}, (who, told)
        if who in {"quality_lead", "administrator", "elsewhere"}:
            assert not told, (who, told)
    assert names == world.finds_hart


@pytest.mark.usefixtures("request_of")
def test_an_assessor_is_not_told_what_only_the_referral_says(session: Session, world: World) -> None:
    assessor, referrer = world.actors["assessor"], world.actors["referrer"]
    assert not answer(session, assessor, "moss", now=NOW).hits
    [hit] = answer(session, assessor, "hartwin", now=NOW).hits
    assert (hit.born_on, hit.nhs_number, [line.reference[:3] for line in hit.lines]) == (None, "", ["ADM"])
    [hit] = answer(session, referrer, "moss", now=NOW).hits
    assert hit.born_on == BORN and [line.reference[:3] for line in hit.lines] == ["REF"]


def test_a_sealed_case_leaves_no_trace_on_the_page_and_governance_is_led_to_the_trail(
    session: Session, client: FlaskClient, sign_in: SignIn, world: World
) -> None:
    make_referring(session)
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    sealed, nobody = (client.get("/search", query_string={"q": typed}).text for typed in ("hartwright", "zzyzzx"))
    assert sealed.replace("hartwright", "zzyzzx").count("zzyzzx") == nobody.count("zzyzzx")
    assert "Nothing found" in sealed and "Una" not in sealed
    sign_in(client, make_membership(session, Role.INFORMATION_GOVERNANCE))
    page = client.get("/search?q=999+000+0018").text
    assert "/who-has-looked" in page and "Ivo" not in page and "Hartwell" not in page and NOT_TOLD in page
    assert "/who-has-looked" not in client.get("/search?q=999+000+0026").text
    assert "Nothing found" in client.get("/search?q=hartwell").text
