"""The document table: what stands on an item, and whose bytes are kept by their hash."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.db import Base, Moment
from hub.engine.models import AccessLog, WorkItem

__all__ = ["Document"]


class Document(Base):
    """One file on an item. It is never changed or deleted: it can be taken back, with a reason."""

    __tablename__ = "document"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"))
    position: Mapped[int]
    """Of the history row that added it."""
    name: Mapped[str]
    kind: Mapped[str]
    """A key of hub/documents/kinds.py, by content."""
    bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    audience: Mapped[str]
    """As a history row's: "hub", "all", "organisation:ID" or "alone:ID"."""
    added_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    acting_as: Mapped[int | None] = mapped_column(ForeignKey("membership.id"))
    at: Mapped[datetime] = mapped_column(Moment)
    scan: Mapped[str]
    """clean, not_scanned."""
    taken_back_at: Mapped[datetime | None] = mapped_column(Moment)
    taken_back_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    taken_back_why: Mapped[str | None]

    item: Mapped[WorkItem] = relationship(viewonly=True)
    added_by: Mapped[Any] = relationship("UserAccount", foreign_keys=[added_by_id], viewonly=True, lazy="joined")
    taken_back_by: Mapped[Any] = relationship(
        "UserAccount", foreign_keys=[taken_back_by_id], viewonly=True, lazy="joined"
    )

    __table_args__ = (
        UniqueConstraint("item_id", "position"),
        Index("ix_document_sha256", "sha256"),
        CheckConstraint("bytes > 0", name="has_bytes"),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256_is_one"),
        CheckConstraint("scan IN ('clean', 'not_scanned')", name="scan_is_known"),
        CheckConstraint(
            "num_nonnulls(taken_back_at, taken_back_by_id, taken_back_why) IN (0, 3)", name="taken_back_whole"
        ),
    )

    @property
    def added_by_name(self) -> str:
        """Who added it."""
        return str(self.added_by.name)


Index(
    "ix_access_log_document",
    AccessLog.item_id,
    AccessLog.id,
    postgresql_where=text("(detail ->> 'document'::text) IS NOT NULL"),
)
"""Who opened the documents of an item: the log of a busy hub has millions of rows about other things."""
