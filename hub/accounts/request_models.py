"""Tables about getting an account: one-time links, accounts that are asked for, the e-mail domains of organisations."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.accounts.models import EMAIL_LENGTH, UserAccount
from hub.db import Base, Moment

DOMAIN_LENGTH = 253
NAME_LENGTH = 120
JOB_LENGTH = 120
ORGANISATION_LENGTH = 200
REASON_LENGTH = 1000


class Purpose(StrEnum):
    """What a one-time link is for."""

    PASSWORD = "password"  # noqa: S105 - a word, not a secret
    INVITATION = "invitation"
    CONFIRM_ADDRESS = "confirm_address"


class Outcome(StrEnum):
    """How a request for an account ended. REPLACED: the same person asked again and confirmed the newer one."""

    APPROVED = "approved"
    REFUSED = "refused"
    REPLACED = "replaced"


class OneTimeLink(Base):
    """A link that is sent by e-mail and works once.

    The token is never stored: the worker makes it from the installation's key, the row's number and `salt` when it
    sends the link, and stores its SHA-256. A copy of this table opens nothing.
    """

    __tablename__ = "one_time_link"
    __table_args__ = (
        CheckConstraint("num_nonnulls(user_id, request_id) = 1", name="of_one_person"),
        CheckConstraint("used_at IS NULL OR ended_at IS NULL", name="used_or_ended"),
        Index("ix_one_time_link_user", "user_id", postgresql_where=text("user_id IS NOT NULL")),
        Index("ix_one_time_link_request", "request_id", postgresql_where=text("request_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    purpose: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    request_id: Mapped[int | None] = mapped_column(ForeignKey("account_request.id", ondelete="CASCADE"))
    salt: Mapped[str]
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    """Empty until the worker has sent it."""
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """Who invited; empty when the person asked for it."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    """When a newer link took its place."""

    user: Mapped[UserAccount | None] = relationship(foreign_keys=[user_id])
    request: Mapped[AccountRequest | None] = relationship()


class AccountRequest(Base):
    """Somebody asks for an account as a referrer. It reaches the hub once the address is confirmed."""

    __tablename__ = "account_request"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_is_lower_case"),
        CheckConstraint("(ended_at IS NULL) = (outcome IS NULL)", name="ended_with_an_outcome"),
        CheckConstraint("ended_at IS NULL OR confirmed_at IS NOT NULL", name="decided_when_confirmed"),
        Index(
            "uq_account_request_waiting",
            "email",
            unique=True,
            postgresql_where=text("confirmed_at IS NOT NULL AND ended_at IS NULL"),
        ),
        Index("ix_account_request_ended", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    job: Mapped[str] = mapped_column(String(JOB_LENGTH))
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    organisation_typed: Mapped[str] = mapped_column(String(ORGANISATION_LENGTH))
    """Name or ODS code, as the person wrote it."""
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH))
    asked_at: Mapped[datetime] = mapped_column(Moment)
    confirmed_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[str | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    decided_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    refusal: Mapped[str | None]
    """Code of the reason; the person reads its sentence."""
    refusal_note: Mapped[str | None] = mapped_column(String(REASON_LENGTH))
    """For the hub alone."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """Whose account it became."""
    membership_id: Mapped[int | None] = mapped_column(ForeignKey("membership.id"))

    decided_by: Mapped[UserAccount | None] = relationship(foreign_keys=[decided_by_id])


class OrganisationEmailDomain(Base):
    """A domain whose addresses belong to an organisation; several organisations may share one."""

    __tablename__ = "organisation_email_domain"
    __table_args__ = (
        UniqueConstraint("organisation_id", "domain"),
        CheckConstraint("domain = lower(domain)", name="domain_is_lower_case"),
        Index("ix_organisation_email_domain_domain", "domain"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    domain: Mapped[str] = mapped_column(String(DOMAIN_LENGTH))
    has_subdomains: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Whether ward.example.test counts when the domain is example.test."""
    added_at: Mapped[datetime] = mapped_column(Moment)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
