"""`hub clock`: the same answers as the pages, without a database, and refusals in one sentence."""

import json
from datetime import date
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hub.cli.clock import clock
from hub.policies.holidays import bundled_bank_holidays, bundled_calendar
from workflows.calendar import named


def run(*words: str) -> Result:
    return CliRunner().invoke(clock, words)


def as_json(*words: str) -> dict[str, Any]:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


@pytest.mark.parametrize(
    ("words", "due_at"),
    [
        (("12 hours", "--from", "2026-03-27T23:30"), "2026-03-28T11:30:00+00:00"),
        (("12 hours", "--from", "2026-03-28T23:30"), "2026-03-29T12:30:00+01:00"),
        (("7 calendar days", "--from", "2026-04-01T10:00"), "2026-04-08T23:59:59+01:00"),
        (("3 months", "--from", "2026-08-31T10:00"), "2026-11-30T23:59:59+00:00"),
        (("5 working days", "--from", "2026-04-02T16:30"), "2026-04-13T17:00:00+01:00"),
        (("16 working hours", "--from", "2026-04-02T13:00"), "2026-04-08T13:00:00+01:00"),
        (("1 hour", "--from", "2026-10-25T01:30+01:00"), "2026-10-25T01:30:00+00:00"),
        (("2 working days", "--from", "2026-12-24T10:00"), "2026-12-30T17:00:00+00:00"),
        (
            ("5 working days", "--from", "2026-04-13T10:00", "--pause", "2026-04-14T12:00/2026-04-16T12:00"),
            "2026-04-22T17:00:00+01:00",
        ),
        (
            ("2 working days", "--from", "2026-04-07T10:00", "--closure", "2026-04-08", "--closure", "2026-04-09"),
            "2026-04-13T17:00:00+01:00",
        ),
        (("referral.review", "--priority", "emergency", "--from", "2026-03-28T23:30"), "2026-03-29T12:30:00+01:00"),
        (
            ("referral.review", "--service-line", "secure", "--priority", "routine", "--from", "2026-04-02T16:30"),
            "2026-04-16T23:59:59+01:00",
        ),
        (("escalation.accept", "--urgency", "standard", "--from", "2026-04-02T16:30"), "2026-04-07T17:00:00+01:00"),
        (("referral.resubmit", "--from", "2026-04-02T16:30"), "2026-04-13T17:00:00+01:00"),
    ],
)
def test_the_deadline(words: tuple[str, ...], due_at: str) -> None:
    assert as_json(*words)["due_at"] == due_at


def test_all_that_the_json_holds() -> None:
    found = as_json("referral.review", "--priority", "emergency", "--from", "2026-03-28T23:30")
    origin = "Policy set 1, in force from 1 January 2025, key referral.review (service line cyp, priority emergency)."
    changed = "The clocks went forward an hour on Sunday 29 March 2026. Real hours were counted, "
    assert found == {
        "due_at": "2026-03-29T12:30:00+01:00",
        "started_at": "2026-03-28T23:30:00+00:00",
        "first_due_at": "2026-03-29T12:30:00+01:00",
        "rule": "12 hours",
        "basis": "elapsed",
        "key": "referral.review",
        "service_line": "cyp",
        "priority": "emergency",
        "steps": [
            {"label": "Started", "text": "Saturday 28 March 2026, 11:30pm."},
            {"label": "Rule", "text": f"12 hours, every hour counts. {origin}"},
            {"label": "First deadline", "text": "Sunday 29 March 2026, 12:30pm."},
            {"label": "Skipped", "text": "Nothing. Nights, weekends and bank holidays count for this rule."},
            {"label": "Clocks changed", "text": f"{changed}so the wall clock shows an hour more."},
            {"label": "Result", "text": "Due Sunday 29 March 2026, 12:30pm (British Summer Time)."},
        ],
    }


def test_for_people_it_prints_the_steps() -> None:
    result = run("2 working days", "--from", "2026-04-07T10:00", "--closure", "2026-04-08")
    assert result.exit_code == 0
    assert result.output.splitlines() == [
        "Started         Tuesday 7 April 2026, 10am.",
        "Rule            2 working days, only working days count, due when the last one closes.",
        "First deadline  Friday 10 April 2026, 5pm.",
        "Skipped         Wednesday 8 April 2026: local closure",
        "Result          Due Friday 10 April 2026, 5pm (British Summer Time).",
    ]


def test_codes_that_make_no_difference_are_said_to_make_none() -> None:
    rule = as_json("referral.resubmit", "--priority", "urgent", "--urgency", "urgent", "--from", "2026-04-02T16:30")
    assert rule["steps"][1]["text"].endswith("The priority and urgency given make no difference to it.")
    words = as_json("5 working days", "--service-line", "aed", "--from", "2026-04-02T16:30")
    assert words["steps"][1]["text"].endswith("The service line given makes no difference to it.")
    assert words["key"] is None


def test_a_deadline_after_the_last_known_bank_holiday_says_so() -> None:
    steps = as_json("10 working days", "--from", "2028-12-20T10:00")["steps"]
    assert steps[-2] == {
        "label": "Bank holidays",
        "text": "Known up to the end of 2028 only. Later ones may move this deadline.",
    }


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("5 weeks", "--from", "2026-04-02T16:30"), "“5 weeks” is not a length of time."),
        (("referal.review", "--from", "2026-04-02T16:30"), "There is no policy key “referal.review”: did you mean"),
        (("referral.review", "--from", "2026-04-02T16:30"), "“referral.review” needs the priority: emergency,"),
        (("escalation.accept", "--from", "2026-04-02T16:30"), "“escalation.accept” needs the urgency: urgent,"),
        (
            ("referral.review", "--service-line", "secure", "--priority", "emergency", "--from", "2026-04-02T16:30"),
            "Adult secure services take no unassessed emergency admission",
        ),
        (("5 days", "--priority", "soon", "--from", "2026-04-02T16:30"), "“soon” is not a priority: choose from"),
        (("clocks.day_starts", "--from", "2026-04-02T16:30"), "“clocks.day_starts” is not a length of time but"),
        (("5 days",), "Say when it starts, for example --from 2026-04-02T16:30."),
        (("5 days", "--from", "2026-03-29T01:30"), "1:30am on Sunday 29 March 2026 did not exist"),
        (("5 days", "--from", "2026-10-25T01:30"), "1:30am on Sunday 25 October 2026 happened twice"),
        (("5 days", "--from", "yesterday"), "“yesterday” is not a date and time."),
        (("5 days", "--from", "2026-04-02T16:30", "--pause", "2026-04-03T10:00"), "is not a pause: write its start,"),
        (
            ("5 days", "--from", "2026-04-02T16:30", "--pause", "2026-04-03T10:00/2026-04-02T10:00"),
            "A pause cannot end before it starts.",
        ),
        (("5 days", "--from", "2026-04-02T16:30", "--closure", "Easter"), "“Easter” is not a date: write it like"),
        (("99999 months", "--from", "2026-04-02T16:30"), "leads to a date too far away to work out."),
    ],
)
def test_a_refusal_is_one_line_on_standard_error_and_exit_2(words: tuple[str, ...], said: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert said in result.stderr
    assert result.stderr.endswith((".\n", "?\n")) and not result.stderr.endswith(("..\n", "?.\n"))


def test_the_bundled_bank_holidays_are_those_of_england() -> None:
    holidays = bundled_bank_holidays()
    assert holidays[date(2026, 4, 3)] == "Good Friday"
    assert holidays[date(2026, 4, 6)] == "Easter Monday"
    assert holidays[date(2026, 12, 28)] == "Boxing Day (substitute day)"
    assert date(2026, 1, 2) not in holidays  # Scotland
    assert date(2026, 3, 17) not in holidays  # Northern Ireland
    assert sum(day.year == 2026 for day in holidays) == 8


def test_the_bundled_calendar_knows_its_horizon_and_takes_closures() -> None:
    calendar = bundled_calendar(named([date(2026, 4, 8)], "Staff day"))
    assert calendar.known_until == max(day.year for day in bundled_bank_holidays()) >= 2028
    assert calendar.why_not_worked(date(2026, 4, 8)) == "Staff day"
    assert calendar.why_not_worked(date(2026, 4, 3)) == "Good Friday"
    assert calendar.why_not_worked(date(2026, 4, 9)) is None
