"""A file's name is made harmless: path parts, control and direction characters, devices, length."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.documents.kinds import KINDS
from hub.documents.names import LONGEST, clean_name, said_name

PDF = KINDS["pdf"].endings
ENDINGS = [kind.endings for kind in KINDS.values()]
NASTY = st.text(st.sampled_from('aZ é.\\/:*?"<>|\x00\n\u202e\u200f\u2066CONnul'), max_size=300)


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("Letter to GP.pdf", "Letter to GP.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\me\\Letter.PDF", "Letter.pdf"),
        ("/etc/", "document.pdf"),
        ("", "document.pdf"),
        ("   ...  ", "document.pdf"),
        ("letter.pdf.exe", "letter.pdf.exe.pdf"),
        ("annual\u202efdp.exe", "annualfdp.exe.pdf"),
        ("CON", "document-CON.pdf"),
        ("nul.pdf", "document-nul.pdf"),
        ("com1 .pdf", "document-com1.pdf"),
        ("Zoë’s cafe\u0301.pdf", "Zoë’s café.pdf"),
        ("אבג.pdf", "אבג.pdf"),
        ("a\x00b\r\nc.pdf", "ab c.pdf"),
        ('<b>"hi"?.pdf', "-b--hi--.pdf"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_names(given_name: str, shown: str) -> None:
    assert clean_name(given_name, PDF) == shown


@given(name=st.one_of(st.text(max_size=300), NASTY), endings=st.sampled_from(ENDINGS))
def test_every_name_is_harmless(name: str, endings: tuple[str, ...]) -> None:
    for shown in (clean_name(name, endings), said_name(name)):
        assert 0 < len(shown) <= LONGEST
        assert not set(shown) & set('/\\<>:"|?*')
        assert all(unicodedata.category(letter)[0] != "C" for letter in shown)
        assert shown == shown.strip() and shown[0] != "."
        assert shown.split(".")[0].strip().lower() not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    once = clean_name(name, endings)
    assert once.endswith(endings)
    assert clean_name(once, endings) == once
