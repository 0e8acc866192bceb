"""What the pages of policy sets show: a set in sentences, what a change changes, what it means for open items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from sqlalchemy.orm import Session

from hub.engine.reading import Reading
from hub.engine.rulebook import Rulebook, rulebook
from hub.policy_changes.content import (
    Line,
    combinations,
    keys_of,
    known_entry,
    lines_between,
    subject_of,
    subject_title,
    subjects_of,
    where_words,
    words_of,
)
from hub.policy_changes.due_if import Compared, calendar_under, compared
from hub.policy_changes.models import PolicyChange
from hub.policy_changes.open_queries import Carried, Touched, carried_sets, count_touched, read_page
from hub.policy_changes.services import base_of, content_of
from hub.web.filters import count
from hub.web.item_rows import item_href
from hub.web.paging import Cursor, Page
from workflows.actor import Actor
from workflows.core import upper_first
from workflows.policy import Entry, PolicySet
from workflows.policy.sense import problems_with
from workflows.policy_change import DRAFTERS, State

DRAFTING = tuple(may.role for may in DRAFTERS if may.role)
"""The roles that may draft, propose, withdraw and begin again."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One entry of a set: its sentence, key and source, and its values with what each is for."""

    key: str
    sentence: str
    source: str
    values: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Subject:
    """The rules, or the changed lines, of one subject."""

    name: str
    title: str
    rules: Sequence[Rule] = ()
    lines: Sequence[Line] = ()


def rules_by_subject(policy: PolicySet) -> list[Subject]:
    """A whole set in sentences."""
    return [
        Subject(name, subject_title(name), [_rule(known_entry(policy, key)) for key in keys_of(policy, name)])
        for name in subjects_of(policy)
    ]


def _rule(entry: Entry) -> Rule:
    values = [(upper_first(where_words(entry.by, at)), words_of(entry, at)) for at in combinations(entry)]
    return Rule(entry.key, entry.sentence, entry.source, values)


def lines_by_subject(lines: Iterable[Line]) -> list[Subject]:
    """What differs, by subject."""
    ordered = sorted(lines, key=lambda line: subject_title(subject_of(line.key)))
    groups = groupby(ordered, key=lambda line: subject_of(line.key))
    return [Subject(name, subject_title(name), lines=list(found)) for name, found in groups]


class ChangePage:
    """One change, as far as one person may see it."""

    def __init__(self, session: Session, reading: Reading, actor: Actor) -> None:
        self.session, self.reading, self.actor = session, reading, actor
        self.item: PolicyChange = reading.item

    @cached_property
    def new(self) -> PolicySet:
        """The set as it would be."""
        return content_of(self.item)

    @cached_property
    def old(self) -> PolicySet:
        """The set it was drafted from."""
        return base_of(self.item)

    @cached_property
    def lines(self) -> list[Line]:
        """Every value that differs."""
        return lines_between(self.old, self.new)

    @property
    def subjects(self) -> list[Subject]:
        """What differs, by subject."""
        return lines_by_subject(self.lines)

    @property
    def all_subjects(self) -> list[tuple[str, str, int, int]]:
        """(name, title, how many rules, how many changed values) of every subject."""
        changed = [subject_of(line.key) for line in self.lines]
        return [
            (name, subject_title(name), len(keys_of(self.new, name)), changed.count(name))
            for name in subjects_of(self.new)
        ]

    @cached_property
    def problems(self) -> list[str]:
        """What makes no sense, while it can still be mended."""
        return [found.words for found in problems_with(self.new)] if self.item.state == State.DRAFT else []

    @property
    def is_draft(self) -> bool:
        """Whether its values can be changed."""
        return bool(self.item.state == State.DRAFT)

    @cached_property
    def why_stale(self) -> str:
        """Why it cannot go on, when another set was approved since."""
        return self.item.why_not_on_the_newest if self.item.state in {State.DRAFT, State.PROPOSED} else ""

    @property
    def may_begin_again(self) -> bool:
        """Whether this person may draft the same changes on the newest set."""
        is_over = self.item.state in {State.REFUSED, State.WITHDRAWN, State.REVOKED}
        return bool((is_over or self.why_stale) and self.lines and self.actor.roles & set(DRAFTING))


class ComparisonPage:
    """What a change would mean for the items now open: counts of all, rows of what this person may see."""

    def __init__(self, session: Session, new: PolicySet, actor: Actor, after: Cursor | None) -> None:
        self.session, self.new, self.actor, self.after = session, new, actor, after

    @cached_property
    def book(self) -> Rulebook:
        """Every set there is."""
        return rulebook(self.session)

    @cached_property
    def carried(self) -> Carried:
        """How many open items carry which set."""
        return carried_sets(self.session)

    @cached_property
    def touched(self) -> Touched:
        """How many of their deadlines go by a rule that differs."""
        return count_touched(self.session, self.book, self.new, self.actor, self.carried)

    @cached_property
    def page(self) -> Page[Compared]:
        """Those this person may see, as they are and as they would be."""
        found = read_page(self.session, self.book, self.new, self.actor, self.carried, self.after)
        calendar = calendar_under(self.book, self.new)
        return Page([compared(row, self.new, calendar) for row in found.rows], found.next)

    @property
    def sets(self) -> list[tuple[int, str]]:
        """(number of a set, how many open items carry it in words), newest first."""
        found = {self.book.policies[identity].version: number for identity, number in self.carried.sets.items()}
        return [(number, count(found[number], "open item")) for number in sorted(found, reverse=True)]

    def href(self, row: Compared) -> str:
        """The address of the item of a row."""
        return item_href(row.kind, row.reference)

    def number_of(self, set_id: int) -> int:
        """The number of the set an item carries."""
        return self.book.policies[set_id].version
