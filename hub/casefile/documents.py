"""Documents of a case's items: gathered inside the statement that reads the case, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from hub.accounts.models import UserAccount
from hub.casefile.dated import gathered
from hub.documents.models import Document
from hub.documents.presenters import DocumentLine, line_of
from hub.engine.models import WorkItem
from hub.engine.visibility import View, is_for
from workflows.actor import Actor

if TYPE_CHECKING:
    from hub.casefile.queries import CaseItem


@dataclass(frozen=True, slots=True)
class KeptDocument:
    """One document of an item that nobody took back."""

    id: int
    name: str
    kind: str
    bytes: int
    scan: str
    audience: str
    at: datetime
    added_by_name: str


def documents_of_item() -> ColumnElement[Any]:
    """The documents of an item but those that were taken back; one JSON column."""
    by = aliased(UserAccount)
    fields = {name: getattr(Document, name) for name in ("id", "name", "kind", "bytes", "scan", "audience", "at")}
    rows = (
        select(gathered({**fields, "added_by_name": by.name}, Document.id))
        .select_from(Document)
        .join(by, by.id == Document.added_by_id)
        .where(Document.item_id == WorkItem.id, Document.taken_back_at.is_(None))
    )
    return rows.correlate(WorkItem).scalar_subquery()


def documents(rows: Sequence[Mapping[str, Any]]) -> tuple[KeptDocument, ...]:
    """An item's documents in the order they were added."""
    return tuple(KeptDocument(**{**row, "at": datetime.fromisoformat(row["at"])}) for row in rows)


def document_lines(items: Iterable[CaseItem], actor: Actor) -> list[DocumentLine]:
    """The documents of a case that are this actor's to read, in words; the newest first."""
    found = [
        (each, line.item.reference)
        for line in items
        if line.view is View.ALL
        for each in line.documents
        if is_for(actor, each.audience)
    ]
    newest_first = sorted(found, key=lambda pair: (pair[0].at, pair[0].id), reverse=True)
    return [line_of(document, reference=reference) for document, reference in newest_first]
