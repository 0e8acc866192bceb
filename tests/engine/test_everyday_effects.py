"""Assigning, notes, parties and corrections: what each changes, who may, and what is refused."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.engine.available import available_actions, everyday_actions
from hub.engine.models import Transition
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.visibility import history_seen_by, visible
from hub.referrals.models import Referral
from tests.factories import NOW, make_actor, make_referral, make_referring, start_referral
from workflows.actor import Actor
from workflows.roles import Role


def test_assigning(session: Session, coordinator: Actor, case_manager: Actor) -> None:
    item = make_referral(session)
    assert [item.owner] == [None]
    perform(session, item, "assign", coordinator, now=NOW, values={"owner_id": case_manager.user_id})
    assert (item.owner_id, item.owner.name) == (case_manager.user_id, case_manager.name)
    session.expire_all()
    assert item.owner_id == case_manager.user_id
    assert item.history[-1].values == {"owner_id": {"old": None, "new": case_manager.user_id}}
    with pytest.raises(ActionRefused, match="Choose a person from the list"):
        perform(session, item, "assign", coordinator, now=NOW, values={"owner_id": 0})
    owner = Actor(case_manager.user_id, "x", Role.CLINICAL_REVIEWER, is_hub=True)
    perform(session, item, "assign", owner, now=NOW, values={"owner_id": coordinator.user_id})
    with pytest.raises(ActionRefused, match="This is for the owner, a coordinator, a case manager, the convenor"):
        perform(session, item, "assign", owner, now=NOW, values={"owner_id": coordinator.user_id})
    ended = make_referral(session, "accepted")
    with pytest.raises(ActionRefused, match="It has ended"):
        perform(session, ended, "assign", coordinator, now=NOW, values={"owner_id": coordinator.user_id})


@pytest.mark.parametrize(
    ("is_hub", "audience", "kept"),
    [(True, "hub", "hub"), (True, "all", "all"), (False, "all", "all"), (False, "hub", "organisation")],
)
def test_notes_have_an_audience(session: Session, referrer: Actor, is_hub: bool, audience: str, kept: str) -> None:
    item = make_referral(session, "accepted", referrer=referrer)
    actor = make_actor(session, Role.COORDINATOR) if is_hub else referrer
    perform(session, item, "note", actor, now=NOW, values={"note": "Rang the ward", "audience": audience})
    row = item.history[-1]
    expected = f"organisation:{referrer.organisation_id}" if kept == "organisation" else kept
    assert (row.audience, row.values, row.to_state) == (
        expected,
        {"note": {"new": "Rang the ward"}},
        "accepted",
    )
    query = select(Transition.id).where(Transition.item_id == item.id)
    seen = session.scalars(query.where(history_seen_by(referrer))).all()
    assert (row.id in seen) is (kept != "hub")
    stranger = Actor(1, "x", Role.FUNDER, organisation_id=-1)
    assert (row.id in session.scalars(query.where(history_seen_by(stranger))).all()) is (kept == "all")
    assert row.id in session.scalars(query.where(history_seen_by(make_actor(session)))).all()


def test_a_party_is_let_in_and_out(session: Session, coordinator: Actor) -> None:
    item, guest = make_referral(session), make_actor(session, Role.FUNDER)
    values = {"organisation_id": guest.organisation_id}
    assert session.scalars(visible(Referral, guest)).all() == []
    perform(session, item, "add_party", coordinator, now=NOW, values=values, reason="May pay")
    assert session.scalars(visible(Referral, guest)).all() == [item]
    added = item.parties[-1]
    assert (added.capacities, added.why, added.next_due_at, added.from_at) == (
        ["interested"],
        "May pay",
        item.next_due_at,
        NOW,
    )
    with pytest.raises(ActionRefused, match="This organisation can already see it"):
        perform(session, item, "add_party", coordinator, now=NOW, values=values, reason="Again")
    perform(session, item, "note", guest, now=NOW, values={"note": "We will pay", "audience": "all"})
    perform(session, item, "remove_party", coordinator, now=NOW, values=values, reason="They refused")
    assert session.scalars(visible(Referral, guest)).all() == []
    assert item.parties[-1].until_at == NOW
    with pytest.raises(ActionRefused, match="This organisation is not a party"):
        perform(session, item, "remove_party", coordinator, now=NOW, values=values, reason="Again")
    perform(session, item, "add_party", coordinator, now=NOW, values=values, reason="They came round")
    assert len(item.parties) == 3


def test_parties_that_cannot_be(session: Session, coordinator: Actor) -> None:
    item = make_referral(session)
    for nobody in (0, "ZRF01"):
        with pytest.raises(ActionRefused, match="Choose an organisation from the list"):
            perform(session, item, "add_party", coordinator, now=NOW, values={"organisation_id": nobody}, reason="x")
    values = {"organisation_id": make_referring(session).id}
    with pytest.raises(ActionRefused, match="The referrer keeps sight of its own referral"):
        perform(session, item, "remove_party", coordinator, now=NOW, values=values, reason="x")


def test_a_party_leaves_an_item_that_has_ended(session: Session, coordinator: Actor) -> None:
    item, guest = make_referral(session), make_actor(session, Role.FUNDER)
    values = {"organisation_id": guest.organisation_id}
    perform(session, item, "add_party", coordinator, now=NOW, values=values, reason="x")
    perform(session, item, "withdraw", make_actor(session), now=NOW, reason="x")
    perform(session, item, "remove_party", coordinator, now=NOW, values=values, reason="x")
    assert session.scalars(visible(Referral, guest)).all() == []


@pytest.mark.parametrize(
    ("field", "entered", "stored"),
    [
        ("given_name", " Isabel ", "Isabel"),
        ("date_of_birth", "2010-10-14", date(2010, 10, 14)),
        ("interpreter_needed", "yes", True),
        ("interpreter_needed", "no", False),
        ("legal_status_expires_at", "2026-04-02T12:00", datetime(2026, 4, 2, 11, 0, tzinfo=UTC)),
        ("gender", "2", "2"),
    ],
)
def test_correcting_an_answer(session: Session, referrer: Actor, field: str, entered: str, stored: Any) -> None:
    item = make_referral(session, "accepted", referrer=referrer)
    perform(session, item, "correct_field", referrer, now=NOW, values={"field": field, "value": entered}, reason="x")
    assert getattr(item, field) == stored
    session.expire_all()
    assert getattr(item, field) == stored
    assert field in item.history[-1].values
    perform(session, item, "correct_field", referrer, now=NOW, values={"field": field, "value": entered}, reason="x")
    assert "old" not in item.history[-1].values[field], "the same again is told, though nothing changed"


@pytest.mark.parametrize(
    ("field", "entered", "words"),
    [
        ("date_of_birth", "14 October", "Date of birth: this is not an answer of the right kind"),
        ("interpreter_needed", "maybe", "this is not an answer of the right kind"),
        ("gender", "Q", "Gender: choose one from the list"),
        ("fingerprint", "x", "There is no such answer to correct"),
        ("priority", "urgent", "There is no such answer to correct"),
        ("declaration", "yes", "There is no such answer to correct"),
    ],
)
def test_corrections_that_cannot_be(session: Session, referrer: Actor, field: str, entered: str, words: str) -> None:
    item = make_referral(session, referrer=referrer)
    with pytest.raises(ActionRefused, match=words):
        perform(
            session, item, "correct_field", referrer, now=NOW, values={"field": field, "value": entered}, reason="x"
        )
    assert (item.priority, item.version) == ("routine", 2)


def test_buttons_say_what_the_server_says(session: Session, referrer: Actor, coordinator: Actor) -> None:
    item = make_referral(session, "in_review", referrer=referrer, autism="1")
    offers = {offer.action.name: offer for offer in available_actions(item, make_actor(session))}
    assert list(offers) == ["accept", "decline", "redirect", "return_incomplete", "supersede", "withdraw"]
    assert (offers["decline"].is_allowed, offers["decline"].who) == (True, "a case manager")
    accept = offers["accept"]
    assert (accept.is_mine, accept.is_allowed) == (True, False)
    assert accept.missing[0].startswith("Learning disability or autism is confirmed or suspected")
    assert accept.done == ("Every answer of the full form is there, unless it is an emergency",)
    assert offers["supersede"].why_not == "This is for a coordinator"
    assert [offer.action.name for offer in everyday_actions(item, coordinator)] == [
        "assign",
        "note",
        "add_document",
        "add_party",
        "remove_party",
        "ask_pause",
        "correct_start",
    ]
    stranger = Actor(1, "x", Role.REFERRER, organisation_id=-1)
    assert available_actions(item, stranger) == everyday_actions(item, stranger) == []


def test_a_draft_is_offered_to_its_writers_alone(session: Session, referrer: Actor, coordinator: Actor) -> None:
    item = start_referral(session, referrer)
    assert [offer.action.name for offer in available_actions(item, referrer)] == ["fill_in", "submit", "withdraw"]
    assert available_actions(item, coordinator) == []
