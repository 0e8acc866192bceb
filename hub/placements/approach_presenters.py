"""An approach in words: what is asked of which unit, the pack by sections, what was answered, what is kept of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Final

from hub.beds.models import BedState
from hub.beds.presenters import beds_href
from hub.engine.reading import Line, Reading
from hub.engine.visibility import View
from hub.papers.content import Block
from hub.papers.models import Paper
from hub.placements.approach_models import Approach
from hub.placements.pack import for_whom
from hub.web.filters import count, moment, moment_within
from hub.web.item_page import HistoryLine, ItemPage
from hub.web.item_rows import action_href
from hub.web.sections import given
from hub.web.stored_words import shown
from workflows.actor import Actor
from workflows.approach import CLINICAL_REASONS, State
from workflows.roles import Role

Pairs = list[tuple[str, str]]
WHY_NO_MORE: Final = (
    "This approach has ended, so the hub shows you nothing more about the person. You keep the reference, the dates "
    "and your own words. Ring the hub if there is something you still need."
)
FOR_THE_UNIT: Final = (
    "The unit answers on its own page. What it tells you by telephone you write down for it; the history says so."
)
ACCEPTS: Final = {Role.CASE_MANAGER, Role.ON_CALL}
"""Who takes an offer up."""


@dataclass
class Part:
    """One section of the pack: what stands under its heading, and smaller sections with headings of their own."""

    title: str
    blocks: list[Block] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)


@dataclass(frozen=True)
class ApproachPage:
    """One approach as one person sees it at one moment."""

    reading: Reading
    actor: Actor
    now: datetime
    pack: Paper | None
    own: Sequence[Line]
    beds: BedState | None

    @property
    def item(self) -> Approach:
        """The approach."""
        found: Approach = self.reading.item
        return found

    @property
    def is_whole(self) -> bool:
        """Whether this person reads all of it, who it is about too."""
        return self.reading.view is View.ALL

    @property
    def is_over_for_them(self) -> bool:
        """Whether it ended without a bed, so that the unit keeps its own words alone."""
        return self.reading.view is View.OUTCOME

    @property
    def why_no_more(self) -> str:
        """What is said where the person's details stood."""
        return WHY_NO_MORE

    @property
    def waits_for(self) -> str:
        """To the hub, while the unit has not answered: whom it waits for."""
        is_waiting = self.actor.is_hub and self.is_whole and self.item.state == State.ASKED
        return f"Waiting for {self.unit}" if is_waiting else ""

    @property
    def accept_href(self) -> str:
        """Where an offer is accepted, for whoever may: on the search, beside the other offers."""
        may = self.actor.is_hub and self.actor.roles & ACCEPTS
        if not may or self.item.state != State.OFFERED or not self.is_whole:
            return ""
        return action_href(self.item.placement, "accept_offer")

    @property
    def for_the_unit(self) -> str:
        """What somebody of the hub is told who answers for a unit."""
        return FOR_THE_UNIT if self.actor.is_hub else ""

    @property
    def is_kept_back(self) -> bool:
        """Whether there is no pack for this reader any more, since sharing was restricted after it was made."""
        return self.is_whole and self.pack is None

    @property
    def bed(self) -> str:
        """The kind of bed that is asked for."""
        return shown(self.item.bed_type, codes="bed_type") or "A bed"

    @property
    def asks(self) -> str:
        """What is asked, in one line: "General adolescent bed, for a 15-year-old from HD1"."""
        known = self.item.pack if self.is_whole else None
        if known is None:
            return self.bed
        return f"{self.bed}, for {for_whom(known.age_years, known.home_outcode)}"

    @property
    def unit(self) -> str:
        """The unit that is asked, with its organisation."""
        unit = self.item.unit
        return f"{unit.name}, {unit.site.organisation.name}" if unit is not None else ""

    @cached_property
    def asked(self) -> Pairs:
        """Which unit was asked, when, by whom and how; to the unit after the end, what it knows itself."""
        first = self.reading.lines[-1] if self.reading.lines and self.is_whole else None
        return given(
            ("Unit", self.unit),
            ("Asked", moment(self.item.opened_at)),
            ("By", first.who if first is not None else ""),
            ("How", shown(self.item.asked_how, codes="approach_route") if self.is_whole else ""),
            ("Who was asked", self.item.asked_person if self.is_whole else ""),
            ("Ended", moment(self.item.closed_at)),
        )

    @cached_property
    def answered(self) -> Pairs:
        """The unit's own answers, in its own words."""
        item = self.item
        return given(
            ("Bed offered", item.offered_bed),
            ("From", moment(item.offer_from)),
            ("Conditions", item.offer_conditions),
            ("The offer stands until", self._until if item.offered_bed else ""),
            ("Why not", shown(item.refusal_reason, codes="approach_refusal_reason")),
            ("In the unit’s own words", item.refusal_details),
            ("Consultant", item.refusal_consultant),
            ("Criterion that is not met", item.refusal_criterion),
            ("What would change the answer", item.would_change),
        )

    @property
    def _until(self) -> str:
        rows = [row.due_at for row in self.reading.clocks if row.name == "offer"]
        return moment(self.item.offer_until or (rows[-1] if rows else None))

    @cached_property
    def kept_history(self) -> list[HistoryLine]:
        """What is left to the unit after the end: that and when things were done, and its own people's words."""
        ours = iter(ItemPage(replace(self.reading, view=View.ALL, lines=self.own), self.actor, self.now).history)
        all_of_it = ItemPage(self.reading, self.actor, self.now).history
        own = {line.row.id for line in self.own}
        return [
            next(ours) if line.row.id in own else shown_so
            for line, shown_so in zip(self.reading.lines, all_of_it, strict=True)
        ]

    @cached_property
    def lead(self) -> list[Block]:
        """What stands before the first section of the pack."""
        return self._read[0]

    @cached_property
    def parts(self) -> list[Part]:
        """The sections of the pack."""
        return self._read[1]

    @cached_property
    def _read(self) -> tuple[list[Block], list[Part]]:
        return sections_of(self.pack.content["blocks"]) if self.pack is not None and self.is_whole else ([], [])

    @property
    def contradiction(self) -> str:
        """That "no bed" and the unit's own figures of that moment differ; empty when they agree."""
        figures = self.item.figures
        if figures is None or not figures.is_contradicted or not self.reading.is_theirs_to_work_on:
            return ""
        said = f"{figures.free} of {count(figures.open_beds, 'open bed')} free"
        whose = "The unit’s" if self.actor.is_hub else "Your"
        return f"{whose} own bed state said {said} then, confirmed {moment_within(figures.confirmed_at, self.now)}."

    @property
    def free_now(self) -> str:
        """What the unit's own bed state says while it shows a free bed; empty otherwise."""
        beds = self.beds
        if beds is None or not beds.free:
            return ""
        whose = "The unit’s" if self.actor.is_hub else "Your"
        said = f"{beds.free} of {count(beds.open_beds, 'open bed')} {'is' if beds.free == 1 else 'are'} free"
        return f"{whose} own bed state says that {said}, confirmed {moment_within(beds.confirmed_at, self.now)}."

    @property
    def beds_href(self) -> str:
        """Where the unit confirms its beds; empty for the hub."""
        unit = self.item.unit
        if self.actor.is_hub or unit is None:
            return ""
        return beds_href(unit, self.item.bed_type)

    @property
    def clinical_reasons(self) -> list[str]:
        """The reasons that a consultant answers for, in words."""
        return [shown(code, codes="approach_refusal_reason") for code in sorted(CLINICAL_REASONS)]


def sections_of(blocks: Iterable[Block]) -> tuple[list[Block], list[Part]]:
    """The blocks of a paper by their headings; the paper's own title is left out."""
    lead: list[Block] = []
    parts: list[Part] = []
    for block in blocks:
        if block["kind"] != "heading":
            inside = (parts[-1].parts[-1] if parts[-1].parts else parts[-1]).blocks if parts else lead
            inside.append(block)
        elif block["level"] == 2:
            parts.append(Part(block["text"]))
        elif block["level"] > 2:
            parts[-1].parts.append(Part(block["text"]))
    return lead, parts
