"""One person's access trail in words, for the page and for the file."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final

from hub.trail.queries import MOST_COUNTED, MOST_EXPORTED, Access, Filters, Known
from hub.web.csv_cells import as_text
from hub.web.filters import capped, iso, listed
from hub.web.paging import Page
from workflows.core import in_words
from workflows.roles import Role

KINDS: Final[Mapping[str, str]] = {
    "opened": "Opened",
    "searched": "Searched",
    "listed": "Saw a list",
    "exported": "Exported",
    "refused": "Was refused",
    "signed_in": "Signed in",
    "sign_in_failed": "Failed to sign in",
    "signed_out": "Signed out",
    "password_changed": "Changed the password",
    "rota_changed": "Changed the on-call rota",
    "messages_put_back": "Had messages tried again",
    "import_sent": "Sent a file to import",
    "import_begun": "Imported a file",
    "trail_read": "Read somebody's access trail",
}
"""What the log calls an access, and how a person would say it."""
HEADER: Final = ("at", "what", "case", "item", "count", "role", "organisation", "address", "page", "note")


@dataclass(frozen=True, slots=True)
class Line:
    """One access in words."""

    at: Any
    what: str
    on: str
    """Case and item by reference; empty when it was about none."""
    details: str
    as_whom: str


def line_of(seen: Access) -> Line:
    """One access for the page."""
    return Line(
        at=seen.row.at,
        what=kind_words(seen.row.what),
        on=", ".join(part for part in (seen.case, seen.item) if part) or _named(seen.row.detail),
        details=_details(seen.row.detail),
        as_whom=listed([part for part in (_role(seen.role), seen.organisation) if part], "at") + _behalf(seen),
    )


def kind_words(what: str) -> str:
    """An access in words; one this page does not know yet by its own name."""
    return KINDS.get(what) or in_words(what)


def _behalf(seen: Access) -> str:
    return f", on behalf of {seen.behalf}" if seen.behalf else ""


def _role(role: Role | None) -> str:
    return role.label if role else ""


def _named(detail: Mapping[str, Any]) -> str:
    """The reference that was asked for, when it led to nothing this log could name."""
    return str(detail.get("reference") or "")


def _details(detail: Mapping[str, Any]) -> str:
    """Counts, reasons and whose trail: the facts of the access and nothing of what was seen."""
    said = []
    if isinstance(detail.get("count"), int):
        said.append(f"{detail['count']:,} found")
    if detail.get("trail_of"):
        said.append(f"of {detail['trail_of']}")
    if detail.get("why"):
        said.append(str(detail["why"]))
    if detail.get("change"):
        said.append(f"a shift was {detail['change']}")
    if detail.get("document"):
        said.append(f"document {detail['document']}")
    if detail.get("paper"):
        said.append(f"{detail['paper']} as {'PDF' if detail.get('how') == 'pdf' else 'a page'}")
    if detail.get("import_id"):
        said.append(f"import {detail['import_id']}")
    return "; ".join(said)


class TrailPage:
    """The trail of one person with its filters."""

    def __init__(self, person: Known, filters: Filters, found: Page[Access], number: int) -> None:
        self.person, self.filters = person, filters
        self.lines = [line_of(seen) for seen in found.rows]
        self.next = found.next
        self.number = number

    @property
    def shown(self) -> str:
        """ "1,204 rows", "10,000+ rows"."""
        return f"{capped(self.number, MOST_COUNTED)} {'row' if self.number == 1 else 'rows'}"

    @property
    def export_words(self) -> str:
        """What a file would hold, said before it is asked for."""
        if self.number > MOST_EXPORTED:
            return f"Download the newest {MOST_EXPORTED:,} rows (CSV); choose fewer days for the others"
        return f"Download {'this row' if self.number == 1 else f'these {self.number:,} rows'} (CSV)"


def csv_of(rows: Iterable[Access], *, is_cut: bool) -> str:
    """The rows as a CSV file. When there are more than it may hold, its last line says so."""
    stream = StringIO()
    writer = csv.writer(stream)
    writer.writerow(HEADER)
    for seen in rows:
        line = line_of(seen)
        detail = seen.row.detail
        cells = (
            *(iso(seen.row.at), line.what, seen.case, seen.item or _named(detail), detail.get("count")),
            *(_role(seen.role) + _behalf(seen), seen.organisation, seen.row.address, seen.row.path, line.details),
        )
        writer.writerow([as_text("" if cell is None else str(cell)) for cell in cells])
    if is_cut:
        writer.writerow([f"Only the newest {MOST_EXPORTED:,} rows are here: choose fewer days for the others"])
    return stream.getvalue()


def file_name(person: Known, filters: Filters) -> str:
    """A name that says whose trail it is and for which days; ASCII."""
    parts = ["access-trail", str(person.id)]
    parts += [f"from-{filters.since}"] if filters.since else []
    parts += [f"until-{filters.until}"] if filters.until else []
    return "-".join(parts) + ".csv"


def about(person: Known) -> str:
    """Who they are, for under the title."""
    return f"{person.email}. {person.roles or 'No role'}.{'' if person.is_active else ' Cannot sign in any more.'}"
