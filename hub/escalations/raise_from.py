"""The item a dispute is raised from: what of it is carried over as facts, which kind and which sides it suggests.

The item is read through the engine, as this person sees it; what they may not read becomes no fact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from hub.cases.banner import banner_loads
from hub.cases.queries import restricts_sharing
from hub.engine.models import WorkItem
from hub.engine.reading import Reading, read_item
from hub.engine.visibility import View, knows_person
from hub.web.filters import count, day, moment
from hub.web.item_rows import item_href
from hub.web.stored_words import shown
from workflows.actor import Actor
from workflows.escalation.who import RAISERS
from workflows.roles import ROLE_LABELS, Capacity, Role

KINDS: Final[Mapping[str, str]] = {
    "APR": "approach",
    "ADM": "admission",
    "STA": "stay",
    "PLA": "placement",
    "REF": "referral",
}
"""The kinds a dispute may be raised from, by what their references begin with."""
ONLY_IN: Final[Mapping[str, frozenset[str]]] = {
    "approach": frozenset({"refused", "offer_withdrawn"}),
    "admission": frozenset({"admission_refused"}),
}
"""Kinds that are disputed because they were refused, and the states that say so."""
PROPOSED: Final[Mapping[str, str]] = {
    "approach": "bed_refusal",
    "placement": "bed_refusal",
    "admission": "clinical_disagreement",
    "stay": "discharge_delay",
}
"""The kind of dispute that is most likely; whoever raises it may choose another."""
TELLS_ITS_OUTCOME: Final = frozenset({"approach", "admission", "placement"})
"""Kinds whose facts here are those that also somebody reads who sees the outcome alone."""
LONGEST_LINE: Final = 500
"""Letters of one fact, as hub/escalations/facts.py takes them."""


@dataclass(frozen=True)
class Source:
    """One item that a dispute is raised from, as one person sees it."""

    reading: Reading
    actor: Actor

    @property
    def item(self) -> Any:
        """The item."""
        return self.reading.item

    @property
    def href(self) -> str:
        """Its page."""
        return item_href(self.item.kind, self.item.reference)

    @property
    def words(self) -> str:
        """What it is: "Approach APR-2026-00012"."""
        return f"{self.item.workflow.title} {self.item.reference}"

    @property
    def is_about_a_person(self) -> bool:
        """Whether the sides are told who it is about, and how the person is kept safe is asked."""
        return self.item.case_id is not None

    @property
    def knows_person(self) -> bool:
        """Whether whoever raises it may be told who it is about, as things are."""
        return knows_person(self.item, self.actor)

    @property
    def is_sharing_restricted(self) -> bool:
        """To the hub: whether the case, or a form of it, says that its person's details are not shared."""
        session = object_session(self.item) if self.actor.is_hub and self.is_about_a_person else None
        return session is not None and bool(session.scalar(select(restricts_sharing(self.item.case_id))))

    @property
    def kind(self) -> str:
        """The kind of dispute that is proposed; "" for none."""
        return PROPOSED.get(self.item.kind, "")

    @property
    def facts(self) -> list[str]:
        """What the item says, one fact each, as far as this person reads it."""
        is_told = self.reading.view is View.ALL or self.item.kind in TELLS_ITS_OUTCOME
        said = (" ".join(line.split()) for line in (_FACTS[self.item.kind](self) if is_told else ()))
        return [line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…" for line in said]

    def side_ids(self, hub_id: int | None) -> list[int]:
        """The organisations that are most likely its sides, whoever raises it first.

        Somebody outside the hub is offered the hub alone: whom else an item was shown to is not theirs to learn here.
        """
        own = self.actor.organisation_id
        from_outside = [hub_id] if self.item.kind != "stay" else []
        others = self._others() if self.actor.is_hub else from_outside
        return list(dict.fromkeys(each for each in (own, *others) if each is not None))

    def _others(self) -> list[int | None]:
        unit = self.item.unit if self.item.kind in {"approach", "stay"} else None
        if unit is not None:
            return [unit.site.organisation_id]
        live = (line.party for line in self.reading.parties if line.party.until_at is None)
        return [party.organisation_id for party in live if Capacity.REFERRER in party.capacities]


def find_source(session: Session, reference: str, actor: Actor) -> Source | None:
    """The item called `reference` for somebody who raises a dispute from it.

    None when there is none, when they may not see it, or when nothing of it can be disputed (yet).
    """
    kind = KINDS.get(reference[:3])
    if kind is None:
        return None
    model: Any = WorkItem.__mapper__.polymorphic_map[kind].class_
    reading = read_item(session, model, reference, actor, options=banner_loads(model.case))
    return Source(reading, actor) if reading is not None and can_be_disputed(reading, actor) else None


def can_be_disputed(reading: Reading, actor: Actor) -> bool:
    """Whether somebody may raise a dispute from an item they read: their role, its kind, and that it was refused."""
    item = reading.item
    may = bool(actor.roles & {may.role for may in RAISERS}) and reading.is_theirs_to_work_on
    is_one = item.kind in KINDS.values() and not item.is_draft
    return may and is_one and item.state in ONLY_IN.get(item.kind, {item.state})


def _of_an_approach(source: Source) -> Iterator[str]:
    item, unit = source.item, source.item.unit
    bed = shown(item.bed_type, codes="bed_type") or "a bed"
    where = f"{unit.name}, {unit.site.organisation.name}" if unit is not None else "A unit"
    yield f"{where}, was asked for a bed on {moment(item.opened_at)}: {bed}"
    if item.offered_bed:
        yield from _said("The unit offered", item.offered_bed)
    if item.state == "refused":
        yield f"The unit said no on {moment(item.closed_at)}"
    else:
        yield f"The unit took its offer back on {moment(item.closed_at)}"
        yield from _said("Why it took it back", _reason(source, ("withdraw_offer", "withdraw_taken")))
    yield from _said("Reason given", shown(item.refusal_reason, codes="approach_refusal_reason"))
    yield from _said("In the unit’s own words", item.refusal_details)
    yield from _said("Consultant who decided", item.refusal_consultant)
    yield from _said("Criterion that is not met", item.refusal_criterion)
    yield from _said("What would change the answer", item.would_change)
    figures = item.figures
    if figures is not None and figures.is_contradicted:
        yield (
            f"The unit’s own bed state said then that {figures.free} of {count(figures.open_beds, 'open bed')} "
            f"{'was' if figures.free == 1 else 'were'} free, confirmed {moment(figures.confirmed_at)}"
        )


def _of_an_admission(source: Source) -> Iterator[str]:
    """What everybody reads who may see how it ended: no cost, no assessment."""
    item = source.item
    yield f"A decision about admission was asked for on {moment(item.opened_at)}"
    by = f" by the {ROLE_LABELS[Role(item.decided_role)]}" if item.decided_role else ""
    yield f"Admission was refused on {moment(item.decided_at)}{by}"
    rows = (line.row.reason for line in source.reading.lines if line.row.action == "refuse_admission")
    yield from _said("Reasons given", next(rows, None))
    yield from _said("Advice given", item.advice)
    yield from _said("How to disagree, as the decision says", item.dispute_route)


def _of_a_stay(source: Source) -> Iterator[str]:
    item = source.item
    where = f"{item.unit.name}, {item.unit.site.organisation.name}" if item.unit is not None else "the unit"
    yield f"On {where}, since {moment(item.began_at)}"
    if item.estimated_discharge_on is not None:
        yield f"Discharge is expected on {day(item.estimated_discharge_on)}, as the unit has recorded it"
    yield from _moment("Left the unit on", item.left_at)


def _of_a_placement(source: Source) -> Iterator[str]:
    item = source.item
    yield f"A bed has been looked for since {moment(item.opened_at)}"
    if source.actor.is_hub and source.reading.view is View.ALL:
        yield from _said("Kind of bed", shown(item.bed_type, codes="bed_type"))
        refused = sum(1 for each in item.approaches if each.state == "refused")
        yield f"{count(len(item.approaches), 'unit')} asked so far, {refused} said no"


def _of_a_referral(source: Source) -> Iterator[str]:
    item = source.item
    yield from _moment("Referred to the hub on", item.received_at)
    yield from _said("Priority", shown(item.priority, codes="priority"))


def _said(name: str, words: str | None) -> Iterator[str]:
    if words and words.strip():
        yield f"{name}: {words.strip()}"


def _moment(name: str, at: datetime | None) -> Iterator[str]:
    if at is not None:
        yield f"{name} {moment(at)}"


def _reason(source: Source, actions: tuple[str, ...]) -> str | None:
    """Why the last of these was done; to somebody who reads the outcome alone, only in their own words."""
    for line in source.reading.lines:
        if line.row.action in actions:
            is_theirs = source.reading.view is View.ALL or line.row.actor_id in source.actor.hands
            return line.row.reason if is_theirs else None
    return None


_FACTS: Final[Mapping[str, Callable[[Source], Iterator[str]]]] = {
    "approach": _of_an_approach,
    "admission": _of_an_admission,
    "stay": _of_a_stay,
    "placement": _of_a_placement,
    "referral": _of_a_referral,
}
