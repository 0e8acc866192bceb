"""Rows of one escalation: its sides, the visits of its stages, and what each side says there."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.accounts.models import UserAccount
from hub.db import Base, Moment
from hub.organisations.models import Organisation


class Side(Base):
    """One organisation that disagrees; `place` is its order on every page, the raiser first."""

    __tablename__ = "escalation_side"
    __table_args__: Any = (UniqueConstraint("item_id", "organisation_id"), UniqueConstraint("item_id", "place"))

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    place: Mapped[int]
    is_raiser: Mapped[bool]
    """Whether it raised the dispute; none did where a case manager raised it between others."""

    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True, viewonly=True)

    @property
    def name(self) -> str:
        """The organisation's."""
        return self.organisation.name


class Visit(Base):
    """One time in one stage: a stage that is gone back to is visited again, and every side is heard again."""

    __tablename__ = "escalation_visit"
    __table_args__: Any = (
        Index("ix_escalation_visit_item_id", "item_id"),
        # Of an item, one visit goes on at most.
        Index("uq_escalation_visit_here", "item_id", unique=True, postgresql_where=text("left_at IS NULL")),
        CheckConstraint("came IN ('accepted', 'up', 'back', 'reopened')", name="came_is_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    stage: Mapped[str]
    came: Mapped[str]
    """How it came here: "accepted", "up", "back" or "reopened"."""
    why: Mapped[str | None]
    """The question that it was sent back with, or what is to be settled here."""
    entered_at: Mapped[datetime] = mapped_column(Moment)
    left_at: Mapped[datetime | None] = mapped_column(Moment)


class Position(Base):
    """What one side says at one visit, word for word; or that it did not reply in its time."""

    __tablename__ = "escalation_position"
    __table_args__: Any = (UniqueConstraint("visit_id", "side_id"), Index("ix_escalation_position_item_id", "item_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    visit_id: Mapped[int] = mapped_column(ForeignKey("escalation_visit.id"))
    side_id: Mapped[int] = mapped_column(ForeignKey("escalation_side.id"))
    is_no_reply: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    words: Mapped[str | None]
    disputed: Mapped[str | None]
    wanted: Mapped[str | None]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    """When it was first stated."""
    changed_at: Mapped[datetime | None] = mapped_column(Moment)

    by: Mapped[UserAccount | None] = relationship(foreign_keys=[by_id], viewonly=True)


class Wish(Base):
    """One side asked, at one visit, to go up a stage."""

    __tablename__ = "escalation_wish"
    __table_args__: Any = (UniqueConstraint("visit_id", "side_id"), Index("ix_escalation_wish_item_id", "item_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    visit_id: Mapped[int] = mapped_column(ForeignKey("escalation_visit.id"))
    side_id: Mapped[int] = mapped_column(ForeignKey("escalation_side.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Moment)


class Speaker(Base):
    """Who speaks for one side at one stage; the newest row holds. Without an account, `user_id` is empty."""

    __tablename__ = "escalation_speaker"
    __table_args__: Any = (Index("ix_escalation_speaker_item_id", "item_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    side_id: Mapped[int] = mapped_column(ForeignKey("escalation_side.id"))
    stage: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    name: Mapped[str]
    """The person's, with their post when they have no account; "" where there is nobody else."""
    is_nobody_else: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    is_unsaid: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Recorded because the side let its time run out without naming anybody."""
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Moment)


class Fact(Base):
    """One numbered fact; locked once every side agrees it."""

    __tablename__ = "escalation_fact"
    __table_args__: Any = (UniqueConstraint("item_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    number: Mapped[int]
    words: Mapped[str]
    side_id: Mapped[int | None] = mapped_column(ForeignKey("escalation_side.id"))
    """Who put it down."""
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    locked_at: Mapped[datetime | None] = mapped_column(Moment)

    @property
    def is_locked(self) -> bool:
        """Whether every side has agreed it, which stays so."""
        return self.locked_at is not None


class View(Base):
    """Whether one side agrees one fact or disputes it; no row while it says neither."""

    __tablename__ = "escalation_view"
    __table_args__: Any = (UniqueConstraint("fact_id", "side_id"), Index("ix_escalation_view_item_id", "item_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    fact_id: Mapped[int] = mapped_column(ForeignKey("escalation_fact.id"))
    side_id: Mapped[int] = mapped_column(ForeignKey("escalation_side.id"))
    agrees: Mapped[bool]
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Moment)
