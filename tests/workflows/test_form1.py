"""Form 1: the field table, the sets each priority must have, and what is reported as missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace

import pytest

from hub.codes import codes
from workflows import form1
from workflows.form1 import EMERGENCY, ROUTINE, URGENT

EMERGENCY_FACTS: Mapping[str, object] = {
    "service_line": "cyp",
    "priority": EMERGENCY,
    "nhs_number": "9991000018",
    "location_kind": "emergency_department",
    "where_now": "A&E, cubicle 4",
    "immediate_risk": "Has a plan and the means",
    "legal_status": "02",
    "lawful_basis": "vital_interests",
    "call_back_number": "01632 960001",
    "why_it_cannot_wait": "Not safe past tonight",
}
FULL_FACTS: Mapping[str, object] = {
    "service_line": "cyp",
    "priority": URGENT,
    "bed_type_wanted": "301",
    "referring_organisation": "ZD201",
    "referrer_name": "Dr Fern Abbotsley",
    "location_kind": "home",
    "call_back_number": "01632 960001",
    "family_name": "O'Neill",
    "given_name": "Zoë",
    "date_of_birth": date(2011, 2, 28),
    "nhs_number": "9991000018",
    "postcode": "HX3 5ZQ",
    "consent_basis": "gillick",
    "sharing_restricted": False,
    "legal_status": "01",
    "primary_reason": "18",
    "presenting_problem": "In crisis",
    "learning_disability": "5",
    "autism": "5",
}


def test_field_names_are_unique_and_every_section_has_fields() -> None:
    assert len(form1.FIELD) == len(form1.FIELDS)
    sections = [section.name for section in form1.SECTIONS]
    assert len(set(sections)) == len(sections)
    assert {field.section for field in form1.FIELDS} == set(sections)
    in_page_order = [field for section in sections for field in form1.fields_of(section)]
    assert in_page_order == list(form1.FIELDS)
    assert form1.fields_of("no_such_section") == ()


@pytest.mark.parametrize("field", form1.FIELDS, ids=lambda field: field.name)
def test_a_field_is_complete(field: form1.Field) -> None:
    assert field.name == field.name.lower()
    assert field.name.isidentifier()
    assert field.label
    assert (field.codes is not None) == (field.kind == "choice")
    assert (field.max_length is not None) == (field.kind in {"text", "long_text", "phone", "email"})


def test_fields_that_name_a_person_are_marked() -> None:
    naming = {field.name for field in form1.FIELDS if field.identifies}
    assert {"family_name", "given_name", "nhs_number", "date_of_birth", "postcode", "address", "phone"} <= naming


def test_a_complete_set_has_nothing_missing() -> None:
    assert form1.missing(EMERGENCY_FACTS, EMERGENCY) == ()
    assert form1.missing(FULL_FACTS, URGENT) == ()
    assert form1.missing(FULL_FACTS, ROUTINE) == ()


def test_a_row_with_attributes_is_read_like_a_mapping() -> None:
    assert form1.missing(SimpleNamespace(**FULL_FACTS), URGENT) == ()
    without = {name: value for name, value in FULL_FACTS.items() if name != "autism"}
    assert form1.missing_fields(SimpleNamespace(**without), URGENT) == form1.missing_fields(without, URGENT)


@pytest.mark.parametrize("blank", [None, "", "  \n"])
@pytest.mark.parametrize("name", [name for name in FULL_FACTS if name != "nhs_number"])
def test_each_answer_of_the_full_set_is_asked_for(name: str, blank: object) -> None:
    found = form1.missing_fields({**FULL_FACTS, name: blank}, ROUTINE)
    assert [item.field for item in found] == [name]
    assert ": " in found[0].sentence


@pytest.mark.parametrize("name", [name for name in EMERGENCY_FACTS if name not in {"nhs_number", "lawful_basis"}])
def test_each_answer_of_the_emergency_set_is_asked_for(name: str) -> None:
    found = form1.missing_fields({**EMERGENCY_FACTS, name: None}, EMERGENCY)
    assert [item.field for item in found] == [name]


def test_sentences_say_what_to_do() -> None:
    said = form1.missing({**FULL_FACTS, "legal_status": None, "sharing_restricted": None}, URGENT)
    assert "Legal status is missing: choose it from the list" in said
    assert "“Is there a limit on sharing information?” has no answer: answer yes or no" in said
    assert "“Where the person is now” has no answer: write it in" in form1.missing({}, EMERGENCY)


def test_an_unknown_priority_is_held_to_the_full_set() -> None:
    assert form1.missing({}, None) == form1.missing({}, ROUTINE)
    assert len(form1.missing({}, EMERGENCY)) < len(form1.missing({}, ROUTINE))


@pytest.mark.parametrize(
    "identity",
    [
        {"nhs_number": "9991000018"},
        {"family_name": "Ng", "date_of_birth": date(2011, 2, 28)},
        {"no_identity_reason": "not_able_to_say"},
    ],
)
def test_an_emergency_needs_one_of_three_ways_to_say_who(identity: Mapping[str, object]) -> None:
    assert form1.missing({**EMERGENCY_FACTS, "nhs_number": None, **identity}, EMERGENCY) == ()


@pytest.mark.parametrize("too_little", [{}, {"family_name": "Ng"}, {"date_of_birth": date(2011, 2, 28)}])
def test_an_emergency_with_half_an_identity_is_not_complete(too_little: Mapping[str, object]) -> None:
    found = form1.missing_fields({**EMERGENCY_FACTS, "nhs_number": None, **too_little}, EMERGENCY)
    assert [item.field for item in found] == ["no_identity_reason"]


def test_without_an_nhs_number_the_status_and_the_reason_are_both_needed() -> None:
    without = {**FULL_FACTS, "nhs_number": ""}
    assert [item.field for item in form1.missing_fields(without, URGENT)] == ["nhs_number_status", "no_identity_reason"]
    with_status = {**without, "nhs_number_status": "03"}
    assert [item.field for item in form1.missing_fields(with_status, URGENT)] == ["no_identity_reason"]
    assert form1.missing({**with_status, "no_identity_reason": "overseas"}, URGENT) == ()


def test_consent_that_is_not_established_needs_a_lawful_basis() -> None:
    facts = {**FULL_FACTS, "consent_basis": "not_established"}
    assert [item.field for item in form1.missing_fields(facts, URGENT)] == ["consent_basis"]
    assert form1.missing({**facts, "lawful_basis": "safeguarding"}, URGENT) == ()
    assert form1.missing({**FULL_FACTS, "consent_basis": None, "lawful_basis": "direct_care"}, URGENT) == ()


@pytest.mark.parametrize(("facts", "priority"), [(FULL_FACTS, ROUTINE), (EMERGENCY_FACTS, EMERGENCY)])
def test_a_limit_on_sharing_needs_details_at_any_priority(facts: Mapping[str, object], priority: str) -> None:
    limited = {**facts, "sharing_restricted": True}
    assert [item.field for item in form1.missing_fields(limited, priority)] == ["sharing_restriction_details"]
    assert form1.missing({**limited, "sharing_restriction_details": "Not to the father"}, priority) == ()


def test_detention_needs_the_date_it_began_but_not_in_an_emergency() -> None:
    held = {**FULL_FACTS, "legal_status": "03"}
    assert [item.field for item in form1.missing_fields(held, URGENT)] == ["legal_status_from"]
    assert form1.missing({**held, "legal_status_from": date(2026, 3, 1)}, URGENT) == ()
    assert form1.missing({**FULL_FACTS, "legal_status": "35"}, URGENT) == ()
    assert form1.missing({**EMERGENCY_FACTS, "legal_status": "20"}, EMERGENCY) == ()


def test_what_an_emergency_still_owes_is_the_rest_of_the_full_set() -> None:
    owed = {item.field for item in form1.follow_up(EMERGENCY_FACTS)}
    assert {"bed_type_wanted", "family_name", "postcode", "learning_disability", "legal_status_from"} <= owed
    assert not owed & {"location_kind", "call_back_number", "legal_status", "nhs_number_status", "consent_basis"}
    assert form1.follow_up(FULL_FACTS) == ()


@pytest.mark.parametrize("code", ["1", "2", "3", "4"])
@pytest.mark.parametrize("name", ["learning_disability", "autism"])
def test_possible_learning_disability_or_autism_needs_a_care_review(name: str, code: str) -> None:
    facts = {**FULL_FACTS, name: code}
    why_not = form1.cetr_missing(facts)
    assert why_not is not None
    assert "C(E)TR" in why_not
    for answer in ({"cetr_on": date(2026, 3, 1)}, {"laep_on": date(2026, 3, 1)}, {"no_cetr_reason": "no_time"}):
        assert form1.cetr_missing({**facts, **answer}) is None


@pytest.mark.parametrize("code", ["5", "U", "X", "Z", None])
def test_no_sign_of_either_needs_no_care_review(code: str | None) -> None:
    @dataclass
    class Referral:
        learning_disability: str | None
        autism: str | None

    assert form1.cetr_missing(Referral(code, code)) is None


def test_adult_secure_takes_no_emergencies() -> None:
    assert form1.priorities_for("secure") == (URGENT, ROUTINE)
    assert form1.priorities_for("cyp") == form1.priorities_for("aed") == form1.PRIORITIES
    assert form1.priorities_for("unknown") == form1.PRIORITIES


def test_a_question_hangs_on_one_of_the_same_form_that_comes_before_it() -> None:
    order = [field.name for field in form1.FIELDS]
    hanging = [field for field in form1.FIELDS if field.only is not None]
    assert len(hanging) > 8
    for field in hanging:
        assert field.only is not None
        assert order.index(field.only.field) < order.index(field.name)
        other = form1.FIELD[field.only.field]
        offered = set(codes(other.codes)) if other.codes else {True, False}
        assert set(field.only.answers) <= offered, field.name


@pytest.mark.parametrize(
    ("answer", "holds", "is_ruled_out"), [(None, False, False), ("", False, False), ("cyp", True, False)]
)
def test_what_is_not_answered_yet_rules_nothing_out(answer: str | None, holds: bool, is_ruled_out: bool) -> None:
    only = form1.FIELD["children_act_status"].only
    assert only is not None
    assert (only.holds({"service_line": answer}), only.is_ruled_out({"service_line": answer})) == (holds, is_ruled_out)
    assert only.is_ruled_out(SimpleNamespace(service_line="aed"))


@pytest.mark.parametrize("line", ["cyp", "secure", "aed"])
@pytest.mark.parametrize("priority", form1.PRIORITIES)
def test_nothing_is_demanded_that_is_not_asked(line: str, priority: str) -> None:
    facts = {"service_line": line, "priority": priority, "sharing_restricted": True, "legal_status": "02"}
    for demand in form1.demands(priority):
        only = form1.FIELD[demand.field].only
        assert demand.applies(facts) and (only is None or not only.is_ruled_out(facts)), demand.field
        assert set(demand.instead) <= set(form1.FIELD)
    without = {name: False if name == "sharing_restricted" else None for name in facts}
    asked = {demand.field for demand in form1.demands(priority) if demand.applies(without)}
    assert not asked & {"sharing_restriction_details", "legal_status_from"}
