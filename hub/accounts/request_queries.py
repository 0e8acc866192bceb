"""Reading the requests for accounts: the list, and one with everything that helps to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from hub.accounts.asking import APPROVERS, how_it_ended
from hub.accounts.domains import Directory, Match, directory
from hub.accounts.models import UserAccount
from hub.accounts.organisation_table import organisation
from hub.accounts.queries import HeldRole, held_roles
from hub.accounts.request_models import AccountRequest
from workflows.actor import Actor
from workflows.durations import local

MOST_SHOWN: Final = 100
MOST_PAST: Final = 25
_WAITS: Final = (AccountRequest.confirmed_at.is_not(None), AccountRequest.ended_at.is_(None))


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation that exists today and is not the hub."""

    id: int
    ods_code: str
    name: str


@dataclass(frozen=True, slots=True)
class Known:
    """An account with the same name or address as the request's."""

    account: UserAccount
    is_same_address: bool
    roles: Sequence[HeldRole]


@dataclass(frozen=True)
class Asked:
    """One request with the organisation that was meant, as far as it is known, and how well its address fits."""

    request: AccountRequest
    place: Place | None
    match: Match
    listed_for: Sequence[str]

    @property
    def domain(self) -> str:
        """What stands after the @."""
        return self.request.email.rpartition("@")[2]

    @property
    def ended(self) -> str:
        """Who decided what and when; "" while it waits."""
        return how_it_ended(self.request)


@dataclass(frozen=True)
class AskedPage:
    """One request and all that helps to decide about it."""

    asked: Asked
    places: Sequence[Place]
    known: Sequence[Known]
    earlier: Sequence[AccountRequest]
    """Requests from the same address that have ended, newest first."""

    @property
    def has_account(self) -> bool:
        """Whether the address has an account, so that approving adds a role to it."""
        return any(each.is_same_address for each in self.known)


def count_waiting(session: Session, actor: Actor) -> int:
    """How many requests wait for a yes or no of this person; 0 without asking for whoever does not decide."""
    if actor.role not in APPROVERS:
        return 0
    return session.scalar(select(func.count()).select_from(AccountRequest).where(*_WAITS)) or 0


def read_waiting(session: Session, now: datetime) -> list[Asked]:
    """The requests that wait, oldest first, at most MOST_SHOWN; three statements."""
    rows = session.scalars(
        select(AccountRequest).where(*_WAITS).order_by(AccountRequest.confirmed_at).limit(MOST_SHOWN)
    ).all()
    known = directory(session, [row.email for row in rows])
    places = read_places(session, local(now).date())
    return [_asked(row, known, places) for row in rows]


def read_past(session: Session) -> list[AccountRequest]:
    """The requests that ended last, newest first, at most MOST_PAST."""
    query = select(AccountRequest).where(AccountRequest.ended_at.is_not(None))
    query = query.options(joinedload(AccountRequest.decided_by))
    return list(session.scalars(query.order_by(AccountRequest.ended_at.desc()).limit(MOST_PAST)))


def read_request(session: Session, request_id: int, now: datetime) -> AskedPage | None:
    """One request that has reached the hub, or None."""
    query = select(AccountRequest).where(AccountRequest.id == request_id, AccountRequest.confirmed_at.is_not(None))
    row = session.scalar(query.options(joinedload(AccountRequest.decided_by)))
    if row is None:
        return None
    today = local(now).date()
    places = read_places(session, today)
    earlier = select(AccountRequest).where(AccountRequest.email == row.email, AccountRequest.id != row.id)
    earlier = earlier.where(AccountRequest.ended_at.is_not(None)).options(joinedload(AccountRequest.decided_by))
    return AskedPage(
        asked=_asked(row, directory(session, [row.email]), places),
        places=places,
        known=_known(session, row, today),
        earlier=session.scalars(earlier.order_by(AccountRequest.ended_at.desc()).limit(MOST_PAST)).all(),
    )


def read_places(session: Session, today: date) -> list[Place]:
    """The organisations a person can be a referrer of, by name."""
    rows = session.execute(
        select(organisation.c.id, organisation.c.ods_code, organisation.c.name)
        .where(
            organisation.c.arm.is_distinct_from("hub"),
            organisation.c.from_on <= today,
            or_(organisation.c.until_on.is_(None), organisation.c.until_on >= today),
        )
        .order_by(organisation.c.name, organisation.c.id)
    )
    return [Place(*row) for row in rows]


def _asked(row: AccountRequest, known: Directory, places: Sequence[Place]) -> Asked:
    typed = " ".join(row.organisation_typed.casefold().split())
    meant = [place for place in places if typed in {place.ods_code.casefold(), place.name.casefold()}]
    if not meant:
        listed = known.places_of(row.email)
        meant = [place for place in places if place.id in listed]
    place = meant[0] if len(meant) == 1 else None
    match, names = known.match(row.email, place.id if place else None)
    return Asked(row, place, match, names)


def _known(session: Session, row: AccountRequest, today: date) -> list[Known]:
    same = or_(UserAccount.email == row.email, func.lower(UserAccount.name) == func.lower(row.name))
    accounts = session.scalars(select(UserAccount).where(same).order_by(UserAccount.id).limit(MOST_PAST)).all()
    return [
        Known(account, account.email == row.email, held_roles(session, today, user_id=account.id))
        for account in accounts
    ]
