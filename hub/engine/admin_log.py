"""Who changed people and settings: one row each with old, new and why, append-only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from hub.db import Base, Moment
from hub.engine.refusal import ActionRefused
from workflows.actor import Actor


class Subject(StrEnum):
    """What a change is about; its key is an id, a code list's name or a date."""

    PERSON = "person"
    ORGANISATION = "organisation"
    SITE = "site"
    UNIT = "unit"
    COLLABORATIVE = "collaborative"
    CODE_LIST = "code_list"
    DAY = "day"
    FLASH_POINT = "flash_point"
    INTEREST = "interest"


class AdminChange(Base):
    """One change an administrator made; `old` and `new` hold the same names, in words a person can read."""

    __tablename__ = "admin_change"
    __table_args__ = (Index("ix_admin_change_subject", "subject", "subject_key", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """Whom they stood in for."""
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"))
    subject: Mapped[str]
    subject_key: Mapped[str]
    what: Mapped[str]
    old: Mapped[dict[str, Any]]
    new: Mapped[dict[str, Any]]
    why: Mapped[str]


def log_change(
    session: Session,
    by: Actor | None,
    subject: Subject,
    key: int | str,
    what: str,
    *,
    now: datetime,
    old: Mapping[str, object] | None = None,
    new: Mapping[str, object] | None = None,
    why: str = "",
) -> None:
    """Add one row; `by` is None for a command. Values are kept as text, dates as ISO text."""
    session.add(
        AdminChange(
            at=now,
            by_id=by.user_id if by else None,
            for_id=by.on_behalf_of if by else None,
            membership_id=by.membership_id if by else None,
            subject=str(subject),
            subject_key=str(key),
            what=what,
            old=_plain(old or {}),
            new=_plain(new or {}),
            why=why,
        )
    )
    session.flush()


class ChangedMeanwhile(ActionRefused):
    """Somebody else changed this since the page was opened; `changes` says what, newest first."""

    def __init__(self, changes: Sequence[AdminChange]) -> None:
        super().__init__(
            ["Somebody else has changed this since you opened the page. Look at what changed, then send yours again"],
            is_stale=True,
        )
        self.changes = changes


def refuse_if_changed(session: Session, subject: Subject, key: int | str, seen: int) -> None:
    """Raise ChangedMeanwhile when there is a change after the one the page saw. Call it with the row locked."""
    since = changes_of(session, subject, key, seen)
    if since:
        raise ChangedMeanwhile(since)


def changes_of(session: Session, subject: Subject, key: int | str, since: int = 0) -> Sequence[AdminChange]:
    """What was changed about one thing after the change with the id `since`, newest first."""
    query = select(AdminChange).where(
        AdminChange.subject == str(subject), AdminChange.subject_key == str(key), AdminChange.id > since
    )
    return session.scalars(query.order_by(AdminChange.id.desc())).all()


def last_change(session: Session, subject: Subject, key: int | str) -> int:
    """The id of the newest change about one thing, 0 for none: what a page has seen when it was opened."""
    query = select(func.coalesce(func.max(AdminChange.id), 0)).where(
        AdminChange.subject == str(subject), AdminChange.subject_key == str(key)
    )
    return int(session.execute(query).scalar_one())


def _plain(values: Mapping[str, object]) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value if value is None else str(value)
        for name, value in values.items()
    }
