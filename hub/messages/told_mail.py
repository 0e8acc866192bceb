"""E-mails that bring a person's messages: queued once, settled before they are sent, and what they list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.engine.models import WorkItem
from hub.engine.outbox import (
    DIGEST,
    MAIL,
    SETTLES,
    TOLD,
    Outgoing,
    claimed_before,
    mark_sent,
    put_off,
    queue_told,
    settle_told,
)
from hub.engine.rulebook import rulebook
from hub.messages.bounces import bounce_of
from hub.messages.kinds import WORDS, MessageKind, Way
from hub.messages.mail import Mail, Section
from hub.messages.models import MailBounce, MailDigestRun, Message
from hub.messages.preferences import DIGEST_AT
from hub.messages.writing import Writing
from workflows import ALL
from workflows.durations import local

WAY_OF: Final[Mapping[str, Way]] = {TOLD: Way.AT_ONCE, DIGEST: Way.DAILY}
"""Which messages each kind of e-mail brings."""
MOST_LINES: Final = 50


def settle(session: Session, sent: Outgoing, *, now: datetime) -> bool:
    """Settle which messages an e-mail brings, to be committed before it is sent; False when that is done already.

    So a repeat after a kill says the same, whatever was told or chosen meanwhile. While an earlier one cannot be sent
    the messages are gathered: a mail server that is down for a day means two e-mails, not hundreds.
    """
    kind = sent.topic.removeprefix(MAIL)
    if kind not in WAY_OF or "claimed" in sent.payload:
        return False
    user_id = sent.payload["user_id"]
    account = session.get(UserAccount, user_id)
    if account is None or not account.is_active or bounce_of(session, account.email):
        mark_sent(session, [sent.id], now=now)
        return True
    before = claimed_before(session, sent)
    if before is not None:
        put_off(session, sent, max(before, now) + SETTLES)
        return True
    waiting = (
        update(Message)
        .where(Message.user_id == user_id, Message.mail_id.is_(None), Message.mail_when == WAY_OF[kind])
        .execution_options(synchronize_session=False)
    )
    session.execute(waiting.where(Message.read_at.is_not(None)).values(mail_when=Way.OFF))
    brought = session.scalars(waiting.values(mail_id=sent.id).returning(Message.id)).all()
    if brought:
        settle_told(session, sent)
    else:
        mark_sent(session, [sent.id], now=now)
    return True


def queue_digests(session: Session, *, now: datetime) -> int:
    """Queue the day's digests from their hour on, once however many workers; gives how many. The caller commits."""
    at = local(now)
    if at.time() < rulebook(session).policy(None, now).time_of_day(DIGEST_AT):
        return 0
    begun = insert(MailDigestRun).values(on_date=at.date(), at=now).on_conflict_do_nothing()
    if session.scalar(begun.returning(MailDigestRun.on_date)) is None:
        return 0
    waiting = session.scalars(
        select(Message.user_id)
        .join(UserAccount, UserAccount.id == Message.user_id)
        .outerjoin(MailBounce, (MailBounce.address == UserAccount.email) & MailBounce.cleared_at.is_(None))
        .where(Message.mail_id.is_(None), Message.mail_when == Way.DAILY, Message.read_at.is_(None))
        .where(UserAccount.is_active, MailBounce.address.is_(None))
        .distinct()
    ).all()
    queue_told(session, waiting, now=now, kind=DIGEST)
    return len(waiting)


def write_told(writing: Writing) -> Mail | None:
    """The messages that were settled for this e-mail, by kind: reference, kind and link of each item, and no more."""
    account = writing.session.get(UserAccount, writing.payload["user_id"])
    if account is None or not account.is_active:
        return None
    rows = _brought(writing.session, int(writing.payload["claimed"]))
    if not rows:
        return None
    shown, rest = rows[:MOST_LINES], rows[MOST_LINES:]
    sections = tuple(
        Section(
            WORDS[kind].title,
            tuple((_words(row), writing.page(_path(row))) for row in shown if row.kind == kind),
        )
        for kind in MessageKind
        if any(row.kind == kind for row in shown)
    )
    total = sum(row.number for row in rows)
    further = [f"And {len(rest):,} more, which your messages list."] if rest else []
    return writing.mail(
        account.email,
        _subject(rows, total),
        "You have a new message." if total == 1 else f"You have {total:,} new messages.",
        *further,
        f"Choose what you get by e-mail: {writing.page('/messages/preferences')}",
        link=("Read your messages", writing.page("/messages")),
        sections=sections,
        wishes=writing.page("/messages/preferences"),
    )


def _brought(session: Session, mail_id: int) -> list[Any]:
    """What the e-mail lists, one row for each kind and item."""
    reference = func.coalesce(WorkItem.reference, "")
    for_another = Message.for_id.is_not(None)
    rows = session.execute(
        select(
            Message.kind,
            WorkItem.kind.label("item_kind"),
            reference.label("reference"),
            Message.page,
            for_another.label("for_another"),
            func.count().label("number"),
        )
        .outerjoin(WorkItem, WorkItem.id == Message.item_id)
        .where(Message.mail_id == mail_id)
        .group_by(Message.kind, WorkItem.kind, reference, Message.page, for_another)
        .order_by(func.min(Message.event_at), func.min(Message.id))
    ).all()
    place = {kind: number for number, kind in enumerate(MessageKind)}
    return sorted(rows, key=lambda row: place[MessageKind(row.kind)])


def _words(row: Any) -> str:
    workflow = ALL.get(row.item_kind or "")
    about = f"{workflow.title} {row.reference}" if workflow else "About the hub"
    more = f", {row.number:,} messages" if row.number > 1 else ""
    return about + more + (", for a colleague who is away" if row.for_another else "")


def _path(row: Any) -> str:
    return f"/messages/{row.reference}" if row.reference else row.page or "/messages"


def _subject(rows: list[Any], total: int) -> str:
    kinds = {MessageKind(row.kind) for row in rows}
    if len(kinds) > 1:
        return f"{total:,} messages"
    words = WORDS[kinds.pop()]
    if total > 1:
        return f"{total:,} {words.many}"
    return ", ".join(filter(None, (f"a {words.one}", rows[0].reference)))
