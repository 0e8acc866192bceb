"""Days nobody works that were announced or taken back: the runs over open clocks, what is left, what moved."""

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Date, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Moment


class Recount(Base):
    """One day added or removed, and how far the open clocks it touches have been worked out again."""

    __tablename__ = "recount"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    on_date: Mapped[date] = mapped_column(Date)
    title: Mapped[str]
    kind: Mapped[str]
    """bank_holiday or local_closure."""
    change: Mapped[str]
    """added or removed."""
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    barrier: Mapped[int | None] = mapped_column(BigInteger)
    """A transaction number taken after the day was committed: whatever read the calendar before it is older."""
    total: Mapped[int | None]
    """How many clocks it touches; empty until they are known."""
    started_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint("kind IN ('bank_holiday', 'local_closure')", name="kind_is_known"),
        CheckConstraint("change IN ('added', 'removed')", name="change_is_known"),
        Index("ix_recount_unfinished", "id", postgresql_where=text("finished_at IS NULL")),
    )


class RecountClock(Base):
    """One clock that a recount has still to look at; the row goes when it has."""

    __tablename__ = "recount_clock"

    # Without foreign keys: a hundred thousand rows come at once, and each key would lock the clock it names. Neither
    # a clock nor a recount is ever deleted.
    recount_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    clock_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class RecountMove(Base):
    """One deadline that a recount moved."""

    __tablename__ = "recount_move"

    recount_id: Mapped[int] = mapped_column(ForeignKey("recount.id"), primary_key=True, autoincrement=False)
    clock_id: Mapped[int] = mapped_column(ForeignKey("clock.id"), primary_key=True, autoincrement=False)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"))
    old_due_at: Mapped[datetime] = mapped_column(Moment)
    new_due_at: Mapped[datetime] = mapped_column(Moment)
