"""Addresses that e-mail comes back from: marked, respected, and cleared by an administrator."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.engine.admin_log import Subject, log_change
from hub.engine.outbox import queue_told, try_again_to
from hub.messages.models import MailBounce
from workflows.actor import Actor

LONGEST_SAID = 300


def bounce_of(session: Session, address: str) -> MailBounce | None:
    """The mark on an address that mail comes back from; None when mail may be sent to it."""
    return session.scalar(
        select(MailBounce).where(MailBounce.address == address.lower(), MailBounce.cleared_at.is_(None))
    )


def mark_bounced(session: Session, bounced: Iterable[tuple[str, datetime, str]]) -> int:
    """Mark addresses, each with when its mail came back and what was said; gives how many had no mark.

    Mail that came back before a mark was cleared says nothing new.
    """
    rows = {
        address.lower(): {"address": address.lower(), "at": at, "said": said[:LONGEST_SAID]}
        for address, at, said in sorted(bounced, key=lambda each: each[1])
    }
    if not rows:
        return 0
    put = insert(MailBounce).values(list(rows.values()))
    marked = session.scalars(
        put.on_conflict_do_update(
            index_elements=["address"],
            set_={"at": put.excluded.at, "said": put.excluded.said, "cleared_at": None},
            where=MailBounce.cleared_at < put.excluded.at,
        )
        .returning(MailBounce.address)
        .execution_options(populate_existing=True)
    )
    return len(marked.all())


def clear_bounce(session: Session, by: Actor, account: UserAccount, *, now: datetime) -> bool:
    """Send e-mail to this person again, and what waited for it; False when there was no mark. The caller commits."""
    found = session.scalar(
        select(MailBounce).where(MailBounce.address == account.email, MailBounce.cleared_at.is_(None)).with_for_update()
    )
    if found is None:
        return False
    found.cleared_at = now
    session.flush()
    try_again_to(session, account.id, now=now)
    # A digest of another day comes at its hour; what should have come at once comes now.
    queue_told(session, [account.id], now=now)
    old = {"E-mail comes back from": account.email, "Since": found.at.isoformat(), "It said": found.said}
    log_change(session, by, Subject.PERSON, account.id, "E-mail is sent again", now=now, old=old)
    return True
