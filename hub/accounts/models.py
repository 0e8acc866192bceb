"""Tables about people: account, membership, sign-in session, sign-in attempt, on-call shift."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ColumnElement, Enum, ForeignKey, Index, String, and_, or_, text, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.db import Base, Moment
from workflows.roles import Role

EMAIL_LENGTH = 254


def _words(kind: type[StrEnum]) -> Enum:
    """A column type holding the enum's values as text: a new role must not need a migration."""
    return Enum(
        kind,
        native_enum=False,
        create_constraint=False,
        length=40,
        values_callable=lambda members: [member.value for member in members],
    )


class SessionEnd(StrEnum):
    """Why a sign-in session ended."""

    SIGNED_OUT = "signed_out"
    IDLE = "idle"
    TOO_OLD = "too_old"
    ROLE_CHANGED = "role_changed"
    CREDENTIALS_CHANGED = "credentials_changed"
    DISABLED = "disabled"
    ABSENCE_OVER = "absence_over"
    """Not of a session: the standing in has ended under it, and a role is to be chosen again."""


class AttemptOutcome(StrEnum):
    """How one attempt to sign in ended."""

    FAILED = "failed"
    THROTTLED = "throttled"
    SUCCEEDED = "succeeded"
    ASKED = "asked"
    """Not an attempt to sign in: an e-mail was asked for."""


class UserAccount(Base):
    """A person who may sign in. `email` is always lower case; the password is kept as an Argon2id hash."""

    __tablename__ = "user_account"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_is_lower_case"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    created_at: Mapped[datetime] = mapped_column(Moment)

    memberships: Mapped[list[Membership]] = relationship(back_populates="user", order_by="Membership.id")


class Membership(Base):
    """A role a person holds at an organisation. `from_on` and `until_on` are the first and last day, London dates."""

    __tablename__ = "membership"
    __table_args__ = (
        CheckConstraint("until_on IS NULL OR until_on >= from_on", name="ends_after_it_starts"),
        Index("ix_membership_organisation_role", "organisation_id", "role"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"), index=True)
    role: Mapped[Role] = mapped_column(_words(Role))
    from_on: Mapped[date]
    until_on: Mapped[date | None]

    user: Mapped[UserAccount] = relationship(back_populates="memberships")

    @classmethod
    def overlapping(cls, user_id: int, from_on: date, until_on: date | None) -> ColumnElement[bool]:
        """A condition: the person's memberships that share at least one day with from_on..until_on."""
        starts_in_time = true() if until_on is None else cls.from_on <= until_on
        return and_(cls.user_id == user_id, starts_in_time, or_(cls.until_on.is_(None), cls.until_on >= from_on))


class SignInSession(Base):
    """One sign-in. Only the SHA-256 of the token is stored, so a copy of this table signs nobody in."""

    __tablename__ = "sign_in_session"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (ended_why IS NULL)", name="ended_with_a_reason"),
        Index("ix_sign_in_session_user", "user_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"))
    absence_id: Mapped[int | None] = mapped_column(ForeignKey("absence.id"))
    """While standing in for somebody: during which absence; the membership is then the absent person's."""
    address: Mapped[str] = mapped_column(String(45))
    # The 12-hour limit counts from the password, so changing role (a new row) carries this over.
    signed_in_at: Mapped[datetime] = mapped_column(Moment)
    created_at: Mapped[datetime] = mapped_column(Moment)
    last_seen_at: Mapped[datetime] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_why: Mapped[SessionEnd | None] = mapped_column(_words(SessionEnd))


class SignInAttempt(Base):
    """One attempt to sign in. What was typed as e-mail is kept as a SHA-256 only: people type passwords there."""

    __tablename__ = "sign_in_attempt"
    __table_args__ = (
        Index("ix_sign_in_attempt_account", "account_hash", "at"),
        Index("ix_sign_in_attempt_address", "address", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_hash: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(45))
    at: Mapped[datetime] = mapped_column(Moment)
    outcome: Mapped[AttemptOutcome] = mapped_column(_words(AttemptOutcome))


class OnCallShift(Base):
    """Who is on call from (included) until (not included). The rota, not a standing role, gives on-call's powers."""

    __tablename__ = "on_call_shift"
    __table_args__ = (
        CheckConstraint("until_at > from_at", name="ends_after_it_starts"),
        CheckConstraint("deputy_id IS NULL OR deputy_id <> user_id", name="deputy_is_another_person"),
        Index("ix_on_call_shift_time", "until_at", "from_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    deputy_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    from_at: Mapped[datetime] = mapped_column(Moment)
    until_at: Mapped[datetime] = mapped_column(Moment)

    user: Mapped[UserAccount] = relationship(foreign_keys=[user_id])
    deputy: Mapped[UserAccount | None] = relationship(foreign_keys=[deputy_id])
