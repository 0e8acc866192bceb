"""Changing accounts and memberships. Each function leaves the commit to its caller."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.accounts.models import EMAIL_LENGTH, Membership, SessionEnd, SignInSession, UserAccount
from hub.accounts.organisation_table import organisation, site, unit
from hub.accounts.passwords import generate_password, hash_password, problems_with_password
from hub.accounts.queries import find_account
from workflows.roles import HUB_ROLES, PERSON_ROLES, Role

HUB_ARM = "hub"
_OTHER_ARM = {"hub": "provider", "provider": "hub"}


class AccountRefused(Exception):
    """An expected no; `reasons` says in words everything that is wrong."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def add_account(
    session: Session, *, email: str, name: str, now: datetime, password: str | None = None
) -> tuple[UserAccount, str]:
    """A new account and its password, which is generated when none is given.

    Raises AccountRefused when the e-mail is taken or not one, or the password is too weak.
    """
    email, name = email.strip().lower(), " ".join(name.split())
    wrong = []
    local, _, host = email.partition("@")
    if not local or "." not in host or any(letter.isspace() for letter in email) or len(email) > EMAIL_LENGTH:
        wrong.append(f"'{email}' is not an e-mail address")
    elif find_account(session, email) is not None:
        wrong.append(f"There is already an account for {email}")
    if not name:
        wrong.append("Give the person's name")
    if password is None:
        password = generate_password()
    else:
        wrong += problems_with_password(password, email=email, name=name)
    if wrong:
        raise AccountRefused(*wrong)
    account = UserAccount(email=email, name=name, password_hash=hash_password(password), is_active=True, created_at=now)
    session.add(account)
    session.flush()
    return account, password


def account_with_email(session: Session, email: str) -> UserAccount:
    """The account with this e-mail. Raises AccountRefused when there is none."""
    account = find_account(session, email)
    if account is None:
        raise AccountRefused(f"There is no account for {email}")
    return account


def disable_account(session: Session, account: UserAccount, now: datetime) -> int:
    """Stop an account from signing in and end its sessions; gives how many were open."""
    account.is_active = False
    return end_sessions(session, account.id, SessionEnd.DISABLED, now)


def enable_account(account: UserAccount) -> None:
    """Let a disabled account sign in again."""
    account.is_active = True


def set_password(
    session: Session, account: UserAccount, password: str, now: datetime, *, keep_session_id: int | None = None
) -> None:
    """Change the password and end every session but `keep_session_id`. Raises AccountRefused when it is too weak."""
    wrong = problems_with_password(password, email=account.email, name=account.name)
    if wrong:
        raise AccountRefused(*wrong)
    account.password_hash = hash_password(password)
    end_sessions(session, account.id, SessionEnd.CREDENTIALS_CHANGED, now, keep_session_id=keep_session_id)


def end_sessions(
    session: Session, user_id: int, why: SessionEnd, now: datetime, *, keep_session_id: int | None = None
) -> int:
    """End all open sessions of a person but one; gives how many were ended."""
    open_ones = update(SignInSession).where(SignInSession.user_id == user_id, SignInSession.ended_at.is_(None))
    if keep_session_id is not None:
        open_ones = open_ones.where(SignInSession.id != keep_session_id)
    ended = session.execute(
        open_ones.values(ended_at=now, ended_why=why).returning(SignInSession.id),
        execution_options={"synchronize_session": False},
    )
    return len(ended.all())


def add_membership(
    session: Session,
    *,
    user_id: int,
    organisation_id: int,
    role: Role,
    from_on: date,
    until_on: date | None = None,
    unit_id: int | None = None,
) -> Membership:
    """Give a person a role at an organisation, from the first to the last day (London dates).

    Raises AccountRefused when the organisation or unit does not exist or does not carry the role, when the person
    holds the same role there already, or when it would put one person in both arms of a lead provider.
    """
    # Two memberships added at once must not both find nothing in the way.
    account = session.scalar(select(UserAccount).where(UserAccount.id == user_id).with_for_update())
    place = session.execute(select(organisation).where(organisation.c.id == organisation_id)).one_or_none()
    if account is None or place is None:
        raise AccountRefused("There is no such person or organisation")
    wrong = _problems_with_role(role, place.name, place.arm)
    if until_on is not None and until_on < from_on:
        wrong.append("The last day is before the first day")
    if unit_id is not None and not _belongs_to(session, unit_id, organisation_id):
        wrong.append(f"That unit is not one of {place.name}")
    overlapping = Membership.overlapping(user_id, from_on, until_on)
    if place.arm is not None:
        other = session.execute(
            select(organisation.c.name)
            .join(Membership, Membership.organisation_id == organisation.c.id)
            .where(overlapping, organisation.c.parent_id == place.parent_id)
            .where(organisation.c.arm == _OTHER_ARM[place.arm])
        ).first()
        if other is not None:
            wrong.append(
                f"{account.name} holds a membership of {other.name} at that time. "
                "Nobody may belong to the hub and to the lead provider's own services at once"
            )
    same = select(Membership.id).where(
        overlapping,
        Membership.organisation_id == organisation_id,
        Membership.role == role,
        Membership.unit_id.is_not_distinct_from(unit_id),
    )
    if session.execute(same).first() is not None:
        wrong.append(f"{account.name} is a {role.label} of {place.name} already at that time")
    if wrong:
        raise AccountRefused(*wrong)
    membership = Membership(
        user_id=user_id,
        organisation_id=organisation_id,
        unit_id=unit_id,
        role=role,
        from_on=from_on,
        until_on=until_on,
    )
    session.add(membership)
    session.flush()
    return membership


def _problems_with_role(role: Role, name: str, arm: str | None) -> list[str]:
    if role not in PERSON_ROLES:
        return [f"Nobody is given the role '{role.label}': it comes from the rota or belongs to the hub itself"]
    if role in HUB_ROLES and arm != HUB_ARM:
        return [f"Only the hub has a {role.label}, and {name} is not the hub"]
    if role not in HUB_ROLES and arm == HUB_ARM:
        return [f"The hub has no {role.label}: give the role at the person's own organisation"]
    return []


def _belongs_to(session: Session, unit_id: int, organisation_id: int) -> bool:
    query = (
        select(unit.c.id)
        .join(site, site.c.id == unit.c.site_id)
        .where(unit.c.id == unit_id, site.c.organisation_id == organisation_id)
    )
    return session.execute(query).first() is not None
