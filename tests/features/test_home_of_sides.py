"""The home of every side outside the hub: what it is asked, whose move it is, and nothing of anybody else's."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, SignInSession
from hub.escalations.models import Escalation
from hub.provider import dispute_queries
from tests.escalation_factory import (
    actions_of,
    do,
    make_dispute,
    make_table,
    name_all,
    ring,
    spokesmen,
    state_positions,
)
from tests.factories import NOW, make_actor, make_membership, make_organisation
from tests.statements import counted
from workflows.actor import Actor
from workflows.roles import PERSON_ROLES, UNIT_ROLES, Role

SignIn = Callable[[FlaskClient, Any], None]
DAY = timedelta(days=1)
REFERENCE = re.compile(r"\b[A-Z]{3}-\d{4}-\d{5}\b")
NEED = re.compile(r"<h3>([^<]+)</h3>.*?<a class=\"nhsuk-button[^>]+href=\"([^\"]+)\"", re.DOTALL)
Asked = list[tuple[str, str]]


@pytest.fixture(autouse=True)
def at_the_moment() -> Any:
    """Every page of these tests is read at NOW, unless a test travels on."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


class Reader:
    """Somebody at a browser, who signs in as one and another."""

    def __init__(self, session: Session, client: FlaskClient, sign_in: SignIn) -> None:
        self.session, self.client, self._sign_in = session, client, sign_in

    def page(self, actor: Actor, address: str = "/home/") -> str:
        """One page as this person reads it."""
        self._sign_in(self.client, self.session.get_one(Membership, actor.membership_id))
        answered = self.client.get(address)
        assert answered.status_code == 200, (actor.role, address, answered.status_code)
        return unescape(answered.get_data(as_text=True))

    def needs(self, actor: Actor, address: str = "/home/") -> Asked:
        """What the page asks of this person: the words, and the action behind the button, which opens."""
        page = self.page(actor, address)
        part = page[page.index('id="needs-our-answer"') :]
        found = NEED.findall(part[: part.index("</section>")])
        for _, href in found:
            assert self.client.get(href).status_code == 200, href
        return [(words, href.rpartition("/")[2]) for words, href in found if "/escalations/" in href]


@pytest.fixture
def reader(session: Session, client: FlaskClient, sign_in: SignIn) -> Reader:
    return Reader(session, client, sign_in)


def part(page: str, ident: str) -> str:
    """One panel of the page, in words."""
    found = page[page.index(f'id="{ident}"') :]
    return " ".join(re.sub(r"<[^>]+>", " ", found[: found.index("</section>")]).split())


def test_where_each_role_arrives_and_what_its_home_has(
    session: Session, reader: Reader, client: FlaskClient, sign_in: SignIn
) -> None:
    wards = ("our-offers", "our-people", "our-beds")
    for role in PERSON_ROLES:
        member = make_membership(session, role)
        sign_in(client, member)
        landed = client.get("/")
        if member.role in {Role.UNIT_MANAGER, Role.UNIT_CLINICIAN} | {
            *(Role.PROVIDER_QUALITY_LEAD, Role.FUNDER, Role.OUTSIDE_MEMBER, Role.ACCESS_ASSESSOR)
        }:
            assert landed.location == "/home/", role
            page = unescape(client.get("/home/").get_data(as_text=True))
            assert 'href="/home/" aria-current="page"' in page and ">Today<" not in page
            assert "No escalation of yours is open." in page and 'id="proof"' in page and 'id="messages"' in page
            assert 'href="/escalations/new">Raise one</a>' in page or role is Role.OUTSIDE_MEMBER
            assert not any(f'id="{ward}"' in page for ward in wards if role not in UNIT_ROLES)
            assert ('id="asked"' in page and 'id="sent"' in page) is (role not in UNIT_ROLES), "what Today had"
        elif role is Role.REFERRER:
            assert landed.location == "/referrals/"
            page = client.get("/referrals/").get_data(as_text=True)
            assert 'href="/home/escalations"' in page and 'href="/home/sent"' in page
            assert client.get("/home/").status_code == 404
            assert client.get("/home/escalations").status_code == client.get("/home/sent").status_code == 200
        else:
            assert landed.status_code == 200
            for address in ("/home/", "/home/escalations", "/home/sent"):
                assert client.get(address).status_code == 404, (role, address)


def test_a_dispute_asks_each_side_for_what_it_alone_can_do(
    session: Session, reader: Reader, at_the_moment: Any
) -> None:
    table = make_table(session, 2)
    ours, theirs = table.speakers
    clinician = make_actor(session, Role.UNIT_CLINICIAN, make_organisation(session, "ZEA01"))
    item = make_dispute(session, "raised", table=table, interim_funder_id=theirs.organisation_id)
    question = (ours, theirs, clinician)

    def needs() -> list[list[str]]:
        session.expire_all()
        return [[action for _, action in reader.needs(actor)] for actor in question]

    def move(actor: Actor) -> str:
        return part(reader.page(actor), "escalations")

    assert needs() == [[], ["agree_interim_funding"], []]
    assert "you raised it" in move(ours) and "Waiting for the hub to accept it" in move(ours)
    do(session, item, "accept", table.convenor, NOW, convenor_id=table.convenor.user_id)
    assert needs() == [["state_position"], ["state_position"], []]
    page = reader.page(theirs)
    assert re.search(r"\d+ (?:h|working days?|days?)[^<]* left", part(page, "needs-our-answer")), "the reply clock"
    assert "Our move: state our position" in move(theirs)
    assert "Waiting for the position of your side and Brackendale Council" in move(clinician)
    do(session, item, "state_position", ours, NOW, words="Ready since February", wanted="A date")
    assert needs() == [[], ["state_position"], []]
    assert "Larkwood Care stated a position" in part(reader.page(theirs), "needs-our-answer")
    said = move(ours)
    assert "Waiting for the position of Brackendale Council" in said and "Stated our position, today" in said
    do(session, item, "propose", table.convenor, NOW, settlement="As follows", actions=actions_of(table, NOW))
    assert needs() == [["accept_proposal"], ["state_position", "accept_proposal"], []]
    do(session, item, "accept_proposal", ours, NOW, version=1)
    assert "Version 1 waits for Brackendale Council" in move(ours) and "Accepted version 1, today" in move(ours)
    later = NOW + 20 * DAY
    at_the_moment.move_to(later)
    ring(session, later)
    assert needs() == [
        ["name_speaker", "escalate_to_senior"],
        ["state_position", "accept_proposal", "name_speaker", "escalate_to_senior"],
        [],
    ], "its time is over: the next stage is offered, and nothing moves by itself"
    name_all(session, item, table, "senior_review", later)
    do(session, item, "escalate_to_senior", table.convenor, later)
    second = table.seconds[0]
    assert needs()[0] == [], "somebody else speaks for this side now"
    assert [action for _, action in reader.needs(second)] == ["state_position"]


def test_actions_claims_and_what_is_over(session: Session, reader: Reader) -> None:
    table = make_table(session, 2)
    ours, theirs = table.speakers
    item = make_dispute(session, "agreed", table=table)
    assert "Waiting for" in part(reader.page(ours), "escalations")
    do(session, item, "start_implementing", table.convenor, NOW)
    owner, other = (
        (ours, theirs) if item.open_actions[0].owner_organisation_id == ours.organisation_id else (theirs, ours)
    )
    assert reader.needs(owner) == [("Action 1 is yours: Action 1", "claim_done")]
    assert reader.needs(other) == []
    do(session, item, "claim_done", owner, NOW, action_number=1, evidence="A letter")
    assert (reader.needs(owner), reader.needs(other)) == ([], [("Is action 1 done: Action 1?", "confirm_done")])
    do(session, item, "confirm_done", other, NOW, action_number=1)
    assert "Confirmed that action 1 is done" in part(reader.page(other), "escalations")
    do(session, item, "close", table.convenor, NOW, would_have_prevented="Ringing earlier")
    for actor in (ours, theirs):
        over = part(reader.page(actor, "/home/escalations"), "over")
        assert item.reference in over and "Closed" in over
        assert "No escalation of yours is open." in reader.page(actor)


def test_an_outside_member_accepts_convenes_and_chairs(session: Session, reader: Reader) -> None:
    table = make_table(session, 2, hub_is_a_side=True)
    item = make_dispute(session, "raised", table=table)
    assert [action for _, action in reader.needs(table.outside)] == ["accept"]
    of_a_side = make_actor(session, Role.OUTSIDE_MEMBER, make_organisation(session, "ZEA01"))
    assert reader.needs(of_a_side) == [], "who belongs to a side convenes nothing"
    do(session, item, "accept", table.convenor, NOW, convenor_id=table.convenor.user_id)
    assert "you convene it" in part(reader.page(table.outside), "escalations")
    assert "No position" not in reader.page(table.outside) and reader.needs(table.outside) == []
    do(session, item, "ask_pause", table.speakers[0], NOW, clock="stage_local", pause_code="patient_unwell")
    assert [action for _, action in reader.needs(table.outside)] == ["approve_pause"]


def test_nothing_of_another_provider_is_on_any_of_these_pages(session: Session, reader: Reader) -> None:
    council = make_table(session, 2).speakers[1]
    rivals = [
        make_actor(session, Role.UNIT_MANAGER, make_organisation(session, code, name=name, kind="independent_provider"))
        for code, name in (("ZRA01", "Heronsmoor Care"), ("ZRB01", "Wagtail Clinics"))
    ]
    items = []
    for rival, words in zip(rivals, ("Ninety pounds a night", "Seventy pounds a night"), strict=True):
        table = make_table(session, 2)
        table.speakers, table.seconds = [rival, council], [rival, council]
        made = make_dispute(session, table=table, question=words, dispute_kind="package_cost")
        do(session, made, "state_position", rival, NOW, words=f"{words} and not less", wanted=words)
        make_dispute(session, "out_of_scope", table=table, question=f"Before: {words}")
        items.append(made)
    for mine, (rival, item) in enumerate(zip(rivals, items, strict=True)):
        other, name = items[1 - mine], ("Heronsmoor", "Wagtail")[1 - mine]
        receipts = [
            *re.findall(r'href="(/home/sent/R-\d+)"', reader.page(rivals[1 - mine], "/home/sent")),
            f"/escalations/{other.reference}",
        ]
        for address in ("/home/", "/home/escalations", "/home/sent", "/worklist", "/messages"):
            page = reader.page(rival, address)
            assert item.reference in page or address in {"/messages", "/home/"}, address
            assert other.reference not in page and other.title not in page and name not in page, address
        assert len(receipts) > 1
        for address in receipts:
            assert reader.client.get(address).status_code == 404, address
        needs = part(reader.page(rival), "escalations")
        assert needs.count("ESC-") == 2, "its own two, open and over, and no count says that there are others"


def test_no_more_statements_for_more_disputes(
    session: Session, reader: Reader, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    table, convened = make_table(session, 2), make_table(session, 2, hub_is_a_side=True)
    numbers = []
    for more in (1, 2):
        for _ in range(more):
            item = make_dispute(session, table=table)
            state_positions(session, item, table, NOW)
            for actor in spokesmen(item, table):
                do(session, item, "ask_to_escalate", actor, NOW)
            make_dispute(session, "closed", table=table)
            make_dispute(session, "raised", table=convened)
        session.flush()
        sent_by_all = []
        for actor, address in (
            (table.speakers[0], "/home/"),
            (table.speakers[1], "/home/escalations"),
            (convened.outside, "/home/"),
        ):
            reader.page(actor, address)
            session.execute(update(SignInSession).values(last_seen_at=NOW - timedelta(minutes=5)))
            session.commit()
            with counted(engine) as sent:
                reader.client.get(address)
            sent_by_all.append(len(sent))
        numbers.append(sent_by_all)
    assert numbers[0] == numbers[1] and max(numbers[0]) <= 30, numbers
    monkeypatch.setattr(dispute_queries, "PAGE_SIZE", 1)
    seen, address = set(), "/home/escalations"
    while address:
        page = reader.page(table.speakers[0], address)
        seen |= set(REFERENCE.findall(page[page.index('id="over"') :]))
        following = re.search(r'href="(/home/escalations\?[^"]+)" rel="next"', page)
        address = following[1] if following else ""
    assert len(seen) == 3, "every one that is over stands on some page"
    assert "Nothing further down" in reader.page(table.speakers[0], "/home/escalations?after=0-1")
    assert isinstance(session.get(Escalation, item.id), Escalation)
