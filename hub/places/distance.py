"""How far apart two places are in a straight line, as a number and in words; what is not known is never zero."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from geopy.distance import great_circle

from hub.places.outcodes import Point
from workflows.policy import PolicySet

BANDS: Final = "placement.distance_bands_km"
"""The key of the policy set."""
NOT_KNOWN: Final = "not known"


def km_between(a: Point | None, b: Point | None) -> float | None:
    """Kilometres in a straight line over the earth; None when either place is not known, 0.0 within one district."""
    return None if a is None or b is None else _measured(a, b)


def km_words(km: float | None) -> str:
    """A distance for reading: "2 km", "under 1 km", "not known". Middles of districts deserve no decimals."""
    if km is None:
        return NOT_KNOWN
    return f"{km:.0f} km" if km >= 1 else "under 1 km"


def why_no_distance(*, has_postcode: bool, home_is_known: bool = True) -> str:
    """What stands under a distance that is not known."""
    if not home_is_known:
        return "home not known"
    return "not on the map" if has_postcode else "no postcode held"


def bands_in(policy: PolicySet) -> list[float]:
    """The upper ends of the distance bands in km, ascending, as a policy set gives them."""
    given = policy.value(BANDS)
    return sorted(float(end) for end in given) if isinstance(given, tuple) else []


def band_words(km: float | None, bands: Sequence[float]) -> str:
    """The band a distance lies in: "up to 25 km", "25 to 50 km", "over 100 km", "not known".

    `bands` are the upper ends, ascending, at least one (`bands_in`); an end belongs to the
    band below it.
    """
    if km is None:
        return NOT_KNOWN
    below = None
    for end in bands:
        if km <= end:
            return f"up to {end:g} km" if below is None else f"{below:g} to {end:g} km"
        below = end
    return f"over {bands[-1]:g} km"


@lru_cache(maxsize=16384)
def _measured(a: Point, b: Point) -> float:
    """A ranking asks for the same pairs again and again, and few districts have a unit."""
    return float(great_circle(a, b).km)
