"""What a person is typing in one window and has not sent: the table."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from hub.db import Base, Moment


class Draft(Base):
    """What a person is typing in one window and has not sent. Outside the engine; `perform` takes it in once."""

    __tablename__ = "draft"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("work_item.id"))
    kind: Mapped[str]
    action: Mapped[str]
    fields: Mapped[dict[str, Any]]
    page: Mapped[str] = mapped_column(default="")
    """The token of the window it was typed in, made when the form was first shown there."""
    is_set_aside: Mapped[bool] = mapped_column(default=False)
    """Its writer sent other words from another window since: shown to be copied, filled in nowhere."""
    item_version: Mapped[int | None]
    saved_at: Mapped[datetime] = mapped_column(Moment, index=True)

    __table_args__ = (
        Index("uq_draft_one", "user_id", "kind", text("coalesce(item_id, 0)"), "action", "page", unique=True),
    )
