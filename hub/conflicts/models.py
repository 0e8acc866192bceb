"""The interest table: what somebody declared about an organisation."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.accounts.models import UserAccount
from hub.db import Base, Moment
from hub.organisations.models import Organisation


class Interest(Base):
    """One declared interest. It is never changed: it ends, or is taken back with a reason."""

    __tablename__ = "interest"
    __table_args__ = (
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="ends_after_it_starts"),
        Index("ix_interest_user_id", "user_id"),
        Index("ix_interest_organisation_id", "organisation_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    """Whose interest it is."""
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[str]
    """A code of `interest_kind`."""
    what: Mapped[str]
    from_on: Mapped[date]
    until_on: Mapped[date | None]
    """Its last day, a London date; None while it lasts."""
    declared_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    declared_at: Mapped[datetime] = mapped_column(Moment)
    taken_back_at: Mapped[datetime | None] = mapped_column(Moment)
    taken_back_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    taken_back_why: Mapped[str | None]

    user: Mapped[UserAccount] = relationship(foreign_keys=[user_id], viewonly=True)
    declared_by: Mapped[UserAccount] = relationship(foreign_keys=[declared_by_id], viewonly=True)
    organisation: Mapped[Organisation] = relationship(viewonly=True)
