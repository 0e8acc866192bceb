"""The shipped import file of 200 referrals with its 17 bad rows, the demo organisations, and the guide."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub import codes
from hub.demo import make_referrals_file as shipped
from hub.referrals.answers import read_postcode
from hub.referrals.import_file import Examined, examine, read_rows
from hub.referrals.import_guide import import_guide
from hub.referrals.validation import COLUMNS

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FILES = shipped.FILE.parent
GUIDE = Path(__file__).parents[2] / "docs" / "import-referrals.md"

# Row in the file, field, words of the message: one for each reason a row can be turned away.
FAULTS = [
    (8, "nhs_number", "wrong digit"),
    (19, "nhs_number", "one digit repeated"),
    (30, "no_identity_reason", "choose why there is none"),
    (41, "date_of_birth", "does not exist"),
    (52, "date_of_birth", "in the future"),
    (63, "date_of_birth", "was 19 when referred"),
    (74, "priority", "“asap” is not on the list"),
    (85, "service_line", "“camhs” is not on the list"),
    (96, "referring_organisation", "not an organisation the hub knows"),
    (107, "received_at", "missing"),
    (118, "received_at", "in the future"),
    (129, "received_at", "did not exist: the clocks went forward"),
    (140, "consent_basis", "Consent or a lawful basis is missing"),
    (151, "legal_status", "Legal status is missing"),
    (162, "legal_status", "“21” is not on the list"),
    (173, "source_reference", "stands on row 6 too, with other answers"),
    (184, "sharing_restriction_details", "details are missing"),
]


def table(name: str) -> list[dict[str, str]]:
    """Return the rows of one of the shipped CSV files."""
    with (FILES / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def examined() -> list[Examined]:
    known = {row["ods_code"] for row in table("organisations.csv")}
    return list(examine(read_rows(shipped.FILE), now=NOW, known_organisations=known))


def test_the_shipped_file_has_183_good_rows_and_17_bad_ones(examined: list[Examined]) -> None:
    assert len(examined) == 200
    assert sum(row.is_good for row in examined) == 183
    assert sum(row.is_duplicate for row in examined) == shipped.DUPLICATES == 4
    assert [row.number for row in examined if not row.is_good] == [number for number, _, _ in FAULTS]


@pytest.mark.parametrize(("number", "field", "words"), FAULTS)
def test_each_bad_row_has_its_one_reason(examined: list[Examined], number: int, field: str, words: str) -> None:
    row = next(row for row in examined if row.number == number)
    assert [problem.field for problem in row.problems] == [field]
    assert words in row.problems[0].message


def test_the_bad_rows_are_the_ones_the_maker_meant(examined: list[Examined]) -> None:
    assert [fault.field for fault in shipped.FAULTS] == [field for _, field, _ in FAULTS]


def test_the_shipped_file_is_what_its_maker_makes() -> None:
    assert shipped.FILE.read_bytes() == shipped.text().encode()


def test_the_good_rows_cover_lines_priorities_and_awkward_values(examined: list[Examined]) -> None:
    good = [row for row in examined if row.is_good]
    kinds = {(row.values["service_line"], row.values["priority"]) for row in good}
    assert kinds == {
        *(("cyp", "emergency"), ("cyp", "urgent"), ("cyp", "routine"), ("secure", "urgent"), ("secure", "routine")),
        *(("aed", "emergency"), ("aed", "urgent"), ("aed", "routine")),
    }
    names = {str(row.values.get("family_name")) for row in good}
    assert {"O'Neill-Ábrahám", "Nguyễn", "Wójcik", "العلي", "Y", "Saint-Clair", "Brontë"} <= names
    assert max(len(name) for name in names) > 70
    born = {row.raw["date_of_birth"] for row in good}
    assert {"2008-02-29", "29/02/2012"} <= born
    assert "ZZ99 3VZ" in {row.values.get("postcode") for row in good}
    assert any(row.values.get("no_identity_reason") == "not_able_to_say" for row in good)


def test_good_rows_fall_in_one_year_and_use_test_numbers(examined: list[Examined]) -> None:
    good = [row for row in examined if row.is_good]
    received = [row.values["received_at"] for row in good]
    assert all(isinstance(at, datetime) and datetime(2025, 11, 20, tzinfo=UTC) < at < NOW for at in received)
    numbers = [str(row.values["nhs_number"]) for row in good if "nhs_number" in row.values]
    assert all(number.startswith("999") for number in numbers)
    referred_twice = {
        number
        for number, count in Counter(
            str(row.values["nhs_number"]) for row in good if "nhs_number" in row.values and not row.is_duplicate
        ).items()
        if count > 1
    }
    assert len(referred_twice) == shipped.REPEATED_PERSONS


def test_both_passes_over_a_file_see_the_same() -> None:
    assert list(read_rows(shipped.FILE)) == list(read_rows(shipped.FILE))


def test_demo_organisations_sites_and_units_belong_together() -> None:
    organisations, sites, units = table("organisations.csv"), table("sites.csv"), table("units.csv")
    known = {row["ods_code"]: row for row in organisations}
    assert len(known) == len(organisations)
    assert all(code.startswith("ZD") for code in known)
    assert [row["arm"] for row in organisations if row["parent_ods_code"] == "ZD001"] == ["hub", "provider"]
    assert all(row["parent_ods_code"] in known for row in organisations if row["parent_ods_code"])
    assert all(row["organisation_ods_code"] in known for row in sites)
    assert all(read_postcode(row["postcode"]) == row["postcode"] for row in sites if row["postcode"])
    site_codes = {row["site_code"] for row in sites}
    assert len({row["unit_code"] for row in units}) == len(units) >= 20
    for unit in units:
        assert unit["site_code"] in site_codes
        assert unit["bed_type"] in codes.codes("bed_type")
        assert unit["gender"] in {"mixed", "male", "female"}
        assert 0 <= int(unit["age_from"]) <= int(unit["age_to"]) <= 120


def test_the_guide_is_fresh_and_names_every_column() -> None:
    guide = GUIDE.read_text(encoding="utf-8")
    assert guide == import_guide()
    assert all(f"| `{name}` |" in guide for name in COLUMNS)
