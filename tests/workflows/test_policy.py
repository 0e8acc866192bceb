"""The policy set the hub starts with, and looking values up in any set without guessing."""

from datetime import date
from itertools import product
from pathlib import Path

import pytest

from workflows.calendar import Basis, parse_duration
from workflows.policy import (
    DEFAULT,
    DIMENSIONS,
    Difference,
    Entry,
    Kind,
    Never,
    NotAllowed,
    PolicyError,
    PolicySet,
    load_default,
)

FORM_1 = (("emergency", "12 hours"), ("urgent", "48 hours"), ("routine", "7 calendar days"))
STAGES = {
    "local": ("4 hours", "2 working days", "2 hours", "1 working day"),
    "senior": ("24 hours", "3 working days", "12 hours", "2 working days"),
    "executive": ("48 hours", "5 working days", "24 hours", "3 working days"),
    "independent": ("72 hours", "10 working days", "36 hours", "5 working days"),
    "determination": ("120 hours", "20 working days", "60 hours", "10 working days"),
}
BY_PRIORITY = {
    "admission.assess": ("24 hours", "48 hours", "28 calendar days"),
    "admission.decide": ("4 hours", "24 hours", "2 working days"),
    "approach.reply": ("2 hours", "12 hours", "2 working days"),
    "placement.search": ("4 hours", "24 hours", "5 working days"),
}
ALONE = {
    "referral.resubmit": "5 working days",
    "referral.prison_assessment": "14 calendar days",
    "referral.emergency_rest": "24 hours",
    "case.idle": "5 working days",
    "admission.late_assessment": "24 hours",
    "admission.ratify": "2 working days",
    "approach.offer": "4 hours",
    "placement.admit": "2 working days",
    "placement.bed_state_stale": "24 hours",
    "stay.follow_up": "72 hours",
    "package.ratify": "2 working days",
    "package.letter": "2 working days",
    "package.review": "28 calendar days",
    "package.review.enhanced": "7 calendar days",
    "package.review.later": "84 calendar days",
    "package.emergency_length": "72 hours",
    "package.appeal_window": "30 working days",
    "meeting.pre_read": "24 hours",
    "meeting.positions": "2 working days",
    "contingency.valid_in_crisis": "7 calendar days",
    "contingency.valid_otherwise": "30 calendar days",
    "contingency.warning": "48 hours",
    "escalation.start": "5 working days",
    "escalation.silence": "10 working days",
    "concern.triage": "2 working days",
    "concern.imminent_harm": "4 hours",
    "level_review.reply": "5 working days",
    "level_review.rapid_review": "5 working days",
    "level_review.ratify": "2 working days",
    "level_review.reply_after": "5 working days",
    "surveillance.review.routine": "3 months",
    "surveillance.review.enhanced": "1 month",
    "surveillance.review.intensive": "14 calendar days",
    "surveillance.plan.enhanced": "10 working days",
    "surveillance.plan.intensive": "5 working days",
    "surveillance.sustained": "3 months",
    "information_request.acknowledge": "2 working days",
    "information_request.return.routine": "10 working days",
    "information_request.return.enhanced": "5 working days",
    "information_request.return.immediate": "24 hours",
    "visit.draft_report": "10 working days",
    "visit.accuracy": "10 working days",
    "visit.plan": "10 working days",
    "visit.out_of_area_child": "42 calendar days",
    "visit.out_of_area_adult": "56 calendar days",
    "oncall.gap_warning": "7 calendar days",
}


@pytest.mark.parametrize("service_line", ["cyp", "aed"])
@pytest.mark.parametrize(("priority", "length"), FORM_1)
def test_review_of_children_and_eating_disorder_referrals(service_line: str, priority: str, length: str) -> None:
    assert DEFAULT.duration("referral.review", service_line=service_line, priority=priority).text == length


def test_adult_secure_has_no_emergency_review_and_says_why() -> None:
    for priority in ("urgent", "routine"):
        assert DEFAULT.duration("referral.review", service_line="secure", priority=priority).text == "14 calendar days"
    with pytest.raises(NotAllowed, match="no unassessed emergency admission"):
        DEFAULT.duration("referral.review", service_line="secure", priority="emergency")
    assert isinstance(DEFAULT.value("referral.review", service_line="secure", priority="emergency"), Never)


def test_only_adult_eating_disorder_referrals_are_acknowledged_apart() -> None:
    assert DEFAULT.duration("referral.acknowledge", service_line="aed") == parse_duration("2 calendar days")
    for service_line in ("cyp", "secure"):
        with pytest.raises(NotAllowed):
            DEFAULT.duration("referral.acknowledge", service_line=service_line)


@pytest.mark.parametrize("key", BY_PRIORITY)
def test_lengths_by_priority(key: str) -> None:
    found = tuple(DEFAULT.duration(key, priority=code).text for code in DIMENSIONS["priority"])
    assert found == BY_PRIORITY[key]
    assert DEFAULT.takes(key) == ("priority",)


@pytest.mark.parametrize("stage", STAGES)
def test_lengths_of_escalation_stages_and_replies(stage: str) -> None:
    found = tuple(
        DEFAULT.duration(f"escalation.{part}.{stage}", urgency=urgency).text
        for part in ("stage", "reply")
        for urgency in ("urgent", "standard")
    )
    assert found == STAGES[stage]


@pytest.mark.parametrize(
    ("key", "urgent", "standard"),
    [
        ("escalation.accept", "2 hours", "1 working day"),
        ("escalation.pause_cap", "24 hours", "10 working days"),
        ("package.decide", "4 hours", "2 working days"),
    ],
)
def test_lengths_by_urgency(key: str, urgent: str, standard: str) -> None:
    assert DEFAULT.duration(key, urgency="urgent").text == urgent
    assert DEFAULT.duration(key, urgency="standard").text == standard


@pytest.mark.parametrize("key", ALONE)
def test_lengths_that_depend_on_nothing(key: str) -> None:
    assert DEFAULT.duration(key).text == ALONE[key]
    assert DEFAULT.takes(key) == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("clocks.warn_percent", {"first": 50, "second": 80}),
        ("clocks.day_starts", "09:00"),
        ("clocks.day_ends", "17:00"),
        ("placement.distance_bands_km", (25, 50, 100)),
        ("escalation.pauses_a_stage", 1),
        ("surveillance.missed_reviews", 2),
        ("information_request.reminders_after", (1, 5)),
        ("reporting.readmission_days", 30),
        ("oncall.page_day", "Friday"),
        ("oncall.page_at", "16:00"),
        ("package.panel_quorum", ("chair", "clinical", "finance")),
    ],
)
def test_numbers_times_and_lists(key: str, value: object) -> None:
    assert DEFAULT.value(key) == value


def test_every_entry_is_told_in_a_sentence_with_a_source() -> None:
    assert len(DEFAULT.keys()) >= 140
    for key in DEFAULT.entries:
        entry = DEFAULT.entry(key)
        assert entry.sentence.endswith(".") and len(entry.sentence.split()) > 3, key
        assert len(entry.source) > 5, key
        for at in product(*(DIMENSIONS[name] for name in entry.by)):
            assert DEFAULT.text(key, **dict(zip(entry.by, at, strict=True))), key


def test_more_senior_roles_never_have_lower_limits() -> None:
    for key in ("admission.limit_pence", "package.weekly_limit_pence", "package.whole_life_limit_pence"):
        limits = [DEFAULT.number(key, role) for role in ("case_manager", "head_of_commissioning", "director")]
        assert limits == sorted(limits), key


def test_a_missing_code_is_named_and_nothing_is_guessed() -> None:
    with pytest.raises(PolicyError, match=r"“referral\.review” needs the service line: cyp, secure, aed"):
        DEFAULT.duration("referral.review", priority="routine")
    with pytest.raises(PolicyError, match="needs the priority: emergency, urgent, routine"):
        DEFAULT.duration("referral.review", service_line="cyp")
    with pytest.raises(PolicyError, match="needs the urgency: urgent, standard"):
        DEFAULT.duration("escalation.accept", priority="urgent")
    with pytest.raises(PolicyError, match="“soon” is not a priority: choose from emergency"):
        DEFAULT.duration("admission.decide", priority="soon")


def test_a_code_that_makes_no_difference_may_be_given() -> None:
    found = DEFAULT.duration("referral.resubmit", service_line="secure", priority="emergency", urgency="urgent")
    assert found.basis is Basis.WORKING_DAYS


def test_an_unknown_key_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(PolicyError, match=r"no policy key “referal\.review”: did you mean referral\.review\?"):
        DEFAULT.entry("referal.review")
    with pytest.raises(PolicyError, match=r"no policy key “zzzz”$"):
        DEFAULT.value("zzzz")


def test_a_value_of_another_kind_is_not_a_length_and_not_a_number() -> None:
    with pytest.raises(PolicyError, match="is not a length of time but a time of day"):
        DEFAULT.duration("clocks.day_starts")
    with pytest.raises(PolicyError, match="not a time of day but a percentage"):
        DEFAULT.time_of_day("clocks.warn_percent")
    with pytest.raises(PolicyError, match="is not a number"):
        DEFAULT.number("oncall.page_day")
    with pytest.raises(PolicyError, match="is not a number"):
        DEFAULT.number("admission.limit_pence")
    with pytest.raises(PolicyError, match="is not a number"):
        DEFAULT.number("admission.emergency_route", service_line="cyp")
    with pytest.raises(NotAllowed, match="says nothing for porter"):
        DEFAULT.number("admission.limit_pence", "porter")
    assert DEFAULT.number("reporting.readmission_days") == 30


@pytest.mark.parametrize(
    ("key", "given", "said"),
    [
        ("referral.resubmit", {}, "5 working days"),
        ("referral.review", {"service_line": "secure", "priority": "emergency"}, "none: Adult secure services take"),
        ("package.emergency_limit_pence", {}, "on call £20,000.00; director £100,000.00"),
        ("clocks.day_starts", {}, "9am"),
        ("clocks.warn_percent", {}, "first 50%; second 80%"),
        ("reporting.readmission_days", {}, "30"),
        ("admission.emergency_route", {"service_line": "cyp"}, "yes"),
        ("admission.emergency_route", {"service_line": "secure"}, "no"),
        ("meeting.quorum_for_money", {}, "funder"),
        ("placement.distance_bands_km", {}, "25, 50, 100"),
        ("oncall.page_day", {}, "Friday"),
    ],
)
def test_a_value_in_words(key: str, given: dict[str, str], said: str) -> None:
    assert DEFAULT.text(key, **given).startswith(said)


def test_where_a_rule_comes_from() -> None:
    found = PolicySet("Spring", 7, date(2026, 3, 1), {}).origin("admission.decide")
    assert found == "Policy set 7, in force from 1 March 2026, key admission.decide"


def test_a_set_without_a_key_uses_the_default() -> None:
    empty = PolicySet("Old", 1, date(2020, 1, 1), {})
    assert empty.keys() == ()
    assert empty.duration("referral.resubmit").text == "5 working days"


def test_changing_a_value_leaves_the_old_set_alone_and_shows_as_a_difference() -> None:
    edited = DEFAULT.with_value("admission.decide", "3 working days", priority="routine")
    assert edited.duration("admission.decide", priority="routine").text == "3 working days"
    assert DEFAULT.duration("admission.decide", priority="routine").text == "2 working days"
    assert DEFAULT.differences(edited) == (
        Difference("admission.decide", ("routine",), "2 working days", "3 working days"),
    )
    assert DEFAULT.differences(DEFAULT) == ()
    with pytest.raises(PolicyError, match=r"admission\.decide: “soon” is not a length of time"):
        DEFAULT.with_value("admission.decide", "soon", priority="routine")


def test_a_key_that_only_one_set_has_shows_as_a_difference() -> None:
    extra = Entry("local.extra", Kind.NUMBER, "A number of our own.", "Local", (), {(): 3})
    one, other = PolicySet("A", 1, date(2026, 1, 1), {}), PolicySet("B", 2, date(2026, 1, 1), {"local.extra": extra})
    assert one.differences(other) == (Difference("local.extra", (), "", "3"),)
    assert other.differences(one) == (Difference("local.extra", (), "3", ""),)


def _folder(tmp_path: Path, **files: str) -> Path:
    heading = 'name = "T"\nversion = 1\nin_force_from = 2026-01-01\n'
    for name, text in {"set": heading, **files}.items():
        (tmp_path / f"{name}.toml").write_text(text, "utf-8")
    return tmp_path


ENTRY = '["a.b"]\nkind = "number"\nsentence = "How many."\nsource = "Local"\nvalue = 1\n'


def test_default_files_are_read_together_and_a_mistake_names_its_file(tmp_path: Path) -> None:
    found = load_default(_folder(tmp_path, one=ENTRY, two=ENTRY.replace("a.b", "a.c")))
    assert found.keys() == ("a.b", "a.c")
    with pytest.raises(PolicyError, match=r"two\.toml: a\.b is already in another file"):
        load_default(_folder(tmp_path, two=ENTRY))
    with pytest.raises(PolicyError, match=r"two\.toml: a\.d: -1 is not a whole number"):
        load_default(_folder(tmp_path, two=ENTRY.replace("a.b", "a.d").replace("= 1", "= -1")))
