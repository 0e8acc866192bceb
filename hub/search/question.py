"""Reading what somebody typed into the box: a reference, an NHS number, a date of birth, words of a name."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final

import workflows
from hub.cases.models import CareCase
from hub.patients.nhs_numbers import why_wrong
from hub.web.filters import nhs_number
from workflows.durations import MONTH_NAMES

LONGEST: Final = 200
"""Letters of one search; the longest name the forms take is as long."""
MOST_WORDS: Final = 6
FIRST_YEAR: Final = 2020
"""References carry the year they were given in; none is older than the hub."""
OLDEST: Final = 130
PREFIXES: Final = tuple(sorted({CareCase.prefix, *(workflow.prefix for workflow in workflows.ALL.values())}))

_REFERENCE = re.compile(
    rf"(?P<prefix>{'|'.join(PREFIXES)})?[\s.:#/-]*(?:(?P<year>20\d\d)(?:[\s./-]+|(?=\d{{5}}$)))?(?P<number>\d{{1,7}})",
    re.IGNORECASE,
)
_TEN_DIGITS = re.compile(r"(?<!\d)(?<!\d[\s-])\d(?:[\s-]?\d){9}(?![\s-]?\d)")
_ALMOST = re.compile(r"[\d\s-]{8,20}")
_MONTHS = {name[:3].lower(): number for number, name in enumerate(MONTH_NAMES, start=1)}
_DATES = (
    re.compile(r"(?<!\d)(?P<day>\d{1,2})[\s/.-]{1,3}(?P<month>\d{1,2})[\s/.-]{1,3}(?P<year>\d{4}|\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<day>\d{2})(?P<month>\d{2})(?P<year>(?:19|20)\d{2})(?!\d)"),
    re.compile(r"(?<!\d)(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})(?!\d)"),
    re.compile(
        rf"(?<!\d)(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?P<month>{'|'.join(_MONTHS)})[a-z]*\.?,?\s+"
        r"(?P<year>\d{4}|\d{2})(?!\d)",
        re.IGNORECASE,
    ),
)


@dataclass(frozen=True)
class Question:
    """What the box holds, understood. Several parts narrow each other; an empty one asks for nothing."""

    text: str
    """As it was typed, without what cannot be read."""
    words: tuple[str, ...] = ()
    born_on: date | None = None
    nhs_number: str = ""
    """Ten digits that can be an NHS number."""
    references: tuple[str, ...] = ()
    """Every reference it can mean: "ref 42" says no year."""
    notes: tuple[str, ...] = ()
    """What was not understood or not used, a sentence each."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to look for."""
        return not (self.words or self.born_on or self.nhs_number or self.references)


def read_question(typed: str, today: date) -> Question:
    """What `typed` asks for. Nothing that can be typed is an error; `today` is the London date."""
    text = _readable(typed)
    if len(text) > LONGEST:
        said = f"This is too long to look for: type at most {LONGEST} letters, such as a name and a date of birth"
        return Question(text[:LONGEST], notes=(said,))
    if references := _references(text, today):
        return Question(text, references=references)
    if (ten := _TEN_DIGITS.search(text)) is not None:
        digits = re.sub(r"\D", "", ten[0])
        wrong = why_wrong(digits)
        if wrong is None:
            return Question(text, nhs_number=digits)
        said = f"The NHS number {nhs_number(digits)} {wrong.split(': ')[0]}. Check it, or look for the name instead"
        return Question(text, notes=(said,))
    notes: list[str] = []
    born_on, rest = _date(text, today, notes)
    if rest == text and _ALMOST.fullmatch(text) and (count := sum(letter.isdigit() for letter in text)) > 7:
        return Question(text, notes=(f"An NHS number has 10 digits, and this has {count}: check it",))
    words = _words(rest)
    if len(words) > MOST_WORDS:
        notes.append(f"Only the first {MOST_WORDS} words were looked for")
    return Question(text, words=words[:MOST_WORDS], born_on=born_on, notes=tuple(notes))


def _readable(typed: str) -> str:
    """Spaces for line ends and control letters, nothing for marks that cannot be seen; what is left reads the same."""
    kinds = ((letter, unicodedata.category(letter)) for letter in typed[: LONGEST * 10])
    seen = "".join(
        " " if kind == "Cc" else "" if kind in {"Cf", "Cs", "Cn", "Co"} else letter for letter, kind in kinds
    )
    return " ".join(seen.split())


def _references(text: str, today: date) -> tuple[str, ...]:
    found = _REFERENCE.fullmatch(text) if text.isascii() else None
    if found is None:
        return ()
    prefixes = (found["prefix"].upper(),) if found["prefix"] else PREFIXES
    years = (int(found["year"]),) if found["year"] else range(today.year + 1, FIRST_YEAR - 1, -1)
    return tuple(f"{prefix}-{year}-{int(found['number']):05d}" for prefix in prefixes for year in years)


def _date(text: str, today: date, notes: list[str]) -> tuple[date | None, str]:
    """The first date in `text` and the text without it; one that no calendar has is left out with a note."""
    for pattern in _DATES:
        found = pattern.search(text)
        if found is None:
            continue
        rest = f"{text[: found.start()]} {text[found.end() :]}"
        month = found["month"].lower()
        year = int(found["year"])
        if len(found["year"]) == 2:
            year += 2000 if year <= today.year % 100 else 1900
        try:
            born = date(year, int(month) if month.isdigit() else _MONTHS[month[:3]], int(found["day"]))
        except ValueError:
            born = None
        if born is not None and today.year - OLDEST <= born.year and born <= today:
            return born, rest
        notes.append(f"“{found[0]}” cannot be a date of birth, so it was left out: write it like 14/03/2011")
        return None, rest
    return None, text


def _words(text: str) -> tuple[str, ...]:
    parts = re.split(r"[\s,;]+", text)
    return tuple(dict.fromkeys(part for part in parts if part))
