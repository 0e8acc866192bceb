"""Which letters the fonts of our papers have, and what a paper prints where they have none."""

import re
import struct
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

FONTS: Final = Path(__file__).parent / "fonts"
FAMILIES: Final = ("Liberation Sans", "Noto Sans Arabic", "Noto Emoji")
"""In this order the letters of a text are looked for."""
JOINING: Final = frozenset("\u200b\u200c\u200d\u200e\u200f\ufe0e\ufe0f\u061c\u2066\u2067\u2068\u2069")
"""Signs without a picture of their own that say how letters join and which way they run."""
LONGEST_WORD: Final = 30
"""Letters after which a word without spaces may go on in the next line."""
_LONG: Final = re.compile(rf"\S{{{LONGEST_WORD + 1},}}")
NOT_PRINTED: Final = (
    "A code in square brackets, such as [U+4E2D], stands for a letter or sign that this print cannot show. The page in "
    "the hub shows it."
)


def printable(text: str) -> tuple[str, bool]:
    """The text as our fonts can print it, and whether a letter had to be given by its code."""
    known, lacking, out = covered(), False, []
    for letter in text.replace("\r\n", "\n").replace("\r", "\n"):
        kind = unicodedata.category(letter)
        if letter == "\n" or letter in JOINING or "\U000e0020" <= letter <= "\U000e007f":  # flags are spelt in these
            out.append(letter)
        elif letter == "\t" or kind in {"Zs", "Zl", "Zp"}:
            out.append(" ")
        elif kind in {"Cc", "Cf"}:
            continue  # nobody can see it, and what turns other letters round must not change what is read
        elif ord(letter) in known:
            out.append(letter)
        else:
            lacking = True
            out.append(f"[U+{ord(letter):04X}]")
    return _LONG.sub(_with_breaks, "".join(out)), lacking


def runs_right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction runs from right to left."""
    for letter in text:
        way = unicodedata.bidirectional(letter)
        if way in {"L", "R", "AL"}:
            return way != "L"
    return False


def _with_breaks(found: re.Match[str]) -> str:
    """A word too long for a line, with a place to break it every few letters; never before a mark on a letter."""
    out: list[str] = []
    since = 0
    for letter in found[0]:
        if since >= LONGEST_WORD and not unicodedata.combining(letter) and letter not in JOINING:
            out.append("\u200b")
            since = 0
        out.append(letter)
        since += 1
    return "".join(out)


@cache
def covered() -> frozenset[int]:
    """Every code point that at least one of our fonts has."""
    return frozenset(point for path in sorted(FONTS.glob("*-Regular.ttf")) for point in _points(path.read_bytes()))


def _points(font: bytes) -> Iterator[int]:
    """The code points of a TrueType font's character map, formats 4 and 12 (OpenType, "cmap")."""
    tables = struct.unpack_from(">H", font, 4)[0]
    records = (struct.unpack_from(">4sLLL", font, 12 + 16 * number) for number in range(tables))
    start = next(offset for tag, _, offset, _ in records if tag == b"cmap")
    for number in range(struct.unpack_from(">H", font, start + 2)[0]):
        at = start + struct.unpack_from(">HHL", font, start + 4 + 8 * number)[2]
        kind = struct.unpack_from(">H", font, at)[0]
        if kind == 4:
            yield from _segments(font, at)
        elif kind == 12:
            for group in range(struct.unpack_from(">L", font, at + 12)[0]):
                first, last, _ = struct.unpack_from(">LLL", font, at + 16 + 12 * group)
                yield from range(first, last + 1)


def _segments(font: bytes, at: int) -> Iterator[int]:
    count = struct.unpack_from(">H", font, at + 6)[0] // 2
    parts = struct.unpack_from(f">{count}HH{count}H{count}h{count}H", font, at + 14)
    ends, starts = parts[:count], parts[count + 1 : 2 * count + 1]
    deltas, offsets = parts[2 * count + 1 : 3 * count + 1], parts[3 * count + 1 :]
    first_offset = at + 16 + 6 * count
    for place, (first, last, delta, offset) in enumerate(zip(starts, ends, deltas, offsets, strict=True)):
        for point in range(first, min(last, 0xFFFE) + 1):
            glyph = point if not offset else _glyph(font, first_offset + 2 * place + offset + 2 * (point - first))
            if glyph and (glyph + delta) & 0xFFFF:
                yield point


def _glyph(font: bytes, at: int) -> int:
    return int(struct.unpack_from(">H", font, at)[0])
