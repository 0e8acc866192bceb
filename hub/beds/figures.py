"""The figures of one type of bed: read from what was typed, and every sum that does not come out said in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hub.beds.models import FIGURES, MOST_BEDS, BedState, BedStateEntry, free_beds
from hub.engine.refusal import Problem

LONGEST_WHY: Final = 300
LABELS: Final[Mapping[str, str]] = {
    "commissioned": "Commissioned",
    "open_beds": "Open",
    "occupied": "Occupied",
    "held": "Held",
    "closed_why": "Why beds are closed",
}
"""Every figure in words."""
_ASKED: Final = {
    "commissioned": "how many beds are commissioned",
    "open_beds": "how many beds are open",
    "occupied": "how many beds have somebody in them",
    "held": "how many beds are held for somebody",
}


@dataclass(frozen=True, slots=True)
class Figures:
    """Beds of one type in one unit, and why fewer are open than are commissioned ("" when all are)."""

    commissioned: int
    open_beds: int
    occupied: int
    held: int
    closed_why: str = ""

    @property
    def free(self) -> int:
        """Beds a person could have now."""
        return free_beds(self.open_beds, self.occupied, self.held)

    def as_typed(self) -> dict[str, str]:
        """The figures as a form or a file holds them."""
        return {name: str(getattr(self, name)) for name in LABELS}


def figures_of(row: BedState | BedStateEntry) -> Figures:
    """The figures of a state or of a confirmation."""
    return Figures(**{name: getattr(row, name) for name in LABELS})


def read_figures(typed: Mapping[str, str]) -> tuple[Figures | None, list[Problem]]:
    """The figures, or None and all that is wrong, each thing beside its field (the names of `LABELS`)."""
    wrong: list[Problem] = []
    read = {name: _whole_number(name, typed.get(name, ""), wrong) for name in FIGURES}
    why = " ".join(typed.get("closed_why", "").replace("\0", "").split())
    if len(why) > LONGEST_WHY:
        wrong.append(Problem(f"Use {LONGEST_WHY} letters or fewer to say why beds are closed", "closed_why"))
    if not wrong:
        wrong += _sums(why, **read)
    if wrong:
        return None, wrong
    all_are_open = read["open_beds"] == read["commissioned"]
    return Figures(**read, closed_why="" if all_are_open else why), []


def _whole_number(name: str, text: str, wrong: list[Problem]) -> int:
    said = text.strip()
    if not said:
        wrong.append(Problem(f"Enter {_ASKED[name]}. Write 0 when there are none", name))
    elif said.startswith("-") and said[1:].isdecimal():
        wrong.append(Problem(f"There cannot be {said[:8]} beds: write 0 or more", name))
    elif not (said.isascii() and said.isdecimal()):
        wrong.append(Problem(f"“{said[:20]}” is not a whole number: write a number such as 12", name))
    elif len(said) > 9 or int(said) > MOST_BEDS:
        wrong.append(Problem(f"{said[:9]} is more than {MOST_BEDS} beds, so it must be a slip: look at it again", name))
    else:
        return int(said)
    return 0


def _sums(why: str, commissioned: int, open_beds: int, occupied: int, held: int) -> list[Problem]:
    wrong = []
    if open_beds > commissioned:
        said = f"{open_beds} open, but only {commissioned} commissioned: one of the two is wrong"
        wrong.append(Problem(said, "open_beds"))
    if occupied > open_beds:
        wrong.append(Problem(f"{occupied} occupied, but only {open_beds} open: one of the two is wrong", "occupied"))
    elif occupied + held > open_beds:
        said = f"{occupied} occupied and {held} held make {occupied + held}, but only {open_beds} are open"
        wrong.append(Problem(f"{said}: look at all three", "held"))
    if open_beds < commissioned and not why:
        said = f"{commissioned - open_beds} of {commissioned} are closed: say why, for example “staffing until Monday”"
        wrong.append(Problem(said, "closed_why"))
    return wrong
