"""The changes that go on, as far as somebody may see them."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from hub.engine.models import WorkItem
from hub.engine.visibility import visible
from hub.policy_changes.models import PolicyChange
from workflows.actor import Actor


def open_changes(session: Session, actor: Actor) -> Sequence[PolicyChange]:
    """The changes that are drafted, wait for a second person or wait for their day, newest first."""
    query = visible(PolicyChange, actor).where(WorkItem.is_open).order_by(WorkItem.id.desc())
    return session.scalars(query).all()
