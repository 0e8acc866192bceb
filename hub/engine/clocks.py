"""Which clocks of one item start, pause, go on or stop as it moves, by what its workflow says."""

from collections.abc import Iterator

from hub.engine.authority import PartyRow, is_party
from hub.engine.clock_changes import correct_start, follow_the_moment
from hub.engine.clock_steps import (
    definition_of,
    is_for_rows,
    moment_of,
    pause,
    resume,
    resume_stopped,
    start,
    stop,
    was_asked_for,
)
from hub.engine.turn import Row, Turn
from workflows.core import Clock


def plan_clocks(turn: Turn) -> None:
    """Start, pause, resume and stop the item's clocks for the state it is about to enter."""
    if turn.to_state in turn.kind.workflow.drafts:
        return
    for name in dict.fromkeys(clock.name for clock in turn.kind.workflow.clocks):
        definition = definition_of(turn, name)
        for per in _keys(turn, definition, name):
            _plan_one(turn, definition, name, per)


def _keys(turn: Turn, definition: Clock | None, name: str) -> Iterator[str | None]:
    if definition is None or definition.per is None:
        yield None
        return
    known = {row.per for row in turn.clocks if row.name == name}
    yield from sorted(known | _held_by(turn, definition), key=str)


def _held_by(turn: Turn, definition: Clock) -> set[str]:
    """The parties that hold the capacity a clock runs for, or the item's own rows."""
    if is_for_rows(definition):
        return set(turn.item.clock_rows(definition.per))
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
            # A party that left did not do it; a row that is no longer waited for was done, unless the action says so.
            stop(turn, live, is_given_up=not is_for_rows(definition))
        return
    runs = definition is not None and turn.to_state in definition.runs_in
    pauses = definition is not None and turn.to_state in definition.pauses_in
    stopped_here = definition is not None and _stops(turn, definition, per)
    if live is not None and (stopped_here or not (runs or pauses)):
        stop(turn, live)
        return
    if live is not None and definition is not None:
        follow_the_moment(turn, live, moment_of(turn, definition, per))
    if live is not None and definition is not None and definition.from_fact in turn.own_changes and len(past) == 1:
        correct_start(turn, live, turn.own_changes[definition.from_fact])
    if definition is None or stopped_here or not (runs or pauses):
        return
    if live is None:
        if past and (definition.on_return == "once" or _was_stopped_inside(turn, past[-1], definition)):
            return
        live = resume_stopped(turn, past[-1], definition) if past and definition.on_return == "resume" else None
        live = live or start(turn, definition, per, is_first=not past)
        if live is None:
            return
        follow_the_moment(turn, live, moment_of(turn, definition, per))  # it may have changed while the clock was away
    if pauses and live.paused_at is None and turn.now < live.due_at:
        pause(turn, live, why=f"waiting: {turn.kind.workflow.wording_of(turn.to_state).label.lower()}")
    elif runs and live.paused_at is not None and not was_asked_for(live):
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
