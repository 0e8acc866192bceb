"""Proof of what a side sent: its own doings word for word with number and code, and nothing of anybody else's."""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.engine.models import AccessLog, Transition, WorkItem
from hub.provider import receipt_queries
from tests.admission_factory import make_admission, make_crew
from tests.approach_factory import make_approach, member_of
from tests.escalation_factory import do, make_dispute, make_table, settle
from tests.factories import (
    NOW,
    REASON,
    actor_of,
    make_actor,
    make_membership,
    make_organisation,
    make_referral,
    make_unit,
)
from tests.statements import counted
from workflows.actor import Actor
from workflows.roles import HUB_ROLES, Role

SignIn = Callable[[FlaskClient, Any], None]
WORDS = "We waited eleven weeks.\nNobody rang."


@pytest.fixture(autouse=True)
def at_the_moment() -> Any:
    """Every page of these tests is read at NOW."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def read(session: Session, client: FlaskClient, sign_in: SignIn) -> Callable[..., str]:
    """A page as somebody reads it; with a status, what it answers and nothing else."""

    def do(actor: Actor, address: str = "/home/sent", status: int = 200) -> str:
        sign_in(client, session.get_one(Membership, actor.membership_id))
        answered = client.get(address)
        assert answered.status_code == status, (actor.role, address, answered.status_code)
        return unescape(answered.get_data(as_text=True))

    return do


def numbers(page: str) -> set[int]:
    """The receipts a page leads to."""
    return {int(number) for number in re.findall(r"/home/sent/R-(\d+)", page)}


def rows_of(session: Session, actor: Actor, item: WorkItem) -> set[int]:
    """The history rows of an item that somebody wrote."""
    found = select(Transition.id).where(Transition.item_id == item.id, Transition.actor_id == actor.user_id)
    return set(session.scalars(found))


def test_each_side_has_its_own_receipts_and_no_other_page_answers(session: Session, read: Callable[..., str]) -> None:
    table = make_table(session, 2)
    item = make_dispute(session, table=table)
    ours, theirs = table.speakers
    for actor in (ours, theirs):
        do(session, item, "state_position", actor, NOW, words=f"{WORDS} {actor.name}", wanted="A date")
    settle(session, item, table, NOW)
    stranger = make_actor(session, Role.UNIT_MANAGER, make_organisation(session, "ZRV01", name="Wagtail Clinics"))
    colleague = make_actor(session, Role.PROVIDER_QUALITY_LEAD, make_organisation(session, "ZEA01"))
    own = {actor: rows_of(session, actor, item) for actor in (ours, theirs)}
    for actor, other in ((ours, theirs), (theirs, ours), (colleague, theirs)):
        sent = own[actor] if actor is not colleague else own[ours]
        assert numbers(read(actor)) == sent
        assert numbers(read(actor, "/home/")) <= sent
        for number in own[other]:
            read(actor, f"/home/sent/R-{number}", 404)
    assert numbers(read(stranger)) == set()
    assert "Nothing was sent yet" in read(stranger)
    everybody = set(session.scalars(select(Transition.id)))
    for number in (*everybody, 0, 2**62):
        read(stranger, f"/home/sent/R-{number}", 404)
    for role in sorted(HUB_ROLES):
        of_the_hub = make_actor(session, role)
        read(of_the_hub, f"/home/sent/R-{min(own[ours])}", 404)
        read(of_the_hub, "/home/sent", 404)


def test_a_receipt_keeps_the_words_the_number_and_a_code_that_is_worked_out_again(
    session: Session, read: Callable[..., str]
) -> None:
    table = make_table(session, 2)
    item = make_dispute(session, table=table)
    actor = table.speakers[0]
    do(session, item, "state_position", actor, NOW, words=WORDS, wanted="A named home", disputed="The dates")
    do(session, item, "propose", actor, NOW, settlement="As follows", actions=_actions(table.side_ids[1]))
    do(session, item, "name_speaker", actor, NOW, **_speaker(actor, table.seconds[0]))
    last = {row.action: row for row in session.scalars(select(Transition).where(Transition.item_id == item.id))}
    for action, expected in {
        "state_position": ("Stated our position", WORDS, "A named home", "The dates", "What do you dispute"),
        "propose": ("Proposed a settlement", "As follows", "Ring the family", "Brackendale Council", "1 April 2026"),
        "name_speaker": ("Said who speaks", table.seconds[0].name, "Senior review"),
        "start": ("Raised it", "Discharge delay", "Standard", "A named home and a date"),
    }.items():
        row = last[action]
        page = read(actor, f"/home/sent/R-{row.id}")
        for words in (*expected, f"R-{row.id}", actor.name, item.reference, "Monday 16 March 2026", "It fits"):
            assert words in page, (action, words)
        assert row.hash in re.sub(r"\s", "", page)
        opened = session.scalars(select(AccessLog).order_by(AccessLog.id.desc())).first()
        assert opened is not None and (opened.what, opened.item_id) == ("opened", item.id)
    session.execute(text("ALTER TABLE transition DISABLE TRIGGER USER"))
    session.execute(
        text("UPDATE transition SET reason = 'Somebody wrote this later' WHERE id = :id"), {"id": last["propose"].id}
    )
    session.execute(text("ALTER TABLE transition ENABLE TRIGGER USER"))
    session.expire_all()
    page = read(actor, f"/home/sent/R-{last['propose'].id}")
    assert "It does not fit" in page and "It fits" not in page


def _actions(owner: int) -> list[dict[str, Any]]:
    due = NOW.date().replace(month=4, day=1)
    return [{"what": "Ring the family", "owner_organisation_id": owner, "owner_name": "Sunil Rae", "due_on": due}]


def _speaker(actor: Actor, other: Actor) -> dict[str, Any]:
    return {"side_id": actor.organisation_id, "at_stage": "senior_review", "speaker_id": other.user_id}


def test_after_a_refusal_our_words_stay_and_the_person_does_not(session: Session, read: Callable[..., str]) -> None:
    crew = make_crew(session)
    linden, rowan = (make_unit(session, make_organisation(session, "ZPR01", name="Tarn House")) for _ in range(2))
    rowan.name = "Rowan"
    refused = make_approach(session, "refused", crew=crew, unit=linden)
    manager, beside = (actor_of(member_of(session, unit)) for unit in (linden, rowan))
    whole = actor_of(make_membership(session, Role.UNIT_MANAGER, linden.site.organisation))
    mine = numbers(read(whole))
    assert mine and numbers(read(manager)) == mine and numbers(read(beside)) == set(), "each unit its own"
    for number in mine:
        page = read(manager, f"/home/sent/R-{number}")
        assert "Two nurses short until Friday" in page and refused.reference in page
        for told in ("Hartwin", "Isobel", "15-year-old", "LS1", "999 "):
            assert told not in page
        read(beside, f"/home/sent/R-{number}", 404)


def test_where_access_has_ended_the_receipt_stays_without_its_words(session: Session, read: Callable[..., str]) -> None:
    crew = make_crew(session)
    signed = make_admission(session, "assessed", crew=crew)
    page = read(crew.assessor)
    assert signed.reference in page and f"/admissions/{signed.reference}" not in page
    assert numbers(page) == rows_of(session, crew.assessor, signed)
    for number in numbers(page):
        receipt = read(crew.assessor, f"/home/sent/R-{number}")
        assert "Your access to this has ended" in receipt and "It fits" in receipt
        for told in (REASON, "Hartwin", "Isobel", "<h3>", "appropriate"):
            assert told not in receipt


def test_what_is_being_written_is_not_sent_and_pages_cost_the_same(
    session: Session, read: Callable[..., str], engine: Engine, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew = make_crew(session)
    referrer = crew.referrer
    draft = make_referral(session, "draft", referrer=referrer)
    assert numbers(read(referrer)).isdisjoint(rows_of(session, referrer, draft))
    counts = []
    for more in (2, 5):
        for _ in range(more):
            make_admission(session, crew=crew)
        read(referrer)
        with counted(engine) as sent:
            client.get("/home/sent")
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 5, counts
    whole = numbers(read(referrer))
    monkeypatch.setattr(receipt_queries, "PAGE_SIZE", 3)
    found: set[int] = set()
    address = "/home/sent"
    while address:
        page = read(referrer, address)
        assert len(numbers(page)) <= 3
        found |= numbers(page)
        following = re.search(r'href="(/home/sent\?[^"]+)" rel="next"', page)
        address = following[1] if following else ""
    assert found == whole and len(whole) > 5
    assert "Nothing further down" in read(referrer, "/home/sent?after=0-1")
