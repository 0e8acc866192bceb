"""The rule of exclusion alone: arms, belonging, having belonged, interests, having acted, and when each is over."""

from datetime import date

import pytest

from workflows.conflicts import Place, Post, Standing, Tie, Why, is_over, why_kept_out

TODAY = date(2026, 3, 16)
LEAD = Place(1, "Fellside Partnership")
HUB = Place(2, "Fellside Hub", "hub", 1)
ARM = Place(3, "Fellside Services", "provider", 1)
CARE = Place(4, "Larkwood Care")
COUNCIL = Place(5, "Brackendale Council")
OTHER_ARM = Place(6, "Calder Services", "provider", 7)
GROUP = Place(8, "Larkwood Group", None, 1)
LAST_YEAR = date(2025, 3, 16)
"""A year ago to the day: counts today, and tomorrow no more."""

BELONGS = [
    # who belongs where, the sides, the rule that keeps them out
    (CARE, (CARE, COUNCIL), Why.BELONGS),
    (HUB, (HUB, CARE), Why.BELONGS),
    (ARM, (ARM, CARE), Why.BELONGS),
    (LEAD, (LEAD, CARE), Why.BELONGS),
    (ARM, (HUB, CARE), Why.SAME_BODY),
    (ARM, (LEAD, CARE), Why.SAME_BODY),
    (LEAD, (HUB, CARE), Why.SAME_BODY),
    (LEAD, (ARM, CARE), Why.SAME_BODY),
    (HUB, (ARM, CARE), None),
    (HUB, (LEAD, CARE), None),
    (HUB, (CARE, COUNCIL), None),
    (ARM, (CARE, COUNCIL), None),
    (OTHER_ARM, (HUB, ARM), None),
    (GROUP, (LEAD, HUB), None),
]


def why(*posts: Post, sides: tuple[Place, ...], ties: tuple[Tie, ...] = ()) -> list[Why]:
    person = Standing(9, "Ann Bee", posts, ties)
    return [found.why for found in why_kept_out(person, sides, acted_for={}, today=TODAY, lasts_months=12)]


@pytest.mark.parametrize(("place", "sides", "rule"), BELONGS)
def test_who_belongs_to_a_side_or_its_body_is_kept_out_but_for_the_hub(
    place: Place, sides: tuple[Place, ...], rule: Why | None
) -> None:
    assert why(Post(place), sides=sides) == ([rule] if rule else [])
    # The same of an interest in it, and of who left it within the months; a day later neither counts.
    touches = [] if rule is None else [Why.INTEREST]
    assert why(sides=sides, ties=(Tie(place, "A sister"),)) == touches
    assert why(sides=sides, ties=(Tie(place, "A sister", LAST_YEAR),)) == touches
    assert why(Post(place, LAST_YEAR), sides=sides) == ([Why.BELONGED] if rule else [])
    day_before = LAST_YEAR.replace(day=15)
    assert why(Post(place, day_before), sides=sides, ties=(Tie(place, "A sister", day_before),)) == []
    # The last day is still one of belonging; a last day to come changes nothing.
    for last in (TODAY, date(2027, 1, 1)):
        assert why(Post(place, last), sides=sides) == ([rule] if rule else [])


def test_every_reason_is_said_once_and_what_an_interest_is_only_in_full() -> None:
    person = Standing(
        9,
        "Ann Bee",
        (Post(CARE), Post(CARE), Post(ARM, date(2025, 12, 31)), Post(LEAD)),
        (Tie(COUNCIL, "Her sister works there"), Tie(CARE, "Shares", date(2026, 1, 5))),
    )
    found = why_kept_out(person, (CARE, HUB, COUNCIL), acted_for={9: "Larkwood Care"}, today=TODAY, lasts_months=12)
    assert [each.brief for each in found] == [
        "belongs to Larkwood Care, which is one of the sides",
        "belonged to Fellside Services, until 31 December 2025",
        "belongs to Fellside Partnership, the lead provider that is one of the sides",
        "has declared an interest in Brackendale Council",
        "has declared an interest in Larkwood Care, until 5 January 2026",
        "acted for Larkwood Care in this dispute",
    ]
    assert [each.words for each in found if each.words != each.brief] == [
        "has declared an interest in Brackendale Council: Her sister works there",
        "has declared an interest in Larkwood Care, until 5 January 2026: Shares",
    ]
    arm = why_kept_out(Standing(9, "", (Post(ARM),)), (HUB,), acted_for={8: "x"}, today=TODAY, lasts_months=12)
    assert [each.words for each in arm] == [
        "belongs to Fellside Services, the provider arm of the lead provider that is one of the sides"
    ]


@pytest.mark.parametrize(
    ("until_on", "months", "last_day_that_counts"),
    [
        (date(2025, 3, 16), 12, date(2026, 3, 16)),
        (date(2025, 8, 31), 6, date(2026, 2, 28)),  # no 31 February: over with the month
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 12, 31), 1, date(2026, 1, 31)),
        (date(2025, 12, 5), 0, date(2025, 12, 5)),
        (date(2025, 11, 30), 14, date(2027, 1, 30)),
    ],
)
def test_what_ended_counts_for_whole_months(until_on: date, months: int, last_day_that_counts: date) -> None:
    assert not is_over(until_on, last_day_that_counts, months)
    assert is_over(until_on, date.fromordinal(last_day_that_counts.toordinal() + 1), months)
    assert not is_over(None, date(2100, 1, 1), months)
