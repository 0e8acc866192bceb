"""Sign-in sessions: making one, reading it back in one statement, and ending it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Date, bindparam, case, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from hub.accounts.absence_models import Absence
from hub.accounts.absences import NOT_STOOD_IN, absent, may_be_stood_in
from hub.accounts.models import Membership, OnCallShift, SessionEnd, SignInSession, UserAccount
from hub.accounts.organisation_table import organisation
from hub.accounts.queries import membership_is_current
from hub.accounts.services import HUB_ARM
from hub.db import Moment
from hub.engine.code_lists import CodeListState
from hub.web.person import EndedSession, Person
from workflows.actor import Actor

# Writing at every click would turn every page into a write.
TOUCH_EVERY = timedelta(minutes=1)
# A page of a session that ended longer ago is not one somebody still has open.
_REMEMBERED = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session may stand idle, and how long it may last in all."""

    idle: timedelta
    absolute: timedelta


@dataclass(frozen=True, slots=True)
class Found:
    """What a token stands for: a person, or a session that has ended, or nothing at all."""

    person: Person | None = None
    ended: EndedSession | None = None
    is_to_be_ended: SessionEnd | None = None
    is_to_be_touched: bool = False
    session_id: int | None = None
    code_lists: int | None = None
    """The counter of the code lists, read in the same statement so that no request pays for it."""


def hash_token(token: str) -> str:
    """What is stored of a token: SHA-256 is enough, a token is 256 random bits."""
    return hashlib.sha256(token.encode()).hexdigest()


def start_session(
    session: Session,
    *,
    user_id: int,
    membership_id: int | None,
    address: str,
    now: datetime,
    signed_in_at: datetime | None = None,
    absence_id: int | None = None,
) -> str:
    """A new session and its token, which only the browser keeps. The caller commits.

    `signed_in_at` is carried over when a role is changed, so that changing roles does not lengthen a session. With
    `absence_id` the membership is that of the person who is away, and the session stands in for them.
    """
    token = secrets.token_urlsafe(32)
    session.add(
        SignInSession(
            token_hash=hash_token(token),
            user_id=user_id,
            membership_id=membership_id,
            absence_id=absence_id,
            address=address,
            signed_in_at=signed_in_at or now,
            created_at=now,
            last_seen_at=now,
        )
    )
    session.flush()
    return token


def change_membership(
    session: Session,
    person: Person,
    membership_id: int,
    address: str,
    now: datetime,
    *,
    absence_id: int | None = None,
) -> str:
    """End the session and start another in a new role: a new token, so that nobody rides on the old one.

    With `absence_id` the role is that of somebody who is away.
    """
    old = session.get_one(SignInSession, person.session_id)
    token = start_session(
        session,
        user_id=person.user_id,
        membership_id=membership_id,
        absence_id=absence_id,
        address=address,
        now=now,
        signed_in_at=old.signed_in_at,
    )
    end_session(session, old.id, SessionEnd.ROLE_CHANGED, now)
    return token


def end_session(session: Session, session_id: int, why: SessionEnd, now: datetime) -> None:
    """End one session, unless it has ended already. The caller commits."""
    session.execute(
        update(SignInSession)
        .where(SignInSession.id == session_id, SignInSession.ended_at.is_(None))
        .values(ended_at=now, ended_why=why),
        execution_options={"synchronize_session": False},
    )


def touch(session: Session, session_id: int, now: datetime) -> None:
    """Note that the person is still there. The caller commits."""
    session.execute(
        update(SignInSession).where(SignInSession.id == session_id).values(last_seen_at=now),
        execution_options={"synchronize_session": False},
    )


_now = bindparam("now", type_=Moment)
_today = func.date(func.timezone("Europe/London", _now), type_=Date)
_held = Membership.__table__.alias()
_another = aliased(Absence)
# Each in one sub-select that gives several answers, since every table joined here is planned again at every request.
_STANDS_IN = (
    select(func.jsonb_build_array(Absence.user_id, absent.name))
    .join(absent, absent.id == Absence.user_id)
    .where(
        Absence.id == SignInSession.absence_id,
        Absence.deputy_id == SignInSession.user_id,
        may_be_stood_in(_now, _today),
    )
    .correlate(SignInSession, Membership, organisation)
    .scalar_subquery()
)
"""While the session may stand in for somebody: the id and name of who is away."""
_OWN = (
    select(
        func.jsonb_build_array(
            func.bool_or(_another.deputy_id == SignInSession.user_id),
            func.max(case((_another.user_id == SignInSession.user_id, _another.over_at_sql()))),
        )
    )
    .where(or_(_another.user_id == SignInSession.user_id, _another.deputy_id == SignInSession.user_id))
    .where(_another.runs_at(_now))
    .scalar_subquery()
)
"""Whether the person is the deputy of somebody away now, and until when they are away themself (ISO)."""
_EVERYTHING = (
    select(
        SignInSession.id.label("session_id"),
        SignInSession.user_id,
        SignInSession.membership_id,
        SignInSession.absence_id,
        SignInSession.signed_in_at,
        SignInSession.last_seen_at,
        SignInSession.ended_at,
        SignInSession.ended_why,
        UserAccount.name,
        UserAccount.email,
        UserAccount.is_active,
        Membership.user_id.label("holder_id"),
        Membership.role,
        Membership.unit_id,
        organisation.c.id.label("organisation_id"),
        organisation.c.name.label("organisation_name"),
        organisation.c.arm,
        membership_is_current(_today).label("is_current"),
        _STANDS_IN.label("stands_in"),
        _OWN.label("own"),
        exists()
        .where(or_(OnCallShift.user_id == SignInSession.user_id, OnCallShift.deputy_id == SignInSession.user_id))
        .where(OnCallShift.from_at <= _now, OnCallShift.until_at > _now)
        .label("is_on_the_rota"),
        select(func.count())
        .where(_held.c.user_id == SignInSession.user_id, _held.c.from_on <= _today)
        .where(or_(_held.c.until_on.is_(None), _held.c.until_on >= _today))
        .scalar_subquery()
        .label("membership_count"),
        select(CodeListState.version).where(CodeListState.id == 1).scalar_subquery().label("code_lists"),
    )
    .join(UserAccount, UserAccount.id == SignInSession.user_id)
    .outerjoin(Membership, Membership.id == SignInSession.membership_id)
    .outerjoin(organisation, organisation.c.id == Membership.organisation_id)
    .where(SignInSession.token_hash == bindparam("token_hash"))
)


def find(session: Session, token: str, now: datetime, limits: Limits) -> Found:
    """Everything a request needs to know of its person, by one SQL statement.

    `person.actor` is None until a role is chosen, or when the chosen membership or its organisation has ended, or the
    absence in which they stood in for somebody.
    """
    row = session.execute(_EVERYTHING, {"token_hash": hash_token(token), "now": now}).one_or_none()
    if row is None:
        return Found()
    due = _why_it_ends(row.signed_in_at, row.last_seen_at, now, limits) if row.is_active else SessionEnd.DISABLED
    why = row.ended_why if row.ended_at is not None else due
    if why is not None:
        is_recent = row.is_active and why is not SessionEnd.SIGNED_OUT and now - row.last_seen_at < _REMEMBERED
        return Found(
            ended=EndedSession(row.user_id, row.membership_id, why.value) if is_recent else None,
            is_to_be_ended=None if row.ended_at is not None else why,
            session_id=row.session_id,
        )
    actor = _actor_of(row) if _may_act(row) else None
    away_name = row.stands_in[1] if actor is not None and row.stands_in else None
    is_deputy, own_until = row.own
    return Found(
        person=Person(
            user_id=row.user_id,
            session_id=row.session_id,
            name=row.name,
            email=row.email,
            actor=actor,
            organisation_name=row.organisation_name if actor else None,
            membership_count=row.membership_count,
            stands_in_for=away_name,
            may_stand_in=bool(is_deputy),
            away_until=datetime.fromisoformat(own_until) if own_until else None,
            lost_role=_lost(row) if actor is None else None,
        ),
        is_to_be_touched=now - row.last_seen_at >= TOUCH_EVERY,
        session_id=row.session_id,
        code_lists=row.code_lists,
    )


def _may_act(row: Any) -> bool:
    """Whether the role still holds: one of their own, or that of somebody away for as long as one may stand in."""
    if row.absence_id is None:
        return bool(row.is_current and row.holder_id == row.user_id)
    return bool(row.is_current and row.stands_in is not None and row.role not in NOT_STOOD_IN)


def _actor_of(row: Any) -> Actor:
    """Who acts, in a role of their own or, while they stand in for somebody, in that person's."""
    is_hub, absent_id = row.arm == HUB_ARM, row.stands_in[0] if row.stands_in else None
    return Actor(
        user_id=row.user_id,
        name=row.name,
        role=row.role,
        membership_id=row.membership_id,
        organisation_id=row.organisation_id,
        unit_id=row.unit_id,
        is_hub=is_hub,
        # On-call's powers are the hub's: they do not follow a person into a role elsewhere, nor into another's role.
        is_on_call=is_hub and row.is_on_the_rota and absent_id is None,
        on_behalf_of=absent_id,
    )


def _lost(row: Any) -> EndedSession | None:
    """The role that has ended under somebody still signed in, so that what they were typing in it is kept."""
    if row.membership_id is None:
        return None
    why = SessionEnd.ROLE_CHANGED if row.absence_id is None else SessionEnd.ABSENCE_OVER
    return EndedSession(row.user_id, row.membership_id, why.value)


def _why_it_ends(signed_in_at: datetime, last_seen_at: datetime, now: datetime, limits: Limits) -> SessionEnd | None:
    if now - signed_in_at >= limits.absolute:
        return SessionEnd.TOO_OLD
    if now - last_seen_at >= limits.idle:
        return SessionEnd.IDLE
    return None
