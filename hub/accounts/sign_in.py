"""Checking an e-mail and a password."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.accounts.passwords import hash_password, needs_rehash, verify_password
from hub.accounts.queries import find_account


@dataclass(frozen=True, slots=True)
class Refused:
    """No: for the access log, never for the page, which says the same words whatever was wrong."""

    why: str
    user_id: int | None = None


def check_password(session: Session, email: str, password: str) -> UserAccount | Refused:
    """The active account these belong to, or why not. An unknown e-mail costs as much time as a wrong password.

    A hash made with older parameters is replaced; the caller commits.
    """
    account = find_account(session, email)
    is_right = verify_password(account.password_hash if account else None, password)
    if account is None:
        return Refused("unknown e-mail")
    if not is_right:
        return Refused("wrong password", account.id)
    if not account.is_active:
        return Refused("account disabled", account.id)
    if needs_rehash(account.password_hash):
        account.password_hash = hash_password(password)
    return account
