"""Which files are taken, by their content: one table, and what is said of every other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import filetype

from hub.documents import archives, pictures, portable, texts
from hub.documents.refusals import NotTaken


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of file that is taken."""

    words: str
    """As a person reads it."""
    endings: tuple[str, ...]
    """Endings a name may keep; the first is put after any other."""
    media_type: str
    check: Callable[[bytes], None]
    """Looks into a file that begins as this kind does; raises NotTaken with what to do."""


KINDS: Final[Mapping[str, Kind]] = {
    "pdf": Kind("PDF", (".pdf",), "application/pdf", portable.check),
    "png": Kind("PNG picture", (".png",), "image/png", pictures.check_png),
    "jpeg": Kind("JPEG picture", (".jpg", ".jpeg"), "image/jpeg", pictures.check_jpeg),
    "docx": Kind(
        "Word document",
        (".docx",),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        archives.check_office,
    ),
    "xlsx": Kind(
        "Excel workbook",
        (".xlsx",),
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        archives.check_office,
    ),
    "odt": Kind("OpenDocument text", (".odt",), "application/vnd.oasis.opendocument.text", archives.check_opendocument),
    "text": Kind("Plain text", (".txt", ".csv"), "text/plain", texts.check),
}
"""By the name that the table `document` keeps. Nothing else is taken: an e-mail or a drawing is printed to PDF."""

TAKEN: Final = "PDF, PNG, JPEG, Word (DOCX), Excel (XLSX), OpenDocument text (ODT), plain text or CSV"
ACCEPT: Final = ",".join(ending for kind in KINDS.values() for ending in kind.endings)
"""For the file box: what the browser offers first. The server goes by content alone."""

_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PROGRAMS: Final = (b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xfe\xed\xfa", b"\xca\xfe\xba\xbe", b"#!", b"\0asm")


def kind_of(data: bytes) -> str:
    """The kind of a file by its content, looked through. Raises NotTaken, in words that say what to do."""
    if not data:
        raise NotTaken("is empty. Choose it again, or save it once more in the program it came from")
    name = _begins_as(data)
    KINDS[name].check(data)
    return name


def _begins_as(data: bytes) -> str:
    if data.startswith(b"%PDF-"):
        return "pdf"
    if data.startswith(pictures.PNG):
        return "png"
    if data.startswith(pictures.JPEG):
        return "jpeg"
    if data.startswith(archives.ZIP):
        return archives.kind_of(data)
    if data.startswith(_PROGRAMS):
        raise NotTaken("is a program, whatever it is called. Programs are never taken")
    if data.startswith(_OLD_OFFICE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise NotTaken("is protected with a password. Save it without the password, and send it again")
        raise NotTaken("is an old Office file, which can hold programs. Save it as DOCX, XLSX or PDF")
    if found := filetype.guess(data):
        raise NotTaken(f"is a file of the kind “{found.extension.upper()}”, which is not taken. Send {TAKEN}")
    return "text"
