"""Accounts that are asked for: asking, confirming the address, and the hub's yes or no."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from hub.accounts.links import make_link
from hub.accounts.models import UserAccount
from hub.accounts.queries import find_account
from hub.accounts.request_models import AccountRequest, OneTimeLink, Outcome, Purpose
from hub.accounts.services import AccountRefused, add_membership, invite
from hub.engine.models import OutboxMessage
from hub.engine.outbox import queue_mail
from workflows.durations import local, moment_words
from workflows.roles import Role

APPROVERS: Final = (Role.COORDINATOR, Role.ADMINISTRATOR)
"""Who decides about requests."""
ASKED_TOPIC: Final = "account.asked"
"""What the inboxes of those who decide are told."""
REFUSALS: Final[Mapping[str, str]] = {
    "not_found": "We could not find out that you work at this organisation.",
    "wrong_address": "The address is not one that this organisation gives to its staff.",
    "has_account": "You have an account already. Sign in with it, or ask for a new password.",
    "refers_otherwise": "Your organisation sends its referrals in another way. Ask your team how.",
    "no_need": "You do not need an account for what you want to do. Ring the hub to talk about it.",
    "other": "There is another reason: ring the hub to hear it.",
}
"""Code of a reason to refuse, and the sentence that the person is sent."""
KEPT_UNCONFIRMED: Final = timedelta(days=30)


class AlreadyDecided(AccountRefused):
    """Somebody else was quicker; the words say who and what."""


def ask(session: Session, *, name: str, job: str, email: str, organisation: str, reason: str, now: datetime) -> None:
    """Write down a request and have the link sent that confirms the address. The caller commits.

    The same statements whoever asks: nobody learns from it whether there is an account.
    """
    request = AccountRequest(
        name=name, job=job, email=email, organisation_typed=organisation, reason=reason, asked_at=now
    )
    session.add(request)
    session.flush()
    link = make_link(session, Purpose.CONFIRM_ADDRESS, now, request_id=request.id)
    queue_mail(session, "confirm_address", {"link_id": link.id}, now=now)


def confirm(session: Session, request_id: int, now: datetime) -> AccountRequest:
    """The address is the person's own: the request reaches the hub, in place of an older one. The caller commits."""
    request = session.get_one(AccountRequest, request_id)
    # Two requests of one person confirmed at once must not both find no other.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(request.email, 1))))
    session.execute(
        update(AccountRequest)
        .where(AccountRequest.email == request.email, *_waits())
        .values(ended_at=now, outcome=Outcome.REPLACED.value)
    )
    request.confirmed_at = now
    session.flush()
    session.execute(insert(OutboxMessage).values(topic=ASKED_TOPIC, item_id=None, payload={}, created_at=now))
    return request


def approve(
    session: Session, request_id: int, *, organisation_id: int, until_on: date | None, by: int, now: datetime
) -> AccountRequest:
    """Make the person a referrer of the organisation from today, with an account when there is none yet.

    Raises LookupError when nothing with this id ever reached the hub, AlreadyDecided when somebody was quicker, and
    AccountRefused with everything that is in the way. The caller commits.
    """
    request = _open_request(session, request_id, by)
    account = find_account(session, request.email)
    is_new = account is None
    if account is None:
        account = invite(session, request.email, request.name, now, by)
    elif not account.is_active:
        raise AccountRefused(
            f"{request.email} has an account that is switched off. Ask an administrator to switch it on first"
        )
    membership = add_membership(
        session,
        user_id=account.id,
        organisation_id=organisation_id,
        role=Role.REFERRER,
        from_on=local(now).date(),
        until_on=until_on,
    )
    if not is_new:
        queue_mail(session, "role_given", {"membership_id": membership.id}, now=now)
    _end(request, Outcome.APPROVED, by, now)
    request.user_id, request.membership_id = account.id, membership.id
    session.flush()
    return request


def refuse(session: Session, request_id: int, *, code: str, words: str, by: int, now: datetime) -> AccountRequest:
    """Say no; the person is sent the sentence of `code`, and `words` stay in the hub. Raises as `approve` does."""
    request = _open_request(session, request_id, by)
    if code not in REFUSALS:
        raise AccountRefused("Choose a reason")
    _end(request, Outcome.REFUSED, by, now)
    request.refusal, request.refusal_note = code, words or None
    queue_mail(session, "request_refused", {"request_id": request.id}, now=now)
    session.flush()
    return request


def forget_unconfirmed(session: Session, now: datetime) -> int:
    """Delete requests whose address nobody confirmed in time; gives how many. The caller commits."""
    link_is_alive = exists().where(OneTimeLink.request_id == AccountRequest.id, OneTimeLink.expires_at > now)
    old = delete(AccountRequest).where(
        AccountRequest.confirmed_at.is_(None), AccountRequest.asked_at < now - KEPT_UNCONFIRMED, ~link_is_alive
    )
    return len(
        session.scalars(old.returning(AccountRequest.id), execution_options={"synchronize_session": False}).all()
    )


def _open_request(session: Session, request_id: int, by: int) -> AccountRequest:
    """The request, locked: of two who decide at once, the second finds it decided."""
    query = select(AccountRequest).where(AccountRequest.id == request_id, AccountRequest.confirmed_at.is_not(None))
    locked = query.with_for_update(of=AccountRequest).execution_options(populate_existing=True)
    request = session.scalars(locked).one_or_none()
    if request is None:
        raise LookupError(request_id)
    if request.ended_at is not None:
        raise AlreadyDecided(how_it_ended(request))
    if session.get_one(UserAccount, by).email == request.email:
        raise AccountRefused("This request came from your own address, so somebody else must decide about it")
    return request


def how_it_ended(request: AccountRequest) -> str:
    """Who decided what and when, in words; "" while it waits."""
    if request.ended_at is None:
        return ""
    when = moment_words(request.ended_at)
    if request.outcome == Outcome.REPLACED:
        return f"The person asked again, and the newer request took the place of this one on {when}"
    who = request.decided_by.name if request.decided_by else "Somebody"
    return f"{who} {request.outcome} this request on {when}"


def _end(request: AccountRequest, outcome: Outcome, by: int, now: datetime) -> None:
    request.ended_at, request.outcome, request.decided_by_id = now, outcome.value, by


def _waits() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """The condition: it has reached the hub and is not decided."""
    return AccountRequest.confirmed_at.is_not(None), AccountRequest.ended_at.is_(None)
