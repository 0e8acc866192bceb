"""Postcode districts and distances: every spelling, what is not known, and what holds of any two or three places."""

import csv
import re
from itertools import pairwise
from math import hypot
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.places import (
    ATTRIBUTION,
    Point,
    band_words,
    bands_in,
    every_point,
    km_between,
    km_words,
    outcode_of,
    point_of,
    point_of_postcode,
)
from hub.places.outcodes import FILE
from hub.places.window import MIDDLE, REACHED, SIZE, Window, dots, reach_of, towns
from workflows.policy import DEFAULT

BANDS = bands_in(DEFAULT)
PLACES = st.sampled_from(sorted(every_point().values()))
SPELLINGS = {
    "HX3 0ZB": "HX3",
    "hx30zb": "HX3",
    " Hx3   0zb ": "HX3",
    "HX3": "HX3",
    "hx3 0": "HX3",
    "HX3 0Z": "HX3",
    "M1 1AE": "M1",
    "M11AE": "M1",
    "M11": "M11",
    "m11 1ae": "M11",
    "EC1A 1BB": "EC1A",
    "W1A": "W1A",
    "BT9 6AA": "BT9",
    "ZZ99 3VZ": None,
    "ZZ99": None,
    "zz993wz": None,
    "HX": None,
    "Halifax": None,
    "3HX 0ZB": None,
    "HX3 0ZB 1": None,
    "HX٣ 0ZB": None,
    "": None,
    None: None,
}


def test_every_spelling_of_a_postcode_gives_its_district() -> None:
    assert {typed: outcode_of(typed) for typed in SPELLINGS} == SPELLINGS


def test_the_places_are_those_of_great_britain_and_nothing_else_is_guessed() -> None:
    assert len(every_point()) == 2863
    assert all(49 < north < 61 and -9 < east < 2 for north, east in every_point().values())
    halifax = point_of_postcode("hx30zb")
    assert halifax == Point(53.727, -1.844)
    # Known distances, in km in a straight line: Halifax to Leeds, York, Carlisle, Truro.
    for outcode, km in (("LS1", 21), ("YO1", 55), ("CA1", 144), ("TR1", 440)):
        found = km_between(halifax, point_of(outcode))
        assert found is not None and abs(found - km) <= 5, (outcode, found)
    for nowhere in ("BT9", "ZZ99", "XX1", "hx3", "", None):
        assert point_of(nowhere) is None
        assert km_between(halifax, point_of(nowhere)) is None is km_between(point_of(nowhere), halifax)
    # The same district is no distance, which is not the same as not known.
    assert km_between(halifax, halifax) == 0.0
    assert [km_words(km) for km in (0.0, 0.99, 1.0, 23.6, None)] == [
        "under 1 km",
        "under 1 km",
        "1 km",
        "24 km",
        "not known",
    ]


def test_the_licence_stands_beside_the_file_and_the_towns_are_on_it(repository: Path) -> None:
    words = (FILE.parent / "LICENCE-outcodes.txt").read_text(encoding="utf-8")
    assert "Open Government Licence" in words
    for sentence in ATTRIBUTION.split(". "):
        assert sentence.removesuffix(".") in words
        assert sentence.removesuffix(".") in (repository / "README.md").read_text(encoding="utf-8")
    assert len(towns()) == len((FILE.parent / "towns.csv").read_text(encoding="utf-8").splitlines()) - 1


def test_the_sites_of_the_demo_world_are_places(repository: Path) -> None:
    with (repository / "hub" / "demo" / "files" / "sites.csv").open(encoding="utf-8", newline="") as lines:
        unknown = {row["postcode"] for row in csv.DictReader(lines) if point_of_postcode(row["postcode"]) is None}
    # One is kept without a place, so that a distance that is not known can be seen.
    assert len(unknown) <= 1


@given(PLACES, PLACES, PLACES)
def test_distances_are_distances(a: Point, b: Point, c: Point) -> None:
    there, back = km_between(a, b), km_between(b, a)
    on, round_about = km_between(b, c), km_between(a, c)
    assert there is not None and back is not None and on is not None and round_about is not None
    assert there == pytest.approx(back) and there >= 0
    assert (there == 0) == (a == b)
    assert round_about <= there + on + 1e-6


@given(
    st.floats(0, 2000) | st.none(),
    st.lists(st.integers(1, 900), min_size=1, max_size=6, unique=True).map(sorted),
)
def test_every_distance_lies_in_one_band(km: float | None, ends: list[int]) -> None:
    said = band_words(km, ends)
    every = [f"up to {ends[0]} km", *(f"{low} to {high} km" for low, high in pairwise(ends)), f"over {ends[-1]} km"]
    assert said in {*every, "not known"}
    assert (said == "not known") == (km is None)
    if km is not None:
        # An end belongs to the band below it, and bands stand in the order of distances.
        assert every.index(said) == sum(km > end for end in ends)


def test_the_bands_of_the_policy_in_words() -> None:
    said = [band_words(km, BANDS) for km in (0.0, 25.0, 25.1, 50.0, 99.9, 100.1, None)]
    assert said == [
        "up to 25 km",
        "up to 25 km",
        "25 to 50 km",
        "25 to 50 km",
        "50 to 100 km",
        "over 100 km",
        "not known",
    ]


@given(PLACES, PLACES, st.sampled_from([25.0, 100.0, 300.0]))
def test_a_picture_draws_distances_true(centre: Point, place: Point, reach: float) -> None:
    window = Window(centre, reach)
    x, y = window.place(place)
    km = km_between(centre, place)
    assert km is not None
    # So no unit stands on the wrong side of a ring; and north is up, east is right.
    assert hypot(x - MIDDLE, y - MIDDLE) == pytest.approx(km * REACHED / reach, abs=0.05)
    if place.longitude == centre.longitude and place != centre:
        assert (y < MIDDLE) == (place.latitude > centre.latitude)


def test_a_window_reaches_as_far_as_most_units() -> None:
    cases: dict[tuple[float, ...], float] = {
        (): 100,
        (3, 20): 50,
        (3, 49): 50,
        (3, 51): 100,
        (2, 13, 21, 33, 32, 36, 72, 99, 139): 100,
        (140, 145, 149, 12): 150,
        (280, 290, 250): 300,
        (440, 450, 20): 100,
        (600, 700): 100,
    }
    assert {kms: reach_of(kms, BANDS) for kms in cases} == cases
    assert reach_of([3.0], [40.0]) == 40


def test_the_dots_are_every_district_in_the_window_and_light() -> None:
    halifax = every_point()["HX3"]
    window = Window(halifax, 100)
    path = dots(window)
    x = y = 0
    drawn = set()
    for across, down in re.findall(r"m(-?\d+) ?(-?\d+)h0", path):
        x, y = x + int(across), y + int(down)
        drawn.add((x, y))
    inside = {
        (round(at[0]), round(at[1]))
        for at in map(window.place, every_point().values())
        if 0 <= round(at[0]) <= SIZE and 0 <= round(at[1]) <= SIZE
    }
    assert drawn == inside and len(drawn) > 400
    assert len(path) < 8_000
