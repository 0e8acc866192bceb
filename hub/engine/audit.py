"""Proof that history was not altered: verify every chain, and write digests that can be kept outside."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from hub.engine.chain import FIRST, LINKED, canonical, link
from hub.engine.models import AccessLog, AuditDigest, Transition, WorkItem

BATCH = 1_000
"""Rows read at a time, so that a million items need no more memory than a thousand."""
FORMAT = "hub audit digest 1"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written: which item, which row, and what is wrong with it."""

    reference: str
    position: int | None
    message: str

    def __str__(self) -> str:
        where = f"{self.reference}, row {self.position}" if self.position else self.reference
        return f"{where}: {self.message}"


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
    kept = _Heads(outside) if outside else None
    for item, history in _histories(session):
        items, rows = items + 1, rows + len(history)
        findings += _item_findings(item, history)
        if kept:
            findings += kept.compare(item, history)
    if kept:
        findings += kept.not_met()
    findings += _strays(session)
    digests, digest_findings = _digest_findings(session)
    return Verified(items, rows, digests, tuple(findings + digest_findings))


def _histories(session: Session) -> Iterator[tuple[Any, list[Any]]]:
    """Every item with its rows, in id order, a batch of items at a time."""
    last = 0
    while True:
        items = session.execute(
            select(WorkItem.id, WorkItem.reference, WorkItem.state, WorkItem.history_length, WorkItem.head_hash)
            .where(WorkItem.id > last)
            .order_by(WorkItem.id)
            .limit(BATCH)
        ).all()
        if not items:
            return
        columns = [getattr(Transition, name) for name in (*LINKED, "hash")]
        found: dict[int, list[Any]] = {item.id: [] for item in items}
        for row in session.execute(
            select(*columns)
            .where(Transition.item_id.between(items[0].id, items[-1].id))
            .order_by(Transition.item_id, Transition.position)
        ):
            found.setdefault(row.item_id, []).append(row)
        for item in items:
            yield item, found[item.id]
        last = items[-1].id


def _item_findings(item: Any, history: list[Any]) -> Iterator[Finding]:
    expected, before = 1, FIRST
    for row in history:
        while expected < row.position:
            yield Finding(item.reference, expected, "the row is missing: it was removed")
            expected, before = expected + 1, ""
        if link(row._mapping) != row.hash:
            yield Finding(item.reference, row.position, "the row does not match its hash: it was edited")
        elif before and row.prev_hash != before:
            yield Finding(item.reference, row.position, "the row does not follow the one before: it was put in or changed")
        expected, before = row.position + 1, row.hash
    for position in range(expected, item.history_length + 1):
        yield Finding(item.reference, position, "the row is missing at the end: it was removed")
    if expected > item.history_length + 1:
        yield Finding(item.reference, expected - 1, "the row is one too many: it was put in")
    if history and expected == item.history_length + 1:
        if history[-1].hash != item.head_hash:
            yield Finding(item.reference, None, "the last row is not the one the item names")
        if history[-1].to_state != item.state:
            yield Finding(item.reference, None, "the item's state is not where its history led")


def _strays(session: Session) -> Iterator[Finding]:
    """Rows of items that are no longer there at all."""
    known = select(WorkItem.id)
    for row in session.execute(
        select(Transition.item_id, func.count()).where(Transition.item_id.not_in(known)).group_by(Transition.item_id)
    ):
        yield Finding(f"item {row[0]}", None, "there is history without its item")


def _heads(session: Session) -> Iterator[tuple[str, int, str]]:
    last = 0
    while True:
        rows = session.execute(
            select(WorkItem.id, WorkItem.reference, WorkItem.history_length, WorkItem.head_hash)
            .where(WorkItem.id > last)
            .order_by(WorkItem.id)
            .limit(BATCH)
        ).all()
        if not rows:
            return
        for row in rows:
            yield row.reference, row.history_length, row.head_hash
        last = rows[-1].id


def _access_hash(session: Session, first: int, last: int, before: str) -> str:
    """One hash over the access-log rows after `first` up to `last`, begun with the hash of those before."""
    digest = hashlib.sha256(before.encode())
    columns = [column for column in AccessLog.__table__.columns]
    reached = first
    while reached < last:
        rows = session.execute(
            select(*columns).where(AccessLog.id > reached, AccessLog.id <= last).order_by(AccessLog.id).limit(BATCH)
        ).all()
        if not rows:
            break
        for row in rows:
            digest.update(canonical(dict(row._mapping)).encode())
        reached = rows[-1].id
    return digest.hexdigest()


def write_digest(session: Session, *, now: datetime, to: TextIO | None = None) -> AuditDigest:
    """Add today's digest to the chain and, with `to`, write it with every head as JSON lines to be kept outside."""
    session.execute(select(func.pg_advisory_xact_lock(7_264_003)))
    before = session.scalar(select(AuditDigest).order_by(AuditDigest.id.desc()).limit(1))
    last_access = session.scalar(select(func.max(AccessLog.id))) or 0
    heads, count = hashlib.sha256(), 0
    for reference, length, head in _heads(session):
        line = canonical([reference, length, head])
        heads.update(line.encode())
        count += 1
        if to:
            to.write(line + "\n")
    values: dict[str, Any] = {
        "at": now,
        "items": count,
        "last_access_id": last_access,
        "heads_hash": heads.hexdigest(),
        "access_hash": _access_hash(
            session, before.last_access_id if before else 0, last_access, before.access_hash if before else FIRST
        ),
        "prev_hash": before.hash if before else FIRST,
    }
    values["hash"] = hashlib.sha256(canonical(values).encode()).hexdigest()
    made = session.scalars(insert(AuditDigest).values(**values).returning(AuditDigest)).one()
    if to:
        to.write(canonical({"format": FORMAT, **values}) + "\n")
    return made


def _digest_findings(session: Session) -> tuple[int, list[Finding]]:
    findings: list[Finding] = []
    before: Any = None
    count = 0
    for digest in session.scalars(select(AuditDigest).order_by(AuditDigest.id)):
        count += 1
        name = f"digest of {digest.at.astimezone(UTC):%Y-%m-%d %H:%M}"
        values = {
            key: getattr(digest, key)
            for key in ("at", "items", "last_access_id", "heads_hash", "access_hash", "prev_hash")
        }
        if hashlib.sha256(canonical(values).encode()).hexdigest() != digest.hash:
            findings.append(Finding(name, None, "it does not match its hash: it was edited"))
        if digest.prev_hash != (before.hash if before else FIRST):
            findings.append(Finding(name, None, "it does not follow the digest before: one was removed or put in"))
        elif digest.access_hash != _access_hash(
            session,
            before.last_access_id if before else 0,
            digest.last_access_id,
            before.access_hash if before else FIRST,
        ):
            findings.append(Finding(name, None, "the access log up to this day is not as it was: a row was altered"))
        before = digest
    return count, findings


class DigestFileError(Exception):
    """The digest file cannot be used; the words say why."""


class _Heads:
    """The heads in a digest file, compared with histories as they are now."""

    def __init__(self, path: Path) -> None:
        self.heads: dict[str, tuple[int, str]] = {}
        digest = hashlib.sha256()
        trailer: dict[str, Any] | None = None
        try:
            with path.open(encoding="utf-8") as lines:
                for line in lines:
                    read = json.loads(line)
                    if isinstance(read, dict):
                        trailer = read
                    else:
                        reference, length, head = read
                        self.heads[reference] = (length, head)
                        digest.update(canonical([reference, length, head]).encode())
        except (OSError, ValueError) as error:
            raise DigestFileError(f"{path} cannot be read as a digest file: {error}") from error
        if trailer is None or trailer.get("format") != FORMAT:
            raise DigestFileError(f"{path} is not a whole digest file: its last line is missing")
        if trailer["heads_hash"] != digest.hexdigest():
            raise DigestFileError(f"{path} was changed since it was written: its own hash does not match")
        self.met: set[str] = set()

    def compare(self, item: Any, history: list[Any]) -> Iterator[Finding]:
        """Whether the history still passes through the head it had when the file was written."""
        if item.reference not in self.heads:
            return
        self.met.add(item.reference)
        length, head = self.heads[item.reference]
        then = next((row for row in history if row.position == length), None)
        if then is None:
            yield Finding(item.reference, length, "the row that was last in the digest file is missing")
        elif then.hash != head:
            yield Finding(item.reference, length, "the history was rewritten since the digest file was written")

    def not_met(self) -> Iterator[Finding]:
        """Items that the file knows and the database no longer has."""
        for reference in sorted(self.heads.keys() - self.met):
            yield Finding(reference, None, "the item is in the digest file and is no longer here")
