"""Importing beds from a CSV file: every problem by row and field, all or nothing, the same file twice is nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, select, true
from sqlalchemy.orm import Session

from hub.beds.csv_file import Line, read_lines
from hub.beds.figures import Figures, figures_of
from hub.beds.models import BedState, BedStateEntry, Source
from hub.beds.queries import may_be_confirmed
from hub.beds.services import Confirmation, hold_units, write
from hub.codes import codes, known_label
from hub.organisations.csv_rows import ImportRefused
from hub.organisations.models import Site, Unit
from hub.organisations.queries import lasts
from workflows.actor import Actor
from workflows.durations import local, moment_words

Key = tuple[int, str]


@dataclass(frozen=True, slots=True)
class Told:
    """One row that says something new."""

    name: str
    bed_type: str
    before: Figures | None
    after: Figures


@dataclass(slots=True)
class Report:
    """What an import did: the rows that were confirmed, and how many were there just so."""

    told: list[Told] = field(default_factory=list)
    same: int = 0
    is_known_file: bool = False
    """This very file was imported before, so nothing was changed."""


def import_beds(session: Session, text: str, actor: Actor | None, *, now: datetime) -> Report:
    """Confirm what a file says; `actor` is None for a command, which may enter every unit. The caller commits.

    A row without a moment is true `now`. Raises ImportRefused with every problem, and then changes nothing.
    """
    lines = read_lines(text)
    digest = hashlib.sha256(text.replace("\r\n", "\n").strip().encode()).hexdigest()
    units = _units_of(session, lines, actor, now)
    hold_units(session, [unit.id for unit in units.values()])
    states = _states_of(session, [unit.id for unit in units.values()])
    wanted: dict[Key, tuple[Line, Unit]] = {}
    for line in lines:
        _place(line, units, states, wanted, actor)
    _refuse(lines)
    if session.scalar(select(BedStateEntry.id).where(BedStateEntry.file_sha256 == digest).limit(1)) is not None:
        return Report(same=len(lines), is_known_file=True)
    report, news = Report(), list[Key]()
    for key, (line, _unit) in wanted.items():
        if _is_news(session, line, states.get(key), key, now):
            news.append(key)
        else:
            report.same += 1
    _refuse(lines)
    for key in news:
        line, unit = wanted[key]
        assert line.figures is not None  # a row with a problem has been refused
        known = states.get(key)
        before = figures_of(known) if known else None
        by_id = actor.user_id if actor else None
        said = Confirmation(*key, line.figures, by_id, line.at or now, Source.CSV, file_sha256=digest)
        write(session, known, said, now=now)
        report.told.append(Told(unit.name, known_label("bed_type", key[1]), before, line.figures))
    return report


def try_import(session: Session, text: str, actor: Actor | None, *, now: datetime) -> Report:
    """What `import_beds` would do. Nothing stays done."""
    trial = session.begin_nested()
    try:
        return import_beds(session, text, actor, now=now)
    finally:
        trial.rollback()


def _units_of(session: Session, lines: Sequence[Line], actor: Actor | None, now: datetime) -> dict[str, Unit]:
    """The units of the file that this actor may enter figures for, by code."""
    query: Select[Unit] = select(Unit).join(Site).where(Unit.unit_code.in_({line.unit_code for line in lines}))
    may = may_be_confirmed(actor) if actor else true()
    return {row.unit_code: row for row in session.scalars(query.where(may, lasts(Unit.until_on, local(now).date())))}


def _states_of(session: Session, unit_ids: Sequence[int]) -> dict[Key, BedState]:
    query = select(BedState).where(BedState.unit_id.in_(unit_ids)).execution_options(populate_existing=True)
    return {(row.unit_id, row.bed_type): row for row in session.scalars(query)}


def _place(
    line: Line,
    units: dict[str, Unit],
    states: dict[Key, BedState],
    wanted: dict[Key, tuple[Line, Unit]],
    actor: Actor | None,
) -> None:
    """Find the unit and type of one row, each once in a file."""
    unit = units.get(line.unit_code)
    is_of_the_hub = actor is None or actor.is_hub
    if unit is None:
        if line.unit_code:
            whose = "a unit we know" if is_of_the_hub else "a unit of yours"
            line.row.wrong("unit_code", f"'{line.unit_code}' is not {whose}")
        return
    key = (unit.id, line.bed_type or unit.bed_type)
    if key[1] != unit.bed_type and key[1] not in codes("bed_type"):
        line.row.wrong("bed_type", f"'{key[1]}' is not in the code list bed_type")
    elif key[1] != unit.bed_type and key not in states and not is_of_the_hub:
        line.row.wrong(
            "bed_type", f"the beds of this unit are {unit.bed_type}: ask the hub before you add another type"
        )
    elif key in wanted:
        line.row.wrong("unit_code", f"'{line.unit_code}' with this type of bed is on line {wanted[key][0].row.line}")
    else:
        wanted[key] = (line, unit)


def _is_news(session: Session, line: Line, known: BedState | None, key: Key, now: datetime) -> bool:
    """Whether a row says something that is not recorded; noted as a problem when it is older than what is."""
    if line.at is None:
        return True
    if line.at > now:
        line.row.wrong("confirmed_at", f"{moment_words(line.at)} has not come yet")
        return False
    if known is None or line.at > known.confirmed_at.replace(microsecond=0):
        return True
    if line.at == known.confirmed_at.replace(microsecond=0) and figures_of(known) == line.figures:
        return False
    query = select(BedStateEntry).where(BedStateEntry.unit_id == key[0], BedStateEntry.bed_type == key[1])
    told = [entry for entry in session.scalars(query) if entry.confirmed_at.replace(microsecond=0) == line.at]
    if any(figures_of(entry) == line.figures for entry in told):
        return False
    said = moment_words(known.confirmed_at)
    if told:
        line.row.wrong("confirmed_at", f"other figures are recorded for this moment. The newest are of {said}")
    else:
        line.row.wrong("confirmed_at", f"it is older than what is recorded: these beds were confirmed on {said}")
    return False


def _refuse(lines: Sequence[Line]) -> None:
    problems = [problem for line in lines for problem in line.row.problems]
    if problems:
        raise ImportRefused(problems)
