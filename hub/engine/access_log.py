"""Who signed in, opened, searched, exported or was refused: one row each, append-only."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from hub.engine.models import AccessLog
from workflows.core import Actor

FOR_WHOM = "for_user_id"
"""Key of `detail`: the account a deputy stood in for."""


def log_access(
    session: Session,
    actor: Actor | None,
    what: str,
    *,
    now: datetime,
    path: str = "",
    case_id: int | None = None,
    item_id: int | None = None,
    detail: dict[str, Any] | None = None,
    address: str | None = None,
) -> None:
    """Add one row. Opening logs one row for each case; a list or a search logs its query and the count.

    The row names who really looked; while they stand in for somebody, `detail` says for whom.
    """
    behalf = {FOR_WHOM: actor.on_behalf_of} if actor and actor.on_behalf_of is not None else {}
    session.execute(
        insert(AccessLog).values(
            at=now,
            what=what,
            user_id=actor.user_id if actor else None,
            membership_id=actor.membership_id if actor else None,
            case_id=case_id,
            item_id=item_id,
            path=path[:500],
            detail=(detail or {}) | behalf,
            address=address,
        )
    )
