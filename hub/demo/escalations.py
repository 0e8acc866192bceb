"""Makes the demo's disputes through the engine, with the registers they stand on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.demo.escalation_steps import RINGS, Dispute, Done
from hub.demo.escalation_stories import DISPUTES
from hub.demo.registers import make_registers
from hub.engine.models import Clock, WorkItem
from hub.engine.perform import perform
from hub.escalations.models import Escalation
from hub.escalations.raising import Raised, raise_dispute
from hub.organisations.models import Site, Unit
from hub.organisations.queries import find_organisation
from hub.placements.models import Placement
from hub.stays.models import Stay
from workflows.actor import Actor
from workflows.durations import local


class Disputes:
    """Walks every dispute to where it stands at `now`, each step of it in the order of its moment."""

    def __init__(self, session: Session, people: Mapping[str, Actor], now: datetime) -> None:
        self.session, self.people, self.now = session, people, now
        self.case_id: int | None = None
        self.flash_points = make_registers(session, people, now)

    def make(self) -> None:
        """All of them."""
        for story in DISPUTES:
            at = (self.now - timedelta(hours=story.hours_ago)).replace(second=0, microsecond=0)
            item = self._raise(story, at)
            for step in sorted(story.steps, key=lambda step: step.after):
                when = at + timedelta(hours=step.after)
                if when < self.now:
                    self._do(item, step, when)

    def _raise(self, story: Dispute, at: datetime) -> Escalation:
        about = self._about(story.about)
        self.case_id = about.case_id if about is not None else self.case_id
        said = Raised(
            question=story.question,
            dispute_kind=story.kind,
            urgency=story.urgency,
            side_ids=tuple(self._place(code) for code in story.sides),
            wanted=story.wanted,
            facts=story.facts,
            safety_plan="Safety plan 2, reviewed last week" if about is not None else None,
            interim_funder_id=self._place(story.funder) if story.funder else None,
            flash_point_id=self.flash_points[story.flash_point - 1] if story.flash_point else None,
        )
        return raise_dispute(self.session, self.people[story.who], said, now=at, about=about)

    def _about(self, words: str) -> Any:
        if words == "same case":
            found = select(Placement).where(Placement.case_id == self.case_id).order_by(Placement.id.desc()).limit(1)
            return self.session.scalars(found).one()
        if not words:
            return None
        there = (
            select(Unit.id)
            .join(Site, Site.id == Unit.site_id)
            .where(Site.organisation_id == self._place(words.removeprefix("stay ")))
        )
        stays = select(Stay).where(WorkItem.unit_id.in_(there), WorkItem.state == "current")
        return self.session.scalars(stays.order_by(Stay.began_at, Stay.id).limit(1)).one()

    def _do(self, item: Escalation, step: Done, at: datetime) -> None:
        if step.action == RINGS:
            self._ring(item, at)
            return
        values = {name: self._answer(name, value, at) for name, value in step.values.items()}
        who = self.people[step.who]
        perform(self.session, item, step.action, who, now=at, values=values, reason=step.reason)

    def _ring(self, item: Escalation, at: datetime) -> None:
        passed = (Clock.item_id == item.id, Clock.stopped_at.is_(None), Clock.due_at <= at)
        self.session.execute(
            update(Clock)
            .where(*passed)
            .values(rang_at=Clock.due_at, warned_at=Clock.due_at)
            .execution_options(synchronize_session=False)
        )

    def _answer(self, name: str, value: Any, at: datetime) -> Any:
        if isinstance(value, tuple):
            return [{part: self._answer(part, each, at) for part, each in row.items()} for row in value]
        if name in {"convenor_id", "speaker_id", "user_id"}:
            return self.people[value].user_id
        if name in {"side_id", "owner_organisation_id", "chosen_organisation_id"}:
            return self._place(value)
        if name == "learned_flash_point_id":
            return self.flash_points[value - 1]
        return (local(at) + timedelta(days=value)).date() if name == "due_on" else value

    def _place(self, code: str) -> int:
        found = find_organisation(self.session, code)
        if found is None:
            raise LookupError(f"{code} is not among the demo's organisations")
        return found.id


def make_disputes(session: Session, people: Mapping[str, Actor], now: datetime) -> None:
    """The registers first, then every dispute."""
    Disputes(session, people, now).make()
