"""A long form, section by section: what it is made of, and how far one item's copy of it is for one person."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from markupsafe import Markup

from hub.codes import codes
from hub.engine.available import Offer
from hub.engine.reading import LAST_ROWS, Reading
from hub.engine.refusal import Problem
from hub.web.action_form import ActionForm, Choices
from hub.web.date_fields import MomentParts
from hub.web.filters import count
from hub.web.sections import as_typed, question
from hub.web.stored_words import shown
from workflows.form_fields import Demand, Field, Missing, Section, has_answer, not_met

Cleaned = tuple[dict[str, Any], list[Problem]]


def _nothing(*_: Any) -> frozenset[str]:
    return frozenset()


def _no_words(_item: Any) -> str:
    return ""


@dataclass(frozen=True)
class LongForm:
    """What a feature says of its form: its table, which actions save and send it, and what it must have."""

    title: str
    sections: Sequence[Section]
    fields: Sequence[Field]
    saves: tuple[str, ...]
    """Actions that save answers: the first that this person may do now is the one that is done."""
    sends: tuple[str, ...]
    """Actions that send or sign it: the first that is this person's is offered at the end."""
    demands: Callable[[Any], Sequence[Demand]]
    """What the item's copy must have before it is sent."""
    answer: Callable[[Any, Field], str]
    """One answer of the item in words."""
    clean: Callable[[ActionForm, Any], Cleaned]
    """Typed values and problems of what was sent from one section."""
    choices: Callable[[], Choices] = dict
    left_out: Callable[[], frozenset[str]] = _nothing
    """Questions this person is not asked."""
    asked_for: Callable[[Any], frozenset[str]] = _nothing
    """Questions the hub asked for again."""
    asked_by: str = ""
    """The action with which the hub asked for them."""
    said_back: Callable[[Any], str] = _no_words
    """What the hub wrote when it sent the form back; empty while it has not."""

    def words_typed(self, typed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """(question, words) of what was sent, to be shown where it can no longer be saved."""
        for field in self.fields:
            boxes = (field.name, *(f"{field.name}-{box}" for box in MomentParts.boxes))
            if said := " ".join(typed[box] for box in boxes if box in typed):
                yield field.label, shown(said, codes=field.codes or "")


@dataclass(frozen=True)
class SectionLine:
    """One line of the task list: where it leads, how far it is in words, with a colour and a shape."""

    name: str
    title: str
    hint: str
    label: str
    look: str
    shape: str


class FilledForm:
    """One item's copy of a long form, as one person meets it through the action that saves it."""

    def __init__(self, form: LongForm, reading: Reading, offer: Offer) -> None:
        self.form = form
        self.reading = reading
        self.offer = offer
        self.item = reading.item
        asked = {ask.name for ask in offer.action.questions} - form.left_out()
        self._asked = [field for field in form.fields if field.name in asked]
        self._by_name = {field.name: field for field in form.fields}

    def says(self, values: Mapping[str, Any]) -> bool:
        """Whether just these answers are on record."""
        return all(getattr(self.item, name) == value for name, value in values.items())

    def section(self, name: str) -> Section | None:
        """The section called `name`."""
        return next((section for section in self.form.sections if section.name == name), None)

    def section_after(self, section: Section) -> Section | None:
        """The next section with a question in it; None after the last."""
        following = self.form.sections[self.form.sections.index(section) + 1 :]
        return next((each for each in following if self.fields_of(each)), None)

    def fields_of(self, section: Section) -> list[Field]:
        """The questions of a section, without those that an answer given elsewhere rules out."""
        return [field for field in self._asked if field.section == section.name and not self._is_ruled_out(field)]

    def _is_ruled_out(self, field: Field) -> bool:
        return field.only is not None and not self.stands_beside(field) and field.only.is_ruled_out(self.item)

    def stands_beside(self, field: Field) -> bool:
        """Whether the question it hangs on is in the same section, where it can still be answered otherwise."""
        return field.only is not None and any(
            other.name == field.only.field and other.section == field.section for other in self._asked
        )

    def only_if(self, field: Field) -> str:
        """ "Only if the answer to “Priority” is Emergency."; nothing when it certainly applies."""
        if field.only is None or (field.only.holds(self.item) and not self.stands_beside(field)):
            return ""
        other = self._by_name[field.only.field]
        answers = " or ".join(shown(answer, codes=other.codes or "") for answer in field.only.answers)
        return f"Only if the answer to “{other.label}” is {answers}."

    @cached_property
    def demands(self) -> list[Demand]:
        """What is asked of this item before it is sent."""
        return [demand for demand in self.form.demands(self.item) if demand.applies(self.item)]

    @cached_property
    def missing(self) -> tuple[Missing, ...]:
        """What of it is not there yet."""
        return not_met(self.demands, self.item)

    @property
    def progress(self) -> str:
        """ "19 of 22 needed answers are there"."""
        there = len(self.demands) - len(self.missing)
        return f"{there} of {count(len(self.demands), 'needed answer')} {'is' if there == 1 else 'are'} there"

    def can_be_given(self, name: str) -> bool:
        """Whether this person is asked for it now."""
        return any(field.name == name and not self._is_ruled_out(field) for field in self._asked)

    @cached_property
    def asked_for(self) -> frozenset[str]:
        """What the hub asked for again."""
        return self.form.asked_for(self.item)

    @property
    def said_back(self) -> str:
        """What the hub wrote when it asked."""
        return self.form.said_back(self.item)

    @cached_property
    def given_since(self) -> frozenset[str]:
        """What of it was changed after the hub asked."""
        since: set[str] = set()
        for line in self.reading.lines:  # newest first
            if line.row.action == self.form.asked_by:
                break
            since |= line.row.values.keys()
        return self.asked_for & since

    @property
    def lines(self) -> list[SectionLine]:
        """The task list."""
        return [self._line(section) for section in self.form.sections]

    def _line(self, section: Section) -> SectionLine:
        own = self.fields_of(section)
        applying = [field for field in own if field.only is None or field.only.holds(self.item)]
        given = [field for field in applying if has_answer(self.item, field.name)]
        hint = f"{len(given)} of {count(len(applying), 'question')} answered" if applying else "No question applies"
        return SectionLine(section.name, section.title, hint, *self._how_far(own, len(applying), len(given)))

    def _how_far(self, own: list[Field], asked: int, given: int) -> tuple[str, str, str]:
        names = {field.name for field in own}
        lacking = [lack for lack in self.missing if lack.field in names]
        wanted = names & (self.asked_for - self.given_since)
        if wanted:
            return f"The hub asks for {count(len(wanted), 'answer')} here", "soon", "half"
        if lacking:
            needed = f"{count(len(lacking), 'answer')} needed"
            return (needed, "ours", "dot") if given else (f"Not started: {needed}", "theirs", "ring")
        is_demanded = any(demand.field in names for demand in self.demands)
        if is_demanded or (asked and given == asked):
            return "Complete", "done", "tick"
        return ("Started", "theirs", "half") if given else ("Nothing needed here", "paused", "ring")

    def answers_of(self, section: Section) -> list[tuple[Field, str, bool]]:
        """(question, answer in words, whether it is asked now) of a section; one not asked is there when answered."""
        found = []
        for field in self.form.fields:
            if field.section != section.name:
                continue
            words = self.form.answer(self.item, field)
            asked = self.can_be_given(field.name) and (field.only is None or field.only.holds(self.item))
            if asked or words:
                found.append((field, words, asked))
        return found

    def make(self, section: Section) -> type[ActionForm]:
        """The form class with the questions of one section."""
        asks = {ask.name: ask for ask in self.offer.action.questions}
        choices = {**self.form.choices()}
        for field in self.fields_of(section):
            if ended := self._ended(field, choices):
                choices[field.name] = [*self._options(field, choices), ended]
        made = {
            field.name: question(field, asks[field.name], choices, label=self._label(field), hints=self._hints(field))
            for field in self.fields_of(section)
        }
        return type("SectionForm", (ActionForm,), made)

    def _options(self, field: Field, choices: Choices) -> list[tuple[str, str]]:
        if field.name in choices:
            return list(choices[field.name])
        return list(codes(field.codes).items()) if field.codes else []

    def _ended(self, field: Field, choices: Choices) -> tuple[str, str] | None:
        """The saved answer, when it is one that its list does not offer any more; without it, saving would blank it."""
        saved, options = getattr(self.item, field.name), self._options(field, choices)
        if saved is None or not options or saved in {value for value, _ in options}:
            return None
        return str(saved), f"{self.form.answer(self.item, field)} (no longer in use)"

    def as_it_was(self, form: ActionForm, section: Section) -> set[str]:
        """Questions still answered with what no list offers any more: such an answer stays, and is no mistake."""
        choices = self.form.choices()
        ended = {field.name: found[0] for field in self.fields_of(section) if (found := self._ended(field, choices))}
        return {name for name, value in ended.items() if form[name].data == value}

    def _label(self, field: Field) -> str:
        needed = any(field.name == demand.field or field.name in demand.instead for demand in self._whole_set)
        return field.label if needed else f"{field.label} (optional)"

    @cached_property
    def _whole_set(self) -> Sequence[Demand]:
        # Also what another answer of the same section may yet call for.
        return self.form.demands(self.item)

    def _hints(self, field: Field) -> list[str]:
        asked = ""
        if field.name in self.asked_for:
            asked = "The hub asked for this, and it was answered." if field.name in self.given_since else ASKED
        # Under the very answer it hangs on, the condition need not be said: the style sheet takes it away there.
        only = Markup('<span class="hub-only">{}</span>').format(said) if (said := self.only_if(field)) else ""
        return [said for said in (asked, only) if said]

    def as_typed(self, section: Section) -> dict[str, Any]:
        """The section's answers as its form shows them."""
        return as_typed(self.item, self.fields_of(section))

    def version_to_answer_to(self, section: Section, seen: int) -> int:
        """The version a section answers to: the newest, when nobody changed any of its answers since `seen`.

        So two people who write in different sections do not stop each other; in the same one they do.
        """
        lines = self.reading.lines
        reaches_back = len(lines) < LAST_ROWS or self.reading.version_of(lines[-1].row.position) <= seen
        names = {field.name for field in self.form.fields if field.section == section.name}
        touched = {name for line in self.reading.since(seen) for name in line.row.values}
        return int(self.item.version) if seen and reaches_back and not names & touched else seen


def filled_form(form: LongForm, reading: Reading) -> FilledForm | None:
    """The form as this person can fill it in now; None when they cannot."""
    offers = (offer for offer in reading.offers if offer.action.name in form.saves and offer.is_allowed)
    found = next(offers, None)
    return FilledForm(form, reading, found) if found else None


ASKED = "The hub asks for this."
"""Beside a question that the hub asked for when it sent the form back."""


def box_of(field: Field) -> str:
    """The id of the first box of a question, to link to."""
    return f"{field.name}-day" if field.kind in {"date", "moment"} else field.name
