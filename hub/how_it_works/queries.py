"""Where the items are now and where they ended lately, as far as one person may see, by one statement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, func, literal, select, type_coerce, union_all
from sqlalchemy.orm import Session

import workflows
from hub.db import Moment
from hub.engine.models import WorkItem
from hub.engine.rulebook import Rulebook, rulebook
from hub.engine.visibility import may_be_seen
from hub.worklist.filters import Filters
from hub.worklist.seen import listed
from workflows.actor import Actor

LATELY = timedelta(days=30)
EVERY_ONE = 10_000_000
"""No cap: a heat map that stops counting would mislead."""


@dataclass
class Counts:
    """The numbers of one workflow."""

    open: dict[str, int] = field(default_factory=dict)
    """Open items by state."""
    late: dict[str, int] = field(default_factory=dict)
    """Those of them whose deadline has passed."""
    ended: dict[str, int] = field(default_factory=dict)
    """Items that ended in the last 30 days, by the state they ended in."""
    oldest: datetime | None = None
    """When the oldest open item was opened."""


def read_book(session: Session) -> Rulebook:
    """The rulebook as it is now."""
    return rulebook(session)


def read_counts(session: Session, actor: Actor, now: datetime) -> Mapping[str, Counts]:
    """The numbers of every workflow by name, of what `actor` may see."""
    found = {name: Counts() for name in workflows.ALL}
    for row in session.execute(union_all(*_parts(actor, now))):
        counts = found[row.kind]
        if row.what == "ended":
            counts.ended[row.state] = row.number
            continue
        counts.open[row.state] = row.number
        counts.late |= {row.state: row.late} if row.late else {}
        counts.oldest = min(row.oldest, counts.oldest or row.oldest)
    return found


def _parts(actor: Actor, now: datetime) -> Iterator[Any]:
    base = listed(actor, Filters(), now, EVERY_ONE).subquery("base")
    number, none = type_coerce(func.count(), BigInteger), type_coerce(literal(0), BigInteger)
    is_late = func.count().filter(WorkItem.next_due_at <= now)
    yield (
        select(
            literal("open").label("what"), WorkItem.kind, WorkItem.state, number.label("number"),
            type_coerce(is_late, BigInteger).label("late"), func.min(WorkItem.opened_at).label("oldest"),
        )
        .join(base, base.c.id == WorkItem.id)
        .group_by(WorkItem.kind, WorkItem.state)
    )  # fmt: skip
    yield (
        select(literal("ended"), WorkItem.kind, WorkItem.state, number, none, type_coerce(literal(None), Moment))
        .where(~WorkItem.is_open, WorkItem.closed_at > now - LATELY)
        .where(may_be_seen(actor, list(workflows.ALL)))
        .group_by(WorkItem.kind, WorkItem.state)
    )
