"""Code lists: their shape, their dates, and that every coded question has one."""

from __future__ import annotations

import csv
from datetime import date
from types import MappingProxyType

import pytest

from hub import codes
from hub.codes import Code
from workflows import form1
from workflows.form1_fields import FIELDS

EXPECTED = {
    *("accommodation", "autism", "bed_type", "bed_type_wanted", "cetr_outcome", "children_act_status", "consent_basis"),
    *("education", "ethnic_category", "gender", "lawful_basis", "learning_disability", "legal_status", "location_kind"),
    *("nhs_number_status", "no_cetr_reason", "no_identity_reason", "primary_reason", "priority"),
    *("redirect_destination", "referral_decline_reason", "referral_source", "relationship", "service_line"),
    *("specialised_service", "withdrawal_reason"),
}


def test_the_lists_that_the_referral_needs_are_there() -> None:
    assert set(codes.list_names()) >= EXPECTED


@pytest.mark.parametrize("name", codes.list_names())
def test_a_list_is_well_formed(name: str) -> None:
    rows = codes.rows(name)
    assert rows
    assert codes.codes(name)
    for row in rows:
        assert row.code == row.code.strip() != ""
        assert row.label == row.label.strip() != ""
        assert row.source
        assert row.from_on is None or row.to_on is None or row.from_on <= row.to_on
    for row in rows:
        twins = [other for other in rows if other.code == row.code and other is not row]
        assert not any(other.holds(row.from_on or date.min) for other in twins), f"{row.code} overlaps itself"


@pytest.mark.parametrize("name", codes.list_names())
def test_a_file_starts_with_the_columns_in_order(name: str) -> None:
    with (codes.FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        header = next(csv.reader(lines))
    assert header[:5] == ["code", "label", "from", "to", "source"]


def test_every_coded_question_has_its_list() -> None:
    assert {field.codes for field in FIELDS if field.codes} <= set(codes.list_names())


def test_codes_that_the_rules_name_are_on_their_lists() -> None:
    assert tuple(codes.codes("priority")) == form1.PRIORITIES
    assert set(codes.codes("service_line")) == set(form1.ALLOWED_PRIORITIES)
    assert set(codes.codes("legal_status")) >= form1.DETAINED
    assert form1.NO_CONSENT in codes.codes("consent_basis")
    assert set(codes.codes("autism")) >= form1.LD_OR_AUTISM_POSSIBLE
    assert set(codes.codes("learning_disability")) >= form1.LD_OR_AUTISM_POSSIBLE


def test_legal_status_is_the_national_list() -> None:
    listed = codes.codes("legal_status")
    assert len(listed) == 27
    assert not {"11", "21", "33", "34"} & set(listed)
    assert codes.detail("legal_status", "02")["max_days"] == "28"
    assert codes.detail("legal_status", "20")["max_hours"] == "24"
    assert codes.detail("legal_status", "03")["max_months"] == "6"


def test_bed_types_wanted_are_bed_types_by_service_line() -> None:
    for code, label in codes.codes("bed_type_wanted").items():
        if code != "not_known":
            assert codes.codes("bed_type")[code] == label
            line = codes.detail("bed_type_wanted", code)["service_line"]
            assert line == codes.detail("bed_type", code)["service_line"]
            assert line in codes.codes("service_line")


def test_dates_decide_which_codes_may_be_used() -> None:
    assert "23" not in codes.codes("bed_type")
    assert "23" in codes.codes("bed_type", date(2024, 3, 31))
    assert "300" not in codes.codes("bed_type", date(2024, 3, 31))
    assert "300" in codes.codes("bed_type", date(2024, 4, 1))
    assert codes.detail("bed_type", "23", date(2020, 1, 1))["replaced_by"] == "300"
    with pytest.raises(LookupError):
        codes.detail("bed_type", "23")


def test_a_code_holds_from_its_first_day_to_its_last() -> None:
    code = Code("x", "X", date(2026, 1, 2), date(2026, 1, 4), "test")
    held = [day for day in range(1, 6) if code.holds(date(2026, 1, day))]
    assert held == [2, 3, 4]
    assert not code.holds(None)
    assert Code("x", "X", None, None, "test").holds(date.max)


def test_labels_stay_readable_after_a_code_has_ended() -> None:
    assert codes.label("bed_type", "23") == "Child general ward"
    assert codes.label("priority", "urgent") == "Urgent"
    assert codes.label("priority", None) == codes.label("priority", "") == ""
    with pytest.raises(LookupError, match="asap is not in the list priority"):
        codes.label("priority", "asap")


def test_an_unknown_list_is_refused_and_a_list_cannot_be_changed() -> None:
    with pytest.raises(codes.UnknownCodeList):
        codes.codes("../secrets")
    assert isinstance(codes.codes("priority"), MappingProxyType)
