"""Checking one referral row: all that is wrong with it at once, by field, in words a coordinator understands."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from hub import codes
from hub.referrals.answers import NotAnAnswer, Reading, Value, lower, read, shown
from workflows import form1
from workflows.durations import local
from workflows.form1_fields import FIELDS, LINE_LENGTH, Field
from workflows.policy import DEFAULT, DIMENSIONS

SOURCE_FIELDS: Final[tuple[Field, ...]] = (
    Field("source_system", "Source system", "source", "text", "The system or list the row comes from.", max_length=60),
    Field(
        "source_reference",
        "Source reference",
        "source",
        "text",
        "The referral's own number there. With the source system it must be the only one of its kind.",
        max_length=LINE_LENGTH,
    ),
    Field(
        "received_at", "Time received", "source", "moment", "When the complete referral reached the hub, London time."
    ),
)
COLUMNS: Final[Mapping[str, Field]] = {field.name: field for field in (*SOURCE_FIELDS, *FIELDS)}
"""Every column an import file may have, in order."""
REQUIRED: Final = (
    *("source_system", "source_reference", "received_at", "referring_organisation", "service_line", "priority"),
)
"""The columns every import file must have, each filled in on every row."""

AgeLimits = Mapping[str, tuple[int, int]]
AGE_LIMITS: Final[AgeLimits] = {
    line: (
        DEFAULT.number("referral.age_from", service_line=line),
        DEFAULT.number("referral.age_to", service_line=line),
    )
    for line in DIMENSIONS["service_line"]
}
"""Youngest and oldest age in whole years on the day of receipt, by service line; from the default policy set.

A person of 17 who will soon move on is referred in the children's line until the 18th birthday: the transition plan
starts inside that case, not by an early adult referral.
"""

# These were facts when the referral was written, so a later date is a slip of the pen.
_PAST_DATES: Final = ("date_of_birth", "consent_on", "legal_status_from")
# A demand that any of several answers meets stays silent when one of them is there but wrong.
_ANSWERED_BY: Final[Mapping[str, frozenset[str]]] = {
    "consent_basis": frozenset({"consent_basis", "lawful_basis"}),
    "nhs_number_status": frozenset({"nhs_number", "nhs_number_status"}),
    "no_identity_reason": frozenset({"nhs_number", "no_identity_reason", "family_name", "date_of_birth"}),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a row: the field it belongs to (empty for the whole row) and what to do about it."""

    field: str
    message: str


def check(
    row: Mapping[str, str],
    *,
    now: datetime,
    known_organisations: Collection[str],
    age_limits: AgeLimits = AGE_LIMITS,
) -> tuple[dict[str, Value], tuple[Problem, ...]]:
    """Check one row of column name to text; return its typed values and everything that is wrong with it.

    `now` is an aware instant; `known_organisations` are ODS codes in capitals. Blank answers have no value. A field
    with a problem has no value either. Never raises on any text; source: shared design, referral page.
    """
    values: dict[str, Value] = {}
    problems: list[Problem] = []
    received = _take("received_at", row, Reading(local(now).date(), known_organisations), values, problems)
    on = local(received).date() if isinstance(received, datetime) else local(now).date()
    reading = Reading(on, known_organisations)
    for name, text in row.items():
        if name not in COLUMNS:
            problems.append(Problem(shown(name), "This column is not one we know: take it out or check its name"))
        elif name != "received_at" and text:
            _take(name, row, reading, values, problems)
    problems += _times(values, now, on)
    problems += _fits_the_line(values, age_limits, on if received else None)
    problems += _not_there(values, {problem.field for problem in problems})
    wrong = {problem.field for problem in problems}
    return {name: value for name, value in values.items() if name not in wrong}, tuple(problems)


def age_on(born: date, day: date) -> int:
    """Return the age in whole years on a day; somebody born on 29 February is a year older from 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _take(
    name: str, row: Mapping[str, str], reading: Reading, values: dict[str, Value], problems: list[Problem]
) -> Value | None:
    try:
        value = read(COLUMNS[name], row.get(name, ""), reading)
    except NotAnAnswer as problem:
        problems.append(Problem(name, str(problem)))
        return None
    if value is not None:
        values[name] = value
    return value


def _times(values: Mapping[str, Value], now: datetime, on: date) -> list[Problem]:
    problems = []
    today = local(now).date()
    received, expires, began = (
        values.get(name) for name in ("received_at", "legal_status_expires_at", "legal_status_from")
    )
    if isinstance(received, datetime) and received > now:
        problems.append(Problem("received_at", "Time received is in the future: check the date and time"))
    for name in _PAST_DATES:
        day = values.get(name)
        if isinstance(day, date) and day > today:
            problems.append(Problem(name, f"{COLUMNS[name].label} is in the future: check the year"))
        elif name == "date_of_birth" and isinstance(day, date) and day > on:
            problems.append(Problem(name, "Date of birth is after the referral was received: check both dates"))
    if isinstance(expires, datetime) and isinstance(began, date) and local(expires).date() < began:
        problems.append(
            Problem("legal_status_expires_at", "The legal status runs out before it began: check both dates")
        )
    return problems


def _fits_the_line(values: Mapping[str, Value], age_limits: AgeLimits, on: date | None) -> list[Problem]:
    line = values.get("service_line")
    if not isinstance(line, str):
        return []
    problems = []
    name = lower(codes.label("service_line", line))
    priority = values.get("priority")
    if isinstance(priority, str) and priority not in form1.priorities_for(line):
        allowed = " or ".join(form1.priorities_for(line))
        problems.append(Problem("priority", f"The {name} line takes no {priority} referrals: use {allowed}"))
    born = values.get("date_of_birth")
    if on is not None and isinstance(born, date) and born <= on and line in age_limits:
        youngest, oldest = age_limits[line]
        age = age_on(born, on)
        if not youngest <= age <= oldest:
            problems.append(
                Problem(
                    "date_of_birth",
                    f"The person was {age} when referred, but the {name} line takes people from {youngest} to "
                    f"{oldest}: check the date of birth and the service line",
                )
            )
    bed = values.get("bed_type_wanted")
    if isinstance(bed, str) and codes.detail("bed_type_wanted", bed, on)["service_line"] not in ("", line):
        bed_name = codes.label("bed_type_wanted", bed)
        problems.append(Problem("bed_type_wanted", f"“{bed_name}” is not a bed of the {name} line: choose another"))
    return problems


def _not_there(values: Mapping[str, Value], wrong: Collection[str]) -> list[Problem]:
    absent = [name for name in REQUIRED if name not in values and name not in wrong]
    problems = [Problem(name, f"{COLUMNS[name].label} is missing: every row must have it") for name in absent]
    priority = values.get("priority")
    asked = form1.missing_fields(values, priority if isinstance(priority, str) else None)
    if priority is None:
        # Which set applies is not known, so only what every set asks for is held against the row.
        least = {item.field for item in form1.missing_fields(values, form1.EMERGENCY)}
        asked = tuple(item for item in asked if item.field in least)
    for item in asked:
        answered_by = _ANSWERED_BY.get(item.field, frozenset({item.field}))
        if item.field not in absent and not answered_by & set(wrong):
            problems.append(Problem(item.field, item.sentence))
    return problems
