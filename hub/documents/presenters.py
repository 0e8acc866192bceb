"""Documents in words, ready for a template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from flask import url_for

from hub.documents.kinds import KINDS
from hub.documents.models import Document
from hub.documents.queries import Opening
from hub.web.filters import count, size_words
from hub.web.stored_words import audience_words

SCANS: Final = {"clean": "no virus found", "not_scanned": "not scanned for viruses"}


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One document as a page shows it."""

    name: str
    href: str
    what: str
    """Kind, size and the result of the scan."""
    added_by: str
    at: datetime
    audience: str
    reference: str = ""
    """Of its item, where documents of several stand together."""
    take_back_href: str = ""
    taken_back: tuple[str, datetime, str] | None = None
    """(who, when, why), once it is."""
    openings: Sequence[Opening] = field(default=())

    @property
    def opened(self) -> str:
        """ "Opened by 2 people"."""
        return f"Opened by {count(len(self.openings), 'person', 'people')}" if self.openings else "Not opened yet"


@dataclass(frozen=True, slots=True)
class Panel:
    """The documents of one item, as one person sees them."""

    lines: Sequence[DocumentLine]
    add_href: str
    """Empty for somebody who may not add one."""
    shows_openings: bool


def line_of(
    document: Document, *, reference: str = "", take_back_href: str = "", openings: Sequence[Opening] = ()
) -> DocumentLine:
    """One document in words."""
    back = document.taken_back_at
    return DocumentLine(
        name=document.name,
        href=url_for("documents.download", document_id=document.id, name=document.name),
        what=f"{KINDS[document.kind].words}, {size_words(document.bytes)}, {SCANS[document.scan]}",
        added_by=document.added_by.name,
        at=document.at,
        audience=audience_words(document.audience).replace("read", "open") or "Everybody who can see this item",
        reference=reference,
        take_back_href=take_back_href,
        taken_back=(document.taken_back_by.name, back, document.taken_back_why or "") if back else None,
        openings=openings,
    )


def lines_of(documents: Iterable[Document]) -> list[DocumentLine]:
    """Documents of several items in words, each with its item's reference."""
    return [line_of(document, reference=document.item.reference) for document in documents]
