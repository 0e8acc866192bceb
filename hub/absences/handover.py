"""Moving everything a leaver owns to somebody else: in batches, each whole or not at all; a second run finishes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.absences.leaving import DEPUTYSHIPS, ITEMS, SHIFTS, VIEWS, Plan, Thing, owned
from hub.accounts.absence_models import Absence
from hub.accounts.administering import change_role, switch_account
from hub.accounts.models import Membership, OnCallShift, UserAccount
from hub.accounts.services import AccountRefused
from hub.db import Base, Lock, hold, transaction
from hub.engine.admin_log import Subject, last_change, log_change
from hub.engine.models import WorkItem
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.unread import unread
from workflows.actor import SYSTEM, Actor
from workflows.durations import local
from workflows.roles import Role

BATCH = 50
"""Items in one transaction: short enough that nobody who works on one of them waits to notice."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What a handover did: how many things moved, and what stayed though it was to move, with the reason."""

    count: int
    refused: Sequence[Thing]


def hand_over(session: Session, by: Actor | None, plan: Plan, *, why: str, now: datetime) -> Moved:
    """Do what the dry run said, in several transactions of its own; `by` is None for a command.

    Each batch is whole or not there at all. Killed between two, what is left is what the next run finds. Everything
    has one moment, so that the new owner hears of it in one message. Raises AccountRefused before anything is done.
    """
    to = _checked(by, plan)
    count, refused = 0, []
    ids = [thing.id for thing in plan.of(ITEMS)]
    words = {thing.id: thing.words for thing in plan.of(ITEMS)}
    for first in range(0, len(ids), BATCH):
        with transaction(session):
            for identity, no in _assign(session, by, plan.leaver, to, sorted(ids)[first : first + BATCH], now):
                if no is None:
                    count += 1
                else:
                    refused.append(Thing(identity, words[identity], no))
    with transaction(session):
        count += _rest(session, plan, to, now)
        new = {"To": to.name, "Things moved": str(count), "Not moved": str(len(refused) + plan.stays)}
        log_change(session, by, Subject.PERSON, plan.leaver.id, "Handed over", now=now, new=new, why=why.strip())
    return Moved(count, refused)


def end_account(session: Session, by: Actor, leaver: UserAccount, *, why: str, now: datetime) -> None:
    """Today is the last day of every role, and the account is switched off at once. The caller commits.

    Raises AccountRefused where the hub would be left without an administrator, or for one's own account.
    """
    today = local(now).date()
    for held in session.scalars(select(Membership).where(Membership.user_id == leaver.id)).all():
        if held.from_on <= today and (held.until_on is None or held.until_on > today):
            seen = last_change(session, Subject.PERSON, leaver.id)
            change_role(session, by, held.id, from_on=held.from_on, until_on=today, why=why, now=now, seen=seen)
    if leaver.is_active:
        seen = last_change(session, Subject.PERSON, leaver.id)
        switch_account(session, by, leaver.id, is_active=False, why=why, now=now, seen=seen)


def _checked(by: Actor | None, plan: Plan) -> UserAccount:
    if plan.to is None:
        raise AccountRefused("Choose who takes over")
    if plan.to.id == plan.leaver.id:
        raise AccountRefused("Choose another person: this is who leaves")
    if not plan.to.is_active:
        raise AccountRefused(f"{plan.to.name} cannot sign in, so nothing can be handed over to them")
    if by is not None and by.user_id == plan.leaver.id:
        raise AccountRefused("You cannot hand over what is your own: ask another administrator")
    if by is not None and by.user_id == plan.to.id and plan.of(SHIFTS):
        # As on the rota's own page: being on call gives sight of every emergency.
        raise AccountRefused("You cannot put yourself on call: ask another administrator to hand over to you")
    if by is not None and by.user_id == plan.to.id and plan.of(DEPUTYSHIPS):
        # As when an absence is recorded: standing in gives sight of what an administrator does not see.
        raise AccountRefused("You cannot make yourself a deputy: ask another administrator to hand over to you")
    return plan.to


def _assign(
    session: Session, by: Actor | None, leaver: UserAccount, to: UserAccount, ids: Sequence[int], now: datetime
) -> Iterator[tuple[int, str | None]]:
    """Give each item to its new owner; (id, None) or (id, why not). One that somebody else moved meanwhile is left."""
    actor = _for_the_hub(by)
    for identity, kind, version in owned(session, leaver.id, ids):
        item = unread(session, _models()[kind], identity)
        reason = f"Handed over from {leaver.name}"
        try:
            values = {"owner_id": to.id}
            perform(session, item, "assign", actor, now=now, values=values, reason=reason, seen=version)
        except ActionRefused as no:
            yield identity, str(no)
        else:
            yield identity, None


def _rest(session: Session, plan: Plan, to: UserAccount, now: datetime) -> int:
    """Deputyships, shifts to come and views of the team, by one statement each; gives how many moved.

    A row that somebody else changed meanwhile is not theirs any more, and stays.
    """
    hold(session, Lock.ABSENCES)
    hold(session, Lock.ROTA)
    leaver = plan.leaver.id
    views = Base.metadata.tables["saved_view"]
    shifts = [thing.id for thing in plan.of(SHIFTS)]
    moves = (
        update(Absence)
        .where(Absence.id.in_([thing.id for thing in plan.of(DEPUTYSHIPS)]), Absence.deputy_id == leaver)
        .where(Absence.over_at_sql() > now)
        .values(deputy_id=to.id)
        .returning(Absence.id),
        update(OnCallShift)
        .where(OnCallShift.id.in_(shifts), OnCallShift.user_id == leaver, OnCallShift.from_at > now)
        .values(user_id=to.id)
        .returning(OnCallShift.id),
        update(OnCallShift)
        .where(OnCallShift.id.in_(shifts), OnCallShift.deputy_id == leaver, OnCallShift.from_at > now)
        .values(deputy_id=to.id)
        .returning(OnCallShift.id),
        update(views)
        .where(views.c.id.in_([thing.id for thing in plan.of(VIEWS)]), views.c.owner_id == leaver)
        .values(owner_id=to.id)
        .returning(views.c.id),
    )
    quiet = {"synchronize_session": False}
    return sum(len(session.execute(move, execution_options=quiet).all()) for move in moves)


def _for_the_hub(by: Actor | None) -> Actor:
    """The administrator's name and membership, with the hub's own power: an administrator opens no item."""
    if by is None:
        return SYSTEM
    return Actor(by.user_id, by.name, Role.SYSTEM, by.membership_id, by.organisation_id, is_hub=True)


def _models() -> dict[str, type[WorkItem]]:
    return {name: mapper.class_ for name, mapper in WorkItem.__mapper__.polymorphic_map.items() if name}
