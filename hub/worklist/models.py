"""What the worklist keeps: saved views, and changes of many items at once with a result for each."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.db import Base, Moment

LONGEST_NAME = 40
"""Characters of a view's name: it is a tab."""


class Bulk(StrEnum):
    """What can be done to many items at once; each is an everyday action of that name."""

    ASSIGN = "assign"
    NOTE = "note"
    CHANGE_PRIORITY = "change_priority"


class Outcome(StrEnum):
    """How one row of a change ended."""

    DONE = "done"
    REFUSED = "refused"


class SavedView(Base):
    """A list with a name: one person's own, or a team's, which is the organisation its maker acted for."""

    __tablename__ = "saved_view"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    """Who made it."""
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    """The team that shares it; null for one's own."""
    name: Mapped[str]
    query: Mapped[str]
    """The filters as they stand in an address; read back by `read_filters`, so nothing in it can fail."""
    role: Mapped[str]
    """The role it was saved in, to say what another role no longer sees of it."""
    said: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Names as they were when it was saved: {"owner": …, "organisation": …}; for when they are gone."""
    saved_at: Mapped[datetime] = mapped_column(Moment)

    __table_args__ = (
        Index(
            "uq_saved_view_own_name",
            "owner_id",
            text("lower(name)"),
            unique=True,
            postgresql_where=text("organisation_id IS NULL"),
        ),
        Index(
            "uq_saved_view_team_name",
            "organisation_id",
            text("lower(name)"),
            unique=True,
            postgresql_where=text("organisation_id IS NOT NULL"),
        ),
        CheckConstraint(f"name <> '' AND length(name) <= {LONGEST_NAME}", name="has_a_name"),
    )


class BulkChange(Base):
    """One change of many items: who chose what, the answers, and when it was pressed. Done once, however often sent."""

    __tablename__ = "bulk_change"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    membership_id: Mapped[int] = mapped_column(ForeignKey("membership.id"))
    action: Mapped[str]
    answers: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """Typed answers by name of the action's questions; null until they are given. A note's words go once it is done."""
    reason: Mapped[str | None]
    query: Mapped[str]
    """The list it was chosen from, with its place: where the way back leads."""
    is_whole_list: Mapped[bool]
    """Everything the filters showed was chosen, and not single rows."""
    made_at: Mapped[datetime] = mapped_column(Moment)
    pressed_at: Mapped[datetime | None] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)

    rows: Mapped[list[BulkRow]] = relationship(order_by="BulkRow.position", viewonly=True)

    __table_args__ = (
        CheckConstraint("action IN ('assign', 'note', 'change_priority')", name="action_is_known"),
        CheckConstraint("pressed_at IS NULL OR answers IS NOT NULL", name="pressed_with_answers"),
        CheckConstraint("finished_at IS NULL OR pressed_at IS NOT NULL", name="finished_once_pressed"),
    )


class BulkRow(Base):
    """One item of a change, as it was seen, and what became of it."""

    __tablename__ = "bulk_change_row"

    change_id: Mapped[int] = mapped_column(ForeignKey("bulk_change.id", ondelete="CASCADE"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    position: Mapped[int]
    reference: Mapped[str]
    version: Mapped[int]
    """The item's version on the page where it was chosen."""
    outcome: Mapped[str | None]
    said: Mapped[str] = mapped_column(server_default=text("''"))
    """What was done, or why not, in words."""
    done_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        CheckConstraint("outcome IN ('done', 'refused')", name="outcome_is_known"),
        CheckConstraint("(outcome IS NULL) = (done_at IS NULL)", name="done_at_is_known"),
    )
