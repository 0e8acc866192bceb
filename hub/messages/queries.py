"""Reading and marking one person's inbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from hub.accounts.asking import ASKED_TOPIC
from hub.engine.models import WorkItem
from hub.messages.models import Message
from hub.organisations.topics import BEDS_STALE
from hub.web.paging import Cursor, Page, page_of

PAGES: Final[Mapping[str, str]] = {ASKED_TOPIC: "/account-requests", BEDS_STALE: "/beds/"}
"""Topics about no item, and the page where the matter is looked after."""
PAGE_SIZE = 25
MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One message with the item it is about; both None for one about no item."""

    message: Message
    kind: str | None
    reference: str | None

    @property
    def page(self) -> str:
        """Where to look for one about no item; "" when there is no such page."""
        return PAGES.get(self.message.topic, "")


def read_inbox(session: Session, user_id: int | None, after: Cursor | None = None) -> Page[Entry]:
    """One page of a person's messages, newest first; one statement."""
    query = (
        select(Message, WorkItem.kind, WorkItem.reference)
        .outerjoin(WorkItem, WorkItem.id == Message.item_id)
        .where(Message.user_id == user_id)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if after is not None:
        same_moment = and_(Message.created_at == after.at, Message.id < after.id)
        query = query.where(or_(Message.created_at < after.at, same_moment))
    rows = [Entry(*row) for row in session.execute(query)]
    return page_of(rows, PAGE_SIZE, lambda entry: Cursor(entry.message.created_at, entry.message.id))


def count_unread(session: Session, user_id: int | None) -> int:
    """How many messages the person has not read; counting stops after MOST_COUNTED."""
    unread = select(Message.id).where(Message.user_id == user_id, Message.read_at.is_(None)).limit(MOST_COUNTED + 1)
    return session.scalar(select(func.count()).select_from(unread.subquery())) or 0


def find_item_told_of(session: Session, user_id: int | None, reference: str) -> WorkItem | None:
    """The item with this reference, when the person has a message about it."""
    about = select(Message.item_id).where(Message.user_id == user_id)
    return session.scalar(select(WorkItem).where(WorkItem.reference == reference, WorkItem.id.in_(about)))


def mark_read(session: Session, user_id: int | None, now: datetime, item_id: int | None = None) -> int:
    """Mark the person's unread messages as read, all or those about one item; gives how many. The caller commits."""
    change = update(Message).where(Message.user_id == user_id, Message.read_at.is_(None)).values(read_at=now)
    if item_id is not None:
        change = change.where(Message.item_id == item_id)
    return len(session.scalars(change.returning(Message.id).execution_options(synchronize_session=False)).all())
