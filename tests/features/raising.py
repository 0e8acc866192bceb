"""Raising a dispute through its page: what is sent, and what came of it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.escalations.models import Escalation

NEW = "/escalations/new"


def sent(other: int, /, **changes: Any) -> dict[str, Any]:
    """What a whole page sends, with this organisation as the other side."""
    return {
        "question": "Who finds the home, and by when?",
        "dispute_kind": "discharge_delay",
        "urgency": "standard",
        "side_2": str(other),
        "wanted": "A named home and a date",
        "facts": "Ready to leave since 28 February\r\nA home was offered on 12 March",
        "page": "page-1",
        **changes,
    }


def disputes(session: Session) -> list[Escalation]:
    """Every dispute, the first first, as it is now."""
    session.expire_all()
    return list(session.scalars(select(Escalation).order_by(Escalation.id)))
