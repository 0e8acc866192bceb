"""The in-app inbox: what the hub told whom, what each wants by e-mail, and addresses that e-mail comes back from."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Moment

WAYS = "'at_once', 'daily', 'off'"


class Message(Base):
    """One outbox row as one person's message; told once, however often its delivery was tried.

    Messages of one person, topic, `event_at` and absent colleague are one line of the inbox.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("outbox_id", "user_id"),
        CheckConstraint(f"mail_when IN ({WAYS})", name="mail_when_is_known"),
        Index("ix_message_inbox", "user_id", text("event_at DESC"), "topic"),
        Index("ix_message_unread", "user_id", "item_id", postgresql_where=text("read_at IS NULL")),
        Index("ix_message_unread_events", "user_id", "event_at", "topic", postgresql_where=text("read_at IS NULL")),
        Index(
            "ix_message_to_mail",
            "mail_when",
            "user_id",
            postgresql_where=text("mail_id IS NULL AND mail_when <> 'off'"),
        ),
        Index("ix_message_mail", "mail_id", postgresql_where=text("mail_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    """Whose message it is, when the reader stands in for somebody away."""
    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox_message.id"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("work_item.id"))
    topic: Mapped[str]
    kind: Mapped[str]
    """A row of hub/messages/kinds.py: what a person sets a wish for."""
    words: Mapped[str]
    """What happened, without names or clinical words."""
    page: Mapped[str | None]
    """Where the matter is looked after, of one about no item; the path of a page."""
    event_at: Mapped[datetime] = mapped_column(Moment)
    """When it happened, or the moment that it was made to wait for."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    """When it came into the inbox."""
    read_at: Mapped[datetime | None] = mapped_column(Moment)
    mail_when: Mapped[str] = mapped_column(server_default=text("'off'"), default="off")
    """How its reader wished to have it by e-mail when it came: at_once, daily or off."""
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_message.id"))
    """The e-mail that brings it; set before that is sent, so that a repeat says the same."""


class MessagePreference(Base):
    """How one person wants one kind of message by e-mail; without a row, as the kind usually is."""

    __tablename__ = "message_preference"
    __table_args__ = (CheckConstraint(f"way IN ({WAYS})", name="way_is_known"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    way: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(Moment)


class MailBounce(Base):
    """An e-mail address that mail came back from. Nothing more is sent to it until somebody has cleared it."""

    __tablename__ = "mail_bounce"

    address: Mapped[str] = mapped_column(primary_key=True)
    """Lower case, as accounts keep it; a person with another address is not meant any more."""
    at: Mapped[datetime] = mapped_column(Moment)
    said: Mapped[str]
    """What the mail service said."""
    cleared_at: Mapped[datetime | None] = mapped_column(Moment)


class MailDigestRun(Base):
    """The day's digests are written: one row a London date, which only one worker can add."""

    __tablename__ = "mail_digest_run"

    on_date: Mapped[date] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
