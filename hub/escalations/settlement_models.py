"""Rows of one escalation: versions of a settlement and who accepted them, the panel, and the actions that follow."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.accounts.models import UserAccount
from hub.db import Base, Moment
from hub.organisations.models import Organisation


class Proposal(Base):
    """One version of the settlement. It is never changed: another text is another version."""

    __tablename__ = "escalation_proposal"
    __table_args__: Any = (UniqueConstraint("item_id", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    version: Mapped[int]
    words: Mapped[str]
    actions: Mapped[list[Any]]
    """[{"what": …, "owner_organisation_id": …, "owner_name": …, "due_on": ISO date}, …]"""
    visit_id: Mapped[int] = mapped_column(ForeignKey("escalation_visit.id"))
    side_id: Mapped[int | None] = mapped_column(ForeignKey("escalation_side.id"))
    """Whose proposal; empty for the convenor's."""
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    """When another version took its place, or the dispute was reopened."""

    by: Mapped[UserAccount] = relationship(foreign_keys=[by_id], viewonly=True)


class Acceptance(Base):
    """One side accepted one version."""

    __tablename__ = "escalation_acceptance"
    __table_args__: Any = (
        UniqueConstraint("proposal_id", "side_id"),
        Index("ix_escalation_acceptance_item_id", "item_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    proposal_id: Mapped[int] = mapped_column(ForeignKey("escalation_proposal.id"))
    visit_id: Mapped[int] = mapped_column(ForeignKey("escalation_visit.id"))
    side_id: Mapped[int] = mapped_column(ForeignKey("escalation_side.id"))
    by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    at: Mapped[datetime] = mapped_column(Moment)

    by: Mapped[UserAccount] = relationship(foreign_keys=[by_id], viewonly=True)


class Seat(Base):
    """One person on the panel, with what they declared; `until_at` is set when another panel was appointed."""

    __tablename__ = "escalation_seat"
    __table_args__: Any = (
        Index("ix_escalation_seat_item_id", "item_id"),
        CheckConstraint("seat IN ('chair', 'member')", name="seat_is_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    seat: Mapped[str]
    declaration: Mapped[str]
    from_at: Mapped[datetime] = mapped_column(Moment)
    until_at: Mapped[datetime | None] = mapped_column(Moment)

    user: Mapped[UserAccount] = relationship(viewonly=True)

    @property
    def name(self) -> str:
        """The person's."""
        return self.user.name


class Issue(Base):
    """What the panel decided on one issue, with its reasons; for kinds about money, whose offer it chose."""

    __tablename__ = "escalation_issue"
    __table_args__: Any = (UniqueConstraint("item_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    number: Mapped[int]
    """Counts on when it is determined once more after it was reopened."""
    issue: Mapped[str]
    chosen_organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    reasons: Mapped[str]
    at: Mapped[datetime] = mapped_column(Moment)

    chosen: Mapped[Organisation | None] = relationship(viewonly=True)


class AgreedAction(Base):
    """One action that was agreed or determined, and what became of it."""

    __tablename__ = "escalation_action"
    __table_args__: Any = (
        UniqueConstraint("item_id", "number"),
        CheckConstraint("state IN ('open', 'claimed', 'confirmed', 'silent', 'dropped')", name="state_is_known"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("escalation.id"))
    number: Mapped[int]
    what: Mapped[str]
    owner_organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    owner_name: Mapped[str]
    due_on: Mapped[date]
    state: Mapped[str]
    """open, claimed, confirmed, silent (nobody answered the claim in its time), dropped."""
    evidence: Mapped[str | None]
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    claimed_at: Mapped[datetime | None] = mapped_column(Moment)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    disputed_why: Mapped[str | None]

    owner: Mapped[Organisation] = relationship(viewonly=True)
