"""The pieces of a workflow's drawing (boxes, arrows, words) and how wide a text is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from workflows.core import Action

BOX_WIDTH: Final = 138
LINE: Final = 16
LANE: Final = 13
MARGIN: Final = 14

Point = tuple[float, float]


@dataclass
class Box:
    """One state: its cell of the grid, its name in lines, and the notes beneath; places in pixels, top left."""

    state: str
    row: int
    column: int
    lines: list[str]
    notes: list[tuple[Action, list[str]]] = field(default_factory=list)
    is_noted_left: bool = False
    """Its notes stand to its left, where the cell is empty, instead of beneath among the lines."""
    x: float = 0
    y: float = 0

    @property
    def middle(self) -> float:
        """The x of its middle."""
        return self.x + BOX_WIDTH / 2


@dataclass
class Arrow:
    """Every action from one state to another, drawn as one line. `labels` are (action name, lines of text)."""

    source: str
    dest: str
    labels: list[tuple[str, list[str]]] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    label_at: Point = (0, 0)
    is_middle: bool = True

    @property
    def lines(self) -> list[tuple[str, str]]:
        """(action name, text) of each line of its label."""
        return [(name, text) for name, texts in self.labels for text in texts]

    @property
    def label_width(self) -> float:
        """The widest line of its label."""
        return max(text_width(text) for _, text in self.lines)


@dataclass
class Plan:
    """A whole drawing, in pixels."""

    boxes: dict[str, Box]
    arrows: list[Arrow]
    box_height: float = 0
    width: float = 0
    height: float = 0


def text_width(text: str, size: float = 13, *, bold: bool = True) -> float:
    """About how wide `text` is in Arial, never less than it is: pixels at `size`."""
    narrow, wide = "iljtfrI.,:;'|!()[] ", "mwMW@%"
    ems = sum(0.34 if c in narrow else 0.92 if c in wide else 0.72 if c.isupper() else 0.58 for c in text)
    return ems * size * (1.06 if bold else 1)


def wrapped(text: str, width: float, size: float = 13) -> list[str]:
    """`text` in lines no wider than `width`; a single word that is wider stands alone."""
    lines: list[str] = []
    for word in text.split():
        if lines and text_width(f"{lines[-1]} {word}", size) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]
