"""Delivering the outbox: each row once into the inbox of everybody it is for, and as a file for what comes after."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from hub.accounts.asking import ASKED_TOPIC
from hub.accounts.on_call_pages import PAGES as ONCALL_PAGES
from hub.config import OUTGOING
from hub.engine.clock_names import ClockNames, read_clock_names, title_of
from hub.engine.outbox import BATCH, Outgoing, claim, mark_failed, mark_sent, queue_told
from hub.engine.recounts import RECOUNTED
from hub.engine.sweep import RANG, WARNED
from hub.messages.deputies import with_deputies
from hub.messages.disputes import WORDS as DISPUTE_WORDS
from hub.messages.disputes import offer_of
from hub.messages.kinds import MAIL_GIVEN_UP, Way, kind_of
from hub.messages.models import Message
from hub.messages.preferences import read_wishes
from hub.messages.queries import PAGES
from hub.messages.side_words import FOR_A_UNIT, FOR_THE_HUB, people_inside
from hub.messages.who_is_told import who_is_told
from hub.organisations.topics import BEDS_STALE
from hub.policies.horizon import HOLIDAYS_SHORT
from hub.web.filters import lower_first
from hub.web.item_rows import plural_of
from workflows.core import in_words
from workflows.durations import moment_words

FOLDER = OUTGOING
"""Inside the data folder: one file for each outbox row."""
_WORDS = {
    ASKED_TOPIC: "Somebody asks for an account",
    BEDS_STALE: "Confirm the beds of {unit}: the figures are stale",
    RECOUNTED: "Deadlines you look after have moved: {why}",
    ONCALL_PAGES: "You are on call: what to watch until {until}",
    HOLIDAYS_SHORT: "Bank holidays are known only until {known_until}: add the next year",
    MAIL_GIVEN_UP: "An e-mail could not be delivered",
    "item.assigned": "This is yours now",
    "item.pause_asked": "Somebody asks to pause a clock: agree or refuse",
    "item.pause_approved": "The pause is agreed: the clock stands still",
    "item.pause_refused": "The pause is refused: the clock runs on",
    "policy_change.proposed": "A change of the rules is proposed: compare it and decide",
    "policy_change.day_moved": "A change of the rules was given another day: compare it and decide",
    "policy_change.approved": "A change of the rules is approved, and comes into force on its day",
    "policy_change.begun": "A change of the rules has come into force",
    "policy_change.revoked": "A change of the rules was taken back before its day",
}
"""Of topics about no item, of those that every item has, and of those whose last word alone says too little."""
_CLOCKS = {RANG: "Deadline passed", WARNED: "Deadline near"}


def deliver_due(session: Session, *, now: datetime, folder: Path, limit: int = BATCH) -> int:
    """Deliver outbox rows that are due, at most `limit`, in the caller's transaction; gives how many were taken up.

    The inbox takes each row once for each person, and a file written again is the same file: killed at any moment,
    nothing is lost and nothing is there twice. One that fails is tried again later and holds up no other.
    """
    batch = claim(session, now=now, limit=limit)
    if not batch:
        return 0
    failed = {sent.id: "its payload is not what this program writes" for sent in batch if not _is_sound(sent)}
    sound = [sent for sent in batch if sent.id not in failed]
    rows = list(_inbox_rows(session, sound, now, failed))
    if rows:
        session.execute(insert(Message).on_conflict_do_nothing(index_elements=["outbox_id", "user_id"]), rows)
    _write_files([sent for sent in sound if not sent.is_silent], folder, failed)
    # Last, since another worker that tells the same person waits here for the end of this transaction.
    queue_told(session, {row["user_id"] for row in rows if row["mail_when"] == Way.AT_ONCE}, now=now)
    for sent in batch:
        if sent.id in failed:
            mark_failed(session, sent, failed[sent.id], now=now)
    mark_sent(session, (sent.id for sent in batch if sent.id not in failed), now=now)
    return len(batch)


def _is_sound(sent: Outgoing) -> bool:
    """Whether everybody it is for can be worked out together with the rest of its batch."""
    if not isinstance(sent.payload, Mapping):
        return False
    position = sent.payload.get("position", 0)
    return type(position) is int and 0 <= position < 2**31


def _inbox_rows(
    session: Session, batch: list[Outgoing], now: datetime, failed: dict[int, str]
) -> Iterator[dict[str, Any]]:
    heard = with_deputies(session, batch, who_is_told(session, batch, now), now)
    inside = people_inside(session)
    names = read_clock_names(session, [_clock_of(sent) for sent in batch if sent.topic in _CLOCKS])
    wishes = read_wishes(session, {user_id for people in heard.values() for user_id in people}, now)
    for sent in batch:
        try:
            title = _title_of(sent, names) if sent.topic in _CLOCKS else ""
            words = {is_hub: words_of(sent.topic, sent.payload, is_hub=is_hub, title=title) for is_hub in (True, False)}
            page = _page(sent)
        except (LookupError, ValueError, TypeError, AttributeError) as error:
            failed[sent.id] = f"it cannot be put into words: {error}"
            continue
        for user_id, away in sorted(heard.get(sent.id, {}).items()):
            kind = kind_of(sent.topic, is_hub=user_id in inside)
            yield {
                "user_id": user_id,
                "for_id": away,
                "outbox_id": sent.id,
                "item_id": sent.item_id,
                "topic": sent.topic,
                "kind": str(kind),
                "words": words[user_id in inside],
                "page": page,
                "event_at": _event_of(sent),
                "created_at": now,
                "mail_when": str(wishes.way(user_id, kind)),
            }


def _event_of(sent: Outgoing) -> datetime:
    """What is told in one moment is one event. The sweep works in pieces, so an event of a clock is its minute."""
    moment = sent.told_at
    return moment.replace(second=0, microsecond=0) if sent.topic in _CLOCKS else moment


def words_of(topic: str, payload: Any, *, is_hub: bool = True, title: str = "") -> str:
    """What happened, without names of people: "Returned", "Deadline near: review, due Friday 27 March 2026, 11:30pm".

    Of a bed, what a unit is asked is news to the hub: each reads it from its own side. `title`: what the clock is
    called and whose it is; else its plain name.
    """
    of_a_side = (FOR_THE_HUB if is_hub else FOR_A_UNIT).get(topic) or DISPUTE_WORDS.get(topic)
    if of_a_side:
        return of_a_side
    if topic in _WORDS:
        return _WORDS[topic].format_map(payload)
    if topic not in _CLOCKS:
        return in_words(topic.rpartition(".")[2])
    if topic == RANG and (offer := offer_of(payload["clock"])):
        return offer
    said = title or title_of(payload.get("kind", ""), payload["clock"])
    return f"{_CLOCKS[topic]}: {lower_first(said)}, due {moment_words(datetime.fromisoformat(payload['due_at']))}"


def _title_of(sent: Outgoing, names: ClockNames) -> str:
    kind, item_id, per = _clock_of(sent)
    return names.title(kind, item_id, sent.payload["clock"], per)


def _clock_of(sent: Outgoing) -> tuple[str, int, str | None]:
    """The kind and the item of a clock, and whose it is."""
    per = sent.payload.get("per")
    return str(sent.payload.get("kind")), sent.item_id or 0, per if isinstance(per, str) else None


def _write_files(batch: list[Outgoing], folder: Path, failed: dict[int, str]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for sent in batch:
            write_whole(folder / f"{sent.id:012d}.json", json.dumps(_told(sent), sort_keys=True).encode())
        sync_folder(folder)
    except OSError as error:
        # The disk is full or gone: the inbox has them, and the files are tried again.
        failed.update(dict.fromkeys((sent.id for sent in batch), f"{folder}: {error.strerror}"))


def _told(sent: Outgoing) -> dict[str, Any]:
    """What leaves the building: no name, no number of a person and no clinical word."""
    kind, reference = sent.payload.get("kind"), sent.payload.get("reference")
    return {
        "id": sent.id,
        "topic": sent.topic,
        "kind": kind,
        "reference": reference,
        "link": f"/{plural_of(kind)}/{reference}" if kind and reference else _page(sent),
        "at": sent.created_at.astimezone(UTC).isoformat(),
    }


def _page(sent: Outgoing) -> str | None:
    return PAGES[sent.topic].format_map(sent.payload) if sent.topic in PAGES else None


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Whole or not at all, and on the disk: written beside, then renamed; what a killed worker left is written over."""
    beside = path.with_name(f".{path.name}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)


def sync_folder(folder: Path) -> None:
    """The folder's own list of files, so that a renamed file is still there after a power cut."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
