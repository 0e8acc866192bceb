"""How values are written on a page, at the edges: clock changes, midnight, nothing, other years."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.web import filters
from workflows.deadlines import Pause, work_out
from workflows.durations import parse_duration
from workflows.working_time import Calendar

NOW = datetime(2026, 4, 2, 7, 45, tzinfo=UTC)  # Thursday, 8:45am in London

instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (datetime(2026, 3, 27, 23, 30, tzinfo=UTC), "Friday 27 March 2026, 11:30pm"),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "Sunday 29 March 2026, 12:59am"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "Sunday 29 March 2026, 2am"),
        (datetime(2026, 7, 1, 23, 30, tzinfo=UTC), "Thursday 2 July 2026, 12:30am"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Sunday 25 October 2026, 1:30am (British Summer Time)"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Sunday 25 October 2026, 1:30am (Greenwich Mean Time)"),
        (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), "Sunday 25 October 2026, 2am"),
    ],
)
def test_a_moment_is_london_time(at: datetime, said: str) -> None:
    assert filters.moment(at) == said


@given(instants, instants)
def test_two_minutes_are_never_written_alike(one: datetime, other: datetime) -> None:
    one, other = one.replace(second=0, microsecond=0), other.replace(second=0, microsecond=0)
    assert (filters.moment(one) == filters.moment(other)) == (one == other)


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (timedelta(minutes=55), "Today, 9:40am"),
        (timedelta(days=1, hours=9), "Tomorrow, 5:45pm"),
        (timedelta(days=-1), "Yesterday, 8:45am"),
        (timedelta(days=5), "Tue 7 April, 8:45am"),
        (timedelta(days=365), "Fri 2 April 2027, 8:45am"),
    ],
)
def test_a_short_moment_is_near_or_dated(ahead: timedelta, said: str) -> None:
    assert filters.short_moment(NOW + ahead, NOW) == said


def test_today_is_a_london_day() -> None:
    late = datetime(2026, 6, 30, 23, 15, tzinfo=UTC)  # already 1 July in London
    assert filters.short_moment(late, datetime(2026, 7, 1, 9, 0, tzinfo=UTC)) == "Today, 12:15am"
    assert filters.day(late) == "Wednesday 1 July 2026"


def test_nothing_is_written_as_nothing() -> None:
    for name in ("moment", "short_moment", "day", "plain_day", "short_day", "time_of_day", "iso", "nhs_number"):
        assert filters.ALL[name](None) == ""
    assert filters.pounds(None) == filters.how_long(None) == filters.ago(None) == ""
    assert filters.age(None) is None
    assert filters.listed([]) == ""


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        filters.moment(datetime(2026, 4, 2, 7, 45))


@pytest.mark.parametrize(
    ("given_number", "said"),
    [
        ("9990000018", "999 000 0018"),
        ("999 000-0018", "999 000 0018"),
        (9990000018, "999 000 0018"),
        ("not known", "not known"),
        ("99900", "99900"),
    ],
)
def test_an_nhs_number_stands_in_three_groups(given_number: str | int, said: str) -> None:
    assert filters.nhs_number(given_number) == said


def test_age_is_in_whole_years() -> None:
    assert filters.age(date(2010, 9, 14), date(2026, 9, 13)) == 15
    assert filters.age(date(2010, 9, 14), date(2026, 9, 14)) == 16
    assert filters.age(date(2008, 2, 29), date(2026, 2, 28)) == 17
    assert filters.age(date(2008, 2, 29), date(2026, 3, 1)) == 18
    assert filters.age(date(2010, 4, 3), datetime(2026, 4, 2, 23, 30, tzinfo=UTC)) == 16


@given(st.dates(date(1900, 1, 1), date(2020, 1, 1)), st.integers(0, 40_000))
def test_nobody_grows_younger(born_on: date, days: int) -> None:
    on = born_on + timedelta(days=days)
    before, after = filters.age(born_on, on), filters.age(born_on, on + timedelta(days=1))
    assert before is not None and after is not None and 0 <= before <= after <= before + 1


@given(st.integers(-(10**12), 10**12))
def test_pounds_hold_every_penny(pence: int) -> None:
    said = filters.pounds(pence)
    assert int(said.replace("£", "").replace(",", "").replace(".", "")) == pence
    assert said[-3] == "."


def test_words_for_counts_and_lists() -> None:
    assert filters.pounds(2118400) == "£21,184.00"
    assert filters.pounds(-5) == "-£0.05"
    assert (filters.count(1, "alert"), filters.count(1200, "alert")) == ("1 alert", "1,200 alerts")
    assert filters.count(2, "reply", "replies") == "2 replies"
    assert filters.listed(["a", "b", "c"], "or") == "a, b or c"
    assert (filters.yes_no(None), filters.yes_no(True), filters.yes_no(False)) == ("Not answered", "Yes", "No")
    assert (filters.lower_first("Where she is"), filters.lower_first("NHS number")) == ("where she is", "NHS number")
    assert (filters.lower_first("I assessed them"), filters.lower_first("A reason")) == ("I assessed them", "a reason")


def test_the_face_of_a_clock_turns_amber_then_red() -> None:
    start, due = NOW - timedelta(hours=1), NOW + timedelta(hours=1, minutes=1)
    calm = filters.plain_face(start, due, NOW)
    assert (calm.left, calm.tone) == ("1 h 1 min left", "ok")
    soon = filters.plain_face(start, due, NOW + timedelta(minutes=30))
    assert soon.tone == "soon" and soon.share is not None and 0.7 < soon.share < 0.8
    late = filters.plain_face(start, due, NOW + timedelta(days=1, hours=3))
    assert (late.left, late.tone, late.share) == ("1 day 1 h late", "late", 1.0)


@given(instants, instants, instants)
def test_a_bar_is_never_fuller_than_full(start: datetime, due: datetime, now: datetime) -> None:
    face = filters.plain_face(min(start, due), max(start, due), now)
    assert face.share is not None and 0 <= face.share <= 1
    assert (face.tone == "late") == (now >= max(start, due))


def test_the_face_of_a_worked_out_deadline() -> None:
    four_hours = work_out(parse_duration("4 hours"), NOW, Calendar(), now=NOW)
    calm = filters.clock_face(four_hours, NOW + timedelta(hours=1))
    assert (calm.left, calm.tone, calm.share) == ("3 h left", "ok", 0.25)
    assert filters.clock_face(four_hours, NOW + timedelta(hours=2)).tone == "soon"
    assert filters.clock_face(four_hours, NOW + timedelta(hours=5)).tone == "late"
    met = filters.clock_face(four_hours, NOW + timedelta(days=9), NOW + timedelta(hours=3))
    assert (met.left, met.tone, met.share) == ("Met, 1 h early", "met", 0.75)
    missed = filters.clock_face(four_hours, NOW + timedelta(days=9), NOW + timedelta(hours=6))
    assert missed.tone == "late" and missed.left.startswith("Met late")


def test_the_face_of_a_clock_that_stands_still() -> None:
    asked_at, later = NOW + timedelta(hours=1), NOW + timedelta(days=2)
    still = work_out(parse_duration("4 hours"), NOW, Calendar(), (Pause(asked_at, None),), now=later)
    face = filters.clock_face(still, later)
    assert (face.left, face.tone, face.due_words, face.due_at) == ("Paused", "paused", "3 h left", None)
    assert face.share == 0.25


def test_a_clock_that_was_given_up_met_nothing() -> None:
    deadline = work_out(parse_duration("4 hours"), NOW, Calendar(), ())
    early, late = NOW + timedelta(hours=1), NOW + timedelta(hours=6)
    assert filters.clock_face(deadline, late, early).left == "Met, 3 h early"
    stopped = filters.clock_face(deadline, late, early, "stopped")
    assert (stopped.left, stopped.tone) == ("Stopped before it was due", "paused")
    missed = filters.clock_face(deadline, late, late, "missed")
    assert (missed.left, missed.tone) == ("Its time ran out", "late")
