"""Import files for tests: good rows of the shipped file, changed where a test says so."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from hub.demo import make_referrals_file as shipped
from hub.demo.world import FILES
from hub.organisations.importing import import_organisations
from hub.referrals.import_file import Row, examine
from hub.referrals.validation import COLUMNS

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
FIRST_DAY = date(2020, 1, 1)


def demo_organisations(session: Session) -> None:
    """The shipped organisations, sites and units."""
    files = {
        name: (FILES / f"{name}.csv").read_text("utf-8").splitlines(keepends=True)
        for name in ("organisations", "sites", "units")
    }
    import_organisations(session, today=FIRST_DAY, is_demo=True, **files)


def known_codes() -> set[str]:
    """The ODS codes of the shipped organisations."""
    return {row["ods_code"] for row in read_csv(FILES / "organisations.csv")}


def good_rows(count: int = 5) -> list[dict[str, str]]:
    """So many good rows of different persons."""
    rows = [Row(number, row) for number, row in enumerate(shipped.rows())]
    checked = examine(rows, now=NOW, known_organisations=known_codes())
    good = [dict(row.raw) for row in checked if row.is_good and not row.is_duplicate]
    return good[:count]


def many_rows(count: int) -> Iterable[dict[str, str]]:
    """So many good rows, each of another person with a number of their own."""
    patterns, numbers = good_rows(150), shipped.numbers()
    for place in range(count):
        row = {**patterns[place % len(patterns)], "source_reference": f"BULK-{place}"}
        if row.get("nhs_number"):
            row["nhs_number"] = next(numbers)
        yield row


def write_csv(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    """The rows as an import file."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, tuple(COLUMNS), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def content_of(rows: Iterable[Mapping[str, str]], tmp_path: Path) -> bytes:
    """The rows as the bytes of an import file."""
    return write_csv(tmp_path / "made.csv", rows).read_bytes()


def send(client: FlaskClient, content: bytes, name: str = "list.csv") -> TestResponse:
    """Send a file on the import page."""
    return client.post("/referrals/import", data={"file": (io.BytesIO(content), name)})
