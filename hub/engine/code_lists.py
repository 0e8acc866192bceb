"""What the hub changed in the shipped code lists: kept in the database, laid over the files in every process."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub import codes
from hub.db import Base, Moment


class CodeEntry(Base):
    """One change to a code list, append-only. With a label a code is called so from a day; without, it ends."""

    __tablename__ = "code_entry"
    __table_args__ = (
        CheckConstraint("to_on IS NULL OR from_on IS NULL OR to_on >= from_on", name="ends_after_it_starts"),
        CheckConstraint(
            "(label IS NOT NULL AND from_on IS NOT NULL) OR (label IS NULL AND from_on IS NULL AND to_on IS NOT NULL)",
            name="begins_or_ends",
        ),
        Index("ix_code_entry_list", "list_name", "code", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    list_name: Mapped[str]
    code: Mapped[str]
    label: Mapped[str | None]
    from_on: Mapped[date | None]
    to_on: Mapped[date | None]
    source: Mapped[str]
    more: Mapped[dict[str, Any]]
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    added_at: Mapped[datetime] = mapped_column(Moment)


class CodeListState(Base):
    """One row: a counter that a trigger moves with every change of a code list; 0 until the first."""

    __tablename__ = "code_list_state"

    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, default=0)


STATE = text("SELECT version FROM code_list_state WHERE id = 1")


def keep_up(session: Session, version: int | None = None) -> None:
    """Give this process the code lists as they are now: no statement when `version`, read already, is the one it has.

    Without `version` it is read first.
    """
    if version is None:
        version = int(session.execute(STATE).scalar_one())
    if version == codes.version():
        return
    rows = session.scalars(select(CodeEntry).order_by(CodeEntry.id)) if version else ()
    codes.lay_over(
        version,
        [
            codes.Change(row.list_name, row.code, row.label, row.from_on, row.to_on, row.source, row.more)
            for row in rows
        ],
    )
