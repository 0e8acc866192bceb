"""The on-call rota: who is on call now, adding shifts, and the gaps ahead."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from hub.accounts.models import Membership, OnCallShift, UserAccount
from hub.accounts.organisation_table import organisation
from hub.accounts.queries import held_roles, membership_is_current
from hub.accounts.services import HUB_ARM, AccountRefused
from hub.db import Lock, hold
from hub.engine.rulebook import Rulebook, rulebook
from workflows.deadlines import work_out
from workflows.durations import local, moment_words
from workflows.roles import Role

LONGEST_SHIFT = timedelta(days=7)
KEEPERS: Final = (Role.COORDINATOR, Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR, Role.ADMINISTRATOR)
"""Who may change the rota."""


class Gap(NamedTuple):
    """A stretch in which nobody is on call, in UTC."""

    from_at: datetime
    until_at: datetime


def on_call_now(session: Session, now: datetime) -> OnCallShift | None:
    """The shift that runs at `now`, with its people loaded, or None when nobody is on call."""
    return session.scalar(_with_people().where(OnCallShift.from_at <= now, OnCallShift.until_at > now))


def shifts(session: Session, since: datetime, until: datetime) -> list[OnCallShift]:
    """The shifts that touch since..until, in order, with their people loaded."""
    query = _with_people().where(OnCallShift.from_at < until, OnCallShift.until_at > since)
    return list(session.scalars(query.order_by(OnCallShift.from_at)))


def gaps_ahead(session: Session, now: datetime, book: Rulebook | None = None) -> list[Gap]:
    """The gaps from `now` on for as long as policy looks ahead. `book` spares a statement when it was read already."""
    until = watched_until(book or rulebook(session), now)
    return gaps_between(shifts(session, now, until), now, until)


def watched_until(book: Rulebook, now: datetime) -> datetime:
    """The moment up to which a gap in the rota is pointed out: "oncall.gap_warning" of the policy set in force."""
    rule = book.policy(None, now).duration("oncall.gap_warning")
    due = work_out(rule, now, book.calendar(None, now)).due_at
    # A deadline in whole days is the last second of a day; a stretch of time ends at midnight.
    return due + timedelta(seconds=1) if rule.basis.is_calendar else due


def gaps_between(rota: Iterable[OnCallShift], since: datetime, until: datetime) -> list[Gap]:
    """The stretches of since..until that no shift of `rota` (in order) covers; empty when all is covered."""
    uncovered, reached = [], since
    for shift in rota:
        if shift.from_at >= until:
            break
        if shift.from_at > reached:
            uncovered.append(Gap(reached, shift.from_at))
        reached = max(reached, shift.until_at)
    if reached < until:
        uncovered.append(Gap(reached, until))
    return uncovered


def hub_people(session: Session, now: datetime) -> list[tuple[int, str]]:
    """Everybody who belongs to the hub today and can sign in, as (account id, "name, role"), by name."""
    held = [role for role in held_roles(session, local(now).date()) if role.is_hub]
    roles = {
        role.user_id: (role.person, sorted({one.role.label for one in held if one.user_id == role.user_id}))
        for role in held
    }
    return sorted(
        ((who, f"{name}, {' and '.join(labels)}") for who, (name, labels) in roles.items()), key=lambda p: p[1]
    )


def add_shift(
    session: Session,
    *,
    user: UserAccount,
    from_at: datetime,
    until_at: datetime,
    deputy: UserAccount | None = None,
    now: datetime | None = None,
) -> OnCallShift:
    """Put a person, and perhaps a deputy, on the rota from (included) until (not included). The caller commits.

    One person is on call at a time, so that everybody knows whom to ring; who stands in is the deputy. With `now`, a
    shift that is over is refused: it could give no power any more, only change who seems to have been on call.

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
    if now is not None and from_at < until_at <= now:
        wrong.append("The shift is over already")
    if deputy is not None and deputy.id == user.id:
        wrong.append("The deputy must be another person")
    for person in (user, deputy):
        if person is not None and not belongs_to_the_hub(session, person, from_at, until_at):
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


def open_shift(session: Session, shift_id: int, now: datetime) -> OnCallShift | None:
    """A shift that is not over, with its people; None when there is none."""
    return session.scalar(_with_people().where(OnCallShift.id == shift_id, OnCallShift.until_at > now))


def end_shift(session: Session, shift_id: int, now: datetime) -> OnCallShift:
    """End a shift that runs at `now`, or take one off that has not begun. The caller commits.

    Raises AccountRefused when there is no such shift any more: what has been stays as it was.
    """
    hold(session, Lock.ROTA)
    shift = open_shift(session, shift_id, now)
    if shift is None:
        raise AccountRefused("This shift is over, or somebody has removed it already")
    if shift.from_at >= now:
        session.delete(shift)
    else:
        shift.until_at = now
    session.flush()
    return shift


def belongs_to_the_hub(session: Session, person: UserAccount, from_at: datetime, until_at: datetime) -> bool:
    """Whether somebody who can sign in holds a role of the hub on the first and on the last day of this time."""
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
