"""Clocks of a referral: started from receipt, paused, resumed, stopped, and what the item and its parties copy."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.engine.clock_steps import ring_in_silence
from hub.engine.models import FAR, Clock, ItemParty
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.rulebook import PolicyVersion
from hub.engine.start import start
from hub.referrals.models import Referral
from tests.factories import ANSWERS, NOW, make_actor, make_referral, referral_values, start_referral
from workflows.actor import Actor
from workflows.policy import DEFAULT, Never
from workflows.referral import REFERRAL
from workflows.roles import Role


def clock(item: Referral, name: str = "review") -> Clock:
    """The newest clock of this name."""
    return [row for row in item.clocks if row.name == name][-1]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def copies_are_right(session: Session, item: Referral) -> bool:
    session.expire_all()
    running = [row.due_at for row in item.clocks if row.is_running]
    rows = session.scalars(select(ItemParty).where(ItemParty.item_id == item.id)).all()
    return item.next_due_at == min(running, default=FAR) and all(
        (row.next_due_at, row.is_open) == (item.next_due_at, item.is_open) for row in rows
    )


@pytest.mark.parametrize(
    ("line", "priority", "due"),
    [
        ("cyp", "emergency", "2026-03-16T22:00Z"),
        ("cyp", "urgent", "2026-03-18T10:00Z"),
        ("cyp", "routine", "2026-03-23T23:59:59Z"),
        ("secure", "urgent", "2026-03-30T22:59:59Z"),
        ("secure", "routine", "2026-03-30T22:59:59Z"),
        ("aed", "emergency", "2026-03-16T22:00Z"),
        ("aed", "urgent", "2026-03-18T10:00Z"),
        ("aed", "routine", "2026-03-23T23:59:59Z"),
    ],
)
def test_review_runs_from_receipt(session: Session, referrer: Actor, line: str, priority: str, due: str) -> None:
    item = start_referral(session, referrer, **referral_values(priority, line))
    sent_at = NOW + timedelta(hours=1)
    perform(session, item, "submit", referrer, now=sent_at, values=ANSWERS["submit"])
    found = clock(item)
    assert (found.started_at, found.due_at, found.rule) == (NOW, moment(due), "referral.review")
    names = {"review", "acknowledge"} if line == "aed" else {"review"}
    assert {row.name for row in item.clocks} == names
    assert copies_are_right(session, item)


@pytest.mark.parametrize(
    ("received", "due"),
    [("2026-03-27T23:30Z", "2026-03-28T11:30Z"), ("2026-03-28T23:30Z", "2026-03-29T11:30Z")],
)
def test_an_emergency_at_night_and_through_the_clock_change(session: Session, received: str, due: str) -> None:
    item = make_referral(session, priority="emergency", now=moment(received))
    assert clock(item).due_at == moment(due)  # 12:30 British Summer Time on the Sunday


def test_a_draft_has_no_clock(session: Session, referrer: Actor) -> None:
    item = start_referral(session, referrer)
    assert (item.clocks, item.next_due_at) == ([], FAR)


def test_a_routine_review_stands_still_while_returned(session: Session, referrer: Actor) -> None:
    item = make_referral(session, "returned", step=timedelta(hours=1), referrer=referrer)
    review, resubmit = clock(item), clock(item, "resubmit")
    assert (review.is_running, review.paused_at) == (False, NOW + timedelta(hours=3))
    assert review.pauses[0]["why"] == "waiting: returned"
    assert (resubmit.is_running, resubmit.due_at) == (True, moment("2026-03-23T17:00Z"))
    assert item.next_due_at == resubmit.due_at
    back = NOW + timedelta(days=2, hours=3)
    perform(session, item, "submit", referrer, now=back, values=ANSWERS["submit"])
    review, resubmit = clock(item), clock(item, "resubmit")
    assert (review.is_running, review.paused_at, review.due_at) == (True, None, moment("2026-03-25T23:59:59Z"))
    assert (resubmit.outcome, resubmit.stopped_at) == ("met", back)
    assert copies_are_right(session, item)


def test_an_urgent_review_runs_on_while_returned(session: Session) -> None:
    item = make_referral(session, "returned", priority="urgent")
    assert (clock(item).is_running, clock(item).pauses) == (True, [])
    assert copies_are_right(session, item)


def test_a_second_return_has_a_resubmit_clock_of_its_own(session: Session, referrer: Actor, coordinator: Actor) -> None:
    item = make_referral(session, "returned", referrer=referrer)
    later = NOW + timedelta(days=10)
    perform(session, item, "submit", referrer, now=later, values=ANSWERS["submit"])
    perform(session, item, "start_review", coordinator, now=later)
    perform(session, item, "return_incomplete", coordinator, now=later, values=ANSWERS["return_incomplete"])
    rows = [row for row in item.clocks if row.name == "resubmit"]
    assert [(row.outcome, row.started_at) for row in rows] == [("met_late", NOW), (None, later)]
    assert copies_are_right(session, item)


def test_an_overdue_review_is_not_paused_any_more(session: Session, coordinator: Actor) -> None:
    item = make_referral(session, "in_review")
    late = clock(item).due_at + timedelta(hours=1)
    perform(session, item, "return_incomplete", coordinator, now=late, values=ANSWERS["return_incomplete"])
    assert (clock(item).is_running, clock(item).paused_at) == (True, None)
    assert item.next_due_at == clock(item).due_at < late, "overdue stays on top of every list"


def test_acknowledge_of_an_adult_eating_disorder_referral(session: Session, referrer: Actor) -> None:
    item = make_referral(session, "returned", service_line="aed", referrer=referrer, step=timedelta(hours=1))
    met = clock(item, "acknowledge")
    assert (met.duration, met.outcome, met.due_at) == ("2 calendar days", "met", moment("2026-03-18T23:59:59Z"))
    assert (met.gross_seconds, met.net_seconds) == (7200, 7200)
    perform(session, item, "submit", referrer, now=NOW + timedelta(days=4), values=ANSWERS["submit"])
    again = [row for row in item.clocks if row.name == "acknowledge"]
    assert [(row.outcome, row.stopped_at) for row in again] == [("met", NOW + timedelta(hours=2))], "kept for ever"


@pytest.mark.parametrize(
    ("action", "late", "outcome"),
    [
        ("accept", False, "met"),
        ("accept", True, "met_late"),
        ("withdraw", False, "stopped"),
        ("withdraw", True, "missed"),
    ],
)
def test_outcomes(session: Session, case_manager: Actor, action: str, late: bool, outcome: str) -> None:
    item = make_referral(session, "in_review", priority="urgent")
    end = NOW + timedelta(hours=50 if late else 20)
    perform(session, item, action, case_manager, now=end, reason="x")
    found = clock(item)
    assert (found.outcome, found.stopped_at, found.is_running) == (outcome, end, False)
    assert found.gross_seconds == found.net_seconds == (50 if late else 20) * 3600
    assert item.next_due_at == FAR
    assert copies_are_right(session, item)


def test_met_at_the_very_moment_is_met(session: Session, case_manager: Actor) -> None:
    item = make_referral(session, "in_review", priority="urgent")
    perform(session, item, "accept", case_manager, now=clock(item).due_at)
    assert clock(item).outcome == "met"


def test_net_time_leaves_the_pause_out(session: Session, case_manager: Actor) -> None:
    item = make_referral(session, "returned", step=timedelta(hours=1))
    end = NOW + timedelta(hours=9)
    perform(session, item, "withdraw", case_manager, now=end, reason="x")
    found = clock(item)
    assert (found.gross_seconds, found.net_seconds) == (9 * 3600, 3 * 3600)
    assert found.pauses[0]["to"] == end.isoformat()


def test_reopening_starts_a_new_review_from_the_action(session: Session, case_manager: Actor) -> None:
    item = make_referral(session, "declined", priority="urgent")
    again = NOW + timedelta(days=30)
    perform(session, item, "reopen", case_manager, now=again, reason="New facts")
    reviews = [row for row in item.clocks if row.name == "review"]
    assert [(row.started_at, row.outcome) for row in reviews] == [(NOW, "met"), (again, None)]
    assert reviews[1].due_at == again + timedelta(hours=48)
    assert copies_are_right(session, item)


def test_a_length_that_the_policy_set_forbids_is_a_refusal(session: Session, referrer: Actor) -> None:
    never = DEFAULT.with_value(
        "referral.review", Never("Nobody reviews those on our side"), service_line="cyp", priority="urgent"
    )
    session.add(PolicyVersion(name="Odd", number=2, in_force_from=NOW, content=never.to_json()))
    session.flush()
    item = start_referral(session, referrer, **referral_values("urgent"))
    with pytest.raises(ActionRefused, match="Nobody reviews those on our side"):
        perform(session, item, "submit", referrer, now=NOW, values=ANSWERS["submit"])
    assert (item.state, item.policy_version_id) == ("draft", None)


def test_a_deadline_that_had_passed_is_marked_in_silence(session: Session, referrer: Actor) -> None:
    item = start_referral(session, referrer, **referral_values("urgent"))
    late = NOW + timedelta(days=3)
    perform(session, item, "submit", referrer, now=late, values=ANSWERS["submit"])
    [row] = item.clocks
    assert ring_in_silence(item.clocks, late) == [{"id": row.id, "rang_at": row.due_at, "warned_at": row.due_at}]
    assert ring_in_silence(item.clocks, row.due_at - timedelta(seconds=1)) == []


def test_parties_that_have_left_keep_right_copies_too(session: Session, coordinator: Actor) -> None:
    item = make_referral(session)
    guest = make_actor(session, Role.FUNDER)
    values = {"organisation_id": guest.organisation_id}
    perform(session, item, "add_party", coordinator, now=NOW, values=values, reason="May pay")
    perform(session, item, "remove_party", coordinator, now=NOW, values=values, reason="Does not")
    perform(session, item, "start_review", coordinator, now=NOW)
    assert copies_are_right(session, item)


def test_a_child_started_without_a_draft_has_no_clock_yet(session: Session, coordinator: Actor) -> None:
    parent = make_referral(session)
    assert start(session, REFERRAL, coordinator, now=NOW, values={}, parent=parent).clocks == []
