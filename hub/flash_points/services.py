"""Writing a flash point down, writing it anew, and ending it; each change is one row of the log of changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.codes import codes
from hub.db import Lock, hold
from hub.engine.admin_log import Subject, log_change
from hub.engine.refusal import ActionRefused, Problem
from hub.flash_points.models import FlashPoint
from workflows.actor import Actor
from workflows.durations import local
from workflows.escalation.who import SPEAKING_ROLES
from workflows.roles import Role

WRITERS: Final = (*SPEAKING_ROLES, Role.COORDINATOR, Role.CASE_MANAGER, Role.QUALITY_LEAD)
"""Who fills the register in: whoever speaks for a partner, and the hub."""
KEEPERS_OF_ALL: Final = (Role.HEAD_OF_COMMISSIONING, Role.COORDINATOR, Role.CASE_MANAGER)
"""Who of the hub may change what another organisation wrote."""
LONGEST_LINE: Final = 160
LONGEST_TEXT: Final = 2_000
SAID: Final[Mapping[str, tuple[str, str, int]]] = {
    "goes_wrong": ("What goes wrong", "Say what goes wrong, in a few words", LONGEST_LINE),
    "early_sign": ("Early sign", "Say by what people notice it early", LONGEST_TEXT),
    "first_response": ("First response", "Say what everybody does first", LONGEST_TEXT),
    "whom_to_ring": ("Whom to ring", "Say whom to ring: a post and a number", LONGEST_LINE),
}
"""Each answer by its column: what it is called, what is said when it is missing, and how many letters it may have."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a flash point says. `dispute_kind` is a code of that list; None: it may come with any kind."""

    goes_wrong: str
    early_sign: str
    first_response: str
    whom_to_ring: str
    dispute_kind: str | None = None


def may_write(actor: Actor) -> bool:
    """Whether somebody may add one."""
    return actor.organisation_id is not None and bool(actor.roles & set(WRITERS))


def may_change(actor: Actor, point: FlashPoint) -> bool:
    """Whether somebody may write this one anew or end it: the organisation that wrote it, and the hub."""
    if not may_write(actor) or point.until_on is not None:
        return False
    keeps = actor.is_hub and bool(actor.roles & set(KEEPERS_OF_ALL))
    return keeps or point.organisation_id == actor.organisation_id


def write_flash_point(
    session: Session,
    actor: Actor,
    *,
    goes_wrong: str,
    early_sign: str,
    first_response: str,
    whom_to_ring: str,
    dispute_kind: str | None = None,
    now: datetime,
) -> FlashPoint:
    """A new flash point of the actor's organisation; the caller commits.

    The very same words of the same organisation give the one that is there: what is sent twice stands once.
    ActionRefused with everything that is wrong, by these names.
    """
    said = _checked(actor, Words(goes_wrong, early_sign, first_response, whom_to_ring, dispute_kind), now)
    hold(session, Lock.FLASH_POINTS)
    same = select(FlashPoint).where(
        FlashPoint.organisation_id == actor.organisation_id,
        FlashPoint.until_on.is_(None),
        FlashPoint.dispute_kind.is_not_distinct_from(said.dispute_kind),
        *(getattr(FlashPoint, name) == getattr(said, name) for name in SAID),
    )
    found = session.scalars(same.order_by(FlashPoint.id).limit(1)).one_or_none()
    if found is not None:
        return found
    made = _add(session, actor, said, now)
    log_change(session, actor, Subject.FLASH_POINT, made.id, "Flash point written", now=now, new=in_words(said))
    return made


def rewrite_flash_point(
    session: Session, actor: Actor, number: int, said: Words, *, why: str, now: datetime
) -> FlashPoint:
    """The flash point `number` in other words: a new one in its place. The old one ends and keeps its number.

    ActionRefused; stale when it has ended meanwhile.
    """
    old = _open(session, actor, number)
    problems = [*_wrong_why(why, "Say why it is written anew")]
    try:
        said = _checked(actor, said, now)
    except ActionRefused as refused:
        problems += refused.problems
    if problems:
        raise ActionRefused(problems)
    before = words_of(old)
    if said == before:
        raise ActionRefused([f"These are the words of number {number} already: nothing would change"])
    made = _add(session, actor, said, now, replaces_id=old.id)
    _end(old, now)
    session.flush()
    differs = {name: (value, in_words(said)[name]) for name, value in in_words(before).items()}
    changed = {name: pair for name, pair in differs.items() if pair[0] != pair[1]}
    log_change(
        session,
        actor,
        Subject.FLASH_POINT,
        old.id,
        f"Written anew as number {made.id}",
        now=now,
        old={name: was for name, (was, _) in changed.items()},
        new={name: now_so for name, (_, now_so) in changed.items()},
        why=why.strip(),
    )
    log_change(
        session,
        actor,
        Subject.FLASH_POINT,
        made.id,
        f"Written in place of number {old.id}",
        now=now,
        new=in_words(said),
        why=why.strip(),
    )
    return made


def end_flash_point(session: Session, actor: Actor, number: int, *, why: str, now: datetime) -> None:
    """Nobody goes by it any more; it stays readable. ActionRefused; stale when it has ended meanwhile."""
    old = _open(session, actor, number)
    if problems := _wrong_why(why, "Say why it ends"):
        raise ActionRefused(problems)
    _end(old, now)
    session.flush()
    new = {"Last day": old.until_on}
    log_change(session, actor, Subject.FLASH_POINT, old.id, "Flash point ended", now=now, new=new, why=why.strip())


def words_of(point: FlashPoint) -> Words:
    """What a flash point says."""
    return Words(
        point.goes_wrong, point.early_sign, point.first_response, point.whom_to_ring, dispute_kind=point.dispute_kind
    )


def in_words(said: Words) -> dict[str, str]:
    """The same by what each answer is called, for the log of changes."""
    kind = codes("dispute_kind").get(said.dispute_kind, said.dispute_kind) if said.dispute_kind else "Any kind"
    return {"Kind of dispute": kind, **{SAID[name][0]: str(getattr(said, name)) for name in SAID}}


def _open(session: Session, actor: Actor, number: int) -> FlashPoint:
    """The flash point, held until the end of the transaction, if it still stands and is theirs to change."""
    found = session.get(FlashPoint, number, with_for_update=True, populate_existing=True)
    if found is None:
        raise ActionRefused([f"There is no flash point {number}"])
    if found.until_on is not None:
        raise ActionRefused(
            [f"Number {number} has been ended or written anew since you opened this page. Read what stands now"],
            is_stale=True,
        )
    if not may_change(actor, found):
        raise ActionRefused(["The organisation that wrote it changes it, or the hub: ring them"])
    return found


def _add(session: Session, actor: Actor, said: Words, now: datetime, *, replaces_id: int | None = None) -> FlashPoint:
    made = FlashPoint(
        **asdict(said),
        from_on=local(now).date(),
        written_by_id=actor.user_id,
        organisation_id=actor.organisation_id,
        written_at=now,
        replaces_id=replaces_id,
    )
    session.add(made)
    session.flush()
    return made


def _end(point: FlashPoint, now: datetime) -> None:
    point.until_on = max(local(now).date(), point.from_on)


def _checked(actor: Actor, said: Words, now: datetime) -> Words:
    """The words without blanks round them, or everything that is wrong."""
    if not may_write(actor):
        raise ActionRefused(["Whoever speaks for a partner fills this register in, and the hub"])
    said = Words(**{name: getattr(said, name).strip() for name in SAID}, dispute_kind=said.dispute_kind or None)
    wrong = []
    for name, (called, missing, longest) in SAID.items():
        words = getattr(said, name)
        if not words:
            wrong.append(Problem(missing, name))
        elif len(words) > longest:
            wrong.append(Problem(f"{called}: use {longest} letters or fewer", name))
    if said.dispute_kind is not None and said.dispute_kind not in codes("dispute_kind", local(now).date()):
        wrong.append(Problem("Choose a kind from the list", "dispute_kind"))
    if wrong:
        raise ActionRefused(wrong)
    return said


def _wrong_why(why: str, missing: str) -> list[Problem]:
    if not why.strip():
        return [Problem(missing, "why")]
    return [Problem(f"Use {LONGEST_TEXT} letters or fewer", "why")] if len(why) > LONGEST_TEXT else []
