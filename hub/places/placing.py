"""Finds a place for every mark and name of a picture, so that no two lie on each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import cos, pi, sin
from typing import Final

from hub.places.window import SIZE
from workflows.diagram_parts import text_width

EDGE: Final = 3
"""Pixels that stay free along the edge of the picture."""
_STEP, _TURNS = 5.0, 16
_TALL, _DEEP = 10.0, 3.0
"""Pixels above and below the line a text of 13 pixels stands on."""
_APART: Final = 5.0


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the picture, in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def round(cls, x: float, y: float, half: float) -> Box:
        """The square with its middle at (x, y) whose sides are twice `half`."""
        return cls(x - half, y - half, x + half, y + half)

    def meets(self, other: Box, gap: float = 1.0) -> bool:
        """Whether the two overlap or come closer than `gap`."""
        across = self.left < other.right + gap and other.left < self.right + gap
        return across and self.top < other.bottom + gap and other.top < self.bottom + gap

    @property
    def is_inside(self) -> bool:
        """Whether the whole of it lies in the picture."""
        return min(self.left, self.top) >= EDGE and max(self.right, self.bottom) <= SIZE - EDGE


@dataclass(frozen=True, slots=True)
class Label:
    """A text that found its place: where its line stands, and the class that aligns it there."""

    text: str
    x: float
    y: float
    aligned: str
    box: Box


@dataclass
class Ground:
    """The picture's surface: what is taken on it, and finding what is free."""

    taken: list[Box] = field(default_factory=list)

    def is_free(self, box: Box) -> bool:
        """Whether it lies in the picture and meets nothing."""
        return box.is_inside and not any(box.meets(other) for other in self.taken)

    def put_mark(self, x: float, y: float, half: float) -> tuple[float, float] | None:
        """Takes the free square nearest to (x, y) and gives its middle; None when the picture is full."""
        return self._take(_outwards(x, y), half)

    def put_at_edge(self, x: float, y: float, half: float) -> tuple[float, float] | None:
        """Takes the free square nearest to (x, y), a place at the edge, along the edge; None when the edge is full."""
        return self._take(_along_edge(x, y, EDGE + half), half)

    def _take(self, places: Iterator[tuple[float, float]], half: float) -> tuple[float, float] | None:
        for at in places:
            box = Box.round(*at, half)
            if self.is_free(box):
                self.taken.append(box)
                return at
        return None

    def put_label(self, texts: Sequence[str], x: float, y: float, half: float) -> Label | None:
        """Takes a place beside a mark of this half size for the first of the texts that has room; None when none has.

        The texts say the same in fewer and fewer words.
        """
        for text in texts:
            for label in _beside(text, x, y, half):
                if self.is_free(label.box):
                    self.taken.append(label.box)
                    return label
        return None


def _outwards(x: float, y: float) -> Iterator[tuple[float, float]]:
    """The place itself, then places round it, further and further out."""
    yield x, y
    for ring in range(1, SIZE // int(_STEP)):
        for turn in range(_TURNS):
            angle = 2 * pi * turn / _TURNS
            yield x + ring * _STEP * cos(angle), y + ring * _STEP * sin(angle)


def _along_edge(x: float, y: float, margin: float) -> Iterator[tuple[float, float]]:
    """The place on the square `margin` inside the edge, then further and further along it, both ways."""
    side = SIZE - 2 * margin
    right, down = x - margin, y - margin
    corner, on = min(
        (
            (abs(down), 0, right),
            (abs(side - right), 1, down),
            (abs(side - down), 2, side - right),
            (abs(right), 3, side - down),
        )
    )[1:]
    near = corner * side + on
    for step in range(0, int(2 * side), int(_STEP)):
        for way in (step, -step):
            right, down = _on_edge((near + way) % (4 * side), side)
            yield right + margin, down + margin


def _on_edge(walked: float, side: float) -> tuple[float, float]:
    """Where one stands who has walked round a square from its top left corner, with the clock."""
    corner, on = divmod(walked, side)
    return ((on, 0.0), (side, on), (side - on, side), (0.0, side - on))[int(corner) % 4]


def _beside(text: str, x: float, y: float, half: float) -> Iterator[Label]:
    """The places round a mark where its text may stand, best first."""
    wide, out = text_width(text, bold=False), half + _APART
    for down in (4.5, -5.0, 14.0):
        yield Label(text, x + out, y + down, "", _lies(x + out, y + down, wide))
        yield Label(text, x - out, y + down, "t-end", _lies(x - out - wide, y + down, wide))
    for down in (half + _TALL + 3, -half - _DEEP - 2):
        yield Label(text, x, y + down, "t-mid", _lies(x - wide / 2, y + down, wide))


def _lies(left: float, line: float, wide: float) -> Box:
    return Box(left, line - _TALL, left + wide, line + _DEEP)
