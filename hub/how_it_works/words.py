"""A workflow's definition in words: who may do what, and how long its clocks give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

from hub.codes import codes
from hub.web.filters import listed, lower_first
from workflows.core import Action, Clock, May, Workflow, in_words, sentence_of, upper_first
from workflows.durations import Basis, parse_duration
from workflows.everyday import CHANGE_PRIORITY, everyday_of
from workflows.policy import PolicySet
from workflows.policy.entry import DIMENSIONS, Entry, Never
from workflows.roles import Capacity

MOST_ASKED = 6
"""With more questions than this, only their number is said."""
SMALL_PRINT = {
    Basis.ELAPSED: "every hour counts",
    Basis.CALENDAR_DAYS: "to the end of the day",
    Basis.CALENDAR_MONTHS: "to the end of the day",
    Basis.WORKING_DAYS: "working days only",
    Basis.WORKING_HOURS: "working hours only",
}


@dataclass(frozen=True, slots=True)
class Rights:
    """One action: from where, who, and what it needs and asks, in words."""

    label: str
    sources: str
    who: str
    needs: tuple[str, ...]
    asks: str


@dataclass(frozen=True, slots=True)
class Length:
    """One length of a clock. `code` is a priority for its tag, else empty; `small` says how it counts."""

    label: str
    code: str
    words: str
    small: str


@dataclass(frozen=True, slots=True)
class Promise:
    """One clock: what it is for, where it runs, its lengths in groups, and which policy says so."""

    title: str
    sentence: str
    runs: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Length, ...]], ...]
    origin: str


def rights_of(workflow: Workflow) -> tuple[Rights, ...]:
    """The workflow's own actions, in their order; what a second arrow of one name asks again is not said again."""
    found: list[Rights] = []
    for action in workflow.actions:
        rights = _rights(workflow, action, _names(workflow, action.sources))
        asked = {before.asks for before in found if before.label == rights.label}
        found.append(replace(rights, asks="The same as above") if rights.asks in asked else rights)
    return tuple(found)


def everyday_rights(workflow: Workflow) -> tuple[Rights, ...]:
    """The actions every item has."""
    return tuple(_rights(workflow, action, "Any state") for action in everyday_of(workflow))


def _rights(workflow: Workflow, action: Action, sources: str) -> Rights:
    by = action.by
    if action is CHANGE_PRIORITY:  # it belongs to whoever may accept
        by = tuple(may for accepting in workflow.named(workflow.accepting) for may in accepting.by)
    needs = [sentence_of(action.when), *(sentence_of(need) for need in action.needs)]
    return Rights(
        label=action.label,
        sources=sources,
        who=upper_first(_who(by)) or "Nobody",
        needs=tuple(need for need in needs if need),
        asks=_asks(action),
    )


def _who(by: Sequence[May]) -> str:
    """Who may, those under one condition together: "coordinator or owner; on-call manager (emergencies only)"."""
    groups: dict[str, dict[Capacity | None, list[str]]] = {}
    for may in by:
        same = groups.setdefault(sentence_of(may.when), {})
        same.setdefault(may.capacity if may.role else None, []).append(_name(may))
    said = []
    for when, same in groups.items():
        phrases: list[str] = []
        for capacity, names in same.items():
            phrases += [_together(names, capacity)] if capacity else dict.fromkeys(names)
        words = "; ".join(phrases) if any(" or " in phrase for phrase in phrases) else listed(phrases, "or")
        said.append(f"{words} ({lower_first(when)})" if when else words)
    return "; ".join(said)


def _together(names: Sequence[str], capacity: Capacity) -> str:
    words = listed(dict.fromkeys(names), "or")
    return words if words == capacity.label else f"{words} as {capacity.label}"


def _name(may: May) -> str:
    if may.role is None or (may.capacity and may.role.value == may.capacity.value):
        return may.capacity.label if may.capacity else ""
    return may.role.label


def _asks(action: Action) -> str:
    labels = [lower_first(ask.label.rstrip("?")) + (" (if known)" if ask.optional else "") for ask in action.questions]
    if len(labels) > MOST_ASKED:
        labels = [f"the {len(labels)} answers of the form"]
    return upper_first(listed([*labels, *(["a reason"] if action.reason else [])]))


def _names(workflow: Workflow, states: Sequence[str]) -> str:
    if set(states) >= set(workflow.state_names):
        return "Any state"
    if set(states) == set(workflow.open_states):
        return "Any open state"
    return upper_first(listed((lower_first(workflow.wording_of(state).label) for state in states), "or"))


def promises_of(workflow: Workflow, policy: PolicySet) -> tuple[Promise, ...]:
    """The workflow's clocks with the lengths of one policy set; clocks that share a rule stand together.

    One that counts to a moment on the item goes by no length, whatever rule it has a name from: it stands by itself.
    """
    alike: dict[tuple[str, str | None], list[Clock]] = {}
    for clock in workflow.clocks:
        alike.setdefault((clock.rule, clock.due_fact), []).append(clock)
    return tuple(_promise(workflow, clocks, policy) for clocks in alike.values())


def _promise(workflow: Workflow, clocks: Sequence[Clock], policy: PolicySet) -> Promise:
    first = clocks[0]
    runs = tuple(_where(workflow, clock) for clock in clocks)
    if first.due_fact:
        set_by_hand = (("", (Length("Always", "", "the moment that was set", "on the item itself"),)),)
        return Promise(first.title, "", runs, set_by_hand, "")
    entry = policy.entry(first.rule)
    return Promise(first.title, entry.sentence, runs, tuple(_groups(entry)), policy.origin(first.rule))


def _where(workflow: Workflow, clock: Clock) -> str:
    when = f"{upper_first(sentence_of(clock.when))}: runs" if clock.when else "Runs"
    still = f"; stands still in {_names(workflow, sorted(clock.pauses_in)).lower()}" if clock.pauses_in else ""
    order = [state for state in workflow.state_names if state in clock.runs_in]
    return f"{when} in {lower_first(_names(workflow, order))}{still}"


def _groups(entry: Entry) -> Iterator[tuple[str, tuple[Length, ...]]]:
    """The lengths, service lines with the same ones together."""
    if "service_line" not in entry.by:
        yield "", tuple(_lengths(entry, None))
        return
    same: dict[tuple[Length, ...], list[str]] = {}
    for line in DIMENSIONS["service_line"]:
        same.setdefault(tuple(_lengths(entry, line)), []).append(codes("service_line").get(line, line))
    for lengths, names in same.items():
        yield listed(names), lengths


def _lengths(entry: Entry, line: str | None) -> Iterator[Length]:
    rest = [name for name in entry.by if name != "service_line"]
    for combination in product(*(DIMENSIONS[name] for name in rest)):
        given = dict(zip(rest, combination, strict=True)) | ({"service_line": line} if line else {})
        value = entry.values[tuple(given[name] for name in entry.by)]
        code = given.get("priority", "")
        label = ", ".join(in_words(part) for part in combination) or "Always"
        if isinstance(value, Never):
            yield Length(label, code, "None", value.reason)
        else:
            words = str(value)
            yield Length(label, code, words, SMALL_PRINT.get(parse_duration(words).basis, ""))
