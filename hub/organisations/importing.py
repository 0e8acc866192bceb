"""Importing organisations, sites and units from CSV files: idempotent by code, and all or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.codes import codes
from hub.organisations.csv_rows import ImportRefused, Problem, Row, read_rows
from hub.organisations.models import Arm, Organisation, OrganisationKind, Site, Unit, UnitGender

ORGANISATION_COLUMNS = ("ods_code", "name", "kind", "parent_ods_code", "arm")
SITE_COLUMNS = ("site_code", "name", "organisation_ods_code", "postcode")
UNIT_COLUMNS = ("unit_code", "name", "site_code", "bed_type", "gender", "age_from", "age_to")

_ODS = re.compile(r"[A-Z0-9]{3,12}")
_UNIT_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,19}")
_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)([0-9][A-Z]{2})")


@dataclass(slots=True)
class Report:
    """How many rows were added, changed, and there already just so, by table name."""

    added: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    same: dict[str, int] = field(default_factory=dict)
    touched: list[tuple[Organisation | Site | Unit, dict[str, Any] | None]] = field(default_factory=list)
    """What was added (None) or changed (what it was before, by attribute), in the files' order."""


def ods_code(text: str) -> str | None:
    """The code in capitals, or None when it is not 3 to 12 letters and digits."""
    code = text.strip().upper()
    return code if _ODS.fullmatch(code) else None


def postcode(text: str) -> str | None:
    """The postcode as it is written, "LS1 4AB", or None when it cannot be one."""
    found = _POSTCODE.fullmatch(text.replace(" ", "").upper())
    return f"{found[1]} {found[2]}" if found else None


def import_organisations(
    session: Session,
    *,
    today: date,
    organisations: Iterable[str] = (),
    sites: Iterable[str] = (),
    units: Iterable[str] = (),
    is_demo: bool = False,
) -> Report:
    """Add or bring up to date what the files say; each file is its lines, and one not given is left alone.

    A code that is there already is changed to what its row says; nothing is ever removed. `today` is the first day of
    what is new. The caller commits. Raises ImportRefused with every problem of every file, and then changes nothing.
    """
    reader = _Import(session, today, is_demo)
    reader.read_organisations(list(organisations))
    reader.read_sites(list(sites))
    reader.read_units(list(units))
    return reader.write()


class _Import:
    """Reads all three files before it writes anything: a site may belong to an organisation of the same import."""

    def __init__(self, session: Session, today: date, is_demo: bool) -> None:
        self.session, self.today, self.is_demo = session, today, is_demo
        self.problems: list[Problem] = []
        self.organisations = {row.ods_code: row for row in session.scalars(select(Organisation))}
        self.sites = {row.site_code: row for row in session.scalars(select(Site))}
        self.units = {row.unit_code: row for row in session.scalars(select(Unit))}
        self.wanted: dict[str, dict[str, dict[str, object]]] = {"organisation": {}, "site": {}, "unit": {}}
        self.parents: dict[str, str] = {
            row.ods_code: row.parent.ods_code for row in self.organisations.values() if row.parent
        }

    def read_organisations(self, lines: list[str]) -> None:
        rows = self._rows("organisations", lines, ORGANISATION_COLUMNS, "ods_code")
        known = set(self.organisations) | {row.cells["ods_code"].upper() for row in rows}
        for row in rows:
            code = row.checked("ods_code", ods_code, "must be 3 to 12 letters and digits")
            parent, arm = row.cells["parent_ods_code"].upper(), row.cells["arm"].lower()
            if parent and parent not in known:
                row.wrong("parent_ods_code", f"'{parent}' is neither in this file nor imported before")
            if arm and arm not in set(Arm):
                row.wrong("arm", f"'{arm}' must be hub, provider or empty")
            if arm and not parent:
                row.wrong("arm", "an arm needs its lead provider in parent_ods_code")
            self.wanted["organisation"][code] = {
                "name": row.get("name"),
                "kind": row.checked("kind", _one_of(OrganisationKind), f"must be one of {', '.join(OrganisationKind)}"),
                "arm": arm or None,
            }
            self.parents.pop(code, None)
            if parent:
                self.parents[code] = parent
        for row in rows:
            self._check_family(row)
        self._finish(rows)

    def _check_family(self, row: Row) -> None:
        code = row.cells["ods_code"].upper()
        seen, above = {code}, self.parents.get(code)
        while above is not None and above not in seen:
            seen.add(above)
            above = self.parents.get(above)
        if above is not None:
            row.wrong("parent_ods_code", "the organisations above this one lead back to it")
        arm, parent = row.cells["arm"].lower(), row.cells["parent_ods_code"].upper()
        twins = [
            other
            for other, its_parent in self.parents.items()
            if other != code and its_parent == parent and arm and self._arm_of(other) == arm
        ]
        if twins:
            row.wrong("arm", f"{parent} has a {arm} arm already: {twins[0]}")

    def _arm_of(self, code: str) -> object:
        if code in self.wanted["organisation"]:
            return self.wanted["organisation"][code]["arm"]
        return self.organisations[code].arm if code in self.organisations else None

    def read_sites(self, lines: list[str]) -> None:
        rows = self._rows("sites", lines, SITE_COLUMNS, "site_code")
        known = set(self.organisations) | set(self.wanted["organisation"])
        for row in rows:
            code = row.checked("site_code", ods_code, "must be 3 to 12 letters and digits")
            owner = row.get("organisation_ods_code").upper()
            if owner and owner not in known:
                row.wrong("organisation_ods_code", f"'{owner}' is not an organisation we know")
            self.wanted["site"][code] = {
                "name": row.get("name"),
                "organisation": owner,
                "postcode": row.checked("postcode", postcode, "is not a postcode"),
            }
        self._finish(rows)

    def read_units(self, lines: list[str]) -> None:
        rows = self._rows("units", lines, UNIT_COLUMNS, "unit_code")
        known = set(self.sites) | set(self.wanted["site"])
        bed_types = codes("bed_type")
        for row in rows:
            code = row.checked("unit_code", unit_code, "must be 2 to 20 letters, digits and hyphens")
            place = row.get("site_code").upper()
            if place and place not in known:
                row.wrong("site_code", f"'{place}' is not a site we know")
            youngest, oldest = row.whole_number("age_from"), row.whole_number("age_to")
            if oldest < youngest:
                row.wrong("age_to", f"{oldest} is below age_from, {youngest}")
            self.wanted["unit"][code] = {
                "name": row.get("name"),
                "site": place,
                "bed_type": row.checked("bed_type", _one_of(bed_types), "is not in the code list bed_type"),
                "gender": row.checked("gender", _one_of(UnitGender), f"must be one of {', '.join(UnitGender)}"),
                "age_from": youngest,
                "age_to": oldest,
            }
        self._finish(rows)

    def write(self) -> Report:
        if self.problems:
            raise ImportRefused(self.problems)
        with self.session.no_autoflush:  # an id says that the row was there before
            report = self._write_all()
        self.session.flush()
        return report

    def _write_all(self) -> Report:
        report = Report()
        for code in self.wanted["organisation"]:
            if code not in self.organisations:
                self.organisations[code] = Organisation(ods_code=code, from_on=self.today, is_demo=self.is_demo)
        # Parents are set once every row exists: a file may name the child first.
        for code, wanted in self.wanted["organisation"].items():
            wanted["parent"] = self.organisations.get(self.parents.get(code, ""))
            self._put(report, "organisation", self.organisations[code], wanted)
        for code, wanted in self.wanted["site"].items():
            wanted["organisation"] = self.organisations[str(wanted["organisation"])]
            self._put(report, "site", self.sites.setdefault(code, Site(site_code=code)), wanted)
        for code, wanted in self.wanted["unit"].items():
            wanted["site"] = self.sites[str(wanted["site"])]
            self._put(report, "unit", self.units.setdefault(code, Unit(unit_code=code)), wanted)
        return report

    def _put(self, report: Report, table: str, row: Organisation | Site | Unit, wanted: dict[str, object]) -> None:
        # Not "is it in the session": a child that came first has brought its new parent in already.
        old = {name: getattr(row, name) for name, value in wanted.items() if getattr(row, name) != value}
        if row.id is None:
            counts = report.added
            report.touched.append((row, None))
        elif old:
            counts = report.changed
            report.touched.append((row, old))
        else:
            counts = report.same
        counts[table] = counts.get(table, 0) + 1
        for name, value in wanted.items():
            setattr(row, name, value)
        self.session.add(row)

    def _rows(self, file: str, lines: list[str], columns: tuple[str, ...], code: str) -> list[Row]:
        if not lines:
            return []
        try:
            return read_rows(file, lines, columns, code=code)
        except ImportRefused as refused:
            self.problems += refused.problems
            return []

    def _finish(self, rows: list[Row]) -> None:
        self.problems += [problem for row in rows for problem in row.problems]


def _one_of(values: Iterable[str]) -> Callable[[str], str | None]:
    known = {str(value) for value in values}
    return lambda text: text.lower() if text.lower() in known else None


def unit_code(text: str) -> str | None:
    """The code in capitals, or None when it is not 2 to 20 letters, digits and hyphens."""
    return text.upper() if _UNIT_CODE.fullmatch(text.upper()) else None
