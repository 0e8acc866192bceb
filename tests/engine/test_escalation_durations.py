"""How long a dispute took: gross and net over Easter, over a change of the clocks, when it goes back and reopens."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.engine.models import Clock
from hub.engine.resuming import resume_due
from hub.engine.rulebook import rulebook
from hub.escalations.durations import Durations, Lasted, Length, durations_of, end_of, length_words, pauses_on_request
from hub.escalations.durations import lasted as lasted_between
from hub.escalations.models import Escalation
from tests.escalation_factory import Table, do, go_up, make_dispute, make_table, settle
from workflows.calendar import Calendar
from workflows.durations import LONDON

HOUR = timedelta(hours=1)


def london(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of 2026 by the clocks of London."""
    return datetime(2026, month, day, hour, minute, tzinfo=LONDON).astimezone(UTC)


def clocks_of(session: Session, item: Escalation) -> list[Clock]:
    """Its clocks as they are stored."""
    session.expire_all()
    return list(session.scalars(select(Clock).where(Clock.item_id == item.id).order_by(Clock.id)))


def lasted(session: Session, item: Escalation, now: datetime) -> Durations:
    """How long it lasted, by its own calendar."""
    calendar = rulebook(session).calendar(item.policy_version_id, now)
    return durations_of(item, clocks_of(session, item), calendar, now)


def of_stage(found: Durations, item: Escalation, stage: str) -> list[Lasted]:
    """Every visit of a stage, the first one first."""
    return [found.visits[visit.id] for visit in item.visits if visit.stage == stage]


def hours(length: Length) -> tuple[float, float]:
    """Real hours and working hours."""
    return length.elapsed / HOUR, length.worked / HOUR


def paused(
    session: Session, item: Escalation, table: Table, clock: str, begun: datetime, until: datetime, *, late: timedelta
) -> None:
    """A side asks for a pause, the convenor approves it at `begun`, and the worker comes `late` to end it."""
    asked = {"clock": clock, "until": until, "pause_code": "sides_agree"}
    do(session, item, "ask_pause", table.speakers[1], begun - HOUR / 2, **asked)
    do(session, item, "approve_pause", table.convenor, begun, clock=clock)
    assert resume_due(session, now=until - HOUR) == 0
    assert resume_due(session, now=until + late) == 1
    session.expire_all()


def test_gross_and_net_are_both_right_after_a_pause_over_easter(session: Session) -> None:
    """Worked out by hand. A working day is 9am to 5pm; Good Friday is 3 April 2026, Easter Monday 6 April.

    Raised on Wednesday 1 April, 10am; accepted at 11am, so local resolution has 2 working days: Thursday 2 and Tuesday
    7 April, 5pm. On Thursday 2 April, 12:30, a side asks for a pause until Wednesday 8 April, 1pm; the convenor agrees
    at 1pm. All sides accept a settlement on Thursday 9 April, 3pm.

    - The pause: 144 hours (6 days). Worked: Thursday 4 h, Friday to Monday nothing, Tuesday 8 h, Wednesday 4 h: 16 h,
      which is 2 working days. So local resolution is due on Thursday 9 April, 5pm, and the replies, which were due on
      Thursday 2 April, 5pm, are due on Wednesday 8 April, 5pm.
    - Gross: Wednesday 7 h, Thursday 8 h, Tuesday 8 h, Wednesday 8 h, Thursday 6 h: 37 working hours, 4.625 working
      days; 8 days and 5 hours by the clock: 197 h. Net: 37 - 16 = 21 working hours, 2.625 days; 197 - 144 = 53 h.
    - The stage began an hour after the dispute: 36 and 20 working hours, 196 and 52 hours.
    """
    table = make_table(session)
    item = make_dispute(session, "raised", table=table, now=london(4, 1, 10))
    do(session, item, "accept", table.convenor, london(4, 1, 11), convenor_id=table.convenor.user_id)
    worker_is_late = timedelta(days=1)
    paused(session, item, table, "stage_local", london(4, 2, 13), london(4, 8, 13), late=worker_is_late)
    due = {row.name: row.due_at for row in clocks_of(session, item) if row.stopped_at is None}
    assert due == {"stage_local": london(4, 9, 17), "reply_local": london(4, 8, 17)}
    going_on = lasted(session, item, london(4, 9, 14))
    assert hours(going_on.whole.gross) == (196, 36) and hours(going_on.whole.net) == (52, 20)
    settle(session, item, table, london(4, 9, 15))
    for later in (london(4, 9, 15), london(5, 9, 15)):
        found = lasted(session, item, later)
        assert hours(found.whole.gross) == (197, 37) and hours(found.whole.net) == (53, 21)
        (stage,) = of_stage(found, item, "local_resolution")
        assert hours(stage.gross) == (196, 36) and hours(stage.net) == (52, 20)
    assert found.whole.gross.words(is_urgent=False) == "4.6 working days"
    assert found.whole.net.words(is_urgent=False) == "2.6 working days"
    assert found.pauses == ((london(4, 2, 13), london(4, 8, 13)),)
    (clock,) = [row for row in clocks_of(session, item) if row.name == "stage_local"]
    assert clock.gross_seconds is not None and clock.net_seconds is not None
    assert (clock.gross_seconds / 3600, clock.net_seconds / 3600) == (36, 20), "the clock itself says the same"


@pytest.mark.parametrize(
    ("urgency", "raised", "begun", "until", "settled", "gross", "net"),
    [
        # Raised at 10pm on Saturday, paused from 11pm until 6am (7 on the wall, 6 in truth), settled at 7am on Sunday.
        ("urgent", (3, 28, 22), (3, 28, 23), (3, 29, 6), (3, 29, 7), (8, 0), (2, 0)),
        # From Friday 2pm to Monday midday; paused from Friday 4pm until Monday 10am: 65 hours, of which 2 are worked.
        ("standard", (3, 27, 14), (3, 27, 16), (3, 30, 10), (3, 30, 12), (69, 6), (4, 4)),
    ],
)
def test_a_pause_over_the_change_of_the_clocks_is_as_long_as_it_was(
    session: Session, urgency: str, raised: Any, begun: Any, until: Any, settled: Any, gross: Any, net: Any
) -> None:
    """The clocks went forward at 1am on Sunday 29 March 2026: that day had 23 hours."""
    table = make_table(session, 3)
    item = make_dispute(session, table=table, now=london(*raised), urgency=urgency)
    paused(session, item, table, "stage_local", london(*begun), london(*until), late=timedelta(0))
    settle(session, item, table, london(*settled))
    found = lasted(session, item, london(4, 20, 9))
    assert (hours(found.whole.gross), hours(found.whole.net)) == (gross, net)


def test_time_away_from_a_stage_is_no_pause_and_a_dispute_that_is_reopened_goes_on(session: Session) -> None:
    table, begun = make_table(session), london(3, 16, 10)
    item = make_dispute(session, table=table, now=begun)
    assert end_of(item) is None
    go_up(session, item, table, "senior", begun + 2 * HOUR)
    do(session, item, "return_to_local", table.convenor, begun + 5 * HOUR, question="Which home?")
    settle(session, item, table, begun + 6 * HOUR)
    session.expire_all()
    assert end_of(item) == begun + 6 * HOUR
    found = lasted(session, item, begun + 9 * HOUR)
    assert [hours(each.net) for each in of_stage(found, item, "local_resolution")] == [(2, 2), (1, 1)]
    assert [hours(each.gross) for each in of_stage(found, item, "senior_review")] == [(3, 3)]
    assert hours(found.whole.gross) == hours(found.whole.net) == (6, 6) and not found.pauses
    do(session, item, "start_implementing", table.convenor, begun + 24 * HOUR)
    do(session, item, "reopen_dispute", table.speakers[0], begun + 48 * HOUR)
    session.expire_all()
    assert end_of(item) is None
    assert hours(lasted(session, item, begun + 49 * HOUR).whole.gross) == (49, 17)
    never = make_dispute(session, "raised", table=table, now=begun)
    do(session, never, "withdraw", table.speakers[0], begun + HOUR)
    assert end_of(never) == begun + HOUR and hours(lasted(session, never, london(4, 1, 9)).whole.net) == (1, 1)


def test_pauses_are_merged_and_only_those_that_were_asked_for_count() -> None:
    at = [london(3, 16, hour) for hour in range(9, 18)]

    def clock(name: str, *pauses: tuple[int, int | None], approved: str = "Somebody", end: int | None = None) -> Any:
        parts = [
            {"from": at[begun].isoformat(), "to": at[over].isoformat() if over else None, "approved_by": approved}
            for begun, over in pauses
        ]
        return SimpleNamespace(name=name, pauses=parts, resume_at=at[end] if end else None)

    two = [clock("stage_local", (0, 2), (4, 5)), clock("stage_senior", (1, 3))]
    assert pauses_on_request(two, at[8]) == ((at[0], at[3]), (at[4], at[5]))
    left_out = [clock("reply_local", (0, 2)), clock("accept", (0, 2)), clock("stage_local", (0, 2), approved="")]
    assert pauses_on_request(left_out, at[8]) == ()
    assert pauses_on_request([clock("stage_local", (3, None))], at[5]) == ((at[3], at[5]),), "it goes on"
    within = lasted_between(at[1], at[2], ((at[0], at[3]), (at[4], at[5])), Calendar())
    assert (hours(within.gross), hours(within.net)) == ((1, 1), (0, 0)), "of a pause what lies inside counts"
    assert pauses_on_request([clock("stage_senior", (6, None), end=7)], at[8]) == ((at[6], at[7]),), "over by itself"


def test_lengths_in_words() -> None:
    told = [(1, False), (1.04, False), (0.06, False), (12.5, False), (1, True), (63, True), (1200.26, True), (0, False)]
    assert [length_words(number, is_urgent=is_urgent) for number, is_urgent in told] == [
        *("1 working day", "1 working day", "0.1 working days", "12.5 working days"),
        *("1 hour", "63 hours", "1,200.3 hours", "0 working days"),
    ]
