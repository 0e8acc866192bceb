"""DOCX, XLSX and ODT are ZIP archives: what is inside is looked at, and never more of it than can be held."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Final
from xml.parsers import expat
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from hub.documents.refusals import NotTaken

ZIP: Final = b"PK\x03\x04"
MOST_MEMBERS: Final = 2_000
MOST_BYTES: Final = 100_000_000
"""Of all members together, unpacked."""
MOST_RATIO: Final = 200
"""Unpacked to packed; a large sheet of numbers reaches 30."""
_SMALL: Final = 1_000_000
"""Below this a ratio says nothing."""
_PIECE: Final = 1 << 16
_END: Final = struct.Struct("<4s4H2LH")
_MEND: Final = "Save it as PDF, and send that"
_MAINS: Final = {
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml": "xlsx",
}
_OPENDOCUMENT: Final = b"application/vnd.oasis.opendocument.text"
_MACROS: Final = ("vbaproject.bin", "vbadata.xml", "macrosheets/", "activex/", "basic/", "scripts/", "customui/")
_INSIDE: Final = (
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"7z\xbc\xaf",
    b"Rar!",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"MZ",
    b"\x7fELF",
    b"\xca\xfe\xba\xbe",
    b"%PDF-",
    b"MIME-Version:",
    b"{\\rtf",
)
_XML: Final = (".xml", ".rels", ".vml", ".rdf")
_ASKS_A_PROGRAM: Final = (" ddeLink", " dde-connection", " dde-connection-decl", " dde-source")
"""Ends of the names of elements that have another program started and asked (DDE)."""
_FIELD: Final = re.compile(r'\bDDE(?:AUTO)?\b|\bINCLUDE(?:TEXT|PICTURE)\s+"?(?:https?:|ftp:|file:|\\\\)', re.I)
"""The instruction of a Word field that does the same, or fetches a file."""
_BEFORE_XML: Final = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"
_LeadsOut = Callable[[str, dict[str, str]], bool]
"""Whether an element, with its attributes, makes the program that opens the file fetch something."""
_BOMB: Final = f"would unpack to more than can be looked through. {_MEND}"
_DAMAGED: Final = "is damaged. Open it in the program it came from, save it again, and send the new one"


def kind_of(data: bytes) -> str:
    """ "docx", "xlsx" or "odt" by what the archive says it is. Raises NotTaken for any other archive."""
    with _opened(data) as archive:
        names = {each.filename for each in archive.infolist()}
        for name in ("mimetype", "[Content_Types].xml"):
            if name in names and any(each.flag_bits & 1 for each in archive.infolist() if each.filename == name):
                raise _protected()
        if "mimetype" in names and _small(archive, "mimetype") == _OPENDOCUMENT:
            return "odt"
        if "[Content_Types].xml" in names:
            types = _small(archive, "[Content_Types].xml").decode("utf-8", "replace")
            for main, kind in _MAINS.items():
                if f'"{main}"' in types:
                    return kind
            if "macroEnabled" in types:
                raise NotTaken(f"has macros, which are programs. {_MEND}")
        if any(each.flag_bits & 1 for each in archive.infolist()):
            raise _protected()
    raise NotTaken("is a ZIP archive or a kind of Office file that is not taken. Send the files in it one by one")


def check_office(data: bytes) -> None:
    """Raise NotTaken unless a DOCX or XLSX is small enough unpacked, without programs, files and links inside it."""
    with _opened(data) as archive:
        _check_members(archive, _leads_out_of_office)


def check_opendocument(data: bytes) -> None:
    """The same for an ODT."""
    with _opened(data) as archive:
        if b"encryption-data" in _small(archive, "META-INF/manifest.xml"):
            raise _protected()
        _check_members(archive, _leads_out_of_opendocument)


def _protected() -> NotTaken:
    return NotTaken("is protected with a password. Save it without the password, and send it again")


def _opened(data: bytes) -> ZipFile:
    """The archive, when it is the whole file: nothing stands before its first member or after its last byte."""
    try:
        archive = ZipFile(BytesIO(data))
    except (BadZipFile, ValueError, struct.error, NotImplementedError) as error:
        raise NotTaken(_DAMAGED) from error
    mark, _, _, _, members, length, start, comment = _END.unpack_from(data, max(len(data) - _END.size, 0))
    if mark != b"PK\x05\x06" or comment or start + length + _END.size != len(data) or members != len(archive.filelist):
        raise NotTaken(f"has something else before or after what it should be. {_MEND}")
    return archive


def _check_members(archive: ZipFile, leads_out: _LeadsOut) -> None:
    members = archive.infolist()
    packed = sum(each.compress_size for each in members)
    unpacked = sum(each.file_size for each in members)
    if len(members) > MOST_MEMBERS or unpacked > MOST_BYTES or unpacked > max(_SMALL, packed * MOST_RATIO):
        raise NotTaken(_BOMB)
    seen: set[str] = set()
    for each in members:
        name = each.filename.lower()
        if each.flag_bits & 1:
            raise _protected()
        is_path = name.startswith("/") or "\\" in name or ".." in name.split("/")
        if name in seen or is_path or each.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise NotTaken(_DAMAGED)
        seen.add(name)
        if any(part in name for part in _MACROS):
            raise NotTaken(f"has macros, which are programs. {_MEND}")
        _check_member(archive, each, leads_out)


def _check_member(archive: ZipFile, member: ZipInfo, leads_out: _LeadsOut) -> None:
    pieces = _pieces(archive, member)
    first = next(pieces, b"")
    if first.startswith(_INSIDE):
        raise NotTaken(f"has other files inside it. {_MEND}")
    if member.filename.lower().endswith(_XML) or first.lstrip(_BEFORE_XML).startswith(b"<"):
        _check_xml(first, pieces, leads_out)
    else:
        for _ in pieces:
            pass  # unpacked to its end, where its size and its checksum are compared


def _check_xml(first: bytes, pieces: Iterator[bytes], leads_out: _LeadsOut) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")

    def refuse_entities(*_: object) -> None:
        raise NotTaken(f"has definitions in its text that can grow without end. {_MEND}")

    fields: list[str] = []

    def take_field(text: str) -> None:
        fields.append(text)

    def look_for_links(name: str, attributes: dict[str, str]) -> None:
        # An instruction may be cut into several elements; the next field begins with one of another name.
        parser.CharacterDataHandler = take_field if name.endswith(" instrText") else None
        if name.endswith((" fldChar", " fldSimple")):
            fields.append(next((f" {value} " for key, value in attributes.items() if key.endswith(" instr")), " "))
        if leads_out(name, attributes) or name.endswith(_ASKS_A_PROGRAM):
            raise NotTaken(f"fetches something from another place when it is opened. {_MEND}")

    parser.StartDoctypeDeclHandler = refuse_entities
    parser.StartElementHandler = look_for_links
    try:
        parser.Parse(first, False)
        for piece in pieces:
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise NotTaken(_DAMAGED) from error
    if _FIELD.search("".join(fields)):
        raise NotTaken(f"fetches something from another place when it is opened. {_MEND}")


def _leads_out_of_office(_name: str, attributes: dict[str, str]) -> bool:
    """Whether a relation makes the program take in a foreign page, or fetch something; a link to follow does not."""
    kind = attributes.get("Type", "")
    return kind.endswith("/aFChunk") or (attributes.get("TargetMode") == "External" and not kind.endswith("/hyperlink"))


def _leads_out_of_opendocument(name: str, attributes: dict[str, str]) -> bool:
    """The same for an element of an OpenDocument text."""
    given = attributes.get("http://www.w3.org/1999/xlink href", "")
    is_followed = name.endswith((":text:1.0 a", ":drawing:1.0 a"))
    return not is_followed and (":" in given.split("/")[0] or given.startswith(("//", "..")))


def _small(archive: ZipFile, name: str) -> bytes:
    """A member that says what the archive is; of a member larger than that, nothing."""
    try:
        member = archive.getinfo(name)
    except KeyError:
        return b""
    return b"" if member.file_size > _SMALL else b"".join(_pieces(archive, member))


def _pieces(archive: ZipFile, member: ZipInfo) -> Iterator[bytes]:
    """The unpacked bytes, never more than the member declares: one that would give more fails its checksum."""
    try:
        with archive.open(member) as stream:
            while piece := stream.read(_PIECE):
                yield piece
    except (BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, struct.error) as error:
        raise NotTaken(_DAMAGED) from error
