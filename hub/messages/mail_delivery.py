"""Sending the e-mails of the outbox, one a transaction: a killed worker repeats at most the one it was sending."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from hub.accounts.links import make_link, make_ready
from hub.accounts.models import UserAccount
from hub.accounts.request_models import OneTimeLink, Purpose
from hub.config import Settings
from hub.engine.models import OutboxMessage
from hub.engine.outbox import MAIL, Outgoing, claim, mark_failed, mark_sent
from hub.engine.rulebook import rulebook
from hub.messages.bounces import bounce_of, mark_bounced
from hub.messages.kinds import MAIL_GIVEN_UP
from hub.messages.mail import Mail, PostOffice
from hub.messages.mail_failed import MailFailed
from hub.messages.mail_words import compose
from hub.messages.notify import came_back
from hub.messages.told_mail import settle
from hub.messages.writing import Writing

RETRY_MINUTES: Final = "messages.retry_minutes"
"""The policy key that says how long to wait before each new try."""


def send_next(session: Session, *, now: datetime, office: PostOffice) -> int:
    """Take up the e-mail that has waited longest, in the caller's transaction; 0 when none is due.

    One with a link takes two turns: in the first the link is made ready and committed, in the second it is sent.
    So the link works before anybody has it, and one that is sent twice is the same message with the same link.
    """
    batch = claim(session, now=now, limit=1, mail=True)
    if not batch:
        return 0
    [sent], mail = batch, None
    try:
        if settle(session, sent, now=now) or _is_made_ready(session, sent, office, now):
            return 1
        mail = compose(sent.topic.removeprefix(MAIL), Writing(session, office, sent.payload, now))
        if mail is not None:
            _refuse_where_mail_comes_back(session, mail)
            office.send(mail, number=sent.id, at=sent.created_at, is_again=sent.attempts > 0)
    except MailFailed as error:
        _failed(session, sent, mail, error, now)
    except (LookupError, TypeError, AttributeError) as error:
        _failed(session, sent, mail, MailFailed(f"it cannot be put into words: {error!r}", is_hopeless=True), now)
    else:
        mark_sent(session, [sent.id], now=now)
    return 1


def _refuse_where_mail_comes_back(session: Session, mail: Mail) -> None:
    bounce = bounce_of(session, mail.to)
    if bounce is not None:
        raise MailFailed(
            "mail to this address came back before. When that is mended, say so on the page of the person",
            is_hopeless=True,
        )


def _failed(session: Session, sent: Outgoing, mail: Mail | None, error: MailFailed, now: datetime) -> None:
    """Try again by the policy in force; given up, an address that takes no mail is marked, and administrators hear."""
    minutes = rulebook(session).policy(None, now).value(RETRY_MINUTES)
    waits = [timedelta(minutes=int(each)) for each in minutes] if isinstance(minutes, tuple) else []
    if mark_failed(session, sent, str(error), now=now, waits=waits, is_hopeless=error.is_hopeless):
        if error.is_the_address and mail is not None:
            mark_bounced(session, [(mail.to, now, str(error))])
        tell_of_giving_up(session, now)


def tell_of_giving_up(session: Session, now: datetime) -> None:
    """Tell the administrators. What is given up within an hour is one event: a server that broke is one message."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    session.execute(insert(OutboxMessage).values(topic=MAIL_GIVEN_UP, payload={}, created_at=hour))


def take_back_bounces(session: Session, *, now: datetime, chosen: Settings) -> int:
    """Mark the addresses that GOV.UK Notify says do not exist; gives how many are new. The caller commits."""
    marked = mark_bounced(session, came_back(chosen))
    if marked:
        tell_of_giving_up(session, now)
    return marked


def _is_made_ready(session: Session, sent: Outgoing, office: PostOffice, now: datetime) -> bool:
    """Do what comes before sending; whether there was anything to do."""
    if "account_hash" in sent.payload:
        _answer_forgotten(session, sent, office, now)
        return True
    link_id = sent.payload.get("link_id")
    link = session.get(OneTimeLink, link_id) if link_id is not None else None
    return link is not None and make_ready(session, link, office.chosen.key())


def _answer_forgotten(session: Session, sent: Outgoing, office: PostOffice, now: datetime) -> None:
    """Somebody forgot a password: when there is such an account, its link takes the place of the address's hash.

    Done here and not in the request, which must take the same time for an address without an account.
    """
    asked = func.encode(func.sha256(func.convert_to(UserAccount.email, "UTF8")), "hex") == sent.payload["account_hash"]
    account = session.scalar(select(UserAccount).where(asked, UserAccount.is_active))
    if account is None:
        mark_sent(session, [sent.id], now=now)
        return
    link = make_link(session, Purpose.PASSWORD, now, user_id=account.id)
    make_ready(session, link, office.chosen.key())
    payload: Mapping[str, Any] = {"link_id": link.id}
    session.execute(update(OutboxMessage).where(OutboxMessage.id == sent.id).values(payload=payload))
