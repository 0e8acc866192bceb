"""The measures of disputes in words: the period of an address, tables for the page, and the same as a CSV file."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from io import StringIO
from typing import Final

from hub.codes import codes, label
from hub.escalations.durations import length_words
from hub.escalations.measures import ANSWERS, Measures, Period, Took
from hub.web.csv_cells import as_text
from hub.web.filters import day
from workflows.core import upper_first
from workflows.escalation import ESCALATION
from workflows.escalation.states import IN_WORDS, STAGES, State

ENDINGS: Final[Mapping[str, str]] = {
    **{str(stage): f"Agreed at {IN_WORDS[stage]}" for stage in STAGES},
    "determined": "Determined by a panel",
    "referred_on": "Referred on",
    "withdrawn": "Withdrawn",
    "out_of_scope": "Out of scope",
}
ANSWER_WORDS: Final = dict(zip(ANSWERS, ("In time", "Late", "None", "No longer needed"), strict=True))
HEADER: Final = ("Measure", "Of what", "Also", "Number", "Unit")
Row = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Asked:
    """The period of an address, and what in it was not understood, a sentence each."""

    period: Period
    notes: tuple[str, ...]


def asked_period(args: Mapping[str, str], today: date) -> Asked:
    """From and until of an address, both included; the twelve months to today where nothing is asked."""
    notes: list[str] = []
    since, until = (_day(args.get(name, ""), words, notes) for name, words in (("since", "From"), ("until", "Until")))
    until = until or today
    since = since or _year_before(until)
    if until < since:
        notes.append("“Until” is before “From”, so nothing can be counted")
    return Asked(Period(since, until), tuple(notes))


def _year_before(on: date) -> date:
    """The first day of the twelve months that end with a day."""
    return date.fromordinal(on.replace(year=on.year - 1, day=min(on.day, 28)).toordinal() + 1)


def _day(text: str, words: str, notes: list[str]) -> date | None:
    try:
        found = date.fromisoformat(text.strip()) if text.strip() else None
        if found is not None and not 2000 <= found.year <= 9000:
            raise ValueError
    except ValueError:
        notes.append(f"“{words}” must be a date like 2026-03-27, so it was left out")
        return None
    return found


class MeasuresPage:
    """What the page shows of the counts of one period."""

    def __init__(self, found: Measures, period: Period) -> None:
        self.found, self.period = found, period

    @property
    def words(self) -> str:
        """The period in words."""
        return f"From {day(self.period.since)} to {day(self.period.until)}"

    @property
    def states(self) -> list[tuple[str, str, int]]:
        """(state, what it is called, how many are open there) of every open state."""
        by_state = {state: ESCALATION.wording_of(state).label for state in ESCALATION.open_states}
        return [(state, words, self._open_in(state)) for state, words in by_state.items()]

    def _open_in(self, state: str) -> int:
        return sum(number for (where, _), number in self.found.open.items() if where == state)

    @property
    def open_by_kind(self) -> list[tuple[str, list[int], int]]:
        """(kind, how many in each state of `states`, how many in all) of the kinds that are open."""
        rows = []
        for kind, words in codes("dispute_kind").items():
            numbers = [self.found.open[state, kind] for state, _, _ in self.states]
            if any(numbers):
                rows.append((words, numbers, sum(numbers)))
        return rows

    @property
    def open_in_all(self) -> int:
        """How many are open."""
        return self.found.open.total()

    @property
    def endings(self) -> list[tuple[str, int, str]]:
        """(how, number, share of those that ended) in the order of the ladder; what came about alone."""
        return [(words, self.found.ended[how], self._share(how)) for how, words in ENDINGS.items() if self._counts(how)]

    def _counts(self, how: str) -> bool:
        return how == State.LOCAL_RESOLUTION or self.found.ended[how] > 0

    def _share(self, how: str) -> str:
        return share(self.found.ended[how], self.ended)

    @property
    def ended(self) -> int:
        """How many ended in the period."""
        return self.found.ended.total()

    @property
    def took(self) -> list[tuple[str, str, int, tuple[str, ...]]]:
        """(kind, urgency, number, median net and gross and longest net and gross in words)."""
        return [
            (label("dispute_kind", each.kind), urgency_words(each), each.number, tuple(_lengths(each)))
            for each in self.found.took
        ]

    @property
    def replies(self) -> list[tuple[str, list[tuple[str, int]]]]:
        """(stage, (answer in words, number) of each) of the stages where a time to reply ended."""
        return [
            (upper_first(IN_WORDS[stage]), [(ANSWER_WORDS[each], self.found.replies[stage, each]) for each in ANSWERS])
            for stage in STAGES
            if any(self.found.replies[stage, each] for each in ANSWERS)
        ]

    @property
    def replies_in_time(self) -> str:
        """Of the replies that were owed, how many came in time."""
        counts = {each: sum(self.found.replies[stage, each] for stage in STAGES) for each in ANSWERS}
        owed = sum(counts.values()) - counts["stopped"]
        return f"{counts['met']:,} of {owed:,} ({share(counts['met'], owed)})" if owed else "None was owed"

    @property
    def overturned(self) -> str:
        """Of the refusals that disputes closed about, how many were overturned."""
        number, of = self.found.refusals
        return f"{number:,} of {of:,} ({share(number, of)})" if of else "None was closed"


def share(number: int, of: int) -> str:
    """A share in whole percent; empty of nothing."""
    return f"{round(100 * number / of)}%" if of else ""


def urgency_words(took: Took) -> str:
    """Urgent or standard, as the code list has it."""
    return label("escalation_urgency", "urgent" if took.is_urgent else "standard")


def _lengths(took: Took) -> Iterator[str]:
    for number in (took.median_net, took.median_gross, took.longest_net, took.longest_gross):
        yield length_words(number, is_urgent=took.is_urgent)


def csv_of(page: MeasuresPage) -> str:
    """Every count of the page, one a line."""
    stream = StringIO()
    writer = csv.writer(stream)
    writer.writerow([page.words])
    writer.writerow(HEADER)
    for row in _rows(page):
        writer.writerow([as_text(cell) for cell in row])
    return stream.getvalue()


def _rows(page: MeasuresPage) -> Iterator[Row]:
    for kind, numbers, _ in page.open_by_kind:
        for (_, where, _), number in zip(page.states, numbers, strict=True):
            yield "Open now", kind, where, str(number), "disputes"
    for how, number, part in page.endings:
        yield "Ended", how, part, str(number), "disputes"
    for each in page.found.took:
        of, unit = f"{label('dispute_kind', each.kind)}, {urgency_words(each).lower()}", "working days"
        lengths = {
            "Median, without pauses": each.median_net,
            "Median, with pauses": each.median_gross,
            "Longest, without pauses": each.longest_net,
            "Longest, with pauses": each.longest_gross,
        }
        yield "Took", of, "How many", str(each.number), "disputes"
        for words, length in lengths.items():
            yield "Took", of, words, f"{length:.1f}", "hours" if each.is_urgent else unit
    for stage, answers in page.replies:
        for answer, number in answers:
            yield "Replies", stage, answer, str(number), "replies"
    overturned, about = page.found.refusals
    yield "Refusals", "Overturned", "", str(overturned), "disputes"
    yield "Refusals", "Closed about a refusal", "", str(about), "disputes"
    for met in page.found.flash_points:
        yield "Flash points", met.goes_wrong, "Raised with it", str(met.raised), "disputes"
        yield "Flash points", met.goes_wrong, "Closed as having been it", str(met.learned), "disputes"


def file_name(period: Period) -> str:
    """A name that says which days it is of."""
    return f"disputes-{period.since}-to-{period.until}.csv"
