"""How each person wants messages by e-mail: read for a delivery, shown and changed on a page."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hub.engine.rulebook import rulebook
from hub.messages.kinds import WORDS, MessageKind, Way
from hub.messages.models import Message, MessagePreference
from workflows.durations import clock_words

ALWAYS: Final = "messages.always_at_once"
"""The policy key that names the kinds nobody can put off or turn off."""
DIGEST_AT: Final = "messages.digest_at"
"""The policy key with the hour of the daily e-mail."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What some people chose. `always` are kinds that go to everybody at once, whatever they chose."""

    chosen: Mapping[tuple[int, str], Way]
    always: Collection[str]

    def way(self, user_id: int, kind: MessageKind) -> Way:
        """How this person has messages of this kind by e-mail."""
        if kind in self.always:
            return Way.AT_ONCE
        return self.chosen.get((user_id, kind), WORDS[kind].usual)


def read_wishes(session: Session, user_ids: Collection[int], now: datetime) -> Wishes:
    """What these people chose; one statement, and the rulebook of the process."""
    rows = session.execute(
        select(MessagePreference.user_id, MessagePreference.kind, MessagePreference.way).where(
            MessagePreference.user_id.in_(set(user_ids))
        )
    )
    always = rulebook(session).policy(None, now).value(ALWAYS)
    return Wishes(
        {(row.user_id, row.kind): Way(row.way) for row in rows},
        frozenset(map(str, always)) if isinstance(always, tuple) else frozenset(),
    )


def save_wishes(session: Session, user_id: int, ways: Mapping[MessageKind, Way], *, now: datetime) -> None:
    """Record what a person chose. What is turned off is not sent any more, even when it waits. The caller commits."""
    rows = [
        {"user_id": user_id, "kind": str(kind), "way": str(way), "changed_at": now}
        for kind, way in sorted(ways.items())
    ]
    if not rows:
        return
    put = insert(MessagePreference)
    changed = {name: getattr(put.excluded, name) for name in ("way", "changed_at")}
    session.execute(put.on_conflict_do_update(index_elements=["user_id", "kind"], set_=changed), rows)
    session.execute(
        update(Message)
        .where(Message.user_id == user_id, Message.mail_id.is_(None), Message.mail_when != Way.OFF)
        .where(Message.kind.in_([kind for kind, way in ways.items() if way is Way.OFF]))
        .values(mail_when=Way.OFF)
        .execution_options(synchronize_session=False)
    )


def digest_words(session: Session, now: datetime) -> str:
    """When the daily e-mail is sent, on London's clocks: "8:00am"."""
    return clock_words(rulebook(session).policy(None, now).time_of_day(DIGEST_AT))
