"""Reading a paper back for tests: its page's words, its PDF's words, and the structure a screen reader meets."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, NumberObject

UNSEEN = "\u200b\u202a\u202b\u202c\u202d\u202e"
"""Places where a line may break, and signs that turn letters round: a paper has none of the latter."""


class _Words(HTMLParser):
    """The text of everything inside the element with the class of a paper's words."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self.depth or "hub-paper__words" in (dict(attrs).get("class") or ""):
            self.depth += tag != "br"

    def handle_endtag(self, tag: str) -> None:
        self.depth -= bool(self.depth)

    def handle_data(self, data: str) -> None:
        if self.depth:
            self.parts.append(data)


def page_words(html: str) -> str:
    """What a paper's page says, without spaces: a line may break anywhere in print."""
    reader = _Words()
    reader.feed(html)
    return squeezed("".join(reader.parts))


def squeezed(text: str) -> str:
    """A text without spaces and signs that nobody sees."""
    return "".join(letter for letter in text if not letter.isspace() and letter not in UNSEEN)


def left_to_right(text: str) -> str:
    """A text without the letters that run from right to left."""
    return "".join(letter for letter in text if unicodedata.bidirectional(letter) not in {"R", "AL"})


def pdf_words(made: bytes) -> str:
    """What a PDF says, without spaces: its real content alone, and not what is repeated at the edge of each page."""
    return squeezed("".join(_content_of(page) for page in PdfReader(BytesIO(made)).pages))


def _content_of(page: Any) -> str:
    """The text of one page outside its artifacts: heads, feet, and the heading of a table that goes on."""
    inside: list[bool] = []
    kept: list[str] = []

    def before(operator: bytes, operands: list[Any], _cm: Any, _tm: Any) -> None:
        if operator in {b"BDC", b"BMC"}:
            inside.append(operands[0] == "/Artifact")
        elif operator == b"EMC":
            inside.pop()

    def found(text: str, _cm: Any, _tm: Any, _font: Any, _size: Any) -> None:
        if not any(inside):
            kept.append(text)

    page.extract_text(visitor_operand_before=before, visitor_text=found)
    return "".join(kept)


def structure(made: bytes) -> Counter[str]:
    """How often each element stands in the structure tree: H1, Table, TH and so on."""
    return Counter(str(element["/S"]).removeprefix("/") for element in _elements(catalogue(made)["/StructTreeRoot"]))


def catalogue(made: bytes) -> DictionaryObject:
    """The root of a PDF: language, title, marks and the structure tree."""
    root = PdfReader(BytesIO(made)).trailer["/Root"].get_object()
    assert isinstance(root, DictionaryObject)
    return root


def _elements(node: Any) -> Iterator[DictionaryObject]:
    found = node.get_object()
    if isinstance(found, ArrayObject):
        for part in found:
            yield from _elements(part)
    elif isinstance(found, DictionaryObject):
        if "/S" in found:
            yield found
        if "/K" in found and not isinstance(found["/K"], NumberObject):
            yield from _elements(found["/K"])
