"""An import that somebody asked for on the page: what is known of it, and its file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.accounts.models import UserAccount
from hub.db import Base, Moment


class Stage(StrEnum):
    """How far an import has come."""

    QUEUED = "queued"
    CHECKING = "checking"
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"

    @property
    def is_waiting(self) -> bool:
        """Whether the worker still has something to do with it."""
        return self in WAITING


WAITING = (Stage.QUEUED, Stage.CHECKING, Stage.IMPORTING)


def _is_one_of(stages: Iterable[Stage]) -> str:
    return f"stage IN ({', '.join(repr(str(stage)) for stage in stages)})"


class ImportRun(Base):
    """One file somebody sent. Written in short transactions, so that its progress can be seen while it is imported."""

    __tablename__ = "import_run"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    file_name: Mapped[str]
    file_bytes: Mapped[int] = mapped_column(BigInteger)
    file_sha256: Mapped[str]
    stage: Mapped[str] = mapped_column(default=Stage.QUEUED.value)
    wants_import: Mapped[bool] = mapped_column(default=False)
    """False while it is only to be checked."""
    skips_bad: Mapped[bool] = mapped_column(default=False)
    attempts: Mapped[int] = mapped_column(default=0)
    """How often a worker began this step; a file that kills the worker again and again is given up."""
    rows_done: Mapped[int] = mapped_column(default=0)
    rows_total: Mapped[int | None]
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """The counts of ImportReport; empty before the check is done."""
    problems: Mapped[list[Any]] = mapped_column(default=list)
    """[[row, field, words], …], at most MOST_PROBLEMS; all of them are in the file of rejects."""
    said: Mapped[str] = mapped_column(default="")
    """Why it was refused or failed, in words."""
    asked_at: Mapped[datetime] = mapped_column(Moment)
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)

    asked_by: Mapped[UserAccount] = relationship(viewonly=True)

    __table_args__ = (
        CheckConstraint(_is_one_of(Stage), name="stage_is_known"),
        Index("ix_import_run_waiting", "id", postgresql_where=text(_is_one_of(WAITING))),
        Index("ix_import_run_sha256", "file_sha256", "id"),
    )


class ImportFile(Base):
    """The bytes of a run. A worker holds this row while it works, and leaves the run's own row free to be written.

    In the database and not in a folder: the worker may run on another machine, a backup holds both or neither, and the
    file goes in the same transaction as the import that used it.
    """

    __tablename__ = "import_file"

    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"), primary_key=True)
    content: Mapped[bytes | None] = mapped_column(LargeBinary)
    """None once it is imported or has been forgotten."""
    rejects: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The rows with problems as a CSV file; None when there are none."""
