"""Reading beds: whose units an actor sees and confirms, what they last said, and when a figure counts as stale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true, union
from sqlalchemy.orm import Session, contains_eager, joinedload

from hub.beds.models import BedState, BedStateEntry
from hub.engine.rulebook import rulebook
from hub.organisations.models import Organisation, Site, Unit
from hub.organisations.queries import lasts
from workflows.actor import Actor
from workflows.durations import Basis, local
from workflows.policy import PolicySet
from workflows.roles import UNIT_ROLES, Role

STALE: Final = "placement.bed_state_stale"
"""The key of the policy set."""
BY_TELEPHONE: Final = (Role.COORDINATOR,)
"""Who of the hub enters what a unit said on the telephone."""
MOST_LISTED: Final = 300
_HOURS: Final = {
    Basis.ELAPSED: 1,
    Basis.WORKING_HOURS: 1,
    Basis.CALENDAR_DAYS: 24,
    Basis.WORKING_DAYS: 24,
    Basis.CALENDAR_MONTHS: 24 * 30,
}


@dataclass(frozen=True, slots=True)
class UnitBeds:
    """One unit and one type of bed; `state` is None while nobody has ever confirmed it."""

    unit: Unit
    bed_type: str
    state: BedState | None
    is_stale: bool

    @property
    def is_own_type(self) -> bool:
        """Whether it is the type of bed that the unit is recorded with."""
        return self.bed_type == self.unit.bed_type


def stale_after(policy: PolicySet) -> timedelta:
    """How long a figure is good for, in real time whatever the rule's unit: beds do not stand still at a weekend."""
    rule = policy.duration(STALE)
    return timedelta(hours=rule.amount * _HOURS[rule.basis])


def is_stale(confirmed_at: datetime | None, now: datetime, policy: PolicySet) -> bool:
    """Whether a figure is too old to go by; one that was never confirmed is."""
    return confirmed_at is None or now - confirmed_at > stale_after(policy)


def policy_now(session: Session, now: datetime) -> PolicySet:
    """The policy set in force, which beds go by: they belong to no item that would carry one."""
    return rulebook(session).policy(None, now)


def state_at(session: Session, unit_id: int, bed_type: str, at: datetime) -> BedStateEntry | None:
    """What was known at `at` of these beds: the newest confirmation that had been recorded by then, or None."""
    query = select(BedStateEntry).where(
        BedStateEntry.unit_id == unit_id, BedStateEntry.bed_type == bed_type, BedStateEntry.recorded_at <= at
    )
    return session.scalar(query.order_by(BedStateEntry.version.desc()).limit(1))


def is_own(actor: Actor) -> ColumnElement[bool]:
    """A condition on Unit and Site: the units whose beds this actor looks after for their own organisation."""
    if actor.is_hub or not actor.roles & UNIT_ROLES or actor.organisation_id is None:
        return false()
    here = Site.organisation_id == actor.organisation_id
    return here if actor.unit_id is None else and_(here, Unit.id == actor.unit_id)


def may_be_read(actor: Actor) -> ColumnElement[bool]:
    """A condition: every unit for the hub, their own for the people of a unit, none for anybody else."""
    return true() if actor.is_hub else is_own(actor)


def may_be_confirmed(actor: Actor) -> ColumnElement[bool]:
    """A condition: the units for which this actor may enter figures."""
    return true() if is_by_telephone(actor) else is_own(actor)


def is_by_telephone(actor: Actor) -> bool:
    """Whether what this actor enters was said by the unit on the telephone."""
    return actor.is_hub and bool(actor.roles & set(BY_TELEPHONE))


def may_confirm(actor: Actor) -> bool:
    """Whether this actor may enter figures for the units that they may read."""
    return is_by_telephone(actor) or not actor.is_hub


def find_unit(session: Session, code: str, actor: Actor, now: datetime) -> Unit | None:
    """The unit with this code, with its place, when the actor may read it and it goes on."""
    query = select(Unit).join(Site).where(Unit.unit_code == code.replace("\0", "").upper(), may_be_read(actor))
    query = query.where(lasts(Unit.until_on, local(now).date()))
    return session.scalar(query.options(joinedload(Unit.site).joinedload(Site.organisation)))


def beds_of(session: Session, unit: Unit, now: datetime) -> list[UnitBeds]:
    """The types of bed of one unit, its own type first; a type without any commissioned bed is over and left out."""
    states = {row.bed_type: row for row in session.scalars(select(BedState).where(BedState.unit_id == unit.id))}
    others = sorted(name for name, row in states.items() if name != unit.bed_type and row.commissioned)
    policy = policy_now(session, now)
    return [_line(unit, name, states.get(name), now, policy) for name in (unit.bed_type, *others)]


def list_beds(
    session: Session,
    actor: Actor,
    now: datetime,
    *,
    bed_type: str = "",
    words: str = "",
    only_stale: bool = False,
    most: int | None = MOST_LISTED,
) -> list[UnitBeds]:
    """Beds the actor may read, by type, stale ones first, then by organisation and unit; one more than `most` when
    there are more (None: all of them). One statement besides the rulebook's.
    """
    policy = policy_now(session, now)
    before = now - stale_after(policy)
    found = [may_be_read(actor), lasts(Unit.until_on, local(now).date())]
    if bed_type:
        found.append(_types.c.bed_type == bed_type)
    if words:
        named = (Unit.name, Unit.unit_code, Organisation.name)
        found.append(or_(*(column.icontains(words, autoescape=True) for column in named)))
    if only_stale:
        found.append(_old(before))
    order = (_types.c.bed_type, _old(before).desc(), Organisation.name, Unit.name, Unit.id)
    rows = session.execute(_units_with_beds().where(*found).order_by(*order).limit(None if most is None else most + 1))
    return [_line(unit, name, state, now, policy) for unit, name, state in rows]


def history_of(session: Session, unit_id: int, bed_type: str, limit: int = 20) -> Sequence[BedStateEntry]:
    """The last confirmations, newest first, each with who made it."""
    query = select(BedStateEntry).where(BedStateEntry.unit_id == unit_id, BedStateEntry.bed_type == bed_type)
    query = query.options(joinedload(BedStateEntry.confirmed_by)).order_by(BedStateEntry.version.desc())
    return session.scalars(query.limit(limit)).all()


def entry_of(session: Session, unit_id: int, bed_type: str, version: int) -> BedStateEntry | None:
    """The confirmation that made this version, or None."""
    query = select(BedStateEntry).where(
        BedStateEntry.unit_id == unit_id, BedStateEntry.bed_type == bed_type, BedStateEntry.version == version
    )
    return session.scalar(query)


_types = union(
    select(Unit.id.label("unit_id"), Unit.bed_type.label("bed_type")),
    select(BedState.unit_id, BedState.bed_type).where(BedState.commissioned > 0),
).subquery("types")
"""Each unit with its own type of bed, and every other type of which it has beds."""


def _units_with_beds() -> Select[Unit, str, BedState | None]:
    """Each unit and type with its state, None where it was never confirmed."""
    state = and_(BedState.unit_id == Unit.id, BedState.bed_type == _types.c.bed_type)
    query = (
        select(Unit, _types.c.bed_type, BedState)
        .join(_types, _types.c.unit_id == Unit.id)
        .join(Site, Site.id == Unit.site_id)
        .join(Organisation, Organisation.id == Site.organisation_id)
        .outerjoin(BedState, state)
    )
    place = contains_eager(Unit.site).contains_eager(Site.organisation)
    return query.options(place, joinedload(BedState.confirmed_by))


def _old(before: datetime) -> ColumnElement[bool]:
    return or_(BedState.confirmed_at.is_(None), BedState.confirmed_at < before)


def _line(unit: Unit, bed_type: str, state: BedState | None, now: datetime, policy: PolicySet) -> UnitBeds:
    return UnitBeds(unit, bed_type, state, is_stale(state.confirmed_at if state else None, now, policy))
