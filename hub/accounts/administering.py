"""What an administrator changes about people: separation of duties, nobody's change lost, and a row of history each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from hub.accounts.domains import add_domain, clean_address, domains_of, problem_with_address, remove_domain
from hub.accounts.links import make_link
from hub.accounts.models import Membership, SessionEnd, SignInSession, UserAccount
from hub.accounts.organisation_table import organisation, unit
from hub.accounts.queries import find_account, membership_is_current
from hub.accounts.request_models import OneTimeLink, OrganisationEmailDomain, Purpose
from hub.accounts.services import (
    AccountRefused,
    add_membership,
    address_is_free,
    change_membership_dates,
    disable_account,
    enable_account,
    end_sessions,
    invite,
    send_invitation,
)
from hub.db import Lock, hold
from hub.engine.admin_log import Subject, log_change, refuse_if_changed
from hub.engine.outbox import queue_mail
from workflows.actor import Actor
from workflows.durations import local
from workflows.roles import Role

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class NewRole:
    """A membership to be given: where, as what, and its first and last day (London dates)."""

    organisation_id: int
    unit_id: int | None
    role: Role
    from_on: date
    until_on: date | None


def add_person(
    session: Session, by: Actor, *, email: str, name: str, first: NewRole, why: str, now: datetime
) -> UserAccount:
    """A new account with its first role, invited by e-mail. AccountRefused names what is wrong. The caller commits."""
    wrong = problem_with_address(clean_address(email))
    if wrong:
        raise AccountRefused(wrong)
    account = invite(session, email, name, now, by.user_id)
    new = {"Name": account.name, "E-mail": account.email}
    log_change(session, by, Subject.PERSON, account.id, "Invited", now=now, new=new, why=why.strip())
    _give(session, by, account, first, why, now)
    return account


def change_person(
    session: Session, by: Actor, user_id: int, *, email: str, name: str, why: str, now: datetime, seen: int
) -> UserAccount:
    """Another name or e-mail address; with the address the open sessions end. The caller commits."""
    account = _begin(session, by, user_id, seen)
    email, name = clean_address(email), " ".join(name.split())
    wrong = []
    if email != account.email and (said := problem_with_address(email)):
        wrong.append(said)
    elif email != account.email and find_account(session, email) is not None:
        wrong.append(f"There is already an account for {email}")
    if not name:
        wrong.append("Give the person's name")
    if not wrong and (email, name) == (account.email, account.name):
        wrong.append("Nothing is different from what is recorded")
    if wrong:
        raise AccountRefused(*wrong)
    old, new = {"Name": account.name, "E-mail": account.email}, {"Name": name, "E-mail": email}
    differing = [word for word in old if old[word] != new[word]]
    if email != account.email:
        end_sessions(session, account.id, SessionEnd.CREDENTIALS_CHANGED, now)
        _end_links(session, account, now)
    with address_is_free(session, email):
        account.email, account.name = email, name
        session.flush()
    old, new = {word: old[word] for word in differing}, {word: new[word] for word in differing}
    log_change(session, by, Subject.PERSON, account.id, "Changed", now=now, old=old, new=new, why=why.strip())
    return account


def give_role(
    session: Session, by: Actor, user_id: int, given: NewRole, *, why: str, now: datetime, seen: int
) -> Membership:
    """One more membership; the person is told by e-mail. AccountRefused names all that is wrong. The caller commits."""
    account = _begin(session, by, user_id, seen)
    made = _give(session, by, account, given, why, now)
    queue_mail(session, "role_given", {"membership_id": made.id}, now=now)
    return made


def _give(session: Session, by: Actor, account: UserAccount, given: NewRole, why: str, now: datetime) -> Membership:
    made = add_membership(
        session,
        user_id=account.id,
        organisation_id=given.organisation_id,
        unit_id=given.unit_id,
        role=given.role,
        from_on=given.from_on,
        until_on=given.until_on,
    )
    new = {"Role": words_of(session, made), "From": given.from_on, "Until": given.until_on}
    log_change(session, by, Subject.PERSON, account.id, "Role given", now=now, new=new, why=why.strip())
    return made


def change_role(
    session: Session,
    by: Actor,
    membership_id: int,
    *,
    from_on: date,
    until_on: date | None,
    why: str,
    now: datetime,
    seen: int,
) -> Membership:
    """Other first and last days of a membership; sessions that act under one that is over end with it."""
    membership = session.get_one(Membership, membership_id)
    _begin(session, by, membership.user_id, seen)
    session.refresh(membership)
    old = {"Role": words_of(session, membership), "From": membership.from_on, "Until": membership.until_on}
    if (from_on, until_on) == (membership.from_on, membership.until_on):
        raise AccountRefused("Nothing is different from what is recorded")
    if membership.role is Role.ADMINISTRATOR:
        _refuse_the_last(session, now, without_membership=membership.id, last_day=until_on, first_day=from_on)
    changed = change_membership_dates(session, membership_id, from_on, until_on)
    today = local(now).date()
    if from_on > today or (until_on is not None and until_on < today):
        session.execute(
            update(SignInSession)
            .where(SignInSession.membership_id == membership_id, SignInSession.ended_at.is_(None))
            .values(ended_at=now, ended_why=SessionEnd.ROLE_CHANGED),
            execution_options={"synchronize_session": False},
        )
    new = {"Role": old["Role"], "From": from_on, "Until": until_on}
    what = "Role ended" if until_on is not None and until_on < today else "Dates of a role changed"
    log_change(session, by, Subject.PERSON, membership.user_id, what, now=now, old=old, new=new, why=why.strip())
    return changed


def end_role_now(session: Session, by: Actor, membership_id: int, *, why: str, now: datetime, seen: int) -> Membership:
    """End a membership at once: yesterday was its last day. One that began today ends by switching the account off."""
    membership = session.get_one(Membership, membership_id)
    yesterday = local(now).date() - _ONE_DAY
    if membership.from_on > yesterday:
        raise AccountRefused(
            "The role begins today or later, so it has no last day before today. Give it today as its last day, "
            "or switch the account off to stop the person at once"
        )
    if membership.until_on is not None and membership.until_on <= yesterday:
        raise AccountRefused("The role has ended already")
    return change_role(
        session, by, membership_id, from_on=membership.from_on, until_on=yesterday, why=why, now=now, seen=seen
    )


def switch_account(
    session: Session, by: Actor, user_id: int, *, is_active: bool, why: str, now: datetime, seen: int
) -> UserAccount:
    """Switch an account off, which ends its sessions, or on again. The caller commits."""
    account = _begin(session, by, user_id, seen)
    if account.is_active == is_active:
        raise AccountRefused(f"The account is switched {'on' if is_active else 'off'} already")
    if is_active:
        enable_account(account)
    else:
        _refuse_the_last(session, now, without_user=user_id)
        disable_account(session, account, now)
        _end_links(session, account, now)
    what = "Account switched on" if is_active else "Account switched off"
    log_change(session, by, Subject.PERSON, user_id, what, now=now, why=why.strip())
    return account


def send_link(session: Session, by: Actor, user_id: int, *, now: datetime) -> bool:
    """Send a one-time link: a new invitation (True) to who never signed in, else one for a new password (False)."""
    account = session.get_one(UserAccount, user_id)
    if not account.is_active:
        raise AccountRefused(f"The account of {account.name} is switched off. Switch it on first")
    is_new = session.scalar(select(SignInSession.id).where(SignInSession.user_id == user_id).limit(1)) is None
    if is_new:
        send_invitation(session, account, now, by.user_id)
    else:
        link = make_link(session, Purpose.PASSWORD, now, user_id=user_id, by=by.user_id)
        queue_mail(session, "password", {"link_id": link.id}, now=now)
    what = "Invitation sent again" if is_new else "Link for a new password sent"
    log_change(session, by, Subject.PERSON, user_id, what, now=now)
    return is_new


def words_of(session: Session, membership: Membership) -> str:
    """A membership as history names it: "case manager, Invented Hub"."""
    place = session.scalar(select(organisation.c.name).where(organisation.c.id == membership.organisation_id))
    ward = session.scalar(select(unit.c.name).where(unit.c.id == membership.unit_id))
    return ", ".join(filter(None, (membership.role.label, place, ward)))


def _begin(session: Session, by: Actor, user_id: int, seen: int) -> UserAccount:
    """The account, locked. Nobody changes their own, and nothing is done over what somebody else did meanwhile."""
    # First this one, always: two administrators who act on each other at once must not both be left out.
    hold(session, Lock.ADMINISTRATORS)
    query = select(UserAccount).where(UserAccount.id == user_id).with_for_update()
    account = session.scalars(query.execution_options(populate_existing=True)).one()
    if by.user_id == user_id:
        raise AccountRefused("You cannot change your own account or roles: ask another administrator")
    refuse_if_changed(session, Subject.PERSON, user_id, seen)
    return account


def _refuse_the_last(
    session: Session,
    now: datetime,
    *,
    without_membership: int | None = None,
    without_user: int | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
) -> None:
    """Refuse what would leave the hub without an administrator, today or from the day after `last_day` on."""
    today = local(now).date()
    if without_membership is not None and last_day is None and (first_day is None or first_day <= today):
        return
    # With both a first day to come and a last one, only those who go on are counted.
    goes_on = max(today, (last_day or today) + _ONE_DAY if without_membership else today)
    others = (
        select(func.count(func.distinct(Membership.user_id)))
        .select_from(Membership)
        .join(UserAccount, UserAccount.id == Membership.user_id)
        .join(organisation, organisation.c.id == Membership.organisation_id)
        .where(Membership.role == Role.ADMINISTRATOR, UserAccount.is_active)
        .where(membership_is_current(today), or_(Membership.until_on.is_(None), Membership.until_on >= goes_on))
        .where(Membership.id.is_distinct_from(without_membership), Membership.user_id.is_distinct_from(without_user))
    )
    if not session.scalar(others):
        raise AccountRefused(
            "The hub would be left without an administrator. Give somebody else the role of administrator first"
        )


def _end_links(session: Session, account: UserAccount, now: datetime) -> None:
    """Links that were sent to the old address, or before the account was switched off, open nothing any more."""
    session.execute(
        update(OneTimeLink)
        .where(OneTimeLink.user_id == account.id, OneTimeLink.used_at.is_(None), OneTimeLink.ended_at.is_(None))
        .values(ended_at=now),
        execution_options={"synchronize_session": False},
    )


def let_domain_in(
    session: Session, by: Actor, organisation_id: int, *, typed: str, has_subdomains: bool, why: str, now: datetime
) -> OrganisationEmailDomain:
    """Put a domain on an organisation's list. AccountRefused says what is wrong. The caller commits."""
    made = add_domain(session, organisation_id, typed, has_subdomains=has_subdomains, now=now, by=by.user_id)
    new = {"E-mail domain": made.domain, "With domains below": "Yes" if has_subdomains else "No"}
    log_change(
        session, by, Subject.ORGANISATION, organisation_id, "E-mail domain added", now=now, new=new, why=why.strip()
    )
    return made


def take_domain_off(session: Session, by: Actor, organisation_id: int, domain_id: int, *, now: datetime) -> str:
    """Take a domain off an organisation's list; gives its name. AccountRefused when it is gone. The caller commits."""
    if domain_id not in {row.id for row in domains_of(session, organisation_id)}:
        raise AccountRefused("That domain is off the list already")
    gone = remove_domain(session, domain_id)
    old = {"E-mail domain": gone.domain}
    log_change(session, by, Subject.ORGANISATION, organisation_id, "E-mail domain removed", now=now, old=old)
    return gone.domain
