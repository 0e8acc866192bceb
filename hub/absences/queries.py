"""Reading absences for their pages: one's own, whom one stands in for, and who else is away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import ColumnElement, Select, exists, or_, select, true
from sqlalchemy.orm import Session, aliased, joinedload

from hub.accounts.absence_models import Absence
from hub.accounts.models import Membership, UserAccount
from workflows.actor import Actor
from workflows.durations import local
from workflows.roles import Role

MOST: Final = 200
"""Absences of others on one page."""


@dataclass(frozen=True)
class AbsencePage:
    """Everything the page of absences shows; each list holds what runs or is still to come, soonest first."""

    now: datetime
    mine: Sequence[Absence]
    for_others: Sequence[Absence]
    """Those in which this person is the deputy."""
    others: Sequence[Absence]
    """Of their organisation; of everybody for an administrator."""
    may_write_for_others: bool
    stands_in: bool
    """Acting for somebody just now: then nothing is recorded here, for oneself or for them."""


def read_absences(session: Session, actor: Actor, now: datetime) -> AbsencePage:
    """The page of the person who is signed in, also while they stand in for somebody; three statements."""
    is_administrator = actor.role is Role.ADMINISTRATOR
    theirs = true() if is_administrator else _is_a_colleague_in(actor.organisation_id, local(now).date())
    mine = Absence.user_id == actor.user_id
    return AbsencePage(
        now=now,
        mine=_listed(session, now, mine),
        for_others=_listed(session, now, Absence.deputy_id == actor.user_id),
        others=_listed(session, now, ~mine & theirs),
        may_write_for_others=is_administrator,
        stands_in=actor.on_behalf_of is not None,
    )


def list_absences(session: Session, now: datetime) -> Sequence[Absence]:
    """Everybody's absences that run or are to come, soonest first."""
    return _listed(session, now, true())


def find_absence(session: Session, absence_id: int) -> Absence | None:
    """One absence with its people."""
    return session.scalar(_with_people().where(Absence.id == absence_id))


def find_person(session: Session, user_id: int) -> UserAccount | None:
    """The account with this id, if it may sign in."""
    found = session.get(UserAccount, user_id)
    return found if found is not None and found.is_active else None


def find_account(session: Session, user_id: int) -> UserAccount | None:
    """The account with this id, also one that is switched off."""
    return session.get(UserAccount, user_id)


def _listed(session: Session, now: datetime, which: ColumnElement[bool]) -> Sequence[Absence]:
    query = _with_people().where(which, Absence.until_at > now, Absence.over_at_sql() > now)
    return session.scalars(query.order_by(Absence.from_at, Absence.id).limit(MOST)).all()


def _is_a_colleague_in(organisation_id: int | None, today: date) -> ColumnElement[bool]:
    """Of who has left for another place, why they are away is no matter of the old one's."""
    held = aliased(Membership)
    return exists().where(
        held.user_id == Absence.user_id,
        held.organisation_id == organisation_id,
        held.from_on <= today,
        or_(held.until_on.is_(None), held.until_on >= today),
    )


def _with_people() -> Select[Absence]:
    return select(Absence).options(joinedload(Absence.user), joinedload(Absence.deputy))
