"""Postcode districts ("HX3") of Great Britain and where their middle lies."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

FILE: Final = Path(__file__).parent / "outcodes.csv"
ATTRIBUTION: Final = (
    "Contains OS data © Crown copyright and database right 2025. "
    "Contains Royal Mail data © Royal Mail copyright and database right 2025. "
    "Contains National Statistics data © Crown copyright and database right 2025."
)
"""What the licence asks to stand wherever the places are shown; LICENCE-outcodes.txt says the rest."""

_WHOLE: Final = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)[0-9][A-Z]{2}")
_ALONE: Final = re.compile(r"([A-Z]{1,2}[0-9][A-Z0-9]?)(?:\s+[0-9][A-Z]?)?")
_NO_PLACE: Final = "ZZ"
"""Postcodes that stand for no fixed home or a country abroad begin so."""


class Point(NamedTuple):
    """A place on the earth, in degrees (WGS 84); north and east are positive."""

    latitude: float
    longitude: float


def outcode_of(postcode: str | None) -> str | None:
    """The district of a postcode, or of a district alone, in any spelling: "hx30zb" and "HX3" give "HX3".

    None when it is none, or stands for no place (ZZ99: no fixed home, abroad). It need not be a district that exists.
    """
    typed = (postcode or "").strip().upper()
    found = _WHOLE.fullmatch("".join(typed.split())) or _ALONE.fullmatch(typed)
    return found.group(1) if found and not typed.startswith(_NO_PLACE) else None


def point_of(outcode: str | None) -> Point | None:
    """The middle of a postcode district, to about 100 m; None for Northern Ireland and what is not on the list."""
    return every_point().get(outcode) if outcode else None


def point_of_postcode(postcode: str | None) -> Point | None:
    """The middle of the district a postcode lies in, or None."""
    return point_of(outcode_of(postcode))


@cache
def every_point() -> Mapping[str, Point]:
    """Every district of Great Britain with its middle. Source: OS Code-Point Open, May 2025, averaged."""
    with FILE.open(encoding="utf-8", newline="") as lines:
        return MappingProxyType({code: Point(float(north), float(east)) for code, north, east in csv.reader(lines)})
