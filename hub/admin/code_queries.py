"""Reading code lists for the administrator: every row, where a list is used, how many records hold a code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import String, Table, cast, func, literal, select, union_all
from sqlalchemy.orm import Session

import workflows
from hub import codes
from hub.codes import Code
from hub.db import Base
from hub.engine.models import WorkItem
from hub.policies.code_lists import is_closed, why_fixed
from workflows import form1_fields, form2
from workflows.core import in_words, upper_first
from workflows.everyday import EVERYDAY


@dataclass(frozen=True, slots=True)
class ListLine:
    """One list: its name in words, how many codes are in force today, and how many are to change."""

    name: str
    title: str
    in_force: int
    to_come: int


@dataclass(frozen=True, slots=True)
class CodeLine:
    """One row of a list with how many records hold its code, and what may be done with it."""

    row: Code
    stands: str
    """One of "now", "to come", "past"."""
    records: int
    why_fixed: str
    is_last: bool
    """Whether it is the code's last row, which a change follows."""

    @property
    def more(self) -> list[tuple[str, str]]:
        """(column, value) of what the list says besides, in words; a column named like a code list holds its codes."""
        named = codes.list_names()
        return [
            (upper_first(in_words(column)), codes.known_label(column, value) if column in named else value)
            for column, value in self.row.more.items()
            if value
        ]


@dataclass(frozen=True, slots=True)
class Use:
    """Where a list is asked for: the form or process, and the question."""

    where: str
    question: str


_ELSEWHERE: Mapping[str, tuple[tuple[str, str, str, str], ...]] = {
    "bed_type": (("unit", "bed_type", "Units", "Type of bed"),),
    "service_line": (
        ("collaborative", "service_line", "Collaboratives", "Service line"),
        ("care_case", "service_line", "Cases", "Service line"),
        ("work_item", "service_line", "Every item", "Service line"),
    ),
    "priority": (("work_item", "priority", "Every item", "Priority"),),
    "legal_status": (("legal_status", "code", "Cases", "Legal status"),),
    "consent_basis": (("care_case", "consent_basis", "Cases", "Consent"),),
    "lawful_basis": (("care_case", "lawful_basis", "Cases", "Other lawful basis"),),
    "learning_disability": (("care_case", "learning_disability", "Cases", "Learning disability"),),
    "autism": (("care_case", "autism", "Cases", "Autism"),),
}
"""Columns besides the answers of forms and actions: table, column, where, and as what."""


_WRITTEN = {"nhs": "NHS", "cetr": "C(E)TR", "act": "Act"}
"""Words of the lists' names that are not written small."""


def title_of(list_name: str) -> str:
    """A list's name in words: "Legal status"."""
    return upper_first(" ".join(_WRITTEN.get(word, word) for word in in_words(list_name).split()))


def lists(today: date) -> list[ListLine]:
    """Every list by name; no statement."""
    return [
        ListLine(name, title_of(name), len(codes.codes(name, today)), sum(1 for _ in changes_to_come(name, today)))
        for name in codes.list_names()
    ]


def to_come(today: date) -> int:
    """How many lists have a change to come; no statement."""
    return sum(1 for line in lists(today) if line.to_come)


def changes_to_come(list_name: str, today: date) -> Iterator[Code]:
    """The rows of a list that begin or end after today."""
    for row in codes.rows(list_name):
        begins = row.from_on is not None and row.from_on > today
        ends = row.to_on is not None and row.to_on >= today
        if begins or ends:
            yield row


def lines(session: Session, list_name: str, today: date) -> list[CodeLine]:
    """Every row of a list in its order; at most one statement."""
    held = records(session, list_name)
    rows = codes.rows(list_name)
    last = {row.code: row for row in sorted(rows, key=lambda row: row.from_on or date.min)}
    return [
        CodeLine(
            row,
            stands(row, today),
            held.get(row.code, 0),
            why_fixed(list_name, row.code),
            last[row.code] is row,
        )
        for row in rows
    ]


def stands(row: Code, today: date) -> str:
    """Whether a row holds now, is past or is to come."""
    if row.holds(today):
        return "now"
    return "past" if row.to_on is not None and row.to_on < today else "to come"


def find(list_name: str, code: str) -> Code | None:
    """The last row of a code, or None when the list never had it."""
    mine = [row for row in codes.rows(list_name) if row.code == code]
    return max(mine, key=lambda row: row.from_on or date.min, default=None)


def used_in(list_name: str) -> list[Use]:
    """Every question that takes its answers from a list."""
    found = [
        *(Use("Form 1", field.label) for field in form1_fields.FIELDS if field.codes == list_name),
        *(Use("Form 2", field.label) for field in form2.FIELDS if field.codes == list_name),
        *(Use(where, question) for _, _, where, question in _ELSEWHERE.get(list_name, ())),
    ]
    for workflow in workflows.ALL.values():
        for action in (*workflow.actions, *workflow.everyday.values()):
            found += [Use(workflow.title, ask.label) for ask in action.questions if ask.codes == list_name]
    for action in EVERYDAY:
        found += [Use("Every item", ask.label) for ask in action.questions if ask.codes == list_name]
    if is_closed(list_name) and not found:
        found.append(Use("The program itself", title_of(list_name)))
    return list(dict.fromkeys(found))


def records(session: Session, list_name: str) -> Mapping[str, int]:
    """How many records hold each code of a list; one statement, none when nothing keeps it."""
    parts = [
        select(cast(table.c[column], String).label("code"), func.count().label("number"))
        .where(table.c[column].is_not(None), table.c[column] != literal(""))
        .group_by(table.c[column])
        for table, column in _columns(list_name)
    ]
    if not parts:
        return {}
    each = union_all(*parts).subquery()
    rows = session.execute(select(each.c.code, func.sum(each.c.number)).group_by(each.c.code))
    return {code: int(number) for code, number in rows}


def _columns(list_name: str) -> Sequence[tuple[Table, str]]:
    """The columns that hold a list's codes: of the tables of items by the question's name, and the others by hand."""
    names = {field.name for field in (*form1_fields.FIELDS, *form2.FIELDS) if field.codes == list_name}
    for workflow in workflows.ALL.values():
        asked = (
            ask for action in (*workflow.actions, *workflow.everyday.values(), *EVERYDAY) for ask in action.questions
        )
        names |= {ask.name for ask in asked if ask.codes == list_name}
    found = {
        (str(mapper.local_table), name)
        for mapper in WorkItem.__mapper__.self_and_descendants
        for name in names
        if name in mapper.local_table.columns
    }
    tables = Base.metadata.tables
    found |= {(table, column) for table, column, _, _ in _ELSEWHERE.get(list_name, ())}
    return [(tables[table], column) for table, column in sorted(found)]
