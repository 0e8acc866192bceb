"""What a paper says: ordered blocks of plain text, their canonical form, and its fingerprint."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hub.engine.chain import canonical

Block = dict[str, Any]
FORM_COLUMNS: Final = ("Question", "Answer")
FINGERPRINTED: Final = ("item_id", "position", "kind", "title", "for_whom", "made_at")
"""The columns of a paper that its fingerprint covers besides the content: all but its number and the fingerprint."""


def heading(text: str, level: int = 2) -> Block:
    """A heading; 1 is the paper's own title."""
    return {"kind": "heading", "level": level, "text": text}


def paragraph(text: str) -> Block:
    """A paragraph; line breaks stay."""
    return {"kind": "paragraph", "text": text}


def boxed(text: str) -> Block:
    """A paragraph that stands out: what the reader must know first."""
    return {"kind": "note", "text": text}


def pairs(rows: Sequence[tuple[str, str]], columns: tuple[str, str] = FORM_COLUMNS) -> Block:
    """Questions with their answers, as a table with a heading for each column."""
    return {"kind": "pairs", "columns": list(columns), "rows": [list(row) for row in rows]}


def bullets(items: Sequence[str]) -> Block:
    """A list."""
    return {"kind": "list", "items": list(items)}


def sections(found: Sequence[tuple[str, str, Sequence[tuple[str, str]]]]) -> list[Block]:
    """What `hub.web.sections.answered` gives, as a heading and a table for each section."""
    return [block for _, title, rows in found for block in (heading(title), pairs(rows))]


def fingerprint(row: Mapping[str, Any], content: str) -> str:
    """The SHA-256 of a paper's row and its content in canonical form, 64 hex digits."""
    heads = canonical({name: row[name] for name in FINGERPRINTED})
    return hashlib.sha256(f"{heads}\n{content}".encode()).hexdigest()
