"""A file's name as it is shown and downloaded: harmless whatever a browser sent, and no longer than a line."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 120
"""Characters, the ending included."""
NAMELESS: Final = "document"
_LONGEST_ENDING: Final = 6
_NOT_IN_NAMES: Final = re.compile(r'[<>:"|?*]')
_DEVICES: Final = re.compile(r"(?i)(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:[. ]|$)")
"""Windows opens a device for these, whatever ending follows."""


def clean_name(given: str, endings: tuple[str, ...]) -> str:
    """`given` without path, control and direction characters, at most 120 characters, ending as its content does.

    `endings` are those of the content's kind, with the dot: one it has stays, for any other the first is put after it,
    so that "letter.pdf.exe" with a PDF in it becomes "letter.pdf.exe.pdf".
    """
    # Path and letters alike: a browser on another system sends its own separators.
    last = re.split(r"[/\\]", given)[-1]
    shown = "".join(" " if letter.isspace() else letter for letter in last)
    shown = "".join(letter for letter in shown if unicodedata.category(letter)[0] != "C")
    shown = _NOT_IN_NAMES.sub("-", unicodedata.normalize("NFC", shown))
    shown = " ".join(shown.split()).strip(". ")
    stem, ending = _split(shown, endings)
    stem = stem[: LONGEST - len(ending)].strip(". ") or NAMELESS
    if _DEVICES.match(stem):
        stem = f"{NAMELESS}-{stem}"[: LONGEST - len(ending)].rstrip(". ")
    return stem + ending


def said_name(given: str) -> str:
    """A name as a message gives it, when the file is refused and its kind not known."""
    stem, dot, ending = given.rpartition(".")
    known = f".{ending}" if dot and stem and ending.isalnum() and len(ending) < _LONGEST_ENDING else ""
    return clean_name(given, (known,))


def _split(name: str, endings: tuple[str, ...]) -> tuple[str, str]:
    """The name before its ending, and the ending it is to have."""
    found = next((each for each in endings if each and name.lower().endswith(each)), "")
    return (name[: -len(found)], name[-len(found) :].lower()) if found else (name, endings[0])
