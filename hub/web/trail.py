"""Writing the access log from a request: who, from where, which page."""

from __future__ import annotations

from typing import Any

from flask import g, request
from sqlalchemy.orm import Session

from hub.engine.models import AccessLog
from hub.web.person import current_person


def client_address() -> str:
    """The address of the browser, as the trusted proxies say it; at most 45 characters (an IPv6 address)."""
    return (request.remote_addr or "unknown")[:45]


def note(
    session: Session,
    what: str,
    *,
    user_id: int | None = None,
    membership_id: int | None = None,
    **detail: Any,
) -> None:
    """Add one access-log row for this request to `session`; the caller commits.

    Without `user_id` it is the signed-in person's. `detail` must be JSON and hold no clinical words.
    """
    person = current_person()
    if user_id is None and person is not None:
        user_id = person.user_id
        membership_id = person.actor.membership_id if person.actor else None
    session.add(
        AccessLog(
            at=g.now,
            what=what,
            user_id=user_id,
            membership_id=membership_id,
            path=request.path[:2000],
            detail=detail,
            address=client_address(),
        )
    )
