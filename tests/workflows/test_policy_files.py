"""Policy sets as TOML and JSON: nothing is lost on the way, and every mistake is refused in words."""

import json
import tomllib
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.policy import DEFAULT, DIMENSIONS, Entry, Kind, Never, PolicyError, PolicySet, Value

HEADING = 'name = "Spring"\nversion = 7\nin_force_from = 2026-03-01\n'
GOOD = '\n["case.idle"]\nkind = "duration"\nsentence = "After how long."\nsource = "Local"\nvalue = "5 working days"\n'


def test_the_default_set_comes_back_from_toml_and_json() -> None:
    assert PolicySet.from_toml(DEFAULT.to_toml()) == DEFAULT
    assert PolicySet.from_json(json.loads(json.dumps(DEFAULT.to_json()))) == DEFAULT
    assert tomllib.loads(DEFAULT.to_toml())["referral.review"]["value"]["cyp"]["emergency"] == "12 hours"


texts = st.text(min_size=1, max_size=30).filter(lambda text: text.strip() != "")
plain: dict[Kind, st.SearchStrategy[Value]] = {
    Kind.DURATION: st.sampled_from(["2 hours", "3 months", "1 working day"]),
    Kind.NUMBER: st.integers(0, 10**12),
    Kind.PERCENT: st.integers(0, 100),
    Kind.PENCE: st.integers(0, 10**12),
    Kind.TIME: st.sampled_from(["00:00", "09:30", "23:59"]),
    Kind.YES_NO: st.booleans(),
    Kind.TEXT: texts,
    Kind.LIST: st.lists(st.one_of(texts, st.integers(-5, 5)), min_size=1, max_size=4).map(tuple),
}


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    """Any entry that may be made, awkward characters included."""
    kind = draw(st.sampled_from(list(Kind)))
    by = tuple(draw(st.lists(st.sampled_from(sorted(DIMENSIONS)), unique=True, max_size=3)))
    one = st.one_of(plain[kind], texts.map(Never))
    if kind is not Kind.DURATION:
        names = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True).filter(lambda name: name != "none")
        one = st.one_of(one, st.dictionaries(names, plain[kind], min_size=1, max_size=3))
    values = {at: draw(one) for at in product(*(DIMENSIONS[name] for name in by))}
    key = draw(st.from_regex(r"[a-z][a-z0-9_]{0,6}\.[a-z0-9_]{1,6}", fullmatch=True))
    return Entry(key, kind, draw(texts), draw(texts), by, values)


@settings(deadline=None)
@given(st.lists(entries(), max_size=4), texts, st.integers(1, 999), st.dates())
def test_any_set_comes_back_from_toml_and_json(found: list[Entry], name: str, version: int, since: date) -> None:
    whole = PolicySet(name, version, since, {entry.key: entry for entry in found})
    assert PolicySet.from_json(json.loads(json.dumps(whole.to_json()))) == whole
    assert PolicySet.from_json(tomllib.loads(whole.to_toml())) == whole


def test_a_file_may_hold_some_keys_only() -> None:
    found = PolicySet.from_toml(HEADING + GOOD)
    assert (found.name, found.version, found.in_force_from) == ("Spring", 7, date(2026, 3, 1))
    assert found.keys() == ("case.idle",)
    assert found.duration("case.idle").text == "5 working days"
    assert found.duration("referral.resubmit").text == "5 working days"


def test_one_reason_may_stand_for_every_code_that_follows() -> None:
    text = (
        '\n["referral.review"]\nkind = "duration"\nsentence = "How long."\nsource = "Local"\n'
        'by = ["service_line", "priority"]\nvalue.cyp.none = "Closed"\nvalue.secure.none = "Closed"\n'
        'value.aed.emergency = "1 hour"\nvalue.aed.urgent = "1 hour"\nvalue.aed.routine = "1 hour"\n'
    )
    found = PolicySet.from_toml(HEADING + text)
    for priority in DIMENSIONS["priority"]:
        assert found.value("referral.review", service_line="cyp", priority=priority) == Never("Closed")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "This is not TOML: "),
        (GOOD, "needs a name, a version"),
        (HEADING.replace("7", '"7"'), "needs a name, a version"),
        (HEADING.replace("2026-03-01", '"soon"'), "needs a name, a version"),
        (HEADING.replace("2026-03-01", "2026-03-01T10:00:00"), "needs a name, a version"),
        (HEADING + GOOD.replace("case.idle", "case.idel"), "no policy key “case.idel”: did you mean case.idle?"),
        (HEADING + GOOD.replace("case.idle", "Case"), "“Case” is not a policy key"),
        (HEADING + "colour = 3\n", "colour: it needs kind, sentence, source and value"),
        (HEADING + GOOD.replace("sentence", "sentense"), "case.idle: it needs kind, sentence, source and value"),
        (HEADING + GOOD + 'colour = "red"\n', "case.idle: it needs kind, sentence, source and value"),
        (HEADING + GOOD.replace('"Local"', "3"), "kind, sentence and source must be text"),
        (HEADING + GOOD + "by = 3\n", "by a list of text"),
        (HEADING + GOOD + 'by = "priority"\n', "by a list of text"),
        (HEADING + GOOD.replace('"duration"', '"length"'), "“length” is not one of duration, number"),
        (HEADING + GOOD.replace('"duration"', '"text"'), "it must be a length of time, not a text"),
        (HEADING + GOOD.replace('"Local"', '" "'), "it needs a sentence and a source"),
        (HEADING + GOOD + 'by = ["priority"]\n', "a value is needed for each priority"),
        (
            HEADING + GOOD.replace('value = "5 working days"', 'by = ["mood"]\nvalue.none = "x"'),
            "cannot depend on mood",
        ),
        (
            HEADING + GOOD.replace('value = "5', 'by = ["urgency"]\nvalue.urgent = "5'),
            "nothing is said for standard",
        ),
        (
            HEADING
            + GOOD.replace(
                'value = "5 working days"',
                'by = ["urgency"]\nvalue.urgent = "1 hour"\nvalue.standard = "1 hour"\nvalue.slow = "1 hour"',
            ),
            "slow is not a combination of urgency",
        ),
        (HEADING + GOOD.replace('"5 working days"', '"5 weeks"'), "“5 weeks” is not a length of time"),
        (HEADING + GOOD.replace('"5 working days"', "5"), "5 is not a length of time in words"),
        (HEADING + GOOD.replace('value = "5 working days"', 'value.none = " "'), "needs a reason"),
        (HEADING + GOOD.replace('value = "5 working days"', "value.none = 3"), "is not a length of time in words"),
        (HEADING + GOOD.replace('value = "5 working days"', "value.a.b = 3"), "plain names and plain values"),
        (HEADING + GOOD.replace('value = "5 working days"', 'value."a b" = 3'), "plain names and plain values"),
    ],
)
def test_a_mistake_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(PolicyError) as refused:
        PolicySet.from_toml(text)
    assert said in str(refused.value)


def test_every_mistake_of_a_file_is_listed() -> None:
    text = HEADING + GOOD.replace("5 working", "5") + GOOD.replace("case.idle", "stay.follow_up").replace("5 w", "x w")
    with pytest.raises(PolicyError) as refused:
        PolicySet.from_toml(text.replace('"5 days"', '"5 fortnights"'))
    assert "case.idle" in str(refused.value) and "stay.follow_up" in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        (Kind.NUMBER, -1, "whole number, 0 or more"),
        (Kind.NUMBER, True, "whole number, 0 or more"),
        (Kind.NUMBER, {"a": "b"}, "whole number, 0 or more"),
        (Kind.NUMBER, {}, "is not a whole number"),
        (Kind.PERCENT, 101, "from 0 to 100"),
        (Kind.PENCE, "£3", "whole number of pence"),
        (Kind.TIME, "24:00", "a time of day"),
        (Kind.TIME, "12:60", "a time of day"),
        (Kind.TIME, "9am", "a time of day"),
        (Kind.TIME, 9, "a time of day"),
        (Kind.YES_NO, 1, "true or false"),
        (Kind.TEXT, " ", "a text"),
        (Kind.LIST, (), "a list"),
        (Kind.LIST, "a", "a list"),
        (Kind.LIST, (1.5,), "a list"),
    ],
)
def test_a_value_must_fit_its_kind(kind: Kind, value: Value, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        Entry("a.b", kind, "How many.", "Local", (), {(): value})
