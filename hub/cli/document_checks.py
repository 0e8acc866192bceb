"""What `hub doctor` looks at about documents: whether every one's bytes are there, and whether a scanner answers."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.cli.finding import Finding
from hub.config import Settings, SettingsError
from hub.documents.models import Document
from hub.documents.scanner import ScannerDown, scanner_at
from hub.documents.storage import StorageDown, storage_of
from hub.engine.models import WorkItem

_MOST_NAMED = 5


def check_documents(session: Session, settings: Settings) -> Iterator[Finding]:
    """The storage and the virus scanner, as the settings have them."""
    where = settings.storage_url or "the data folder"
    try:
        yield _bytes(session, settings, where)
    except SettingsError as error:
        yield Finding("Documents", str(error), "Correct the environment variable")
    except StorageDown as error:
        yield Finding("Documents", f"{where} does not answer ({error})", "Start it, or correct HUB_STORAGE_URL")
    yield _scanner(session, settings)


def _bytes(session: Session, settings: Settings, where: str) -> Finding:
    storage = storage_of(settings)
    rows = session.execute(select(Document.sha256, Document.bytes, func.min(Document.id)).group_by("sha256", "bytes"))
    missing, number = [], 0
    for sha256, size, first in rows:
        number += 1
        if not storage.has(sha256, size):
            missing.append(first)
    if not missing:
        return Finding("Documents", f"{number:,} kept in {where}, none missing")
    named = session.execute(
        select(WorkItem.reference, Document.id)
        .join(Document, Document.item_id == WorkItem.id)
        .where(Document.id.in_(missing[:_MOST_NAMED]))
        .order_by(Document.id)
    )
    said = ", ".join(f"document {number} of {reference}" for reference, number in named)
    more = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
    return Finding("Documents", f"{len(missing)} missing in {where}: {said}{more}", "Put them back from a backup")


def _scanner(session: Session, settings: Settings) -> Finding:
    unseen = session.scalar(select(func.count()).where(Document.scan == "not_scanned")) or 0
    since = f"; {unseen:,} documents were not scanned" if unseen else ""
    try:
        scanner = scanner_at(settings.clamd_url)
        if scanner is None:
            mend = "Set HUB_CLAMD_URL to a clamd" if settings.production else ""
            return Finding("Virus scanner", f"none is set{since}", mend)
        scanner.virus_in(b"hub doctor")
    except SettingsError as error:
        return Finding("Virus scanner", str(error), "Correct the environment variable")
    except ScannerDown as error:
        said = "Start clamd, or correct HUB_CLAMD_URL. Until then no document is taken"
        return Finding("Virus scanner", f"it does not answer ({error})", said)
    return Finding("Virus scanner", f"answers{since}")
