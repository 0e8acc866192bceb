"""Changing the priority up and down, and pauses that one person asks for and another approves."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.engine.models import Clock, Transition
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.referrals.models import Referral
from tests.engine.test_clocks import clock, copies_are_right, moment
from tests.factories import ANSWERS, NOW, make_actor, make_referral, start_referral
from workflows.actor import Actor
from workflows.roles import Role

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def raise_or_lower(session: Session, item: Referral, priority: str, actor: Actor, now: datetime) -> None:
    perform(
        session,
        item,
        "change_priority",
        actor,
        now=now,
        values={"priority": priority},
        reason="The person is not as they were",
    )


def test_up_is_the_earlier_of_old_deadline_and_new_length_from_now(session: Session, case_manager: Actor) -> None:
    item = make_referral(session)
    old = clock(item).due_at
    raise_or_lower(session, item, "urgent", case_manager, NOW + DAY)
    assert clock(item).due_at == NOW + DAY + 48 * HOUR
    assert clock(item).changes[0]["effect"] == "up"
    row = session.scalars(select(Transition).order_by(Transition.id.desc())).first()
    assert row is not None and row.reason == "The person is not as they were"
    assert row.values["priority"] == {"old": "routine", "new": "urgent"}
    assert row.values["deadline:review"] == {
        "old": old.isoformat(),
        "new": (NOW + DAY + 48 * HOUR).isoformat(),
    }
    assert copies_are_right(session, item)
    late = make_referral(session)
    raise_or_lower(session, late, "urgent", case_manager, NOW + 7 * DAY)
    assert clock(late).due_at == moment("2026-03-23T23:59:59Z"), "the old deadline was earlier"


def test_down_is_the_new_length_from_the_original_start(session: Session, case_manager: Actor) -> None:
    item = make_referral(session, priority="emergency")
    raise_or_lower(session, item, "urgent", case_manager, NOW + 3 * HOUR)
    assert clock(item).due_at == NOW + 48 * HOUR
    raise_or_lower(session, item, "routine", case_manager, NOW + 4 * HOUR)
    assert clock(item).due_at == moment("2026-03-23T23:59:59Z")
    raise_or_lower(session, item, "emergency", case_manager, NOW + 5 * HOUR)
    assert clock(item).due_at == NOW + 17 * HOUR
    assert [change["effect"] for change in clock(item).changes] == ["down", "down", "up"]
    assert copies_are_right(session, item)


def test_up_while_returned_ends_the_pause_and_down_begins_one(session: Session, case_manager: Actor) -> None:
    item = make_referral(session, "returned")
    raise_or_lower(session, item, "urgent", case_manager, NOW + DAY)
    assert (clock(item).is_running, clock(item).due_at) == (True, NOW + 3 * DAY)
    assert clock(item).pauses[0]["to"] == (NOW + DAY).isoformat()
    assert copies_are_right(session, item)
    raise_or_lower(session, item, "routine", case_manager, NOW + 2 * DAY)
    assert (clock(item).is_running, clock(item).paused_at) == (False, NOW + 2 * DAY)
    assert clock(item).due_at == moment("2026-03-24T23:59:59Z"), "the past pause stands"
    assert item.next_due_at == clock(item, "resubmit").due_at
    assert copies_are_right(session, item)


def test_a_clock_whose_length_knows_no_priority_stays(session: Session, case_manager: Actor) -> None:
    item = make_referral(session, service_line="aed")
    due = clock(item, "acknowledge").due_at
    raise_or_lower(session, item, "urgent", case_manager, NOW + HOUR)
    assert (clock(item, "acknowledge").due_at, clock(item, "acknowledge").changes) == (due, [])


def test_who_may_change_the_priority(session: Session, coordinator: Actor, on_call: Actor, referrer: Actor) -> None:
    item = make_referral(session, priority="emergency", referrer=referrer)
    for actor in (coordinator, referrer):
        with pytest.raises(ActionRefused, match="This is for a case manager or an on-call manager"):
            raise_or_lower(session, item, "urgent", actor, NOW)
    raise_or_lower(session, item, "urgent", on_call, NOW)
    assert item.priority == "urgent"


def test_the_same_priority_and_a_draft_are_refused(session: Session, case_manager: Actor, coordinator: Actor) -> None:
    item = make_referral(session)
    with pytest.raises(ActionRefused, match="It already has this priority"):
        raise_or_lower(session, item, "routine", case_manager, NOW)
    draft = start_referral(session, make_actor(session, Role.REFERRER))
    with pytest.raises(ActionRefused, match="There is nothing here for you to do"):
        raise_or_lower(session, draft, "urgent", case_manager, NOW)
    ended = make_referral(session, "accepted")
    with pytest.raises(ActionRefused, match="It has ended"):
        raise_or_lower(session, ended, "urgent", case_manager, NOW)


def test_filling_in_again_changes_neither_priority_nor_service(session: Session, referrer: Actor) -> None:
    item = make_referral(session, "returned", referrer=referrer)
    for values in ({"priority": "urgent"}, {"priority": None}, {"service_line": "aed"}):
        with pytest.raises(ActionRefused, match="this stays as it was sent; ask the hub to change it"):
            perform(session, item, "fill_in", referrer, now=NOW, values=values)
    same = {"priority": "routine", "service_line": "cyp", "given_name": "Isa"}
    perform(session, item, "fill_in", referrer, now=NOW, values=same)
    assert item.given_name == "Isa"


def ask(session: Session, item: Referral, actor: Actor, now: datetime, name: str = "review") -> None:
    perform(
        session,
        item,
        "ask_pause",
        actor,
        now=now,
        values={"clock": name},
        reason="The family asked for time",
    )


def test_a_pause_takes_two_people(session: Session, referrer: Actor, coordinator: Actor, case_manager: Actor) -> None:
    item = make_referral(session, referrer=referrer)
    with pytest.raises(ActionRefused, match="Nobody has asked for a pause"):
        perform(session, item, "approve_pause", coordinator, now=NOW, values={"clock": "review"})
    ask(session, item, coordinator, NOW + HOUR)
    assert clock(item).asked == {
        "why": "The family asked for time",
        "by_id": coordinator.user_id,
        "for_id": None,
        "by": coordinator.name,
        "at": (NOW + HOUR).isoformat(),
        "until": None,
    }
    with pytest.raises(ActionRefused, match="You asked for this pause, so another person must approve it"):
        perform(session, item, "approve_pause", coordinator, now=NOW, values={"clock": "review"})
    with pytest.raises(ActionRefused, match="This is for a coordinator, a case manager"):
        perform(session, item, "approve_pause", referrer, now=NOW, values={"clock": "review"})
    perform(session, item, "approve_pause", case_manager, now=NOW + 2 * HOUR, values={"clock": "review"})
    paused = clock(item)
    assert (paused.is_running, paused.asked, paused.paused_at) == (False, None, NOW + 2 * HOUR)
    assert (paused.pauses[0]["asked_by"], paused.pauses[0]["approved_by"]) == (coordinator.name, case_manager.name)
    assert copies_are_right(session, item)
    with pytest.raises(ActionRefused, match="No clock is running"):
        ask(session, item, referrer, NOW)
    perform(
        session, item, "resume_clock", case_manager, now=NOW + 2 * DAY, values={"clock": "review"}, reason="They rang"
    )
    assert (clock(item).is_running, clock(item).due_at) == (True, moment("2026-03-25T23:59:59Z"))
    assert copies_are_right(session, item)


def test_a_paused_clock_stays_paused_until_somebody_resumes_it(
    session: Session, referrer: Actor, coordinator: Actor, case_manager: Actor
) -> None:
    item = make_referral(session, referrer=referrer)
    ask(session, item, referrer, NOW)
    perform(session, item, "approve_pause", coordinator, now=NOW, values={"clock": "review"})
    perform(session, item, "start_review", coordinator, now=NOW)
    assert not clock(item).is_running
    perform(session, item, "return_incomplete", coordinator, now=NOW, values=ANSWERS["return_incomplete"])
    with pytest.raises(ActionRefused, match="Choose a clock from the list"):
        perform(session, item, "resume_clock", coordinator, now=NOW, values={"clock": "resubmit"}, reason="x")
    perform(session, item, "resume_clock", coordinator, now=NOW + DAY, values={"clock": "review"}, reason="x")
    assert not clock(item).is_running, "it now stands still because the referral is returned"
    assert [part["why"] for part in clock(item).pauses] == ["The family asked for time", "waiting: returned"]
    with pytest.raises(ActionRefused, match="No clock was paused on request"):
        perform(session, item, "resume_clock", coordinator, now=NOW + DAY, values={"clock": "review"}, reason="x")


def test_raising_the_priority_ends_an_approved_pause_and_allows_no_more(
    session: Session, referrer: Actor, coordinator: Actor, case_manager: Actor
) -> None:
    item = make_referral(session, referrer=referrer)
    ask(session, item, referrer, NOW)
    perform(session, item, "approve_pause", coordinator, now=NOW, values={"clock": "review"})
    raise_or_lower(session, item, "urgent", case_manager, NOW + DAY)
    assert (clock(item).is_running, clock(item).due_at) == (True, NOW + 3 * DAY)
    with pytest.raises(ActionRefused, match="At this priority the clock cannot be paused"):
        ask(session, item, referrer, NOW + DAY)


def test_which_clock_and_whether_it_has_time(session: Session, referrer: Actor, coordinator: Actor) -> None:
    item = make_referral(session, referrer=referrer)
    with pytest.raises(ActionRefused, match="Choose a clock from the list"):
        ask(session, item, referrer, NOW, "tea")
    with pytest.raises(ActionRefused, match="This clock has run out"):
        ask(session, item, referrer, clock(item).due_at)
    ask(session, item, referrer, NOW)
    with pytest.raises(ActionRefused, match="This clock has run out"):
        perform(session, item, "approve_pause", coordinator, now=clock(item).due_at, values={"clock": "review"})
    aed = make_referral(session, service_line="aed", referrer=referrer)
    ask(session, aed, referrer, NOW)
    with pytest.raises(ActionRefused, match="Nobody else asked for a pause of this clock"):
        perform(session, aed, "approve_pause", coordinator, now=NOW, values={"clock": "acknowledge"})


def test_a_clock_that_its_state_pauses_is_not_resumed_by_hand(
    session: Session, referrer: Actor, coordinator: Actor
) -> None:
    item = make_referral(session, "returned", referrer=referrer)
    ask(session, item, referrer, NOW, "resubmit")
    perform(session, item, "approve_pause", coordinator, now=NOW, values={"clock": "resubmit"})
    with pytest.raises(ActionRefused, match="This clock was not paused on request"):
        perform(session, item, "resume_clock", coordinator, now=NOW, values={"clock": "review"}, reason="x")


def test_a_pause_of_ones_own_is_not_hidden_behind_anothers(
    session: Session, referrer: Actor, coordinator: Actor
) -> None:
    item = make_referral(session, service_line="aed", referrer=referrer)
    ask(session, item, referrer, NOW)
    ask(session, item, coordinator, NOW, "acknowledge")
    with pytest.raises(ActionRefused, match="Nobody else asked for a pause of this clock"):
        perform(session, item, "approve_pause", coordinator, now=NOW, values={"clock": "acknowledge"})
    perform(session, item, "approve_pause", coordinator, now=NOW, values={"clock": "review"})
    assert (clock(item).is_running, clock(item, "acknowledge").is_running) == (False, True)
    assert copies_are_right(session, item)


def test_a_clock_that_rang_and_has_time_again_rings_again(session: Session) -> None:
    late = make_referral(session, state="in_review", priority="emergency")
    session.execute(update(Clock).where(Clock.item_id == late.id).values(rang_at=NOW, warned_at=NOW))
    after = NOW + timedelta(days=1)
    perform(
        session,
        late,
        "change_priority",
        make_actor(session, Role.CASE_MANAGER),
        now=after,
        values={"priority": "routine"},
        reason="The ward can keep her",
    )
    clock = session.scalars(select(Clock).where(Clock.item_id == late.id, Clock.stopped_at.is_(None))).one()
    assert clock.due_at > after
    assert (clock.rang_at, clock.warned_at) == (None, None)
