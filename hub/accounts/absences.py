"""Who is away and who stands in for whom: reading absences."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from hub.accounts.absence_models import Absence
from hub.accounts.models import Membership, UserAccount
from hub.accounts.organisation_table import organisation, unit
from hub.accounts.queries import membership_is_current
from workflows.core import upper_first
from workflows.durations import local
from workflows.roles import Role

NOT_STOOD_IN: Final = frozenset({Role.ADMINISTRATOR, Role.INFORMATION_GOVERNANCE})
"""Roles nobody acts in for another: who looks after people and settings, and who watches over the looking."""

absent = aliased(UserAccount)
"""The person who is away, beside the account that acts."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """A role of somebody away in which their deputy may act now."""

    absence_id: int
    membership_id: int
    person: str
    role: Role
    organisation_name: str
    unit_name: str | None
    until_at: datetime

    @property
    def words(self) -> str:
        """As the page for choosing a role says it: "Stand in for Ruth Calloway as head of commissioning"."""
        return f"Stand in for {self.person} as {self.role.label}"

    @property
    def place(self) -> str:
        """Where it is held: "Tarn House, Linden ward"."""
        return upper_first(f"{self.organisation_name}, {self.unit_name}" if self.unit_name else self.organisation_name)


def deputies_of(session: Session, user_ids: Collection[int], now: datetime) -> dict[int, int]:
    """Of these people, who is away at `now` and who stands in: absent user id to deputy's user id; one statement.

    A deputy who cannot sign in, or who shares no organisation with the absent person any more, stands in for nobody.
    """
    if not user_ids:
        return {}
    held, today = aliased(Membership), local(now).date()
    days = (held.from_on <= today, or_(held.until_on.is_(None), held.until_on >= today))
    rows = session.execute(
        select(Absence.user_id, Absence.deputy_id)
        .join(UserAccount, UserAccount.id == Absence.deputy_id)
        .where(Absence.user_id.in_(set(user_ids)), Absence.runs_at(now), UserAccount.is_active)
        .where(exists().where(held.user_id == Absence.user_id, *days, is_colleague(held.organisation_id, today)))
    )
    return {row.user_id: row.deputy_id for row in rows}


def is_colleague(organisation_id: Any, today: Any) -> ColumnElement[bool]:
    """A condition over absence: the deputy holds a role at this organisation on `today` (a London date)."""
    held = aliased(Membership)
    return exists().where(
        held.user_id == Absence.deputy_id,
        held.organisation_id == organisation_id,
        held.from_on <= today,
        or_(held.until_on.is_(None), held.until_on >= today),
    )


def may_be_stood_in(now: Any, today: Any) -> ColumnElement[bool]:
    """A condition over absence, `absent` and membership: the deputy may stand in for its holder at `now`.

    The absence runs, and the deputy still belongs to the same organisation. Whether the role holds today and may be
    stood in at all, and whether the deputy may sign in, is asked where they are.
    """
    return and_(
        Absence.runs_at(now),
        absent.is_active,
        Membership.user_id == Absence.user_id,
        is_colleague(Membership.organisation_id, today),
    )


def stand_ins(session: Session, deputy_id: int, now: datetime) -> list[StandIn]:
    """The roles of people away in which this person may act now, by name."""
    today = local(now).date()
    rows = session.execute(
        select(
            Absence.id,
            Membership.id,
            absent.name,
            Membership.role,
            organisation.c.name,
            unit.c.name,
            Absence.over_at_sql(),
        )
        .select_from(Absence)
        .join(absent, absent.id == Absence.user_id)
        .join(Membership, Membership.user_id == Absence.user_id)
        .join(organisation, organisation.c.id == Membership.organisation_id)
        .outerjoin(unit, unit.c.id == Membership.unit_id)
        .where(Absence.deputy_id == deputy_id, may_be_stood_in(now, today))
        .where(membership_is_current(today), Membership.role.not_in(NOT_STOOD_IN))
        .order_by(absent.name, organisation.c.name, Membership.role)
    )
    return [StandIn(*row) for row in rows]
