"""Plain text and CSV: letters alone, and no page or program in them."""

from __future__ import annotations

import re
from typing import Final

from hub.documents.refusals import NotTaken

_ANOTHER: Final = "Send PDF, PNG, JPEG, Word (DOCX), Excel (XLSX), OpenDocument text (ODT), plain text or CSV"
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_DRAWING: Final = re.compile(r"<svg[\s>]|<!doctype\s+svg", re.I)
_PAGE: Final = re.compile(r"<(?:!doctype\s+html|html|head|body|script|iframe|object|embed|meta|\?php)[\s>/]", re.I)
_FORMULA: Final = re.compile(
    r"""(?:^|[,;\t])[ "']*(?:[=@]|[+-](?![\d .,()-]*["']?[ \t]*(?:$|[,;\t\r])))""", re.MULTILINE
)
"""A cell that a spreadsheet would work out; a number or a telephone number with a sign is none."""
_OTHER_FORMATS: Final = ("{\\rtf", "%!PS", "<?xml")


def check(data: bytes) -> None:
    """Raise NotTaken unless the bytes are text in UTF-8, UTF-16 with its mark, or Windows-1252."""
    text = _decoded(data)
    if _DRAWING.search(text):
        raise NotTaken("is an SVG drawing, which can hold programs. Save it as PNG or PDF")
    if _PAGE.search(text):
        raise NotTaken("is a web page or holds a piece of one. Print it to PDF, and send that")
    if _CONTROLS.search(text) or text.lstrip("\ufeff \t\r\n").startswith(_OTHER_FORMATS):
        raise NotTaken(f"is of a kind that is not taken. {_ANOTHER}")


def has_formulas(data: bytes) -> bool:
    """Whether a spreadsheet that opened this text (one that `check` took) would find formulas in it."""
    return _FORMULA.search(_decoded(data).removeprefix("\ufeff")) is not None


def _decoded(data: bytes) -> str:
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotTaken(f"is of a kind that is not taken. {_ANOTHER}")
