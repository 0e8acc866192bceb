"""One clock of an item: started, paused, let run again and stopped, and written once at the end of a turn."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from hub.engine.models import Clock as ClockRow
from hub.engine.refusal import ActionRefused, Problem
from hub.engine.statements import adapt, insert, update
from hub.engine.stored_clocks import Again, deadline_of, worked_out_again
from hub.engine.turn import Row, Turn
from workflows.calendar import Effect, Rule, moment_rule, time_used, work_out
from workflows.core import Clock, Workflow
from workflows.everyday import may_be_paused
from workflows.policy import PolicySet
from workflows.roles import Capacity

FRESH = {
    "per": None,
    "is_running": True,
    "paused_at": None,
    "resume_at": None,
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


def start(turn: Turn, definition: Clock, per: str | None, *, is_first: bool) -> Row | None:
    """A new clock by its definition; None when the moment it is due at is not known yet.

    `is_first`: whether the item has had none of this name and party, so that it counts from the recorded fact.
    """
    begins = turn.now
    if is_first and definition.from_fact:
        if getattr(turn.item, definition.from_fact) is None:
            turn.change(definition.from_fact, turn.now)  # nobody recorded it, so it is true from now
        begins = getattr(turn.item, definition.from_fact)
    moment = moment_of(turn, definition, per)
    if definition.due_fact and moment is None:
        return None
    rule = rule_for(turn, definition.rule) if moment is None else moment_rule(moment)
    row = Row(
        id=None,
        item_id=turn.item.id,
        name=definition.name,
        rule=definition.rule,
        duration=rule.text,
        started_at=begins,
        due_at=begins,
        pauses=list(getattr(turn.item, definition.less_fact) or ()) if is_first and definition.less_fact else [],
        changes=[],
        **{**FRESH, "per": per},
    )
    if moment is not None:
        row.due_at = moment
        row.duration = ""
    turn.clocks.append(row)
    recompute(turn, row)
    return row


def is_for_rows(definition: Clock) -> bool:
    """Whether a clock runs once for each of the item's own rows, and not of its parties."""
    return definition.per is not None and definition.per not in frozenset(Capacity)


def moment_of(turn: Turn, definition: Clock, per: str | None) -> datetime | None:
    """The moment written down for a clock; None while there is none, and for one that has a length."""
    found: datetime | None = None
    if is_for_rows(definition):
        found = turn.item.clock_rows(definition.per).get(per)
    elif definition.due_fact:
        found = getattr(turn.item, definition.due_fact)
    return found


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
    again = worked_out_again(row, turn.calendar, warn_percents(turn.policy), turn.now)
    for name in Again.__dataclass_fields__:
        setattr(row, name, getattr(again, name))
    _write(row)


def warn_percents(policy: PolicySet) -> tuple[int, int]:
    """After which shares of its time a clock warns, by a policy set."""
    return policy.number("clocks.warn_percent", "first"), policy.number("clocks.warn_percent", "second")


def pause(
    turn: Turn, row: Row, *, why: str, asked_by: str = "", approved_by: str = "", until: datetime | None = None
) -> None:
    """Let a clock stand still from now on; `until` is when it goes on by itself."""
    row.paused_at, row.resume_at = turn.now, until
    row.is_running = False
    segment = {"from": turn.now.isoformat(), "to": None, "why": why, "asked_by": asked_by, "approved_by": approved_by}
    row.pauses = [*row.pauses, segment]
    _write(row)


def pause_on_request(turn: Turn, row: Row, *, why: str, asked_by: str, approved_by: str, until: datetime) -> None:
    """Stop a running clock because one person asked and another agreed; it goes on by itself at `until`."""
    pause(turn, row, why=why, asked_by=asked_by, approved_by=approved_by, until=until)


def may_pause_on_request(turn: Turn, row: Row) -> bool:
    """Whether its definition, and policy at the item's priority, let a clock be paused on request."""
    definition = definition_of(turn, row.name)
    is_fixed = definition is not None and not definition.can_be_paused
    return not is_fixed and may_be_paused(turn.policy, row.rule, turn.item.priority)


def resume(turn: Turn, row: Row) -> None:
    """Let a paused clock run again; its deadline moves by what its rule says the pause was worth.

    A pause with a planned end was over then, however late somebody comes to say so.
    """
    ended = min(turn.now, row.resume_at) if row.resume_at is not None else turn.now
    row.pauses = [*row.pauses[:-1], {**row.pauses[-1], "to": ended.isoformat()}]
    row.paused_at = row.resume_at = None
    row.is_running = True
    recompute(turn, row)


def going_along(turn: Turn, clock: Row) -> list[Row]:
    """The clocks that stand still while this one does and began when it did, by what the workflow says."""
    followers = {each.name for each in turn.kind.workflow.clocks if each.pauses_with == clock.name}
    return [other for other in turn.clocks if other.name in followers and other.stopped_at is None]


def leading(turn: Turn, clock: Row) -> Row:
    """The clock itself, where no other one takes it along; ActionRefused says which one does."""
    definition = definition_of(turn, clock.name)
    leader = definition_of(turn, definition.pauses_with) if definition is not None else None
    if leader is not None:
        raise ActionRefused([Problem(f"It goes along with “{leader.title}”: choose that clock", "clock")])
    return clock


def resume_stopped(turn: Turn, row: Row, definition: Clock) -> Row:
    """A clock that had stopped goes on where it was: the time away counts as a pause; it may have a least time left.

    One with a least time left also has the length that holds now, if it was made urgent meanwhile. What somebody asked
    for before is asked no more.
    """
    away = {"from": row.stopped_at.isoformat(), "to": turn.now.isoformat(), "why": "it had left this clock's states"}
    row.pauses = [*row.pauses, away]
    row.stopped_at = row.outcome = row.gross_seconds = row.net_seconds = None
    row.is_running = True
    row.asked = None
    if definition.at_least and (rule := rule_for(turn, row.rule)).text != _length_of(row):
        _changed(turn, row, Effect.UP, rule, "It came back after the length of this clock was changed")
    recompute(turn, row)
    if definition.at_least:
        rule = rule_for(turn, definition.at_least)
        if row.due_at < work_out(rule, turn.now, turn.calendar).due_at:
            _changed(turn, row, Effect.REPLACE, rule, "It came back with less left, and this is the least it has")
            recompute(turn, row)
    return row


def _length_of(row: Row) -> str:
    """The length its rule gave it last: what a priority or an urgency changed it to, else the first one."""
    changed = [change["rule"] for change in row.changes if change["effect"] in {Effect.UP, Effect.DOWN}]
    return str([row.duration, *changed][-1])


def _changed(turn: Turn, row: Row, effect: Effect, rule: Rule, text: str) -> None:
    change = {"at": turn.now.isoformat(), "effect": str(effect), "rule": rule.text, "text": text}
    row.changes = [*row.changes, change]


def was_asked_for(row: Any) -> bool:
    """Whether the newest pause of a clock was one that somebody asked for."""
    return bool(row.pauses and row.pauses[-1].get("approved_by"))


def stop(turn: Turn, row: Row, *, is_given_up: bool = False) -> None:
    """End a clock for ever: met, met late, missed or stopped; gross and net time kept."""
    if row.paused_at is not None:
        resume(turn, row)
    at = row.due_at if _is_its_own_ring(turn, row.name) else turn.now
    is_late = at > row.due_at
    if turn.action.abandons or is_given_up or _is_given_up(turn, row.name):
        row.outcome = "missed" if is_late else "stopped"
    else:
        row.outcome = "met_late" if is_late else "met"
    row.stopped_at = at
    row.is_running = False
    used = time_used(deadline_of(row, turn.calendar), at)
    row.gross_seconds, row.net_seconds = int(used.gross.total_seconds()), int(used.net.total_seconds())
    _write(row)


def _is_its_own_ring(turn: Turn, name: str) -> bool:
    """Whether the hub does at its due moment what the clock was for: on time, however late the worker came to it."""
    clocks = (clock for clock in turn.kind.workflow.clocks if clock.name == name)
    return not turn.action.abandons and any(clock.on_ring == turn.action.name for clock in clocks)


def _is_given_up(turn: Turn, name: str) -> bool:
    """Whether the action ends the clock without doing what it asked for."""
    clocks = (clock for clock in turn.kind.workflow.clocks if clock.name == name)
    return any(turn.action.name in clock.given_up_on for clock in clocks)


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
