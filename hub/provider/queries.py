"""What a unit's own page reads: its units, what is open, its beds and what it answered; one statement each.

Every statement begins at a live party row of the reader's own organisation and unit, so that another unit's approach,
stay or bed cannot come into it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, literal, or_, select, true, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from hub.beds.models import BedState
from hub.beds.queries import is_own
from hub.cases.models import CareCase
from hub.engine.models import Clock, ItemParty, Transition, WorkItem
from hub.engine.rulebook import Rulebook, RulebookState, rulebook_at
from hub.engine.visibility import is_of_the_organisation, person_may_be_known
from hub.organisations.models import Site, Unit
from hub.organisations.queries import lasts
from hub.patients.models import Patient
from hub.placements.approach_models import Approach, ApproachPack
from hub.placements.models import Placement
from hub.stays.models import Stay
from hub.web.item_rows import next_clock
from hub.web.paging import Cursor, Page, page_of
from workflows.actor import Actor
from workflows.durations import local
from workflows.roles import Capacity

KINDS: Final = {
    "approach": Capacity.ASKED,
    "placement": Capacity.RECEIVING,
    "stay": Capacity.TREATING,
}
"""What a unit has on its page, and as what."""
MOST_OPEN: Final = 500
"""More open items than any provider has; beyond it the worklist is the place."""
PAGE_SIZE: Final = 25
RECENT: Final = timedelta(days=7)
"""How long an offer that is over stays beside those that stand."""

_APPROACH: Any = Approach.__table__
_PLACEMENT: Any = Placement.__table__
_STAY: Any = Stay.__table__


@dataclass(frozen=True, slots=True)
class Ground:
    """What the page stands on: policy and calendar, the units of this membership by name, and their bed figures."""

    book: Rulebook
    units: tuple[Unit, ...]
    states: tuple[BedState, ...]


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One open approach, accepted bed or stay; who it is about is None where this reader may not be told."""

    item: WorkItem
    unit_id: int | None
    """Ours, as the party to it: a search for a bed is about no one unit."""
    clock: Clock | None
    age_years: int | None
    """Of an approach, as its pack says."""
    home_outcode: str | None
    born_on: date | None
    offered_bed: str | None
    conveyance_at: datetime | None
    began_at: datetime | None
    leave_from: datetime | None
    leave_until: datetime | None
    left_at: datetime | None
    estimated_discharge_on: date | None
    is_restricted: bool | None
    """Sharing is restricted in its case; of an approach the title says nothing anyway."""


@dataclass(frozen=True, slots=True)
class Ended:
    """An approach that ended: when, and the unit's own words. Nothing in it tells whom it was about."""

    id: int
    reference: str
    state: str
    title: str
    unit_id: int | None
    opened_at: datetime
    closed_at: datetime
    offered_bed: str | None
    offer_from: datetime | None
    offer_conditions: str | None
    refusal_reason: str | None
    refusal_details: str | None
    refusal_consultant: str | None
    refusal_criterion: str | None
    would_change: str | None
    withdrawn_why: str | None


def read_ground(session: Session, actor: Actor, now: datetime) -> Ground:
    """The rulebook, the units this membership stands for (its own one, or every one of its organisation), their beds.

    A type without any commissioned bed is over and left out.
    """
    theirs = select(Unit.id).join(Site, Site.id == Unit.site_id)
    theirs = theirs.where(is_own(actor), lasts(Unit.until_on, local(now).date()))
    in_use = and_(BedState.unit_id == Unit.id, or_(BedState.bed_type == Unit.bed_type, BedState.commissioned > 0))
    query = (
        select(RulebookState.version, Unit, BedState)
        .select_from(RulebookState)
        .outerjoin(Unit, Unit.id.in_(theirs))
        .outerjoin(BedState, in_use)
        .order_by(Unit.name, Unit.id, BedState.bed_type)
    )
    rows = session.execute(query).all()
    units = {unit.id: unit for _, unit, _ in rows if unit is not None}
    return Ground(
        book=rulebook_at(session, int(rows[0][0])),
        units=tuple(units.values()),
        states=tuple(state for _, _, state in rows if state is not None),
    )


def read_open(session: Session, actor: Actor, units: Sequence[int]) -> list[OpenItem]:
    """What is open and about these units, soonest due first, at most MOST_OPEN."""
    party = _party_of(actor, units)
    found = (
        select(ItemParty.item_id.label("id"), ItemParty.next_due_at.label("due"), ItemParty.unit_id)
        .where(*party, ItemParty.is_open, _in_its_capacity(ItemParty.kind))
        .order_by("due", "id")
        .limit(MOST_OPEN)
        .subquery("found")
    )
    query = (
        select(
            WorkItem,
            found.c.unit_id,
            next_clock,
            ApproachPack.age_years,
            ApproachPack.home_outcode,
            Patient.date_of_birth,
            _APPROACH.c.offered_bed,
            _PLACEMENT.c.conveyance_at,
            _STAY.c.began_at,
            _STAY.c.leave_from,
            _STAY.c.leave_until,
            _STAY.c.left_at,
            _STAY.c.estimated_discharge_on,
            CareCase.sharing_restricted,
        )
        .select_from(found)
        .join(WorkItem, WorkItem.id == found.c.id)
        .outerjoin(next_clock, true())
        .outerjoin(_APPROACH, _APPROACH.c.id == WorkItem.id)
        .outerjoin(ApproachPack, and_(ApproachPack.approach_id == WorkItem.id, person_may_be_known(actor)))
        .outerjoin(_PLACEMENT, _PLACEMENT.c.id == WorkItem.id)
        .outerjoin(_STAY, _STAY.c.id == WorkItem.id)
        .outerjoin(CareCase, and_(CareCase.id == WorkItem.case_id, WorkItem.kind != "approach"))
        .outerjoin(Patient, Patient.id == CareCase.patient_id)
        .order_by(found.c.due, found.c.id)
    )
    return [OpenItem(*row) for row in session.execute(query)]


def read_ended(session: Session, actor: Actor, units: Sequence[int], after: Cursor | None = None) -> Page[Ended]:
    """Approaches to these units that ended, the last one first."""
    row = _APPROACH.c
    why = (
        select(Transition.reason)
        .where(Transition.item_id == WorkItem.id, Transition.action.in_(("withdraw_offer", "withdraw_taken")))
        # The hub's own words are not the unit's.
        .where(Transition.acting_role.in_(("unit_manager", "unit_clinician")))
        .order_by(Transition.position.desc())
        .limit(1)
        .correlate(WorkItem)
        .scalar_subquery()
    )
    query = (
        select(
            WorkItem.id,
            WorkItem.reference,
            WorkItem.state,
            WorkItem.title,
            WorkItem.unit_id,
            WorkItem.opened_at,
            WorkItem.closed_at,
            row.offered_bed,
            row.offer_from,
            row.offer_conditions,
            row.refusal_reason,
            row.refusal_details,
            row.refusal_consultant,
            row.refusal_criterion,
            row.would_change,
            why,
        )
        .join(_APPROACH, row.id == WorkItem.id)
        .where(WorkItem.kind == "approach", WorkItem.is_open.is_(False), WorkItem.unit_id.in_(units))
        .where(exists().where(ItemParty.item_id == WorkItem.id, *_party_of(actor, units), _in_its_capacity("approach")))
        .order_by(WorkItem.closed_at.desc(), WorkItem.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if after is not None:
        query = query.where(tuple_(WorkItem.closed_at, WorkItem.id) < tuple_(after.at, after.id))
    rows = [Ended(*found) for found in session.execute(query)]
    return page_of(rows, PAGE_SIZE, lambda ended: Cursor(ended.closed_at, ended.id))


def _party_of(actor: Actor, units: Sequence[int]) -> list[ColumnElement[bool]]:
    return [ItemParty.until_at.is_(None), is_of_the_organisation(actor), ItemParty.unit_id.in_(units)]


def _in_its_capacity(kind: Any) -> ColumnElement[bool]:
    """Whether the unit is party to an item of `kind` (a column, or one name) as the one who answers for it."""
    wanted = KINDS if not isinstance(kind, str) else {kind: KINDS[kind]}
    held = ItemParty.capacities
    return or_(
        *(
            and_(ItemParty.kind == name, held.op("@>", is_comparison=True)(literal([str(capacity)], JSONB)))
            for name, capacity in wanted.items()
        )
    )
