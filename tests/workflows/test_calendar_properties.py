"""What must hold for every rule, start, pause and closure, not only for the worked examples."""

from datetime import UTC, date, datetime, time, timedelta
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflows.calendar_cases import ENGLAND
from workflows.calendar import (
    LONDON,
    Basis,
    Change,
    Effect,
    Pause,
    Rule,
    named,
    notices,
    parse_duration,
    ring_moment,
    time_left,
    time_used,
    work_out,
)

THOROUGH = settings(max_examples=150, deadline=None)  # a busy machine is slow, not wrong
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
UNITS = {"hours": 400, "calendar days": 60, "months": 14, "working days": 40, "working hours": 200}
moments = st.integers(0, 365 * 24 * 60).map(lambda minutes: YEAR + timedelta(minutes=minutes))
rules = st.sampled_from(sorted(UNITS)).flatmap(
    lambda unit: st.integers(1, UNITS[unit]).map(lambda amount: parse_duration(f"{amount} {unit}"))
)
working_rules = rules.filter(lambda rule: rule.basis.is_working)
days = st.integers(0, 450).map(lambda number: date(2026, 1, 1) + timedelta(number))
lengths = st.integers(0, 20 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))
pauses = st.builds(lambda start, length: Pause(start, start + length), moments, lengths)
several = st.lists(pauses, max_size=4)


@THOROUGH
@given(rules, moments, several, moments)
def test_pausing_and_resuming_at_once_changes_nothing(
    rule: Rule, start: datetime, stopped: list[Pause], at: datetime
) -> None:
    assert (
        work_out(rule, start, ENGLAND, [*stopped, Pause(at, at)]).due_at
        == work_out(rule, start, ENGLAND, stopped).due_at
    )


@THOROUGH
@given(rules, moments, several, days)
def test_a_closure_outside_the_window_changes_nothing(
    rule: Rule, start: datetime, stopped: list[Pause], day: date
) -> None:
    plain = work_out(rule, start, ENGLAND, stopped)
    first, last = (moment.astimezone(LONDON).date() for moment in (start, plain.due_at))
    closed = work_out(rule, start, ENGLAND.with_closures({day: "closed"}), stopped)
    if not first <= day <= last or not rule.basis.is_working:
        assert closed.due_at == plain.due_at
        if rule.basis.is_working:
            assert closed.steps == plain.steps


@THOROUGH
@given(rules, moments, several, st.lists(days, max_size=5))
def test_a_closure_never_makes_a_deadline_earlier(
    rule: Rule, start: datetime, stopped: list[Pause], closed: list[date]
) -> None:
    later = work_out(rule, start, ENGLAND.with_closures(named(closed, "closed")), stopped)
    assert later.due_at >= work_out(rule, start, ENGLAND, stopped).due_at


@THOROUGH
@given(working_rules, moments, several)
def test_a_working_deadline_is_never_outside_a_working_day(rule: Rule, start: datetime, stopped: list[Pause]) -> None:
    wall = work_out(rule, start, ENGLAND, stopped).due_at.astimezone(LONDON)
    assert wall.weekday() < 5
    assert wall.date() not in ENGLAND.holidays
    assert time(9) < wall.time() <= time(17)


@THOROUGH
@given(rules, moments, several)
def test_a_calendar_deadline_is_the_last_second_of_a_day(rule: Rule, start: datetime, stopped: list[Pause]) -> None:
    due = work_out(rule, start, ENGLAND, stopped).due_at
    assert due > start
    if rule.basis.is_calendar:
        assert due.astimezone(LONDON).time() == time(23, 59, 59)


@THOROUGH
@given(rules, moments, several)
def test_working_out_twice_is_working_out_once(rule: Rule, start: datetime, stopped: list[Pause]) -> None:
    once = work_out(rule, start, ENGLAND, stopped)
    again = work_out(once.rule, once.start, once.calendar, once.pauses)
    assert again == once
    assert again.steps == once.steps


@THOROUGH
@given(rules, moments, several, st.randoms(use_true_random=False))
def test_pauses_may_come_in_any_order_and_twice(
    rule: Rule, start: datetime, stopped: list[Pause], shuffle: Random
) -> None:
    mixed = [*stopped, *stopped]
    shuffle.shuffle(mixed)
    assert work_out(rule, start, ENGLAND, mixed).due_at == work_out(rule, start, ENGLAND, stopped).due_at


@THOROUGH
@given(rules, moments, several, pauses)
def test_a_pause_never_makes_a_deadline_earlier(
    rule: Rule, start: datetime, stopped: list[Pause], one_more: Pause
) -> None:
    due = work_out(rule, start, ENGLAND, stopped).due_at
    assert work_out(rule, start, ENGLAND, [*stopped, one_more]).due_at >= due


@THOROUGH
@given(rules, moments, several)
def test_warnings_are_in_order_and_inside_the_clock(rule: Rule, start: datetime, stopped: list[Pause]) -> None:
    deadline = work_out(rule, start, ENGLAND, stopped)
    found = notices(deadline)
    assert 1 <= len(found) <= 2
    reached = [notice.reached_at for notice in found]
    sent = [notice.send_at for notice in found]
    assert reached == sorted(reached) and sent == sorted(set(sent))
    assert all(start <= moment < deadline.due_at for moment in (*reached, *sent))
    assert ring_moment(deadline) >= deadline.due_at


@THOROUGH
@given(rules, moments, several)
def test_half_the_time_is_used_when_half_the_time_is_used(rule: Rule, start: datetime, stopped: list[Pause]) -> None:
    deadline = work_out(rule, start, ENGLAND, stopped)
    half = time_used(deadline, notices(deadline, (50,))[0].reached_at).net
    whole = time_used(deadline, deadline.due_at).net
    assert abs(2 * half - whole) <= timedelta(milliseconds=1)


@THOROUGH
@given(rules, moments, several)
def test_net_time_at_the_deadline_of_hours_is_the_length(rule: Rule, start: datetime, stopped: list[Pause]) -> None:
    used = time_used(deadline := work_out(rule, start, ENGLAND, stopped), deadline.due_at)
    assert used.net <= used.gross
    if rule.basis in (Basis.ELAPSED, Basis.WORKING_HOURS):
        assert used.net == timedelta(hours=rule.amount)


@THOROUGH
@given(rules, rules, moments, lengths, several)
def test_a_higher_priority_never_gives_more_time(
    rule: Rule, higher: Rule, start: datetime, after: timedelta, stopped: list[Pause]
) -> None:
    raised = work_out(rule, start, ENGLAND, stopped, changes=[Change(start + after, Effect.UP, higher)])
    assert raised.due_at <= work_out(rule, start, ENGLAND, stopped).due_at
    assert raised.due_at <= work_out(higher, start + after, ENGLAND, stopped).due_at


@THOROUGH
@given(rules, moments, several, moments)
def test_there_is_always_something_to_say(rule: Rule, start: datetime, stopped: list[Pause], now: datetime) -> None:
    deadline = work_out(rule, start, ENGLAND, stopped, now=now)
    assert [step.label for step in deadline.steps][:3] == ["Started", "Rule", "First deadline"]
    assert deadline.steps[-1].label == "Result"
    assert all(step.text.strip() and "-" not in step.text for step in deadline.steps)
    assert time_left(deadline, now).endswith(("left", "late", "due now"))
