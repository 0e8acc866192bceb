"""Asking units for new figures: once in each period of staleness, however many workers there are."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, exists, func, insert, literal, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, UserAccount
from hub.accounts.organisation_table import organisation
from hub.accounts.queries import membership_is_current
from hub.beds.models import BedChase, BedState
from hub.beds.queries import policy_now, stale_after
from hub.engine.models import OutboxMessage
from hub.organisations.models import Site, Unit
from hub.organisations.queries import lasts
from hub.organisations.topics import BEDS_STALE
from workflows.durations import local
from workflows.roles import Role

AT_ONCE: Final = 200


def chase_stale(session: Session, *, now: datetime) -> int:
    """Tell the managers of units whose figures are stale, at most AT_ONCE units; gives how many. The caller commits.

    A unit is told again when a whole period has passed and its figures are still stale. One that nobody manages is
    left out. Of two workers the second waits for the first one's row, looks again, and finds it done.
    """
    before = now - stale_after(policy_now(session, now))
    today = local(now).date()
    due = (
        select(Unit.id, literal(now))
        .join(Site, Site.id == Unit.site_id)
        .outerjoin(BedChase, BedChase.unit_id == Unit.id)
        .where(
            lasts(Unit.until_on, today),
            or_(BedChase.unit_id.is_(None), BedChase.chased_at <= before),
            _is_stale(before),
            _is_managed(today),
        )
        .order_by(Unit.id)
        .limit(AT_ONCE)
    )
    made = upsert(BedChase).from_select(["unit_id", "chased_at"], due)
    taken = made.on_conflict_do_update(
        index_elements=["unit_id"],
        set_={"chased_at": made.excluded.chased_at},
        where=BedChase.chased_at <= before,
    ).returning(BedChase.unit_id)
    ids = list(session.scalars(taken.execution_options(synchronize_session=False)))
    if not ids:
        return 0
    names = session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(ids)).order_by(Unit.id))
    told = [{"unit_id": unit_id, "unit": name} for unit_id, name in names]
    rows = [{"topic": BEDS_STALE, "item_id": None, "payload": each, "created_at": now} for each in told]
    session.execute(insert(OutboxMessage), rows)
    return len(ids)


def _is_stale(before: datetime) -> ColumnElement[bool]:
    """Whether the unit's own type was never confirmed, or any type it has beds of not since `before`."""
    of_the_unit = BedState.unit_id == Unit.id
    known = exists().where(of_the_unit, BedState.bed_type == Unit.bed_type)
    counts = or_(BedState.bed_type == Unit.bed_type, BedState.commissioned > 0)
    return or_(~known, exists().where(of_the_unit, counts, BedState.confirmed_at < before))


def _is_managed(today: date) -> ColumnElement[bool]:
    """Whether somebody would hear of it."""
    query = (
        select(func.count())
        .select_from(Membership)
        .join(UserAccount, and_(UserAccount.id == Membership.user_id, UserAccount.is_active))
        .join(organisation, organisation.c.id == Membership.organisation_id)
        .where(
            Membership.role == Role.UNIT_MANAGER,
            Membership.organisation_id == Site.organisation_id,
            or_(Membership.unit_id.is_(None), Membership.unit_id == Unit.id),
            membership_is_current(today),
        )
        .correlate(Unit, Site)
    )
    return query.scalar_subquery() > 0
