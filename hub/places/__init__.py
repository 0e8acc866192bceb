"""Where postcodes are, how far apart, and the region drawn."""

from hub.places.distance import NOT_KNOWN, band_words, bands_in, km_between, km_words, why_no_distance
from hub.places.outcodes import ATTRIBUTION, Point, every_point, outcode_of, point_of, point_of_postcode

__all__ = [
    "ATTRIBUTION",
    "NOT_KNOWN",
    "Point",
    "band_words",
    "bands_in",
    "every_point",
    "km_between",
    "km_words",
    "outcode_of",
    "point_of",
    "point_of_postcode",
    "why_no_distance",
]
