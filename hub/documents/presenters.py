"""Documents in words, ready for a template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

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


class Kept(Protocol):
    """A document as far as its line tells of it: its row, or what a statement gathered of it."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def scan(self) -> str: ...
    @property
    def audience(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def added_by_name(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Panel:
    """The documents of one item, as one person sees them."""

    lines: Sequence[DocumentLine]
    add_href: str
    """Empty for somebody who may not add one."""
    shows_openings: bool


def line_of(
    document: Kept, *, reference: str = "", take_back_href: str = "", openings: Sequence[Opening] = ()
) -> DocumentLine:
    """One document in words."""
    return DocumentLine(
        name=document.name,
        href=url_for("documents.download", document_id=document.id, name=document.name),
        what=f"{KINDS[document.kind].words}, {size_words(document.bytes)}, {SCANS[document.scan]}",
        added_by=document.added_by_name,
        at=document.at,
        audience=audience_words(document.audience).replace("read", "open") or "Everybody who can see this item",
        reference=reference,
        take_back_href=take_back_href,
        taken_back=_taken_back(document) if isinstance(document, Document) else None,
        openings=openings,
    )


def _taken_back(document: Document) -> tuple[str, datetime, str] | None:
    at = document.taken_back_at
    return (document.taken_back_by.name, at, document.taken_back_why or "") if at else None
