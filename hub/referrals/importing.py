"""Importing a file of referrals: everything is checked before anything is written, in one transaction."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from hub.db import Lock, hold
from hub.engine.clock_steps import ring_in_silence
from hub.engine.models import Clock, OutboxMessage
from hub.engine.perform import perform
from hub.engine.rulebook import rulebook
from hub.engine.start import Beginning, start
from hub.organisations.models import Organisation
from hub.organisations.queries import active_collaborative
from hub.referrals.import_file import Examined, FileProblem, examine, read_rows
from hub.referrals.rejects import Rejects
from hub.referrals.services import parties_of, title_of
from hub.referrals.validation import AgeLimits, Problem
from workflows.core import SYSTEM, Actor
from workflows.policy import DIMENSIONS
from workflows.referral import REFERRAL
from workflows.roles import Role

SHOWN: Final = 50
"""Problems kept to be shown; all of them are counted, and all go into the file of rejects."""
BATCH: Final = 500

# Both sides go through the database's own lower(), which need not agree with Python's outside ASCII.
_THERE: Final = text(
    "SELECT wanted.position, referral.fingerprint, work_item.reference "
    "FROM unnest(CAST(:systems AS text[]), CAST(:references AS text[])) "
    "WITH ORDINALITY AS wanted (system, reference, position) "
    "JOIN referral ON lower(referral.source_system) = lower(wanted.system) "
    "AND lower(referral.source_reference) = lower(wanted.reference) "
    "JOIN work_item ON work_item.id = referral.id"
)
_Thing = TypeVar("_Thing")


@dataclass(frozen=True, slots=True)
class RowProblem:
    """One thing wrong with one row: its number in a spreadsheet, the field (empty: the whole row), the words."""

    row: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"Row {self.row}, {self.field}: {self.message}" if self.field else f"Row {self.row}: {self.message}"


@dataclass(slots=True)
class ImportReport:
    """What an import found, and what it added."""

    rows: int = 0
    good: int = 0
    """Good rows that are not in the hub yet."""
    imported: int = 0
    """How many of them were added: all, or none."""
    repeats: int = 0
    """Exact repeats of an earlier row of the file."""
    already_there: int = 0
    """Rows that an earlier import brought, with the same answers."""
    rejected: int = 0
    """Rows with at least one problem."""
    problem_count: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    """The first `most_shown` of them."""
    is_refused: bool = False
    """Bad rows stopped the whole file."""
    most_shown: int = SHOWN


@dataclass(slots=True)
class _Plan:
    """What the first pass decided: which rows to write, and the file it decided that for."""

    report: ImportReport
    digest: str
    to_write: set[int] = field(default_factory=set)


def import_referrals(
    session: Session,
    path: Path,
    *,
    now: datetime,
    actor: Actor = SYSTEM,
    is_dry_run: bool = False,
    skip_bad: bool = False,
    rejects: Rejects | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
    checked: Callable[[int], None] = lambda _rows: None,
    called: str = "",
    most_shown: int = SHOWN,
) -> ImportReport:
    """Check the whole file, then write its good rows as referrals submitted when they were received.

    The caller commits, and publishes the rejects after that. Unless `skip_bad`, one bad row keeps everything out.
    Raises FileProblem for a file that cannot be used, also when it changes meanwhile, and OSError for rejects that
    cannot be written; roll back then. `checked` is called now and again with the rows checked so far, then `progress`
    with the rows written and those to write. `called` is what the histories say of the file, else its name.
    """
    if not is_dry_run:
        hold(session, Lock.IMPORT)  # a second import waits for the first, and then sees what it brought
    known = session.execute(select(Organisation.ods_code, Organisation.id))
    organisations = {row.ods_code: row.id for row in known}
    ages = _age_limits(session, now)

    def rows() -> Iterator[Examined]:
        return examine(read_rows(path), now=now, known_organisations=organisations, age_limits=ages)

    plan = _check(session, path, rows(), rejects, ImportReport(most_shown=most_shown), checked)
    report = plan.report
    report.is_refused = bool(report.rejected) and not skip_bad
    if rejects is not None:
        rejects.complete()
    if is_dry_run or report.is_refused:
        return report
    writer = _Writer(session, called or path.name, replace(actor, role=Role.SYSTEM), now, organisations)
    wanted = (row for row in rows() if row.number in plan.to_write)
    for batch in _batches(wanted):
        writer.write(batch)
        report.imported += len(batch)
        progress(report.imported, report.good)
    if _digest(path) != plan.digest or report.imported != report.good:
        raise FileProblem("The file was changed while it was being read, so nothing was imported: try again")
    return report


def _check(
    session: Session,
    path: Path,
    rows: Iterator[Examined],
    rejects: Rejects | None,
    report: ImportReport,
    checked: Callable[[int], None],
) -> _Plan:
    plan = _Plan(report, _digest(path))
    for batch in _batches(rows):
        there = _already_there(session, [row for row in batch if row.is_good and not row.is_duplicate])
        for row in batch:
            report.rows += 1
            problems = row.problems or _conflict(row, there.get(row.number))
            if problems:
                _reject(report, row, problems, rejects)
            elif row.is_duplicate:
                report.repeats += 1
            elif row.number in there:
                report.already_there += 1
            else:
                report.good += 1
                plan.to_write.add(row.number)
        checked(report.rows)
    return plan


def _reject(report: ImportReport, row: Examined, problems: tuple[Problem, ...], rejects: Rejects | None) -> None:
    report.rejected += 1
    report.problem_count += len(problems)
    room = report.most_shown - len(report.problems)
    report.problems += [RowProblem(row.number, one.field, one.message) for one in problems[: max(room, 0)]]
    if rejects is not None:
        rejects.add(row, problems)


def _already_there(session: Session, rows: list[Examined]) -> dict[int, tuple[str | None, str]]:
    """Row number to fingerprint and reference of the referral that has its source reference already."""
    if not rows:
        return {}
    found = session.execute(
        _THERE,
        {
            "systems": [str(row.values["source_system"]) for row in rows],
            "references": [str(row.values["source_reference"]) for row in rows],
        },
    )
    return {rows[place - 1].number: (mark, reference) for place, mark, reference in found}


def _conflict(row: Examined, there: tuple[str | None, str] | None) -> tuple[Problem, ...]:
    if there is None or there[0] == row.fingerprint:
        return ()
    words = (
        f"{there[1]} came in with this source reference already, with other answers: correct it there, or give this "
        "one its own reference"
    )
    return (Problem("source_reference", words),)


class _Writer:
    """Writes good rows through the engine, as of the moment each was received."""

    def __init__(
        self, session: Session, file_name: str, actor: Actor, now: datetime, organisations: dict[str, int]
    ) -> None:
        self.session, self.file_name, self.actor, self.now = session, file_name, actor, now
        self.organisations = organisations
        self.collaboratives: dict[str, int | None] = {}

    def write(self, rows: Iterable[Examined]) -> None:
        """Write some rows; late deadlines among them are marked, and nobody is told."""
        written = [self._write_one(row) for row in rows]
        self._ring_in_silence(written)
        # Whoever sends messages can tell a referral that was brought over from one that somebody just sent.
        self.session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.item_id.in_(written))
            .values(payload=OutboxMessage.payload.concat({"imported": True}))
            .execution_options(synchronize_session=False)
        )

    def _write_one(self, row: Examined) -> int:
        values: dict[str, Any] = {**row.values, "fingerprint": row.fingerprint}
        received: datetime = values["received_at"]
        referral = start(
            self.session,
            REFERRAL,
            self.actor,
            now=received,
            values=values,
            about=Beginning(
                title=title_of(values),
                collaborative_id=self._collaborative(values["service_line"]),
                parties=parties_of(self.organisations[values["referring_organisation"]], None),
            ),
        )
        perform(
            self.session,
            referral,
            "submit",
            self.actor,
            now=received,
            values={"declaration": True},
            reason=f"Imported from {self.file_name}, row {row.number}",
        )
        return int(referral.id)

    def _collaborative(self, line: str) -> int | None:
        if line not in self.collaboratives:
            found = active_collaborative(self.session, line)
            self.collaboratives[line] = found.id if found else None
        return self.collaboratives[line]

    def _ring_in_silence(self, item_ids: list[int]) -> None:
        columns = (Clock.id, Clock.due_at, Clock.rang_at, Clock.stopped_at)
        clocks = self.session.execute(select(*columns).where(Clock.item_id.in_(item_ids))).all()
        marked = ring_in_silence(list(clocks), self.now)
        if marked:
            self.session.execute(update(Clock), marked)


def _age_limits(session: Session, now: datetime) -> AgeLimits:
    policy = rulebook(session).policy(None, now)
    return {
        line: (
            policy.number("referral.age_from", service_line=line),
            policy.number("referral.age_to", service_line=line),
        )
        for line in DIMENSIONS["service_line"]
    }


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _batches(things: Iterator[_Thing]) -> Iterator[list[_Thing]]:
    while batch := list(islice(things, BATCH)):
        yield batch
