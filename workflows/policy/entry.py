"""One policy entry: a key, what kind of value it holds, what the value depends on, a sentence and a source."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from functools import cached_property
from itertools import product
from types import MappingProxyType

from workflows.durations import Rule, clock_words, parse_duration

DIMENSIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "service_line": ("cyp", "secure", "aed"),
        "priority": ("emergency", "urgent", "routine"),
        "urgency": ("urgent", "standard"),
    }
)
"""What a value may depend on, and every code it can then take."""

KEY = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
NAME = re.compile(r"[A-Za-z0-9_-]+")


class PolicyError(Exception):
    """A policy set was asked for, or given, something it cannot hold; in words for a user."""


class NotAllowed(PolicyError):
    """The policy set says that this combination does not exist, and why."""


class Kind(StrEnum):
    """What a value is. All but durations may also be a table of such values by name."""

    DURATION = "duration"
    NUMBER = "number"
    PERCENT = "percent"
    PENCE = "pence"
    TIME = "time"
    YES_NO = "yes_no"
    TEXT = "text"
    LIST = "list"

    @property
    def words(self) -> str:
        """The kind as people say it: "length of time", "yes or no"."""
        return _KIND_WORDS[self]


_KIND_WORDS: Mapping[Kind, str] = {
    Kind.DURATION: "length of time",
    Kind.NUMBER: "number",
    Kind.PERCENT: "percentage",
    Kind.PENCE: "sum of money",
    Kind.TIME: "time of day",
    Kind.YES_NO: "yes or no",
    Kind.TEXT: "text",
    Kind.LIST: "list",
}


@dataclass(frozen=True)
class Never:
    """In place of a value: this combination is not allowed, and why."""

    reason: str


Plain = str | int | bool | tuple[str | int, ...]
Value = Plain | Mapping[str, Plain] | Never


@dataclass(frozen=True)
class Entry:
    """A policy entry, checked when it is made (PolicyError names the key and what is wrong).

    `by` names the dimensions the value depends on; `values` has one value for each combination of their codes (the
    empty tuple when `by` is empty). A duration is text in words, pence and numbers are whole, a time is "HH:MM".
    """

    key: str
    kind: Kind
    sentence: str
    source: str
    by: tuple[str, ...]
    values: Mapping[tuple[str, ...], Value]

    def __post_init__(self) -> None:
        if not KEY.fullmatch(self.key):
            raise PolicyError(f"“{self.key}” is not a policy key: use lower-case words joined by full stops")
        if problems := list(self._problems()):
            raise PolicyError(f"{self.key}: {'; '.join(problems)}")

    def _problems(self) -> Iterator[str]:
        if not self.sentence.strip() or not self.source.strip():
            yield "it needs a sentence and a source"
        if unknown := [name for name in self.by if name not in DIMENSIONS]:
            yield f"a value cannot depend on {unknown[0]}, only on {', '.join(DIMENSIONS)}"
            return
        wanted = set(product(*(DIMENSIONS[name] for name in self.by)))
        for combination in sorted(wanted - self.values.keys()):
            yield f"nothing is said for {', '.join(combination) or 'it'}"
        for combination in sorted(self.values.keys() - wanted):
            yield f"{', '.join(combination)} is not a combination of {', '.join(self.by) or 'anything'}"
        for value in self.values.values():
            if problem := self._problem_with(value):
                yield problem

    def _problem_with(self, value: Value) -> str | None:
        if isinstance(value, Never):
            return None if value.reason.strip() else "a value that does not exist needs a reason"
        if self.kind is Kind.DURATION:
            return _problem_with_duration(value)
        plain = list(value.values()) if isinstance(value, Mapping) else [value]
        wrong = [part for part in plain if not _FITS[self.kind](part)]
        if not plain:
            return f"an empty table is not {_MUST_BE[self.kind]}"
        return f"{wrong[0]!r} is not {_MUST_BE[self.kind]}" if wrong else None

    @cached_property
    def rules(self) -> Mapping[tuple[str, ...], Rule]:
        """For a duration: the rule of each combination that has one, parsed once."""
        if self.kind is not Kind.DURATION:
            return {}
        return {at: parse_duration(value) for at, value in self.values.items() if isinstance(value, str)}

    def words(self, at: tuple[str, ...]) -> str:
        """The value at one combination for people: "12 hours", "£25,000.00", "50%", "4pm", "none: ..."."""
        value = self.values[at]
        if isinstance(value, Never):
            return f"none: {value.reason}"
        if isinstance(value, Mapping):
            return "; ".join(f"{name.replace('_', ' ')} {self._plain_words(part)}" for name, part in value.items())
        return self._plain_words(value)

    def _plain_words(self, value: Plain) -> str:
        if self.kind is Kind.YES_NO:
            return "yes" if value else "no"
        if self.kind is Kind.TIME and isinstance(value, str):
            return clock_words(time.fromisoformat(value))
        if isinstance(value, tuple):
            return ", ".join(str(part).replace("_", " ") for part in value)
        if isinstance(value, str):
            return value
        return {Kind.PENCE: f"£{value // 100:,}.{value % 100:02d}", Kind.PERCENT: f"{value}%"}.get(
            self.kind, f"{value:,}"
        )


def _is_number(part: object) -> bool:
    return isinstance(part, int) and not isinstance(part, bool) and part >= 0


def _is_time(part: object) -> bool:
    if not isinstance(part, str) or not re.fullmatch(r"\d\d:\d\d", part):
        return False
    return int(part[:2]) < 24 and int(part[3:]) < 60


_FITS: Mapping[Kind, Callable[[object], bool]] = {
    Kind.NUMBER: _is_number,
    Kind.PERCENT: lambda part: _is_number(part) and part in range(101),
    Kind.PENCE: _is_number,
    Kind.TIME: _is_time,
    Kind.YES_NO: lambda part: isinstance(part, bool),
    Kind.TEXT: lambda part: isinstance(part, str) and bool(part.strip()),
    Kind.LIST: lambda part: isinstance(part, tuple) and bool(part) and all(isinstance(one, str | int) for one in part),
}
_MUST_BE: Mapping[Kind, str] = {
    Kind.NUMBER: "a whole number, 0 or more",
    Kind.PERCENT: "a whole number from 0 to 100",
    Kind.PENCE: "a whole number of pence, 0 or more",
    Kind.TIME: "a time of day such as “16:00”",
    Kind.YES_NO: "true or false",
    Kind.TEXT: "a text",
    Kind.LIST: "a list of words or whole numbers",
}


def _problem_with_duration(value: Value) -> str | None:
    if not isinstance(value, str):
        return f"{value!r} is not a length of time in words"
    try:
        parse_duration(value)
    except ValueError as error:
        return str(error)
    return None
