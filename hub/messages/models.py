"""The in-app inbox: what the hub told whom."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Moment


class Message(Base):
    """One outbox row as one person's message; told once, however often its delivery was tried."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("outbox_id", "user_id"),
        Index("ix_message_inbox", "user_id", text("created_at DESC"), text("id DESC")),
        Index("ix_message_unread", "user_id", "item_id", postgresql_where=text("read_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox_message.id"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("work_item.id"))
    topic: Mapped[str]
    words: Mapped[str]
    """What happened, without names or clinical words."""
    created_at: Mapped[datetime] = mapped_column(Moment)
    """When it came into the inbox."""
    read_at: Mapped[datetime | None] = mapped_column(Moment)
