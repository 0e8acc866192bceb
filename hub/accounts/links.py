"""One-time links: making one, deriving its token when it is sent, finding it again and using it once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, select, update
from sqlalchemy.orm import Session

from hub.accounts.request_models import OneTimeLink, Purpose
from hub.engine.rulebook import rulebook
from workflows.deadlines import work_out


class LinkIsDead(Exception):
    """Wrong, used, expired, ended by a newer one, or not this person's: the page says the same in every case."""


def make_link(
    session: Session,
    purpose: Purpose,
    now: datetime,
    *,
    user_id: int | None = None,
    request_id: int | None = None,
    by: int | None = None,
) -> OneTimeLink:
    """A new link of a person or of a request; the older ones of the same purpose end. The caller commits."""
    mine = OneTimeLink.user_id == user_id if user_id is not None else OneTimeLink.request_id == request_id
    session.execute(_open_ones(mine, now).where(OneTimeLink.purpose == purpose))
    link = OneTimeLink(
        purpose=purpose.value,
        user_id=user_id,
        request_id=request_id,
        salt=secrets.token_hex(16),
        made_by_id=by,
        created_at=now,
        expires_at=works_until(session, purpose, now),
    )
    session.add(link)
    session.flush()
    return link


def end_links(session: Session, user_id: int, now: datetime) -> None:
    """End every open link of a person: the password has changed, or the account is switched off. The caller commits."""
    session.flush()
    session.execute(_open_ones(OneTimeLink.user_id == user_id, now))


def works_until(session: Session, purpose: Purpose, now: datetime) -> datetime:
    """When a link sent at `now` stops working, by the policy in force."""
    book = rulebook(session)
    policy = book.policy(None, now)
    if purpose is Purpose.PASSWORD:
        return now + timedelta(minutes=policy.number("security.one_time_link_minutes"))
    return work_out(policy.duration("security.invitation"), now, book.calendar(None, now)).due_at


def token_of(link: OneTimeLink, key: str) -> str:
    """The link's token, 256 bits in letters: always the same one, so that a mail sent again holds the same link."""
    made = hmac.new(key.encode(), f"one-time-link:{link.id}:{link.salt}".encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(made).rstrip(b"=").decode()


def make_ready(session: Session, link: OneTimeLink, key: str) -> bool:
    """Let the link be found by its token, before it is sent. False when it was ready. The caller commits.

    One made ready under another key, which the installation no longer has, is made ready anew.
    """
    needed = _hash(token_of(link, key))
    if link.token_hash == needed:
        return False
    link.token_hash = needed
    session.flush()
    return True


def is_alive(link: OneTimeLink, now: datetime) -> bool:
    """Whether it can still be used."""
    return link.used_at is None and link.ended_at is None and link.expires_at > now


def find_link(session: Session, token: str, now: datetime, *, reader: int | None = None) -> OneTimeLink:
    """The live link with this token; nothing is changed. `reader` is who is signed in at the browser, if anybody.

    Raises LinkIsDead, also when somebody else is signed in or the account is switched off.
    """
    link = session.scalar(select(OneTimeLink).where(OneTimeLink.token_hash == _hash(token)))
    return _checked(link, now, reader)


def lock_link(session: Session, token: str, now: datetime, *, reader: int | None = None) -> OneTimeLink:
    """The same, locked until the transaction ends: of two who send it at once, the second finds it used."""
    query = select(OneTimeLink).where(OneTimeLink.token_hash == _hash(token)).with_for_update(of=OneTimeLink)
    return _checked(session.scalar(query.execution_options(populate_existing=True)), now, reader)


def use(link: OneTimeLink, now: datetime) -> None:
    """The link has done what it was for. Call it with the row locked."""
    link.used_at = now


def _open_ones(whose: ColumnElement[bool], now: datetime) -> Update:
    open_ones = update(OneTimeLink).where(whose, OneTimeLink.used_at.is_(None), OneTimeLink.ended_at.is_(None))
    return open_ones.values(ended_at=now)


def _hash(token: str) -> str:
    """What is stored of a token: SHA-256 is enough, a token is 256 bits that nobody can guess."""
    return hashlib.sha256(token.encode()).hexdigest()


def _checked(link: OneTimeLink | None, now: datetime, reader: int | None) -> OneTimeLink:
    if link is None or not is_alive(link, now):
        raise LinkIsDead
    if link.user is not None and (not link.user.is_active or reader not in {None, link.user_id}):
        raise LinkIsDead
    return link
