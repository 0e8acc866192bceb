"""A day nobody works, announced late or taken back: what it moves, what it leaves, and what cannot be such a day."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.engine.admin_log import AdminChange
from hub.engine.audit import verify
from hub.engine.models import Clock, OutboxMessage, Transition
from hub.engine.perform import perform
from hub.engine.recount_days import Day, Kind, about_how_many, add_days, known_days, remove_day
from hub.engine.recount_models import Recount, RecountClock, RecountMove
from hub.engine.recounts import RECOUNTED, recount_due
from hub.engine.refusal import ActionRefused
from hub.engine.sweep import ring_due, warn_due
from hub.referrals.models import Referral
from tests.engine.test_clocks import clock, copies_are_right, moment
from tests.factories import NOW, make_actor, make_referral
from workflows.actor import Actor
from workflows.roles import Role

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
THURSDAY = date(2026, 3, 19)
WHY = "The trust closes for a day of mourning"


def closure(on_date: date = THURSDAY, title: str = "Day of mourning", kind: Kind = Kind.LOCAL_CLOSURE) -> Day:
    return Day(on_date, kind, title)


def close(session: Session, *days: date, now: datetime = NOW, by: Actor | None = None) -> list[int]:
    return add_days(session, by, [closure(day) for day in days], now=now, why=WHY)


def drain(session: Session, now: datetime = NOW, limit: int = 2) -> int:
    """Every step that can be done; how many."""
    steps = 0
    while recount_due(session, now=now, limit=limit):
        steps += 1
    session.expire_all()
    return steps


def said(rows: Sequence[Clock]) -> list[tuple[Any, ...]]:
    return [(row.id, row.due_at, row.warn_50_at, row.warn_80_at, row.warned_at, row.rang_at) for row in rows]


@pytest.fixture
def items(session: Session, case_manager: Actor) -> dict[str, Referral]:
    """Clocks of every sort that are open or ended on a Wednesday."""
    made = {
        "working": make_referral(session, "returned"),
        "calendar": make_referral(session, "in_review", service_line="secure"),
        "elapsed": make_referral(session, "in_review", priority="urgent"),
        "lowered": make_referral(session, "in_review", priority="urgent"),
        "ended": make_referral(session, "withdrawn"),
        "soon": make_referral(session, "returned", now=moment("2026-03-10T10:00Z")),
        "that_day": make_referral(session, "returned", now=moment("2026-03-19T10:00Z")),
    }
    lower = {"priority": "routine"}
    perform(session, made["lowered"], "change_priority", case_manager, now=NOW, values=lower, reason="They are calmer")
    session.flush()
    return made


def test_a_day_moves_what_counts_it_and_a_removed_one_moves_it_back(
    session: Session, items: dict[str, Referral], coordinator: Actor
) -> None:
    clocks = list(session.scalars(select(Clock).order_by(Clock.id)))
    before, versions = said(clocks), {name: item.version for name, item in items.items()}
    resubmit = clock(items["working"], "resubmit")
    assert resubmit.due_at == moment("2026-03-23T17:00Z")
    (added,) = close(session, THURSDAY, now=NOW + 2 * DAY, by=coordinator)
    expected = about_how_many(session, THURSDAY)
    drain(session, NOW + 2 * DAY)
    run = session.get_one(Recount, added)
    # Both clocks of what was returned (one stands still), those of the calendar, and what was changed.
    assert run.total == expected and run.finished_at == NOW + 2 * DAY
    assert resubmit.due_at == moment("2026-03-24T17:00Z")
    moved = session.scalars(select(RecountMove)).all()
    begun_that_day = clock(items["that_day"], "resubmit")
    assert [(move.clock_id, move.item_id, move.old_due_at, move.new_due_at) for move in moved] == [
        (resubmit.id, items["working"].id, moment("2026-03-23T17:00Z"), moment("2026-03-24T17:00Z")),
        (begun_that_day.id, items["that_day"].id, moment("2026-03-26T17:00Z"), moment("2026-03-27T17:00Z")),
    ]
    of_it = (Transition.action == "recount", Transition.item_id == items["working"].id)
    line = session.scalars(select(Transition).where(*of_it)).one()
    assert (line.item_id, line.acting_role, line.actor_id, line.at) == (
        items["working"].id,
        "system",
        None,
        NOW + 2 * DAY,
    )
    assert line.values == {
        "clock": {"new": "resubmit"},
        "deadline:resubmit": {"old": "2026-03-23T17:00:00+00:00", "new": "2026-03-24T17:00:00+00:00"},
        "calendar": {"new": "Local closure added: Thursday 19 March 2026, Day of mourning"},
    }
    changed = {row[0] for row, was in zip(said(clocks), before, strict=True) if row != was}
    calendar = clock(items["calendar"])
    assert resubmit.id in changed and clock(items["elapsed"]).id not in changed
    assert said([calendar])[0][1] == calendar.due_at and calendar.due_at == moment("2026-03-30T22:59:59Z")
    assert not changed & {row.id for row in [*items["ended"].clocks, *items["soon"].clocks, *items["elapsed"].clocks]}
    assert {name: item.version for name, item in items.items()} == versions, "nobody's form is out of date"
    assert all(copies_are_right(session, item) for item in items.values())
    told = session.scalars(select(OutboxMessage).where(OutboxMessage.topic == RECOUNTED)).all()
    assert [(row.item_id, row.payload["recount_id"]) for row in told] == [(None, added)]
    kept = session.scalars(select(AdminChange).where(AdminChange.subject == "day")).one()
    assert (kept.subject_key, kept.what, kept.by_id, kept.why) == ("2026-03-19", "added", coordinator.user_id, WHY)
    assert (kept.old, kept.new["kind"]) == ({"kind": None, "title": None}, "local closure")

    taken = remove_day(session, coordinator, THURSDAY, now=NOW + 2 * DAY, why="It was cancelled")
    drain(session, NOW + 2 * DAY)
    assert said(clocks) == before and session.get_one(Recount, taken).change == "removed"
    assert all(copies_are_right(session, item) for item in items.values())
    assert session.scalar(select(func.count()).select_from(RecountClock)) == 0
    assert verify(session).findings == ()
    assert drain(session) == 0, "nothing is left to do"


def test_a_warning_moves_although_the_deadline_stays(session: Session) -> None:
    """Seven calendar days from Monday 10am: four fifths fall on Sunday, told on Friday unless nobody is there."""
    item = make_referral(session, "in_review", now=moment("2026-03-13T10:00Z"))
    lowered = make_referral(session, "in_review", now=moment("2026-03-13T10:00Z"), priority="urgent")
    manager, lower = make_actor(session, Role.CASE_MANAGER), {"priority": "routine"}
    now = moment("2026-03-13T11:00Z")
    perform(session, lowered, "change_priority", manager, now=now, values=lower, reason="They are calmer")
    was = [(row.due_at, row.warn_80_at) for row in (clock(item), clock(lowered))]
    assert was[0] == was[1] and was[0][1] is not None
    close(session, was[0][1].date())
    drain(session)
    for row, (due, warned) in zip((clock(item), clock(lowered)), was, strict=True):
        assert row.due_at == due and row.warn_80_at != warned
    assert session.scalars(select(Transition).where(Transition.action == "recount")).all() == []
    assert session.scalars(select(RecountMove)).all() == []


def test_what_was_overdue_has_time_again_warns_and_rings_again(session: Session) -> None:
    item = make_referral(session, "returned")
    late = moment("2026-03-24T10:00Z")
    assert (ring_due(session, now=late), warn_due(session, now=late)) == (1, 0)
    assert clock(item, "resubmit").rang_at == moment("2026-03-23T17:00Z")
    close(session, THURSDAY, now=late)
    drain(session, late)
    again = clock(item, "resubmit")
    assert (again.rang_at, again.warned_at, again.due_at) == (None, None, moment("2026-03-24T17:00Z"))
    assert copies_are_right(session, item)
    assert warn_due(session, now=late) == 1
    assert ring_due(session, now=late + 8 * HOUR) == 1
    still = moment("2026-03-26T10:00Z")
    close(session, date(2026, 3, 20), now=still)
    drain(session, still)
    assert clock(item, "resubmit").rang_at == moment("2026-03-24T17:00Z"), "a day more, and still too late"
    assert verify(session).findings == ()


def test_a_clock_that_stands_still_keeps_the_rest_of_its_time(session: Session, referrer: Actor) -> None:
    """Paused on Tuesday, closed on Thursday, resumed on Friday: five working days, of which one was used."""
    item = make_referral(session, "returned", referrer=referrer)
    manager, other = make_actor(session, Role.CASE_MANAGER), make_actor(session, Role.COORDINATOR)
    named = {"clock": "resubmit"}
    asked = {**named, "until": None}
    perform(session, item, "ask_pause", manager, now=NOW + DAY, values=asked, reason="The team is away")
    perform(session, item, "approve_pause", other, now=NOW + DAY, values=named)
    close(session, THURSDAY, now=NOW + 2 * DAY)
    drain(session, NOW + 2 * DAY)
    assert clock(item, "resubmit").due_at == moment("2026-03-24T17:00Z")
    perform(session, item, "resume_clock", manager, now=NOW + 4 * DAY, values=named, reason="They are back")
    # Tuesday 10am to Friday 10am without Thursday is two working days.
    assert clock(item, "resubmit").due_at == moment("2026-03-26T17:00Z")
    due = clock(item, "resubmit").due_at
    remove_day(session, None, THURSDAY, now=NOW + 4 * DAY, why="It was a mistake")
    drain(session, NOW + 4 * DAY)
    assert clock(item, "resubmit").due_at == due, "a day more in the pause, a day less to work"
    assert copies_are_right(session, item)


def test_two_clocks_of_one_item_move_in_one_batch(session: Session) -> None:
    item = make_referral(session, "returned")
    for row in item.clocks:
        row.duration, row.rule = "5 working days", "referral.resubmit"
    session.flush()
    close(session, THURSDAY)
    drain(session, limit=50)
    assert session.scalar(select(func.count()).select_from(RecountMove)) == 2
    assert verify(session).findings == () and copies_are_right(session, item)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (closure(date(2026, 3, 21)), "Saturday 21 March 2026 is at a weekend, when nobody works anyway"),
        (closure(date(2026, 4, 3)), "Friday 3 April 2026 is already a bank holiday: Good Friday"),
        (closure(date(2026, 3, 17)), "Tuesday 17 March 2026 is already a local closure: Day of mourning"),
        (closure(date(1999, 12, 31)), "The year must be between 2000 and 2100"),
        (closure(date(2101, 1, 3)), "The year must be between 2000 and 2100"),
        (closure(title="  "), "Say what the day is called, for example “Day of national mourning”"),
        (closure(title="x" * 101), "What the day is called must be 100 characters or fewer"),
    ],
)
def test_what_cannot_be_such_a_day_is_said_and_nothing_is_done_by_halves(
    session: Session, day: Day, words: str
) -> None:
    good = closure(date(2026, 3, 17))
    with pytest.raises(ActionRefused) as no:
        add_days(session, None, [good, day], now=NOW, why=WHY)
    assert [problem.message for problem in no.value.problems] == [words]
    assert good.on_date not in known_days(session)
    assert session.scalar(select(func.count()).select_from(Recount)) == 0
    with pytest.raises(ActionRefused, match="Thursday 19 March 2026 is not a bank holiday or closure"):
        remove_day(session, None, THURSDAY, now=NOW, why=WHY)


def test_many_days_at_once_are_all_in_one_after_the_other(session: Session) -> None:
    item = make_referral(session, "returned")
    close(session, THURSDAY, date(2026, 3, 20), date(2026, 3, 23))
    assert drain(session, limit=50) > 3
    assert clock(item, "resubmit").due_at == moment("2026-03-26T17:00Z")
    assert [run.total for run in session.scalars(select(Recount).order_by(Recount.id))] == [2, 2, 2]
    assert session.scalar(select(func.count()).select_from(RecountMove)) == 1, "the first run already knew all three"
