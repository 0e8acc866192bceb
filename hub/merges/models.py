"""The merge table: which two records, what was chosen, and exactly what was moved."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from hub.cases.models import CareCase
from hub.db import Moment
from hub.engine.models import WorkItem
from hub.merges import checks
from hub.patients.models import Patient
from workflows.actor import Actor
from workflows.merge import MERGE


class Merge(WorkItem):
    """Two records that may be one person: proposed by one person, agreed by another, and taken back the same way."""

    __tablename__ = "merge"
    workflow = MERGE
    needs_loaded: ClassVar[tuple[str, ...]] = ()

    id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    standing_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    """The record that stands for both."""
    other_id: Mapped[int] = mapped_column(ForeignKey("patient.id"))
    """The record that becomes part of it."""
    standing_case_id: Mapped[int | None] = mapped_column(ForeignKey("care_case.id"))
    other_case_id: Mapped[int | None] = mapped_column(ForeignKey("care_case.id"))
    """The case that each record was opened by: where it is logged that somebody read the two side by side."""
    taken: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    """[{"field": name}, ...]: what the standing record takes over from the other; empty for nothing."""
    why: Mapped[str]
    done: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What was moved and changed, row by row (see `hub.merges.joining`); empty until it is agreed."""
    undone: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """What stayed with the standing record when it was taken back, in words; empty until then."""
    agreed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    agreed_role: Mapped[str | None]
    agreed_at: Mapped[datetime | None] = mapped_column(Moment)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    asked_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    asked_role: Mapped[str | None]
    asked_at: Mapped[datetime | None] = mapped_column(Moment)

    case: Mapped[CareCase | None] = relationship(foreign_keys="WorkItem.case_id", viewonly=True)
    standing: Mapped[Patient] = relationship(foreign_keys=[standing_id], viewonly=True)
    other: Mapped[Patient] = relationship(foreign_keys=[other_id], viewonly=True)

    def hindrances(self, actor: Actor) -> list[str]:
        """Why the two cannot be made one now, as this person may be told."""
        return checks.hindrances(self._session, self.standing_id, self.other_id, actor, self.id)

    def hindrances_of_undoing(self, actor: Actor) -> list[str]:
        """Why the two cannot be taken apart now."""
        return checks.hindrances_of_undoing(self._session, self, actor)

    def why_out_of_sight(self, actor: Actor) -> list[str]:
        """Why this person may not compare the two; empty when they may."""
        return checks.why_out_of_sight(self._session, (self.standing_id, self.other_id), actor)

    @property
    def _session(self) -> Session:
        found = object_session(self)
        if found is None:
            raise LookupError("a merge that is in no session cannot be judged")
        return found

    __mapper_args__ = {"polymorphic_identity": "merge"}
    __table_args__: Any = (
        CheckConstraint("standing_id <> other_id", name="two_records"),
        Index("ix_merge_standing_id", "standing_id"),
        Index("ix_merge_other_id", "other_id"),
    )
