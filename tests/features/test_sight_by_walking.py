"""What each sort of person meets at the real addresses of everything that can stand on an item: exactly its own."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.cases.alerts import add_alert
from hub.cases.models import CareCase
from hub.cases.stays import StayEntry, record_stay
from hub.documents.models import Document
from hub.engine.models import AccessLog
from hub.engine.perform import perform
from hub.merges.services import propose
from hub.papers.models import Paper
from hub.tasks.models import Task
from tests.admission_factory import do, make_admission, make_crew, searches
from tests.factories import NOW, actor_of, make_membership, make_organisation, make_referral
from workflows.actor import Actor
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
WRITTEN = "WRITTENFORTHEHUB"
ONE, OTHER = "Hartwin", "Marlowe"
FORMS = ("", "/check", "/person")
FOLLOWS = {"admission", "placement"}
SEES: dict[str, set[str]] = {
    "referrer": {
        *("referral", "case", "timeline", "form_1", "decision_notice", "all referral", "own referral"),
        *FOLLOWS,
    },
    "stranger": {"other", "task", "other case", "other timeline", "other form_1", "receipt", "form", "check", "person"},
    "assessor": set(),
    "finance_lead": {"admission", "case", "timeline"},
    "information_governance": {
        *("referral", "other", "task", "merge", *FOLLOWS),
        *("case", "timeline", "who", "other case", "other timeline", "other who"),
    },
    "administrator": set(),
    "quality_lead": set(),
    "unit_manager": set(),
}
"""By person, what answers; everything else answers as if it were not there."""
HIDDEN = {"referrer": {WRITTEN, OTHER}, "stranger": {WRITTEN, ONE, "Open for all"}}
"""Words that stand on no page of theirs; for everybody else also both names."""


@dataclass(frozen=True)
class World:
    """Two people's items with documents, papers, notes, a stay and an alert, and a proposal that they are one."""

    people: dict[str, Membership]
    addresses: dict[str, str]
    merge: Any
    admission: Any


@pytest.fixture
def world(session: Session, app: Flask) -> World:
    crew = make_crew(session)
    texts = ("purpose", "exit_plan", "alternatives_considered", "outcome_comments", "mental_state")
    written: dict[str, Any] = dict.fromkeys(texts, WRITTEN)
    admission = make_admission(session, "recommended", crew=crew, **written)
    do(session, admission, "record_objection", crew.case_manager, objection=WRITTEN)
    do(session, admission, "agree_admission", crew.director)
    referral = admission.referral
    elsewhere = make_membership(session, Role.REFERRER, make_organisation(session, "ZRF02", name="Moss End"))
    # Nothing but the emergency minimum, so that the rest is owed.
    short: dict[str, Any] = {"primary_reason": None, "bed_type_wanted": None, "family_name": OTHER}
    other = make_referral(session, priority="emergency", referrer=actor_of(elsewhere), **short)
    (placement,), task = searches(session, admission), session.scalars(select(Task)).one()
    cases = [session.get_one(CareCase, item.case_id) for item in (referral, other)]
    one, two = (case.patient_id for case in cases)
    merge = propose(session, one, two, taken=(), why=WRITTEN, actor=crew.coordinator, now=NOW)
    items = {"referral": referral, "admission": admission, "placement": placement, "other": other, "task": task}
    addresses = {name: f"/{item.kind}s/{item.reference}" for name, item in {**items, "merge": merge}.items()}

    def add(name: str, by: Actor, audience: str, words: str) -> Document:
        item, kept = items[name.split()[1]], app.extensions["hub.intake"].take_in(f"{words}.txt", words.encode())
        perform(session, item, "add_document", by, now=NOW, values={"document": kept, "audience": audience})
        made = session.scalars(select(Document).order_by(Document.id.desc()).limit(1)).one()
        addresses[name] = f"/documents/{made.id}/{made.name}"
        return made

    manager = crew.case_manager
    for name in ("referral", *sorted(FOLLOWS)):
        add(f"hub {name}", manager, "hub", WRITTEN)
        note = {"note": WRITTEN, "audience": "hub" if name == "referral" else "all"}
        perform(session, items[name], "note", manager, now=NOW, values=note)
    for name in sorted(FOLLOWS):
        add(f"all {name}", manager, "all", f"{WRITTEN} too")
    add("all referral", manager, "all", "Open for all")
    add("own referral", crew.referrer, "hub", "For us and the hub")
    gone = {"document_id": add("gone referral", manager, "hub", f"{WRITTEN} wrongly").id}
    perform(session, referral, "take_back_document", manager, now=NOW, values=gone, reason=WRITTEN)
    assert manager.user_id is not None
    stay = StayEntry(None, WRITTEN, NOW.replace(day=1), None, WRITTEN)
    record_stay(session, cases[0].id, stay, by_id=manager.user_id, now=NOW)
    add_alert(session, cases[0].id, text=WRITTEN, detail=WRITTEN, by_id=manager.user_id, now=NOW)
    for paper in session.scalars(select(Paper)):
        addresses[f"other {paper.kind}" if paper.item_id == other.id else paper.kind] = f"/papers/{paper.id}"
    for before, case in zip(("", "other "), cases, strict=True):
        pages = {"case": "", "timeline": "/timeline", "who": "/who-has-looked"}
        addresses |= {f"{before}{name}": f"/cases/{case.reference}{end}" for name, end in pages.items()}
    addresses |= {
        name: f"/referrals/{other.reference}/form{end}"
        for name, end in zip(("form", "check", "person"), FORMS, strict=True)
    }
    addresses |= {f"closed form{end}": f"/admissions/{admission.reference}/form{end}" for end in FORMS}
    addresses["receipt"] = f"/referrals/emergency/{other.reference}"
    known = {"stranger": elsewhere}
    for name, actor in {"referrer": crew.referrer, "assessor": crew.assessor, "case_manager": manager}.items():
        known[name] = session.get_one(Membership, actor.membership_id)
    return World(known, addresses, merge, admission)


def _member(session: Session, world: World, who: str) -> Membership:
    return world.people.get(who) or make_membership(session, Role(who))


def _read(client: FlaskClient, addresses: dict[str, str], hidden: set[str]) -> tuple[set[str], list[str]]:
    """What answered, and where a hidden word stands in an answer."""
    opened, told = set(), []
    for name, address in addresses.items():
        answer = client.get(address)
        assert answer.status_code in {200, 404}, f"{address}: {answer.status_code}"
        opened |= {name} if answer.status_code == 200 else set()
        said = unescape(answer.get_data(as_text=True)).casefold()
        told += [f"{address}: {word}" for word in hidden if word.casefold() in said]
    references = (address.split("/")[2] for address in addresses.values() if "-" in address)
    for words in dict.fromkeys((ONE, OTHER, "Isobel", *references)):
        found = client.get("/search", query_string={"q": words}, follow_redirects=True)
        # The box, the title and the answer repeat what was looked for.
        said = unescape(found.get_data(as_text=True)).replace(words, "").casefold()
        told += [f"search for {words}: {word}" for word in hidden if word.casefold() in said]
    return opened, told


@pytest.mark.parametrize("who", SEES)
def test_everybody_meets_exactly_what_is_theirs(
    session: Session, client: FlaskClient, sign_in: SignIn, world: World, who: str
) -> None:
    sign_in(client, _member(session, world, who))
    opened, told = _read(client, world.addresses, HIDDEN.get(who, {WRITTEN, ONE, OTHER}))
    assert opened == SEES[who]
    assert not told, "\n".join(told)
    # The log says which document was asked for, and no name: that may say whom it is about.
    paths = list(session.scalars(select(AccessLog.path).where(AccessLog.path.like("/documents/%"))))
    assert len(paths) == 8 and all(re.fullmatch(r"/documents/\d+", path) for path in paths)


def test_a_merge_shows_nobody_outside_more_and_a_seal_shows_nobody_inside_anything(
    session: Session, client: FlaskClient, sign_in: SignIn, world: World
) -> None:
    head = actor_of(make_membership(session, Role.HEAD_OF_COMMISSIONING))
    perform(session, world.merge, "agree", head, now=NOW)
    for who in ("referrer", "stranger"):
        sign_in(client, _member(session, world, who))
        opened, told = _read(client, world.addresses, HIDDEN[who])
        # Of two cases one goes on, and both may open it for their own item.
        assert {name for name in opened ^ SEES[who] if "case" not in name and "timeline" not in name} == set()
        assert not told, "\n".join(told)
    for case in session.scalars(select(CareCase)):
        case.is_sealed = True
    session.flush()
    for role in (Role.COORDINATOR, Role.DIRECTOR, Role.INFORMATION_GOVERNANCE):
        sign_in(client, make_membership(session, role))
        opened, told = _read(client, world.addresses, {WRITTEN, ONE, OTHER})
        assert (opened, told) == (set(), []), role


def test_who_reads_the_outcome_alone_keeps_what_they_added_and_corrects_nothing(
    session: Session, client: FlaskClient, sign_in: SignIn, world: World
) -> None:
    sign_in(client, world.people["referrer"])
    here = world.addresses["admission"]
    wrong = {"seen": str(world.admission.version), "reason": "x", "field": "objection", "value": "Nobody objects"}
    assert client.post(f"{here}/correct_field", data=wrong).status_code == 422
    assert session.get_one(type(world.admission), world.admission.id).objection == WRITTEN
    data = {"audience": "hub", "document": (BytesIO(b"She may come back"), "School.txt")}
    assert client.post(f"{here}/add_document", data=data).status_code == 303
    added = session.scalars(select(Document).where(Document.name == "School.txt")).one()
    address = f"/documents/{added.id}/School.txt"
    client.get(here)  # what was done is said once
    page = client.get(here).text
    assert address in page and WRITTEN not in page and f"{here}/correct_field" not in page
    assert client.get(address).data == b"She may come back"
    colleague, stranger = make_membership(session, Role.REFERRER), world.people["stranger"]
    for who, expected in ((colleague, 200), (stranger, 404), (world.people["case_manager"], 200)):
        sign_in(client, who)
        assert client.get(address).status_code == expected
