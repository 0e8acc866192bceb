"""Proof that history was not altered: every chain and every digest read again."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.engine.chain import FIRST, LINKED, link
from hub.engine.digests import BATCH, DigestFile, DigestFileError, Finding, digest_findings, write_digest
from hub.engine.models import Transition, WorkItem

__all__ = ["DigestFile", "DigestFileError", "Finding", "Verified", "verify", "write_digest"]


MOST_NAMED = 100
"""Missing rows of one gap that are named: a row put in at position two thousand million must not stop the check."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What was read and what was found."""

    items: int
    rows: int
    digests: int
    findings: tuple[Finding, ...]


def verify(session: Session, outside: Path | None = None) -> Verified:
    """Read every history and every digest again. `outside` is a digest file that left the building earlier.

    Finds a row that was edited, removed (the last one too) or put in, a table that was emptied, and with `outside` a
    history that was rewritten from end to end.
    """
    findings: list[Finding] = []
    items = rows = 0
    kept = DigestFile(outside) if outside else None
    for item, history in _histories(session):
        items, rows = items + 1, rows + len(history)
        findings += _item_findings(item, history)
        if kept:
            findings += kept.compare(item, history)
    if kept:
        findings += kept.not_met()
        findings += kept.its_own_digest(session)
    findings += _strays(session)
    digests, found = digest_findings(session)
    return Verified(items, rows, digests, tuple(findings + found))


def _histories(session: Session) -> Iterator[tuple[Any, list[Any]]]:
    """Every item with its rows, in id order, a batch of items at a time."""
    last = 0
    while True:
        batch = (
            select(WorkItem.id, WorkItem.reference, WorkItem.state, WorkItem.history_length, WorkItem.head_hash)
            .where(WorkItem.id > last)
            .order_by(WorkItem.id)
            .limit(BATCH)
            .subquery()
        )
        columns = [getattr(Transition, name) for name in (*LINKED, "hash")]
        # One statement for items and rows: between two, somebody may act, and that would look like a row put in.
        about = [column.label(f"item_{column.key}") for column in batch.c if column.key != "id"]
        rows = session.execute(
            select(batch.c.id, *about, *columns)
            .outerjoin(Transition, Transition.item_id == batch.c.id)
            .order_by(batch.c.id, Transition.position)
        )
        last = 0
        for identity, found in groupby(rows, key=lambda row: row.id):
            history = list(found)
            item, last = history[0], identity
            yield item, [row for row in history if row.position is not None]
        if not last:
            return


def _item_findings(item: Any, history: list[Any]) -> Iterator[Finding]:
    expected, before = 1, FIRST
    for row in history:
        if expected < row.position:
            yield from _gap(item, expected, row.position, "the row is missing: it was removed")
            before = ""
        if link(row._mapping) != row.hash:
            yield Finding(item.item_reference, row.position, "the row does not match its hash: it was edited")
        elif before and row.prev_hash != before:
            yield Finding(
                item.item_reference, row.position, "the row does not follow the one before: it was put in or changed"
            )
        expected, before = row.position + 1, row.hash
    yield from _gap(item, expected, item.item_history_length + 1, "the row is missing at the end: it was removed")
    if expected > item.item_history_length + 1:
        yield Finding(item.item_reference, expected - 1, "the row is one too many: it was put in")
    if history and expected == item.item_history_length + 1:
        if history[-1].hash != item.item_head_hash:
            yield Finding(item.item_reference, None, "the last row is not the one the item names")
        if history[-1].to_state != item.item_state:
            yield Finding(item.item_reference, None, "the item's state is not where its history led")


def _gap(item: Any, start: int, end: int, words: str) -> Iterator[Finding]:
    """One finding for each missing row; of a gap too wide to be true, the first ones and its length."""
    named = min(end, start + MOST_NAMED)
    for position in range(start, named):
        yield Finding(item.item_reference, position, words)
    if named < end:
        yield Finding(item.item_reference, named, f"so are {end - named:,} more rows, from this one on")


def _strays(session: Session) -> Iterator[Finding]:
    """Rows of items that are no longer there at all."""
    known = select(WorkItem.id)
    for row in session.execute(
        select(Transition.item_id, func.count()).where(Transition.item_id.not_in(known)).group_by(Transition.item_id)
    ):
        yield Finding(f"item {row[0]}", None, "there is history without its item")
