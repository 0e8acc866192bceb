"""Beds for tests: figures as they are typed, a confirmation of them, and how many there are."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.beds.figures import read_figures
from hub.beds.models import BedState, BedStateEntry
from hub.beds.services import Confirmation, confirm
from hub.organisations.models import Unit

NOW = datetime(2026, 4, 2, 9, 45, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEN = {"commissioned": "10", "open_beds": "10", "occupied": "8", "held": "1", "closed_why": ""}


def said(session: Session, unit: Unit, at: datetime = NOW, **changes: Any) -> BedState:
    """One confirmation of the figures of TEN, or others."""
    figures, wrong = read_figures(TEN | {name: str(value) for name, value in changes.items()})
    assert figures is not None, wrong
    state = session.get(BedState, (unit.id, unit.bed_type))
    told = Confirmation(unit.id, unit.bed_type, figures, None, at)
    return confirm(session, told, seen=state.version if state else 0, now=at)


def entries(session: Session) -> int:
    """How many confirmations there are."""
    return session.scalar(select(func.count()).select_from(BedStateEntry)) or 0
