"""Deadlines worked out by hand from the written rules, one line each; the calendar is that of England in 2026."""

from dataclasses import dataclass
from datetime import date

from workflows.calendar import Calendar, named

HOLIDAYS = {
    date(2026, 4, 3): "Good Friday",
    date(2026, 4, 6): "Easter Monday",
    date(2026, 8, 31): "Summer bank holiday",
    date(2026, 12, 25): "Christmas Day",
    date(2026, 12, 28): "Boxing Day",
    date(2027, 1, 1): "New Year’s Day",
    date(2028, 12, 25): "Christmas Day",
    date(2028, 12, 26): "Boxing Day",
}
ENGLAND = Calendar(HOLIDAYS, known_until=2028)
EVERY_HOUR = ("Nothing. Nights, weekends and bank holidays count for this rule.",)
LATE = "After the deadline, so it does not count."
EARLY = "Before the clock started, so it does not count."


@dataclass(frozen=True)
class Case:
    """`pauses` are "from/to" with the words of the panel after the length; `started` is what follows the moment."""

    rule: str
    start: str
    due: str
    skipped: tuple[str, ...] = EVERY_HOUR
    pauses: tuple[tuple[str, str], ...] = ()
    first: str = ""
    started: str = ""
    closures: tuple[date, ...] = ()
    more: tuple[tuple[str, str], ...] = ()

    @property
    def calendar(self) -> Calendar:
        return ENGLAND.with_closures(named(self.closures, "local closure"))


def _forward(day: str = "Sunday 29 March 2026") -> tuple[tuple[str, str], ...]:
    said = f"The clocks went forward an hour on {day}. Real hours were counted, so the wall clock shows an hour more."
    return (("Clocks changed", said),)


_BACK = (
    (
        "Clocks changed",
        "The clocks went back an hour on Sunday 25 October 2026. Real hours were counted, "
        "so the wall clock shows an hour less.",
    ),
)

ELAPSED = (
    Case("12 hours", "2026-03-27T23:30", "2026-03-28T11:30+00:00"),
    Case("12 hours", "2026-03-28T23:30", "2026-03-29T12:30+01:00", more=_forward()),
    Case("24 hours", "2026-03-28T23:30", "2026-03-30T00:30+01:00", more=_forward()),
    Case("48 hours", "2026-03-27T10:00", "2026-03-29T11:00+01:00", more=_forward()),
    Case("1 hour", "2026-03-29T00:30", "2026-03-29T02:30+01:00", more=_forward()),
    Case("12 hours", "2026-10-24T23:30", "2026-10-25T10:30+00:00", more=_BACK),
    Case("48 hours", "2026-10-25T00:30", "2026-10-26T23:30+00:00", more=_BACK),
    Case("1 hour", "2026-10-25T01:30+01:00", "2026-10-25T01:30+00:00", more=_BACK),
    Case("1 hour", "2026-10-25T01:30+00:00", "2026-10-25T02:30+00:00"),
    Case("4 hours", "2026-04-02T22:00", "2026-04-03T02:00+01:00"),
    Case("72 hours", "2026-12-24T10:00", "2026-12-27T10:00+00:00"),
    Case("24 hours", "2026-12-31T12:00", "2027-01-01T12:00+00:00"),
    Case("24 hours", "2028-02-28T09:00", "2028-02-29T09:00+00:00"),
    Case(
        "4 hours",
        "2026-03-29T21:15",
        "2026-04-02T15:10+01:00",
        first="2026-03-30T01:15+01:00",
        pauses=(("2026-03-29T22:40/2026-04-02T12:35", "3 days 13 h 55 min."),),
    ),
    Case(
        "12 hours",
        "2026-03-28T22:00",
        "2026-03-29T13:00+01:00",
        first="2026-03-29T11:00+01:00",
        pauses=(("2026-03-29T00:00/2026-03-29T03:00", "2 h."),),
        more=_forward(),
    ),
    Case(
        "12 hours",
        "2026-04-01T08:00",
        "2026-04-01T23:00+01:00",
        first="2026-04-01T20:00+01:00",
        pauses=(
            ("2026-04-01T09:00/2026-04-01T11:00", "2 h."),
            ("2026-04-01T10:00/2026-04-01T12:00", "2 h. Counts for 1 h."),
        ),
    ),
    Case(
        "12 hours",
        "2026-04-01T08:00",
        "2026-04-01T23:00+01:00",
        first="2026-04-01T20:00+01:00",
        pauses=(
            ("2026-04-01T09:00/2026-04-01T12:00", "3 h."),
            ("2026-04-01T10:00/2026-04-01T11:00", "1 h. Inside another pause, so it counts only once."),
        ),
    ),
    Case(
        "12 hours",
        "2026-04-01T08:00",
        "2026-04-01T20:00+01:00",
        pauses=(("2026-04-01T06:00/2026-04-01T07:00", f"1 h. {EARLY}"),),
    ),
    Case(
        "12 hours",
        "2026-04-01T08:00",
        "2026-04-01T21:00+01:00",
        first="2026-04-01T20:00+01:00",
        pauses=(("2026-04-01T07:00/2026-04-01T09:00", "2 h. Counts for 1 h."),),
    ),
    Case(
        "4 hours",
        "2026-04-01T08:00",
        "2026-04-01T12:00+01:00",
        pauses=(("2026-04-01T12:00/2026-04-01T14:00", f"2 h. {LATE}"),),
    ),
    Case(
        "4 hours",
        "2026-04-01T08:00",
        "2026-04-01T16:00+01:00",
        first="2026-04-01T12:00+01:00",
        pauses=(("2026-04-01T10:00/2026-04-01T13:00", "3 h."), ("2026-04-01T14:00/2026-04-01T15:00", "1 h.")),
    ),
    Case(
        "4 hours",
        "2026-04-01T08:00",
        "2026-04-01T16:00+01:00",
        first="2026-04-01T12:00+01:00",
        pauses=(("2026-04-01T11:00/2026-04-01T15:00", "4 h."),),
    ),
)

WEEK = "2026-04-08T23:59:59+01:00"
CALENDAR_DAYS = (
    Case("7 calendar days", "2026-04-01T10:00", WEEK),
    Case("7 days", "2026-03-25T10:00", "2026-04-01T23:59:59+01:00"),
    Case("7 calendar days", "2026-10-20T10:00", "2026-10-27T23:59:59+00:00"),
    Case("2 calendar days", "2026-04-02T23:59:59", "2026-04-04T23:59:59+01:00"),
    Case("1 day", "2026-04-01T00:00", "2026-04-02T23:59:59+01:00"),
    Case("14 calendar days", "2028-02-20T10:00", "2028-03-05T23:59:59+00:00"),
    Case("28 calendar days", "2026-12-14T10:00", "2027-01-11T23:59:59+00:00"),
    Case(
        "7 calendar days",
        "2026-04-01T10:00",
        "2026-04-10T23:59:59+01:00",
        first=WEEK,
        pauses=(("2026-04-02T12:00/2026-04-04T12:00", "2 days. 2 midnights, so 2 days more."),),
    ),
    Case(
        "7 calendar days",
        "2026-04-01T10:00",
        WEEK,
        pauses=(("2026-04-02T09:00/2026-04-02T23:00", "14 h. No midnight in it, so it adds nothing."),),
    ),
    Case(
        "7 calendar days",
        "2026-04-01T10:00",
        "2026-04-09T23:59:59+01:00",
        first=WEEK,
        pauses=(("2026-04-02T00:00/2026-04-03T00:00", "1 day. 1 midnight, so 1 day more."),),
    ),
    Case(
        "7 calendar days",
        "2026-04-01T10:00",
        "2026-04-09T23:59:59+01:00",
        first=WEEK,
        pauses=(
            ("2026-04-02T22:00/2026-04-03T02:00", "4 h. 1 midnight, so 1 day more."),
            ("2026-04-02T23:00/2026-04-03T03:00", "4 h. No midnight in it, so it adds nothing."),
        ),
    ),
    Case(
        "7 calendar days",
        "2026-04-01T10:00",
        "2026-04-10T23:59:59+01:00",
        first=WEEK,
        pauses=(("2026-04-08T12:00/2026-04-10T12:00", "2 days. 2 midnights, so 2 days more."),),
    ),
    Case(
        "7 calendar days",
        "2026-04-01T10:00",
        WEEK,
        pauses=(("2026-04-09T00:00/2026-04-10T12:00", f"1 day 12 h. {LATE}"),),
    ),
    Case(
        "7 calendar days",
        "2026-03-25T10:00",
        "2026-04-03T23:59:59+01:00",
        first="2026-04-01T23:59:59+01:00",
        pauses=(("2026-03-28T12:00/2026-03-30T12:00", "1 day 23 h. 2 midnights, so 2 days more."),),
    ),
    Case(
        "7 calendar days",
        "2026-04-01T10:00",
        "2026-04-09T23:59:59+01:00",
        first=WEEK,
        pauses=(("2026-03-30T10:00/2026-04-02T10:00", "3 days. 1 midnight, so 1 day more."),),
    ),
)

MONTHS = (
    Case("3 months", "2026-08-31T10:00", "2026-11-30T23:59:59+00:00"),
    Case("1 month", "2027-01-31T10:00", "2027-02-28T23:59:59+00:00"),
    Case("1 month", "2028-01-31T10:00", "2028-02-29T23:59:59+00:00"),
    Case(
        "12 months",
        "2028-02-29T10:00",
        "2029-02-28T23:59:59+00:00",
        more=(("Bank holidays", "Known up to the end of 2028 only. Bank holidays make no difference to this rule."),),
    ),
    Case("1 month", "2026-11-30T10:00", "2026-12-30T23:59:59+00:00"),
    Case("2 calendar months", "2026-12-15T10:00", "2027-02-15T23:59:59+00:00"),
    Case("1 month", "2026-03-31T10:00", "2026-04-30T23:59:59+01:00"),
    Case(
        "1 month",
        "2027-01-31T10:00",
        "2027-03-01T23:59:59+00:00",
        first="2027-02-28T23:59:59+00:00",
        pauses=(("2027-02-10T12:00/2027-02-11T12:00", "1 day. 1 midnight, so 1 day more."),),
    ),
)
