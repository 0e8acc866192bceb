"""Clocks of one item: started, paused, resumed and stopped as it moves, from the policy set it carries."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from hub.engine.authority import PartyRow, is_party
from hub.engine.models import Clock as ClockRow
from hub.engine.statements import adapt, insert, update
from hub.engine.stored_clocks import deadline_of
from hub.engine.turn import Row, Turn
from workflows.calendar import (
    Effect,
    Rule,
    moment_rule,
    time_used,
    warnings,
)
from workflows.core import Clock, Workflow

FRESH = {
    "per": None,
    "is_running": True,
    "paused_at": None,
    "warn_50_at": None,
    "warn_80_at": None,
    "warned_at": None,
    "rang_at": None,
    "stopped_at": None,
    "outcome": None,
    "asked": None,
    "gross_seconds": None,
    "net_seconds": None,
}
WRITTEN = tuple(column.key for column in ClockRow.__table__.columns if column.key not in {"id", "item_id"})

JSON_COLUMNS = frozenset({"pauses", "changes"})


def plan_clocks(turn: Turn) -> None:
    """Start, pause, resume and stop the item's clocks for the state it is about to enter."""
    if turn.to_state in turn.kind.workflow.drafts:
        return
    for name in dict.fromkeys(clock.name for clock in turn.kind.workflow.clocks):
        definition = definition_of(turn, name)
        for per in _keys(turn, definition, name):
            _plan_one(turn, definition, name, per)


def definition_of(turn: Turn, name: str) -> Clock | None:
    """`clock_definition` of the turn's item."""
    return clock_definition(turn.item, name)


def clock_definition(item: Any, name: str) -> Clock | None:
    """The clock of this name that holds for the item as it now is; two may share a name with a `when` each."""
    workflow: Workflow = item.workflow
    for clock in workflow.clocks:
        if clock.name == name and (clock.when is None or clock.when(item)):
            return clock
    return None


def _keys(turn: Turn, definition: Clock | None, name: str) -> Iterator[str | None]:
    if definition is None or definition.per is None:
        yield None
        return
    known = {row.per for row in turn.clocks if row.name == name}
    yield from sorted(known | _held_by(turn, definition), key=str)


def _held_by(turn: Turn, definition: Clock) -> set[str]:
    """The parties that hold the capacity a clock runs for."""
    return {key_of(party) for party in turn.parties if definition.per in party.capacities}


def key_of(party: PartyRow) -> str:
    """What a clock calls its party: "organisation:7", "organisation:7/unit:3", "user:12"; the same after a re-entry."""
    if party.user_id is not None:
        return f"user:{party.user_id}"
    organisation = f"organisation:{party.organisation_id}"
    return organisation if party.unit_id is None else f"{organisation}/unit:{party.unit_id}"


def _plan_one(turn: Turn, definition: Clock | None, name: str, per: str | None) -> None:
    past = [row for row in turn.clocks if row.name == name and row.per == per]
    live = next((row for row in past if row.stopped_at is None), None)
    if definition is not None and definition.per is not None and per not in _held_by(turn, definition):
        if live is not None:
            stop(turn, live, is_given_up=True)
        return
    runs = definition is not None and turn.to_state in definition.runs_in
    pauses = definition is not None and turn.to_state in definition.pauses_in
    stopped_here = definition is not None and _stops(turn, definition, per)
    if live is not None and (stopped_here or not (runs or pauses)):
        stop(turn, live)
        return
    if live is not None and definition is not None and definition.due_fact:
        follow_the_moment(turn, live, getattr(turn.item, definition.due_fact))
    if live is not None and definition is not None and definition.from_fact in turn.own_changes and len(past) == 1:
        live.started_at = turn.own_changes[definition.from_fact]  # it was corrected: the first start counts from it
        recompute(turn, live)
    if definition is None or stopped_here or not (runs or pauses):
        return
    if live is None:
        if past and (definition.on_return == "once" or _was_stopped_inside(turn, past[-1], definition)):
            return
        live = _resumed(turn, past[-1]) if past and definition.on_return == "resume" else None
        live = live or _start(turn, definition, per, is_first=not past)
        if live is None:
            return
    if pauses and live.paused_at is None and turn.now < live.due_at:
        _pause(turn, live, why=f"waiting: {turn.kind.workflow.wording_of(turn.to_state).label.lower()}")
    elif runs and live.paused_at is not None and not _was_asked_for(live):
        resume(turn, live)


def _stops(turn: Turn, definition: Clock, per: str | None) -> bool:
    if turn.action.name not in definition.stops_on:
        return False
    if per is None:
        return True
    return per in {key_of(party) for party in turn.parties if is_party(turn.actor, party)}


def _was_stopped_inside(turn: Turn, row: Row, definition: Clock) -> bool:
    """A clock that one of its `stops_on` actions ended stays ended while the item stays inside its states."""
    inside = definition.runs_in | definition.pauses_in
    return bool(definition.stops_on) and row.outcome is not None and turn.from_state in inside


def _start(turn: Turn, definition: Clock, per: str | None, *, is_first: bool) -> Row | None:
    start = turn.now
    if is_first and definition.from_fact:
        if getattr(turn.item, definition.from_fact) is None:
            turn.change(definition.from_fact, turn.now)  # nobody recorded it, so it is true from now
        start = getattr(turn.item, definition.from_fact)
    rule = _rule(turn, definition)
    if rule is None:
        return None
    row = Row(
        id=None,
        item_id=turn.item.id,
        name=definition.name,
        rule=definition.rule,
        duration=rule.text,
        started_at=start,
        due_at=start,
        pauses=list(getattr(turn.item, definition.less_fact) or ()) if is_first and definition.less_fact else [],
        changes=[],
        **{**FRESH, "per": per},
    )
    if definition.due_fact:
        row.due_at = getattr(turn.item, definition.due_fact)
        row.duration = ""
    turn.clocks.append(row)
    recompute(turn, row)
    return row


def follow_the_moment(turn: Turn, row: Row, moment: datetime | None) -> None:
    """A clock that is due at a recorded moment is due at the right one, also when it ran by a rule until now."""
    if moment is None or (row.due_at == moment and not row.duration):
        return
    row.due_at, row.duration = moment, ""
    recompute(turn, row)


def _rule(turn: Turn, definition: Clock) -> Rule | None:
    if definition.due_fact:
        moment = getattr(turn.item, definition.due_fact)
        return moment_rule(moment) if moment is not None else None
    return rule_for(turn, definition.rule)


def rule_for(turn: Turn, key: str) -> Rule:
    """The length of `key` for this item's service line, priority and urgency, from the policy set it carries."""
    policy, item = turn.policy, turn.item
    asked = {
        "service_line": item.service_line,
        "priority": item.priority,
        "urgency": getattr(item, "urgency", None),
    }
    taken = {name: value for name, value in asked.items() if name in policy.takes(key)}
    return policy.duration(key, **taken)


def recompute(turn: Turn, row: Row) -> None:
    """Work out the deadline and the warnings again from all that happened to the clock, and write the row."""
    deadline = deadline_of(row, turn.calendar)
    row.due_at = deadline.due_at
    if row.rang_at is not None and row.due_at > turn.now:
        row.rang_at = row.warned_at = None  # it has time again, so it warns and rings again
    first, second = (turn.policy.number("clocks.warn_percent", name) for name in ("first", "second"))
    row.warn_50_at, row.warn_80_at = warnings(deadline, (first, second))
    _write(row)


def _pause(turn: Turn, row: Row, *, why: str, asked_by: str = "", approved_by: str = "") -> None:
    row.paused_at = turn.now
    row.is_running = False
    segment = {"from": turn.now.isoformat(), "to": None, "why": why, "asked_by": asked_by, "approved_by": approved_by}
    row.pauses = [*row.pauses, segment]
    _write(row)


def pause_on_request(turn: Turn, row: Row, *, why: str, asked_by: str, approved_by: str) -> None:
    """Stop a running clock because one person asked and another agreed."""
    _pause(turn, row, why=why, asked_by=asked_by, approved_by=approved_by)


def resume(turn: Turn, row: Row) -> None:
    """Let a paused clock run again; its deadline moves by what its rule says the pause was worth."""
    row.pauses = [*row.pauses[:-1], {**row.pauses[-1], "to": turn.now.isoformat()}]
    row.paused_at = None
    row.is_running = True
    recompute(turn, row)


def _resumed(turn: Turn, row: Row) -> Row:
    """A clock that had stopped goes on where it was: the time away counts as a pause."""
    away = {"from": row.stopped_at.isoformat(), "to": turn.now.isoformat(), "why": "it had left this clock's states"}
    row.pauses = [*row.pauses, away]
    row.stopped_at = row.outcome = row.gross_seconds = row.net_seconds = None
    row.is_running = True
    recompute(turn, row)
    return row


def _was_asked_for(row: Row) -> bool:
    return bool(row.pauses and row.pauses[-1].get("approved_by"))


def stop(turn: Turn, row: Row, *, is_given_up: bool = False) -> None:
    """End a clock for ever: met, met late, missed or stopped; gross and net time kept."""
    if row.paused_at is not None:
        resume(turn, row)
    is_late = turn.now > row.due_at
    if turn.action.abandons or is_given_up or _is_given_up(turn, row.name):
        row.outcome = "missed" if is_late else "stopped"
    else:
        row.outcome = "met_late" if is_late else "met"
    row.stopped_at = turn.now
    row.is_running = False
    used = time_used(deadline_of(row, turn.calendar), turn.now)
    row.gross_seconds, row.net_seconds = int(used.gross.total_seconds()), int(used.net.total_seconds())
    _write(row)


def _is_given_up(turn: Turn, name: str) -> bool:
    """Whether the action ends the clock without doing what it asked for."""
    clocks = (clock for clock in turn.kind.workflow.clocks if clock.name == name)
    return any(turn.action.name in clock.given_up_on for clock in clocks)


def change_priority(turn: Turn, old: str | None, new: str) -> None:
    """Up: the earlier of the old deadline and the new length from now; down: the new length from the start."""
    order = turn.kind.workflow.urgent_first
    is_up = order.index(new) < order.index(old) if old in order and new in order else False
    for row in [row for row in turn.clocks if row.stopped_at is None and row.duration]:
        if "priority" not in turn.policy.takes(row.rule):
            continue
        definition = definition_of(turn, row.name)
        allows_pause = definition is not None and bool(definition.pauses_in)
        old_due = row.due_at
        change = {
            "at": turn.now.isoformat(),
            "effect": str(Effect.UP if is_up else Effect.DOWN),
            "rule": rule_for(turn, row.rule).text,
            "text": f"Priority changed from {old} to {new} by {turn.actor.name}",
            "allows_pause": allows_pause or not is_up,
        }
        row.changes = [*row.changes, change]
        if row.paused_at is not None and is_up and not allows_pause:
            resume(turn, row)
        recompute(turn, row)
        turn.entered[f"deadline:{row.name}"] = {"old": old_due.isoformat(), "new": row.due_at.isoformat()}
    plan_clocks(turn)


def ring_in_silence(turn_clocks: list[Any], now: datetime) -> list[dict[str, Any]]:
    """Mark deadlines that had already passed when the item came in: recorded, and nobody is written to."""
    marked = []
    for row in turn_clocks:
        if row.stopped_at is None and row.rang_at is None and row.due_at <= now:
            marked.append({"id": row.id, "rang_at": row.due_at, "warned_at": row.due_at})
    return marked


def _write(row: Row) -> None:
    """Write the row once, as it is when the turn ends."""
    row.is_changed = True


def clock_writes(turn: Turn) -> Iterator[tuple[str, dict[str, Any]]]:
    """The statements for every clock that changed in this turn."""
    for row in turn.clocks:
        if not getattr(row, "is_changed", False):
            continue
        was = row.was if row.id is not None else dict.fromkeys(WRITTEN)
        # Of its columns few change; each that is sent again costs as much as reading it.
        names = tuple(name for name in WRITTEN if getattr(row, name) != was[name]) or ("due_at",)
        values = {name: adapt(getattr(row, name), as_json=name in JSON_COLUMNS) for name in names}
        if row.id is None:
            yield insert("clock", ("item_id", *names)), {"item_id": turn.item.id, **values}
        else:
            yield update("clock", names), {"id": row.id, **values}
