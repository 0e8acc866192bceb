"""Everybody who may hear of something: the people of the hub and of some organisations, as they may act today."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, UserAccount
from hub.accounts.organisation_table import organisation
from hub.accounts.queries import membership_is_current
from hub.cases.models import CareCase, CaseSeal
from workflows.durations import local
from workflows.roles import Capacity, Role

TAKE_IN = (Role.COORDINATOR,)
"""Who hears of an item that nobody owns yet."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who hears of a topic: always the owner, or while there is none those who take it in; and these besides."""

    parties: tuple[Capacity, ...] = ()
    """The people of the parties that hold one of these capacities."""
    roles: tuple[Role, ...] = ()
    """Everybody of the hub in one of these roles: what waits for their answer."""


@dataclass(frozen=True, slots=True)
class Person:
    """One role somebody acts in at one place; who has several is here as often."""

    user_id: int
    organisation_id: int
    unit_id: int | None
    role: Role
    is_hub: bool


def people_of(session: Session, places: Set[int | None], now: datetime) -> list[Person]:
    """Everybody of the hub and of these organisations who may sign in and act today; one statement."""
    rows = session.execute(
        select(
            Membership.user_id,
            Membership.organisation_id,
            Membership.unit_id,
            Membership.role,
            organisation.c.arm.is_not_distinct_from("hub"),
        )
        .join(UserAccount, and_(UserAccount.id == Membership.user_id, UserAccount.is_active))
        .join(organisation, organisation.c.id == Membership.organisation_id)
        .where(
            membership_is_current(local(now).date()),
            or_(organisation.c.arm == "hub", Membership.organisation_id.in_(places)),
        )
    )
    return [Person(*row) for row in rows]


def with_roles(people: Sequence[Person], roles: Sequence[Role]) -> list[Person]:
    """Those of `people` who act in one of these roles."""
    return [person for person in people if person.role in roles]


def sealed_cases(session: Session, cases: set[Any]) -> dict[int, frozenset[int]]:
    """The sealed ones of these cases, and whom each is open to; one statement."""
    rows = session.execute(
        select(CareCase.id, CaseSeal.user_id)
        .outerjoin(CaseSeal, CaseSeal.case_id == CareCase.id)
        .where(CareCase.id.in_(cases), CareCase.is_sealed)
    )
    found: dict[int, set[int]] = defaultdict(set)
    for case_id, user_id in rows:
        found[case_id] |= {user_id} - {None}
    return {case_id: frozenset(named) for case_id, named in found.items()}
