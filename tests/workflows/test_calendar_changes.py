"""Priority changes, corrections, pauses that go on, and pauses that a priority does not allow."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.workflows.calendar_cases import ENGLAND
from workflows.calendar import (
    LONDON,
    Basis,
    Calendar,
    Change,
    Deadline,
    Effect,
    Pause,
    moment_rule,
    parse_duration,
    parse_moment,
    work_out,
)

START = "2026-04-13T10:00"  # a Monday; the week after is an ordinary one


def due(deadline: Deadline) -> str:
    return deadline.due_at.astimezone(LONDON).isoformat()


def pause(begun: str, ended: str | None = None) -> Pause:
    return Pause(parse_moment(begun), parse_moment(ended) if ended else None)


def change(effect: Effect, at: str, rule: str, *, allows_pause: bool = True, text: str = "") -> Change:
    return Change(parse_moment(at), effect, parse_duration(rule), text=text, allows_pause=allows_pause)


def changed(rule: str, *changes: Change, pauses: tuple[Pause, ...] = (), now: str | None = None) -> Deadline:
    moment = parse_moment(now) if now else None
    return work_out(parse_duration(rule), parse_moment(START), ENGLAND, pauses, changes=changes, now=moment)


def lines(deadline: Deadline, label: str) -> list[str]:
    return [step.text for step in deadline.steps if step.label == label]


def test_up_is_due_at_the_new_length_from_the_change_when_that_is_earlier() -> None:
    deadline = changed("7 calendar days", change(Effect.UP, "2026-04-15T09:00", "48 hours", text="Raised to urgent"))
    assert due(deadline) == "2026-04-17T09:00:00+01:00"
    assert deadline.first_due_at == datetime(2026, 4, 20, 22, 59, 59, tzinfo=UTC)
    assert lines(deadline, "First deadline") == ["Monday 20 April 2026, 11:59pm."]
    assert lines(deadline, "Changed") == [
        "Wednesday 15 April 2026, 9am: Raised to urgent. Due Friday 17 April 2026, 9am from then."
    ]


def test_up_keeps_the_old_deadline_when_that_is_earlier() -> None:
    deadline = changed("48 hours", change(Effect.UP, "2026-04-15T09:00", "12 hours"))
    assert due(deadline) == "2026-04-15T10:00:00+01:00"
    assert lines(deadline, "Changed") == [
        "Wednesday 15 April 2026, 9am: higher priority, 12 hours. Due Wednesday 15 April 2026, 10am from then."
    ]


def test_down_counts_from_the_original_start() -> None:
    deadline = changed("12 hours", change(Effect.DOWN, "2026-04-13T15:00", "7 calendar days"))
    assert due(deadline) == "2026-04-20T23:59:59+01:00"
    assert lines(deadline, "Changed")[0].startswith("Monday 13 April 2026, 3pm: lower priority, 7 calendar days.")


def test_up_and_down_again_is_as_if_nothing_had_happened() -> None:
    raised = change(Effect.UP, "2026-04-14T09:00", "12 hours")
    lowered = change(Effect.DOWN, "2026-04-14T10:00", "7 calendar days")
    assert due(changed("7 calendar days", lowered, raised)) == "2026-04-20T23:59:59+01:00"


def test_past_pauses_stand_when_the_priority_goes_down() -> None:
    deadline = changed(
        "48 hours",
        change(Effect.DOWN, "2026-04-14T12:00", "7 calendar days"),
        pauses=(pause("2026-04-13T23:00", "2026-04-14T01:00"),),
    )
    assert due(deadline) == "2026-04-21T23:59:59+01:00"


def test_past_pauses_stand_in_the_old_deadline_when_the_priority_goes_up() -> None:
    deadline = changed(
        "48 hours",
        change(Effect.UP, "2026-04-15T09:00", "12 hours"),
        pauses=(pause("2026-04-14T10:00", "2026-04-14T15:00"),),
    )
    assert due(deadline) == "2026-04-15T15:00:00+01:00"


def test_the_deadline_after_a_change_leaves_out_the_pauses_that_came_later() -> None:
    deadline = changed(
        "7 calendar days",
        change(Effect.UP, "2026-04-14T09:00", "48 hours"),
        pauses=(pause("2026-04-15T09:00", "2026-04-15T12:00"),),
    )
    assert due(deadline) == "2026-04-16T12:00:00+01:00"
    assert deadline.changed == (datetime(2026, 4, 16, 8, 0, tzinfo=UTC),)


def test_a_priority_that_allows_no_pause_ends_the_running_one_and_ignores_later_ones() -> None:
    barred = change(Effect.UP, "2026-04-14T09:00", "48 hours", allows_pause=False)
    pauses = (pause("2026-04-13T12:00"), pause("2026-04-15T09:00", "2026-04-15T12:00"))
    deadline = changed("7 calendar days", barred, pauses=pauses, now="2026-04-15T13:00")
    assert due(deadline) == "2026-04-16T09:00:00+01:00"
    assert deadline.paused_since is None
    assert lines(deadline, "Paused")[0] == (
        "Monday 13 April 2026, midday to Tuesday 14 April 2026, 9am: 21 h. "
        "Before the clock started, so it does not count."
    )
    assert lines(deadline, "Paused")[1] == (
        "Wednesday 15 April 2026, 9am to Wednesday 15 April 2026, midday: 3 h. "
        "The priority at the time allowed no pause, so it does not count."
    )


def test_a_pause_that_begins_with_the_change_is_not_allowed_either() -> None:
    barred = change(Effect.UP, "2026-04-14T09:00", "48 hours", allows_pause=False)
    deadline = changed("7 calendar days", barred, pauses=(pause("2026-04-14T09:00", "2026-04-14T12:00"),))
    assert due(deadline) == "2026-04-16T09:00:00+01:00"


def test_pauses_count_again_when_the_priority_allows_them_again() -> None:
    deadline = changed(
        "7 calendar days",
        change(Effect.UP, "2026-04-14T09:00", "48 hours", allows_pause=False),
        change(Effect.DOWN, "2026-04-14T10:00", "7 calendar days"),
        pauses=(pause("2026-04-13T23:00", "2026-04-14T09:30"), pause("2026-04-15T12:00", "2026-04-17T12:00")),
    )
    assert due(deadline) == "2026-04-23T23:59:59+01:00"


def test_a_corrected_start_counts_the_same_rule_from_the_right_moment() -> None:
    moved = Change(parse_moment("2026-04-14T10:00"), Effect.START, start=parse_moment("2026-04-10T10:00"))
    deadline = changed("7 calendar days", moved)
    assert due(deadline) == "2026-04-17T23:59:59+01:00"
    assert deadline.start == parse_moment("2026-04-10T10:00")
    assert deadline.first_start == parse_moment(START)
    assert lines(deadline, "Changed") == [
        "Tuesday 14 April 2026, 10am: the start was corrected to Friday 10 April 2026, 10am. "
        "Due Friday 17 April 2026, 11:59pm from then."
    ]


def test_a_corrected_start_does_not_move_what_counts_from_a_raised_priority() -> None:
    raised = change(Effect.UP, "2026-04-14T09:00", "12 hours")
    moved = Change(parse_moment("2026-04-14T10:00"), Effect.START, start=parse_moment("2026-04-12T10:00"))
    assert due(changed("7 calendar days", raised, moved)) == "2026-04-14T21:00:00+01:00"


def test_a_new_deadline_that_was_agreed_replaces_the_old_one() -> None:
    agreed = change(Effect.REPLACE, "2026-04-14T10:00", "5 working days")
    deadline = changed("2 working days", agreed)
    assert due(deadline) == "2026-04-21T17:00:00+01:00"
    assert "a new deadline was agreed, 5 working days" in lines(deadline, "Changed")[0]


def test_a_recorded_moment_is_due_then_whatever_the_pauses() -> None:
    asked = parse_moment("2026-04-16T12:00")
    stopped = (pause("2026-04-14T10:00", "2026-04-14T12:00"),)
    deadline = work_out(moment_rule(asked), parse_moment(START), ENGLAND, stopped)
    assert deadline.due_at == asked
    assert deadline.rule.basis is Basis.MOMENT
    assert lines(deadline, "Rule") == ["Due at the moment that was set, a moment that was set, nothing is counted."]
    assert lines(deadline, "Skipped") == ["Nothing. The moment was set by a person."]
    assert lines(deadline, "Paused")[0].endswith("A moment that was set does not move.")


def test_a_change_must_say_what_it_changes_to() -> None:
    with pytest.raises(ValueError, match=r"up.* does not say"):
        Change(parse_moment(START), Effect.UP, start=parse_moment(START))
    with pytest.raises(ValueError, match=r"start.* does not say"):
        Change(parse_moment(START), Effect.START, parse_duration("1 hour"))


def test_a_pause_that_goes_on_counts_up_to_now() -> None:
    deadline = changed("48 hours", pauses=(pause("2026-04-14T10:00"),), now="2026-04-14T13:30")
    assert due(deadline) == "2026-04-15T13:30:00+01:00"
    assert deadline.paused_since == parse_moment("2026-04-14T10:00")
    assert lines(deadline, "Paused") == ["Since Tuesday 14 April 2026, 10am, and still paused."]
    assert lines(deadline, "Result") == [
        "The clock stands still. If it went on now: due Wednesday 15 April 2026, 1:30pm (British Summer Time). "
        "1 day used, 1 day left when it goes on."
    ]


def test_a_pause_that_goes_on_adds_nothing_when_now_is_not_known() -> None:
    deadline = changed("48 hours", pauses=(pause("2026-04-14T10:00"),))
    assert due(deadline) == "2026-04-15T10:00:00+01:00"
    assert deadline.paused_since == parse_moment("2026-04-14T10:00")


def test_the_earliest_of_several_pauses_that_go_on_is_since_when_it_stands_still() -> None:
    pauses = (pause("2026-04-14T11:00"), pause("2026-04-14T10:00"))
    assert changed("48 hours", pauses=pauses).paused_since == parse_moment("2026-04-14T10:00")


def test_a_pause_that_begins_in_the_future_has_not_stopped_the_clock_yet() -> None:
    deadline = changed("48 hours", pauses=(pause("2026-04-14T10:00"),), now="2026-04-13T12:00")
    assert due(deadline) == "2026-04-15T10:00:00+01:00"


def test_a_pause_that_began_after_the_deadline_does_not_make_the_clock_stand_still() -> None:
    deadline = changed("12 hours", pauses=(pause("2026-04-14T10:00"),), now="2026-04-14T22:00")
    assert lines(deadline, "Result") == [
        "Due Monday 13 April 2026, 10pm (British Summer Time). 1 day used, 1 day late."
    ]


def test_a_pause_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="cannot end before it starts"):
        pause("2026-04-14T10:00", "2026-04-14T09:59")


def test_pauses_that_touch_are_one_and_their_order_does_not_matter() -> None:
    parts = (pause("2026-04-14T00:00", "2026-04-15T00:00"), pause("2026-04-13T12:00", "2026-04-14T00:00"))
    whole = (pause("2026-04-13T12:00", "2026-04-15T00:00"),)
    assert changed("7 calendar days", pauses=parts).due_at == changed("7 calendar days", pauses=whole).due_at


def test_moments_may_carry_any_zone_but_must_carry_one() -> None:
    away = datetime(2026, 4, 13, 15, 0, tzinfo=timezone(timedelta(hours=6)))
    assert work_out(parse_duration("1 hour"), away, ENGLAND).due_at == datetime(2026, 4, 13, 10, 0, tzinfo=UTC)
    with pytest.raises(ValueError, match="needs an offset"):
        work_out(parse_duration("1 hour"), datetime(2026, 4, 13, 9, 0), ENGLAND)


@pytest.mark.parametrize("rule", ["100000 hours", "100000 days", "100000 months", "100000 working days"])
def test_a_date_too_far_away_is_refused_in_words(rule: str) -> None:
    start = datetime(9998, 12, 1, tzinfo=UTC)
    with pytest.raises(ValueError, match="too far away"):
        work_out(parse_duration(rule), start, Calendar())


def test_working_hours_are_policy_too() -> None:
    long_days = Calendar(opens=parse_moment("2026-01-01T08:00").time(), closes=parse_moment("2026-01-01T18:00").time())
    deadline = work_out(parse_duration("1 working day"), parse_moment("2026-04-13T17:30"), long_days)
    assert due(deadline) == "2026-04-14T18:00:00+01:00"
    with pytest.raises(ValueError, match="3am or later"):
        Calendar(opens=parse_moment("2026-01-01T01:00").time())


def test_the_whole_panel_of_an_emergency_that_was_paused() -> None:
    stopped = Pause(
        parse_moment("2026-03-29T22:40"),
        parse_moment("2026-04-02T12:35"),
        "Is she fit to be moved?",
        "Priya Nandakumar",
        "Karen Stott",
    )
    deadline = work_out(
        parse_duration("4 hours"),
        parse_moment("2026-03-29T21:15"),
        ENGLAND,
        (stopped,),
        now=parse_moment("2026-04-02T13:20"),
        started_text="when the assessment was signed",
        rule_text="Policy set 7, in force from 1 March 2026, key admission.decide",
    )
    assert [(step.label, step.text) for step in deadline.steps] == [
        ("Started", "Sunday 29 March 2026, 9:15pm, when the assessment was signed."),
        (
            "Rule",
            "4 hours, every hour counts. Policy set 7, in force from 1 March 2026, key admission.decide.",
        ),
        ("First deadline", "Monday 30 March 2026, 1:15am."),
        ("Skipped", "Nothing. Nights, weekends and bank holidays count for this rule."),
        (
            "Paused",
            "Sunday 29 March 2026, 10:40pm to Thursday 2 April 2026, 12:35pm: 3 days 13 h 55 min. "
            "Asked by Priya Nandakumar, agreed by Karen Stott: “Is she fit to be moved?”",
        ),
        ("Result", "Due Thursday 2 April 2026, 3:10pm (British Summer Time). 2 h 10 min used, 1 h 50 min left."),
    ]


def test_before_the_start_nothing_is_said_of_time_used_and_at_the_start_nothing_is_used() -> None:
    before = changed("48 hours", now="2026-04-13T09:00")
    assert lines(before, "Result") == ["Due Wednesday 15 April 2026, 10am (British Summer Time)."]
    at_once = changed("48 hours", now=START)
    assert lines(at_once, "Result")[0].endswith("Nothing used, 2 days left.")


def test_an_empty_pause_is_shown_and_adds_nothing() -> None:
    deadline = changed("48 hours", pauses=(pause("2026-04-14T10:00", "2026-04-14T10:00"),))
    assert due(deadline) == "2026-04-15T10:00:00+01:00"
    assert lines(deadline, "Paused")[0].endswith("less than 1 min.")


def test_the_same_pause_told_twice_counts_once_and_says_so() -> None:
    twice = (pause("2026-04-14T10:00", "2026-04-14T12:00"), pause("2026-04-14T10:00", "2026-04-14T12:00"))
    deadline = changed("48 hours", pauses=twice)
    assert due(deadline) == "2026-04-15T12:00:00+01:00"
    assert lines(deadline, "Paused")[1].endswith("2 h. Inside another pause, so it counts only once.")
