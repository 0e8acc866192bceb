"""Absences of the demo: one that runs, with a deputy who can stand in, and one that is planned."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Final

from sqlalchemy.orm import Session

from hub.absences.services import record_absence
from workflows.actor import Actor
from workflows.durations import LONDON, local

ABSENCES: Final = (
    ("Karen Stott", "Priya Nandakumar", -1, 6, "Annual leave"),
    ("Ruth Calloway", "Helen Ashdown", 12, 19, "Annual leave"),
)
"""Who, deputy, and from when until when: days from nine o'clock today; and what colleagues read."""


def make_absences(session: Session, people: Mapping[str, Actor], now: datetime) -> None:
    """Each recorded by the person themself, at the latest the evening before it began."""
    at_nine = datetime.combine(local(now).date(), time(9), LONDON)
    for name, deputy, first, last, why in ABSENCES:
        user_id, deputy_id = people[name].user_id, people[deputy].user_id
        assert user_id is not None and deputy_id is not None
        from_at = at_nine + timedelta(days=first)
        record_absence(
            session,
            people[name],
            user_id=user_id,
            deputy_id=deputy_id,
            from_at=from_at,
            until_at=at_nine + timedelta(days=last),
            now=min(now, from_at - timedelta(hours=15)),
            why=why,
        )
