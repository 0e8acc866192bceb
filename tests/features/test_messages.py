"""Who is told of what, delivered once into inboxes; and the files beside it."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, func, select, update
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, OnCallShift, UserAccount
from hub.cases.models import CareCase, CaseSeal
from hub.engine.models import ItemParty, OutboxMessage
from hub.engine.outbox import claim
from hub.engine.perform import perform
from hub.engine.sweep import ring_due, warn_due
from hub.merges.services import propose
from hub.messages.delivery import deliver_due, words_of
from hub.messages.models import Message
from hub.messages.who_is_told import is_told, who_is_told
from hub.referrals.models import Referral
from tests.factories import (
    ANSWERS,
    NOW,
    actor_of,
    emergency_values,
    make_membership,
    make_organisation,
    make_referral,
    start_referral,
)
from tests.statements import counted
from workflows import ALL
from workflows.actor import Actor
from workflows.roles import Role

LATE = NOW + timedelta(days=60)
DAY = timedelta(days=1)
NOT_MAIL = select(OutboxMessage).where(~OutboxMessage.topic.startswith("mail."))


@pytest.fixture
def coordinator(session: Session) -> Membership:
    """Whoever takes things in."""
    return make_membership(session, Role.COORDINATOR)


@pytest.fixture
def referrer(session: Session) -> Actor:
    """Who referred."""
    return actor_of(make_membership(session, Role.REFERRER))


def told(session: Session, topic: str, now: datetime = LATE) -> list[int]:
    """Who is told of the newest outbox row of this topic."""
    batch = [sent for sent in claim(session, now=now, limit=1_000) if sent.topic == topic]
    assert batch, f"nothing was said about {topic}"
    return sorted(who_is_told(session, batch, now)[batch[-1].id])


def made(session: Session, state: str = "submitted", **more: Any) -> Referral:
    """A referral, and nobody left of the people who were made up to walk it there."""
    last = session.scalar(select(func.max(Membership.id))) or 0
    item = make_referral(session, state, **more)
    session.execute(update(Membership).where(Membership.id > last).values(until_on=date(2020, 1, 2)))
    return item


def test_what_begins_by_asking_somebody_is_heard_at_once(
    session: Session, coordinator: Membership, referrer: Actor
) -> None:
    head = make_membership(session, Role.HEAD_OF_COMMISSIONING)
    emergency = start_referral(session, referrer, **emergency_values(referring_organisation="ZRF01"))
    perform(session, emergency, "submit", referrer, now=NOW, values=ANSWERS["submit"])
    assert told(session, "task.rest_owed") == sorted([referrer.user_id or 0, coordinator.user_id])
    records = [made(session, family_name=name).case for name in ("Hartwin", "Hartwynn")]
    both = [case.patient_id for case in records if case is not None]
    propose(session, *both, taken=(), why="One birthday", actor=actor_of(coordinator), now=NOW)
    assert told(session, "merge.proposed") == [head.user_id], "and never whoever proposed it"


def owned(session: Session, referral: Referral, by: Membership) -> Referral:
    boss = make_membership(session, Role.CASE_MANAGER)
    perform(session, referral, "assign", actor_of(boss), now=NOW, values={"owner_id": by.user_id})
    return referral


class TestWhoIsTold:
    """From topic to people."""

    def test_those_who_take_it_in_hear_of_a_new_one(self, session: Session, coordinator: Membership) -> None:
        another = make_membership(session, Role.COORDINATOR)
        make_membership(session, Role.CASE_MANAGER)
        made(session)
        assert told(session, "referral.submitted") == sorted([coordinator.user_id, another.user_id])

    def test_the_owner_hears_instead_once_there_is_one(self, session: Session, coordinator: Membership) -> None:
        owner = make_membership(session, Role.CASE_MANAGER)
        owned(session, made(session), owner)
        assert told(session, "referral.submitted") == [owner.user_id]

    def test_when_the_owner_has_left_those_who_take_it_in_hear(self, session: Session, coordinator: Membership) -> None:
        owner = make_membership(session, Role.CASE_MANAGER)
        owned(session, made(session), owner)
        owner.until_on = date(2026, 3, 1)
        session.flush()
        assert told(session, "referral.submitted") == [coordinator.user_id]

    def test_somebody_disabled_hears_nothing(self, session: Session, coordinator: Membership) -> None:
        session.get_one(UserAccount, coordinator.user_id).is_active = False
        made(session)
        session.flush()
        assert told(session, "referral.submitted") == []

    def test_nobody_hears_what_they_did_themselves(self, session: Session, coordinator: Membership) -> None:
        item = start_referral(session, actor_of(coordinator))
        perform(session, item, "submit", actor_of(coordinator), now=NOW, values=ANSWERS["submit"])
        assert told(session, "referral.submitted") == []

    def test_who_referred_hears_how_it_ended(self, session: Session, coordinator: Membership, referrer: Actor) -> None:
        make_membership(session, Role.REFERRER)  # of the same team
        made(session, "declined", referrer=referrer)
        assert told(session, "referral.declined") == sorted([coordinator.user_id, referrer.user_id or 0])

    def test_when_who_referred_has_left_the_team_hears(
        self, session: Session, coordinator: Membership, referrer: Actor
    ) -> None:
        colleague = make_membership(session, Role.REFERRER)
        make_membership(session, Role.UNIT_CLINICIAN, make_organisation(session, "ZRF01"))
        make_membership(session, Role.REFERRER, make_organisation(session, "ZRF99"))
        made(session, "declined", referrer=referrer)
        session.execute(update(Membership).where(Membership.user_id == referrer.user_id).values(until_on=NOW - DAY))
        assert told(session, "referral.declined") == sorted([coordinator.user_id, colleague.user_id])

    def test_an_ended_party_hears_nothing(self, session: Session, coordinator: Membership, referrer: Actor) -> None:
        item = made(session, "declined", referrer=referrer)
        session.execute(update(ItemParty).where(ItemParty.item_id == item.id).values(until_at=NOW))
        assert told(session, "referral.declined") == [coordinator.user_id]

    def test_a_person_who_is_a_party_hears(self, session: Session, coordinator: Membership) -> None:
        person = make_membership(session, Role.REFERRER)
        item = made(session, "declined")
        session.add(
            ItemParty(item_id=item.id, user_id=person.user_id, capacities=["referrer"], from_at=NOW, kind="referral")
        )
        session.flush()
        assert person.user_id in told(session, "referral.declined")

    def test_a_unit_of_a_party_hears_and_its_other_units_do_not(self, session: Session) -> None:
        from tests.factories import make_provider, make_unit

        provider = make_provider(session)
        ours, other = make_unit(session, provider), make_unit(session, provider)
        here = make_membership(session, Role.REFERRER, provider, unit=ours)
        make_membership(session, Role.REFERRER, provider, unit=other)
        item = made(session, "declined")
        party = {"organisation_id": provider.id, "unit_id": ours.id, "capacities": ["referrer"], "kind": "referral"}
        session.add(ItemParty(item_id=item.id, from_at=NOW, **party))
        session.flush()
        assert told(session, "referral.declined") == [here.user_id]

    def test_a_sealed_case_is_news_to_those_it_is_open_to(self, session: Session, coordinator: Membership) -> None:
        named = make_membership(session, Role.COORDINATOR)
        item = made(session)
        session.execute(update(CareCase).where(CareCase.id == item.case_id).values(is_sealed=True))
        session.add(CaseSeal(case_id=item.case_id, user_id=named.user_id))
        session.flush()
        assert told(session, "referral.submitted") == [named.user_id]

    def test_who_is_on_call_hears_of_emergencies(self, session: Session, coordinator: Membership) -> None:
        manager = make_membership(session, Role.HEAD_OF_COMMISSIONING)
        session.add(OnCallShift(user_id=manager.user_id, from_at=NOW, until_at=NOW + DAY))
        made(session, priority="emergency")
        assert told(session, "referral.submitted", NOW) == sorted([coordinator.user_id, manager.user_id])
        assert told(session, "referral.submitted", NOW + 2 * DAY) == [coordinator.user_id]

    def test_a_deadline_of_the_hub_is_the_hubs_news(
        self, session: Session, coordinator: Membership, referrer: Actor
    ) -> None:
        made(session, referrer=referrer)
        ring_due(session, now=LATE)
        assert told(session, "clock.rang") == [coordinator.user_id]

    def test_a_deadline_of_others_is_theirs_too(
        self, session: Session, coordinator: Membership, referrer: Actor
    ) -> None:
        made(session, "returned", referrer=referrer)
        warn_due(session, now=NOW + 6 * DAY)
        assert told(session, "clock.warned") == sorted([coordinator.user_id, referrer.user_id or 0])

    def test_who_acted_last_is_warned_all_the_same(self, session: Session, referrer: Actor) -> None:
        boss = make_membership(session, Role.CASE_MANAGER)
        item = owned(session, made(session, "in_review", referrer=referrer), boss)
        values = {"note": "Rang the ward", "audience": "hub"}
        perform(session, item, "note", actor_of(boss), now=NOW, values=values)
        warn_due(session, now=NOW + 6 * DAY)
        assert told(session, "clock.warned") == [boss.user_id]

    def test_a_deadline_of_one_party_is_that_partys(self, session: Session, referrer: Actor) -> None:
        item = made(session, referrer=referrer)
        payload = {"reference": item.reference, "kind": "referral", "clock": "review", "position": 2}
        payload |= {"per": f"organisation:{referrer.organisation_id}", "due_at": NOW.isoformat()}
        session.add(OutboxMessage(topic="clock.warned", item_id=item.id, payload=payload, created_at=NOW))
        session.flush()
        assert told(session, "clock.warned") == [referrer.user_id]

    def test_every_topic_of_every_workflow_is_told(self) -> None:
        topics = [topic for workflow in ALL.values() for topic in workflow.topics]
        assert topics and all(is_told(topic) for topic in [*topics, "clock.rang", "clock.warned"])
        assert not is_told("weather.changed")

    def test_a_batch_costs_the_same_statements_whatever_its_size(self, engine: Engine, session: Session) -> None:
        make_membership(session, Role.COORDINATOR)
        for _ in range(4):
            made(session, priority="emergency")
        batch = claim(session, now=LATE)
        numbers = []
        for size in (1, 4):
            with counted(engine) as sent:
                who_is_told(session, batch[:size], LATE)
            numbers.append(len(sent))
        assert numbers == [6, 6]


class TestDelivery:
    """From the outbox into inboxes and files."""

    def deliver(self, session: Session, folder: Path, now: datetime = LATE) -> int:
        done = deliver_due(session, now=now, folder=folder)
        session.expire_all()
        return done

    def test_each_person_has_it_once_and_it_is_marked_as_sent(
        self, session: Session, coordinator: Membership, tmp_path: Path
    ) -> None:
        item = made(session)
        assert [self.deliver(session, tmp_path) for _ in range(2)] == [1, 0]
        session.execute(update(OutboxMessage).values(sent_at=None))  # as if the mark had been lost
        assert self.deliver(session, tmp_path) == 1
        [message] = session.scalars(select(Message)).all()
        assert (message.user_id, message.item_id, message.words) == (coordinator.user_id, item.id, "Submitted")
        assert (message.created_at, message.read_at) == (LATE, None)
        assert session.scalars(NOT_MAIL.with_only_columns(OutboxMessage.sent_at)).all() == [LATE]

    def test_what_leaves_the_building_names_nobody(
        self, session: Session, coordinator: Membership, tmp_path: Path
    ) -> None:
        item = made(session)
        self.deliver(session, tmp_path)
        [path] = tmp_path.iterdir()
        [sent] = session.scalars(NOT_MAIL).all()
        assert path.name == f"{sent.id:012d}.json"
        assert json.loads(path.read_text()) == {
            "id": sent.id,
            "topic": "referral.submitted",
            "kind": "referral",
            "reference": item.reference,
            "link": f"/referrals/{item.reference}",
            "at": "2026-03-16T10:00:00+00:00",
        }

    def test_what_was_imported_is_told_to_nobody(
        self, session: Session, coordinator: Membership, tmp_path: Path
    ) -> None:
        made(session)
        session.execute(update(OutboxMessage).values(payload=OutboxMessage.payload.concat({"imported": True})))
        assert [self.deliver(session, tmp_path) for _ in range(2)] == [1, 0]
        assert session.scalars(select(Message)).all() == [] and not list(tmp_path.iterdir())
        assert session.scalars(select(OutboxMessage.sent_at)).all() == [LATE]

    def test_one_about_no_item_has_a_file_and_no_reader(self, session: Session, tmp_path: Path) -> None:
        session.add(OutboxMessage(topic="hub.tested", payload={}, created_at=NOW))
        session.flush()
        assert self.deliver(session, tmp_path) == 1
        [path] = tmp_path.iterdir()
        assert json.loads(path.read_text())["link"] is None and session.scalars(select(Message)).all() == []

    def test_a_full_disk_keeps_nobody_from_reading_and_is_tried_again(
        self, session: Session, coordinator: Membership, tmp_path: Path
    ) -> None:
        made(session)
        in_the_way = tmp_path / "outgoing"
        in_the_way.write_text("a file where the folder should be")
        assert self.deliver(session, in_the_way) == 1
        [sent] = session.scalars(NOT_MAIL).all()
        assert sent.sent_at is None and sent.attempts == 1 and "File exists" in (sent.last_error or "")
        assert len(session.scalars(select(Message)).all()) == 1
        in_the_way.unlink()
        assert self.deliver(session, in_the_way) == 0, "not before its time"
        assert self.deliver(session, in_the_way, LATE + timedelta(seconds=10)) == 1
        assert len(session.scalars(select(Message)).all()) == 1 and len(list(in_the_way.iterdir())) == 1

    def test_one_that_cannot_be_put_into_words_holds_up_no_other(
        self, session: Session, coordinator: Membership, tmp_path: Path
    ) -> None:
        item = made(session)
        for payload in ({}, {"clock": "review", "due_at": "soon", "kind": "referral"}):
            row = OutboxMessage(topic="clock.rang", item_id=item.id, payload=payload, created_at=NOW - DAY)
            session.add(row)
        session.flush()
        assert self.deliver(session, tmp_path) == 3
        rows = session.scalars(NOT_MAIL.order_by(OutboxMessage.created_at)).all()
        assert [row.sent_at is None for row in rows] == [True, True, False]
        assert all((row.last_error or "").startswith("it cannot be put into words") for row in rows[:2])

    def test_words(self) -> None:
        due = {"clock": "review", "kind": "referral", "due_at": "2026-03-27T23:30:00+00:00"}
        assert words_of("clock.rang", due) == "Deadline passed: review, due Friday 27 March 2026, 11:30pm"
        assert words_of("clock.warned", {**due, "clock": "resubmit"}).startswith("Deadline near: send again, due ")
        assert words_of("clock.warned", {**due, "kind": "gone"}).startswith("Deadline near: review, due ")
        assert words_of("admission.more_asked", {}) == "More asked"
