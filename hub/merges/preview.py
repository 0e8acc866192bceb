"""Two records side by side: field by field, what each has, and what would be moved; for the page and for deciding."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import workflows
from hub.cases.models import CareCase, CaseAlert, LegalStatus
from hub.cases.stays import stay_words, stays_of_people
from hub.codes import known_label
from hub.engine.models import WorkItem
from hub.merges.fields import FIELDS, Field, differing
from hub.merges.joining import which_case_takes_in
from hub.merges.queries import cases_of
from hub.patients.models import Patient
from hub.web.filters import count, day, plain_day
from hub.web.filters import nhs_number as spaced


@dataclass(frozen=True, slots=True)
class Line:
    """One field of both records, and the value that would stand."""

    name: str
    label: str
    standing: str
    other: str
    is_different: bool
    is_taken: bool
    """Whether the other record's value would stand."""

    @property
    def stands(self) -> str:
        """What would stand, in words."""
        return self.other if self.is_taken else self.standing


@dataclass(frozen=True, slots=True)
class Side:
    """One record in words."""

    name: str
    born: str
    nhs_number: str
    way_in: str
    """The reference of the case it is opened by."""
    cases: tuple[str, ...]
    items: tuple[str, ...]
    stays: tuple[str, ...]
    law: tuple[str, ...]
    alerts: tuple[str, ...]

    @property
    def parts(self) -> list[tuple[str, tuple[str, ...]]]:
        """(heading, lines) of what the record has."""
        return [
            ("Cases", self.cases),
            ("Open items", self.items),
            ("Stays", self.stays),
            ("Legal status", self.law),
            ("Alerts", self.alerts),
        ]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both records, ready for the page."""

    lines: tuple[Line, ...]
    standing: Side
    other: Side
    moves: tuple[str, ...]
    """What agreeing would do, one sentence each."""
    case_ids: tuple[int, ...]
    """Every case of the two: it is logged on each that somebody looked."""

    @property
    def same(self) -> list[Line]:
        """The fields in which both say the same, and something."""
        return [line for line in self.lines if not line.is_different and line.standing]

    @property
    def different(self) -> list[Line]:
        """The fields that somebody has to choose between."""
        return [line for line in self.lines if line.is_different]


def compare(session: Session, standing: Patient, other: Patient, taken: set[str]) -> Comparison:
    """The two records as they are now; `taken` are the fields whose value would come from the other."""
    both = (standing.id, other.id)
    cases = cases_of(session, both)
    items = _items(session, both)
    law, alerts, stays = _law(session, both), _alerts(session, both), stays_of_people(session, both)
    chosen = {field.name for field in differing(standing, other)} & taken

    def side(patient: Patient) -> Side:
        own = [case for case in cases if case.patient_id == patient.id]
        return Side(
            name=patient.full_name,
            born=plain_day(patient.date_of_birth) or "date of birth not known",
            nhs_number=spaced(patient.nhs_number) or "not known",
            way_in=own[0].reference if own else "",
            cases=tuple(_case(case) for case in own),
            items=tuple(words for patient_id, words in items if patient_id == patient.id),
            stays=tuple(
                f"{stay_words(stay.place, stay.from_at, stay.until_at)} ({stay.case_reference})"
                for stay in stays
                if stay.patient_id == patient.id
            ),
            law=tuple(words for patient_id, words in law if patient_id == patient.id),
            alerts=tuple(words for patient_id, words in alerts if patient_id == patient.id),
        )

    return Comparison(
        lines=tuple(_line(field, standing, other, chosen) for field in FIELDS),
        standing=side(standing),
        other=side(other),
        moves=tuple(_moves(session, cases, standing, other)),
        case_ids=tuple(sorted(case.id for case in cases)),
    )


def _line(field: Field, standing: Patient, other: Patient, taken: set[str]) -> Line:
    is_different = field in differing(standing, other)
    return Line(field.name, field.label, field.words(standing), field.words(other), is_different, field.name in taken)


def _case(case: CareCase) -> str:
    ended = f"closed {day(case.closed_at)}" if case.closed_at else "open"
    sealed = ", sealed" if case.is_sealed else ""
    line = known_label("service_line", case.service_line)
    return f"{case.reference}, {line}, opened {day(case.opened_at)}, {ended}{sealed}"


def _items(session: Session, both: tuple[int, int]) -> list[tuple[int, str]]:
    query = (
        select(CareCase.patient_id, WorkItem.kind, WorkItem.reference, WorkItem.state)
        .join(WorkItem, WorkItem.case_id == CareCase.id)
        .where(CareCase.patient_id.in_(both), WorkItem.is_open, WorkItem.is_draft.is_(False), WorkItem.kind != "merge")
        .order_by(WorkItem.id)
    )
    return [
        (patient_id, f"{workflows.ALL[kind].title} {reference}: {workflows.ALL[kind].wording_of(state).label.lower()}")
        for patient_id, kind, reference, state in session.execute(query)
    ]


def _law(session: Session, both: tuple[int, int]) -> list[tuple[int, str]]:
    query = (
        select(CareCase.patient_id, CareCase.reference, LegalStatus)
        .join(LegalStatus, LegalStatus.case_id == CareCase.id)
        .where(CareCase.patient_id.in_(both), LegalStatus.corrected_at.is_(None))
        .order_by(LegalStatus.id)
    )
    found = []
    for patient_id, reference, status in session.execute(query):
        since = f", from {day(status.from_on)}" if status.from_on else ""
        until = f" until {day(status.ended_on)}" if status.ended_on else ", in force"
        found.append((patient_id, f"{known_label('legal_status', status.code)}{since}{until} ({reference})"))
    return found


def _alerts(session: Session, both: tuple[int, int]) -> list[tuple[int, str]]:
    query = (
        select(CareCase.patient_id, CaseAlert.text, CareCase.reference)
        .join(CaseAlert, CaseAlert.case_id == CareCase.id)
        .where(CareCase.patient_id.in_(both), CaseAlert.ended_at.is_(None))
        .order_by(CaseAlert.id)
    )
    return [(patient_id, f"{words} ({reference})") for patient_id, words, reference in session.execute(query)]


def _moves(session: Session, cases: Sequence[CareCase], standing: Patient, other: Patient) -> list[str]:
    """What agreeing would do; and who would see more, which is nobody outside the hub."""
    taken_in = which_case_takes_in(list(cases), standing.id)
    ids = [case.id for case in cases if case.patient_id == other.id]
    numbers = dict(
        session.execute(
            select(WorkItem.case_id, func.count()).where(WorkItem.case_id.in_(ids)).group_by(WorkItem.case_id)
        ).all()
    )
    said = []
    for case in cases:
        if case.patient_id != other.id:
            continue
        number = numbers.get(case.id, 0)
        held = count(number, "item") if number else "no items"
        if case.id in taken_in:
            into = taken_in[case.id].reference
            said.append(
                f"{case.reference} becomes part of {into}, because a person has one open case of a service line: "
                f"{held}, its alerts and stays go there, and each item’s history says so"
            )
            said.append(
                f"The legal status of {into} stands. If it has none, that of {case.reference} goes there; else it "
                "stays on the old case to be read: check the two"
            )
        else:
            said.append(f"{case.reference} goes to the record that stands, with {held}")
    return [
        *said,
        "Whoever is referred by the other record’s NHS number or name is found as the record that stands",
        "Nobody outside the hub sees more or less than before: who is a party to an item does not change",
        "Inside the hub, people who could open one of the two can open both as one",
    ]


def what_was_done(merge: Any, references: dict[int, str], standing: Patient) -> list[str]:
    """What agreeing did, in words, from the exact list."""
    said = []
    for field in FIELDS:
        changed = [merge.done["values"][name] for name in field.columns if name in merge.done["values"]]
        if changed:
            said.append(f"{field.label}: taken from the other record, and now “{field.words(standing) or 'blank'}”")
    for part in merge.done["emptied"]:
        old, new = references.get(part["id"], ""), references.get(part["into"], "")
        said.append(f"{old} became part of {new}: {count(len(part['items']), 'item')} moved")
    for part in merge.done["cases"]:
        said.append(f"{references.get(part['id'], '')} came with its {count(len(part['items']), 'item')}")
    if merge.done["stays"]:
        said.append(f"{count(len(merge.done['stays']), 'stay')} came too")
    return said


def references_of(session: Session, merge: Any) -> dict[int, str]:
    """The references of the cases that the exact list names."""
    done = merge.done or {"cases": [], "emptied": []}
    ids = [part[key] for part in (*done["cases"], *done["emptied"]) for key in ("id", "into") if key in part]
    return dict(session.execute(select(CareCase.id, CareCase.reference).where(CareCase.id.in_(ids))).all())
