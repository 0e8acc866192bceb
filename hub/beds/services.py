"""Confirming beds: under a lock, every confirmation kept, and two people at once told of each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from hub.beds.figures import Figures
from hub.beds.models import BedState, BedStateEntry, Source
from hub.engine.refusal import ActionRefused, Problem
from hub.organisations.models import Unit

LONGEST_NAME = 120


class ConfirmedMeanwhile(ActionRefused):
    """Somebody else confirmed these beds since the page was opened; `entries` says what, newest first."""

    def __init__(self, entries: Sequence[BedStateEntry]) -> None:
        super().__init__(
            ["Somebody else has confirmed these beds since you opened the page. Look at theirs, then send yours again"],
            is_stale=True,
        )
        self.entries = entries


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What somebody says about the beds of one type in one unit, and how it came in."""

    unit_id: int
    bed_type: str
    figures: Figures
    by_id: int | None
    """The account; None for a command."""
    confirmed_at: datetime
    source: Source = Source.PAGE
    told_by: str = ""
    """Who of the unit said it on the telephone."""
    file_sha256: str | None = None


def confirm(session: Session, said: Confirmation, *, seen: int, now: datetime) -> BedState:
    """Record a confirmation; `seen` is the version the page showed, 0 for none. The caller commits.

    Raises ConfirmedMeanwhile when somebody was quicker, and ActionRefused for a telephone call nobody made.
    """
    told_by = " ".join(said.told_by.replace("\0", "").split())
    if said.source == Source.TELEPHONE and not told_by:
        raise ActionRefused([Problem("Enter who of the unit gave you these figures", "told_by")])
    if len(told_by) > LONGEST_NAME:
        raise ActionRefused([Problem(f"Use {LONGEST_NAME} letters or fewer for the name", "told_by")])
    hold_units(session, [said.unit_id])
    state = session.get(BedState, (said.unit_id, said.bed_type), populate_existing=True)
    if (state.version if state else 0) != seen:
        raise ConfirmedMeanwhile(entries_since(session, said.unit_id, said.bed_type, seen))
    return write(session, state, replace(said, told_by=told_by), now=now)


def write(session: Session, state: BedState | None, said: Confirmation, *, now: datetime) -> BedState:
    """Put one confirmation into both tables; the caller holds the unit and has checked that it is the newest."""
    figures = {name: getattr(said.figures, name) for name in Figures.__dataclass_fields__}
    # Time does not run backwards for a unit, even when two servers' clocks differ.
    at = max(said.confirmed_at, state.confirmed_at) if state else said.confirmed_at
    kept = {
        **figures,
        "confirmed_at": at,
        "confirmed_by_id": said.by_id,
        "source": str(said.source),
        "told_by": said.told_by,
        "version": (state.version if state else 0) + 1,
    }
    if state is None:
        state = BedState(unit_id=said.unit_id, bed_type=said.bed_type)
        session.add(state)
    for name, value in kept.items():
        setattr(state, name, value)
    key = {"unit_id": said.unit_id, "bed_type": said.bed_type}
    session.add(BedStateEntry(**key, **kept, recorded_at=now, file_sha256=said.file_sha256))
    session.flush()
    return state


def hold_units(session: Session, unit_ids: Sequence[int]) -> None:
    """Lock these units, in the order of their ids, so that their beds are confirmed by one person at a time."""
    query = select(Unit.id).where(Unit.id.in_(unit_ids)).order_by(Unit.id)
    session.execute(query.with_for_update(key_share=True)).all()


def entries_since(session: Session, unit_id: int, bed_type: str, seen: int) -> Sequence[BedStateEntry]:
    """Confirmations after the version `seen`, newest first, at most ten, each with who made it."""
    query = select(BedStateEntry).where(
        BedStateEntry.unit_id == unit_id, BedStateEntry.bed_type == bed_type, BedStateEntry.version > seen
    )
    query = query.options(joinedload(BedStateEntry.confirmed_by)).order_by(BedStateEntry.version.desc()).limit(10)
    return session.scalars(query).all()
