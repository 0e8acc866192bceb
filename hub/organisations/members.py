"""Which organisations belong to a collaborative and when: entered by an administrator, each change in the history."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from hub.db import Lock, hold
from hub.engine.admin_log import Subject, log_change, refuse_if_changed
from hub.engine.refusal import ActionRefused, Problem
from hub.organisations.models import Collaborative, CollaborativeMember, Organisation
from hub.organisations.queries import lasts
from workflows.actor import Actor


def members_of(session: Session, collaborative_id: int) -> list[CollaborativeMember]:
    """Every time of every organisation in it, those that go on first, then by name."""
    query = select(CollaborativeMember).where(CollaborativeMember.collaborative_id == collaborative_id)
    query = query.join(Organisation).options(joinedload(CollaborativeMember.organisation))
    ended = CollaborativeMember.until_on.nulls_first()
    return list(session.scalars(query.order_by(ended, Organisation.name, CollaborativeMember.id)))


def add_member(
    session: Session,
    by: Actor,
    collaborative_id: int,
    *,
    organisation_id: int | None,
    from_on: date | None,
    until_on: date | None,
    why: str,
    now: datetime,
    seen: int,
) -> CollaborativeMember:
    """An organisation's time in a collaborative. ActionRefused names all that is wrong. The caller commits."""
    _begin(session, collaborative_id, seen)
    organisation = session.get(Organisation, organisation_id) if organisation_id else None
    wrong = _wrong_days(from_on, until_on)
    if organisation is None or organisation.is_hub:
        wrong.append(Problem("Choose the organisation", "organisation_id"))
    if wrong or organisation is None or from_on is None:
        raise ActionRefused(wrong)
    _refuse_twice(session, collaborative_id, organisation, from_on, until_on)
    made = CollaborativeMember(
        collaborative_id=collaborative_id, organisation_id=organisation.id, from_on=from_on, until_on=until_on
    )
    session.add(made)
    session.flush()
    new = {"Member": organisation.name, "First day": from_on, "Last day": until_on}
    _log(session, by, collaborative_id, "Member added", {}, new, why, now)
    return made


def change_member(
    session: Session,
    by: Actor,
    collaborative_id: int,
    member_id: int,
    *,
    from_on: date | None,
    until_on: date | None,
    why: str,
    now: datetime,
    seen: int,
) -> CollaborativeMember:
    """Other days for a member; a last day ends it. ActionRefused names all that is wrong. The caller commits."""
    _begin(session, collaborative_id, seen)
    member = session.get_one(CollaborativeMember, member_id, populate_existing=True)
    wrong = _wrong_days(from_on, until_on)
    if wrong or from_on is None:
        raise ActionRefused(wrong)
    if (member.from_on, member.until_on) == (from_on, until_on):
        raise ActionRefused(["Nothing is different from what is recorded"])
    organisation = member.organisation
    _refuse_twice(session, collaborative_id, organisation, from_on, until_on, member.id)
    old = {"Member": organisation.name, "First day": member.from_on, "Last day": member.until_on}
    member.from_on, member.until_on = from_on, until_on
    session.flush()
    new = {"Member": organisation.name, "First day": from_on, "Last day": until_on}
    _log(session, by, collaborative_id, "Member changed", old, new, why, now)
    return member


def _begin(session: Session, collaborative_id: int, seen: int) -> None:
    hold(session, Lock.PLACES)
    session.get_one(Collaborative, collaborative_id)
    refuse_if_changed(session, Subject.COLLABORATIVE, collaborative_id, seen)


def _wrong_days(from_on: date | None, until_on: date | None) -> list[Problem]:
    if from_on is None:
        return [Problem("Enter the first day", "from_on")]
    if until_on is not None and until_on < from_on:
        return [Problem("The last day is before the first day", "until_on")]
    return []


def _refuse_twice(
    session: Session,
    collaborative_id: int,
    organisation: Organisation,
    from_on: date,
    until_on: date | None,
    but: int = 0,
) -> None:
    """An organisation is a member once at a time; the database refuses it too."""
    query = select(CollaborativeMember.id).where(
        CollaborativeMember.collaborative_id == collaborative_id,
        CollaborativeMember.organisation_id == organisation.id,
        CollaborativeMember.id != but,
        lasts(CollaborativeMember.until_on, from_on),
    )
    if until_on is not None:
        query = query.where(CollaborativeMember.from_on <= until_on)
    if session.scalar(query.limit(1)) is not None:
        said = f"{organisation.name} is a member on some of these days already: change that entry"
        raise ActionRefused([Problem(said, "from_on")])


def _log(
    session: Session,
    by: Actor,
    collaborative_id: int,
    what: str,
    old: dict[str, object],
    new: dict[str, object],
    why: str,
    now: datetime,
) -> None:
    log_change(session, by, Subject.COLLABORATIVE, collaborative_id, what, now=now, old=old, new=new, why=why.strip())
