"""An admission decision as defined: the table row by row, its guards, what it costs, and when it is contested."""

from types import SimpleNamespace
from typing import Any

import pytest

from workflows.actor import Actor
from workflows.admission import ADMISSION, guards, has_no_form_2
from workflows.admission.money import estimated_cost_pence, why_contested
from workflows.placement import PLACEMENT
from workflows.policy import DEFAULT

REQUESTED, BOOKED, ASSESSED, RECOMMENDED, MORE, WAITING, AGREED, ALTERNATIVE, REFUSED, WITHDRAWN = ADMISSION.state_names
OPEN = {REQUESTED, BOOKED, ASSESSED, RECOMMENDED, MORE, WAITING}
DECIDERS = {"case manager", "head of commissioning", "director", "outside member as party"}
ON_CALL = "on-call manager (Emergencies only)"
TABLE: dict[str, tuple[dict[str, set[str]], set[str]]] = {
    "book_assessment": (
        {REQUESTED: {BOOKED}, BOOKED: {BOOKED}, WAITING: {WAITING}},
        {"coordinator", "case manager"},
    ),
    "cannot_assess": ({BOOKED: {REQUESTED}}, {"access assessor as assessor"}),
    "fill_in_assessment": ({BOOKED: {BOOKED}, WAITING: {WAITING}}, {"access assessor as assessor", "case manager"}),
    "sign_assessment": ({BOOKED: {ASSESSED}}, {"access assessor as assessor"}),
    "enter_signed_paper": ({BOOKED: {ASSESSED}}, {"case manager"}),
    "recommend": ({ASSESSED: {RECOMMENDED}}, {"case manager"}),
    "ask_more": ({RECOMMENDED: {MORE}}, {"case manager", "head of commissioning", "director"}),
    "answer": (
        {MORE: {ASSESSED}},
        {
            "coordinator",
            *(
                f"{role} as the one who was asked"
                for role in (
                    "referrer",
                    "access assessor",
                    "unit clinician",
                    "unit manager",
                    "funder",
                    "outside member",
                )
            ),
        },
    ),
    "proceed_without": (
        {MORE: {ASSESSED}},
        {f"{role} (Who asked)" for role in ("case manager", "head of commissioning", "director")},
    ),
    "agree_admission": ({RECOMMENDED: {AGREED}}, DECIDERS),
    "agree_alternative": ({RECOMMENDED: {ALTERNATIVE}}, DECIDERS),
    "refuse_admission": ({RECOMMENDED: {REFUSED}}, DECIDERS),
    "record_immediate_risk": (
        {state: {state} for state in (REQUESTED, BOOKED, ASSESSED, RECOMMENDED)},
        {"coordinator", "case manager", ON_CALL},
    ),
    "record_objection": (
        {state: {state} for state in OPEN},
        {"coordinator", "case manager", ON_CALL, "referrer as referrer of this item"},
    ),
    "admit_in_emergency": (
        {state: {WAITING} for state in (REQUESTED, BOOKED, ASSESSED, RECOMMENDED)},
        {"case manager", ON_CALL, "director"},
    ),
    "sign_late_assessment": ({WAITING: {WAITING, AGREED}}, {"access assessor as assessor"}),
    "enter_late_paper": ({WAITING: {WAITING, AGREED}}, {"case manager"}),
    "ratify": ({WAITING: {WAITING, AGREED}}, {"head of commissioning", "director"}),
    "refuse_ratification": ({WAITING: {ASSESSED, REQUESTED}}, {"head of commissioning", "director"}),
    "reconsider": ({REFUSED: {RECOMMENDED}, ALTERNATIVE: {RECOMMENDED}}, {"case manager"}),
    "withdraw": ({state: {WITHDRAWN} for state in OPEN}, {"case manager", "referrer as referrer of this item"}),
}
"""Action: from state to states, and who; written from the specification, not from the definition."""


@pytest.mark.parametrize("name", sorted({action.name for action in ADMISSION.actions} | set(TABLE)))
def test_the_table_of_actions(name: str) -> None:
    ways, people = TABLE[name]
    found: dict[str, set[str]] = {}
    for action in ADMISSION.named(name):
        for source in action.sources:
            found.setdefault(source, set()).add(action.dest_from(source))
        said = {may.words for may in action.by}
        if ways.keys() == {RECOMMENDED} and people is DECIDERS:
            assert all(may.when is not None for may in action.by)
            said = {words.removesuffix(f" ({LIMIT})") for words in said}
        assert said == people
    assert found == ways
    assert not set(ways) & ADMISSION.ends or name == "reconsider"


LIMIT = "Within their limit; what is contested, only roles that policy names"


def test_ends() -> None:
    assert ADMISSION.ends == {AGREED, ALTERNATIVE, REFUSED, WITHDRAWN}
    assert set(ADMISSION.open_states) == OPEN
    assert PLACEMENT.ends == {"admitted", "stood_down"}


@pytest.mark.parametrize("signed", [None, "then"])
@pytest.mark.parametrize("ratified", [None, "then"])
def test_of_two_arrows_of_one_name_exactly_one_holds(signed: Any, ratified: Any) -> None:
    item = SimpleNamespace(form2_signed_at=signed, ratified_at=ratified)
    for name, leads_to in {
        "ratify": AGREED if signed else WAITING,
        "refuse_ratification": ASSESSED if signed else REQUESTED,
        "sign_late_assessment": AGREED if ratified else WAITING,
        "enter_late_paper": AGREED if ratified else WAITING,
    }.items():
        [arrow] = [one for one in ADMISSION.named(name) if one.when and one.when(item, ME) is None]
        assert arrow.dest_from(WAITING) == leads_to, name


ME = Actor(7, "Me")


@pytest.mark.parametrize(
    ("guard", "holds", "fails", "words"),
    [
        (guards.has_immediate_risk, {"immediate_risk": "x"}, {"immediate_risk": ""}, "write it down first"),
        (
            guards.is_another_person,
            {"admitted_by_id": 8, "admitted_for_id": None},
            {"admitted_by_id": 7, "admitted_for_id": None},
            "You admitted this person",
        ),
        (guards.is_not_ratified_yet, {"ratified_at": None}, {"ratified_at": "then"}, "It is ratified already"),
        (guards.is_not_signed_yet, {"form2_signed_at": None}, {"form2_signed_at": "then"}, "Form 2 is signed already"),
        (guards.is_signed, {"form2_signed_at": "then"}, {"form2_signed_at": None}, "Form 2 is not signed"),
        (guards.is_not_signed, {"form2_signed_at": None}, {"form2_signed_at": "then"}, "Form 2 is signed"),
        (guards.is_ratified, {"ratified_at": "then"}, {"ratified_at": None}, "It is not ratified"),
        (guards.is_not_ratified, {"ratified_at": None}, {"ratified_at": "then"}, "It is ratified"),
        (
            guards.asked_it,
            {"asked_by_id": 7, "asked_for_id": None},
            {"asked_by_id": 8, "asked_for_id": None},
            "Who asked the question",
        ),
        (
            guards.takes_emergencies,
            {"service_line": "cyp", "policy": DEFAULT},
            {"service_line": "secure", "policy": DEFAULT},
            "This service takes nobody without an assessment",
        ),
    ],
)
def test_guards(guard: Any, holds: dict[str, Any], fails: dict[str, Any], words: str) -> None:
    assert guard(SimpleNamespace(**holds), ME) is None
    assert words in guard(SimpleNamespace(**fails), ME)


def test_ratifying_for_the_one_who_admitted_is_no_other_person() -> None:
    deputy = Actor(9, "Deputy", on_behalf_of=7)
    for by, whom, words in (
        (7, None, "The person you stand in for"),
        (9, None, "You"),
        (9, 4, "You"),
        (8, 7, "A deputy of the person you stand in for"),
        (8, 9, "Your deputy"),
    ):
        said = guards.is_another_person(SimpleNamespace(admitted_by_id=by, admitted_for_id=whom), deputy)
        assert said == f"{words} admitted this person, so another head of commissioning or director ratifies it"
    for another, behind in ((8, None), (8, 4), (None, None)):
        item = SimpleNamespace(admitted_by_id=another, admitted_for_id=behind)
        assert guards.is_another_person(item, deputy) is None


@pytest.mark.parametrize(
    ("check", "good", "bad", "words"),
    [
        (guards.has_a_price, {"bed_type": "301"}, {"bed_type": "204"}, "has no price"),
        (guards.has_a_price, {"bed_type": "301"}, {}, "has no price"),
        (guards.is_a_length, {"expected_length_weeks": 520}, {"expected_length_weeks": 521}, "1 to 520"),
        (guards.is_a_length, {"expected_length_weeks": 1}, {"expected_length_weeks": 0}, "1 to 520"),
        (guards.is_a_length, {"expected_length_weeks": 8}, {"expected_length_weeks": "8"}, "whole number"),
        (guards.is_ticked, {"signature": True}, {"signature": False}, "Tick the box"),
        (
            guards.says_what_is_missing,
            {"only_for_lack_of_services": False},
            {"only_for_lack_of_services": True},
            "what is missing",
        ),
        (
            guards.says_what_is_missing,
            {"only_for_lack_of_services": True, "missing_service": "crisis"},
            {"only_for_lack_of_services": True, "missing_service": None},
            "what is missing",
        ),
        (
            guards.describes_what_is_missing,
            {"only_for_lack_of_services": True, "missing_service_details": "Two nurses"},
            {"only_for_lack_of_services": True, "missing_service_details": " "},
            "in a few words",
        ),
        (guards.describes_what_is_missing, {}, {"only_for_lack_of_services": True}, "in a few words"),
        (guards.says_which_interest, {"has_interest": False}, {"has_interest": True}, "what your interest is"),
        (
            guards.says_which_interest,
            {"has_interest": True, "interest": "My brother works there"},
            {"has_interest": True, "interest": " "},
            "what your interest is",
        ),
    ],
)
def test_checks_of_answers(check: Any, good: dict[str, Any], bad: dict[str, Any], words: str) -> None:
    item = SimpleNamespace(policy=DEFAULT)
    assert check(item, good) is None
    assert words in check(item, bad)


@pytest.mark.parametrize(
    ("bed", "weeks", "pence"),
    [("301", 8, 3_840_000), ("309", 52, 40_560_000), (None, 8, None), ("301", None, None), ("204", 8, None)],
)
def test_the_cost_is_the_weekly_price_by_the_length(bed: str | None, weeks: int | None, pence: int | None) -> None:
    assert estimated_cost_pence(DEFAULT, bed, weeks) == pence


@pytest.mark.parametrize(
    ("recommended", "appropriate", "objector", "disputed", "said"),
    [
        ("admit", True, None, False, []),
        ("alternative", False, None, False, []),
        ("refuse", False, None, False, []),
        (None, True, None, False, []),
        ("admit", None, None, False, []),
        ("admit", False, None, False, ["Form 2 says that admission is not appropriate, and admission is recommended"]),
        ("alternative", True, None, False, ["Form 2 says that admission is appropriate, and it is not recommended"]),
        ("refuse", True, None, False, ["Form 2 says that admission is appropriate, and it is not recommended"]),
        ("admit", True, "family", False, ["the family objects"]),
        ("admit", True, "referrer", True, ["the referrer objects"]),
        ("admit", True, "young_person", True, ["the young person objects"]),
        ("admit", True, "council", False, ["somebody objects"]),
        ("admit", True, None, True, ["the case is in dispute"]),
        (
            "admit",
            False,
            "family",
            True,
            ["Form 2 says that admission is not appropriate, and admission is recommended", "the family objects"],
        ),
    ],
)
def test_when_it_is_contested(
    recommended: str | None, appropriate: bool | None, objector: str | None, disputed: bool, said: list[str]
) -> None:
    item = SimpleNamespace(
        recommendation=recommended,
        is_appropriate=appropriate,
        objection_by=objector,
        case=SimpleNamespace(is_contested=disputed),
    )
    assert list(why_contested(item)) == said
    if not disputed:
        item.case = None
        assert list(why_contested(item)) == said


def test_the_late_form_2_is_owed_until_it_is_signed() -> None:
    assert has_no_form_2(SimpleNamespace(form2_signed_at=None)) and not has_no_form_2(
        SimpleNamespace(form2_signed_at=1)
    )


def test_what_says_who_may_decide_is_never_corrected() -> None:
    stays = {ask.name for action in ADMISSION.actions for ask in action.questions if ask.stays}
    assert stays == {"is_appropriate", "recommendation", "bed_type", "expected_length_weeks"}
