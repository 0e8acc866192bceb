"""The table of papers: what a form or a notice said when it was made, never changed afterwards."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Identity, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.db import Base, Moment
from hub.engine.models import WorkItem


class PaperKind(StrEnum):
    """What a paper is."""

    FORM_1 = "form_1"
    FORM_2 = "form_2"
    DECISION_NOTICE = "decision_notice"
    PACK = "pack"
    DISPUTE = "dispute"

    @property
    def label(self) -> str:
        """What it is called on a page."""
        return {
            "form_1": "Form 1",
            "form_2": "Form 2",
            "decision_notice": "Decision notice",
            "pack": "What you need to answer",
            "dispute": "The whole dispute",
        }[self.value]


class ForWhom(StrEnum):
    """Who besides its writer may read a paper, in terms of what they may see of its item."""

    WHOLE = "whole"
    """Whoever may read what was written on the item."""
    OUTCOME = "outcome"
    """Also whoever sees how the item ended and no more, such as the referrer of an admission decision."""


def _is_one_of(column: str, names: type[StrEnum]) -> str:
    return f"{column} IN ({', '.join(repr(str(name)) for name in names)})"


class Paper(Base):
    """One paper, append-only. `sha256` covers everything that is on it; see `hub.papers.content.fingerprint`."""

    __tablename__ = "paper"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("work_item.id"))
    position: Mapped[int]
    """Of the history row that made it."""
    kind: Mapped[str]
    title: Mapped[str]
    content: Mapped[dict[str, Any]]
    """{"author": …, "reference": …, "blocks": [{"kind": "heading", …}, …]}; see `hub.papers.content`."""
    sha256: Mapped[str]
    for_whom: Mapped[str]
    made_at: Mapped[datetime] = mapped_column(Moment)

    item: Mapped[WorkItem] = relationship(viewonly=True, foreign_keys=[item_id])

    __table_args__: Any = (
        UniqueConstraint("item_id", "position", "kind"),
        ForeignKeyConstraint(["item_id", "position"], ["transition.item_id", "transition.position"]),
        CheckConstraint(_is_one_of("kind", PaperKind), name="kind_is_known"),
        CheckConstraint(_is_one_of("for_whom", ForWhom), name="readers_are_known"),
    )

    @property
    def label(self) -> str:
        """What it is called on a page."""
        return PaperKind(self.kind).label

    @property
    def file_name(self) -> str:
        """ "REF-2026-00042-form-1.pdf": it says what it is, and names nobody."""
        return f"{self.content['reference']}-{self.kind.replace('_', '-')}.pdf"
