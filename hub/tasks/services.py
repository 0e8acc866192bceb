"""Opening a task, ticking it off and calling it off, because of what happened to the item it is about."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.engine.parties import carried_on
from hub.engine.perform import perform
from hub.engine.start import Beginning, start
from hub.engine.unread import unread
from hub.tasks.models import Task
from workflows.core import SYSTEM
from workflows.roles import Capacity
from workflows.task import TASK, State


def open_task(session: Session, item: Any, what: str, *, now: datetime) -> Task:
    """A task on `item` for whoever referred; its time counts from now."""
    made: Task = start(
        session,
        TASK,
        SYSTEM,
        now=now,
        values={"what": what, "asked_at": now},
        parent=item,
        about=Beginning(title=item.title, owner_id=item.owner_id, parties=carried_on(session, item, Capacity.REFERRER)),
    )
    return made


def hand_to_head(session: Session, item: Any, what: str, *, now: datetime) -> Task:
    """A task on `item` for a head of commissioning: what becomes of a bed. Nobody outside the hub sees it.

    One that waits for an answer is not asked again, whatever else takes the same bed's decision back.
    """
    waiting = select(Task).where(Task.parent_id == item.id, Task.state == State.BED_TO_SETTLE).order_by(Task.id)
    if (asked := session.scalars(waiting.limit(1)).first()) is not None:
        return asked
    made: Task = start(
        session,
        TASK,
        SYSTEM,
        now=now,
        values={"what": what, "asked_at": now},
        parent=item,
        about=Beginning(title=item.title, owner_id=item.owner_id, state=State.BED_TO_SETTLE),
    )
    return made


def tick_off(session: Session, item: Any, *, now: datetime) -> None:
    """What was owed on `item` is there."""
    for identity in open_tasks(session, item):
        perform(session, unread(session, Task, identity), "tick_off", SYSTEM, now=now)


def call_off(session: Session, item: Any, *, now: datetime, why: str) -> None:
    """Nothing is owed on `item` any more, since it went no further."""
    for identity in open_tasks(session, item):
        perform(session, unread(session, Task, identity), "say_not_needed", SYSTEM, now=now, reason=why)


def open_tasks(session: Session, item: Any) -> Sequence[int]:
    """Ids of the tasks still open on `item`, the oldest first."""
    query = select(Task.id).where(Task.parent_id == item.id, Task.is_open).order_by(Task.id)
    return session.scalars(query).all()
