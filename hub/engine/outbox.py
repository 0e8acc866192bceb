"""The outbox: what must leave after the commit is claimed in batches, marked as sent, or tried again later."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, literal_column, select, update
from sqlalchemy.orm import Session

from hub.engine.models import OutboxMessage

BATCH = 200
FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 14
"""Tries before the hub gives up and says so: they span about six hours."""
LONGEST_ERROR = 500
MAIL = "mail."
"""What the topic of an e-mail begins with; every other row is for inboxes and files."""

_waits_since = func.coalesce(OutboxMessage.next_try_at, OutboxMessage.created_at)
_is_mail = func.starts_with(OutboxMessage.topic, literal_column(f"'{MAIL}'"))
_is_unsent = (OutboxMessage.sent_at.is_(None), OutboxMessage.gave_up_at.is_(None))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One claimed outbox row. Receivers know it by `id`: to deliver it twice must do no harm."""

    id: int
    topic: str
    item_id: int | None
    payload: Mapping[str, Any]
    created_at: datetime
    attempts: int

    @property
    def is_silent(self) -> bool:
        """Whether it is only kept for the record: what happened long before the hub had it is news to nobody."""
        return bool(self.payload.get("imported"))


@dataclass(frozen=True, slots=True)
class Backlog:
    """What has not left yet."""

    unsent: int
    """Due to be sent now."""
    later: int
    """Waiting for their moment: the next working morning, or the next try."""
    oldest_due_at: datetime | None
    """Since when the oldest that is due has waited."""
    given_up: int


@dataclass(frozen=True, slots=True)
class Stuck:
    """One row whose last try failed."""

    id: int
    topic: str
    attempts: int
    error: str | None
    next_try_at: datetime | None
    gave_up_at: datetime | None

    @property
    def what(self) -> str:
        """Its topic in words: "E-mail: confirm address"."""
        kind = self.topic.rpartition(".")[2].replace("_", " ")
        return f"E-mail: {kind}" if self.topic.startswith(MAIL) else kind.capitalize()


def queue_mail(session: Session, kind: str, payload: Mapping[str, Any], *, now: datetime) -> None:
    """Have the worker send an e-mail after the commit. `kind` is a row of hub/messages/mail_words.py.

    `payload` holds numbers of rows, never a name, an address or the token of a link.
    """
    session.execute(
        insert(OutboxMessage).values(topic=f"{MAIL}{kind}", item_id=None, payload=dict(payload), created_at=now)
    )


def claim(session: Session, *, now: datetime, limit: int = BATCH, mail: bool = False) -> list[Outgoing]:
    """Rows that are due, oldest first, locked until the caller's transaction ends; those of other workers left out.

    With `mail` the e-mails, else everything else.
    """
    columns = [getattr(OutboxMessage, name) for name in Outgoing.__dataclass_fields__]
    rows = session.execute(
        select(*columns)
        .where(*_is_unsent, _waits_since <= now, _is_mail if mail else ~_is_mail)
        .order_by(_waits_since, OutboxMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [Outgoing(*row) for row in rows]


def mark_sent(session: Session, ids: Iterable[int], *, now: datetime) -> None:
    """These have left; in the transaction that records their delivery."""
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id.in_(list(ids)))
        .values(sent_at=now, attempts=OutboxMessage.attempts + 1, last_error=None)
        .execution_options(synchronize_session=False)
    )


def mark_failed(session: Session, sent: Outgoing, error: str, *, now: datetime, is_hopeless: bool = False) -> None:
    """This one did not leave: try again after a while that doubles; give up after MOST_ATTEMPTS, or when hopeless."""
    attempts = sent.attempts + 1
    has_given_up = is_hopeless or attempts >= MOST_ATTEMPTS
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.id == sent.id)
        .values(
            attempts=attempts,
            last_error=error[:LONGEST_ERROR],
            next_try_at=now + wait_after(attempts),
            gave_up_at=now if has_given_up else None,
        )
        .execution_options(synchronize_session=False)
    )


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failures (1 or more): ten seconds, doubling, at most an hour."""
    doublings: int = 2 ** min(attempts - 1, 20)
    return min(FIRST_WAIT * doublings, LONGEST_WAIT)


def try_again(session: Session, *, now: datetime) -> int:
    """Put everything that was given up back, to be tried from the start; gives how many."""
    put_back = session.scalars(
        update(OutboxMessage)
        .where(OutboxMessage.gave_up_at.is_not(None), OutboxMessage.sent_at.is_(None))
        .values(attempts=0, next_try_at=now, gave_up_at=None)
        .returning(OutboxMessage.id)
        .execution_options(synchronize_session=False)
    )
    return len(put_back.all())


def backlog(session: Session, now: datetime) -> Backlog:
    """Counts of what has not left; one statement."""
    unsent, given_up = OutboxMessage.sent_at.is_(None), OutboxMessage.gave_up_at.is_not(None)
    is_due = (~given_up) & (_waits_since <= now)
    row = session.execute(
        select(
            func.count().filter(is_due),
            func.count().filter(~given_up, _waits_since > now),
            func.min(_waits_since).filter(is_due),
            func.count().filter(given_up),
        ).where(unsent)
    ).one()
    return Backlog(*row)


def stuck(session: Session, limit: int = 20) -> list[Stuck]:
    """Rows whose last try failed, the newest first; one statement."""
    columns = (OutboxMessage.id, OutboxMessage.topic, OutboxMessage.attempts, OutboxMessage.last_error)
    rows = session.execute(
        select(*columns, OutboxMessage.next_try_at, OutboxMessage.gave_up_at)
        .where(OutboxMessage.sent_at.is_(None), OutboxMessage.last_error.is_not(None))
        .order_by(OutboxMessage.id.desc())
        .limit(limit)
    )
    return [Stuck(*row) for row in rows]
