"""Imports in the background: asked for on the page, checked and written by the worker, seen while they go on."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from hub.db import transaction
from hub.engine.refusal import ActionRefused
from hub.engine.rulebook import rulebook
from hub.referrals.import_file import SUFFIXES, FileProblem, read_rows
from hub.referrals.import_models import WAITING, ImportFile, ImportRun, Stage
from hub.referrals.importing import ImportReport, import_referrals
from hub.referrals.rejects import Rejects
from workflows.actor import Actor
from workflows.deadlines import work_out
from workflows.roles import Role

SessionFactory = Callable[[], Session]
MOST_PROBLEMS: Final = 5_000
"""Problems kept to be listed on the page; all of them are in the file of rejects."""
MOST_ATTEMPTS: Final = 5
"""A file that killed the worker so often is given up, so that it does not hold up the others."""
SHOWN: Final = 20


def problem_at_the_start(file_name: str, content: bytes) -> str:
    """What is wrong with a file at first sight: its kind, its encoding, its first row; empty when nothing is."""
    with tempfile.TemporaryDirectory(prefix="hub-import-") as folder:
        path = _path_in(Path(folder), file_name)
        path.write_bytes(content)
        try:
            first = next(read_rows(path), None)
        except FileProblem as problem:
            return str(problem)
    return "" if first else "The file has no rows: under the names of the columns there is nothing"


def _path_in(folder: Path, file_name: str) -> Path:
    """Where a file is put to be read: of the sender's name only an ending that we know, nothing else is a safe path."""
    suffix = Path(file_name).suffix.lower()
    return folder / f"file{suffix if suffix in SUFFIXES else '.unknown'}"


def ask(session: Session, *, asked_by_id: int, file_name: str, content: bytes, now: datetime) -> ImportRun:
    """Keep a file to be checked by the worker. The caller commits."""
    run = ImportRun(
        asked_by_id=asked_by_id,
        file_name=file_name,
        file_bytes=len(content),
        file_sha256=hashlib.sha256(content).hexdigest(),
        asked_at=now,
    )
    session.add(run)
    session.flush()
    session.add(ImportFile(run_id=run.id, content=content))
    session.flush()
    return run


def go_on(session: Session, run: ImportRun, *, skips_bad: bool, now: datetime) -> None:
    """Have a checked file imported. Raises ActionRefused when that is not possible, or not any more."""
    session.refresh(run, with_for_update={"of": ImportRun})
    if run.stage != Stage.CHECKED:
        raise ActionRefused(["This file is not waiting to be imported: somebody may have been quicker"])
    if not run.report["good"]:
        raise ActionRefused(["There is nothing to import in this file"])
    if run.report["rejected"] and not skips_bad:
        raise ActionRefused(["Some rows have problems: mend them and send the file again, or leave them out"])
    run.stage, run.wants_import, run.skips_bad = Stage.QUEUED.value, True, skips_bad
    run.attempts, run.rows_done, run.rows_total = 0, 0, run.report["good"]
    run.started_at, run.finished_at = now, None  # since when it waits; the worker writes when it began
    session.flush()


def runs_seen_by(session: Session, actor: Actor) -> list[ImportRun]:
    """The newest imports this person may see: a coordinator all, an administrator their own."""
    query = select(ImportRun).options(joinedload(ImportRun.asked_by)).order_by(ImportRun.id.desc()).limit(SHOWN)
    if actor.role is not Role.COORDINATOR:
        query = query.where(ImportRun.asked_by_id == actor.user_id)
    return list(session.scalars(query))


def run_seen_by(session: Session, actor: Actor, reference: str) -> ImportRun | None:
    """One import, when this person may see it. What a row says of a patient is not for every administrator."""
    if not (reference.isascii() and reference.isdecimal() and len(reference) <= 18):
        return None
    run = session.get(ImportRun, int(reference), options=[joinedload(ImportRun.asked_by)])
    is_theirs = run is not None and (actor.role is Role.COORDINATOR or run.asked_by_id == actor.user_id)
    return run if is_theirs else None


def same_file_before(session: Session, run: ImportRun) -> ImportRun | None:
    """The last time exactly this file was imported, if it was."""
    query = select(ImportRun).where(
        ImportRun.file_sha256 == run.file_sha256, ImportRun.id != run.id, ImportRun.stage == Stage.DONE
    )
    return session.scalar(query.order_by(ImportRun.id.desc()).limit(1))


def rejects_of(session: Session, run_id: int) -> bytes | None:
    """The rows with problems as a CSV file; None when there are none, or they have been forgotten."""
    return session.scalar(select(ImportFile.rejects).where(ImportFile.run_id == run_id))


def run_next_import(sessions: SessionFactory, now: datetime) -> int:
    """Check or import the file that waits longest; gives how many were worked on, 0 or 1.

    Any number of workers may call it. It holds the file's row until its one transaction ends, so nobody else takes it;
    when the process is killed the database takes everything back and the next call begins the step again. Progress is
    written to the run's own row by a second connection, where everybody sees it at once.
    """
    begun = time.monotonic()
    with sessions() as session, transaction(session):
        run = _claim(session)
        if run is None:
            forget_old_files(session, now)
            return 0
        if run.attempts >= MOST_ATTEMPTS:
            said = (
                f"It was begun {run.attempts} times and never came to an end. Split the file, or ask who runs the hub"
            )
            outcome: dict[str, Any] = {"stage": Stage.FAILED.value, "said": said}
        else:
            outcome = _attempt(session, sessions, run, now)
        outcome["finished_at"] = now + timedelta(seconds=time.monotonic() - begun)
        session.execute(update(ImportRun).where(ImportRun.id == run.id).values(outcome))
    return 1


def forget_old_files(session: Session, now: datetime) -> int:
    """Delete files, and lists of problems, of imports that ended long ago; gives how many. The counts stay."""
    book = rulebook(session)
    rule = book.policy(None, now).duration("imports.keep_file")
    kept_for = work_out(rule, now, book.calendar(None, now)).due_at - now
    old = (
        select(ImportRun.id)
        .join(ImportFile, ImportFile.run_id == ImportRun.id)
        .where(ImportRun.stage.not_in(WAITING), ImportRun.finished_at < now - kept_for)
    )
    # The run too: somebody may have it imported at this very moment, and then needs the file.
    ids = list(session.scalars(old.with_for_update(of=[ImportFile, ImportRun], skip_locked=True)))
    if ids:
        said = "Nobody imported it in time, so the file was deleted. Send it again"
        session.execute(
            update(ImportRun)
            .where(ImportRun.id.in_(ids), ImportRun.stage == Stage.CHECKED)
            .values({"stage": Stage.REFUSED.value, "said": said})
        )
        session.execute(update(ImportRun).where(ImportRun.id.in_(ids)).values(problems=[]))
        for kept in session.scalars(select(ImportFile).where(ImportFile.run_id.in_(ids))):
            session.delete(kept)
    return len(ids)


def _claim(session: Session) -> ImportRun | None:
    """The oldest run whose file nobody holds, its file's row locked."""
    waiting = select(ImportRun.id).join(ImportFile, ImportFile.run_id == ImportRun.id)
    waiting = waiting.where(ImportRun.stage.in_(WAITING)).order_by(ImportRun.id).limit(1)
    run_id = session.scalar(waiting.with_for_update(of=ImportFile, skip_locked=True))
    # Asked again after the lock: the worker that had it may have finished between the look and the lock.
    run = session.get(ImportRun, run_id, populate_existing=True) if run_id is not None else None
    return run if run is not None and Stage(run.stage).is_waiting else None


def _attempt(session: Session, sessions: SessionFactory, run: ImportRun, now: datetime) -> dict[str, Any]:
    """Do the step; a file that cannot be used takes back what was written and says why."""
    stage = Stage.IMPORTING if run.wants_import else Stage.CHECKING
    _tell(sessions, run.id, stage=stage.value, attempts=run.attempts + 1, started_at=now, rows_done=0)
    try:
        with session.begin_nested(), _folder(folder_of(session, run.id)) as folder:
            return _work(session, sessions, run, now, folder)
    except FileProblem as problem:
        _drop_content(session, run.id)
        return {"stage": Stage.REFUSED.value, "said": str(problem)}


def _work(session: Session, sessions: SessionFactory, run: ImportRun, now: datetime, folder: Path) -> dict[str, Any]:
    kept = session.get_one(ImportFile, run.id)
    path, bad = _path_in(folder, run.file_name), folder / "rejects.csv"
    path.write_bytes(kept.content or b"")
    with Rejects(bad) as rejects:
        report = import_referrals(
            session,
            path,
            now=now,
            is_dry_run=not run.wants_import,
            skip_bad=run.skips_bad,
            rejects=rejects,
            checked=lambda rows: _tell(sessions, run.id, rows_done=0 if run.wants_import else rows),
            progress=lambda done, of: _tell(sessions, run.id, rows_done=done, rows_total=of),
            called=f"{run.file_name}, sent by {run.asked_by.name}",
            most_shown=MOST_PROBLEMS,
        )
        rejects.publish()
    kept.rejects = bad.read_bytes() if report.rejected else None
    session.flush()
    return _outcome(session, run, report)


def _outcome(session: Session, run: ImportRun, report: ImportReport) -> dict[str, Any]:
    counts = asdict(replace(report, problems=[]))
    problems = [[problem.row, problem.field, problem.message] for problem in report.problems]
    found = {"report": counts, "problems": problems, "rows_done": report.rows, "rows_total": report.rows}
    if not run.wants_import:
        return {**found, "stage": Stage.CHECKED.value}
    _drop_content(session, run.id)
    if report.is_refused:
        said = "Since it was checked, rows of it have got problems. Nothing was imported. Mend them, and send it again"
        return {**found, "stage": Stage.REFUSED.value, "said": said}
    return {**found, "stage": Stage.DONE.value, "rows_done": report.imported, "rows_total": report.good}


def _drop_content(session: Session, run_id: int) -> None:
    session.execute(update(ImportFile).where(ImportFile.run_id == run_id).values(content=None))


def _tell(sessions: SessionFactory, run_id: int, **values: Any) -> None:
    """Write to the run at once, by a connection of its own: the import itself shows nothing until its end."""
    with sessions() as own, transaction(own):
        own.execute(update(ImportRun).where(ImportRun.id == run_id).values(values))


def folder_of(session: Session, run_id: int) -> Path:
    """Where a run of this database works: two hubs on one machine must not meet, and a run finds what it left."""
    url = session.connection().engine.url
    whose = hashlib.sha256(repr((url.host, url.port, url.database, dict(url.query))).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"hub-import-{os.getuid()}-{whose}-{run_id}"


@contextmanager
def _folder(folder: Path) -> Iterator[Path]:
    """A private folder; what a killed worker left in it is deleted when the run is taken up again."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
