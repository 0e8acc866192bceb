"""Tables of beds: what a unit's own people last confirmed, every confirmation before it, and when it was chased."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.accounts.models import UserAccount
from hub.db import Base, Moment
from hub.organisations.models import Unit

MOST_BEDS: Final = 200
"""Of one type in one unit: more is a slip of the finger."""
FIGURES: Final = ("commissioned", "open_beds", "occupied", "held")


class Source(StrEnum):
    """How figures came in."""

    PAGE = "page"
    TELEPHONE = "telephone"
    """Said by the unit, entered for it by the hub."""
    CSV = "csv"

    @property
    def label(self) -> str:
        """The source in words."""
        return {"page": "On the page", "telephone": "By telephone", "csv": "From a file"}[self.value]


def free_beds(open_beds: int, occupied: int, held: int) -> int:
    """Beds a person could have now: open, with nobody in them and not kept for anybody; never below 0."""
    return max(0, open_beds - occupied - held)


_SUMS: Final = {
    "commissioned_is_possible": f"commissioned BETWEEN 0 AND {MOST_BEDS}",
    "open_are_commissioned": "open_beds BETWEEN 0 AND commissioned",
    "taken_are_open": "occupied >= 0 AND held >= 0 AND occupied + held <= open_beds",
    "closed_with_a_reason": "open_beds = commissioned OR closed_why <> ''",
    "source_is_known": "source IN ('page', 'telephone', 'csv')",
}


def _checks() -> list[CheckConstraint]:
    return [CheckConstraint(rule, name=name) for name, rule in _SUMS.items()]


class BedState(Base):
    """The beds of one type in one unit as last confirmed; `version` counts the confirmations."""

    __tablename__ = "bed_state"
    __table_args__ = (*_checks(), Index("ix_bed_state_confirmed_at", "confirmed_at"))

    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    bed_type: Mapped[str] = mapped_column(primary_key=True)
    commissioned: Mapped[int]
    open_beds: Mapped[int]
    occupied: Mapped[int]
    held: Mapped[int]
    """Kept for somebody who is to come."""
    closed_why: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """Why fewer are open than are commissioned; "" when all are."""
    confirmed_at: Mapped[datetime] = mapped_column(Moment)
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """None when a command brought it."""
    confirmed_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    source: Mapped[str] = mapped_column(default="page", server_default=text("'page'"))
    told_by: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """Who of the unit said it on the telephone."""
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))

    unit: Mapped[Unit] = relationship(viewonly=True)
    confirmed_by: Mapped[UserAccount | None] = relationship(foreign_keys=[confirmed_by_id], viewonly=True)

    @property
    def free(self) -> int:
        """Beds a person could have now."""
        return free_beds(self.open_beds, self.occupied, self.held)

    @property
    def closed(self) -> int:
        """Commissioned and not open."""
        return self.commissioned - self.open_beds


class BedStateEntry(Base):
    """One confirmation, append-only: the figures as they were then, and the version they made."""

    __tablename__ = "bed_state_entry"
    __table_args__ = (*_checks(), UniqueConstraint("unit_id", "bed_type", "version"))

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    bed_type: Mapped[str]
    version: Mapped[int]
    commissioned: Mapped[int]
    open_beds: Mapped[int]
    occupied: Mapped[int]
    held: Mapped[int]
    closed_why: Mapped[str] = mapped_column(default="", server_default=text("''"))
    confirmed_at: Mapped[datetime] = mapped_column(Moment)
    """When they were true; before `recorded_at` when a file brought them later."""
    confirmed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    confirmed_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    source: Mapped[str]
    told_by: Mapped[str] = mapped_column(default="", server_default=text("''"))
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    file_sha256: Mapped[str | None] = mapped_column(index=True)
    """Of the file it came from, so that the same file again changes nothing."""

    confirmed_by: Mapped[UserAccount | None] = relationship(foreign_keys=[confirmed_by_id], viewonly=True)

    @property
    def free(self) -> int:
        """Beds a person could have had then."""
        return free_beds(self.open_beds, self.occupied, self.held)

    @property
    def closed(self) -> int:
        """Commissioned and not open."""
        return self.commissioned - self.open_beds


class BedChase(Base):
    """When a unit was last asked for new figures: once in a period, however many workers there are."""

    __tablename__ = "bed_chase"

    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"), primary_key=True)
    chased_at: Mapped[datetime] = mapped_column(Moment)
