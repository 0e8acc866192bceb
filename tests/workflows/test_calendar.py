"""Every hand-worked deadline: the moment, and every line of its explanation."""

from datetime import UTC, datetime

import pytest

from tests.workflows.calendar_cases import CALENDAR_DAYS, ELAPSED, MONTHS, Case
from tests.workflows.working_time_cases import WORKING_DAYS, WORKING_HOURS
from workflows.calendar import LONDON, Pause, parse_duration, parse_moment, work_out

CASES = (*ELAPSED, *CALENDAR_DAYS, *MONTHS, *WORKING_DAYS, *WORKING_HOURS)


def words(moment: str) -> str:
    """A moment as the panel shows it, written without the code under test."""
    wall = parse_moment(moment).astimezone(LONDON)
    clock = wall.strftime("%I:%M%p").lower().lstrip("0").replace(":00", "")
    clock = {"12am": "midnight", "12pm": "midday"}.get(clock, clock)
    return f"{wall:%A} {wall.day} {wall:%B %Y}, {clock}"


def zone(moment: str) -> str:
    return "British Summer Time" if moment.endswith("+01:00") else "Greenwich Mean Time"


def pause_line(span: str, told: str) -> tuple[str, str]:
    begun, ended = span.split("/")
    return "Paused", f"{words(begun)} to {words(ended)}: {told}"


def identity(case: Case) -> str:
    return f"{case.rule} from {case.start}, {len(case.pauses)} pauses, {len(case.closures)} closures"


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 80


@pytest.mark.parametrize("case", CASES, ids=identity)
def test_deadline_and_its_explanation(case: Case) -> None:
    spans = [span.split("/") for span, _ in case.pauses]
    pauses = [Pause(parse_moment(begun), parse_moment(ended)) for begun, ended in spans]
    deadline = work_out(parse_duration(case.rule), parse_moment(case.start), case.calendar, pauses)
    assert deadline.due_at == datetime.fromisoformat(case.due)
    assert deadline.due_at.tzinfo is UTC
    assert deadline.due_at.astimezone(LONDON).isoformat() == datetime.fromisoformat(case.due).isoformat()
    assert deadline.first_due_at == datetime.fromisoformat(case.first or case.due)
    lines = [(step.label, step.text) for step in deadline.steps]
    clocks = [line for line in case.more if line[0] == "Clocks changed"]
    horizon = [line for line in case.more if line[0] == "Bank holidays"]
    assert lines[1][0] == "Rule"
    assert [line for line in lines if line[0] != "Rule"] == [
        ("Started", f"{words(case.start)}. {case.started}".strip()),
        ("First deadline", f"{words(case.first or case.due)}."),
        *(("Skipped", text) for text in case.skipped),
        *clocks,
        *(pause_line(span, told) for span, told in case.pauses),
        *horizon,
        ("Result", f"Due {words(case.due)} ({zone(case.due)})."),
    ]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("12 hours", "12 hours, every hour counts."),
        ("7 days", "7 calendar days, every day counts, due at the end of the last one."),
        ("3 months", "3 months, every day counts, due at the end of the same day of the month."),
        ("1 working day", "1 working day, only working days count, due when the last one closes."),
        ("16 working hours", "16 working hours, only the hours of working days count."),
    ],
)
def test_the_rule_is_told_in_words(rule: str, told: str) -> None:
    case = CASES[0]
    steps = work_out(parse_duration(rule), parse_moment(case.start), case.calendar).steps
    assert steps[1].text == told
