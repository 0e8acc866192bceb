"""The placement table: what kind of bed is looked for."""

from typing import Any, ClassVar

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from hub.cases.models import CareCase
from hub.engine.models import WorkItem
from workflows.placement import PLACEMENT


class Placement(WorkItem):
    """One person's search for a bed."""

    __tablename__ = "placement"
    workflow = PLACEMENT
    needs_loaded: ClassVar[tuple[str, ...]] = ()

    id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    bed_type: Mapped[str | None]
    expected_length_weeks: Mapped[int | None]

    case: Mapped[CareCase | None] = relationship(viewonly=True)
    admission: Mapped[Any] = relationship(
        "Admission", primaryjoin="foreign(Placement.parent_id) == Admission.id", viewonly=True, uselist=False
    )
    """The decision it was opened from; another feature's table, so by name."""

    __mapper_args__ = {"polymorphic_identity": "placement"}
