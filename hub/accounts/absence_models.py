"""Who is away, from when until when, and who stands in for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, Index, and_, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.accounts.models import UserAccount
from hub.db import Base, Moment


class Absence(Base):
    """A person is away from (included) until (not included) and a deputy stands in; `ended_at` is earlier than planned.

    One that was called off before it began has an `ended_at` before `from_at`: it never was.
    """

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("until_at > from_at", name="ends_after_it_starts"),
        CheckConstraint("deputy_id <> user_id", name="deputy_is_another_person"),
        CheckConstraint("ended_at <= until_at", name="ended_no_later_than_planned"),
        ExcludeConstraint(
            (text("int4range(user_id, user_id, '[]')"), "&&"),
            (text("tstzrange(from_at, GREATEST(from_at, COALESCE(ended_at, until_at)))"), "&&"),
            name="ex_absence_overlap",
            using="gist",
        ),
        Index("ix_absence_user", "user_id", "until_at"),
        Index("ix_absence_deputy", "deputy_id", "until_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    deputy_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    from_at: Mapped[datetime] = mapped_column(Moment)
    until_at: Mapped[datetime] = mapped_column(Moment)
    why: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """As much as the person wants colleagues to read: "Annual leave"; may be empty."""
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """Who recorded it; empty for a command."""
    made_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)

    user: Mapped[UserAccount] = relationship(foreign_keys=[user_id])
    deputy: Mapped[UserAccount] = relationship(foreign_keys=[deputy_id])

    @property
    def over_at(self) -> datetime:
        """When it is over, or was."""
        return self.ended_at or self.until_at

    @classmethod
    def over_at_sql(cls) -> ColumnElement[datetime]:
        """The same as an expression."""
        return func.coalesce(cls.ended_at, cls.until_at)

    @classmethod
    def runs_at(cls, now: Any) -> ColumnElement[bool]:
        """A condition: the person is away at `now` (aware, UTC, or a bound parameter)."""
        # The plan's end as well, since that is what the indexes hold.
        return and_(cls.from_at <= now, cls.until_at > now, cls.over_at_sql() > now)
