"""The daily digest: the heads of all histories and the access log in one hash, chained, and kept outside as a file."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

from hub.db import Lock, hold
from hub.engine.chain import FIRST, canonical
from hub.engine.models import AccessLog, AuditDigest, WorkItem

BATCH = 1_000
"""Rows read at a time, so that a million items need no more memory than a thousand."""
FORMAT = "hub audit digest 1"
DIGESTED = ("at", "items", "last_access_id", "heads_hash", "access_hash", "prev_hash")
"""The columns of a digest that its hash covers."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written: which item, which row, and what is wrong with it."""

    reference: str
    position: int | None
    message: str

    def __str__(self) -> str:
        where = f"{self.reference}, row {self.position}" if self.position else self.reference
        return f"{where}: {self.message}"


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


def heads_digest(session: Session, to: TextIO | None = None) -> tuple[int, str]:
    """How many items there are and one SHA-256 over the heads of all their histories; `to` gets a line for each."""
    heads, count = hashlib.sha256(), 0
    for reference, length, head in _heads(session):
        line = canonical([reference, length, head])
        heads.update(line.encode())
        count += 1
        if to:
            to.write(line + "\n")
    return count, heads.hexdigest()


def _access_hash(session: Session, first: int, last: int, before: str) -> str:
    """One hash over the access-log rows after `first` up to `last`, begun with the hash of those before."""
    digest = hashlib.sha256(before.encode())
    columns = list(AccessLog.__table__.columns)
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


def _last_access(session: Session) -> int:
    """The newest access-log row below which nothing can come any more: who is writing one now is waited for."""
    alone = session.begin_nested()
    session.execute(text("LOCK TABLE access_log IN SHARE MODE"))
    last = session.scalar(select(func.max(AccessLog.id))) or 0
    alone.rollback()  # gives the lock back at once
    return last


def digest_hash(values: Mapping[str, Any]) -> str:
    """The hash of one digest, 64 hex digits; KeyError when a column is missing."""
    return hashlib.sha256(canonical({name: values[name] for name in DIGESTED}).encode()).hexdigest()


def write_digest(session: Session, *, now: datetime, to: TextIO | None = None) -> AuditDigest:
    """Add today's digest to the chain and, with `to`, write it with every head as JSON lines to be kept outside."""
    hold(session, Lock.DIGEST)  # two digests written at once would both follow the same one
    before = session.scalar(select(AuditDigest).order_by(AuditDigest.id.desc()).limit(1))
    last_access = _last_access(session)
    count, heads = heads_digest(session, to)
    values: dict[str, Any] = {
        "at": now,
        "items": count,
        "last_access_id": last_access,
        "heads_hash": heads,
        "access_hash": _access_hash(
            session, before.last_access_id if before else 0, last_access, before.access_hash if before else FIRST
        ),
        "prev_hash": before.hash if before else FIRST,
    }
    values["hash"] = digest_hash(values)
    made = session.scalars(insert(AuditDigest).values(**values).returning(AuditDigest)).one()
    if to:
        to.write(canonical({"format": FORMAT, **values}) + "\n")
    return made


def digest_findings(session: Session) -> tuple[int, list[Finding]]:
    """How many digests there are, and what is wrong with their chain or with the access log they cover."""
    findings: list[Finding] = []
    before: Any = None
    count = 0
    for digest in session.scalars(select(AuditDigest).order_by(AuditDigest.id)):
        count += 1
        name = f"digest of {digest.at.astimezone(UTC):%Y-%m-%d %H:%M}"
        if digest_hash({name: getattr(digest, name) for name in DIGESTED}) != digest.hash:
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


class DigestFile:
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
            is_its_own = trailer is None or digest_hash(trailer) == trailer["hash"]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise DigestFileError(f"{path} cannot be read as a digest file") from error
        if trailer is None or trailer.get("format") != FORMAT:
            raise DigestFileError(f"{path} is not a whole digest file: its last line is missing")
        if trailer["heads_hash"] != digest.hexdigest() or not is_its_own:
            raise DigestFileError(f"{path} was changed since it was written: its own hash does not match")
        self.digest: str = trailer["hash"]
        self.at: str = trailer["at"]
        self.met: set[str] = set()

    def compare(self, item: Any, history: list[Any]) -> Iterator[Finding]:
        """Whether the history still passes through the head it had when the file was written."""
        if item.item_reference not in self.heads:
            return
        self.met.add(item.item_reference)
        length, head = self.heads[item.item_reference]
        then = next((row for row in history if row.position == length), None)
        if then is None:
            yield Finding(item.item_reference, length, "the row that was last in the digest file is missing")
        elif then.hash != head:
            yield Finding(item.item_reference, length, "the history was rewritten since the digest file was written")

    def not_met(self) -> Iterator[Finding]:
        """Items that the file knows and the database no longer has."""
        for reference in sorted(self.heads.keys() - self.met):
            yield Finding(reference, None, "the item is in the digest file and is no longer here")

    def its_own_digest(self, session: Session) -> Iterator[Finding]:
        """The digest that the file was written with must still be in the chain, the access log's hash in it."""
        if session.scalar(select(AuditDigest.id).where(AuditDigest.hash == self.digest)) is None:
            yield Finding(f"digest of {self.at[:16].replace('T', ' ')}", None, "it is in the file and no longer here")
