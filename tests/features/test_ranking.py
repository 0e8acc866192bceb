"""Ranking, without a database: who fits, in what order, and why everybody else is left out."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.placements.ranking import BedFigure, Ranking, UnitFacts, Wanted, judge, ranked

NOW = datetime(2026, 4, 2, 19, 45, tzinfo=UTC)
TOBY = Wanted("301", "General, young person (13 to 17)", 16, "1", NOW)
UNIT = UnitFacts(
    id=1,
    name="Calder Vale",
    provider="Calder Vale Partnership",
    provider_kind="nhs_provider",
    organisation_id=1,
    bed_type="301",
    bed_words="General, young person (13 to 17)",
    gender="mixed",
    age_from=13,
    age_to=17,
    closed_on=None,
    level="routine",
    level_since=None,
    admissions="open",
    admissions_since=None,
    admissions_why="",
    point=None,
    has_postcode=True,
    km=2.0,
    band="up to 25 km",
    in_collaborative=True,
    beds=BedFigure(open_beds=12, free=0, closed_why="", confirmed_at=NOW, is_stale=False),
    takes_type=True,
    exception_until=None,
)
NO_BEDS_OPEN = BedFigure(open_beds=0, free=0, closed_why="Flood in the plant room", confirmed_at=NOW, is_stale=False)
PICU = {"takes_type": False, "bed_words": "Psychiatric intensive care, children and young people"}
SUSPENDED = {"admissions": "suspended", "admissions_since": date(2026, 3, 9)}
INTENSIVE = {"level": "intensive", "level_since": date(2025, 12, 1)}


@pytest.mark.parametrize(
    ("unit", "person", "said"),
    [
        ({}, {}, []),  # and no bed is free there: that leaves nobody out
        ({"age_from": 0, "age_to": 12}, {}, ["Takes ages 12 and under. He is 16"]),
        ({"age_from": 18, "age_to": 120}, {"gender": "2"}, ["Takes ages 18 and over. She is 16"]),
        ({"age_from": 17, "age_to": 17}, {"gender": "4"}, ["Takes age 17 only. They are 16"]),
        ({"age_from": 16, "age_to": 25}, {}, []),
        ({"age_to": 16}, {}, []),  # both ends are taken
        ({"age_to": 15}, {"age": None}, []),
        ({"gender": "female"}, {}, ["Girls and young women only"]),
        ({"gender": "female", "age_from": 18, "age_to": 120}, {"age": 30}, ["Women only"]),
        ({"gender": "male"}, {"gender": "2"}, ["Boys and young men only"]),
        (
            {"gender": "male", "age_from": 18, "age_to": 120},
            {"gender": "2", "age": 17},
            ["Takes ages 18 and over. She is 17", "Men only"],
        ),
        ({"gender": "female"}, {"gender": "2"}, []),
        ({"gender": "female"}, {"gender": "3"}, []),
        ({"gender": "female"}, {"gender": "X"}, []),
        ({"gender": "female"}, {"gender": None}, []),
        (
            PICU,
            {},
            [
                "Its beds are “Psychiatric intensive care, children and young people”. "
                "He needs “General, young person (13 to 17)”"
            ],
        ),
        (PICU, {"bed_type": None}, []),
        ({"closed_on": date(2026, 4, 2)}, {}, []),  # its last day is still a day
        ({"closed_on": date(2026, 4, 1)}, {}, ["Closed: its last day was 1 April"]),
        ({"closed_on": date(2025, 4, 1), "beds": NO_BEDS_OPEN}, {}, ["Closed: its last day was 1 April 2025"]),
        ({"beds": NO_BEDS_OPEN}, {}, ["No bed is open: Flood in the plant room"]),
        ({"beds": replace(NO_BEDS_OPEN, closed_why="")}, {}, ["No bed is open: the unit gave no reason"]),
        ({"beds": None}, {}, []),
        (SUSPENDED, {}, ["Admissions suspended by the commissioner since 9 March. Only a director can override"]),
        ({"admissions": "case_by_case"}, {}, []),
        ({"level": "enhanced"}, {}, []),
        (INTENSIVE, {}, ["Under intensive surveillance since 1 December 2025. Only a director can override"]),
        (
            {"level": "intensive", "admissions": "suspended"},
            {},
            [
                "Under intensive surveillance. Only a director can override",
                "Admissions suspended by the commissioner. Only a director can override",
            ],
        ),
        ({**INTENSIVE, **SUSPENDED, "exception_until": NOW + timedelta(days=1)}, {}, []),
        (
            {**SUSPENDED, "exception_until": NOW + timedelta(days=1), "age_to": 15},
            {},
            ["Takes ages 13 to 15. He is 16"],
        ),
    ],
)
def test_a_unit_is_left_out_for_these_reasons_and_no_others(
    unit: dict[str, Any], person: dict[str, Any], said: list[str]
) -> None:
    assert list(judge(replace(TOBY, **person), replace(UNIT, **unit)).why_left_out) == said


def test_what_is_not_known_is_asked_of_the_unit_and_said_of_the_search() -> None:
    nobody = replace(TOBY, age=None, gender=None, bed_type=None)
    one = judge(nobody, replace(UNIT, gender="female"))
    assert one.to_ask == ("Ask: girls and young women only", "Ask: takes ages 13 to 17")
    assert len(ranked(nobody, [UNIT]).not_known) == 3
    assert ranked(TOBY, [UNIT]).not_known == () and judge(TOBY, UNIT).to_ask == ()


def test_the_collaborative_comes_first_then_the_nearest_and_a_place_not_known_last_in_its_group() -> None:
    units = [
        replace(UNIT, id=1, name="Far out", km=99.0, in_collaborative=False),
        replace(UNIT, id=2, name="Lost", km=None),
        replace(UNIT, id=3, name="Next door but out", km=0.0, in_collaborative=False),
        replace(UNIT, id=4, name="birch", km=13.0),
        replace(UNIT, id=5, name="Alder", km=13.0),
        replace(UNIT, id=6, name="Lost and out", km=None, in_collaborative=False),
        replace(UNIT, id=7, name="Home", km=0.0),
    ]
    found = ranked(TOBY, units)
    names = [one.name for one in found.fitting]
    assert names == ["Home", "Alder", "birch", "Lost", "Next door but out", "Far out", "Lost and out"]


_days = st.dates(date(2025, 1, 1), date(2027, 1, 1))
_figures = st.builds(
    BedFigure,
    open_beds=st.integers(0, 3),
    free=st.integers(0, 3),
    closed_why=st.sampled_from(["", "Flood"]),
    confirmed_at=st.just(NOW),
    is_stale=st.booleans(),
)
_units = st.builds(
    UnitFacts,
    id=st.integers(1, 50),
    name=st.sampled_from(["Ash", "ash", "Birch"]),
    provider=st.just("P"),
    provider_kind=st.just("nhs_provider"),
    organisation_id=st.just(1),
    bed_type=st.just("301"),
    bed_words=st.just("General"),
    gender=st.sampled_from(["mixed", "female", "male"]),
    age_from=st.integers(0, 20),
    age_to=st.integers(20, 120),
    closed_on=st.none() | _days,
    level=st.sampled_from(["routine", "enhanced", "intensive"]),
    level_since=st.none() | _days,
    admissions=st.sampled_from(["open", "case_by_case", "suspended"]),
    admissions_since=st.none() | _days,
    admissions_why=st.just(""),
    point=st.none(),
    has_postcode=st.booleans(),
    km=st.none() | st.sampled_from([0.0, 2.0, 99.0]),
    band=st.just(""),
    in_collaborative=st.booleans(),
    beds=st.none() | _figures,
    takes_type=st.booleans(),
    exception_until=st.none() | st.just(NOW + timedelta(days=1)),
)
_people = st.builds(
    Wanted,
    bed_type=st.none() | st.just("301"),
    bed_words=st.just("General"),
    age=st.none() | st.integers(0, 90),
    gender=st.none() | st.sampled_from(["1", "2", "3", "X"]),
    now=st.just(NOW),
)


@given(person=_people, units=st.lists(_units, unique_by=lambda unit: unit.id), seed=st.randoms())
def test_every_unit_is_in_exactly_one_list_and_the_order_never_depends_on_who_was_read_first(
    person: Wanted, units: list[UnitFacts], seed: Any
) -> None:
    found = ranked(person, units)
    fits, out = ([one.unit_id for one in half] for half in (found.fitting, found.left_out))
    assert sorted(fits + out) == sorted(unit.id for unit in units)
    assert all(one.why_left_out and all(one.why_left_out) for one in found.left_out)
    assert not any(one.why_left_out for one in found.fitting)
    for half in (found.fitting, found.left_out):
        keys = [one.order for one in half]
        assert keys == sorted(keys) and len(set(keys)) == len(keys)
    shuffled = list(units)
    seed.shuffle(shuffled)
    assert ranked(person, shuffled) == found
    _nobody_is_placed_where_only_a_director_may_allow_it(found)


def _nobody_is_placed_where_only_a_director_may_allow_it(found: Ranking) -> None:
    assert all(one.unit.exception_until is not None for one in found.fitting if one.is_held_back)
    assert not any(one.needs_exception for one in found.fitting)
