"""Lengths and moments read from words, refused in words, and written as words."""

from datetime import UTC, date, datetime, timedelta

import pytest

from workflows.calendar import (
    Basis,
    Calendar,
    ClockChange,
    Rule,
    date_words,
    length_words,
    moment_words,
    named,
    parse_duration,
    parse_moment,
    zone_words,
)
from workflows.durations import working_words


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("1 hour", Rule(Basis.ELAPSED, 1, "1 hour")),
        ("48 hours", Rule(Basis.ELAPSED, 48, "48 hours")),
        ("1000 hours", Rule(Basis.ELAPSED, 1000, "1,000 hours")),
        ("1 day", Rule(Basis.CALENDAR_DAYS, 1, "1 calendar day")),
        ("7 calendar days", Rule(Basis.CALENDAR_DAYS, 7, "7 calendar days")),
        ("1 month", Rule(Basis.CALENDAR_MONTHS, 1, "1 month")),
        ("3 calendar months", Rule(Basis.CALENDAR_MONTHS, 3, "3 months")),
        ("1 working day", Rule(Basis.WORKING_DAYS, 1, "1 working day")),
        ("  5   Working  DAYS ", Rule(Basis.WORKING_DAYS, 5, "5 working days")),
        ("16 working hours", Rule(Basis.WORKING_HOURS, 16, "16 working hours")),
        ("1,000 hours", Rule(Basis.ELAPSED, 1000, "1,000 hours")),
    ],
)
def test_a_length_in_words(text: str, rule: Rule) -> None:
    assert parse_duration(text) == rule
    assert parse_duration(rule.text) == rule


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hours",
        "5",
        "five days",
        "5 weeks",
        "-5 days",
        "1.5 hours",
        "5 workng days",
        "working days 5",
        "5days",
        "2 hourss",
    ],
)
def test_what_is_not_a_length_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a length of time\. Write a whole number .* “5 working days”\."):
        parse_duration(text)


@pytest.mark.parametrize("text", ["0 hours", "100001 days"])
def test_a_length_has_a_smallest_and_a_largest_number(text: str) -> None:
    with pytest.raises(ValueError, match="between 1 and 100,000"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-15T16:30", datetime(2026, 1, 15, 16, 30, tzinfo=UTC)),
        ("2026-04-02T16:30", datetime(2026, 4, 2, 15, 30, tzinfo=UTC)),
        (" 2026-04-02 16:30 ", datetime(2026, 4, 2, 15, 30, tzinfo=UTC)),
        ("2026-04-02T16:30:15", datetime(2026, 4, 2, 15, 30, 15, tzinfo=UTC)),
        ("2026-04-02T16:30Z", datetime(2026, 4, 2, 16, 30, tzinfo=UTC)),
        ("2026-04-02T16:30+05:00", datetime(2026, 4, 2, 11, 30, tzinfo=UTC)),
        ("2026-03-29T00:59", datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        ("2026-03-29T02:00", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("2026-10-25T01:30+01:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T01:30+00:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("2026-10-25T02:00", datetime(2026, 10, 25, 2, 0, tzinfo=UTC)),
    ],
)
def test_a_moment_is_london_time_unless_it_has_an_offset(text: str, moment: datetime) -> None:
    assert parse_moment(text) == moment
    assert parse_moment(text).tzinfo is UTC


@pytest.mark.parametrize("text", ["2026-03-29T01:00", "2026-03-29T01:59:59"])
def test_a_time_that_did_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ClockChange, match="Sunday 29 March 2026 did not exist: the clocks went forward"):
        parse_moment(text)


@pytest.mark.parametrize("text", ["2026-10-25T01:00", "2026-10-25T01:59:59"])
def test_a_time_that_happened_twice_needs_an_offset(text: str) -> None:
    with pytest.raises(ClockChange, match=r"Sunday 25 October 2026 happened twice: .* Add \+01:00 for the first"):
        parse_moment(text)


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-04-02", "2026-13-02T10:00", "2026-04-02T25:00", "0001-01-01T00:00+05:00"]
)
def test_what_is_not_a_moment_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a date and time\. Write it like 2026-04-02T16:30"):
        parse_moment(text)


@pytest.mark.parametrize(
    ("minutes", "exact", "roughly"),
    [
        (0, "less than 1 min", "less than 1 min"),
        (59, "59 min", "59 min"),
        (110, "1 h 50 min", "1 h 50 min"),
        (60 * 11 + 59, "11 h 59 min", "11 h 59 min"),
        (60 * 12 + 1, "12 h 1 min", "12 h"),
        (60 * 26 + 5, "1 day 2 h 5 min", "1 day 2 h"),
        (60 * 24 * 3 + 60 * 13 + 55, "3 days 13 h 55 min", "3 days 13 h"),
        (60 * 24 * 9 + 60 * 5, "9 days 5 h", "9 days"),
    ],
)
def test_a_length_as_words(minutes: int, exact: str, roughly: str) -> None:
    assert length_words(timedelta(minutes=minutes)) == exact
    assert length_words(timedelta(minutes=minutes), exact=False) == roughly


@pytest.mark.parametrize(
    ("hours", "said"),
    [
        (1, "1 working hour"),
        (8, "1 working day"),
        (11, "1 working day 3 h"),
        (16.25, "2 working days 15 min"),
        (0.5, "30 min of working time"),
    ],
)
def test_working_time_as_words(hours: float, said: str) -> None:
    assert working_words(timedelta(hours=hours), timedelta(hours=8)) == said


@pytest.mark.parametrize(
    ("text", "said", "zone"),
    [
        ("2026-03-27T23:30", "Friday 27 March 2026, 11:30pm", "Greenwich Mean Time"),
        ("2026-04-03T00:00", "Friday 3 April 2026, midnight", "British Summer Time"),
        ("2026-04-03T12:00", "Friday 3 April 2026, midday", "British Summer Time"),
        ("2026-04-03T00:05", "Friday 3 April 2026, 12:05am", "British Summer Time"),
        ("2026-04-03T12:05", "Friday 3 April 2026, 12:05pm", "British Summer Time"),
        ("2026-04-03T09:00", "Friday 3 April 2026, 9am", "British Summer Time"),
    ],
)
def test_a_moment_as_words(text: str, said: str, zone: str) -> None:
    assert moment_words(parse_moment(text)) == said
    assert zone_words(parse_moment(text)) == zone


def test_why_a_day_is_not_worked() -> None:
    calendar = Calendar({date(2026, 4, 3): "Good Friday"}, named([date(2026, 4, 7), date(2026, 4, 11)], "Staff day"))
    days = calendar.not_worked(date(2026, 4, 2), date(2026, 4, 11))
    assert [f"{date_words(day)}: {why}" for day, why in days] == [
        "Friday 3 April 2026: Good Friday",
        "Saturday 4 April 2026: weekend",
        "Sunday 5 April 2026: weekend",
        "Tuesday 7 April 2026: Staff day",
        "Saturday 11 April 2026: weekend",
    ]
