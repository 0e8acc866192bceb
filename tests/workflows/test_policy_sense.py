"""A policy set that makes no sense is refused in words: each value by itself, in order, and together."""

from dataclasses import replace

import pytest

from workflows.policy import DEFAULT, Entry, Kind, Never, PolicySet, Value
from workflows.policy.sense import LONGEST_LIST, problems_with


def with_value(key: str, value: Value, by: tuple[str, ...] | None = None, **given: str) -> PolicySet:
    """The default set with one value exchanged, or, with `by`, with an entry that depends on something else."""
    if by is None:
        return DEFAULT.with_value(key, value, **given)
    entry = replace(DEFAULT.entries[key], by=by, values=dict.fromkeys(_all(by), value))
    return replace(DEFAULT, entries={**DEFAULT.entries, key: entry})


def _all(by: tuple[str, ...]) -> list[tuple[str, ...]]:
    from itertools import product

    from workflows.policy import DIMENSIONS

    return list(product(*(DIMENSIONS[name] for name in by)))


LIMITS = {"case_manager": 1, "head_of_commissioning": 2, "director": 3}
CASES: list[tuple[PolicySet, str]] = [
    (with_value("clocks.day_ends", "09:00"), "clocks.day_ends: the working day must end after it starts"),
    (with_value("clocks.warn_percent", {"first": 80, "second": 50}), "first must be less than second"),
    (with_value("clocks.warn_percent", {"first": 50, "second": 50}), "first must be less than second"),
    (with_value("clocks.warn_percent", {"first": 50, "second": 100}), "the last share must be less than 100%"),
    (with_value("clocks.warn_percent", {"first": 0, "second": 50}), "first: it must be more than 0"),
    (with_value("clocks.warn_percent", {"first": 50}), "clocks.warn_percent: second is missing"),
    (with_value("clocks.warn_percent", 50), "the hub reads one value for each of first, second"),
    (with_value("oncall.page_day", {"first": "Friday"}), "oncall.page_day: the hub reads one value here"),
    (with_value("clocks.day_starts", Never("We never sleep")), "the hub needs a value here"),
    (with_value("admission.limit_pence", LIMITS | {"director": 1}), "head of commissioning must not be above director"),
    (with_value("admission.limit_pence", LIMITS | {"director": 10**13}), "director: 10,000,000,000,000 is too large"),
    (with_value("referral.age_from", 121, service_line="aed"), "aed: the oldest age must not be below the youngest"),
    (with_value("oncall.page_day", "Someday"), "“Someday” is not a day of the week"),
    (with_value("oncall.page_day", "Fri\x00day"), "a character that cannot be stored"),
    (with_value("admission.outside_alternate", "nobody"), "“nobody” is not a role of the hub"),
    (with_value("admission.contested_role", ("director", "queen")), "“queen” is not a role of the hub"),
    (with_value("messages.retry_minutes", (5, 1)), "messages.retry_minutes: its numbers must go up"),
    (with_value("messages.retry_minutes", (0, 1)), "its numbers must be more than 0"),
    (with_value("messages.retry_minutes", (1, 1)), "the same stands in the list twice"),
    (with_value("messages.retry_minutes", ("soon",)), "“soon” is not a whole number, as the others are"),
    (with_value("messages.always_at_once", (1,)), "“1” is not a word, as the others are"),
    (with_value("messages.always_at_once", ("An answer",)), "“An answer” is not a word of this list"),
    (with_value("messages.retry_minutes", tuple(range(1, LONGEST_LIST + 2))), f"a list may have {LONGEST_LIST} parts"),
    (with_value("referral.resubmit", "2 hours", by=("priority",)), "the hub does not know the priority"),
    (with_value("referral.review", "2 hours", by=("priority", "priority")), "names twice what its value depends on"),
    (with_value("referral.review", Never("x" * 501), service_line="cyp", priority="urgent"), "may have 500 letters"),
]


@pytest.mark.parametrize(("policy", "said"), CASES, ids=[said for _, said in CASES])
def test_it_is_refused_in_words(policy: PolicySet, said: str) -> None:
    assert [found.words for found in problems_with(policy) if said in found.words]


def test_what_makes_sense_is_left_alone() -> None:
    assert problems_with(DEFAULT) == []
    fine = DEFAULT.with_value("referral.review", Never("Closed"), service_line="cyp", priority="urgent")
    fine = fine.with_value("placement.out_of_area_reasons", ("no_bed_in_area", "other_word"))
    fine = fine.with_value("admission.emergency_route", False, service_line="cyp")
    fine = fine.with_value("admission.weekly_price_pence", {**_prices(), "399": 1})
    unknown = Entry("gone.key", Kind.NUMBER, "From an older program.", "Local", (), {(): 0})
    assert problems_with(replace(fine, entries={**fine.entries, "gone.key": unknown})) == []
    fewer = {name: price for name, price in _prices().items() if name != "300"}
    assert [each.why for each in problems_with(fine.with_value("admission.weekly_price_pence", fewer))] == [
        "300 is missing"
    ]


def _prices() -> dict[str, int]:
    value = DEFAULT.value("admission.weekly_price_pence")
    assert isinstance(value, dict)
    return dict(value)
