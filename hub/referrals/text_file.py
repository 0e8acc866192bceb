"""Opening a text file that people made with many programs, and saying plainly what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_ZIP: Final = b"PK\x03\x04"


class FileProblem(ValueError):
    """The file as a whole cannot be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may hold: bytes in all, rows, and characters in one line or one JSON object."""

    file_bytes: int = 100_000_000
    rows: int = 50_000
    line_characters: int = 500_000


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open a UTF-8 file, with or without a byte order mark, with its line ends as they are.

    Raises FileProblem for another encoding, then or while the file is being read inside the `with`.
    """
    with path.open("rb") as binary:
        start = binary.read(4)
    if start.startswith(_ZIP):
        raise FileProblem("This is a spreadsheet, not a CSV file: save it as “CSV UTF-8 (comma delimited)”")
    if start.startswith(_UTF16):
        raise FileProblem("The file is in UTF-16: save it as “CSV UTF-8 (comma delimited)”")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        try:
            yield stream
        except UnicodeDecodeError:
            raise FileProblem(
                "The file is not in UTF-8, so names with accents would be spoilt: in Excel, save it as “CSV UTF-8 "
                "(comma delimited)” and not as plain “CSV”"
            ) from None


def text_lines(stream: TextIO, limits: Limits) -> Iterator[str]:
    """Yield lines with their ends; raise FileProblem for a line that is too long or has a NUL."""
    number = 0
    while line := stream.readline(limits.line_characters):
        number += 1
        if len(line) == limits.line_characters:
            raise FileProblem(
                f"Line {number} is longer than {limits.line_characters:,} characters: the file is damaged"
            )
        if "\0" in line:
            raise FileProblem(f"Line {number} has a NUL character: the file is damaged, or it is not a text file")
        yield line
