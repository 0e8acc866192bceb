"""Taking a file in: its size, its content, the virus scan, and then its bytes are kept under a harmless name."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from hashlib import sha256

from hub.config import Settings
from hub.documents.kinds import ACCEPT, KINDS, TAKEN, kind_of
from hub.documents.names import clean_name, said_name
from hub.documents.refusals import NotTaken
from hub.documents.scanner import Scanner, ScannerDown, scanner_at
from hub.documents.storage import Storage, StorageDown, storage_of
from hub.documents.texts import has_formulas
from hub.engine.documents import StoredFile
from hub.engine.refusal import ActionRefused, Problem
from hub.web.filters import size_words

log = logging.getLogger(__name__)
FIELD = "document"


@dataclass(frozen=True, slots=True)
class Intake:
    """What stands between a browser and the storage."""

    storage: Storage
    scanner: Scanner | None
    limit: int
    """Bytes of one file."""
    accept: str = ACCEPT

    @property
    def hint(self) -> str:
        """What is said beside the file box."""
        return f"{TAKEN}. At most {size_words(self.limit)} each. You can choose several files."

    def take_in(self, name: str, data: bytes) -> StoredFile:
        """Look at a file and keep its bytes. ActionRefused, in words that begin with its name, when it is not taken."""
        try:
            if len(data) > self.limit:
                raise NotTaken(
                    f"is larger than {size_words(self.limit)}, the most one file may have. "
                    "Save a scan in black and white at a lower resolution, or send it in parts"
                )
            kind = kind_of(data)
            scan = self._scanned(data)
            kept = self.storage.keep(data)
        except NotTaken as no:
            raise ActionRefused([Problem(f"“{said_name(name)}” {no}", FIELD)]) from no
        except StorageDown as error:
            log.exception("A document could not be kept")
            said = "could not be kept just now, so it was not added. Try again in a few minutes"
            raise ActionRefused([Problem(f"“{said_name(name)}” {said}", FIELD)]) from error
        endings = KINDS[kind].endings
        if kind == "text" and has_formulas(data):
            endings = endings[:1]  # "costs.csv.txt" opens as the text it is, and no spreadsheet works it out
        return StoredFile(clean_name(name, endings), kind, len(data), kept, scan)

    def _scanned(self, data: bytes) -> str:
        """The result for the table. Never "clean" when the scanner has not said so."""
        if self.scanner is None:
            return "not_scanned"
        try:
            virus = self.scanner.virus_in(data)
        except ScannerDown as error:
            log.warning("The virus scanner does not answer: %s", error)
            raise NotTaken(
                "could not be checked for viruses just now, so it was not added. Try again in a few minutes"
            ) from error
        if virus is not None:
            # By its hash: a name may say whom it is about.
            log.warning("A virus was found in a file that was sent: %r, SHA-256 %s", virus, sha256(data).hexdigest())
            raise NotTaken("has a virus in it and was not taken. Do not open it, and tell your IT department")
        return "clean"


def intake_of(settings: Settings) -> Intake:
    """The intake as the settings have it."""
    limit = min(settings.max_document_bytes, settings.max_upload_bytes)
    return Intake(storage_of(settings), scanner_at(settings.clamd_url), limit)
