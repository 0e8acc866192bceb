"""What follows from the actions of an escalation, in the same transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.engine.everyday import may_own
from hub.engine.perform import perform
from workflows.core import SYSTEM
from workflows.escalation.guards import everybody_accepted


def settle_when_all_accepted(session: Session, item: Any, *, now: datetime) -> None:
    """The last acceptance settles it: all sides accepted one text, or none is bound."""
    if everybody_accepted(item, SYSTEM) is None:
        perform(session, item, "settle", SYSTEM, now=now)


def give_it_to_convenor(session: Session, item: Any, *, now: datetime) -> None:
    """Who convenes for the hub owns it, so that it is on their lists; somebody outside cannot own an item."""
    if item.owner_id == item.convenor_id:
        return
    if session.scalar(select(may_own(item.kind, item.convenor_id, now))):
        perform(session, item, "assign", SYSTEM, now=now, values={"owner_id": item.convenor_id})
