"""Slowing down guessing: failed sign-ins are counted in a table, by account and by address."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts.models import AttemptOutcome, SignInAttempt

WINDOW = timedelta(hours=1)
LONGEST_WAIT = timedelta(minutes=15)
_FIRST_WAIT = timedelta(seconds=15)
FREE_BY_ACCOUNT = 5
# A whole hospital may come from one address.
FREE_BY_ADDRESS = 50
FREE_ASKED = 3
FREE_ASKED_BY_ADDRESS = 20
"""E-mails that may be asked for in an hour before waiting begins: for one account, and from one network address."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A recorded attempt; `wait` is how long to wait before the next one counts, zero when this one may go on."""

    id: int
    wait: timedelta


def account_hash(email: str) -> str:
    """The key of an account in the attempts table: SHA-256 of the e-mail as typed, trimmed and lower case."""
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()


def wait_left(failures: int, last: datetime | None, now: datetime, *, free: int) -> timedelta:
    """How long until the next attempt: none up to `free` failures, then 15 s doubling, at most 15 minutes."""
    if last is None or failures < free:
        return timedelta(0)
    doublings: int = 2 ** min(failures - free, 10)
    wait = min(_FIRST_WAIT * doublings, LONGEST_WAIT)
    return max(last + wait - now, timedelta(0))


def begin_attempt(session: Session, email: str, address: str, now: datetime) -> Attempt:
    """Record an attempt, as failed until `succeed` says otherwise; the caller commits before checking the password.

    It is recorded first, under a lock for the account, so that many at once cannot all slip under the limit. One that
    is told to wait is not counted as a failure: nobody can be locked out for ever by a stranger.
    """
    key = account_hash(email)
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    failed, window = SignInAttempt.outcome == AttemptOutcome.FAILED, SignInAttempt.at > now - WINDOW
    last_success = (
        select(func.max(SignInAttempt.at))
        .where(SignInAttempt.account_hash == key, SignInAttempt.outcome == AttemptOutcome.SUCCEEDED)
        .scalar_subquery()
    )
    seen = select(func.count(), func.max(SignInAttempt.at)).where(failed, window)
    by_account = session.execute(
        seen.where(SignInAttempt.account_hash == key, SignInAttempt.at > func.coalesce(last_success, now - WINDOW))
    ).one()
    by_address = session.execute(seen.where(SignInAttempt.address == address)).one()
    wait = max(
        wait_left(by_account[0], by_account[1], now, free=FREE_BY_ACCOUNT),
        wait_left(by_address[0], by_address[1], now, free=FREE_BY_ADDRESS),
    )
    outcome = AttemptOutcome.THROTTLED if wait else AttemptOutcome.FAILED
    attempt = SignInAttempt(account_hash=key, address=address, at=now, outcome=outcome)
    session.add(attempt)
    session.flush()
    return Attempt(attempt.id, wait)


def begin_asking(session: Session, what: str, email: str, address: str, now: datetime) -> timedelta:
    """Record that somebody asks for an e-mail to an address; gives how long to wait first, zero when it may be sent.

    Counted for itself, by `what` and address asked for and by network address: whoever asks for much mail keeps
    nobody from signing in. The same whether or not the address has an account. The caller commits.
    """
    key = account_hash(f"{what}:{email.strip()}")
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))
    asked = select(func.count(), func.max(SignInAttempt.at)).where(
        SignInAttempt.outcome == AttemptOutcome.ASKED, SignInAttempt.at > now - WINDOW
    )
    for_account = session.execute(asked.where(SignInAttempt.account_hash == key)).one()
    from_address = session.execute(asked.where(SignInAttempt.address == address)).one()
    wait = max(
        wait_left(for_account[0], for_account[1], now, free=FREE_ASKED),
        wait_left(from_address[0], from_address[1], now, free=FREE_ASKED_BY_ADDRESS),
    )
    outcome = AttemptOutcome.THROTTLED if wait else AttemptOutcome.ASKED
    session.add(SignInAttempt(account_hash=key, address=address, at=now, outcome=outcome))
    session.flush()
    return wait


def forgive(session: Session, email: str, address: str, now: datetime) -> None:
    """Forget the account's failed attempts: its person has just shown who they are. The caller commits."""
    outcome = AttemptOutcome.SUCCEEDED
    session.add(SignInAttempt(account_hash=account_hash(email), address=address, at=now, outcome=outcome))
    session.flush()


def succeed(session: Session, attempt: Attempt) -> None:
    """Mark the attempt as a success, which also forgets the account's earlier failures. The caller commits."""
    row = session.get_one(SignInAttempt, attempt.id)
    row.outcome = AttemptOutcome.SUCCEEDED


def forget_old_attempts(session: Session, now: datetime, keep: timedelta = timedelta(days=30)) -> int:
    """Delete attempts older than `keep` and give their number; the access log keeps the record. The caller commits."""
    old = session.scalars(select(SignInAttempt).where(SignInAttempt.at < now - keep).limit(5000)).all()
    for row in old:
        session.delete(row)
    return len(old)
