"""Proof that no paper was altered: every fingerprint worked out again."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.engine.chain import canonical
from hub.engine.models import WorkItem
from hub.papers.content import FINGERPRINTED, fingerprint
from hub.papers.models import Paper, PaperKind

BATCH = 500


@dataclass(frozen=True, slots=True)
class Checked:
    """What was read, and the papers that are not as they were made, each in words."""

    papers: int
    altered: tuple[str, ...]


def check_papers(session: Session) -> Checked:
    """Read every paper again, a batch at a time."""
    read, altered = 0, []
    for row in _rows(session):
        read += 1
        if fingerprint(row._mapping, canonical(row.content)) != row.sha256:
            kind = PaperKind(row.kind).label.lower()
            altered.append(
                f"Paper {row.id}, {kind} of {row.reference}: it does not match its fingerprint: it was edited"
            )
    return Checked(read, tuple(altered))


def _rows(session: Session) -> Iterator[Any]:
    columns = [getattr(Paper, name) for name in (*FINGERPRINTED, "content", "sha256")]
    query = select(Paper.id, WorkItem.reference, *columns).join(WorkItem, WorkItem.id == Paper.item_id)
    last = 0
    while rows := session.execute(query.where(Paper.id > last).order_by(Paper.id).limit(BATCH)).all():
        yield from rows
        last = rows[-1].id
