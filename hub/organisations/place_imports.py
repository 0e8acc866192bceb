"""Importing organisations, sites and units with a row of history each, and trying it out first."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from hub.db import Lock, hold
from hub.engine.admin_log import log_change
from hub.organisations.importing import Report, import_organisations
from hub.organisations.services import ORGANISATION, SITE, UNIT, in_words_of
from workflows.actor import Actor
from workflows.durations import local

_COLUMNS: Final = {"parent": "parent_id", "organisation": "organisation_id", "site": "site_id"}


def import_places(session: Session, by: Actor | None, *, now: datetime, why: str, **files: Any) -> Report:
    """`import_organisations` with a row of history for everything it added or changed; `by` is None for a command.

    Raises ImportRefused with every problem, and then changes nothing. The caller commits.
    """
    hold(session, Lock.PLACES)
    report = import_organisations(session, today=local(now).date(), **files)
    for row, old in report.touched:
        table = next(table for table in (ORGANISATION, SITE, UNIT) if isinstance(row, table.model))
        names = table.labels if old is None else {_COLUMNS.get(name, name) for name in old}
        new = {table.labels[name]: in_words_of(session, name, getattr(row, name)) for name in names}
        was = {
            table.labels[_COLUMNS.get(name, name)]: in_words_of(session, name, value)
            for name, value in (old or {}).items()
        }
        what = "Added by an import" if old is None else "Changed by an import"
        log_change(session, by, table.subject, row.id, what, now=now, old=was, new=new, why=why)
    return report


def try_import(session: Session, by: Actor, *, now: datetime, **files: Any) -> tuple[Report, list[tuple[str, str]]]:
    """What `import_places` would do: its counts, and (what, name) of everything it would touch. Nothing stays done."""
    trial = session.begin_nested()
    try:
        report = import_places(session, by, now=now, why="", **files)
        lines = [("added" if old is None else "changed", f"{row.name}") for row, old in report.touched]
    finally:
        trial.rollback()
    return report, lines
