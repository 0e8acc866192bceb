"""Reading and marking one person's inbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from hub.accounts.asking import ASKED_TOPIC
from hub.accounts.models import UserAccount
from hub.accounts.on_call_pages import PAGES as ONCALL_PAGES
from hub.engine.models import WorkItem
from hub.engine.recounts import RECOUNTED
from hub.engine.sweep import RANG, WARNED
from hub.messages.kinds import MAIL_GIVEN_UP
from hub.messages.models import Message
from hub.organisations.topics import BEDS_STALE
from hub.policies.horizon import HOLIDAYS_SHORT
from hub.web.paging import Cursor, Page, page_of

PAGES: Final[Mapping[str, str]] = {
    ASKED_TOPIC: "/account-requests",
    BEDS_STALE: "/beds/",
    MAIL_GIVEN_UP: "/jobs",
    ONCALL_PAGES: "/weekend",
    HOLIDAYS_SHORT: "/days",
    RECOUNTED: "/days/recounts/{recount_id}",
}
"""Topics about no item, and the page where the matter is looked after; what stands in braces comes from the payload."""
PAGE_SIZE = 25
EVENT_SIZE = 100
MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the inbox: one message, or all of one event together (`count`), with the first of them."""

    message: Message
    kind: str | None
    reference: str | None
    """Of the item it is about; None for one about no item, and for several messages."""
    count: int
    unread: int
    stands_in_for: str | None
    """The colleague away whose message it is."""

    @property
    def words(self) -> str:
        """What happened, once for all of them: "70 deadlines passed"."""
        return self.message.words if self.count == 1 else words_of_many(self.message, self.count)

    @property
    def page(self) -> str:
        """Where to look when it is not about one item: the list of several, else a page of the hub; "" without one."""
        if self.count > 1:
            return f"/messages/event/{self.message.id}"
        return self.message.page or PAGES.get(self.message.topic, "")

    @property
    def is_unread(self) -> bool:
        """Whether any of it has not been read."""
        return self.unread > 0

    @property
    def at(self) -> datetime:
        """When it happened."""
        return self.message.event_at


MANY: Final[Mapping[str, str]] = {
    RANG: "{count:,} deadlines passed",
    WARNED: "{count:,} deadlines near",
    MAIL_GIVEN_UP: "{count:,} e-mails could not be delivered",
}
"""What is said of several messages of one event; else their words and how many items."""


def words_of_many(message: Message, count: int) -> str:
    """Several messages of one event in one line, in the words of one of them."""
    said = MANY.get(message.topic, "{words}: {count:,} items")
    return said.format(count=count, words=message.words)


def read_inbox(session: Session, user_id: int | None, after: Cursor | None = None) -> Page[Entry]:
    """One page of a person's messages, newest first, those of one event in one line; one statement."""
    last = func.max(Message.id)
    groups = (
        select(
            Message.event_at,
            last.label("last_id"),
            func.min(Message.id).label("first_id"),
            func.count().label("number"),
            func.count().filter(Message.read_at.is_(None)).label("unread"),
        )
        .where(Message.user_id == user_id)
        .group_by(Message.event_at, Message.topic, Message.for_id)
        .order_by(Message.event_at.desc(), last.desc())
        .limit(PAGE_SIZE + 1)
    )
    if after is not None:
        groups = groups.where(Message.event_at <= after.at).having(or_(Message.event_at < after.at, last < after.id))
    found = groups.subquery()
    away = aliased(UserAccount)
    query = (
        select(Message, WorkItem.kind, WorkItem.reference, found.c.number, found.c.unread, away.name, found.c.last_id)
        .join(found, found.c.first_id == Message.id)
        .outerjoin(WorkItem, and_(WorkItem.id == Message.item_id, found.c.number == 1))
        .outerjoin(away, away.id == Message.for_id)
        .order_by(found.c.event_at.desc(), found.c.last_id.desc())
    )
    rows = [(Entry(*row[:-1]), row.last_id) for row in session.execute(query)]
    page = page_of(rows, PAGE_SIZE, lambda row: Cursor(row[0].at, row[1]))
    return Page([entry for entry, _ in page.rows], page.next)


@dataclass(frozen=True, slots=True)
class Event:
    """All messages of one event, with the number of those there are."""

    message: Message
    """The first of them."""
    lines: Page[Entry]
    count: int
    unread: int
    stands_in_for: str | None

    @property
    def words(self) -> str:
        """As the inbox says it."""
        return words_of_many(self.message, self.count)


def read_event(session: Session, user_id: int | None, message_id: int, after: Cursor | None = None) -> Event | None:
    """The event of one of a person's messages, a page of its lines by age; None when it is not theirs."""
    first = session.scalar(select(Message).where(Message.id == message_id, Message.user_id == user_id))
    if first is None:
        return None
    count, unread = session.execute(
        select(func.count(), func.count().filter(Message.read_at.is_(None))).where(_of_the_event_of(first))
    ).one()
    query = (
        select(Message, WorkItem.kind, WorkItem.reference)
        .outerjoin(WorkItem, WorkItem.id == Message.item_id)
        .where(_of_the_event_of(first))
        .order_by(Message.id)
        .limit(EVENT_SIZE + 1)
    )
    if after is not None:
        query = query.where(Message.id > after.id)
    rows = [Entry(*row, 1, int(row[0].read_at is None), None) for row in session.execute(query)]
    lines = page_of(rows, EVENT_SIZE, lambda entry: Cursor(entry.at, entry.message.id))
    away = session.get(UserAccount, first.for_id) if first.for_id is not None else None
    return Event(first, lines, count, unread, away.name if away else None)


def _of_the_event_of(message: Message) -> ColumnElement[bool]:
    """The messages that stand in one line of the inbox with this one."""
    return and_(
        Message.user_id == message.user_id,
        Message.event_at == message.event_at,
        Message.topic == message.topic,
        Message.for_id.is_not_distinct_from(message.for_id),
    )


def count_unread(session: Session, user_id: int | None) -> int:
    """How many lines of the inbox the person has not read; counting stops after MOST_COUNTED."""
    unread = (
        select(Message.event_at)
        .where(Message.user_id == user_id, Message.read_at.is_(None))
        .group_by(Message.event_at, Message.topic, Message.for_id)
        .limit(MOST_COUNTED + 1)
    )
    return session.scalar(select(func.count()).select_from(unread.subquery())) or 0


def find_item_told_of(session: Session, user_id: int | None, reference: str) -> WorkItem | None:
    """The item with this reference, when the person has a message about it."""
    about = select(Message.item_id).where(Message.user_id == user_id)
    return session.scalar(select(WorkItem).where(WorkItem.reference == reference, WorkItem.id.in_(about)))


def mark_read(session: Session, user_id: int | None, now: datetime, item_id: int | None = None) -> int:
    """Mark the person's unread messages as read, all or those about one item; gives how many. The caller commits."""
    return _mark(session, user_id, now, *(() if item_id is None else (Message.item_id == item_id,)))


def mark_event_read(session: Session, event: Event, now: datetime) -> int:
    """Mark every message of an event as read; gives how many. The caller commits."""
    return _mark(session, event.message.user_id, now, _of_the_event_of(event.message))


def _mark(session: Session, user_id: int | None, now: datetime, *which: ColumnElement[bool]) -> int:
    change = update(Message).where(Message.user_id == user_id, Message.read_at.is_(None), *which).values(read_at=now)
    return len(session.scalars(change.returning(Message.id).execution_options(synchronize_session=False)).all())
