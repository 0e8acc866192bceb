"""Declaring an interest, saying when it ended, and taking it back; each change is one row of the log of changes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.codes import codes
from hub.conflicts.models import Interest
from hub.engine.admin_log import Subject, log_change
from hub.engine.refusal import ActionRefused, Problem
from hub.organisations.models import Organisation
from workflows.actor import Actor
from workflows.durations import local
from workflows.roles import Role

RECORDERS: Final = (Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR, Role.ADMINISTRATOR)
"""Who may record an interest that somebody else did not declare."""
LONGEST_WHAT: Final = 500
LONGEST_WHY: Final = 500
EARLIEST: Final = date(1930, 1, 1)
FURTHEST: Final = timedelta(days=366)
"""How far ahead the first day of an interest may lie: a post that begins next month is known today."""


def may_record(actor: Actor) -> bool:
    """Whether somebody may record an interest of somebody else: the hub's, whatever another place calls its people."""
    return actor.is_hub and bool(actor.roles & set(RECORDERS))


def may_change(actor: Actor, interest: Interest) -> bool:
    """Whether somebody may end an interest or take it back.

    Who declared their own does. What was recorded about a person by somebody else stays in the hands of those who may
    record, and never in the person's own: they would lift what keeps them out.
    """
    is_own = interest.user_id == actor.user_id
    if interest.declared_by_id == interest.user_id:
        return is_own
    return may_record(actor) and interest.user_id not in actor.hands


def declare(
    session: Session,
    actor: Actor,
    *,
    organisation_id: int | None,
    kind: str,
    what: str,
    from_on: date | None,
    until_on: date | None = None,
    user_id: int | None = None,
    now: datetime,
) -> Interest:
    """A new interest of `user_id`, the actor's own when None; the caller commits.

    `kind` is a code of `interest_kind`; days are London dates, `until_on` the last one, None while it lasts. The very
    same interest declared again gives the one that is there: what is sent twice stands once. ActionRefused with
    everything that is wrong, by these names.
    """
    whose, what = user_id if user_id is not None else actor.user_id, what.strip()
    person = session.get(UserAccount, whose, with_for_update=True) if whose is not None else None
    place = session.get(Organisation, organisation_id) if organisation_id is not None else None
    wrong = _wrong(actor, person, place, kind, what, now) + _wrong_days(from_on, until_on, local(now).date())
    if wrong or person is None or place is None:
        raise ActionRefused(wrong)
    same = select(Interest).filter_by(
        user_id=person.id,
        organisation_id=place.id,
        kind=kind,
        what=what,
        from_on=from_on,
        until_on=until_on,
        taken_back_at=None,
    )
    found = session.scalars(same.limit(1)).one_or_none()
    if found is not None:
        return found
    made = Interest(
        user_id=person.id,
        organisation_id=place.id,
        kind=kind,
        what=what,
        from_on=from_on,
        until_on=until_on,
        declared_by_id=actor.user_id,
        declared_at=now,
    )
    session.add(made)
    session.flush()
    said = {
        "Whose": person.name,
        "Organisation": place.name,
        "Kind": codes("interest_kind")[kind],
        "What": what,
        "From": from_on,
        "Until": until_on,
    }
    words = "Interest declared" if person.id == actor.user_id else "Interest recorded for somebody else"
    log_change(session, actor, Subject.INTEREST, made.id, words, now=now, new=said)
    return made


def end_interest(session: Session, actor: Actor, number: int, *, until_on: date | None, now: datetime) -> Interest:
    """Its last day, today or before; it goes on keeping somebody out for as long as policy says.

    ActionRefused; stale when it was ended or taken back meanwhile.
    """
    found = _held(session, actor, number)
    today = local(now).date()
    if until_on is None:
        raise ActionRefused([Problem("Enter its last day", "until_on")])
    if until_on > today:
        raise ActionRefused(
            [Problem("Its last day is today or before: an interest that lasts is ended later", "until_on")]
        )
    if until_on < found.from_on:
        raise ActionRefused([Problem("It cannot end before it began", "until_on")])
    if found.until_on is not None and until_on >= found.until_on:
        raise ActionRefused([f"It ends on {found.until_on:%-d %B %Y} already"], is_stale=True)
    old, found.until_on = found.until_on, until_on
    session.flush()
    log_change(
        session,
        actor,
        Subject.INTEREST,
        number,
        "Interest ended",
        now=now,
        old={"Until": old},
        new={"Until": until_on},
    )
    return found


def take_back(session: Session, actor: Actor, number: int, *, why: str, now: datetime) -> Interest:
    """It was declared by mistake: it counts no more and stays readable. ActionRefused; stale when it was taken back."""
    found = _held(session, actor, number)
    if not why.strip():
        raise ActionRefused([Problem("Say why it is taken back", "why")])
    if len(why) > LONGEST_WHY:
        raise ActionRefused([Problem(f"Use {LONGEST_WHY} letters or fewer", "why")])
    found.taken_back_at, found.taken_back_by_id, found.taken_back_why = now, actor.user_id, why.strip()
    session.flush()
    log_change(session, actor, Subject.INTEREST, number, "Interest taken back", now=now, why=why.strip())
    return found


def _held(session: Session, actor: Actor, number: int) -> Interest:
    """The interest, held until the end of the transaction, if it counts and is theirs to change."""
    found = session.get(Interest, number, with_for_update=True, populate_existing=True)
    if found is None or not may_change(actor, found):
        raise ActionRefused(["Whoever declared an interest changes it"])
    if found.taken_back_at is not None:
        raise ActionRefused(["It was taken back since you opened this page"], is_stale=True)
    return found


def _wrong(
    actor: Actor, person: UserAccount | None, place: Organisation | None, kind: str, what: str, now: datetime
) -> list[Problem | str]:
    found: list[Problem | str] = []
    if actor.user_id is None or person is None:
        found.append(Problem("Choose a person from the list", "user_id"))
    elif person.id != actor.user_id and not may_record(actor):
        found.append("You declare your own interests. For somebody else, ask the head of commissioning")
    if place is None:
        found.append(Problem("Choose an organisation from the list", "organisation_id"))
    if kind not in codes("interest_kind", local(now).date()):
        found.append(Problem("Choose what kind of interest it is", "kind"))
    if not what:
        found.append(Problem("Say what the interest is", "what"))
    elif len(what) > LONGEST_WHAT:
        found.append(Problem(f"Use {LONGEST_WHAT} letters or fewer", "what"))
    return found


def _wrong_days(from_on: date | None, until_on: date | None, today: date) -> list[Problem | str]:
    if from_on is None:
        return [Problem("Enter the day it began", "from_on")]
    if not EARLIEST <= from_on <= today + FURTHEST:
        return [Problem("This is too far away; look at the year again", "from_on")]
    if until_on is not None and until_on < from_on:
        return [Problem("It cannot end before it began", "until_on")]
    return []
