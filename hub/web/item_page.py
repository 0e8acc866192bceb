"""What an item's page shows, worked out from one reading: clocks, diagram, history in words, who can see it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from typing import Any

from markupsafe import Markup

import workflows
from hub.engine.authority import is_party
from hub.engine.available import Offer
from hub.engine.models import Clock
from hub.engine.reading import Line, PartyLine, Reading
from hub.engine.visibility import View
from hub.web.clock_panel import ClockPanel, clock_panel
from hub.web.filters import ClockFace, lower_first, moment, moment_within
from hub.web.item_rows import item_href, to_do_of
from hub.web.stored_words import as_whom, audience_words, may_name, shown, side_of
from hub.web.what_follows import what_follows
from workflows.core import Action, Actor, Ask, Wording, Workflow, in_words, upper_first
from workflows.diagram import describe, draw
from workflows.everyday import everyday_of, label_of
from workflows.roles import CAPACITY_LABELS, Capacity, Role


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One history row in words."""

    at: datetime
    who: str
    as_whom: str
    action: str
    reason: str
    changes: tuple[tuple[str, str, str], ...]
    """(name, old, new)."""
    audience: str


@dataclass(frozen=True, slots=True)
class WhoSees:
    """One party in words."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Near:
    """Another item that goes with this one."""

    title: str
    words: str
    href: str


class ItemPage:
    """An item, its actions and everything round it, as one person sees it at one moment."""

    def __init__(
        self,
        reading: Reading,
        actor: Actor,
        now: datetime,
        mends: Callable[[Reading], Mapping[str, str]] | None = None,
    ) -> None:
        self.reading = reading
        self._mends = mends
        self.item = reading.item
        self.workflow: Workflow = reading.item.workflow
        self.actor = actor
        self.now = now

    @property
    def wording(self) -> Wording:
        """Where it is, in words."""
        return self.workflow.wording_of(self.item.state)

    @property
    def sees_outcome_alone(self) -> bool:
        """Whether this person reads where it is and how it ends, and nothing else: the referrer of what follows."""
        return self.reading.view is View.OUTCOME

    @property
    def title(self) -> str:
        """What to do, in words; what it is when nothing is to be done."""
        if not self.wording.to_do:
            return f"{self.workflow.title}: {self.wording.label.lower()}"
        is_theirs = bool(self.main) and not self.sees_outcome_alone
        return to_do_of(self.wording, is_hub=self.actor.is_hub or is_theirs)

    @cached_property
    def mine(self) -> list[Offer]:
        """Actions this person may do, the ready ones first in declared order."""
        offers = [offer for offer in self.reading.offers if offer.is_mine]
        return sorted(offers, key=lambda offer: not offer.is_allowed)

    @cached_property
    def others(self) -> list[Offer]:
        """Actions that wait for somebody else; what the hub does by itself waits for nobody."""
        return [offer for offer in self.reading.offers if not offer.is_mine and not _is_by_itself(offer.action)]

    def missing(self, offer: Offer) -> list[Any]:
        """What an action still lacks, for `items.not_yet`: a sentence, with the address of the box that mends it."""
        where = self._addresses if offer.missing else {}
        return [(said, where[said], "Answer it") if said in where else said for said in offer.missing]

    @cached_property
    def _addresses(self) -> Mapping[str, str]:
        return self._mends(self.reading) if self._mends else {}

    @cached_property
    def main(self) -> str:
        """The name of the one action most likely to be needed: it has the green button."""
        ready = (offer for offer in self.mine if offer.is_allowed)
        forward = [offer for offer in ready if not offer.action.abandons and not offer.action.aside]
        sends = next((offer for offer in forward if offer.action.dest != "="), None)
        return (sends or forward[0]).action.name if forward else ""

    @cached_property
    def clocks(self) -> list[ClockPanel]:
        """Every clock, running ones first, each with how its deadline was worked out."""
        rows = sorted(self.reading.clocks, key=lambda row: (row.stopped_at is not None, row.due_at, row.id))
        return [self._clock(row) for row in rows]

    @property
    def no_clock(self) -> str:
        """What a draft says of its clocks; one taken by telephone counts from the call, however late it is sent."""
        said = f"No clock yet. It starts when the {lower_first(self.workflow.title)} is sent"
        since = self._received
        return f"{said}, and counts from {moment(since)}, when the hub received it." if since else f"{said}."

    @property
    def _received(self) -> datetime | None:
        """The recorded moment the first clock counts from."""
        facts = (clock.from_fact for clock in self.workflow.clocks if clock.from_fact)
        return next((getattr(self.item, fact) for fact in facts), None)

    @property
    def face(self) -> ClockFace | None:
        """The clock that matters most now: the earliest that runs, else a paused one."""
        going = [row for row in self.reading.clocks if row.stopped_at is None]
        if not going:
            return None
        first = min(going, key=lambda row: (not row.is_running, row.due_at))
        return self._clock(first).face

    def _clock(self, row: Clock) -> ClockPanel:
        policy = self.reading.book.policy(self.item.policy_version_id, self.now)
        return clock_panel(
            row,
            self.reading.clock_names.title(self.item.kind, self.item.id, row.name, row.per),
            self.reading.book.calendar(self.item.policy_version_id, self.now),
            self.now,
            is_from_receipt=row.started_at == getattr(self.item, "received_at", None),
            rule_text=policy.origin(row.rule),
            tells_why=not self.reading.is_content_hidden,
        )

    @cached_property
    def _been(self) -> list[str]:
        """The states it was in before the one it is in, in order."""
        states = [state for state, _ in groupby(line.row.to_state for line in reversed(self.reading.lines))]
        return states[:-1] if states and states[-1] == self.item.state else states

    @cached_property
    def _open_now(self) -> list[str]:
        return [offer.action.name for offer in self.reading.offers if offer.is_allowed]

    @property
    def diagram(self) -> Markup:
        """The workflow with "you are here"."""
        drawn = draw(self.workflow, here=self.item.state, been=self._been, open_now=self._open_now)
        return Markup(drawn)  # noqa: S704 - our own drawing of our own definition

    @property
    def diagram_words(self) -> list[str]:
        """The same facts as sentences."""
        return describe(self.workflow, self.item.state, self._been, self._open_now)

    def effects(self, action: Action) -> list[str]:
        """What follows when `action` is done, in words: clocks, history, what is opened."""
        return what_follows(self.reading, action, self.now, self._received)

    @cached_property
    def history(self) -> list[HistoryLine]:
        """History in words, newest first."""
        return [self._line(line) for line in self.reading.lines]

    def line_words(self, line: Line) -> str:
        """One row with its new values, for "what changed meanwhile": whoever goes on must see what they would undo."""
        told = self._line(line)
        changes = "; ".join(f"{name}: {new or 'blank'}" for name, _, new in told.changes)
        return f"{told.action}, {told.who}, {moment_within(told.at, self.now)}{'. ' if changes else ''}{changes}"

    def _line(self, line: Line) -> HistoryLine:
        row = line.row
        hidden = self.reading.is_content_hidden
        is_named = may_name(self.reading.view, row, self.actor)
        return HistoryLine(
            at=row.at,
            who=line.who if is_named else side_of(row.acting_role),
            as_whom=as_whom(row.acting_role, line.on_behalf_of) if is_named else "",
            action=label_of(self.workflow, row.action),
            reason="" if hidden else row.reason or "",
            changes=() if hidden else tuple(self._changes(row)),
            audience=audience_words(row.audience),
        )

    def _changes(self, row: Any) -> Iterator[tuple[str, str, str]]:
        if row.from_state != row.to_state:
            before = self.workflow.wording_of(row.from_state).label if row.from_state else ""
            yield "State", before, self.workflow.wording_of(row.to_state).label
        for name, value in row.values.items():
            if name.endswith("_id") and name not in self._asks:
                continue  # the number of a row, which nobody answered and nobody can read
            if isinstance(value, dict) and not _is_for_the_program(value.get("new")):
                yield self._field_label(name), self._shown(name, value.get("old")), self._shown(name, value.get("new"))

    @cached_property
    def _asks(self) -> dict[str, Ask]:
        # Two actions may ask for the same fact: the workflow's own question, asked first, is what it is called.
        # What was carried on from another workflow is called what it is called there.
        others = (action for workflow in workflows.ALL.values() for action in workflow.actions)
        actions = (*others, *reversed(everyday_of(self.workflow)), *reversed(self.workflow.actions))
        asked = (ask for action in actions for ask in action.questions)
        return {ask.name: ask for ask in (*asked, *self.workflow.start_asks)}

    def _field_label(self, name: str) -> str:
        if name.startswith("deadline:"):
            return "Deadline"
        ask = self._asks.get(name)
        # The words beside a box to tick are a sentence of their own, too long to name what was ticked.
        return ask.label.rstrip("?") if ask and ask.kind != "tick" else in_words(name)

    def _shown(self, name: str, value: Any) -> str:
        ask = self._asks.get(name)
        if name == "clock":
            return next((clock.title for clock in self.workflow.clocks if clock.name == value), shown(value))
        if ask and ask.kind == "choices" and not ask.codes:  # questions, chosen by their names
            return ", ".join(self._field_label(str(part)) for part in value or ())
        named = self.reading.names.get((ask.kind, value)) if ask and isinstance(value, int | str) else None
        if named is not None:
            return named
        kind = "moment" if name.startswith("deadline:") else ask.kind if ask else ""
        return shown(value, codes=ask.codes if ask else "", kind=kind)

    @property
    def related(self) -> list[Near]:
        """What it was opened from and what was opened from it: what to do there, or how it ended."""
        return [_near(row, is_hub=self.actor.is_hub) for row in self.reading.related if not _goes_on(row)]

    @property
    def next(self) -> list[Near]:
        """What was opened from it and goes on: after an action it is where most people want to go."""
        return [_near(row, is_hub=self.actor.is_hub) for row in self.reading.related if _goes_on(row)]

    @cached_property
    def parties(self) -> list[WhoSees]:
        """Who outside the hub can see it, and until when; who reads the outcome alone is told of no other party."""
        return self._who_sees(self.reading.parties)

    def readers(self, action: Action) -> list[WhoSees]:
        """Who outside the hub will read what `action` writes: nobody of what stays inside, nor who has left."""
        lines = [line for line in self.reading.parties if line.party.until_at is None]
        return [] if action.is_inside else self._who_sees(lines)

    def _who_sees(self, lines: Sequence[PartyLine]) -> list[WhoSees]:
        if self.sees_outcome_alone:
            lines = [line for line in lines if is_party(self.actor, line.party)]
        return [WhoSees(line.name, self._party_words(line.party)) for line in lines]

    def _party_words(self, party: Any) -> str:
        names = " and ".join(CAPACITY_LABELS[Capacity(name)] for name in party.capacities)
        since = f"since {moment_within(party.from_at, self.now)}"
        ended = f", ended {moment_within(party.until_at, self.now)}" if party.until_at else ""
        return f"{upper_first(names)}, {since}{ended}"


def _is_by_itself(action: Action) -> bool:
    return all(may.role is Role.SYSTEM for may in action.by)


def _goes_on(row: Any) -> bool:
    return workflows.ALL[row.kind].is_open(row.state)


def _near(row: Any, *, is_hub: bool) -> Near:
    workflow = workflows.ALL[row.kind]
    wording = workflow.wording_of(row.state)
    title = to_do_of(wording, is_hub=is_hub) if wording.to_do else f"{workflow.title}: {wording.label.lower()}"
    words = f"{workflow.title} · {row.reference}" if wording.to_do else row.reference
    return Near(title, words, item_href(row.kind, row.reference))


def _is_for_the_program(value: Any) -> bool:
    """Rows within a value are carried on for a clock, and no answer to be read."""
    return isinstance(value, list) and any(isinstance(part, dict) for part in value)
