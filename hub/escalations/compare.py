"""What changed from one version of a settlement to the next, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORD = re.compile(r"\s+|\w+|[^\w\s]")
SAME, GONE, NEW = "same", "gone", "new"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text: in both versions ("same"), in the older alone ("gone") or in the newer alone ("new")."""

    how: str
    text: str


def compared(before: str, after: str) -> list[Piece]:
    """The two texts as one row of pieces: all but the new ones give `before`, all but the gone ones `after`.

    The difference that is found is a short one, not always the shortest: words that come very often are not looked for,
    so that a long text is compared in a moment.
    """
    old, new = _WORD.findall(before), _WORD.findall(after)
    first = _common(old, new)
    last = _common(old[first:][::-1], new[first:][::-1])
    middle_old, middle_new = old[first : len(old) - last], new[first : len(new) - last]
    pieces = [Piece(SAME, "".join(old[:first])), *_differences(middle_old, middle_new)]
    pieces.append(Piece(SAME, "".join(old[len(old) - last :])))
    return list(_joined(piece for piece in pieces if piece.text))


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words two texts have in common at their beginning."""
    length = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        length += 1
    return length


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Words that were changed one after the other as one change: what stands between them is a blank."""
    gone = new = blank = ""
    for piece in pieces:
        if piece.how == SAME and piece.text.isspace() and (gone or new):
            blank += piece.text
        elif piece.how == SAME:
            yield from _change(gone, new, blank)
            yield piece
            gone = new = blank = ""
        else:
            gone, new, blank = gone + blank, new + blank, ""
            gone += piece.text if piece.how == GONE else ""
            new += piece.text if piece.how == NEW else ""
    yield from _change(gone, new, blank)


def _change(gone: str, new: str, blank: str) -> Iterator[Piece]:
    yield from (piece for piece in (Piece(GONE, gone), Piece(NEW, new), Piece(SAME, blank)) if piece.text)


def _differences(old: list[str], new: list[str]) -> Iterator[Piece]:
    for how, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if how == "equal":
            yield Piece(SAME, "".join(old[a:b]))
        else:
            yield Piece(GONE, "".join(old[a:b]))
            yield Piece(NEW, "".join(new[c:d]))
