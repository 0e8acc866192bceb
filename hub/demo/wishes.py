"""What two people of the demo chose to get by e-mail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from hub.messages.kinds import MessageKind, Way
from hub.messages.preferences import save_wishes
from workflows.actor import Actor

WISHES: Final[Mapping[str, Mapping[MessageKind, Way]]] = {
    "Priya Nandakumar": {MessageKind.DEADLINE: Way.DAILY, MessageKind.CALENDAR_AND_RULES: Way.AT_ONCE},
    "Dele Okafor": {MessageKind.NEWS: Way.OFF},
}


def make_wishes(session: Session, people: Mapping[str, Actor], now: datetime) -> None:
    """Everybody else has messages as they usually come."""
    for name, ways in WISHES.items():
        user_id = people[name].user_id
        assert user_id is not None
        save_wishes(session, user_id, ways, now=now)
