"""Times, medians and the table: every figure is a ratio of two medians of one run, taken in turn."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

Ways = Mapping[str, Callable[[int], object]]


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `floor` and `ours` are milliseconds, or rates where `unit` says so."""

    what: str
    floor: float
    ours: float
    ratio: float
    target: str
    is_reached: bool | None
    """None where nothing is asked."""
    unit: str = "ms"


def at_most(what: str, floor: float, ours: float, limit: float | None, unit: str = "ms") -> Figure:
    """A figure whose ratio must not be above `limit`; None asks nothing."""
    ratio = ours / floor
    wanted = "" if limit is None else f"at most {limit:g}"
    return Figure(what, floor, ours, ratio, wanted, None if limit is None else ratio <= limit, unit)


def at_least(what: str, floor: float, ours: float, limit: float | None, unit: str) -> Figure:
    """A figure, of rates, whose ratio must not be below `limit`; None asks nothing."""
    ratio = ours / floor
    wanted = "" if limit is None else f"at least {limit:g}"
    return Figure(what, floor, ours, ratio, wanted, None if limit is None else ratio >= limit, unit)


def in_turn(ways: Ways, rounds: int, *, warm_up: int = 5) -> dict[str, float]:
    """The median of each way in milliseconds. The ways take turns, so that a busy moment falls on all of them.

    Each is called with the number of the round; what it returns is the seconds it took, when it measured them itself.
    """
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(warm_up + rounds):
        for name, way in ways.items():
            began = time.perf_counter()
            measured = way(number)
            whole = time.perf_counter() - began
            if number >= warm_up:
                taken[name].append(1_000 * (measured if isinstance(measured, float) else whole))
    return {name: median(found) for name, found in taken.items()}


def load_words() -> str:
    """How busy the machine is with other work, in the words of the operating system."""
    return f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


def table(figures: Sequence[Figure]) -> str:
    """The figures in columns."""
    head = ("what", "floor", "ours", "ratio", "target", "reached")
    rows: list[tuple[str, ...]] = [head]
    for line in figures:
        said = {True: "yes", False: "NO", None: ""}[line.is_reached]
        numbers = [f"{number:,.2f} {line.unit}" for number in (line.floor, line.ours)]
        rows.append((line.what, *numbers, f"{line.ratio:.2f}", line.target, said))
    widths = [max(len(row[place]) for row in rows) for place in range(len(head))]
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def write_json(to: Path, figures: Sequence[Figure], about: Mapping[str, object]) -> None:
    """The same for a program."""
    to.write_text(json.dumps({**about, "figures": [asdict(line) for line in figures]}, indent=2) + "\n", "utf-8")
