"""A policy set that is in force from now on, with another limit or list."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.engine.rulebook import PolicyVersion
from workflows.policy import DEFAULT


def put_limit(session: Session, key: str, most: int | tuple[int, ...], at: datetime) -> None:
    """The default set with another number or list under `key`, in force from `at`."""
    entry = DEFAULT.entry(key)
    changed = replace(
        DEFAULT, entries={**DEFAULT.entries, key: replace(entry, values=dict.fromkeys(entry.values, most))}
    )
    number = (session.scalar(select(func.max(PolicyVersion.number))) or 0) + 1
    session.add(PolicyVersion(name="Limits", number=number, in_force_from=at, content=changed.to_json()))
    session.flush()
