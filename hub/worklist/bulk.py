"""Doing one thing to many items: choosing them, trying it out on each, and doing it once, row by row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

import workflows
from hub.codes import known_label
from hub.db import transaction
from hub.engine.authority import by_of
from hub.engine.models import FAR, WorkItem
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.visibility import View, may_be_seen, view_of
from hub.web.filters import lower_first, moment_within
from hub.worklist.models import Bulk, BulkChange, BulkRow, Outcome
from hub.worklist.seen import KINDS
from workflows.actor import Actor
from workflows.everyday import ASSIGN, CHANGE_PRIORITY, NOTE

KEPT_UNPRESSED = timedelta(days=2)
"""A choice that nobody went on with is forgotten after so long."""
CHANGED = "Somebody changed it after you chose it. Open it and look, then choose it again"
NOT_SEEN = "You cannot see this item any more"
ACTIONS = {Bulk.ASSIGN: ASSIGN, Bulk.NOTE: NOTE, Bulk.CHANGE_PRIORITY: CHANGE_PRIORITY}


Names = Mapping[int, str]
"""People by id."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """One item as it was seen: its id and version."""

    item_id: int
    version: int


@dataclass(frozen=True, slots=True)
class Result:
    """What happens, or happened, to one row: done or not, in words without a full stop."""

    is_done: bool
    said: str


class Before(NamedTuple):
    """What an item was before a change."""

    priority: str | None
    due: datetime
    owner_id: int | None


def could_do(actor: Actor) -> tuple[Bulk, ...]:
    """What this person may be able to do to some item of a list; whether to this one is each item's own matter."""
    sees_whole = not actor.is_hub or actor.is_on_call or any(view_of(kind, actor) is View.ALL for kind in KINDS)
    if not sees_whole:
        return ()
    found = [Bulk.ASSIGN] if actor.is_hub else []
    found.append(Bulk.NOTE)
    accepts = (may for flow in workflows.ALL.values() for may in by_of(flow, CHANGE_PRIORITY))
    if any(may.role is None or may.role in actor.roles for may in accepts):
        found.append(Bulk.CHANGE_PRIORITY)
    return tuple(found)


def choose(
    session: Session,
    actor: Actor,
    action: Bulk,
    chosen: Sequence[Chosen],
    *,
    query: str,
    is_whole_list: bool,
    answers: Mapping[str, Any] | None,
    now: datetime,
) -> tuple[int, int]:
    """Keep what was chosen, to be looked at and pressed; gives the change's id and how many items it holds.

    What this person may not see is left out without a word. The caller commits.
    """
    stale = select(BulkChange.id).where(
        BulkChange.user_id == actor.user_id,
        BulkChange.pressed_at.is_(None),
        BulkChange.made_at < now - KEPT_UNPRESSED,
    )
    session.execute(delete(BulkChange).where(BulkChange.id.in_(stale)))
    assert actor.user_id is not None and actor.membership_id is not None
    change = BulkChange(
        user_id=actor.user_id,
        membership_id=actor.membership_id,
        action=action,
        answers=dict(answers) if answers else None,
        query=query,
        is_whole_list=is_whole_list,
        made_at=now,
    )
    session.add(change)
    session.flush()
    return change.id, _put_rows(session, change.id, chosen, actor)


def choose_again(session: Session, change: BulkChange, chosen: Sequence[Chosen], actor: Actor) -> None:
    """The list has changed since: the change holds what the list holds now. The caller commits."""
    session.execute(delete(BulkRow).where(BulkRow.change_id == change.id))
    _put_rows(session, change.id, chosen, actor)
    session.expire(change, ["rows"])


def _put_rows(session: Session, change_id: int, chosen: Sequence[Chosen], actor: Actor) -> int:
    versions = {one.item_id: one.version for one in chosen}
    seen = select(WorkItem.id, WorkItem.reference).where(WorkItem.id.in_(versions), may_be_seen(actor, KINDS))
    references = {row.id: row.reference for row in session.execute(seen)}
    rows = [
        {
            "change_id": change_id,
            "item_id": identity,
            "position": position,
            "reference": references[identity],
            "version": versions[identity],
        }
        for position, identity in enumerate((each for each in versions if each in references), start=1)
    ]
    if rows:
        session.execute(insert(BulkRow), rows)
    return len(rows)


def try_out(session: Session, change: BulkChange, actor: Actor, now: datetime, names: Names) -> dict[int, Result]:
    """What pressing would do to each row, by item: it is done by the engine itself and taken back at once.

    So the preview knows every reason that the engine knows, and no other. `names` are people by id.
    """
    items = _items(session, [row.item_id for row in change.rows], actor)
    return {row.item_id: _tried(session, change, row, items.get(row.item_id), actor, now, names) for row in change.rows}


def _tried(
    session: Session, change: BulkChange, row: BulkRow, item: Any, actor: Actor, now: datetime, names: Names
) -> Result:
    trial = session.begin_nested()
    try:
        return _do(session, change, row, item, actor, now, names, is_trial=True)
    finally:
        trial.rollback()


def find_change(session: Session, change_id: int, actor: Actor) -> BulkChange | None:
    """A change as its maker sees it, in the role it was chosen in; nobody else's."""
    mine = (BulkChange.user_id == actor.user_id, BulkChange.membership_id == actor.membership_id)
    return session.scalars(select(BulkChange).where(BulkChange.id == change_id, *mine)).one_or_none()


def answer(session: Session, change: BulkChange, answers: Mapping[str, Any], reason: str | None) -> bool:
    """Keep the answers; False when it was pressed meanwhile, and they count no more. The caller commits."""
    mine = session.get_one(BulkChange, change.id, with_for_update=True, populate_existing=True)
    if mine.pressed_at is not None:
        return False
    mine.answers, mine.reason = dict(answers), reason
    return True


def stamp_of(change: BulkChange) -> str:
    """Stands for the answers of a preview, so that the button does what stood above it and nothing else."""
    said = json.dumps([change.answers, change.reason], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def press(session: Session, change: BulkChange, actor: Actor, now: datetime, names: Names) -> None:
    """Do it to every row that has no result yet, each in a transaction of its own and all at one moment.

    A row that another press of the same button is at work on is left to it. When the machine stops half way, each
    row is done or is not, and pressing again does the rest. Commits. The change must have its answers.
    """
    with transaction(session):
        mine = session.get_one(BulkChange, change.id, with_for_update=True, populate_existing=True)
        mine.pressed_at = mine.pressed_at or now
    left = select(BulkRow.item_id).where(BulkRow.change_id == change.id, BulkRow.outcome.is_(None))
    for item_id in session.scalars(left.order_by(BulkRow.position)).all():
        with transaction(session):
            _press_one(session, change, item_id, actor, now, names)
    with transaction(session):
        mine = session.get_one(BulkChange, change.id, with_for_update=True, populate_existing=True)
        if mine.finished_at is None and session.scalar(left.limit(1)) is None:
            mine.finished_at = now
            # A note's words stand in the items' histories, where its audience is watched.
            mine.answers = {} if mine.action == Bulk.NOTE else mine.answers


def _press_one(session: Session, change: BulkChange, item_id: int, actor: Actor, now: datetime, names: Names) -> None:
    free = select(BulkRow).where(BulkRow.change_id == change.id, BulkRow.item_id == item_id, BulkRow.outcome.is_(None))
    row = session.scalars(
        free.with_for_update(skip_locked=True), execution_options={"populate_existing": True}
    ).one_or_none()
    if row is None:
        return
    item = _items(session, [item_id], actor).get(item_id)
    done = _do(session, change, row, item, actor, now, names)
    row.outcome, row.said, row.done_at = (Outcome.DONE if done.is_done else Outcome.REFUSED), done.said, now


def _items(session: Session, ids: Sequence[int], actor: Actor) -> dict[int, Any]:
    """The items this person may see, as they are now."""
    found = select(WorkItem).where(WorkItem.id.in_(ids), may_be_seen(actor, KINDS))
    return {item.id: item for item in session.scalars(found, execution_options={"populate_existing": True})}


def _do(
    session: Session,
    change: BulkChange,
    row: BulkRow,
    item: Any,
    actor: Actor,
    now: datetime,
    names: Names,
    *,
    is_trial: bool = False,
) -> Result:
    """One row through the engine, in a savepoint of its own."""
    if item is None:
        return Result(False, NOT_SEEN)
    answers = dict(change.answers or {})
    if change.action == Bulk.ASSIGN and item.owner_id is not None and item.owner_id == answers.get("owner_id"):
        return Result(False, f"{names.get(item.owner_id, 'This person')} owns it already")
    before = Before(item.priority, item.next_due_at, item.owner_id)
    try:
        with session.begin_nested():
            perform(
                session, item, change.action, actor, now=now, values=answers, reason=change.reason, seen=row.version
            )
            said = _words(change, item, before, names, now, is_trial=is_trial)
    except ActionRefused as refused:
        said = CHANGED if refused.is_stale else ". ".join(problem.message for problem in refused.problems)
        return Result(False, said.rstrip("."))
    return Result(True, said)


def _words(change: BulkChange, item: Any, before: Before, names: Names, now: datetime, *, is_trial: bool) -> str:
    if change.action == Bulk.ASSIGN:
        was = names.get(before.owner_id, "somebody who has left") if before.owner_id else "nobody"
        return f"{'Goes' if is_trial else 'Given'} to {names.get(item.owner_id, 'the person you chose')}, from {was}"
    if change.action == Bulk.NOTE:
        return "The note goes into its history" if is_trial else "The note is in its history"
    old, new = (known_label("priority", each or "") or "none" for each in (before.priority, item.priority))
    said = f"{'Becomes' if is_trial else 'Is'} {lower_first(new)}, was {lower_first(old)}"
    if before.due == item.next_due_at:
        return said
    return f"{said}. Due {_due(item.next_due_at, now)}, was {_due(before.due, now)}"


def _due(at: datetime, now: datetime) -> str:
    return "at no set time" if at == FAR else moment_within(at, now)
