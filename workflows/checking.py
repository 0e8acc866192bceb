"""What must be true of a definition: checked whole at import, since `transitions` does not notice a misspelt state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from workflows.everyday import BY_NAME
from workflows.roles import Role

if TYPE_CHECKING:
    from workflows.core import Action, Workflow

ASK_KINDS = frozenset(
    (
        "text long_text yes_no tick date moment number choice choices person organisation unit "
        "nhs_number postcode phone email rows"
    ).split()
)


def problems_of(workflow: Workflow) -> list[str]:
    """Every contradiction in the definition, in words; empty when it is sound."""
    found = list(_names(workflow))
    if found:
        return found
    return [*_arrows(workflow), *_people(workflow), *_clocks(workflow), *_ways(workflow)]


def _names(workflow: Workflow) -> Iterator[str]:
    known = set(workflow.state_names)
    mentioned = {
        "the initial state": {workflow.initial},
        "ends": set(workflow.ends),
        "drafts": set(workflow.drafts),
        "begins_in": set(workflow.begins_in),
        "person_shown_in": set(workflow.person_shown_in or ()),
        "wording": set(workflow.wording),
    }
    for action in workflow.actions:
        mentioned[f"the source of {action.name}"] = set(action.sources)
        mentioned[f"the destination of {action.name}"] = {action.dest_from(action.sources[0])}
    for clock in workflow.clocks:
        mentioned[f"clock {clock.name}"] = set(clock.runs_in) | set(clock.pauses_in)
    for where, names in mentioned.items():
        for name in sorted(str(name) for name in names):
            if name not in known:
                yield f"{where} names the state {name!r}, which does not exist"


def _arrows(workflow: Workflow) -> Iterator[str]:
    for topic in workflow.on_start:
        if not topic.startswith(f"{workflow.name}."):
            yield f"its beginning emits {topic!r}, which does not begin with {workflow.name!r}"
    counted = Counter((action.name, source) for action in workflow.actions for source in action.sources)
    for action in workflow.actions:
        if not action.label:
            yield f"{action.name} has no label"
        for source in action.sources:
            if counted[action.name, source] > 1 and action.when is None:
                yield f"{action.name} leaves {source} twice and one arrow has no `when`"
            if source in workflow.ends and not action.reopening and action.dest_from(source) != source:
                yield f"{action.name} leaves the ending state {source} without being a reopening action"
        for topic in action.emits:
            if not topic.startswith(f"{workflow.name}."):
                yield f"{action.name} emits {topic!r}, which does not begin with {workflow.name!r}"
        asked = Counter(ask.name for ask in action.questions)
        for name, times in asked.items():
            if times > 1:
                yield f"{action.name} asks for {name} twice"
        for ask in action.questions:
            if ask.kind not in ASK_KINDS:
                yield f"{action.name} asks for {ask.name} as {ask.kind!r}, which is no kind of field"
            if (ask.kind == "rows") is not bool(ask.parts):
                yield f"{action.name} asks for {ask.name} with columns that are no rows, or rows without columns"
            if ask.tense not in {"", "future", "past"}:
                yield f"{action.name} asks for {ask.name} in {ask.tense!r}, which is no tense"
        for name in action.lets_in:
            if name not in asked:
                yield f"{action.name} lets in whoever {name!r} names, and does not ask for it"


def _people(workflow: Workflow) -> Iterator[str]:
    if not workflow.started_by:
        yield "nobody may start it"
    for action in workflow.actions:
        if not action.by:
            yield f"nobody may {action.name}"
        for may in action.by:
            if may.role is None and may.capacity is None:
                yield f"{action.name} names neither a role nor a capacity"
    for name, action in workflow.everyday.items():
        if name not in BY_NAME or action.name != name:
            yield f"{name!r} is no everyday action that it could have in its own way"
    if workflow.accepting and not workflow.named(workflow.accepting):
        yield f"the accepting action {workflow.accepting!r} does not exist"


def _clocks(workflow: Workflow) -> Iterator[str]:
    covered: set[str] = set()
    for clock in workflow.clocks:
        runs, pauses = set(map(str, clock.runs_in)), set(map(str, clock.pauses_in))
        covered |= runs | pauses
        if runs & pauses:
            yield f"clock {clock.name} both runs and pauses in {', '.join(sorted(runs & pauses))}"
        for state in sorted((runs | pauses) & set(map(str, workflow.ends))):
            yield f"clock {clock.name} runs in the ending state {state}"
        for name in clock.stops_on:
            if not workflow.named(name):
                yield f"clock {clock.name} stops on {name!r}, which is no action"
        for name in clock.given_up_on:
            if not workflow.named(name):
                yield f"clock {clock.name} is given up on {name!r}, which is no action"
        if clock.pauses_with and clock.pauses_with not in {each.name for each in workflow.clocks}:
            yield f"clock {clock.name} goes along with {clock.pauses_with!r}, which is no clock"
        if clock.on_return not in {"resume", "restart", "once"}:
            yield f"clock {clock.name} does {clock.on_return!r} on return"
        if clock.on_ring:
            yield from _ring(workflow, clock.name, clock.on_ring, runs)
    for state in workflow.open_states:
        if workflow.clocks and state not in covered and state not in workflow.drafts:
            yield f"the open state {state} has no clock, so it would drop out of every list"


def _ring(workflow: Workflow, clock: str, action_name: str, runs: set[str]) -> Iterator[str]:
    rung = [action for action in workflow.named(action_name) if any(may.role is Role.SYSTEM for may in action.by)]
    for state in sorted(runs):
        if not any(state in action.sources for action in rung):
            yield f"clock {clock} rings {action_name!r}, which the hub may not do in {state}"


def _ways(workflow: Workflow) -> Iterator[str]:
    steps: dict[str, set[str]] = {state: set() for state in workflow.state_names}
    by_person: dict[str, set[str]] = {state: set() for state in workflow.state_names}
    for action in workflow.actions:
        for source in action.sources:
            steps[source].add(action.dest_from(source))
            if _has_a_person(action):
                by_person[source].add(action.dest_from(source))
    reached = _closure({str(workflow.initial), *map(str, workflow.begins_in)}, steps)
    for state in workflow.state_names:
        if state not in reached:
            yield f"no action leads to {state}"
    ends = set(map(str, workflow.ends))
    for state in workflow.open_states:
        if not _closure({state}, by_person) & ends:
            yield f"a person has no way out of {state}"


def _has_a_person(action: Action) -> bool:
    return any(may.role is not Role.SYSTEM for may in action.by)


def _closure(begun: set[str], steps: dict[str, set[str]]) -> set[str]:
    reached, fresh = set(begun), set(begun)
    while fresh:
        fresh = {dest for state in fresh for dest in steps[state]} - reached
        reached |= fresh
    return reached
