"""The settlement on a dispute's page: its versions and who accepted them, the facts, what was decided, the actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hub.codes import label
from hub.escalations.compare import Piece, compared
from hub.escalations.ladder import Faces
from hub.escalations.models import key_of_action
from hub.escalations.settlement_models import Acceptance, AgreedAction, Proposal
from hub.web.filters import ClockFace, count, day, moment, moment_within
from workflows.escalation.states import STAGES, State

Cell = tuple[str, str]
"""(words, tone of `words.state`); the tone is "" for plain words."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version as the page shows it."""

    number: int
    by: str
    words: str
    actions: tuple[str, ...]
    cells: tuple[Cell, ...]
    became: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class FactLine:
    """One numbered fact, and what each side says of it."""

    number: int
    words: str
    is_locked: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class ActionLine:
    """One action that was agreed or determined."""

    number: int
    what: str
    owner: str
    due_on: date
    state: Cell
    told: tuple[str, ...]
    evidence: str
    face: ClockFace | None


@dataclass(frozen=True, slots=True)
class IssueLine:
    """One issue as the panel decided it."""

    number: int
    issue: str
    chosen: str
    reasons: str


class Settlement:
    """What was proposed, agreed, decided and done, as one reader's page shows it."""

    def __init__(self, item: Any, names: Mapping[int, str], faces: Faces, now: datetime) -> None:
        """`names`: every organisation that may own an action, id to name."""
        self._item = item
        self._names = names
        self._faces = faces
        self._now = now

    @property
    def side_names(self) -> list[str]:
        """The heads of the columns."""
        return [side.name for side in self._item.sides]

    @property
    def versions(self) -> list[Version]:
        """Every version, the newest first."""
        return [self._version(proposal) for proposal in reversed(self._item.proposals)]

    def version(self, number: int) -> Version | None:
        """One version; None where there is none of this number."""
        return next((each for each in self.versions if each.number == number), None)

    def _version(self, proposal: Proposal) -> Version:
        accepted = {each.side_id: each for each in self._item.acceptances if each.proposal_id == proposal.id}
        is_current = proposal.ended_at is None
        return Version(
            number=proposal.version,
            by=self._by(proposal),
            words=proposal.words,
            actions=tuple(self._action_words(row) for row in proposal.actions),
            cells=tuple(self._answer(accepted.get(side.id), is_current) for side in self._item.sides),
            became=self._became(proposal, bool(accepted)),
            is_current=is_current,
        )

    def _by(self, proposal: Proposal) -> str:
        side = next((side.name for side in self._item.sides if side.id == proposal.side_id), "convenor")
        return f"by {proposal.by.name} ({side}), {moment(proposal.at)}"

    def _action_words(self, row: Mapping[str, Any]) -> str:
        owner = self._names.get(row["owner_organisation_id"], "")
        who = ", ".join(part for part in (row["owner_name"], owner) if part)
        return f"{row['what'].rstrip('.')}. {who}, by {day(date.fromisoformat(row['due_on']))}."

    def _answer(self, accepted: Acceptance | None, is_current: bool) -> Cell:
        if accepted is not None:
            said = f"Accepted {moment_within(accepted.at, self._now)}"
            return (said, "done" if is_current else "")
        is_waited_for = is_current and self._item.state in STAGES
        return ("Waiting", "ours") if is_waited_for else ("Not accepted", "")

    def _became(self, proposal: Proposal, was_accepted: bool) -> str:
        item = self._item
        if proposal.ended_at is None:
            if item.state in STAGES:
                return "Now on the table"
            is_agreed = item.settled_at is not None and item.settled_at >= proposal.at
            return f"Agreed {moment_within(item.settled_at, self._now)}" if is_agreed else "Not agreed when it ended"
        after = next((each for each in item.proposals if each.version == proposal.version + 1), None)
        if after is None or after.at != proposal.ended_at:
            return f"The dispute was reopened {moment_within(proposal.ended_at, self._now)}"
        if was_accepted:
            return f"Changed {moment_within(after.at, self._now)}, so the acceptance was cleared"
        return f"Replaced by version {after.version}"

    # Facts

    @property
    def facts(self) -> list[FactLine]:
        """Every fact by its number."""
        views = {(view.fact_id, view.side_id): view.agrees for view in self._item.views}
        return [
            FactLine(
                fact.number,
                fact.words,
                fact.is_locked,
                tuple(_VIEWS[views.get((fact.id, side.id))] for side in self._item.sides),
            )
            for fact in self._item.facts
        ]

    @property
    def facts_counted(self) -> str:
        """ "4 agreed and locked, 1 disputed"."""
        facts = self.facts
        locked = sum(1 for fact in facts if fact.is_locked)
        disputed = sum(1 for fact in facts if _VIEWS[False] in fact.cells)
        rest = len(facts) - locked - disputed
        parts = ((locked, "agreed and locked"), (disputed, "disputed"), (rest, "not agreed by all yet"))
        return ", ".join(f"{number} {words}" for number, words in parts if number)

    # What the panel decided, and what is done

    @property
    def issues(self) -> list[IssueLine]:
        """What was determined, issue by issue."""
        return [
            IssueLine(each.number, each.issue, each.chosen.name if each.chosen else "", each.reasons)
            for each in self._item.issues
        ]

    @property
    def force(self) -> str:
        """ "Binding. Determined Tuesday 5 May 2026, 2pm"."""
        if self._item.determined_at is None:
            return ""
        return f"{label('determination_force', self._item.binding)}. Determined {moment(self._item.determined_at)}"

    @property
    def actions(self) -> list[ActionLine]:
        """The actions by their number."""
        return [self._action(each) for each in self._item.agreed_actions]

    @property
    def actions_counted(self) -> str:
        """ "2 of 3 actions settled"; dropped ones are settled."""
        actions = self._item.agreed_actions
        settled = len(actions) - len(self._item.open_actions) - len(self._item.claimed_actions)
        return f"{settled} of {count(len(actions), 'action')} settled"

    def _action(self, action: AgreedAction) -> ActionLine:
        key, is_going = key_of_action(action), self._item.state == State.IMPLEMENTING
        clock = {"open": "action", "claimed": "silence"}.get(action.state)
        return ActionLine(
            number=action.number,
            what=action.what,
            owner=f"{action.owner_name}, {action.owner.name}",
            due_on=action.due_on,
            state=_ACTION_STATES[action.state],
            told=tuple(self._told(action)),
            evidence=action.evidence or "",
            face=self._faces.running(clock, key) if clock and is_going else None,
        )

    def _told(self, action: AgreedAction) -> Iterator[str]:
        if action.claimed_at is not None:
            yield f"{action.owner.name} said that it is done {moment_within(action.claimed_at, self._now)}"
        if action.disputed_why:
            yield f"Disputed {moment_within(action.answered_at, self._now)}: “{action.disputed_why}”"
        elif action.state == "confirmed":
            yield f"Confirmed {moment_within(action.answered_at, self._now)}"
        elif action.state == "silent":
            yield "Nobody answered in time, which is recorded as that"


_VIEWS: dict[bool | None, Cell] = {True: ("Agrees", "done"), False: ("Disputes", "late"), None: ("Has not said", "")}
_ACTION_STATES: dict[str, Cell] = {
    "open": ("To be done", "ours"),
    "claimed": ("Said to be done", "soon"),
    "confirmed": ("Done", "done"),
    "silent": ("Counts as done", "done"),
    "dropped": ("Dropped", "paused"),
}


def difference(older: Version, newer: Version) -> list[Piece]:
    """What changed from one version to another."""
    return compared(_text_of(older), _text_of(newer))


def _text_of(version: Version) -> str:
    """A version as one text: its words, then each action on a line of its own."""
    return "\n".join((version.words, *(f"{n}. {said}" for n, said in enumerate(version.actions, start=1))))
