"""Sending the e-mails of the outbox, one a transaction: a killed worker repeats at most the one it was sending."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from hub.accounts.links import make_link, make_ready
from hub.accounts.models import UserAccount
from hub.accounts.request_models import OneTimeLink, Purpose
from hub.engine.models import OutboxMessage
from hub.engine.outbox import MAIL, Outgoing, claim, mark_failed, mark_sent
from hub.messages.mail import MailFailed, PostOffice
from hub.messages.mail_words import Writing, compose


def send_next(session: Session, *, now: datetime, office: PostOffice) -> int:
    """Take up the e-mail that has waited longest, in the caller's transaction; 0 when none is due.

    One with a link takes two turns: in the first the link is made ready and committed, in the second it is sent.
    So the link works before anybody has it, and one that is sent twice is the same message with the same link.
    """
    batch = claim(session, now=now, limit=1, mail=True)
    if not batch:
        return 0
    [sent] = batch
    try:
        if _is_made_ready(session, sent, office, now):
            return 1
        mail = compose(sent.topic.removeprefix(MAIL), Writing(session, office, sent.payload, now))
        if mail is not None:
            office.send(mail, number=sent.id, at=sent.created_at)
    except MailFailed as error:
        mark_failed(session, sent, str(error), now=now, is_hopeless=error.is_hopeless)
    except (LookupError, TypeError, AttributeError) as error:
        mark_failed(session, sent, f"it cannot be put into words: {error!r}", now=now, is_hopeless=True)
    else:
        mark_sent(session, [sent.id], now=now)
    return 1


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
