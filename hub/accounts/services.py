"""Changing accounts and memberships. Each function leaves the commit to its caller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from hub.accounts.links import end_links, make_link
from hub.accounts.models import EMAIL_LENGTH, Membership, SessionEnd, SignInSession, UserAccount
from hub.accounts.organisation_table import organisation, site, unit
from hub.accounts.passwords import generate_password, hash_password, problems_with_password
from hub.accounts.queries import find_account
from hub.accounts.request_models import OneTimeLink, Purpose
from hub.engine.outbox import queue_mail
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
    with address_is_free(session, email):
        session.add(account)
        session.flush()
    return account, password


@contextmanager
def address_is_free(session: Session, email: str) -> Iterator[None]:
    """Write an e-mail address inside: AccountRefused when somebody else gave it to an account at the same moment."""
    try:
        with session.begin_nested():
            yield
    except IntegrityError as twice:
        raise AccountRefused(f"There is already an account for {email}") from twice


def invite(session: Session, email: str, name: str, now: datetime, by: int | None) -> UserAccount:
    """A new account whose person sets the password by a link that is e-mailed; `by` is who invites (an account's id).

    Until then nobody can sign in to it. Give the roles with add_membership: the invitation names them. Raises
    AccountRefused when the address is taken or not one, or the name is missing. The caller commits.
    """
    account, _ = add_account(session, email=email, name=name, now=now)
    send_invitation(session, account, now, by)
    return account


def send_invitation(session: Session, account: UserAccount, now: datetime, by: int | None) -> OneTimeLink:
    """Send an invitation, or a new one that ends the older ones. Raises AccountRefused for one switched off."""
    if not account.is_active:
        raise AccountRefused(f"The account of {account.name} is switched off. Switch it on first")
    link = make_link(session, Purpose.INVITATION, now, user_id=account.id, by=by)
    queue_mail(session, "invitation", {"link_id": link.id}, now=now)
    return link


def account_with_email(session: Session, email: str) -> UserAccount:
    """The account with this e-mail. Raises AccountRefused when there is none."""
    account = find_account(session, email)
    if account is None:
        raise AccountRefused(f"There is no account for {email}")
    return account


def disable_account(session: Session, account: UserAccount, now: datetime) -> int:
    """Stop an account from signing in and end its sessions and links; gives how many sessions were open."""
    account.is_active = False
    end_links(session, account.id, now)
    return end_sessions(session, account.id, SessionEnd.DISABLED, now)


def enable_account(account: UserAccount) -> None:
    """Let a disabled account sign in again."""
    account.is_active = True


def set_password(
    session: Session,
    account: UserAccount,
    password: str,
    now: datetime,
    *,
    keep_session_id: int | None = None,
    is_first: bool = False,
) -> None:
    """Change the password, end every session but `keep_session_id` and every open link, and tell the person by e-mail.

    Not when it is the first that the person chooses.

    Raises AccountRefused when it is too weak.
    """
    wrong = problems_with_password(password, email=account.email, name=account.name)
    if wrong:
        raise AccountRefused(*wrong)
    account.password_hash = hash_password(password)
    end_sessions(session, account.id, SessionEnd.CREDENTIALS_CHANGED, now, keep_session_id=keep_session_id)
    end_links(session, account.id, now)
    if not is_first:
        queue_mail(session, "password_changed", {"user_id": account.id}, now=now)


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
    wrong += _in_the_way(session, account, place, role, unit_id, from_on, until_on)
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


def change_membership_dates(session: Session, membership_id: int, from_on: date, until_on: date | None) -> Membership:
    """Give a membership other first and last days (London dates).

    Raises AccountRefused when there is none with this id, the days are the wrong way round, or it would overlap with
    the same role or put one person in both arms of a lead provider. The caller commits.
    """
    membership, account = _locked_membership(session, membership_id)
    place = session.execute(select(organisation).where(organisation.c.id == membership.organisation_id)).one()
    wrong = []
    if until_on is not None and until_on < from_on:
        wrong.append("The last day is before the first day")
    else:
        wrong += _in_the_way(
            session, account, place, membership.role, membership.unit_id, from_on, until_on, but=membership.id
        )
    if wrong:
        raise AccountRefused(*wrong)
    membership.from_on, membership.until_on = from_on, until_on
    session.flush()
    return membership


def _locked_membership(session: Session, membership_id: int) -> tuple[Membership, UserAccount]:
    """The membership with its person's row locked, as add_membership does."""
    membership = session.get(Membership, membership_id)
    if membership is None:
        raise AccountRefused("There is no such role. Somebody may have taken it away: look at the page again")
    account = session.scalars(select(UserAccount).where(UserAccount.id == membership.user_id).with_for_update()).one()
    session.refresh(membership)
    return membership, account


def _in_the_way(
    session: Session,
    account: UserAccount,
    place: Any,
    role: Role,
    unit_id: int | None,
    from_on: date,
    until_on: date | None,
    *,
    but: int | None = None,
) -> list[str]:
    """What else the person holds at that time that rules this role out, in words. `but`: the membership itself."""
    wrong = []
    overlapping = and_(Membership.overlapping(account.id, from_on, until_on), Membership.id.is_distinct_from(but))
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
        Membership.organisation_id == place.id,
        Membership.role == role,
        Membership.unit_id.is_not_distinct_from(unit_id),
    )
    if session.execute(same).first() is not None:
        wrong.append(f"{account.name} is a {role.label} of {place.name} already at that time")
    return wrong


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
