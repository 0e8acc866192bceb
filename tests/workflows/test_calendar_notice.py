"""Warnings and when they are sent, rings, time used and time left in words."""

from datetime import date, datetime, timedelta

import pytest

from tests.workflows.calendar_cases import ENGLAND
from workflows.calendar import (
    LONDON,
    Deadline,
    Pause,
    Used,
    moment_rule,
    named,
    net_seconds,
    notices,
    outcome_words,
    parse_duration,
    parse_moment,
    ring_moment,
    send_moment,
    time_left,
    time_used,
    warnings,
    work_out,
)


def deadline(rule: str, start: str, *pauses: str, now: str | None = None) -> Deadline:
    spans = [
        Pause(parse_moment(a), parse_moment(b) if b else None) for a, _, b in (text.partition("/") for text in pauses)
    ]
    return work_out(parse_duration(rule), parse_moment(start), ENGLAND, spans, now=parse_moment(now) if now else None)


def wall(moment: datetime | None) -> str | None:
    return moment.astimezone(LONDON).replace(tzinfo=None).isoformat(timespec="minutes") if moment else None


@pytest.mark.parametrize(
    ("rule", "start", "pauses", "first", "second"),
    [
        # Elapsed: sent at once, at night and at weekends too; the clock change moves the wall clock.
        ("12 hours", "2026-04-11T20:00", (), "2026-04-12T02:00", "2026-04-12T05:36"),
        ("10 hours", "2026-03-28T20:00", (), "2026-03-29T02:00", "2026-03-29T05:00"),
        # A pause is left out of the time that counts: 2 h run, 10 h stand still, 2 h run.
        ("4 hours", "2026-04-13T08:00", ("2026-04-13T10:30/2026-04-13T20:30",), "2026-04-13T10:00", "2026-04-13T21:12"),
        ("4 hours", "2026-04-13T08:00", ("2026-04-13T09:00/2026-04-13T19:00",), "2026-04-13T20:00", "2026-04-13T21:12"),
        # A pause before the start is no part of it.
        ("4 hours", "2026-04-13T08:00", ("2026-04-13T05:00/2026-04-13T06:00",), "2026-04-13T10:00", "2026-04-13T11:12"),
        # Half falls on the very start of the pause.
        ("4 hours", "2026-04-13T08:00", ("2026-04-13T10:00/2026-04-13T20:00",), "2026-04-13T10:00", "2026-04-13T21:12"),
        # Working days from Monday 10:00: 7 h + 16 h = 23 h; half is 11 h 30, four fifths 18 h 24.
        ("2 working days", "2026-04-13T10:00", (), "2026-04-14T13:30", "2026-04-15T12:24"),
        # Working hours over a weekend: 4 h from Friday 15:00; 2 h are used at closing time.
        ("4 working hours", "2026-04-10T15:00", (), "2026-04-10T17:00", "2026-04-13T10:12"),
        # The same paused on Friday from 15:30 to 16:30: 0:30 + 0:30 on Friday, then Monday.
        (
            "4 working hours",
            "2026-04-10T15:00",
            ("2026-04-10T15:30/2026-04-10T16:30",),
            "2026-04-13T10:00",
            "2026-04-13T11:12",
        ),
        # Created on a Saturday, counted from Monday 9:00: 8 h + 8 h.
        ("1 working day", "2026-04-11T12:00", (), "2026-04-13T17:00", "2026-04-14T13:48"),
    ],
)
def test_warnings_of_elapsed_and_working_clocks(
    rule: str, start: str, pauses: tuple[str, ...], first: str, second: str
) -> None:
    assert tuple(map(wall, warnings(deadline(rule, start, *pauses)))) == (first, second)


@pytest.mark.parametrize(
    ("rule", "start", "first", "second"),
    [
        # 7 days from Wednesday 1 April midnight: 8 days less a second; half on Sunday 5 April 0:00, four fifths on
        # Tuesday 7 April 9:36. The first waits for the Tuesday after Easter.
        ("7 calendar days", "2026-04-01T00:00", "2026-04-07T09:00", "2026-04-07T09:35"),
        # Friday 10:00 to Sunday's end: half on Saturday 17:00, four fifths on Sunday 9:36; the next opening is
        # after the deadline, so both go at closing time on Friday, and are one.
        ("2 calendar days", "2026-04-10T10:00", None, "2026-04-10T17:00"),
        # Friday 20:00 to Sunday's end: the last closing time is before the start, so at once.
        ("2 calendar days", "2026-04-10T20:00", None, "2026-04-10T20:00"),
        # Monday 10:00 to Tuesday's end: half on Tuesday 5:00 goes at 9:00; four fifths at 16:24.
        ("1 calendar day", "2026-04-13T10:00", "2026-04-14T09:00", "2026-04-14T16:23"),
        # Both in the night from Monday to Tuesday: one, when the day opens.
        ("1 calendar day", "2026-04-12T00:00", "2026-04-13T09:00", "2026-04-13T14:23"),
    ],
)
def test_warnings_of_calendar_clocks_wait_for_people(rule: str, start: str, first: str | None, second: str) -> None:
    assert tuple(map(wall, warnings(deadline(rule, start)))) == (first, second)


def test_two_warnings_for_one_opening_become_one_with_the_higher_share() -> None:
    found = notices(deadline("7 calendar days", "2026-03-31T00:00"), (50, 70))
    # Half on Saturday 4 April 0:00, seven tenths on Sunday 5 April 14:24: both wait for Tuesday after Easter.
    assert [(notice.percent, wall(notice.send_at)) for notice in found] == [(70, "2026-04-07T09:00")]
    assert wall(found[0].reached_at) == "2026-04-05T14:23"


def test_a_late_bank_holiday_moves_a_warning_on() -> None:
    closed = ENGLAND.with_closures(named([date(2026, 4, 14)], "local closure"))
    plain = work_out(parse_duration("2 working days"), parse_moment("2026-04-13T10:00"), closed)
    assert tuple(map(wall, warnings(plain))) == ("2026-04-15T13:30", "2026-04-16T12:24")


def test_warnings_of_a_recorded_moment_go_at_once() -> None:
    asked = moment_rule(parse_moment("2026-04-12T20:00"))
    given = work_out(asked, parse_moment("2026-04-12T10:00"), ENGLAND, [Pause(parse_moment("2026-04-12T11:00"))])
    assert tuple(map(wall, warnings(given))) == ("2026-04-12T15:00", "2026-04-12T18:00")


@pytest.mark.parametrize("percent", [0, 100])
def test_a_share_must_lie_inside_the_time(percent: int) -> None:
    with pytest.raises(ValueError, match="1 to 99"):
        notices(deadline("4 hours", "2026-04-13T10:00"), (percent,))


@pytest.mark.parametrize(
    ("rule", "start", "sent"),
    [
        ("12 hours", "2026-03-27T23:30", "2026-03-28T11:30"),  # elapsed, a Saturday: at once
        ("2 working days", "2026-04-08T10:00", "2026-04-10T17:00"),  # closing time is still working time
        ("1 working hour", "2026-04-13T10:00", "2026-04-13T11:00"),
        ("7 calendar days", "2026-04-03T10:00", "2026-04-13T09:00"),  # Friday night: Monday morning
        ("7 calendar days", "2026-04-06T10:00", "2026-04-14T09:00"),
        ("1 calendar day", "2026-04-02T10:00", "2026-04-07T09:00"),  # Good Friday night: Tuesday after Easter
    ],
)
def test_a_ring_is_told_at_the_deadline_or_when_people_are_back(rule: str, start: str, sent: str) -> None:
    found = deadline(rule, start)
    assert wall(ring_moment(found)) == sent
    assert ring_moment(found) >= found.due_at


def test_a_message_of_a_calendar_clock_goes_at_once_while_people_are_at_work() -> None:
    found = deadline("7 calendar days", "2026-04-13T10:00")
    for at_work in ("2026-04-14T09:00", "2026-04-14T12:00", "2026-04-14T17:00"):
        assert wall(send_moment(found, parse_moment(at_work))) == at_work
    assert wall(send_moment(found, parse_moment("2026-04-14T08:59"))) == "2026-04-14T09:00"
    assert wall(send_moment(found, parse_moment("2026-04-14T17:01"))) == "2026-04-15T09:00"
    assert wall(send_moment(found, parse_moment("2026-04-20T18:00"))) == "2026-04-20T17:00"


def test_gross_and_net_after_a_pause_over_easter() -> None:
    span = "2026-04-02T13:00/2026-04-07T13:00"
    until = parse_moment("2026-04-08T12:00")
    working = deadline("5 working days", "2026-04-02T09:00", span)
    assert time_used(working, until) == Used(timedelta(hours=8 + 8 + 3), timedelta(hours=4 + 4 + 3))
    elapsed = deadline("48 hours", "2026-04-02T09:00", span)
    assert time_used(elapsed, until) == Used(timedelta(days=6, hours=3), timedelta(days=1, hours=3))
    assert net_seconds(elapsed, until) == 27 * 3600
    inside = parse_moment("2026-04-04T12:00")
    assert time_used(elapsed, inside) == Used(timedelta(days=2, hours=3), timedelta(hours=4))
    assert time_used(elapsed, parse_moment("2026-04-01T09:00")) == Used(timedelta(0), timedelta(0))


@pytest.mark.parametrize(
    ("rule", "start", "now", "said"),
    [
        ("4 hours", "2026-04-13T10:00", "2026-04-13T12:10", "1 h 50 min left"),
        ("4 hours", "2026-04-13T10:00", "2026-04-13T13:59:30", "less than 1 min left"),
        ("4 hours", "2026-04-13T10:00", "2026-04-13T14:00", "due now"),
        ("4 hours", "2026-04-13T10:00", "2026-04-13T14:40", "40 min late"),
        ("4 hours", "2026-04-13T10:00", "2026-04-14T05:45", "15 h late"),
        ("4 hours", "2026-04-13T10:00", "2026-04-14T16:20", "1 day 2 h late"),
        ("4 hours", "2026-04-13T10:00", "2026-04-22T16:20", "9 days late"),
        ("48 hours", "2026-04-13T10:00", "2026-04-14T01:00", "1 day 9 h left"),
        ("7 calendar days", "2026-04-01T10:00", "2026-04-03T10:00", "5 days left"),
        ("7 calendar days", "2026-04-01T10:00", "2026-04-07T23:00", "1 day left"),
        ("7 calendar days", "2026-04-01T10:00", "2026-04-08T09:59:59", "14 h left"),
        ("2 working days", "2026-04-01T10:00", "2026-04-02T08:45", "2 working days left"),
        ("2 working days", "2026-04-01T10:00", "2026-04-02T13:20", "1.5 working days left"),
        ("2 working days", "2026-04-01T10:00", "2026-04-02T17:00", "1 working day left"),
        ("2 working days", "2026-04-01T10:00", "2026-04-07T08:45", "8 h 15 min left"),
        ("4 working days", "2026-04-01T10:00", "2026-04-02T10:45", "4 working days left"),
        ("4 working hours", "2026-04-10T15:00", "2026-04-10T15:30", "3 working hours left"),
        ("3 working hours", "2026-04-10T15:00", "2026-04-10T15:30", "2 working hours left"),
        ("2 working hours", "2026-04-10T15:30", "2026-04-10T16:45", "less than 1 working hour left"),
        ("2 working days", "2026-04-01T10:00", "2026-04-08T15:00", "22 h late"),
    ],
)
def test_time_left_in_words(rule: str, start: str, now: str, said: str) -> None:
    assert time_left(deadline(rule, start), parse_moment(now)) == said


def test_the_time_left_of_a_clock_that_stands_still_does_not_run_down() -> None:
    for known in (None, "2026-04-13T18:00"):
        found = deadline("4 hours", "2026-04-13T10:00", "2026-04-13T11:25", now=known)
        assert time_left(found, parse_moment("2026-04-13T18:00")) == "2 h 35 min left when it goes on"
        assert time_left(found, parse_moment("2026-04-13T11:00")).endswith("min left" if known else "3 h left")


@pytest.mark.parametrize(
    ("stopped", "said"),
    [
        ("2026-04-13T10:45", "Met, 3 h 15 min early"),
        ("2026-04-13T14:00", "Met on time"),
        ("2026-04-14T16:00", "Met late, 1 day 2 h after it was due"),
    ],
)
def test_outcome_in_words(stopped: str, said: str) -> None:
    assert outcome_words(deadline("4 hours", "2026-04-13T10:00"), parse_moment(stopped)) == said
