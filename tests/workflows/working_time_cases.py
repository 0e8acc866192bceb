"""Working-day and working-hour deadlines worked out by hand from the written rules."""

from datetime import date

from tests.workflows.calendar_cases import LATE, Case

NO_DAY = ("Nothing. No weekend, bank holiday or closure fell in this time.",)
OUTSIDE = "Outside working time, so "
IDLE = "No working time in it, so it adds nothing."
GOOD_FRIDAY, EASTER_MONDAY = "Friday 3 April 2026: Good Friday", "Monday 6 April 2026: Easter Monday"
EASTER = (GOOD_FRIDAY, "Saturday 4 April 2026: weekend", "Sunday 5 April 2026: weekend", EASTER_MONDAY)


def weekend(saturday: int, month: str = "April", year: int = 2026) -> tuple[str, str]:
    """The two lines of a weekend, by the day of the month of its Saturday (not across a month's end)."""
    return f"Saturday {saturday} {month} {year}: weekend", f"Sunday {saturday + 1} {month} {year}: weekend"


_XMAS = (
    "Friday 25 December 2026: Christmas Day",
    *weekend(26, "December"),
    "Monday 28 December 2026: Boxing Day",
)
_DAY_0 = OUTSIDE + "day 0 is "
_COUNTS = OUTSIDE + "the count starts "

WORKING_DAYS = (
    Case("5 working days", "2026-04-02T16:30", "2026-04-13T17:00+01:00", (*EASTER, *weekend(11))),
    Case("1 working day", "2026-04-01T09:00", "2026-04-02T17:00+01:00", NO_DAY),
    Case("1 working day", "2026-04-01T08:59", "2026-04-02T17:00+01:00", NO_DAY),
    Case("1 working day", "2026-04-01T16:59", "2026-04-02T17:00+01:00", NO_DAY),
    Case(
        "1 working day", "2026-04-01T17:00", "2026-04-07T17:00+01:00", EASTER, started=f"{_DAY_0}Thursday 2 April 2026."
    ),
    Case(
        "1 working day", "2026-04-02T17:00", "2026-04-08T17:00+01:00", EASTER, started=f"{_DAY_0}Tuesday 7 April 2026."
    ),
    Case(
        "2 working days",
        "2026-04-04T12:00",
        "2026-04-09T17:00+01:00",
        EASTER[1:],
        started=f"{_DAY_0}Tuesday 7 April 2026.",
    ),
    Case(
        "2 working days", "2026-04-03T10:00", "2026-04-09T17:00+01:00", EASTER, started=f"{_DAY_0}Tuesday 7 April 2026."
    ),
    Case("2 working days", "2026-12-24T10:00", "2026-12-30T17:00+00:00", _XMAS),
    Case(
        "5 working days",
        "2026-12-23T15:00",
        "2027-01-04T17:00+00:00",
        (*_XMAS, "Friday 1 January 2027: New Year’s Day", *weekend(2, "January", 2027)),
    ),
    Case("2 working days", "2026-03-27T10:00", "2026-03-31T17:00+01:00", weekend(28, "March")),
    Case("2 working days", "2026-10-23T10:00", "2026-10-27T17:00+00:00", weekend(24, "October")),
    Case(
        "3 working days",
        "2026-08-28T09:00",
        "2026-09-03T17:00+01:00",
        (*weekend(29, "August"), "Monday 31 August 2026: Summer bank holiday"),
    ),
    Case(
        "2 working days",
        "2026-04-07T10:00",
        "2026-04-10T17:00+01:00",
        ("Wednesday 8 April 2026: local closure",),
        closures=(date(2026, 4, 8),),
    ),
    Case(
        "2 working days",
        "2026-04-07T10:00",
        "2026-04-10T17:00+01:00",
        ("Tuesday 7 April 2026: local closure",),
        closures=(date(2026, 4, 7),),
        started=f"{_DAY_0}Wednesday 8 April 2026.",
    ),
    Case("2 working days", "2026-04-10T10:00", "2026-04-14T17:00+01:00", weekend(11), closures=(date(2026, 4, 11),)),
    Case(
        "2 working days",
        "2026-04-10T10:00",
        "2026-04-14T17:00+01:00",
        weekend(11),
        pauses=(("2026-04-10T17:00/2026-04-13T09:00", f"2 days 16 h. {IDLE}"),),
    ),
    Case(
        "5 working days",
        "2026-04-13T10:00",
        "2026-04-22T17:00+01:00",
        weekend(18),
        first="2026-04-20T17:00+01:00",
        pauses=(("2026-04-14T12:00/2026-04-16T12:00", "2 days. Adds 2 working days."),),
    ),
    Case(
        "2 working days",
        "2026-04-13T10:00",
        "2026-04-16T11:00+01:00",
        NO_DAY,
        first="2026-04-15T17:00+01:00",
        pauses=(("2026-04-14T10:00/2026-04-14T12:00", "2 h. Adds 2 working hours."),),
    ),
    Case(
        "5 working days",
        "2026-04-01T10:00",
        "2026-04-13T17:00+01:00",
        (*EASTER, *weekend(11)),
        first="2026-04-10T17:00+01:00",
        pauses=(("2026-04-02T13:00/2026-04-07T13:00", "5 days. Adds 1 working day."),),
    ),
    Case(
        "2 working days",
        "2026-04-13T10:00",
        "2026-04-16T12:00+01:00",
        NO_DAY,
        first="2026-04-15T17:00+01:00",
        pauses=(
            ("2026-04-14T10:00/2026-04-14T12:00", "2 h. Adds 2 working hours."),
            ("2026-04-14T11:00/2026-04-14T13:00", "2 h. Adds 1 working hour."),
        ),
    ),
    Case(
        "2 working days",
        "2026-04-13T10:00",
        "2026-04-16T17:00+01:00",
        NO_DAY,
        first="2026-04-15T17:00+01:00",
        pauses=(("2026-04-14T07:00/2026-04-14T20:00", "13 h. Adds 1 working day."),),
    ),
    Case(
        "2 working days",
        "2026-04-13T10:00",
        "2026-04-16T11:00+01:00",
        NO_DAY,
        first="2026-04-15T17:00+01:00",
        pauses=(("2026-04-15T16:00/2026-04-16T10:00", "18 h. Adds 2 working hours."),),
    ),
    Case(
        "2 working days",
        "2026-04-13T10:00",
        "2026-04-15T17:00+01:00",
        NO_DAY,
        pauses=(("2026-04-15T17:00/2026-04-16T12:00", f"19 h. {LATE}"),),
    ),
    Case(
        "2 working days",
        "2026-04-13T10:00",
        "2026-04-16T10:00+01:00",
        NO_DAY,
        first="2026-04-15T17:00+01:00",
        pauses=(("2026-04-13T09:00/2026-04-13T11:00", "2 h. Adds 1 working hour."),),
    ),
    Case(
        "2 working days",
        "2026-04-13T10:00",
        "2026-04-16T17:00+01:00",
        NO_DAY,
        first="2026-04-15T17:00+01:00",
        pauses=(
            ("2026-04-14T13:00/2026-04-14T16:20", "3 h 20 min. Adds 3 working hours 20 min."),
            ("2026-04-15T09:00/2026-04-15T13:40", "4 h 40 min. Adds 4 working hours 40 min."),
        ),
    ),
    Case(
        "5 working days",
        "2026-04-13T10:00",
        "2026-04-22T17:00+01:00",
        ("Wednesday 15 April 2026: local closure", *weekend(18)),
        first="2026-04-21T17:00+01:00",
        pauses=(("2026-04-14T12:00/2026-04-16T12:00", "2 days. Adds 1 working day."),),
        closures=(date(2026, 4, 15),),
    ),
    Case(
        "10 working days",
        "2028-12-20T10:00",
        "2029-01-05T17:00+00:00",
        (
            *weekend(23, "December", 2028),
            "Monday 25 December 2028: Christmas Day",
            "Tuesday 26 December 2028: Boxing Day",
            *weekend(30, "December", 2028),
        ),
        more=(("Bank holidays", "Known up to the end of 2028 only. Later ones may move this deadline."),),
    ),
)

WORKING_HOURS = (
    Case("16 working hours", "2026-04-16T09:00", "2026-04-17T17:00+01:00", NO_DAY),
    Case("16 working hours", "2026-04-14T13:00", "2026-04-16T13:00+01:00", NO_DAY),
    Case("4 working hours", "2026-04-10T15:00", "2026-04-13T11:00+01:00", weekend(11)),
    Case(
        "4 working hours",
        "2026-04-10T17:00",
        "2026-04-13T13:00+01:00",
        weekend(11),
        started=f"{_COUNTS}Monday 13 April 2026, 9am.",
    ),
    Case(
        "4 working hours",
        "2026-04-10T08:00",
        "2026-04-10T13:00+01:00",
        NO_DAY,
        started=f"{_COUNTS}Friday 10 April 2026, 9am.",
    ),
    Case(
        "8 working hours",
        "2026-04-11T12:00",
        "2026-04-13T17:00+01:00",
        weekend(11),
        started=f"{_COUNTS}Monday 13 April 2026, 9am.",
    ),
    Case("8 working hours", "2026-04-02T13:00", "2026-04-07T13:00+01:00", EASTER),
    Case("1 working hour", "2026-03-27T16:30", "2026-03-30T09:30+01:00", weekend(28, "March")),
    Case("1 working hour", "2026-10-23T16:30", "2026-10-26T09:30+00:00", weekend(24, "October")),
    Case("40 working hours", "2026-04-13T09:00", "2026-04-17T17:00+01:00", NO_DAY),
    Case(
        "4 working hours",
        "2026-04-14T10:00",
        "2026-04-14T15:00+01:00",
        NO_DAY,
        first="2026-04-14T14:00+01:00",
        pauses=(("2026-04-14T12:00/2026-04-14T13:00", "1 h. Adds 1 working hour."),),
    ),
    Case(
        "4 working hours",
        "2026-04-10T15:00",
        "2026-04-13T13:00+01:00",
        weekend(11),
        first="2026-04-13T11:00+01:00",
        pauses=(("2026-04-10T16:00/2026-04-13T10:00", "2 days 18 h. Adds 2 working hours."),),
    ),
    Case(
        "4 working hours",
        "2026-04-14T13:00",
        "2026-04-15T09:30+01:00",
        NO_DAY,
        first="2026-04-14T17:00+01:00",
        pauses=(("2026-04-14T16:30/2026-04-14T20:00", "3 h 30 min. Adds 30 min of working time."),),
    ),
    Case(
        "8 working hours",
        "2026-04-14T13:00",
        "2026-04-16T13:00+01:00",
        ("Wednesday 15 April 2026: local closure",),
        closures=(date(2026, 4, 15),),
    ),
)
