"""The demo's saved views: two of a coordinator's own, and one of the whole hub's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from hub.worklist.filters import ME, Choices, Filters
from hub.worklist.saved_views import save_view
from workflows.actor import Actor

MOST: Final = 8
VIEWS: Final = (
    ("Mine, due this week", Filters(due=("late", "today", "week"), owner=ME), False),
    ("Waiting for a decision", Filters(needs=("decision",)), False),
    ("Emergencies", Filters(priority=("emergency",)), True),
)


def make_saved_views(session: Session, people: Mapping[str, Actor], now: datetime) -> None:
    """Views that Dele Okafor saved, the last of them for everybody in the hub."""
    maker, offered = people["Dele Okafor"], Choices(is_hub=True)
    for name, filters, is_team in VIEWS:
        save_view(session, maker, filters, offered, name=name, is_team=is_team, replaces=False, most=MOST, now=now)
