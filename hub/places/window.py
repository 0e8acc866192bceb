"""The piece of the earth a picture shows: true distances from its middle, every postcode district a faint dot."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import acos, cos, radians, sin
from pathlib import Path
from typing import Final

from geopy.distance import EARTH_RADIUS

from hub.places.outcodes import Point, every_point, point_of

SIZE: Final = 460
"""Pixels: every picture is a square of this side."""
MIDDLE: Final = SIZE / 2
REACHED: Final = 206
"""Pixels from the middle to the distance a window reaches; what is left keeps the outer ring off the edge."""
WIDER: Final = (1.5, 2.0, 3.0)
"""How many times the last band a window may reach, when most units lie further away than that."""
MOST: Final = 0.7
"""The share of the units that a wider window must hold; it is not made wider for a few."""

_TOWNS: Final = Path(__file__).parent / "towns.csv"


@dataclass(frozen=True, slots=True)
class Window:
    """A square with `centre` in its middle that shows at least `reach_km` on every side."""

    centre: Point
    reach_km: float

    def pixels(self, km: float) -> float:
        """How long a distance from the middle is drawn."""
        return km * REACHED / self.reach_km

    def place(self, point: Point) -> tuple[float, float]:
        """Where a point is drawn, as (x, y) in pixels, inside the square or not.

        The distance from the middle and the direction are true (azimuthal equidistant projection), so that no unit
        lies on the wrong side of a ring.
        """
        here, there = radians(self.centre.latitude), radians(point.latitude)
        east = radians(point.longitude - self.centre.longitude)
        angle = acos(min(1.0, max(-1.0, sin(here) * sin(there) + cos(here) * cos(there) * cos(east))))
        stretch = self.pixels(EARTH_RADIUS) * (angle / sin(angle) if sin(angle) > 1e-12 else 1.0)
        x = cos(there) * sin(east)
        y = cos(here) * sin(there) - sin(here) * cos(there) * cos(east)
        return MIDDLE + stretch * x, MIDDLE - stretch * y


def is_inside(x: float, y: float, margin: float = 0) -> bool:
    """Whether a place lies in the square, at least `margin` pixels from its edge."""
    return margin <= x <= SIZE - margin and margin <= y <= SIZE - margin


def middle_of(points: Sequence[Point]) -> Point | None:
    """The mean of places that lie in one country, None without any."""
    if not points:
        return None
    north, east = (sum(part) / len(points) for part in zip(*points, strict=True))
    return Point(north, east)


def reach_of(distances: Sequence[float], bands: Sequence[float]) -> float:
    """How far, in km, a window should reach: the first band that holds everything, or further when most lies beyond.

    When even the widest does not hold most of it, the last band: the picture then says in which direction they lie.
    """
    furthest = max(distances, default=bands[-1])
    close = [float(end) for end in bands[1:] or bands if furthest <= end]
    if close:
        return close[0]
    last = float(bands[-1])
    for reach in (last, *(last * times for times in WIDER)):
        if sum(km <= reach for km in distances) >= MOST * len(distances):
            return reach
    return last


@lru_cache(maxsize=64)
def dots(window: Window) -> str:
    """The path of a dot for every postcode district in the square, in whole pixels, each place once."""
    placed = {tuple(round(value) for value in window.place(point)) for point in every_point().values()}
    path, x, y = [], 0, 0
    for right, down in sorted(place for place in placed if is_inside(*place)):
        # From one to the next by relative moves, which are short; no space before a minus sign.
        path.append(f"m{right - x}{'' if down < y else ' '}{down - y}h0")
        x, y = right, down
    return "".join(path)


@cache
def towns() -> tuple[tuple[str, Point], ...]:
    """Larger towns by which a reader finds the way, with the middle of the district they are named after."""
    with _TOWNS.open(encoding="utf-8", newline="") as lines:
        found = [(row["name"], point_of(row["outcode"])) for row in csv.DictReader(lines)]
    return tuple((name, point) for name, point in found if point is not None)
