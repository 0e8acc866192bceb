"""Validation of one referral row: typed values, every problem at once, and no text that makes it fall over."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.referrals.answers import NotAnAnswer, Value, read_nhs_number, read_postcode
from hub.referrals.validation import COLUMNS, Problem, age_on, check

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
KNOWN = frozenset({"ZD201", "ZD301", "ZD401"})
GOOD = {
    "source_system": "Community record",
    "source_reference": "CY-26-1",
    "received_at": "2026-07-01T00:15",
    "referring_organisation": "ZD201",
    "service_line": "cyp",
    "priority": "urgent",
    "bed_type_wanted": "301",
    "referrer_name": "Dr Fern Abbotsley",
    "location_kind": "home",
    "call_back_number": "01632 960001",
    "family_name": "O'Neill-Ábrahám",
    "given_name": "Zoë",
    "date_of_birth": "2011-02-28",
    "nhs_number": "999 000 0018",
    "postcode": "hx35zq",
    "consent_basis": "gillick",
    "sharing_restricted": "No",
    "legal_status": "01",
    "primary_reason": "18",
    "presenting_problem": "In crisis",
    "learning_disability": "5",
    "autism": "u",
}


def checked(now: datetime = NOW, /, **changes: str) -> tuple[dict[str, Value], tuple[Problem, ...]]:
    """Check the good row with some answers changed."""
    return check({**GOOD, **changes}, now=now, known_organisations=KNOWN)


def only_problem(**changes: str) -> Problem:
    """Return the one problem that the changes make."""
    values, problems = checked(**changes)
    assert len(problems) == 1, problems
    assert problems[0].field not in values
    return problems[0]


def test_a_good_row_comes_out_typed() -> None:
    values, problems = checked()
    assert problems == ()
    assert values["received_at"] == datetime(2026, 6, 30, 23, 15, tzinfo=UTC)
    assert values["date_of_birth"] == date(2011, 2, 28)
    assert values["nhs_number"] == "9990000018"
    assert values["postcode"] == "HX3 5ZQ"
    assert values["sharing_restricted"] is False
    assert values["autism"] == "U"


def test_every_kind_of_answer_is_read() -> None:
    values, problems = checked(
        referrer_email="fern@example.nhs.uk",
        responsible_icb="zd301",
        phone=" 01632  960 002 ",
        cetr_on="01/06/2026",
        family_told="Y",
        legal_status="02",
        legal_status_from="2026-06-20",
        legal_status_expires_at="2026-07-18T00:00",
    )
    assert problems == ()
    assert values["referrer_email"] == "fern@example.nhs.uk"
    assert values["responsible_icb"] == "ZD301"
    assert values["phone"] == "01632 960 002"
    assert values["cetr_on"] == date(2026, 6, 1)
    assert values["family_told"] is True
    assert values["legal_status_expires_at"] == datetime(2026, 7, 17, 23, 0, tzinfo=UTC)


def test_all_problems_are_listed_at_once() -> None:
    _, problems = checked(priority="asap", legal_status="", nhs_number="123", postcode="nowhere", autism="")
    assert {problem.field for problem in problems} == {"priority", "legal_status", "nhs_number", "postcode"}
    _, problems = checked(legal_status="", nhs_number="123", postcode="nowhere", autism="", given_name="")
    assert {problem.field for problem in problems} == {
        *("legal_status", "nhs_number", "postcode", "autism", "given_name"),
    }


def test_an_empty_row_names_each_required_column_once() -> None:
    _, problems = check({}, now=NOW, known_organisations=KNOWN)
    fields = [problem.field for problem in problems]
    assert len(set(fields)) == len(fields)
    assert {"source_system", "source_reference", "received_at", "priority", "service_line"} <= set(fields)


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"nhs_number": "9990000019"}, "nhs_number", "wrong digit"),
        ({"nhs_number": "9999999999"}, "nhs_number", "one digit repeated"),
        ({"nhs_number": "99900000"}, "nhs_number", "must be 10 digits"),
        ({"nhs_number": "٩٩٩٠٠٠٠٠١٨"}, "nhs_number", "must be 10 digits"),
        ({"nhs_number": "", "nhs_number_status": "07"}, "no_identity_reason", "choose why there is none"),
        ({"date_of_birth": "2011-02-30"}, "date_of_birth", "does not exist"),
        ({"date_of_birth": "28.2.2011"}, "date_of_birth", "write it like 2011-02-28"),
        ({"date_of_birth": "2062-05-14"}, "date_of_birth", "in the future"),
        ({"date_of_birth": "2026-08-01"}, "date_of_birth", "after the referral was received"),
        ({"date_of_birth": "0011-02-03"}, "date_of_birth", "check the year"),
        ({"date_of_birth": "2007-06-30"}, "date_of_birth", "was 19 when referred"),
        ({"priority": "asap"}, "priority", "use emergency, urgent or routine"),
        ({"service_line": "camhs"}, "service_line", "use cyp, secure or aed"),
        ({"referring_organisation": "ZD999"}, "referring_organisation", "not an organisation the hub knows"),
        ({"responsible_icb": "ZD999"}, "responsible_icb", "not an organisation the hub knows"),
        ({"received_at": ""}, "received_at", "every row must have it"),
        ({"received_at": "2031-03-05T10:00", "date_of_birth": "2016-08-09"}, "received_at", "in the future"),
        ({"received_at": "2026-03-29T01:30"}, "received_at", "did not exist"),
        ({"received_at": "2025-10-26T01:30"}, "received_at", "happened twice"),
        ({"received_at": "2026-03-28"}, "received_at", "not a date and time"),
        ({"received_at": "31/02/2026 10:00"}, "received_at", "does not exist"),
        ({"received_at": "1026-03-29T09:30"}, "received_at", "check the year"),
        ({"consent_basis": ""}, "consent_basis", "Consent or a lawful basis is missing"),
        ({"legal_status": ""}, "legal_status", "choose it from the list"),
        ({"legal_status": "21"}, "legal_status", "for example 01 for Informal"),
        ({"legal_status": "1"}, "legal_status", "Write 01 for Informal"),
        ({"legal_status": "03", "legal_status_from": ""}, "legal_status_from", "give the date"),
        ({"legal_status": "03", "legal_status_from": "2027-01-01"}, "legal_status_from", "in the future"),
        ({"sharing_restricted": "yes"}, "sharing_restriction_details", "say what must not be shared"),
        ({"sharing_restricted": "perhaps"}, "sharing_restricted", "write yes or no"),
        ({"postcode": "HX3 5CQ"}, "postcode", "write it like LS1 4AP"),
        ({"call_back_number": "ring"}, "call_back_number", "give all its digits"),
        ({"referrer_email": "fern at example"}, "referrer_email", "write it like name@example.nhs.uk"),
        ({"bed_type_wanted": "206"}, "bed_type_wanted", "not a bed of the children and young people line"),
        ({"given_name": "Zo\x07e"}, "given_name", "hidden character"),
        ({"given_name": "Zoe\nAnn"}, "given_name", "line break"),
        ({"given_name": "Zo\ud800e"}, "given_name", "hidden character"),
        ({"given_name": "\u202eeoZ"}, "given_name", "hidden character"),
        ({"given_name": "Z" * 121}, "given_name", "121 characters, and 120 is the most"),
        ({"colour": "red"}, "colour", "not one we know"),
    ],
)
def test_what_is_wrong_is_said_by_field(changes: dict[str, str], field: str, words: str) -> None:
    problem = only_problem(**changes)
    assert problem.field == field
    assert words in problem.message


def test_a_legal_status_cannot_run_out_before_it_began() -> None:
    dates = {"legal_status": "02", "legal_status_from": "2026-06-30"}
    problem = only_problem(**dates, legal_status_expires_at="2026-06-29T12:00")
    assert problem.field == "legal_status_expires_at"
    assert checked(**dates, legal_status_expires_at="2026-06-30T12:00")[1] == ()


def test_messages_do_not_repeat_what_names_a_person() -> None:
    for name in ("nhs_number", "date_of_birth", "postcode", "referrer_email", "call_back_number"):
        assert "Xyzzy" not in only_problem(**{name: "Xyzzy"}).message


@pytest.mark.parametrize(
    ("born", "line", "is_good"),
    [
        ("2008-07-02", "cyp", True),
        ("2008-07-01", "cyp", False),
        ("2008-07-02", "aed", False),
        ("2008-07-01", "aed", True),
        ("1900-01-01", "aed", False),
    ],
)
def test_the_service_line_sets_the_age_on_the_day_of_receipt(born: str, line: str, is_good: bool) -> None:
    _, problems = checked(date_of_birth=born, service_line=line, bed_type_wanted="not_known")
    assert (problems == ()) == is_good


def test_somebody_born_on_29_february_is_a_year_older_on_1_march() -> None:
    assert age_on(date(2008, 2, 29), date(2026, 2, 28)) == 17
    assert age_on(date(2008, 2, 29), date(2026, 3, 1)) == 18


def test_age_limits_can_be_set_by_policy() -> None:
    row = {**GOOD, "date_of_birth": "2007-06-30"}
    _, problems = check(row, now=NOW, known_organisations=KNOWN, age_limits={"cyp": (0, 24)})
    assert problems == ()


def test_adult_secure_takes_no_emergencies() -> None:
    _, problems = checked(
        service_line="secure",
        bed_type_wanted="206",
        priority="emergency",
        date_of_birth="1991-10-02",
        where_now="Wing B",
        immediate_risk="Yes",
        why_it_cannot_wait="It cannot",
    )
    assert [(problem.field, "takes no emergency" in problem.message) for problem in problems] == [("priority", True)]


def test_an_emergency_may_leave_out_the_rest_of_the_form() -> None:
    row = {
        **{name: GOOD[name] for name in ("source_system", "source_reference", "received_at", "referring_organisation")},
        **{"service_line": "cyp", "priority": "Emergency", "location_kind": "home", "where_now": "Home"},
        **{"no_identity_reason": "not_able_to_say", "immediate_risk": "High", "legal_status": "20"},
        **{"lawful_basis": "vital_interests", "call_back_number": "01632 960001", "why_it_cannot_wait": "Tonight"},
    }
    values, problems = check(row, now=NOW, known_organisations=KNOWN)
    assert problems == ()
    assert values["priority"] == "emergency"


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  Maya ", "Maya"),
        ("\u00a0Maya\ufeff", "Maya"),
        ("Zoe\u0308", "Zoë"),
        ("العلي", "العلي"),
        ("בר-לב", "בר-לב"),
        ("D\u2019Arcy", "D\u2019Arcy"),
        ("Nguyễn", "Nguyễn"),
        ("Y", "Y"),
    ],
)
def test_names_are_kept_as_people_write_them(written: str, kept: str) -> None:
    values, problems = checked(family_name=written)
    assert problems == ()
    assert values["family_name"] == kept


def test_long_text_keeps_its_lines() -> None:
    values, _ = checked(presenting_problem="- one\r\n- two\n")
    assert values["presenting_problem"] == "- one\n- two"


@pytest.mark.parametrize("written", ["2012-02-29", "29/02/2012", " 29/2/2012 "])
def test_dates_are_read_in_both_ways_of_writing(written: str) -> None:
    values, problems = checked(date_of_birth=written)
    assert problems == ()
    assert values["date_of_birth"] == date(2012, 2, 29)


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2026-03-29T00:59", datetime(2026, 3, 29, 0, 59, tzinfo=UTC)),
        ("2026-03-29 02:00", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("27/03/2026 23:30", datetime(2026, 3, 27, 23, 30, tzinfo=UTC)),
        ("1/7/2026, 9:05:30", datetime(2026, 7, 1, 8, 5, 30, tzinfo=UTC)),
        ("2026-10-25T01:30+01:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("2026-10-25T01:30+00:00", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_times_are_london_times(written: str, instant: datetime) -> None:
    values, problems = checked(received_at=written)
    assert problems == ()
    assert values["received_at"] == instant


def test_the_future_is_told_by_the_clock_that_is_passed_in() -> None:
    assert checked(datetime(2026, 6, 30, 23, 15, tzinfo=UTC))[1] == ()
    _, problems = checked(datetime(2026, 6, 30, 23, 14, 59, tzinfo=UTC))
    assert [problem.field for problem in problems] == ["received_at"]


@pytest.mark.parametrize("written", ["9990000018", "999 000 0018", "999-000-0018", "999\u00a0000\u00a00018"])
def test_nhs_numbers_are_kept_as_ten_digits(written: str) -> None:
    assert read_nhs_number(written) == "9990000018"


@pytest.mark.parametrize("digit", "0123456789")
def test_no_repeated_digit_is_an_nhs_number(digit: str) -> None:
    with pytest.raises(NotAnAnswer, match="one digit repeated"):
        read_nhs_number(digit * 10)


@pytest.mark.parametrize(
    ("written", "kept"),
    [("ls14ap", "LS1 4AP"), ("ZZ99 3VZ", "ZZ99 3VZ"), ("EC1A 1BB", "EC1A 1BB"), (" m1  1ae", "M1 1AE")],
)
def test_postcodes_are_kept_in_one_shape(written: str, kept: str) -> None:
    assert read_postcode(written) == kept


@settings(max_examples=300, deadline=None)
@given(
    st.dictionaries(
        st.one_of(st.sampled_from(sorted(COLUMNS)), st.text()),
        st.one_of(
            st.text(st.characters(), max_size=40),
            st.from_regex(r"[0-9]{1,4}[-/][0-9]{1,2}[-/][0-9]{1,4}([T ][0-9:+]{0,9})?", fullmatch=True),
            st.sampled_from(sorted(GOOD.values())),
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_no_text_makes_validation_fall_over(row: dict[str, str], on_top_of_a_good_row: bool) -> None:
    values, problems = check({**GOOD, **row} if on_top_of_a_good_row else row, now=NOW, known_organisations=KNOWN)
    assert all(problem.message for problem in problems)
    assert not {problem.field for problem in problems} & set(values)
    for value in values.values():
        assert not isinstance(value, datetime) or value.tzinfo is not None
