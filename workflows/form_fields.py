"""What a form is made of: sections and fields, so that every form is a table and not a page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal[
    "text",
    "long_text",
    "date",
    "moment",
    "yes_no",
    "choice",
    "nhs_number",
    "postcode",
    "phone",
    "email",
    "organisation",
]

NAME_LENGTH: Final = 120
LINE_LENGTH: Final = 250
STORY_LENGTH: Final = 8000

Facts = Mapping[str, object] | object
"""A mapping of field names to typed values, or any object (a model row) that has them as attributes."""


@dataclass(frozen=True, slots=True)
class Section:
    """One page of a form, saved on its own."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Only:
    """When a question is asked at all: while another one has one of these answers."""

    field: str
    answers: tuple[object, ...]

    def holds(self, facts: Facts) -> bool:
        """Whether the other question has such an answer."""
        return value_of(facts, self.field) in self.answers

    def is_ruled_out(self, facts: Facts) -> bool:
        """Whether it has another answer; one that is not there yet rules nothing out."""
        return has_answer(facts, self.field) and not self.holds(facts)


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form.

    `codes` names a list in `hub/codes`; `max_length` is in characters; `identifies` marks what can name a person;
    `clinical` marks health, risk and care facts, so that exports and notices can leave either out; `only` says to
    whom it applies: an answer that is saved already stays, whatever is asked later.
    """

    name: str
    label: str
    section: str
    kind: Kind
    hint: str = ""
    codes: str | None = None
    max_length: int | None = None
    identifies: bool = False
    clinical: bool = False
    only: Only | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is still missing: the field it belongs to and what to do about it."""

    field: str
    sentence: str


def _always(_facts: Facts) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Demand:
    """One thing a form must have before it is sent; `met` says whether the facts have it.

    `instead` names further questions that can meet it; `applies` says whether it is asked of these facts at all.
    """

    field: str
    sentence: str
    met: Callable[[Facts], bool]
    instead: tuple[str, ...] = ()
    applies: Callable[[Facts], bool] = _always


def value_of(facts: Facts, name: str) -> object:
    """The answer called `name`; None when there is none."""
    return facts.get(name) if isinstance(facts, Mapping) else getattr(facts, name, None)


def has_answer(facts: Facts, name: str) -> bool:
    """Whether there is an answer: blanks are none, No is one."""
    value = value_of(facts, name)
    return bool(value.strip()) if isinstance(value, str) else value is not None


def not_met(demands: Iterable[Demand], facts: Facts) -> tuple[Missing, ...]:
    """What these facts still lack, in the order of the demands."""
    found = (demand for demand in demands if demand.applies(facts) and not demand.met(facts))
    return tuple(Missing(demand.field, demand.sentence) for demand in found)
