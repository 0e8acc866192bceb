"""The task table: what is owed, and since when."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.cases.models import CareCase
from hub.db import Moment
from hub.engine.models import WorkItem
from workflows.task import TASK


class Task(WorkItem):
    """Something still owed on the item it was opened from."""

    __tablename__ = "task"
    workflow = TASK
    needs_loaded: ClassVar[tuple[str, ...]] = ()

    id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    what: Mapped[str]
    """What is owed, as a sentence to whoever owes it."""
    asked_at: Mapped[datetime] = mapped_column(Moment)

    case: Mapped[CareCase | None] = relationship(viewonly=True)
    owed_on: Mapped[Any] = relationship(
        "Referral", primaryjoin="foreign(Task.parent_id) == Referral.id", viewonly=True, uselist=False
    )
    """The referral whose form it is the rest of; another feature's table, so by name. None for other tasks."""

    __mapper_args__ = {"polymorphic_identity": "task"}
