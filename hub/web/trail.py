"""Writing the access log from a request: who, from where, which page."""

from __future__ import annotations

from typing import Any

from flask import g, request
from sqlalchemy.orm import Session

from hub.engine.access_log import log_access
from hub.web.person import current_person
from workflows.actor import Actor


def client_address() -> str:
    """The address of the browser, as the trusted proxies say it; at most 45 characters (an IPv6 address)."""
    return (request.remote_addr or "unknown")[:45]


def note(
    session: Session,
    what: str,
    *,
    user_id: int | None = None,
    membership_id: int | None = None,
    case_id: int | None = None,
    item_id: int | None = None,
    path: str = "",
    **detail: Any,
) -> None:
    """Add one access-log row for this request to `session`; the caller commits.

    Without `user_id` it is the signed-in person's. `detail` must be JSON and hold no clinical words. `path` stands in
    the place of the request's own where that says more than whoever reads the log may be told.
    """
    person, behalf = current_person(), None
    if user_id is None and person is not None:
        user_id = person.user_id
        membership_id = person.actor.membership_id if person.actor else None
        behalf = person.actor.on_behalf_of if person.actor else None
    log_access(
        session,
        Actor(user_id=user_id, name="", membership_id=membership_id, on_behalf_of=behalf),
        what,
        now=g.now,
        path=path or request.path,
        case_id=case_id,
        item_id=item_id,
        detail=detail,
        address=client_address(),
    )
