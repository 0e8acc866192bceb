"""`perform()`: the only way an item changes its state. Locks, checks, moves, writes history, clocks and messages."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from hub.db import Base
from hub.engine.checks import entered_values, marked, problems_of
from hub.engine.clocks import plan_clocks
from hub.engine.everyday import EFFECTS
from hub.engine.models import WorkItem
from hub.engine.parties import check_it_exists, let_go, let_in
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.rulebook import Rulebook, rulebook_at
from hub.engine.statements import (
    CLOCK_COLUMNS,
    CLOCKS,
    LOCK_CASE_OF,
    PARTIES,
    PARTY_COLUMNS,
    RULEBOOK,
    SEALED,
    KindTable,
    kind_table,
    raw_connection,
)
from hub.engine.turn import Row, Turn
from hub.engine.visibility import may_see
from hub.engine.writing import finish, forget_rows
from workflows.core import Action, Actor, Workflow
from workflows.everyday import BY_NAME, everyday_named
from workflows.machine import move
from workflows.policy import NotAllowed


@dataclass(frozen=True, slots=True)
class _Locked:
    """What was read under the lock, beside the item's own columns."""

    parties: list[Row]
    clocks: list[Row]
    book: Rulebook
    is_sealed_off: bool
    """Its case is sealed, and does not name this person."""


def perform(
    session: Session,
    item: Any,
    action: str,
    actor: Actor,
    *,
    now: datetime,
    values: Mapping[str, Any] | None = None,
    reason: str | None = None,
    seen: int | None = None,
) -> None:
    """Do `action` to `item` as `actor`, in the caller's transaction; on return the item is in its new state.

    `values` holds typed answers by name of the action's questions; `seen` is the version the person was looking at.
    Raises ActionRefused with everything that is wrong, having written nothing.
    """
    model: type[WorkItem] = type(item)
    kind = kind_table(model)
    locked = _lock(session, item, kind, actor, may_close=_touches_an_end(kind.workflow, action))
    parties, clocks, book = locked.parties, locked.clocks, locked.book
    item.__dict__["as_of"] = now
    _check_it_is_seen(item, actor, locked)
    _check_it_is_fresh(item, seen)
    chosen, to_state = _arrow(kind.workflow, item, action, actor)
    turn = Turn(
        session=session,
        kind=kind,
        item=item,
        action=chosen,
        actor=actor,
        now=now,
        values=dict(values or {}),
        reason=(reason or "").strip() or None,
        parties=parties,
        clocks=clocks,
        rulebook=book,
        from_state=item.state,
        to_state=to_state,
        audience="hub" if chosen.is_inside else "all",
    )
    found = problems_of(turn)
    if found:
        raise ActionRefused(found)
    try:
        # Rows that an effect wrote go with the refusal of what follows it.
        with session.begin_nested() if chosen.name in item.effects else nullcontext():
            _decide(turn)
    except (ActionRefused, NotAllowed) as no:
        session.expire(item)  # changed in memory and nowhere else
        raise no if isinstance(no, ActionRefused) else ActionRefused([str(no)]) from no
    finish(turn)


def _decide(turn: Turn) -> None:
    """What the action does to the item and its clocks, in memory and as statements to be sent."""
    if turn.action.name in BY_NAME:
        EFFECTS[turn.action.name](turn)
        return
    for ask in turn.action.questions:
        if ask.kind == "unit" and turn.values.get(ask.name) is not None:
            check_it_exists(turn, "unit", ask.name, "Choose a unit from the list")
    entered_values(turn)
    for name in turn.action.clears:
        turn.change(name, None)
    marked(turn)
    for capacity in turn.action.lets_go:
        let_go(turn, capacity)
    for name, capacity in turn.action.lets_in.items():
        let_in(turn, name, capacity, why=turn.action.label)
    if effect := turn.item.effects.get(turn.action.name):
        effect(turn)
    _stamp_policy(turn)
    plan_clocks(turn)


def _lock(session: Session, item: Any, kind: KindTable, actor: Actor, *, may_close: bool) -> _Locked:
    """Lock both rows and put their columns on the object; parties and clocks in later statements of the same turn.

    A sub-select in the locking statement would see the time before the wait, so they are statements of their own.
    """
    identity = inspect(item).identity[0]  # and not `item.id`, which on an object nothing was read of is a statement
    raw = raw_connection(session)
    with raw.pipeline():
        if may_close:
            # Opening, ending or reopening an item locks the case first, so that a case is never closed under it.
            raw.execute(LOCK_CASE_OF, {"id": identity}, prepare=True)
        locked = raw.execute(kind.lock, {"id": identity}, prepare=True)
        sides = raw.execute(PARTIES, {"id": identity}, prepare=True)
        promises = raw.execute(CLOCKS, {"id": identity}, prepare=True)
        counter = raw.execute(RULEBOOK, prepare=True)
        seal = raw.execute(SEALED, {"id": identity, "user": actor.user_id}, prepare=True)
    # Read after the pipeline closed: reading inside it asks the server once more.
    found = locked.fetchone()
    if found is None:
        raise ActionRefused(["This is no longer here"])
    parties = [Row(**dict(zip(PARTY_COLUMNS, row, strict=True))) for row in sides.fetchall()]
    clocks = [_clock_row(dict(zip(CLOCK_COLUMNS, row, strict=True))) for row in promises.fetchall()]
    version = counter.fetchone()
    is_sealed_off = seal.fetchone() is not None
    _take_over(item, dict(zip(kind.columns, found, strict=True)))
    _forget_relations(session, item)
    return _Locked(parties, clocks, rulebook_at(session, int(version[0]) if version else 0), is_sealed_off)


def _take_over(item: Any, values: dict[str, Any]) -> None:
    """Put what was read under the lock on the object, as if the session had loaded it.

    `set_committed_value` for each of a hundred columns is a sixth of a transition, so the state is told of all at once.
    """
    state = inspect(item)
    known = state.dict
    names = [name for name, value in values.items() if name not in known or known[name] != value]
    known.update((name, values[name]) for name in names)
    state._commit(known, names)


def _clock_row(values: dict[str, Any]) -> Row:
    """A clock as it was read; `was` stays so, to tell what the turn changed."""
    return Row(**values, was=values)


def _forget_relations(session: Session, item: Any) -> None:
    """What the needs read must be as it is now, under the lock, and not as it was when the page was made."""
    for path in item.needs_loaded:
        held = item
        for name in path.split("."):
            if name not in held.__dict__:
                break
            found = held.__dict__[name]
            session.expire(held, [name])
            if not isinstance(found, Base):
                break
            # The same object comes back from the session, so what it knows of its row goes too.
            session.expire(found, inspect(type(found)).column_attrs.keys())
            held = found
    forget_rows(session, item)


def _touches_an_end(workflow: Workflow, name: str) -> bool:
    return any(action.reopening or action.dest in workflow.ends or action.emits for action in workflow.named(name))


def _check_it_is_seen(item: Any, actor: Actor, locked: _Locked) -> None:
    if not actor.is_system and not may_see(item, actor, locked.parties, is_sealed_off=locked.is_sealed_off):
        raise ActionRefused(["There is nothing here for you to do"])


def _check_it_is_fresh(item: Any, seen: int | None) -> None:
    if seen is None or seen >= item.version:
        return
    raise ActionRefused(
        [Problem("Someone else has changed this since you opened it. Look at what changed, then decide again")],
        is_stale=True,
    )


def _arrow(workflow: Workflow, item: Any, name: str, actor: Actor) -> tuple[Action, str]:
    """The arrow of this name out of the item's state and where it leads; two of one name are told apart by `when`."""
    everyday = everyday_named(workflow, name)
    if everyday is not None:
        return everyday, str(item.state)
    named = [action for action in workflow.named(name) if item.state in action.sources]
    holding = [action for action in named if action.when is None or action.when(item, actor) is None]
    dest = move(workflow, item.state, holding[0]) if holding else None
    if dest is None:
        raise ActionRefused([_no_such_arrow(workflow, item, name)])
    return holding[0], dest


def _no_such_arrow(workflow: Workflow, item: Any, name: str) -> str:
    label = next((action.label for action in workflow.named(name)), None)
    here = workflow.wording_of(item.state).label.lower()
    if label is None:
        return "There is no such action"
    return f"“{label}” is not possible now: this {workflow.title.lower()} is {here}"


def _stamp_policy(turn: Turn) -> None:
    """The policy set in force when the item is sent stays with it, whatever the hub changes later."""
    if turn.item.policy_version_id is None and turn.to_state not in turn.kind.workflow.drafts:
        turn.change("policy_version_id", turn.rulebook.in_force(turn.now), enter=False)
