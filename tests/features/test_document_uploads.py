"""What is sent is looked at by its content: what is taken, what is refused with which words, and the virus scan."""

import logging
import re
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.config import Settings, SettingsError
from hub.documents.intake import intake_of
from hub.documents.kinds import TAKEN
from hub.documents.models import Document
from hub.documents.scanner import ScannerDown, scanner_at
from hub.documents.storage import default_folder
from hub.documents.views import use
from hub.web.files import MOST_AT_ONCE
from tests import document_files as made
from tests.factories import make_membership, make_referral
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
LIMIT = 200_000
PDF, PNG, JPEG, ZIP = made.pdf(), made.picture(), made.picture("JPEG"), made.archive({"a.txt": b"x"})
AGAIN = "Print it to a new PDF, and send that"
AS_PDF = "Save it as PDF, and send that"
ANOTHER = f"is of a kind that is not taken. Send {TAKEN}"
PASSWORD = "is protected with a password. Save it without the password, and send it again"
PROGRAM = "is a program, whatever it is called. Programs are never taken"
PAGE = "is a web page or holds a piece of one. Print it to PDF, and send that"
AFTER_PDF = f"has something else after the end of the PDF, or is not whole. {AGAIN}"
DAMAGED_PDF = f"is a damaged PDF. {AGAIN}"
SCRIPT_PDF = f"has a program (JavaScript) in it. {AGAIN}"
AFTER_PICTURE = "has something else after the picture. Open it, save it again as a new picture, and send the new one"
IN_PICTURE = "has a web page or a program hidden in the picture. Make a new picture of it, and send that"
DAMAGED_PICTURE = "is a damaged picture. Open it, save it again, and send the new one"
DAMAGED = "is damaged. Open it in the program it came from, save it again, and send the new one"
AROUND = f"has something else before or after what it should be. {AS_PDF}"
MACROS = f"has macros, which are programs. {AS_PDF}"
INSIDE = f"has other files inside it. {AS_PDF}"
OUTSIDE = f"fetches something from another place when it is opened. {AS_PDF}"
BOMB = f"would unpack to more than can be looked through. {AS_PDF}"
NOT_THAT_ZIP = "is a ZIP archive or a kind of Office file that is not taken. Send the files in it one by one"
BAD: dict[str, tuple[bytes, str]] = {
    "empty.pdf": (b"", "is empty. Choose it again, or save it once more in the program it came from"),
    "one byte over.txt": (
        b"a" * (LIMIT + 1),
        "is larger than 195 KB, the most one file may have. "
        "Save a scan in black and white at a lower resolution, or send it in parts",
    ),
    "renamed program.pdf": (b"MZ\x90\0" + b"\0" * 200, PROGRAM),
    "renamed linux program.txt": (b"\x7fELF" + b"\0" * 200, PROGRAM),
    "script.txt": (b"#!/bin/sh\nrm -r /\n", PROGRAM),
    "drawing.svg": (
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "is an SVG drawing, which can hold programs. Save it as PNG or PDF",
    ),
    "page.html": (b"<!DOCTYPE html><html><body>Hello</body></html>", PAGE),
    "page as text.txt": (b"Hello " + made.SCRIPT, PAGE),
    "old.rtf": (rb"{\rtf1\ansi x}", f"is a file of the kind “RTF”, which is not taken. Send {TAKEN}"),
    "moving.gif": (
        b"GIF89a/*" + b"\0" * 30 + b"*/=1;alert(1)",
        f"is a file of the kind “GIF”, which is not taken. Send {TAKEN}",
    ),
    "noise.txt": (bytes(range(1, 9)) * 10, ANOTHER),
    "no text.txt": (b"caf\x81", ANOTHER),
    "half.txt": (b"\xff\xfea", ANOTHER),
    "data.xml": (b'<?xml version="1.0"?><a/>', ANOTHER),
    "pdf and zip.pdf": (PDF + ZIP, AFTER_PDF),
    "pdf around zip.pdf": (PDF + ZIP + b"\n%%EOF", AFTER_PDF),
    "cut.pdf": (PDF[:-100], AFTER_PDF),
    "hollow.pdf": (b"%PDF-1.7\n%%EOF", DAMAGED_PDF),
    "no pages.pdf": (made.pdf_without_pages(), f"has no pages. {AGAIN}"),
    "runs.pdf": (made.pdf_that_runs("JavaScript"), SCRIPT_PDF),
    "runs in disguise.pdf": (made.pdf_that_runs("JavaScript").replace(b"/JavaScript", b"/J#61vaScript"), SCRIPT_PDF),
    "has a list of programs.pdf": (made.pdf_with_named_programs(), SCRIPT_PDF),
    "starts.pdf": (made.pdf_that_runs("Launch"), f"would start a program. {AGAIN}"),
    "carries.pdf": (made.pdf_with_a_file(), f"has other files attached inside it. {AGAIN}"),
    "locked.pdf": (made.pdf_with_password(), PASSWORD),
    "picture and zip.png": (PNG + ZIP, AFTER_PICTURE),
    "picture and page.jpg": (JPEG + made.SCRIPT, AFTER_PICTURE),
    "page in picture.jpg": (made.picture("JPEG", comment=made.SCRIPT), IN_PICTURE),
    "program in picture.jpg": (made.jpeg_that_is_a_program(), IN_PICTURE),
    "cut.png": (PNG[:-20], DAMAGED_PICTURE),
    "cut.jpg": (JPEG[:-30], DAMAGED_PICTURE),
    "ends at once.jpg": (b"\xff\xd8\xff\xd9", DAMAGED_PICTURE),
    "garbled.jpg": (JPEG[:2] + b"\xff\xff\xe0\x00\x02xx" + JPEG[2:], DAMAGED_PICTURE),
    "wrong inside.png": (made.png_with_wrong_data(), DAMAGED_PICTURE),
    "billions of pixels.png": (
        PNG[:16] + struct.pack(">II", 60_000, 60_000) + PNG[24:],
        "has more than 40 million pixels. Save it smaller, and send it again",
    ),
    "many.zip": (ZIP, NOT_THAT_ZIP),
    "slides.pptx": (made.office("application/vnd.ms-powerpoint.presentation.main+xml"), NOT_THAT_ZIP),
    "locked.zip": (made.with_password(ZIP), PASSWORD),
    "locked.docx": (made.with_password(made.office()), PASSWORD),
    "part locked.docx": (made.with_password(made.office(), last_only=True), PASSWORD),
    "locked.odt": (made.opendocument(manifest=b"<m><encryption-data/></m>"), PASSWORD),
    "locked old way.docx": (made.OLE + "EncryptedPackage".encode("utf-16-le"), PASSWORD),
    "old.doc": (made.OLE, "is an old Office file, which can hold programs. Save it as DOCX, XLSX or PDF"),
    "bomb.docx": (made.office(word__big_dot_xml=b" " * 50_000_000), BOMB),
    "many parts.docx": (made.office(made.WORD, **{f"part{number}": b"x" for number in range(2001)}), BOMB),
    "says less than it holds.docx": (made.with_false_size(made.office(word__b_dot_bin=b"y" * 300_000)), DAMAGED),
    "twice.docx": (made.office(word__Document_dot_xml=b"<a/>"), DAMAGED),
    "climbs.docx": (made.office(made.WORD, **{"___dot__dot___x": b"y"}), DAMAGED),
    "not xml.docx": (made.office(word__b_dot_xml=b"<a>"), DAMAGED),
    "hardly there.docx": (b"PK\x03\x04", DAMAGED),
    "nested.docx": (made.office(word__embeddings__a_dot_bin=ZIP), INSIDE),
    "macros.docx": (made.office(word__vbaProject_dot_bin=b"x"), MACROS),
    "macros.docm": (made.office("application/vnd.ms-word.document.macroEnabled.main+xml"), MACROS),
    "fetches.docx": (made.office(word___rels__s_dot_rels=made.relation("attachedTemplate")), OUTSIDE),
    "asks a program.docx": (
        made.office(
            word__b_dot_xml=b'<a xmlns="w"><fldChar/><instrText>D</instrText><instrText>DE cmd</instrText></a>'
        ),
        OUTSIDE,
    ),
    "fetches by a field.docx": (
        made.office(word__b_dot_xml=b'<a xmlns:w="w"><w:fldSimple w:instr="INCLUDETEXT &quot;http://x&quot;"/></a>'),
        OUTSIDE,
    ),
    "takes in a page.docx": (
        made.office(word___rels__a_dot_rels=made.relation("aFChunk").replace(b"External", b"Internal")),
        OUTSIDE,
    ),
    "asks a program.xlsx": (
        made.office(made.SHEET, xl__e_dot_xml=b'<l xmlns="s"><ddeLink ddeService="cmd"/></l>'),
        OUTSIDE,
    ),
    "asks a program.odt": (
        made.opendocument('<o:dde-source xmlns:o="urn:x:office:1.0" o:dde-application="cmd"/>'),
        OUTSIDE,
    ),
    "runs as java too.docx": (made.office(**{"A_dot_class": b"\xca\xfe\xba\xbe"}), INSIDE),
    "wrong letters.docx": (made.with_wrong_letters(made.office()), DAMAGED),
    "locked with a card.pdf": (
        made.pdf_locked_otherwise(),
        f"is protected or packed in a way that cannot be looked through. {AGAIN}",
    ),
    "fetches.odt": (made.opendocument('<draw:image xlink:href="http://elsewhere.example/x.png"/>'), OUTSIDE),
    "grows.docx": (
        made.office(word__c_dot_bin=b'\xef\xbb\xbf<!DOCTYPE a [<!ENTITY b "ha">]><a>&b;&b;</a>'),
        f"has definitions in its text that can grow without end. {AS_PDF}",
    ),
    "more behind.docx": (made.office() + b"x", AROUND),
    "more before.docx": (b"PK\x03\x04" + made.office(), AROUND),
}
GOOD: dict[str, tuple[bytes, str, str]] = {
    "Letter.pdf": (PDF, "pdf", "Letter.pdf"),
    "Chart.PNG": (PNG, "png", "Chart.png"),
    "Photo.jpeg": (made.picture("JPEG", (300, 200), progressive=True), "jpeg", "Photo.jpeg"),
    "Report.docx": (made.office(word___rels__a_dot_rels=made.relation("hyperlink")), "docx", "Report.docx"),
    "Costs.xlsx": (made.office(made.SHEET), "xlsx", "Costs.xlsx"),
    "Plan.odt": (
        made.opendocument(
            '<text:a xlink:href="https://x.example">see</text:a><draw:image xlink:href="Pictures/a.png"/>'
        ),
        "odt",
        "Plan.odt",
    ),
    "Zoë’s words.txt": ("Zoë wrote this.\r\n".encode(), "text", "Zoë’s words.txt"),
    "Windows.txt": (b"caf\xe9\n", "text", "Windows.txt"),
    "Wide.csv": ("name,née\n".encode("utf-16"), "text", "Wide.csv"),
    "Numbers.csv": (b'a,-1,+44 1632 960001,"-2,5"\n; +1.5\n', "text", "Numbers.csv"),
    "Formula.csv": (b"name\n\"=cmd|' /C calc'!A0\"\n", "text", "Formula.csv.txt"),
    "../../CON": (b"as large as may be".ljust(LIMIT, b"."), "text", "document-CON.txt"),
    "a\u202etxt.exe": (b"only text", "text", "atxt.exe.txt"),
}


@pytest.fixture
def settings(test_settings: Settings, tmp_path: Path) -> Settings:
    return test_settings.model_copy(update={"data_dir": tmp_path, "max_document_bytes": LIMIT})


@pytest.fixture
def client(app: Flask, session: Session, settings: Settings, sign_in: SignIn) -> FlaskClient:
    """A case manager's browser, at a hub that keeps documents in a folder of this test."""
    use(app, intake_of(settings))
    made_client = app.test_client()
    sign_in(made_client, make_membership(session, Role.CASE_MANAGER))
    return made_client


def send(client: FlaskClient, reference: str, *files: tuple[str, bytes], audience: str = "hub") -> Any:
    data = {"document": [(BytesIO(content), name) for name, content in files], "audience": audience}
    return client.post(f"/referrals/{reference}/add_document", data=data, content_type="multipart/form-data")


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_every_bad_file_is_refused_in_its_own_words(session: Session, settings: Settings, client: FlaskClient) -> None:
    reference = make_referral(session, "in_review").reference
    names = list(BAD)
    wrong = {}
    for start in range(0, len(names), MOST_AT_ONCE):
        batch = names[start : start + MOST_AT_ONCE]
        answer = send(client, reference, *((name, BAD[name][0]) for name in batch))
        assert answer.status_code == 422
        said = re.findall(r'<li><a href="#document">(.*?)</a></li>', answer.text)
        for name, found in zip(batch, said, strict=True):
            if found != f"“{name}” {BAD[name][1]}":
                wrong[name] = found
    assert not wrong
    assert "Choose the files again that are not added yet" in answer.text
    assert 'value="hub" checked' in answer.text
    assert session.scalar(select(func.count()).select_from(Document)) == 0
    assert kept(default_folder(settings)) == []


def test_every_kind_that_is_taken_is_kept_once_under_a_harmless_name(
    session: Session, settings: Settings, client: FlaskClient
) -> None:
    references = [make_referral(session, "in_review").reference for _ in range(2)]
    files = [(name, content) for name, (content, _, _) in GOOD.items()]
    for reference in references:
        answer = send(client, reference, *files)
        assert answer.status_code == 303, answer.text
    documents = session.scalars(select(Document).order_by(Document.id)).all()
    expected = [(name, kind) for _, kind, name in GOOD.values()]
    assert [(each.name, each.kind) for each in documents] == expected * 2
    assert {each.scan for each in documents} == {"not_scanned"}
    assert len(kept(default_folder(settings))) == len(GOOD)
    assert default_folder(settings).stat().st_mode & 0o777 == 0o700
    page = client.get(f"/referrals/{references[0]}").text
    assert "PDF, " in page and "not scanned for viruses" in page


def test_several_files_have_each_their_result(session: Session, client: FlaskClient) -> None:
    reference = make_referral(session, "in_review").reference
    answer = send(client, reference, ("a.txt", b"one"), ("b.exe", b"MZ"), ("c.txt", b"three"), ("d.txt", b"one"))
    assert answer.status_code == 422
    assert "Added: a.txt and c.txt." in answer.text and f"“b.exe” {PROGRAM}" in answer.text
    assert "“d.txt” is here already, so it was not added again" in answer.text
    assert "What changed meanwhile" not in answer.text
    assert list(session.scalars(select(Document.name).order_by(Document.id))) == ["a.txt", "c.txt"]
    for files, audience, said in (
        ([], "hub", "Choose at least one file"),
        ([("e.txt", b"five")], "", "Who may open it: choose an answer"),
        ([("e.txt", b"five")], "nobody", "Choose one from the list"),
        ([(f"{number}.txt", b"%d" % number) for number in range(21)], "hub", "Send at most 20 files at once"),
    ):
        assert said in send(client, reference, *files, audience=audience).text
    typed = client.post(f"/referrals/{reference}/add_document", data={"document": "a.txt", "audience": "hub"})
    assert typed.status_code == 422 and "Choose at least one file" in typed.text
    assert session.scalar(select(func.count()).select_from(Document)) == 2


def test_a_post_that_is_too_large_says_what_can_be_sent(
    session: Session, app: Flask, settings: Settings, client: FlaskClient
) -> None:
    use(app, intake_of(settings.model_copy(update={"max_upload_bytes": 50 * 1024})))
    app.config["MAX_CONTENT_LENGTH"] = 50 * 1024
    reference = make_referral(session, "in_review").reference
    assert "At most 50 KB each" in client.get(f"/referrals/{reference}/add_document").text
    answer = send(client, reference, ("large.txt", b"a" * 60_000))
    assert answer.status_code == 413 and "at most 50 KB can be sent at once. Nothing was saved" in answer.text


class _Clamd(socketserver.StreamRequestHandler):
    """Speaks as much of clamd as INSTREAM needs, and knows one virus."""

    def handle(self) -> None:
        assert self.rfile.read(10) == b"zINSTREAM\0"
        data = b""
        while size := struct.unpack(">I", self.rfile.read(4))[0]:
            data += self.rfile.read(size)
        says = {b"sick": b"INSTREAM: something ERROR", b"mute": b""}
        found = b"stream: Eicar-Test-Signature FOUND" if made.EICAR in data else b"stream: OK"
        said = says.get(data, found)
        self.wfile.write(said + b"\0" if said else b"")


@contextmanager
def clamd(server: socketserver.BaseServer) -> Iterator[None]:
    """Serve while inside."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


def test_a_virus_is_refused_and_a_silent_scanner_lets_nothing_through(
    session: Session, app: Flask, settings: Settings, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    reference = make_referral(session).reference
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Clamd)
    url = f"tcp://127.0.0.1:{server.server_address[1]}"
    use(app, intake_of(settings.model_copy(update={"clamd_url": url})))
    with clamd(server):
        answer = send(
            client, reference, ("Jones.txt", made.EICAR), ("well.txt", b"well" * 40_000), ("ill.txt", b"sick")
        )
    assert "“Jones.txt” has a virus in it and was not taken. Do not open it, and tell your IT department" in answer.text
    assert "Eicar-Test-Signature" in caplog.text and "Jones" not in caplog.text
    later = "could not be checked for viruses just now, so it was not added. Try again in a few minutes"
    assert f"“ill.txt” {later}" in answer.text and "Added: well.txt." in answer.text
    answer = send(client, reference, ("late.txt", b"well too"))  # the scanner is down
    assert answer.status_code == 422 and f"“late.txt” {later}" in answer.text
    assert [(each.name, each.scan) for each in session.scalars(select(Document))] == [("well.txt", "clean")]
    assert "no virus found" in client.get(f"/referrals/{reference}").text


def test_a_scanner_behind_a_socket_of_this_machine(tmp_path: Path) -> None:
    path = tmp_path / "clamd.sock"
    scanner = scanner_at(f"unix:{path}")
    assert scanner is not None and scanner_at(None) is scanner_at("") is None
    with clamd(socketserver.ThreadingUnixStreamServer(str(path), _Clamd)):
        assert scanner.virus_in(made.EICAR) == "Eicar-Test-Signature" and scanner.virus_in(b"well") is None
        with pytest.raises(ScannerDown, match="it said ''"):
            scanner.virus_in(b"mute")
    path.unlink()
    with pytest.raises(ScannerDown, match="No such file"):
        scanner.virus_in(b"well")


@pytest.mark.parametrize(
    "url", ["tcp://", "tcp://host", "tcp://host:port", "unix:clamd", "http://x:1", "tcp://h:99999"]
)
def test_an_address_that_is_none_stops_the_start(url: str) -> None:
    with pytest.raises(SettingsError, match="HUB_CLAMD_URL must be tcp://host:port or unix:/path"):
        scanner_at(url)
