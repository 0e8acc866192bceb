"""What stands on a picture of the region: one unit, how it is drawn and what is said of its beds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from hub.places.outcodes import Point
from hub.web.swimlane_ground import rounded
from workflows.diagram_parts import text_width

LONGEST_NAME: Final = 120
"""Pixels; a longer one is cut. The list has it whole."""
_KINDS: Final = (" Young People's Unit", " Young People’s Unit", " Hospital", " Ward", " Unit", " Centre")
"""What a name may do without where there is little room, as everybody does in speaking."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One unit. `number` is its place in the list beside, None without one; `free` beds and `km` None: not known."""

    number: int | None
    name: str
    point: Point | None
    free: int | None
    is_left_out: bool
    km: float | None


@dataclass(frozen=True, slots=True)
class Look:
    """A shape, told apart without colour, and what it means in the key."""

    half: float
    shape: Markup
    """Round the origin; empty for a shape that follows the text."""
    inked: str
    words: str


FREE: Final = Look(11, Markup('<circle class="m-free" r="11"/>'), "t-inv", "a bed is free")
FULL: Final = Look(11, Markup('<circle class="m-full" r="10.25"/>'), "", "no bed free")
UNSURE: Final = Look(11, Markup('<circle class="m-unsure" r="10.25"/>'), "", "free beds not known")
OUT: Final = Look(
    7, Markup('<path class="m-out" d="M-5-5l10 10m0-10l-10 10"/>'), "", "left out, with the reason beside"
)
FAR: Final = Look(19, Markup('<path class="m-far" d="M0-6l5.5 9h-11z"/>'), "", "further away, in that direction")
"""Not a shape of its own but the arrow round another."""
LOOKS: Final = (FREE, FULL, UNSURE, OUT, FAR)


def look_of(mark: Mark) -> Look:
    """How a mark is drawn."""
    if mark.is_left_out:
        return OUT
    return UNSURE if mark.free is None else FREE if mark.free > 0 else FULL


def symbol(mark: Mark, x: float, y: float) -> Markup:
    """The mark at (x, y) with its number in it."""
    look = look_of(mark)
    shape = Markup('<g transform="translate({} {})">{}').format(rounded(x), rounded(y), look.shape)
    if mark.number is not None and not mark.is_left_out:
        shape += Markup('<text class="t-b t-s t-mid {}" y="4.5">{}</text>').format(look.inked, mark.number)
    return shape + Markup("</g>")


def beds_words(free: int | None) -> str:
    """The free beds beside a mark: "2 free", "none free", "beds not known"."""
    return "beds not known" if free is None else f"{free} free" if free else "none free"


def short_name(name: str) -> str:
    """A unit's name as it is said where there is little room: "Birkhill" for "Birkhill Ward"."""
    short = name
    for kind in _KINDS:
        short = short.removesuffix(kind)
    short = short or name
    while text_width(short, bold=False) > LONGEST_NAME:
        short = short.removesuffix("…")[:-1].rstrip(" ,.:") + "…"
    return short
