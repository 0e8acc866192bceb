"""Files as people send them and as somebody who means harm would make them, all made by code."""

import zipfile
from io import BytesIO
from typing import Any

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""The string that every scanner takes for a virus, and that does nothing."""
SCRIPT = b"<script>alert(1)</script>"


def pdf(**extras: Any) -> bytes:
    """One empty page; `extras` are entries of the catalogue."""
    writer = PdfWriter()
    writer.add_blank_page(width=595, height=842)
    for name, value in extras.items():
        writer.root_object[NameObject(f"/{name}")] = value
    return written(writer)


def written(writer: PdfWriter) -> bytes:
    """What a writer gives."""
    stream = BytesIO()
    writer.write(stream)
    return stream.getvalue()


def pdf_that_runs(kind: str) -> bytes:
    """A PDF whose opening starts an action of this kind, deep in a list that names it."""
    action = DictionaryObject({NameObject("/S"): NameObject(f"/{kind}"), NameObject("/F"): TextStringObject("cmd.exe")})
    return pdf(AA=DictionaryObject({NameObject("/O"): ArrayObject([action])}))


def pdf_with_named_programs() -> bytes:
    """A PDF that says by a key alone that it has programs."""
    return pdf(Names=DictionaryObject({NameObject("/JavaScript"): DictionaryObject()}))


def pdf_with_password() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(width=595, height=842)
    writer.encrypt("secret", algorithm="RC4-128")
    return written(writer)


def pdf_with_a_file() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(width=595, height=842)
    writer.add_attachment("more.txt", b"more")
    return written(writer)


def picture(form: str = "PNG", size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    """A picture of one colour."""
    stream = BytesIO()
    Image.new("RGB", size, (90, 120, 150)).save(stream, form, **options)
    return stream.getvalue()


def archive(members: dict[str, bytes], *, packed: bool = True) -> bytes:
    """A ZIP archive with these members in this order."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return stream.getvalue()


def office(kind: str = WORD, /, **more: bytes) -> bytes:
    """The least a DOCX or XLSX has; `more` are further members, "__" standing for "/" and "_dot_" for "."."""
    types = f'<Types><Override PartName="/word/document.xml" ContentType="{kind}"/></Types>'
    members = {"[Content_Types].xml": types.encode(), "word/document.xml": b"<document>Dear all</document>"}
    return archive(members | {name.replace("__", "/").replace("_dot_", "."): data for name, data in more.items()})


def relation(kind: str) -> bytes:
    """A relation of this kind to another place."""
    target = 'Target="https://elsewhere.example/x" TargetMode="External"'
    return f'<Relationships><Relationship Id="r1" Type="{RELATION}/{kind}" {target}/></Relationships>'.encode()


def opendocument(content: str = "", manifest: bytes = b"<manifest/>") -> bytes:
    """The least an ODT has, with `content` in its text."""
    names = 'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:text="urn:x:text:1.0" xmlns:draw="urn:x:drawing:1.0"'
    members = {
        "mimetype": b"application/vnd.oasis.opendocument.text",
        "content.xml": f"<body {names}>{content}</body>".encode(),
        "META-INF/manifest.xml": manifest,
    }
    return archive(members)


def with_password(data: bytes, *, last_only: bool = False) -> bytes:
    """The same archive, each member (or the last alone) marked as encrypted."""
    made = bytearray(data)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = made.rfind(mark) if last_only else made.find(mark)
        while at != -1:
            made[at + place] |= 1
            at = -1 if last_only else made.find(mark, at + 4)
    return bytes(made)


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
"""How an Office file of before 2007 begins."""


def pdf_without_pages() -> bytes:
    return written(PdfWriter())


def jpeg_that_is_a_program() -> bytes:
    """A picture whose first segment is as long as two letters that open a comment: a script to whoever takes it so."""
    whole = picture("JPEG")
    first = 4 + int.from_bytes(whole[4:6])
    length = int.from_bytes(b"/*")
    return whole[:4] + b"/*" + whole[6:first].ljust(length - 2, b"\0") + whole[first:]


def png_with_wrong_data() -> bytes:
    """A picture whose chunks are in order and whose pixels are none."""
    whole = picture()
    at = whole.index(b"IDAT") + 4
    return whole[:at] + b"\0" * 8 + whole[at + 8 :]


def with_false_size(data: bytes) -> bytes:
    """The same archive, its largest member said to be a thousand bytes smaller than it is."""
    infos = zipfile.ZipFile(BytesIO(data)).infolist()
    size = max(each.file_size for each in infos)
    return data.replace(size.to_bytes(4, "little"), (size - 1000).to_bytes(4, "little"))


def with_wrong_letters(data: bytes) -> bytes:
    """The same archive, the name before its last member's content said to be UTF-8, and none."""
    made = bytearray(data)
    at = made.rfind(b"PK\x03\x04")
    made[at + 7] |= 8
    made[at + 30] = 0xFF
    return bytes(made)


def pdf_locked_otherwise() -> bytes:
    """A PDF locked with a certificate and not with a password."""
    return pdf_with_password().replace(b"/Standard", b"/Certific")
