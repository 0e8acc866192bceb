"""What a worklist can be filtered by, and reading it from an address without ever failing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from werkzeug.datastructures import MultiDict

import workflows
from hub.codes import codes
from hub.engine.models import FAR
from hub.web.filters import lower_first
from workflows.core import Actor, Workflow
from workflows.durations import local, midnight, parse_moment

DUE: dict[str, str] = {
    "late": "Late",
    "today": "Today",
    "week": "Next 7 days",
    "later": "Later",
    "none": "No clock running",
}
PLACES: dict[str, str] = {"us": "With us", "others": "With others", "paused": "Paused"}
PLACES_OUTSIDE: dict[str, str] = {"us": "With the hub", "others": "With you or others", "paused": "Paused"}
NEEDS: dict[str, str] = {"decision": "A decision"}
NEEDS_OUTSIDE: dict[str, str] = {"answer": "Something from you"}
ME, NOBODY = "me", "nobody"
GROUPS: dict[str, str] = {
    "kind": "Kind",
    "due": "Due",
    "where": "Where it is",
    "needs": "What it waits for",
    "priority": "Priority",
}
"""Filters of which several values can be on at once, by their name in the address."""
SINGLES: dict[str, str] = {
    "owner": "Owner",
    "organisation": "Organisation",
    "state": "State",
    "arrived": "Arrived since",
    "before": "Due before",
}
STATES: dict[str, str] = {
    f"{kind}.{state}": f"{workflow.title}: {workflow.wording_of(state).label}"
    for kind, workflow in workflows.ALL.items()
    for state in workflow.open_states
}
"""Every open state of every workflow, as the address names it, in words."""
_KNOWN = {*GROUPS, *SINGLES, "after", "view"}
_A_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Choices:
    """What the filters offer this person. Owners and organisations are for the hub; both are id to name."""

    owners: Mapping[int, str] = field(default_factory=dict)
    organisations: Mapping[int, str] = field(default_factory=dict)
    is_hub: bool = False
    places: Mapping[str, str] = field(default_factory=lambda: PLACES)
    needs: Mapping[str, str] = field(default_factory=lambda: NEEDS)
    can_own: Mapping[int, str] = field(default_factory=dict)
    """Of the owners, those whose role lets them be given something."""

    def of(self, group: str) -> Mapping[str, str]:
        """Value to label of one of GROUPS."""
        if group == "kind":
            return {name: workflow.title for name, workflow in workflows.ALL.items()}
        if group == "priority":
            return codes("priority")
        return {"due": DUE, "where": self.places, "needs": self.needs}[group]


@dataclass(frozen=True)
class Filters:
    """The filters that are on. An empty group lets everything through."""

    kind: tuple[str, ...] = ()
    due: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    priority: tuple[str, ...] = ()
    owner: str = ""
    """"me", "nobody", or a person's id."""
    organisation: int | None = None
    """The organisation that referred the person."""
    state: str = ""
    """Kind and state, as in STATES."""
    arrived: datetime | None = None
    """Sent, and its time counts from this moment (UTC) or later."""
    before: datetime | None = None
    """Due before this moment (UTC)."""

    def pairs(self) -> list[tuple[str, str]]:
        """Name and value as they stand in an address."""
        found = [(name, value) for name in GROUPS for value in getattr(self, name)]
        if self.owner:
            found.append(("owner", self.owner))
        if self.organisation is not None:
            found.append(("organisation", str(self.organisation)))
        if self.state:
            found.append(("state", self.state))
        moments = {"arrived": self.arrived, "before": self.before}
        return found + [(name, wall_text(at)) for name, at in moments.items() if at is not None]

    def without(self, name: str) -> Filters:
        """The same with one filter off."""
        empty: dict[str, Any] = {"owner": "", "organisation": None, "state": "", "arrived": None, "before": None}
        return replace(self, **{name: empty.get(name, ())})

    def only_singles(self) -> Filters:
        """Those of one value alone: what the numbers beside the other filters are counted within."""
        nothing: dict[str, Any] = dict.fromkeys(GROUPS, ())
        return replace(self, **nothing)


@dataclass(frozen=True)
class Asked:
    """What an address asks for, and what in it nobody understood, one sentence each."""

    filters: Filters
    notes: tuple[str, ...]


def read_filters(args: MultiDict[str, str], choices: Choices) -> Asked:
    """The filters of an address. What is not known is left out, with a note; nothing in an address is an error."""
    notes: list[str] = []
    groups = {name: tuple(_known_values(args, name, choices, notes)) for name in GROUPS}
    owner = _owner(args.get("owner", ""), choices, notes)
    organisation = _organisation(args.get("organisation", ""), choices, notes)
    state = args.get("state", "")
    if state and state not in STATES:
        notes.append(_not_known("state", state))
        state = ""
    arrived, before = (_moment(args.get(name, ""), SINGLES[name], notes) for name in ("arrived", "before"))
    notes += [f"“{_short(name)}” is not a filter, so it was left out" for name in args if name not in _KNOWN]
    filters = Filters(**groups, owner=owner, organisation=organisation, state=state, arrived=arrived, before=before)
    return Asked(filters, tuple(notes))


def _known_values(args: MultiDict[str, str], name: str, choices: Choices, notes: list[str]) -> Iterator[str]:
    offered = choices.of(name)
    given = dict.fromkeys(value for value in args.getlist(name) if value)
    notes += [_not_known(GROUPS[name], value) for value in given if value not in offered]
    yield from (value for value in offered if value in given)


def _owner(value: str, choices: Choices, notes: list[str]) -> str:
    if not value:
        return ""
    if choices.is_hub and (value in {ME, NOBODY} or _as_id(value) in choices.owners):
        return value
    notes.append(_not_known("owner", value))
    return ""


def _organisation(value: str, choices: Choices, notes: list[str]) -> int | None:
    if not value:
        return None
    identity = _as_id(value)
    if choices.is_hub and identity in choices.organisations:
        return identity
    notes.append(_not_known("organisation", value))
    return None


def _moment(value: str, name: str, notes: list[str]) -> datetime | None:
    """A London time such as 2026-04-02T17:00, in UTC; empty or not one we write: None."""
    if not value:
        return None
    try:
        found = parse_moment(value[:40])
    except ValueError:
        found = None
    if found is not None and 2000 <= found.year < 2100:
        return found
    notes.append(_not_known(f"moment for {lower_first(name)}", value))
    return None


def wall_text(at: datetime) -> str:
    """A moment as the address writes it: London's clocks, to the minute."""
    return local(at).isoformat(timespec="minutes")


def needed_states(need: str, actor: Actor) -> dict[str, list[str]]:
    """The open states of each kind that wait for `need`, for this actor; kinds without any left out."""
    found = {
        kind: [state for state in workflow.open_states if _waits_for(need, workflow, state, actor)]
        for kind, workflow in workflows.ALL.items()
    }
    return {kind: states for kind, states in found.items() if states}


def _waits_for(need: str, workflow: Workflow, state: str, actor: Actor) -> bool:
    """A decision stands there; or, for "answer", this role moves it on, not only gives it up."""
    if need == "decision":
        return workflow.wording_of(state).is_decision
    return any(
        may.role is actor.role
        for action in workflow.arrows(state)
        if not action.abandons and action.dest_from(state) != state
        for may in action.by
    )


def _as_id(value: str) -> int:
    """The id as it is written by us, else one that nothing has."""
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 and value[0] != "0" else -1


def _not_known(name: str, value: str) -> str:
    return f"“{_short(value)}” is not a known {name.lower()}, so that filter is off"


def _short(value: str) -> str:
    shown = "".join(letter for letter in value if letter.isprintable())
    return shown if len(shown) <= 40 else f"{shown[:40]}…"


def due_spans(now: datetime) -> dict[str, tuple[datetime | None, datetime | None]]:
    """From (included) and until (not included) of each due filter, in UTC; days are London days."""
    today = local(now).date()
    tomorrow, after_week = (midnight(today + timedelta(days=days)) for days in (1, 8))
    just_now = now + _A_MOMENT
    return {
        "late": (None, just_now),
        "today": (just_now, tomorrow),
        "week": (tomorrow, after_week),
        "later": (after_week, FAR),
        "none": (FAR, None),
    }


def joined_spans(names: tuple[str, ...], now: datetime) -> list[tuple[datetime | None, datetime | None]]:
    """The spans of the due filters that are on, neighbours made one: one range is one index scan."""
    found: list[tuple[datetime | None, datetime | None]] = []
    for name, (start, end) in due_spans(now).items():
        if name not in names:
            continue
        if found and start is not None and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found
