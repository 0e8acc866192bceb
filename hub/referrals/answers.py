"""Reading one answer of Form 1: text in, a typed value out, or a sentence that says what to do."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from hub import codes
from hub.patients.nhs_numbers import digits_of, why_wrong
from workflows.calendar import parse_moment
from workflows.form1_fields import Field, Kind

Value = str | bool | date | datetime

YES: Final = frozenset({"yes", "y", "true", "1"})
NO: Final = frozenset({"no", "n", "false", "0"})
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2199
SHORT_LIST: Final = 6
SHOWN: Final = 40

_ISO_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_UK_DATE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
_UK_MOMENT = re.compile(r"([0-9]{1,2}/[0-9]{1,2}/[0-9]{4})[ T,]+([0-9]{1,2}):([0-9]{2}(?::[0-9]{2})?)")
# ZZ99 codes stand for no fixed home, abroad and the like; the letters of the others leave out C, I, K, M, O and V.
_POSTCODE = re.compile(r"GIR0AA|ZZ99[0-9][A-Z]{2}|[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][ABD-HJLNP-UW-Z]{2}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")
# Control characters, halves of a pair that stand alone, and marks that turn the direction of the text after them, which
# could make one name read as another.
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
_EDGES: Final = " \t\r\n\u00a0\u2007\u202f\u200b\ufeff"


class NotAnAnswer(ValueError):
    """The text cannot be read as the answer to this question; the message is for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading an answer needs besides the text: the day whose code lists hold, and the ODS codes known."""

    on: date
    known_organisations: Collection[str]


def read(field: Field, text: str, reading: Reading) -> Value | None:
    """Return the typed value of one answer, None for a blank one.

    Text comes out in Unicode normal form C without spaces at either end, dates as `date`, moments as aware UTC
    `datetime`, yes or no as `bool`, codes and postcodes as they are written in their lists. Raises NotAnAnswer.
    """
    cleaned = clean(text, field.label, several_lines=field.kind == "long_text")
    if not cleaned:
        return None
    if field.max_length is not None and len(cleaned) > field.max_length:
        raise NotAnAnswer(
            f"{field.label} is too long: {len(cleaned):,} characters, and {field.max_length:,} is the most there can be"
        )
    return _READERS[field.kind](field, cleaned, reading)


def clean(text: str, label: str, *, several_lines: bool = False) -> str:
    """Return text in normal form C, trimmed; raise NotAnAnswer for characters that cannot be seen."""
    trimmed = unicodedata.normalize("NFC", text).replace("\r\n", "\n").strip(_EDGES)
    allowed = "\n\t" if several_lines else ""
    if any(found[0] not in allowed for found in _HIDDEN.finditer(trimmed)):
        raise NotAnAnswer(f"{label} has a line break or another hidden character: delete it and type the answer again")
    return trimmed


def read_date(text: str, label: str) -> date:
    """Read "2011-02-28" or "28/02/2011"; raise NotAnAnswer for another shape, an impossible day or a far-off year."""
    if found := _ISO_DATE.fullmatch(text):
        year, month, day = (int(part) for part in found.groups())
    elif found := _UK_DATE.fullmatch(text):
        day, month, year = (int(part) for part in found.groups())
    else:
        raise NotAnAnswer(f"{label} is not a date: write it like 2011-02-28 or 28/02/2011")
    try:
        when = date(year, month, day)
    except ValueError:
        raise NotAnAnswer(f"{label} is a day that does not exist: check the day, month and year") from None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise NotAnAnswer(f"{label} has a year that cannot be right: check the year")
    return when


def read_moment(text: str, label: str) -> datetime:
    """Read "2026-03-27T23:30" or "27/03/2026 23:30", London time unless it has an offset; return it in UTC.

    Raises NotAnAnswer, also for a time the clock change skipped or ran through twice.
    """
    if found := _UK_MOMENT.fullmatch(text):
        text = f"{read_date(found[1], label).isoformat()}T{int(found[2]):02d}:{found[3]}"
    try:
        moment = parse_moment(text)
    except ValueError as problem:
        raise NotAnAnswer(f"{label}: {str(problem).rstrip('.')}") from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise NotAnAnswer(f"{label} has a year that cannot be right: check the year")
    return moment


def read_nhs_number(text: str, label: str = "NHS number") -> str:
    """Return the 10 digits of an NHS number written with or without spaces or hyphens; raise NotAnAnswer."""
    digits = digits_of(text)
    wrong = why_wrong(digits)
    if wrong:
        raise NotAnAnswer(f"{label} {wrong}")
    return digits


def read_postcode(text: str, label: str = "Postcode") -> str:
    """Return a postcode in capitals with one space, like "LS1 4AP"; raise NotAnAnswer when it has not the shape."""
    packed = re.sub(r"\s", "", text).upper()
    if not _POSTCODE.fullmatch(packed):
        raise NotAnAnswer(f"{label} is not a postcode: write it like LS1 4AP, or ZZ99 3VZ for no fixed home")
    return f"{packed[:-3]} {packed[-3:]}"


def read_code(list_name: str, text: str, label: str, on: date) -> str:
    """Return the code as its list writes it, whatever capitals were used; raise NotAnAnswer when it is not there."""
    usable = codes.codes(list_name, on)
    by_folded = _folded(list_name)
    code = by_folded.get(text.casefold(), text)
    if code in usable:
        return code
    if said := codes.why_not(list_name, code, on):
        raise NotAnAnswer(f"{label}: {said}")
    raise NotAnAnswer(f"“{shown(text)}” is not on the list for {lower(label)}: {_advice(text, usable)}")


def shown(text: str) -> str:
    """Return the text cut to a length that fits in a message."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def lower(label: str) -> str:
    """Return a label as it reads inside a sentence: "Legal status" is "legal status", "NHS number" stays."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def _advice(text: str, usable: Mapping[str, str]) -> str:
    if f"0{text}" in usable:
        return f"did a spreadsheet drop the nought? Write 0{text} for {usable[f'0{text}']}"
    if len(usable) <= SHORT_LIST:
        return f"use {', '.join(list(usable)[:-1])} or {list(usable)[-1]}"
    first = next(iter(usable))
    return f"use one of its codes, for example {first} for {usable[first]}"


def _folded(list_name: str) -> Mapping[str, str]:
    key = (list_name, codes.version())
    if key not in _FOLDED:
        _FOLDED[key] = {row.code.casefold(): row.code for row in codes.rows(list_name)}
    return _FOLDED[key]


_FOLDED: Final[dict[tuple[str, int], Mapping[str, str]]] = {}


def _read_text(_field: Field, text: str, _reading: Reading) -> Value:
    return text


def _read_yes_no(field: Field, text: str, _reading: Reading) -> Value:
    folded = text.casefold()
    if folded in YES or folded in NO:
        return folded in YES
    raise NotAnAnswer(f"“{shown(text)}” does not answer “{field.label}”: write yes or no")


def _read_phone(field: Field, text: str, _reading: Reading) -> Value:
    if sum(character.isdecimal() for character in text) < 5:
        raise NotAnAnswer(f"{field.label} is not a number we can ring: give all its digits")
    return " ".join(text.split())


def _read_email(field: Field, text: str, _reading: Reading) -> Value:
    if not _EMAIL.fullmatch(text):
        raise NotAnAnswer(f"{field.label} is not an e-mail address: write it like name@example.nhs.uk")
    return text


def _read_organisation(field: Field, text: str, reading: Reading) -> Value:
    code = text.upper()
    if code not in reading.known_organisations:
        raise NotAnAnswer(
            f"“{shown(text)}” ({lower(field.label)}) is not an organisation the hub knows: check its ODS code, "
            "or ask an administrator to add it"
        )
    return code


def _read_choice(field: Field, text: str, reading: Reading) -> Value:
    return read_code(field.codes or field.name, text, field.label, reading.on)


_READERS: Final[Mapping[Kind, Callable[[Field, str, Reading], Value]]] = {
    "text": _read_text,
    "long_text": _read_text,
    "date": lambda field, text, _reading: read_date(text, field.label),
    "moment": lambda field, text, _reading: read_moment(text, field.label),
    "yes_no": _read_yes_no,
    "choice": _read_choice,
    "nhs_number": lambda field, text, _reading: read_nhs_number(text, field.label),
    "postcode": lambda field, text, _reading: read_postcode(text, field.label),
    "phone": _read_phone,
    "email": _read_email,
    "organisation": _read_organisation,
}
