"""Forgetting what was typed long ago, or for an item that has ended since; both lengths are policy."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import Session

import workflows
from hub.engine.drafts import Draft
from hub.engine.models import WorkItem
from hub.engine.rulebook import rulebook
from workflows.deadlines import work_out
from workflows.everyday import BY_NAME

AT_ONCE: Final = 1000


def forget_old_drafts(session: Session, now: datetime) -> int:
    """Delete drafts that nobody came back for, and give their number, at most AT_ONCE. The caller commits."""
    book = rulebook(session)
    policy, calendar = book.policy(None, now), book.calendar(None, now)
    kept, kept_after_end = (
        now - (work_out(policy.duration(key), now, calendar).due_at - now)
        for key in ("drafts.keep", "drafts.keep_after_end")
    )
    is_past_sending = and_(WorkItem.closed_at < kept_after_end, Draft.saved_at < kept_after_end, _is_impossible())
    old = (
        select(Draft.id)
        .outerjoin(WorkItem, WorkItem.id == Draft.item_id)
        .where(or_(Draft.saved_at < kept, is_past_sending))
        .limit(AT_ONCE)
        .with_for_update(of=Draft, skip_locked=True)
    )
    ids = list(session.scalars(old))
    session.execute(delete(Draft).where(Draft.id.in_(ids)))
    return len(ids)


def _is_impossible() -> ColumnElement[bool]:
    """Whether the item has ended and the draft is of an action that its end does not allow."""
    action = func.split_part(Draft.action, "/", 1)  # a section's draft is "fill_in/person"
    ways = []
    for workflow in workflows.ALL.values():
        for end in workflow.ends:
            allowed = {found.name for found in workflow.actions if end in found.sources} | set(BY_NAME)
            ways.append(and_(WorkItem.kind == workflow.name, WorkItem.state == end, action.not_in(sorted(allowed))))
    return or_(*ways)
