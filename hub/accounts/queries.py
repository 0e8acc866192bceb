"""Reading accounts and memberships."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, true
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, SignInSession, UserAccount
from hub.accounts.organisation_table import organisation, unit
from workflows.core import upper_first
from workflows.roles import Role


@dataclass(frozen=True, slots=True)
class HeldRole:
    """One membership in the words a person knows it by."""

    membership_id: int
    user_id: int
    person: str
    role: Role
    organisation_id: int
    organisation_name: str
    ods_code: str
    is_hub: bool
    unit_name: str | None
    from_on: date
    until_on: date | None

    @property
    def words(self) -> str:
        """The role with its first letter large: "Case manager"."""
        return upper_first(self.role.label)

    @property
    def place(self) -> str:
        """Where it is held: "Tarn House, Linden ward"."""
        return f"{self.organisation_name}, {self.unit_name}" if self.unit_name else self.organisation_name


def membership_is_current(today: date | ColumnElement[date]) -> ColumnElement[bool]:
    """A condition over membership joined to organisation: both run on `today` (a London date)."""
    return and_(
        Membership.from_on <= today,
        or_(Membership.until_on.is_(None), Membership.until_on >= today),
        organisation.c.from_on <= today,
        or_(organisation.c.until_on.is_(None), organisation.c.until_on >= today),
    )


def find_account(session: Session, email: str) -> UserAccount | None:
    """The account with this e-mail, however it was typed, or None."""
    if "\0" in email:
        return None  # the database refuses to be asked
    return session.scalar(select(UserAccount).where(UserAccount.email == email.strip().lower()))


def list_accounts(session: Session) -> list[UserAccount]:
    """Every account, by name."""
    return list(session.scalars(select(UserAccount).order_by(func.lower(UserAccount.name), UserAccount.id)))


def held_roles(session: Session, today: date, *, user_id: int | None = None, demo_only: bool = False) -> list[HeldRole]:
    """Current memberships, of one person or of all active people, by organisation and role.

    With `demo_only`, only of accounts that belong to demo organisations and to no other.
    """
    query = (
        select(
            Membership.id,
            Membership.user_id,
            UserAccount.name,
            Membership.role,
            organisation.c.id,
            organisation.c.name,
            organisation.c.ods_code,
            organisation.c.arm.is_not_distinct_from("hub"),
            unit.c.name,
            Membership.from_on,
            Membership.until_on,
        )
        .select_from(Membership)
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .join(organisation, organisation.c.id == Membership.organisation_id)
        .outerjoin(unit, unit.c.id == Membership.unit_id)
        .where(membership_is_current(today), UserAccount.is_active)
        .order_by(organisation.c.name, Membership.role, Membership.id)
    )
    if user_id is not None:
        query = query.where(Membership.user_id == user_id)
    if demo_only:
        query = query.where(Membership.user_id.not_in(_people_of_real_organisations()))
    return [HeldRole(*row) for row in session.execute(query)]


def holders_of(
    session: Session, roles: Collection[Role], today: date, *, organisations: Collection[int] | None = None
) -> list[tuple[int, str, Role]]:
    """(user id, name, role) of every active person who holds one of `roles` on `today`, by name.

    With `organisations` (ids), only of those.
    """
    if not roles or (organisations is not None and not organisations):
        return []
    anywhere = true() if organisations is None else Membership.organisation_id.in_(organisations)
    rows = session.execute(
        select(Membership.user_id, UserAccount.name, Membership.role)
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .join(organisation, organisation.c.id == Membership.organisation_id)
        .where(membership_is_current(today), UserAccount.is_active, Membership.role.in_(list(roles)), anywhere)
        .order_by(UserAccount.name, Membership.role)
    )
    return [(identity, name, Role(role)) for identity, name, role in rows]


def holders_at(session: Session, roles: Collection[Role], today: date) -> dict[int, set[int]]:
    """By organisation: the ids of everybody active who holds one of `roles` there on `today`; others have nobody."""
    rows = session.execute(
        select(Membership.organisation_id, Membership.user_id)
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .join(organisation, organisation.c.id == Membership.organisation_id)
        .where(membership_is_current(today), UserAccount.is_active, Membership.role.in_(list(roles)))
    )
    found: dict[int, set[int]] = defaultdict(set)
    for organisation_id, user_id in rows:
        found[organisation_id].add(user_id)
    return found


def last_membership(session: Session, user_id: int) -> int | None:
    """The membership of their own that a person used last, or None."""
    used = select(SignInSession.membership_id).where(
        SignInSession.user_id == user_id,
        SignInSession.membership_id.is_not(None),
        SignInSession.absence_id.is_(None),
    )
    return session.scalar(used.order_by(SignInSession.id.desc()).limit(1))


def _people_of_real_organisations() -> Select[int]:
    return (
        select(Membership.user_id)
        .join(organisation, organisation.c.id == Membership.organisation_id)
        .where(~organisation.c.is_demo)
    )
