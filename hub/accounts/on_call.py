"""The on-call rota: who is on call now, adding shifts, and the gaps ahead."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from hub.accounts.models import Membership, OnCallShift, UserAccount
from hub.accounts.organisation_table import organisation
from hub.accounts.queries import membership_is_current
from hub.accounts.services import HUB_ARM, AccountRefused
from hub.db import Lock, hold
from workflows.durations import local, moment_words

LONGEST_SHIFT = timedelta(days=7)


def on_call_now(session: Session, now: datetime) -> OnCallShift | None:
    """The shift that runs at `now`, with its people loaded, or None when nobody is on call."""
    return session.scalar(_with_people().where(OnCallShift.from_at <= now, OnCallShift.until_at > now))


def shifts(session: Session, since: datetime, until: datetime) -> list[OnCallShift]:
    """The shifts that touch since..until, in order, with their people loaded."""
    query = _with_people().where(OnCallShift.from_at < until, OnCallShift.until_at > since)
    return list(session.scalars(query.order_by(OnCallShift.from_at)))


def gaps(session: Session, now: datetime, ahead: timedelta = timedelta(days=7)) -> list[tuple[datetime, datetime]]:
    """The stretches from `now` on in which nobody is on call, as (from, until) in UTC; empty when all is covered."""
    uncovered, reached, end = [], now, now + ahead
    for shift in shifts(session, now, end):
        if shift.from_at > reached:
            uncovered.append((reached, shift.from_at))
        reached = max(reached, shift.until_at)
    if reached < end:
        uncovered.append((reached, end))
    return uncovered


def add_shift(
    session: Session, *, user: UserAccount, from_at: datetime, until_at: datetime, deputy: UserAccount | None = None
) -> OnCallShift:
    """Put a person, and perhaps a deputy, on the rota from (included) until (not included). The caller commits.

    Raises AccountRefused when the time is taken, too long or the wrong way round, or when somebody named does not
    belong to the hub throughout: on-call's powers are the hub's.
    """
    wrong = []
    if from_at.tzinfo is None or until_at.tzinfo is None:
        raise ValueError("a shift needs instants with a time zone")
    if until_at <= from_at:
        wrong.append("The shift ends before it starts")
    elif until_at - from_at > LONGEST_SHIFT:
        wrong.append("A shift can last seven days at most")
    if deputy is not None and deputy.id == user.id:
        wrong.append("The deputy must be another person")
    for person in (user, deputy):
        if person is not None and not _belongs_to_the_hub(session, person, from_at, until_at):
            wrong.append(f"{person.name} does not belong to the hub for the whole shift")
    hold(session, Lock.ROTA)  # two shifts added at once must not both find the time free
    if until_at > from_at:
        wrong += [
            f"{taken.user.name} is on call already from {moment_words(taken.from_at)} "
            f"until {moment_words(taken.until_at)}"
            for taken in shifts(session, from_at, until_at)
        ]
    if wrong:
        raise AccountRefused(*wrong)
    shift = OnCallShift(user=user, deputy=deputy, from_at=from_at, until_at=until_at)
    session.add(shift)
    session.flush()
    return shift


def _belongs_to_the_hub(session: Session, person: UserAccount, from_at: datetime, until_at: datetime) -> bool:
    if not person.is_active:
        return False
    days = [local(from_at).date(), local(until_at).date()]
    query = (
        select(Membership.id)
        .join(organisation, organisation.c.id == Membership.organisation_id)
        .where(Membership.user_id == person.id, organisation.c.arm == HUB_ARM)
        .where(*(membership_is_current(day) for day in days))
    )
    return session.execute(query).first() is not None


def _with_people() -> Select[OnCallShift]:
    return select(OnCallShift).options(joinedload(OnCallShift.user), joinedload(OnCallShift.deputy))
