"""Which policy sets there are, and which came last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.engine.models import WorkItem
from hub.engine.rulebook import PolicyVersion


@dataclass(frozen=True, slots=True)
class SetLine:
    """One policy set without its values. `stands`: "in force", "to come" or "past"."""

    id: int
    number: int
    name: str
    in_force_from: datetime
    stands: str
    change: str | None
    """What the change that made it is called; None of the set the hub began with."""
    reference: str | None
    """The reference of that change."""


def newest(session: Session) -> PolicyVersion:
    """The set whose day comes last: in force, or still to come. What is drafted is drafted from it."""
    query = select(PolicyVersion).order_by(PolicyVersion.in_force_from.desc(), PolicyVersion.id.desc()).limit(1)
    return session.scalars(query.execution_options(populate_existing=True)).one()


def find_set(session: Session, number: int) -> PolicyVersion | None:
    """The set of this number."""
    return session.scalars(select(PolicyVersion).where(PolicyVersion.number == number)).one_or_none()


def set_in_force(session: Session, now: datetime) -> PolicyVersion:
    """The set that what is sent at `now` goes by; the first of all before any is in force."""
    query = (
        select(PolicyVersion)
        .where(PolicyVersion.in_force_from <= now)
        .order_by(PolicyVersion.in_force_from.desc(), PolicyVersion.id.desc())
        .limit(1)
    )
    found = session.scalars(query).one_or_none()
    return found or session.scalars(select(PolicyVersion).order_by(PolicyVersion.in_force_from).limit(1)).one()


def sets_above(session: Session, identity: int) -> Sequence[int]:
    """The numbers of the sets that were approved after this one, newest first; none when there is no such set."""
    own = select(PolicyVersion.in_force_from).where(PolicyVersion.id == identity).scalar_subquery()
    query = select(PolicyVersion.number).where(PolicyVersion.in_force_from > own)
    return session.scalars(query.order_by(PolicyVersion.in_force_from.desc())).all()


def highest_number(session: Session) -> int:
    """The highest number that a set ever had, one that was revoked among them."""
    changes = WorkItem.metadata.tables["policy_change"]
    sets = select(func.max(PolicyVersion.number)).scalar_subquery()
    return session.scalar(select(func.greatest(sets, select(func.max(changes.c.number)).scalar_subquery()))) or 0


def set_lines(session: Session, now: datetime) -> list[SetLine]:
    """Every set, newest first."""
    columns = (PolicyVersion.id, PolicyVersion.number, PolicyVersion.name, PolicyVersion.in_force_from)
    changes = WorkItem.metadata.tables["policy_change"]
    query = (
        select(*columns, WorkItem.title, WorkItem.reference)
        .outerjoin(changes, changes.c.policy_set_id == PolicyVersion.id)
        .outerjoin(WorkItem, WorkItem.id == changes.c.id)
        .order_by(PolicyVersion.in_force_from.desc(), PolicyVersion.id.desc())
    )
    rows = session.execute(query).all()
    begun = [row.id for row in rows if row.in_force_from <= now]
    current = begun[0] if begun else rows[-1].id

    def stands(row_id: int, since: datetime) -> str:
        if row_id == current:
            return "in force"
        return "to come" if since > now else "past"

    return [
        SetLine(
            row.id, row.number, row.name, row.in_force_from, stands(row.id, row.in_force_from), row.title, row.reference
        )
        for row in rows
    ]
