"""Pauses on request from asking to their end, and corrected starts: what is kept, refused, done by the hub itself."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.engine.available import everyday_actions
from hub.engine.models import Clock, OutboxMessage, Transition
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.resuming import WHY, resume_due
from hub.engine.rulebook import PolicyVersion
from hub.engine.start import Beginning, PartyTo, start
from hub.engine.stored_clocks import start_of
from hub.engine.visibility import HUB_SEES, View
from hub.referrals.models import Referral
from tests.engine import loan
from tests.engine.test_clocks import clock, copies_are_right, moment
from tests.factories import ANSWERS, NOW, make_actor, make_person, make_referral
from tests.placement_factory import make_ward
from tests.stay_factory import do, stay_on
from workflows.actor import Actor
from workflows.policy import DEFAULT
from workflows.roles import Role

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def act(session: Session, item: Any, action: str, actor: Actor, now: datetime, why: str = "x", **values: Any) -> None:
    perform(session, item, action, actor, now=now, values={"clock": "review", **values}, reason=why)


def paused(session: Session, asking: Actor, approving: Actor, now: datetime = NOW, **asked: Any) -> Referral:
    item = make_referral(session)
    act(session, item, "ask_pause", asking, now, "The family asked for time", **asked)
    act(session, item, "approve_pause", approving, now)
    return item


def last(session: Session) -> Transition:
    return session.scalars(select(Transition).order_by(Transition.id.desc()).limit(1)).one()


def newest(session: Session, topic: str) -> dict[str, Any]:
    found = session.scalars(select(OutboxMessage).where(OutboxMessage.topic == topic).order_by(OutboxMessage.id.desc()))
    row = found.first()
    assert row is not None, f"nobody is told of {topic}"
    return row.payload


def test_a_request_is_refused_or_taken_back(session: Session, coordinator: Actor, case_manager: Actor) -> None:
    item, other = make_referral(session), make_referral(session)
    for action in ("refuse_pause", "withdraw_pause"):
        with pytest.raises(ActionRefused, match=r"(Nobody has|You have not) asked for a pause"):
            act(session, item, action, coordinator, NOW)
    act(session, item, "ask_pause", coordinator, NOW, "Exams", until=NOW + DAY)
    assert newest(session, "item.pause_asked")["reference"] == item.reference
    with pytest.raises(ActionRefused, match="You have not asked for a pause"):
        act(session, item, "withdraw_pause", case_manager, NOW)
    act(session, item, "refuse_pause", case_manager, NOW + HOUR, "A week is long enough")
    assert (clock(item).asked, clock(item).is_running, clock(item).pauses) == (None, True, [])
    assert (last(session).action, last(session).reason) == ("refuse_pause", "A week is long enough")
    assert newest(session, "item.pause_refused")["to"] == [coordinator.user_id]
    act(session, other, "ask_pause", coordinator, NOW)
    act(session, other, "withdraw_pause", coordinator, NOW)
    assert (clock(other).asked, last(session).action) == (None, "withdraw_pause")
    # Of two clocks, each request is its own asker's and each answer is about the clock that is named.
    aed = make_referral(session, service_line="aed")
    act(session, aed, "ask_pause", coordinator, NOW)
    act(session, aed, "ask_pause", case_manager, NOW, clock="acknowledge")
    with pytest.raises(ActionRefused, match="You did not ask for a pause of this clock"):
        act(session, aed, "withdraw_pause", case_manager, NOW)
    act(session, aed, "withdraw_pause", case_manager, NOW, clock="acknowledge")
    with pytest.raises(ActionRefused, match="Nobody has asked for a pause of this clock"):
        act(session, aed, "refuse_pause", case_manager, NOW, clock="acknowledge")
    assert clock(aed).asked is not None and copies_are_right(session, aed)


def test_a_pause_has_a_planned_end_and_caps_by_policy(
    session: Session, coordinator: Actor, case_manager: Actor
) -> None:
    item = make_referral(session)
    with pytest.raises(ActionRefused, match="at most 10 working days: give a time up to Monday 30 March 2026, 5pm"):
        act(session, item, "ask_pause", coordinator, NOW, until=NOW + 15 * DAY)
    with pytest.raises(ActionRefused, match="this has passed already; give a time to come"):
        act(session, item, "ask_pause", coordinator, NOW, until=NOW)
    with pytest.raises(ActionRefused, match="has run out, so it cannot be paused any more"):
        act(session, item, "ask_pause", coordinator, clock(item).due_at)
    act(session, item, "ask_pause", coordinator, NOW, until=NOW + HOUR)
    with pytest.raises(ActionRefused, match="asked for until Monday 16 March 2026, 11am, which has passed"):
        act(session, item, "approve_pause", case_manager, NOW + HOUR)
    act(session, item, "ask_pause", coordinator, NOW)  # again, without an end: the longest that policy allows
    for number in range(3):
        at = NOW + number * HOUR
        if number:
            act(session, item, "ask_pause", coordinator, at)
        act(session, item, "approve_pause", case_manager, at)
        assert clock(item).resume_at == moment("2026-03-30T16:00Z")
        assert newest(session, "item.pause_approved")["to"] == [coordinator.user_id]
        act(session, item, "resume_clock", case_manager, at + HOUR / 2)
        assert (clock(item).resume_at, clock(item).is_running) == (None, True)
    with pytest.raises(ActionRefused, match="at most 3 times"):
        act(session, item, "ask_pause", coordinator, NOW + DAY)
    once = DEFAULT.with_value("pauses.most_times", 1)
    session.execute(update(PolicyVersion).values(content=once.to_json()))
    with pytest.raises(ActionRefused, match="at most once"):
        act(session, item, "ask_pause", coordinator, NOW + DAY)


def test_no_pause_on_request_where_the_priority_allows_none(session: Session, coordinator: Actor) -> None:
    for priority in ("emergency", "urgent"):
        item = make_referral(session, priority=priority)
        with pytest.raises(ActionRefused, match="At this priority the clock cannot be paused"):
            act(session, item, "ask_pause", coordinator, NOW)
        assert "ask_pause" not in {offer.action.name for offer in everyday_actions(item, coordinator)}
    aed = make_referral(session, service_line="aed", priority="urgent")
    with pytest.raises(ActionRefused, match="At this priority the clock cannot be paused"):
        act(session, aed, "ask_pause", coordinator, NOW)
    act(session, aed, "ask_pause", coordinator, NOW, clock="acknowledge")


def test_the_hub_ends_a_pause_at_its_planned_moment_however_late_it_comes_by(
    session: Session, coordinator: Actor, case_manager: Actor
) -> None:
    until = NOW + 2 * DAY
    item, by_hand, stopped = (paused(session, coordinator, case_manager, until=until) for _ in range(3))
    assert (clock(item).resume_at, resume_due(session, now=until - HOUR)) == (until, 0)
    act(session, by_hand, "resume_clock", coordinator, until - DAY)
    perform(session, stopped, "start_review", coordinator, now=NOW)
    perform(session, stopped, "decline", case_manager, now=until + DAY, values=ANSWERS["decline"])
    assert (clock(stopped).resume_at, clock(stopped).pauses[-1]["to"]) == (None, until.isoformat())
    late = until + 9 * HOUR
    assert (resume_due(session, now=late), resume_due(session, now=late)) == (1, 0)
    session.expire_all()
    assert (clock(item).is_running, clock(item).resume_at) == (True, None)
    assert clock(item).pauses[0]["to"] == until.isoformat(), "not when the worker came by"
    assert clock(item).due_at == moment("2026-03-25T23:59:59Z")
    row = last(session)
    assert (row.action, row.actor_id, row.acting_role, row.reason, row.at) == (
        "resume_clock",
        None,
        "system",
        WHY,
        late,
    )
    assert copies_are_right(session, item)


def test_of_clocks_of_one_name_each_has_its_own_pause(
    session: Session, coordinator: Actor, case_manager: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    loan.make_table(session)
    for role in (Role.COORDINATOR, Role.CASE_MANAGER):
        monkeypatch.setitem(HUB_SEES[role], "loan", View.ALL)
    parties = [PartyTo(("asked",), user_id=make_person(session).id) for _ in range(3)]
    item = start(session, loan.LOAN, coordinator, now=NOW, values={}, about=Beginning(parties=parties))
    reply = {"clock": "reply"}
    for until in (NOW + 3 * HOUR, NOW + HOUR):
        act(session, item, "ask_pause", coordinator, NOW, **reply, until=until)
        act(session, item, "approve_pause", case_manager, NOW, **reply)
    act(session, item, "ask_pause", coordinator, NOW, **reply)

    def ends() -> list[datetime | None]:
        session.expire_all()
        rows = session.scalars(select(Clock).where(Clock.item_id == item.id, Clock.name == "reply").order_by(Clock.id))
        return [row.resume_at if row.paused_at else None for row in rows]

    assert ends() == [NOW + 3 * HOUR, NOW + HOUR, None]
    assert resume_due(session, now=NOW + HOUR) == 1
    assert ends() == [NOW + 3 * HOUR, None, None], "the other party's pause goes on until its own end"
    act(session, item, "refuse_pause", case_manager, NOW + HOUR, **reply)
    act(session, item, "ask_pause", coordinator, NOW + HOUR, **reply)
    act(session, item, "ask_pause", case_manager, NOW + HOUR, **reply)
    act(session, item, "withdraw_pause", case_manager, NOW + HOUR, **reply)


def test_a_clock_that_cannot_be_resumed_holds_up_no_other(
    session: Session, coordinator: Actor, case_manager: Actor
) -> None:
    broken, sound = (paused(session, coordinator, case_manager, until=NOW + DAY) for _ in range(2))
    session.execute(update(Clock).where(Clock.item_id == broken.id).values(duration="some time"))
    assert resume_due(session, now=NOW + DAY, limit=1) == 1
    session.expire_all()
    assert (clock(sound).is_running, clock(broken).is_running) == (True, False)
    with pytest.raises(ValueError, match="is not a length of time"):
        resume_due(session, now=NOW + DAY)


def test_a_raise_ends_a_pause_on_request_even_where_a_state_may_pause(session: Session, coordinator: Actor) -> None:
    open_to_all = DEFAULT.with_value("pauses.allowed", True, priority="urgent")
    session.execute(update(PolicyVersion).values(content=open_to_all.to_json()))
    manager = make_actor(session, Role.CASE_MANAGER)
    item = paused(session, coordinator, manager)
    perform(session, item, "change_priority", manager, now=NOW + HOUR, values={"priority": "urgent"}, reason="x")
    assert not clock(item).is_running, "policy lets an urgent clock be paused on request"
    perform(session, item, "change_priority", manager, now=NOW + DAY, values={"priority": "emergency"}, reason="x")
    assert (clock(item).is_running, clock(item).due_at) == (True, NOW + DAY + 12 * HOUR)


def test_a_corrected_start_keeps_the_original(session: Session, coordinator: Actor, case_manager: Actor) -> None:
    item, right = make_referral(session), NOW - 3 * DAY
    for wrong, said in ((NOW, "It already starts then"), (NOW + HOUR, "this has not happened yet")):
        with pytest.raises(ActionRefused, match=said):
            act(session, item, "correct_start", coordinator, NOW, started_at=wrong)
    with pytest.raises(ActionRefused, match="Give your reason"):
        act(session, item, "correct_start", coordinator, NOW, why="", started_at=right)
    act(session, item, "correct_start", coordinator, NOW + HOUR, "The fax came on Friday", started_at=right)
    found = clock(item)
    assert (found.started_at, start_of(found), found.due_at) == (NOW, right, moment("2026-03-20T23:59:59Z"))
    assert found.changes[0]["text"].startswith("Start corrected from Monday 16 March 2026, 10am to Friday 13 March")
    assert last(session).values["started_at"] == {"old": NOW.isoformat(), "new": right.isoformat()}
    assert last(session).values["deadline:review"]["old"] == moment("2026-03-23T23:59:59Z").isoformat()
    assert last(session).reason == "The fax came on Friday" and copies_are_right(session, item)
    # The moment on the item goes with it, so that the decision that follows counts from the right one.
    assert item.received_at == right and last(session).values["received_at"]["new"] == right.isoformat()
    perform(session, item, "change_priority", case_manager, now=NOW, values={"priority": "urgent"}, reason="x")
    perform(session, item, "change_priority", case_manager, now=NOW, values={"priority": "routine"}, reason="x")
    assert clock(item).due_at == moment("2026-03-20T23:59:59Z"), "down counts from the right start"
    # A clock that counts from no recorded moment, or has started again, is corrected alone.
    perform(session, item, "start_review", coordinator, now=NOW)
    perform(session, item, "return_incomplete", coordinator, now=NOW, values=ANSWERS["return_incomplete"])
    act(session, item, "correct_start", coordinator, NOW, clock="resubmit", started_at=NOW - 3 * DAY)
    assert (clock(item, "resubmit").due_at, item.received_at) == (moment("2026-03-20T17:00Z"), right)


def test_the_start_of_two_clocks_is_one_moment_and_one_with_an_action_of_its_own_is_left_to_it(
    session: Session, coordinator: Actor
) -> None:
    aed = make_referral(session, service_line="aed")
    act(session, aed, "correct_start", coordinator, NOW, started_at=NOW - DAY)
    assert {start_of(row) for row in aed.clocks} == {NOW - DAY}
    ward = make_ward(session)
    stay = stay_on(session, ward)
    do(session, stay, "end_stay", ward.manager, NOW, now=NOW)
    with pytest.raises(ActionRefused, match=r"It counts from “When did the person leave.”: correct"):
        act(session, stay, "correct_start", coordinator, NOW, clock="follow_up", started_at=NOW - HOUR)
    values = {"left_at": NOW - HOUR}
    perform(session, stay, "correct_end", ward.manager, now=NOW, values=values, reason="x")
    [found] = (row for row in stay.clocks if row.name == "follow_up")
    assert (found.started_at, start_of(found), found.due_at) == (NOW, NOW - HOUR, NOW + 71 * HOUR)
    perform(session, stay, "correct_end", ward.manager, now=NOW, values=values, reason="Once more")
    assert len(found.changes) == 1, "the same moment again changes nothing"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2026-03-29T01:30", "1:30am on Sunday 29 March 2026 did not exist: the clocks went forward"),
        ("2026-10-25T01:30", "1:30am on Sunday 25 October 2026 happened twice"),
    ],
)
def test_a_corrected_moment_that_no_clock_or_two_clocks_showed_is_refused(
    session: Session, referrer: Actor, value: str, said: str
) -> None:
    item = make_referral(session, referrer=referrer)
    values = {"field": "legal_status_expires_at", "value": value}
    with pytest.raises(ActionRefused, match=said):
        perform(session, item, "correct_field", referrer, now=NOW, values=values, reason="x")


def test_a_moment_that_was_set_has_no_start_to_correct(session: Session, coordinator: Actor) -> None:
    item = make_referral(session)
    session.execute(update(Clock).where(Clock.item_id == item.id).values(duration=""))
    with pytest.raises(ActionRefused, match="No clock counts from a moment that can be corrected") as refused:
        act(session, item, "correct_start", coordinator, NOW, started_at=NOW - DAY)
    assert refused.value.problems
    aed = make_referral(session, service_line="aed")
    session.execute(update(Clock).where(Clock.item_id == aed.id, Clock.name == "review").values(duration=""))
    with pytest.raises(ActionRefused, match="its start changes nothing"):
        act(session, aed, "correct_start", coordinator, NOW, started_at=NOW - DAY)
