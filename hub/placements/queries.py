"""Reading what was asked of units for one search, and what they said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from hub.engine.rulebook import Rulebook
from hub.organisations.models import Organisation, Unit
from hub.placements.approach_models import Approach, ApproachFigures
from hub.web.filters import ClockFace
from hub.web.item_rows import face_of, next_clock


@dataclass(frozen=True, slots=True)
class Asked:
    """One approach with its unit, its running clock and what the unit's own bed state said when it refused."""

    approach: Approach
    unit: str
    provider: str
    face: ClockFace | None
    """None once it has ended."""
    figures: ApproachFigures | None


def approaches_of(session: Session, placement_id: int, book: Rulebook, now: datetime) -> Sequence[Asked]:
    """Every approach of a search, the first asked first, in one statement. For the hub alone: it names every unit."""
    rows = session.execute(
        select(Approach, Unit.name, Organisation.name, next_clock, ApproachFigures)
        .join(Unit, Unit.id == Approach.unit_id)
        .join(Organisation, Organisation.id == Approach.organisation_id)
        .outerjoin(next_clock, true())
        .outerjoin(ApproachFigures, ApproachFigures.approach_id == Approach.id)
        .where(Approach.parent_id == placement_id)
        .order_by(Approach.opened_at, Approach.id)
    )
    return [
        Asked(approach, unit, provider, face_of(approach, clock, book, now) if clock is not None else None, figures)
        for approach, unit, provider, clock, figures in rows
    ]
