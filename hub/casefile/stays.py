"""Stays of a case: gathered inside the statement that reads it, and in words."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from hub.accounts.models import UserAccount
from hub.casefile.dated import gathered, moment_of
from hub.cases.models import CaseStay
from hub.cases.stays import place_of
from hub.engine.models import WorkItem
from hub.organisations.models import Site, Unit
from hub.stays.models import Stay
from hub.web.filters import moment
from hub.web.item_rows import item_href


@dataclass(frozen=True, slots=True)
class StayEntry:
    """One stay, with the names of who recorded and who corrected it."""

    id: int
    place: str
    from_at: datetime
    until_at: datetime | None
    why: str
    recorded_at: datetime
    recorded_by: str
    corrected_at: datetime | None
    corrected_by: str
    reason: str
    kept_by: str = ""
    """The reference of the stay item whose dates it holds; empty for one that was recorded by hand."""


@dataclass(frozen=True, slots=True)
class StayLine:
    """One stay in words; `corrected` is empty while the entry stands."""

    id: int
    place: str
    dates: str
    why: str
    recorded: str
    corrected: str
    kept_by: str
    href: str
    """Where the item that keeps it is; empty for one recorded by hand, and where it is not this reader's to open."""


def stay_lines(
    entries: Sequence[StayEntry], in_sentence: Callable[[datetime], str], seen: Container[str]
) -> list[StayLine]:
    """The stays in words.

    `in_sentence` gives a moment as it stands inside a sentence, `seen` are the references of items that may be opened.
    """
    lines = []
    for row in entries:
        by = f"by {row.recorded_by}, " if row.recorded_by else ""
        corrected = ""
        if row.corrected_at is not None:
            who = row.corrected_by or "the hub"
            corrected = f"Corrected by {who}, {in_sentence(row.corrected_at)}: “{row.reason}”"
        until = f"until {moment(row.until_at)}" if row.until_at else "still there"
        dates, recorded = f"From {moment(row.from_at)}, {until}", f"Recorded {by}{in_sentence(row.recorded_at)}"
        href = item_href(Stay.workflow.name, row.kept_by) if row.kept_by in seen else ""
        lines.append(StayLine(row.id, row.place, dates, row.why, recorded, corrected, row.kept_by, href))
    return lines


def stays_of(case_id: Any) -> ColumnElement[Any]:
    """The stays of a case, corrected ones too, as one JSON column."""
    by, corrected_by = aliased(UserAccount), aliased(UserAccount)
    keeping, item = Stay.__table__.alias(), aliased(WorkItem)
    fields = {
        "id": CaseStay.id,
        "place": place_of(),
        "from_at": CaseStay.from_at,
        "until_at": CaseStay.until_at,
        "why": CaseStay.why,
        "recorded_at": CaseStay.recorded_at,
        "recorded_by": by.name,
        "corrected_at": CaseStay.corrected_at,
        "corrected_by": corrected_by.name,
        "reason": CaseStay.correction_reason,
        "kept_by": item.reference,
    }
    rows = (
        select(gathered(fields, CaseStay.id))
        .select_from(CaseStay)
        .outerjoin(Unit, Unit.id == CaseStay.unit_id)
        .outerjoin(Site, Site.id == Unit.site_id)
        .outerjoin(by, by.id == CaseStay.recorded_by_id)
        .outerjoin(corrected_by, corrected_by.id == CaseStay.corrected_by_id)
        .outerjoin(keeping, keeping.c.case_stay_id == CaseStay.id)
        .outerjoin(item, item.id == keeping.c.id)
        .where(CaseStay.case_id == case_id)
    )
    return rows.correlate_except(CaseStay, Unit, Site, by, corrected_by, keeping, item).scalar_subquery()


def stay_entries(rows: Sequence[Mapping[str, Any]]) -> list[StayEntry]:
    """The stays, the latest first."""
    entries = [
        StayEntry(
            id=row["id"],
            place=row["place"],
            from_at=datetime.fromisoformat(row["from_at"]),
            until_at=moment_of(row["until_at"]),
            why=row["why"],
            recorded_at=datetime.fromisoformat(row["recorded_at"]),
            recorded_by=row["recorded_by"] or "",
            corrected_at=moment_of(row["corrected_at"]),
            corrected_by=row["corrected_by"] or "",
            reason=row["reason"] or "",
            kept_by=row["kept_by"] or "",
        )
        for row in rows
    ]
    return sorted(entries, key=lambda row: (row.from_at, row.id), reverse=True)
