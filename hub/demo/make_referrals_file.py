"""Makes the shipped import file of 200 referrals: 183 good rows, and 17 bad ones, each wrong in its own way.

Run `python -m hub.demo.make_referrals_file` to write it again. Every person and organisation in it is invented; NHS
numbers are from the 999 test range. The same code makes the same file, byte for byte.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Final

import nhs_number

from hub.demo.names import AWKWARD, FAMILY, GIVEN
from hub.demo.referral_answers import Row, answers
from hub.referrals.validation import COLUMNS

FILE: Final = Path(__file__).parent / "files" / "referrals.csv"
SEED: Final = 20261120
LAST_DAY: Final = date(2026, 11, 20)
ROWS: Final = 200
GOOD: Final = 183
REPEATED_PERSONS: Final = 8
DUPLICATES: Final = 4
FIRST_NUMBER: Final = 999_100_000


@dataclass(frozen=True, slots=True)
class Fault:
    """One bad row: the field that is wrong, and the answers that make it so."""

    field: str
    answers: Row
    line: str = "cyp"


# In the order in which they stand in the file. An empty `answers` means that the row takes an earlier row's reference.
FAULTS: Final[tuple[Fault, ...]] = (
    Fault("nhs_number", {"nhs_number": "999 100 0001"}),
    Fault("nhs_number", {"nhs_number": "9999999999"}),
    Fault("no_identity_reason", {"nhs_number": "", "nhs_number_status": "07", "no_identity_reason": ""}),
    Fault("date_of_birth", {"date_of_birth": "2011-02-30"}),
    Fault("date_of_birth", {"date_of_birth": "2062-05-14"}),
    Fault("date_of_birth", {"date_of_birth": "2007-01-15", "received_at": "2026-06-15T10:20"}),
    Fault("priority", {"priority": "asap"}),
    Fault("service_line", {"service_line": "camhs"}),
    Fault("referring_organisation", {"referring_organisation": "ZD999"}),
    Fault("received_at", {"received_at": ""}),
    Fault("received_at", {"received_at": "2031-03-05T10:00", "date_of_birth": "2016-08-09"}),
    Fault("received_at", {"received_at": "2026-03-29T01:30"}),
    Fault("consent_basis", {"consent_basis": "", "lawful_basis": "", "consent_given_by": "", "consent_on": ""}),
    Fault("legal_status", {"legal_status": "", "legal_status_from": ""}),
    Fault("legal_status", {"legal_status": "21"}, "secure"),
    Fault("source_reference", {}),
    Fault("sharing_restriction_details", {"sharing_restricted": "yes", "sharing_restriction_details": ""}),
)

# Position among the good rows: when it was received and, where it matters, the date of birth that goes with it.
CHOSEN_MOMENTS: Final = {
    20: ("2025-12-25T23:59", ""),
    24: ("2026-01-01T00:00", ""),
    50: ("2026-02-28T23:59", "2008-02-29"),
    51: ("28/02/2026 16:45", "29/02/2012"),
    66: ("2026-03-29T00:59", ""),
    67: ("2026-03-29T02:00", ""),
    68: ("2026-03-27T23:30", ""),
    72: ("2026-04-03T09:15", "2008-04-04"),
    110: ("2026-07-01T00:15", "2012-02-29"),
    111: ("2026-07-01T09:00:30", ""),
    156: ("2026-10-25T01:30+01:00", ""),
    157: ("2026-10-25T01:30+00:00", ""),
    158: ("2026-10-24T23:59", ""),
}
LINES: Final = ("cyp", "cyp", "cyp", "secure", "cyp", "aed", "cyp", "cyp", "secure", "aed")


def numbers() -> Iterator[str]:
    """Yield valid NHS numbers from the 999 range, one after another."""
    for first_nine in range(FIRST_NUMBER, FIRST_NUMBER + 100_000):
        check_digit = nhs_number.calculate_checksum(str(first_nine))
        if check_digit is not None and check_digit < 10:
            yield f"{first_nine}{check_digit}"


def rows() -> list[Row]:
    """Return the 200 rows in the file's order, each a mapping of column name to text."""
    random, fresh = Random(SEED), numbers()
    persons = GOOD - REPEATED_PERSONS - DUPLICATES
    good = [_row(random, fresh, index, persons, LINES[index % len(LINES)]) for index in range(persons)]
    good += [_again(random, good[10 + 13 * turn], turn) for turn in range(REPEATED_PERSONS)]
    faulty = [_faulty(random, fresh, place, good[4]) for place in range(len(FAULTS))]
    for turn in range(DUPLICATES):
        good.insert(40 * (turn + 1), dict(good[40 * turn + 3]))
    for place, row in enumerate(faulty):
        good.insert(6 + place * 11, row)
    return good


def text() -> str:
    """Return the whole file as text: a header and 200 rows, commas, line feeds."""
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, tuple(COLUMNS), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows())
    return stream.getvalue()


def _row(random: Random, fresh: Iterator[str], index: int, count: int, line: str) -> Row:
    received, born = CHOSEN_MOMENTS.get(index, ("", ""))
    if born or index in CHOSEN_MOMENTS:
        line = "cyp"
    day = LAST_DAY - timedelta(days=round(364 * (count - 1 - index) / (count - 1)))
    if not received:
        received = f"{day.isoformat()}T{random.randrange(24):02d}:{random.randrange(60):02d}"
        if index % 17 == 5:
            received = f"{day:%d/%m/%Y} {random.randrange(7, 20):02d}:{random.randrange(60):02d}"
    given, family = AWKWARD[index // 4 % len(AWKWARD)] if index % 4 == 0 else _everyday(random)
    row = answers(random, line, index, day)
    row.update(
        {
            "received_at": received,
            "given_name": given,
            "family_name": family,
            "date_of_birth": born or _born(random, line, day),
            "nhs_number": _written(next(fresh), index),
        }
    )
    return _unnamed(row, index)


def _everyday(random: Random) -> tuple[str, str]:
    return random.choice(GIVEN), random.choice(FAMILY)


def _born(random: Random, line: str, day: date) -> str:
    youngest, oldest = {"cyp": (9, 17), "secure": (19, 58), "aed": (18, 45)}[line]
    years = random.randint(youngest, oldest)
    # A year and a day back from the birthday keeps the age inside the range on every day of the year.
    born = date(day.year - years, day.month, min(day.day, 28)) - timedelta(days=random.randrange(1, 330))
    return born.isoformat()


def _written(number: str, index: int) -> str:
    if index % 5 == 1:
        return f"{number[:3]} {number[3:6]} {number[6:]}"
    return f"{number[:3]}-{number[3:6]}-{number[6:]}" if index % 31 == 2 else number


def _unnamed(row: Row, index: int) -> Row:
    if index % 23 == 7:
        row.update({"nhs_number": "", "nhs_number_status": "03", "no_identity_reason": "not_to_hand"})
    if row["priority"] == "emergency" and index % 37 == 10:
        row.update({"nhs_number": "", "nhs_number_status": "", "no_identity_reason": "not_able_to_say"})
        row.update({"given_name": "", "family_name": "", "date_of_birth": "", "postcode": ""})
    return row


def _again(random: Random, first: Row, turn: int) -> Row:
    day = LAST_DAY - timedelta(days=2 * turn + 1)
    row = answers(random, first["service_line"], 900 + turn, day)
    same = ("given_name", "family_name", "date_of_birth", "nhs_number", "nhs_number_status", "no_identity_reason")
    row.update({name: first[name] for name in (*same, "postcode", "gender", "ethnic_category")})
    row["received_at"] = f"{day.isoformat()}T{9 + turn:02d}:05"
    return row


def _faulty(random: Random, fresh: Iterator[str], place: int, earlier: Row) -> Row:
    fault = FAULTS[place]
    day = date(2026, 5, 4) + timedelta(days=9 * place)
    row = answers(random, fault.line, 500 + place, day, priority="urgent")
    given, family = _everyday(random)
    row.update({"given_name": given, "family_name": family, "nhs_number": next(fresh)})
    row.update({"date_of_birth": "2012-03-14" if fault.line == "cyp" else "1991-10-02"})
    row.update({"received_at": f"{day.isoformat()}T11:{10 + place}"})
    row.update(fault.answers or {name: earlier[name] for name in ("source_system", "source_reference")})
    return row


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8", newline="")
