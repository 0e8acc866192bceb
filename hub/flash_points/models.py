"""The flash point table: what goes wrong between partners, how it begins, and what they agreed to do first."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.accounts.models import UserAccount
from hub.db import Base, Moment
from hub.organisations.models import Organisation


class FlashPoint(Base):
    """One flash point. Its number is its id: what was agreed under it is changed by writing it anew and ending this."""

    __tablename__ = "flash_point"
    __table_args__ = (CheckConstraint("until_on IS NULL OR until_on >= from_on", name="ends_after_it_starts"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    dispute_kind: Mapped[str | None]
    """A code of `dispute_kind`; None for one that may come with any kind."""
    goes_wrong: Mapped[str]
    """What goes wrong, in a few words: "Ready to leave, nowhere to go"."""
    early_sign: Mapped[str]
    first_response: Mapped[str]
    whom_to_ring: Mapped[str]
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    written_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    """The organisation whose member wrote it."""
    written_at: Mapped[datetime] = mapped_column(Moment)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("flash_point.id"))

    written_by: Mapped[UserAccount] = relationship(viewonly=True)
    organisation: Mapped[Organisation] = relationship(viewonly=True)
