"""What two records are compared by, field by field, and which value is offered to stand."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, DateTime
from sqlalchemy.orm import InstrumentedAttribute

from hub.codes import known_label
from hub.patients.models import Patient
from hub.web.filters import lower_first, nhs_number, plain_day, yes_no

VERIFIED = "01"
"""National code: the NHS number is present and was verified."""


@dataclass(frozen=True, slots=True)
class Field:
    """One line of the comparison; its columns are chosen together."""

    name: str
    label: str
    columns: tuple[str, ...]
    codes: str = ""

    def values(self, patient: Patient) -> tuple[Any, ...]:
        """What a record says, by column."""
        return tuple(getattr(patient, name) for name in self.columns)

    def words(self, patient: Patient) -> str:
        """The same in words; empty for nothing."""
        value = getattr(patient, self.columns[0])
        if self.name == "nhs_number":
            status = patient.nhs_number_status
            said = lower_first(known_label("nhs_number_status", status)) if status else ""
            return f"{nhs_number(value)}, {said}" if value and said else nhs_number(value)
        if value in {None, ""}:
            return ""
        if isinstance(value, bool):
            return yes_no(value)
        if isinstance(value, date):
            return plain_day(value)
        return known_label(self.codes, str(value)) if self.codes else str(value)


FIELDS: tuple[Field, ...] = (
    Field("nhs_number", "NHS number", ("nhs_number", "nhs_number_status", "no_identity_reason")),
    Field("family_name", "Family name", ("family_name",)),
    Field("given_name", "Given name", ("given_name",)),
    Field("preferred_name", "Likes to be called", ("preferred_name",)),
    Field("date_of_birth", "Date of birth", ("date_of_birth",)),
    Field("gender", "Gender", ("gender",), "gender"),
    Field("ethnic_category", "Ethnic category", ("ethnic_category",), "ethnic_category"),
    Field("first_language", "First language", ("first_language",)),
    Field("interpreter_needed", "Interpreter needed", ("interpreter_needed",)),
    Field("address", "Address", ("address",)),
    Field("postcode", "Postcode", ("postcode",)),
    Field("phone", "Telephone", ("phone",)),
    Field("gp_practice", "GP practice", ("gp_practice",)),
)
BY_NAME = {field.name: field for field in FIELDS}


def differing(one: Patient, two: Patient) -> list[Field]:
    """The fields in which the two records do not say the same."""
    return [field for field in FIELDS if field.values(one)[0] != field.values(two)[0]]


def offered(standing: Patient, other: Patient) -> set[str]:
    """Fields whose value is offered from the other record: a verified NHS number, and whatever the first lacks."""
    wanted = {field.name for field in differing(standing, other) if field.values(standing)[0] in {None, ""}}
    if _is_verified(other) and not _is_verified(standing):
        wanted.add("nhs_number")
    return wanted & {field.name for field in differing(standing, other) if field.values(other)[0] not in {None, ""}}


def which_stands(one: Patient, two: Patient) -> tuple[Patient, Patient]:
    """(standing, other) as first offered: the one with the verified number, else the fuller, else the older."""

    def rank(patient: Patient) -> tuple[int, int, int]:
        filled = sum(1 for field in FIELDS if field.values(patient)[0] not in {None, ""})
        return int(_is_verified(patient)), filled, -patient.id

    return (one, two) if rank(one) >= rank(two) else (two, one)


def columns_of(names: Iterable[str]) -> list[str]:
    """The columns behind these fields, in order."""
    chosen = set(names)
    return [column for field in FIELDS if field.name in chosen for column in field.columns]


def kept(value: Any) -> Any:
    """A value as the merge keeps it: dates and moments as ISO text."""
    return value.isoformat() if isinstance(value, date | datetime) else value


def back(column: InstrumentedAttribute[Any], value: Any) -> Any:
    """A kept value as its column takes it."""
    if isinstance(value, str) and isinstance(column.type, DateTime):
        return datetime.fromisoformat(value)
    if isinstance(value, str) and isinstance(column.type, Date):
        return date.fromisoformat(value)
    return value


def _is_verified(patient: Patient) -> bool:
    return bool(patient.nhs_number) and patient.nhs_number_status == VERIFIED
