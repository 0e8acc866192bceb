"""What alters a clock that runs: a corrected start or moment, and another priority."""

from datetime import datetime

from hub.engine.clock_steps import definition_of, may_pause_on_request, recompute, resume, rule_for, was_asked_for
from hub.engine.stored_clocks import start_of
from hub.engine.turn import Row, Turn
from workflows.calendar import Effect, moment_words


def follow_the_moment(turn: Turn, row: Row, moment: datetime | None) -> None:
    """A clock that is due at a recorded moment is due at the right one, also when it ran by a rule until now."""
    if moment is None or (row.due_at == moment and not row.duration):
        return
    row.due_at, row.duration = moment, ""
    recompute(turn, row)


def follow_the_start(turn: Turn, name: str) -> None:
    """A clock whose first start is the recorded moment `name`, which was corrected, counts from the right one."""
    for row in turn.clocks:
        if row.stopped_at is None and start_fact(turn, row) == name:
            correct_start(turn, row, getattr(turn.item, name))


def start_fact(turn: Turn, row: Row) -> str | None:
    """The recorded moment a clock counts from; none for one that has started again since."""
    facts = [clock.from_fact for clock in turn.kind.workflow.clocks if clock.name == row.name and clock.from_fact]
    starts = [one for one in turn.clocks if (one.name, one.per) == (row.name, row.per)]
    return facts[0] if facts and len(starts) == 1 else None


def correct_start(turn: Turn, row: Row, start: datetime) -> None:
    """Let a clock count from the moment it really started; the one it was started with stays on it for ever."""
    was, old_due = start_of(row), row.due_at
    if start == was:
        return
    change = {
        "at": turn.now.isoformat(),
        "effect": str(Effect.START),
        "start": start.isoformat(),
        "text": f"Start corrected from {moment_words(was)} to {moment_words(start)} by {turn.actor.name}",
    }
    row.changes = [*row.changes, change]
    recompute(turn, row)
    turn.entered[f"deadline:{row.name}"] = {"old": old_due.isoformat(), "new": row.due_at.isoformat()}


def change_priority(turn: Turn, old: str | None, new: str) -> None:
    """Up: the earlier of the old deadline and the new length from now; down: the new length from the start."""
    order = turn.kind.workflow.urgent_first
    is_up = order.index(new) < order.index(old) if old in order and new in order else False
    _change_lengths(turn, "priority", is_up=is_up, text=f"Priority changed from {old} to {new} by {turn.actor.name}")


def make_urgent(turn: Turn) -> None:
    """What has its length by urgency: the earlier of the old deadline and the urgent length from now, no pause."""
    for row in [row for row in turn.clocks if row.paused_at is not None and was_asked_for(row)]:
        resume(turn, row)
    _change_lengths(turn, "urgency", is_up=True, text=f"Made urgent by {turn.actor.name}")


def _change_lengths(turn: Turn, by: str, *, is_up: bool, text: str) -> None:
    """Every running clock whose rule is by `by` has the length that holds now, from now or from its start."""
    for row in [row for row in turn.clocks if row.stopped_at is None and row.duration]:
        if by not in turn.policy.takes(row.rule):
            continue
        definition = definition_of(turn, row.name)
        pauses_by_state = definition is not None and bool(definition.pauses_in)
        # What another clock takes along stands still with it, though nobody can ask for that by itself.
        may_be_asked = may_pause_on_request(turn, row) or (definition is not None and bool(definition.pauses_with))
        old_due = row.due_at
        change = {
            "at": turn.now.isoformat(),
            "effect": str(Effect.UP if is_up else Effect.DOWN),
            "rule": rule_for(turn, row.rule).text,
            "text": text,
            "allows_pause": pauses_by_state or may_be_asked,
        }
        if row.paused_at is not None and not (may_be_asked if was_asked_for(row) else pauses_by_state):
            resume(turn, row)
        row.changes = [*row.changes, change]
        recompute(turn, row)
        turn.entered[f"deadline:{row.name}"] = {"old": old_due.isoformat(), "new": row.due_at.isoformat()}
