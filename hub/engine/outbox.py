"""The outbox: what must leave after the commit is claimed in batches, marked as sent, or tried again later."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Update, func, insert, literal_column, select, text, update
from sqlalchemy.orm import Session

from hub.engine.models import TOLD_WAITS, OutboxMessage

BATCH = 200
FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(hours=1)
MOST_ATTEMPTS = 14
"""Tries before the hub gives up and says so: they span about six hours."""
LONGEST_ERROR = 500
MAIL = "mail."
"""What the topic of an e-mail begins with; every other row is for inboxes and files."""
TOLD, DIGEST = "told", "digest"
"""Kinds of e-mail that bring a person's messages: at once, and those of a day together."""
SETTLES = timedelta(seconds=5)
"""How long an e-mail waits for what else happens in the same moment: a sweep of thousands comes in pieces."""
SETTLES_AT_MOST = timedelta(minutes=1)

_waits_since = func.coalesce(OutboxMessage.next_try_at, OutboxMessage.created_at)
_is_mail = func.starts_with(OutboxMessage.topic, literal_column(f"'{MAIL}'"))
_MAIL_WORDS = {TOLD: "new messages", DIGEST: "messages of a day"}
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
    next_try_at: datetime | None = None

    @property
    def told_at(self) -> datetime:
        """When people are to hear of it: as it happens, or at the moment it was made to wait for."""
        return (self.next_try_at if not self.attempts else None) or self.created_at

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
        kind = self.topic.rpartition(".")[2]
        words = _MAIL_WORDS.get(kind, kind.replace("_", " "))
        return f"E-mail: {words}" if self.topic.startswith(MAIL) else words.capitalize()


def queue_mail(session: Session, kind: str, payload: Mapping[str, Any], *, now: datetime) -> None:
    """Have the worker send an e-mail after the commit. `kind` is a row of hub/messages/mail_words.py.

    `payload` holds numbers of rows, never a name, an address or the token of a link.
    """
    session.execute(
        insert(OutboxMessage).values(topic=f"{MAIL}{kind}", item_id=None, payload=dict(payload), created_at=now)
    )


def queue_told(session: Session, user_ids: Iterable[int], *, now: datetime, kind: str = TOLD) -> None:
    """Have each of these people sent one e-mail with their messages, unless one waits already; one statement.

    Call it after the messages are written. A waiting row is touched, and so locked: whoever claims it for sending
    waits, or did so before, and then a new row is written. Either way the messages of this transaction are in one.
    """
    people = sorted(set(user_ids))
    if people:
        session.execute(
            _QUEUE_TOLD,
            {"topic": f"{MAIL}{kind}", "people": people, "now": now, "settled": now + SETTLES, "most": SETTLES_AT_MOST},
        )


_QUEUE_TOLD = text(
    f"""
    INSERT INTO outbox_message (topic, payload, created_at, attempts, next_try_at)
    SELECT CAST(:topic AS text), jsonb_build_object('user_id', person), :now, 0, :settled
    FROM unnest(CAST(:people AS int[])) AS person ORDER BY person
    ON CONFLICT ((payload ->> 'user_id'), topic, (COALESCE(payload ->> 'claimed', ''))) WHERE {TOLD_WAITS}
    DO UPDATE SET next_try_at = LEAST(excluded.next_try_at, outbox_message.created_at + :most)
    """  # noqa: S608 - our own words
)


def settle_told(session: Session, sent: Outgoing) -> None:
    """What the e-mail brings is settled now: what is told from here on goes into another one."""
    payload = {**sent.payload, "claimed": str(sent.id)}
    session.execute(_row(sent.id).values(payload=payload, next_try_at=None))


def claimed_before(session: Session, sent: Outgoing) -> datetime | None:
    """When an e-mail with messages to the same person, settled and not sent yet, is tried again; None without one."""
    return session.scalar(
        select(func.min(_waits_since)).where(
            OutboxMessage.payload["user_id"].as_string() == str(sent.payload.get("user_id")),
            text(TOLD_WAITS),
            OutboxMessage.topic == sent.topic,
            OutboxMessage.payload.has_key("claimed"),
        )
    )


def put_off(session: Session, sent: Outgoing, until: datetime) -> None:
    """Look at it again at `until`; it was not tried."""
    session.execute(_row(sent.id).values(next_try_at=until))


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


def mark_failed(
    session: Session,
    sent: Outgoing,
    error: str,
    *,
    now: datetime,
    waits: Sequence[timedelta] | None = None,
    is_hopeless: bool = False,
) -> bool:
    """This one did not leave: try again after the next of `waits`; give up (True) when none is left, or when hopeless.

    Left out, the wait begins at ten seconds and doubles, for MOST_ATTEMPTS tries.
    """
    waits = _WAITS if waits is None else waits
    has_given_up = is_hopeless or sent.attempts >= len(waits)
    session.execute(
        _row(sent.id).values(
            attempts=sent.attempts + 1,
            last_error=error[:LONGEST_ERROR],
            next_try_at=now if has_given_up else now + waits[sent.attempts],
            gave_up_at=now if has_given_up else None,
        )
    )
    return has_given_up


def _row(outbox_id: int) -> Update:
    change = update(OutboxMessage).where(OutboxMessage.id == outbox_id)
    return change.execution_options(synchronize_session=False)


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failures (1 or more): ten seconds, doubling, at most an hour."""
    doublings: int = 2 ** min(attempts - 1, 20)
    return min(FIRST_WAIT * doublings, LONGEST_WAIT)


_WAITS = tuple(wait_after(attempts) for attempts in range(1, MOST_ATTEMPTS))


def try_again(session: Session, *, now: datetime, only: int | None = None) -> int:
    """Put everything that was given up back, or `only` one row, to be tried from the start; gives how many."""
    return _put_back(session, now, *(() if only is None else (OutboxMessage.id == only,)))


def try_again_to(session: Session, user_id: int, *, now: datetime) -> int:
    """Put the e-mails with messages that were given up for one person back; gives how many."""
    to_the_person = OutboxMessage.payload["user_id"].as_string() == str(user_id)
    return _put_back(session, now, to_the_person, OutboxMessage.topic.in_([f"{MAIL}{kind}" for kind in (TOLD, DIGEST)]))


def _put_back(session: Session, now: datetime, *which: ColumnElement[bool]) -> int:
    put_back = session.scalars(
        update(OutboxMessage)
        .where(OutboxMessage.gave_up_at.is_not(None), OutboxMessage.sent_at.is_(None), *which)
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
