"""Policy sets: two people, a day to come, what open items keep, and a comparison that equals what then happens."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from hub.db import transaction
from hub.engine.models import Clock, WorkItem
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.rulebook import PolicyVersion, rulebook
from hub.engine.sweep import ring_due
from hub.policy_changes.due_if import calendar_under
from hub.policy_changes.models import PolicyChange
from hub.policy_changes.page import ComparisonPage
from hub.policy_changes.queries import newest
from hub.policy_changes.services import begin_again, begin_draft, content_of, revise
from tests.escalation_factory import do, go_up, make_dispute, make_table
from tests.factories import ANSWERS, NOW, make_actor, make_referral, start_referral
from workflows.actor import Actor
from workflows.calendar import parse_duration, work_out
from workflows.durations import midnight
from workflows.policy import Entry, PolicySet
from workflows.policy_change import State
from workflows.roles import Role

DAY = date(2026, 4, 6)
"""A Monday three weeks after `NOW`, in summer time: its first moment is 23:00 in UTC."""


def changed(policy: PolicySet, **values: str) -> dict[str, Entry]:
    """Entries of a set with other lengths of `referral.review` for young people, by priority."""
    for priority, length in values.items():
        policy = policy.with_value("referral.review", length, service_line="cyp", priority=priority)
    return {"referral.review": policy.entries["referral.review"]}


def draft(session: Session, actor: Actor, now: datetime = NOW, **values: str) -> PolicyChange:
    change = begin_draft(session, "Longer review", actor=actor, now=now)
    entries = changed(content_of(change), **(values or {"routine": "10 working days"}))
    revise(session, change, entries, actor=actor, now=now, seen=change.version)
    return change


def propose(session: Session, change: PolicyChange, actor: Actor, day: date = DAY, now: datetime = NOW) -> PolicyChange:
    perform(session, change, "propose", actor, now=now, values={"effective_on": day}, reason="The SOP of April")
    return change


def approved(session: Session, now: datetime = NOW, day: date = DAY, **values: str) -> PolicyChange:
    quality, director = make_actor(session, Role.QUALITY_LEAD), make_actor(session, Role.DIRECTOR)
    change = propose(session, draft(session, quality, now, **values), quality, day, now)
    perform(session, change, "approve", director, now=now)
    return change


def refused(session: Session, item: Any, action: str, actor: Actor, now: datetime = NOW, **given: Any) -> str:
    with pytest.raises(ActionRefused) as no, session.begin_nested():
        perform(session, item, action, actor, now=now, **given)
    session.refresh(item)
    return str(no.value)


def test_whoever_had_a_hand_in_it_never_decides(session: Session) -> None:
    head, director = make_actor(session, Role.HEAD_OF_COMMISSIONING), make_actor(session, Role.DIRECTOR)
    administrator = make_actor(session, Role.ADMINISTRATOR)
    change = draft(session, head)
    assert refused(session, change, "propose", head, values={"effective_on": NOW.date()}, reason="x").startswith(
        "Give a day after today"
    )
    propose(session, change, administrator)
    # The head drafted it, the administrator proposed it; a deputy of the head brings the head's own hands.
    stands_in = replace(make_actor(session, Role.HEAD_OF_COMMISSIONING), on_behalf_of=head.user_id)
    stood_for = replace(head, user_id=director.user_id, on_behalf_of=head.user_id)
    for actor in (head, stands_in, stood_for):
        assert "You had a hand in it" in refused(session, change, "approve", actor)
        assert "You had a hand in it" in refused(session, change, "refuse", actor, reason="No")
    assert "This is for a head of commissioning or a director" in refused(session, change, "approve", administrator)
    other = make_actor(session, Role.HEAD_OF_COMMISSIONING)
    perform(session, change, "move_day", other, now=NOW, values={"effective_on": DAY + timedelta(days=1)})
    assert "You had a hand in it" in refused(session, change, "approve", other), "who gives the day does not decide"
    perform(session, change, "approve", director, now=NOW)
    version = newest(session)
    assert (version.number, version.in_force_from) == (2, midnight(DAY + timedelta(days=1)))
    assert version.in_force_from == datetime(2026, 4, 6, 23, tzinfo=UTC), "the start of a London day"
    # Taking it back needs a second person too.
    assert "another person revokes it" in refused(session, change, "revoke", director, reason="A slip")
    perform(session, change, "revoke", head, now=NOW, reason="A slip")
    assert newest(session).number == 1 and change.state == State.REVOKED and not change.is_open
    # Begun again by somebody else, the values are still the head's.
    again, _ = begin_again(session, change, actor=administrator, now=NOW)
    propose(session, again, administrator)
    assert "You had a hand in it" in refused(session, again, "approve", head)
    # Nobody outside sees it, so nobody's access ends: a draft would be out of everybody's sight for good.
    kept = draft(session, head)
    values, coordinator = {"organisation_id": head.organisation_id}, make_actor(session, Role.COORDINATOR)
    said = refused(session, kept, "remove_party", coordinator, values=values, reason="x")
    assert "nobody outside sees it" in said
    # Its number is never given again.
    assert approved(session).number == 3


def test_a_set_is_used_from_its_moment_and_by_what_is_sent_from_then_on(session: Session) -> None:
    before = make_referral(session, now=NOW)
    late_draft = start_referral(session, now=NOW)
    change = approved(session, routine="3 working days")
    moment = midnight(DAY)
    book = rulebook(session)
    assert book.in_force(moment - timedelta(microseconds=1)) == before.policy_version_id
    assert book.in_force(moment) == change.policy_set_id
    last = make_referral(session, now=moment - timedelta(seconds=1))
    first = make_referral(session, now=moment)
    perform(session, late_draft, "submit", owner_of(session, late_draft), now=moment, values=ANSWERS["submit"])
    assert {before.policy_version_id, last.policy_version_id} == {book.order[0][1]}
    assert {first.policy_version_id, late_draft.policy_version_id} == {change.policy_set_id}
    assert clock(session, last).duration == "7 calendar days" and clock(session, first).duration == "3 working days"
    # The day rings it in force, on time, though the worker came an hour late; afterwards nothing is revoked.
    head = make_actor(session, Role.HEAD_OF_COMMISSIONING)
    assert "It is in force already" in refused(session, change, "revoke", head, now=moment, reason="Too late")
    while ring_due(session, now=moment + timedelta(hours=1)):
        pass
    session.refresh(change)
    assert change.state == State.IN_FORCE
    begun = session.scalars(select(Clock).where(Clock.item_id == change.id, Clock.name == "begin")).one()
    assert (begun.outcome, begun.stopped_at) == ("met", moment)


def test_the_day_it_comes_into_force_is_not_paused(session: Session) -> None:
    change = approved(session)
    head = make_actor(session, Role.HEAD_OF_COMMISSIONING)
    said = refused(session, change, "ask_pause", head, values={"clock": "begin"}, reason="Not yet")
    assert said == "No clock is running that could be paused"


def owner_of(session: Session, item: Any) -> Actor:
    from hub.accounts.models import Membership
    from tests.factories import actor_of

    return actor_of(session.scalars(select(Membership).where(Membership.user_id == item.opened_by_id)).one())


def clock(session: Session, item: WorkItem) -> Clock:
    return session.scalars(select(Clock).where(Clock.item_id == item.id, Clock.name == "review")).one()


def test_the_comparison_equals_what_then_happens(session: Session) -> None:
    manager, director = make_actor(session, Role.CASE_MANAGER), make_actor(session, Role.DIRECTOR)
    moment, received = midnight(DAY), midnight(DAY) - timedelta(days=4, hours=5)
    raised_at = moment + timedelta(hours=3)

    def sent(now: datetime, priority: str, to: str = "") -> Any:
        """A referral that was received before the day, and perhaps raised after it."""
        made = make_referral(session, now=now, received_at=received, priority=priority)
        if to:
            perform(session, made, "change_priority", manager, now=raised_at, values={"priority": to}, reason="Worse")
        return made

    ways = [("routine", ""), ("urgent", ""), ("emergency", ""), ("routine", "urgent"), ("urgent", "routine")]
    old = [sent(received, *way) for way in ways]
    quality = make_actor(session, Role.QUALITY_LEAD)
    change = draft(session, quality, received, routine="3 working days", urgent="30 hours")
    entries = {
        key: content_of(change).with_value(key, value).entries[key]
        for key, value in {"clocks.day_starts": "08:00", "clocks.day_ends": "16:00"}.items()
    }
    revise(session, change, entries, actor=quality, now=received, seen=change.version)
    propose(session, change, quality, DAY, received)
    was = {item.id: clock(session, item).due_at for item in old}
    page = ComparisonPage(session, content_of(change), director, None)
    rows = {row.reference: row for row in page.page.rows if row.clock == "review"}
    assert set(rows) == {item.reference for item in old if item.priority != "emergency"}
    assert page.carried.sets == {newest(session).id: len(old) + 1} and page.touched.seen == page.touched.deadlines
    perform(session, change, "approve", director, now=received)
    for item, way in zip(old, ways, strict=True):
        then = sent(moment, *way)
        assert then.policy_version_id == change.policy_set_id
        if item.reference in rows:
            assert clock(session, then).due_at == rows[item.reference].due_if, way
            assert rows[item.reference].due_if != rows[item.reference].due_at, way
        assert clock(session, item).due_at == was[item.id], "nothing of the old moves"


def test_disputes_are_compared_by_their_urgency_and_by_what_they_have_left_at_the_least(session: Session) -> None:
    director, quality = make_actor(session, Role.DIRECTOR), make_actor(session, Role.QUALITY_LEAD)
    table, hour = make_table(session), timedelta(hours=1)
    standard, urgent = (make_dispute(session, table=table, urgency=urgency) for urgency in ("standard", "urgent"))
    raised = make_dispute(session, table=table)
    do(session, raised, "raise_urgency", table.convenor, NOW + hour)
    back = make_dispute(session, table=table)
    go_up(session, back, table, "senior", NOW + 48 * hour)
    do(session, back, "return_to_local", table.convenor, NOW + 72 * hour, question="Which home?")
    change = begin_draft(session, "Longer", actor=quality, now=NOW)
    new = content_of(change)
    for key, value, urgency in (
        ("escalation.stage.local", "3 working days", "standard"),
        ("escalation.stage.local", "6 hours", "urgent"),
        ("escalation.reply.local", "4 working days", "standard"),
    ):
        new = new.with_value(key, value, urgency=urgency)
    found = ComparisonPage(session, new, director, None).page.rows
    rows = {row.reference: row for row in found if row.clock == "stage_local"}
    assert [row.why_not for row in found if row.why_not] == []
    calendar = calendar_under(rulebook(session), new)
    due = {
        standard: work_out(parse_duration("3 working days"), NOW, calendar).due_at,
        urgent: NOW + 6 * hour,
        raised: NOW + 7 * hour,
        back: work_out(parse_duration("4 working days"), NOW + 72 * hour, calendar).due_at,
    }
    assert {item.reference: when for item, when in due.items()} == {name: row.due_if for name, row in rows.items()}


def test_two_at_one_draft_lose_nothing_and_a_newer_set_is_said(session: Session) -> None:
    one, two = make_actor(session, Role.QUALITY_LEAD), make_actor(session, Role.ADMINISTRATOR)
    change = draft(session, one)
    seen = change.version
    entries = changed(content_of(change), urgent="24 hours")
    revise(session, change, entries, actor=one, now=NOW, seen=seen)
    with pytest.raises(ActionRefused, match="Someone else has changed this") as late, session.begin_nested():
        revise(session, change, changed(content_of(change), emergency="6 hours"), actor=two, now=NOW, seen=seen)
    assert late.value.is_stale
    session.refresh(change)
    assert revise(session, change, entries, actor=two, now=NOW, seen=change.version) == [], "nothing new is no change"
    revise(session, change, changed(content_of(change), emergency="6 hours"), actor=two, now=NOW, seen=change.version)
    values = content_of(change).entries["referral.review"].values
    assert [values[("cyp", part)] for part in PRIORITIES] == ["6 hours", "24 hours", "10 working days"]
    assert change.writers == sorted(actor.user_id for actor in (one, two) if actor.user_id)
    # Meanwhile another set is approved: this one cannot go on, and begun again it holds the changes of both.
    approved(session, routine="4 working days")
    assert "Set 2 is the newest now" in refused(
        session, change, "propose", one, values={"effective_on": DAY}, reason="x"
    )
    again, clashes = begin_again(session, change, actor=one, now=NOW)
    assert "10 working days" in clashes[0] and "4 working days" in clashes[0] and len(clashes) == 1
    said = "Set 2 comes into force on Monday 6 April 2026. Give a later day"
    assert refused(session, again, "propose", one, values={"effective_on": DAY}, reason="x") == said
    propose(session, again, one, DAY + timedelta(days=1))
    perform(session, again, "approve", make_actor(session, Role.DIRECTOR), now=NOW)
    second = session.scalars(select(PolicyChange).where(PolicyChange.number == 2)).one()
    head = make_actor(session, Role.HEAD_OF_COMMISSIONING)
    assert "Set 3 builds on it" in refused(session, second, "revoke", head, reason="A slip")
    numbers = session.scalars(select(PolicyVersion.number).order_by(PolicyVersion.in_force_from)).all()
    assert numbers == [1, 2, 3]
    # A day that passed while nobody decided is said, and another one given.
    waiting = propose(session, draft(session, one, emergency="1 hour"), one, DAY + timedelta(days=2))
    late_now = midnight(DAY + timedelta(days=2))
    assert "Give a day after today" in refused(session, waiting, "approve", head, now=late_now)


PRIORITIES = ("emergency", "urgent", "routine")


def test_of_two_that_are_approved_at_once_the_second_is_told(committed: Engine) -> None:
    with Session(committed, expire_on_commit=False) as session, transaction(session):
        quality, director = make_actor(session, Role.QUALITY_LEAD), make_actor(session, Role.DIRECTOR)
        ids = [
            propose(session, draft(session, quality, routine=length), quality, DAY + timedelta(days=later)).id
            for later, length in enumerate(("3 working days", "4 working days"))
        ]

    def approve_second() -> str:
        with Session(committed) as other, pytest.raises(ActionRefused) as no, transaction(other):
            perform(other, other.get_one(PolicyChange, ids[1]), "approve", director, now=NOW)
        return str(no.value)

    with Session(committed) as first, ThreadPoolExecutor(1) as pool:
        with transaction(first):
            perform(first, first.get_one(PolicyChange, ids[0]), "approve", director, now=NOW)
            second = pool.submit(approve_second)
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
            with committed.connect() as watching:
                while not watching.scalar(waiting) and not second.done():
                    watching.rollback()
        assert "Set 2 is the newest now" in second.result(timeout=30)
