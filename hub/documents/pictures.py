"""PNG and JPEG: whole from the first byte to the last, not too large to open, and nothing else inside."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Final

from PIL import Image

from hub.documents.refusals import NotTaken

PNG: Final = b"\x89PNG\r\n\x1a\n"
JPEG: Final = b"\xff\xd8\xff"
MOST_PIXELS: Final = 40_000_000
"""An A4 page at 600 dots per inch has 35 million; a picture of a few bytes can claim billions."""
_MARKUP: Final = re.compile(rb"<(?:script|html|svg|iframe|body|\?php)|javascript:", re.I)
_WITHOUT_LENGTH: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF})
_SCAN, _END = 0xDA, 0xD9


def check_png(data: bytes) -> None:
    """Raise NotTaken unless the bytes are one PNG picture and nothing more."""
    end, size = _end_of_png(data)
    _check(data, "PNG", end, size)


def check_jpeg(data: bytes) -> None:
    """Raise NotTaken unless the bytes are one JPEG picture and nothing more."""
    end, size = _end_of_jpeg(data)
    _check(data, "JPEG", end, size)


def _check(data: bytes, form: str, end: int, size: tuple[int, int]) -> None:
    if not size[0] or not size[1]:
        raise _damaged()
    if size[0] * size[1] > MOST_PIXELS:
        raise NotTaken(f"has more than {MOST_PIXELS // 1_000_000} million pixels. Save it smaller, and send it again")
    if end != len(data):
        raise NotTaken(
            "has something else after the picture. Open it, save it again as a new picture, and send the new one"
        )
    # As a program the first bytes would open a comment, which the picture's own bytes stand in.
    if _MARKUP.search(data) or data[4:6] == b"/*":
        raise NotTaken("has a web page or a program hidden in the picture. Make a new picture of it, and send that")
    try:
        with Image.open(BytesIO(data), formats=(form,)) as picture:
            picture.load()
    except (OSError, ValueError, SyntaxError, struct.error, EOFError) as error:
        raise _damaged() from error


def _damaged() -> NotTaken:
    return NotTaken("is a damaged picture. Open it, save it again, and send the new one")


def _end_of_png(data: bytes) -> tuple[int, tuple[int, int]]:
    """Where the last chunk ends, and (width, height) of the header. A length that leads outside ends nowhere."""
    at, size = len(PNG), (0, 0)
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"IHDR" and length >= 8 and at + 16 <= len(data):
            size = struct.unpack_from(">II", data, at + 8)
        at += 12 + length
        if name == b"IEND":
            return at, size
    raise _damaged()


def _end_of_jpeg(data: bytes) -> tuple[int, tuple[int, int]]:
    """Where the picture's end marker ends, and (width, height) of its frame."""
    size = (0, 0)
    for at, marker in _markers(data):
        if marker == _END:
            return at + 2, size
        if marker in _FRAMES and at + 9 <= len(data):
            height, width = struct.unpack_from(">HH", data, at + 5)
            size = (width, height)
    raise _damaged()


def _markers(data: bytes) -> Iterator[tuple[int, int]]:
    """(offset, marker) of each segment in order. The bytes of a scan are passed over to the marker that follows."""
    at = 2
    while at + 4 <= len(data) or data[at : at + 2] == b"\xff\xd9":
        if data[at] != 0xFF:
            return
        marker = data[at + 1]
        if marker == 0xFF:
            at += 1  # bytes that fill up
            continue
        yield at, marker
        at += 2 if marker in _WITHOUT_LENGTH else 2 + struct.unpack_from(">H", data, at + 2)[0]
        if marker == _SCAN:
            at = _after_scan(data, at)


def _after_scan(data: bytes, at: int) -> int:
    """Where the next real marker stands: a stuffed 0xFF00 and a restart marker belong to the scan."""
    while (at := data.find(b"\xff", at)) != -1 and at + 1 < len(data):
        if data[at + 1] != 0 and data[at + 1] not in _WITHOUT_LENGTH:
            return at
        at += 2
    return len(data)
