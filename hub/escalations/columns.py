"""The sides of a dispute in step: what each says at one visit of a stage, with its evidence and its time to reply."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for

from hub.documents.models import Document
from hub.escalations.ladder import Faces, visit_words
from hub.escalations.now import Here
from hub.escalations.side_models import Position, Side, Visit
from hub.web.filters import ClockFace, moment, moment_within
from workflows.core import upper_first
from workflows.escalation.states import IN_WORDS, STAGES, reply_clock

COUNTED = {2: "Two sides", 3: "Three sides", 4: "Four sides", 5: "Five sides", 6: "Six sides"}
NOT_YET = "Nothing on record yet"
NOTHING_SAID = "Nothing was said before this stage ended"
NO_REPLY = "Recorded as no reply: its time to reply ran out"


@dataclass(frozen=True, slots=True)
class Column:
    """One side at one visit."""

    name: str
    part: str
    """Its part, and who speaks for it at this stage."""
    words: str
    said_by: str
    """Who said it and when; empty for what nobody said."""
    instead: str
    """Said instead of words: nothing yet, or no reply."""
    disputed: str
    wanted: str
    evidence: tuple[tuple[str, str], ...]
    """(name, address) of each document."""
    face: ClockFace | None
    owes: str
    """Said where no clock runs."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was said at a visit that is over."""

    title: str
    question: str
    columns: tuple[Column, ...]


class Sides:
    """The sides of a dispute, the raiser first, as one person reads them at one moment."""

    def __init__(self, item: Any, faces: Faces, evidence: Mapping[int, Sequence[Document]], now: datetime) -> None:
        self._item = item
        self._faces = faces
        self._evidence = evidence
        self._now = now

    @property
    def title(self) -> str:
        """How many there are."""
        return COUNTED[len(self._item.sides)]

    @property
    def look(self) -> str:
        """How many stand beside each other: two of two and four, else three."""
        return "" if len(self._item.sides) in {2, 4} else "three"

    @property
    def _visit(self) -> Visit | None:
        """The visit that goes on, else the last one."""
        return self._item.visits[-1] if self._item.visits else None

    @property
    def question(self) -> str:
        """What was asked when this stage was entered, or sent back to."""
        visit = self._visit
        return visit.why or "" if visit is not None and visit.came != "reopened" else ""

    @property
    def columns(self) -> list[Column]:
        """One column for each side, at the visit that goes on."""
        return [self._column(side, self._visit) for side in self._item.sides]

    @property
    def earlier(self) -> list[Earlier]:
        """Visits before that one, the newest first."""
        past = [visit for visit in self._item.visits if visit is not self._visit]
        return [
            Earlier(
                f"{upper_first(IN_WORDS[visit.stage])}: {visit_words(self._item, visit, self._faces, self._now)}",
                visit.why or "",
                tuple(self._column(side, visit, is_past=True) for side in self._item.sides),
            )
            for visit in reversed(past)
        ]

    def _column(self, side: Side, visit: Visit | None, *, is_past: bool = False) -> Column:
        said = Here(self._item, visit) if visit is not None else None
        position = said.position_of(side) if said is not None else None
        is_first_word = visit is None and side.is_raiser
        return Column(
            name=side.name,
            part=self._part(side, visit, is_past),
            words=(position.words or "") if position is not None else "",
            said_by=self._said_by(position) if position is not None and not position.is_no_reply else "",
            instead=_instead(visit, position),
            disputed=(position.disputed or "") if position is not None else "",
            wanted=self._item.asked_for if is_first_word else (position.wanted or "") if position is not None else "",
            evidence=() if is_past else self._papers(side),
            face=self._reply(side, visit) if not is_past else None,
            owes=_owes(visit, position),
        )

    def _part(self, side: Side, visit: Visit | None, is_past: bool) -> str:
        part = "Raised it" if side.is_raiser else "Answers it"
        if visit is None:
            return part
        said = [part, self._speaker(side, visit.stage)]
        wish = Here(self._item, visit).wish_of(side)
        if wish is not None and not is_past:
            said.append(f"Asked to go up {moment_within(wish.at, self._now)}")
        return ". ".join(each for each in said if each)

    def _speaker(self, side: Side, stage: str) -> str:
        speaker = self._item.speaker_of(side, stage)
        if speaker is None or speaker.is_unsaid:
            # Whoever may speak for an organisation does: at the first stage nobody has to be named.
            return "" if speaker is None and stage == STAGES[0] else "Named nobody for this stage"
        if speaker.is_nobody_else:
            return "Has nobody else who could speak at this stage"
        return f"{speaker.name} speaks for them at this stage"

    def _said_by(self, position: Position) -> str:
        who = f"{position.by.name}, " if position.by is not None else ""
        changed = f", changed {moment(position.changed_at)}" if position.changed_at is not None else ""
        return f"{who}{moment(position.at)}{changed}"

    def _papers(self, side: Side) -> tuple[tuple[str, str], ...]:
        return tuple(
            (paper.name, url_for("documents.download", document_id=paper.id, name=paper.name))
            for paper in self._evidence.get(side.organisation_id, ())
        )

    def _reply(self, side: Side, visit: Visit | None) -> ClockFace | None:
        if visit is None:
            return None
        name, per = reply_clock(visit.stage), f"organisation:{side.organisation_id}"
        row = self._faces.row(name, per)
        return self._faces.of(name, per) if row is not None and row.started_at >= visit.entered_at else None


def _instead(visit: Visit | None, position: Position | None) -> str:
    if position is None:
        return NOT_YET if visit is None or visit.left_at is None else NOTHING_SAID
    return NO_REPLY if position.is_no_reply else ""


def _owes(visit: Visit | None, position: Position | None) -> str:
    if visit is None:
        return "Starts when the dispute is accepted"
    return "Nothing owed" if position is not None else "No clock ran for it"
