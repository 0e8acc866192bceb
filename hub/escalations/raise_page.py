"""What the page that raises a dispute says besides its form: by when what happens next, as the policy has it."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from sqlalchemy.orm import Session

from hub.cases.banner import Banner, banner_of_item
from hub.codes import codes
from hub.engine.rulebook import rulebook
from hub.escalations.raise_form import Places
from hub.escalations.raise_from import Source
from hub.escalations.raise_queries import funders, organisations_to_choose, own_organisation
from hub.flash_points.queries import Group, by_kind, standing_points
from hub.organisations.queries import hub_organisations
from hub.web.filters import moment_within
from workflows.actor import Actor
from workflows.deadlines import work_out
from workflows.durations import local
from workflows.escalation.states import IN_WORDS, SHORT, STAGES
from workflows.roles import Role


class RaisePage:
    """The page for one person, perhaps from one item."""

    def __init__(self, session: Session, actor: Actor, now: datetime, source: Source | None) -> None:
        self.source = source
        self.actor = actor
        self.now = now
        self._session = session
        self._book = rulebook(session)
        self._version = source.item.policy_version_id if source is not None else None

    @cached_property
    def places(self) -> Places:
        """What can be chosen as a side or a payer."""
        today = local(self.now).date()
        answering, others = organisations_to_choose(self._session, today)
        return Places(
            answering,
            others,
            payers=frozenset(funders(self._session, today)),
            own=own_organisation(self._session, self.actor),
            chooses_all=self.actor.role is Role.CASE_MANAGER,
        )

    @cached_property
    def flash_points(self) -> list[Group]:
        """What the partners agreed, by kind of dispute."""
        return by_kind(standing_points(self._session))

    @property
    def side_ids(self) -> list[int]:
        """The sides that are proposed, one's own first."""
        if self.source is None:
            return [] if self.places.chooses_all else [self.places.own.id]
        hubs = hub_organisations(self._session)
        return self.source.side_ids(hubs[0].id if hubs else None)

    @cached_property
    def urgency_hints(self) -> dict[str, str]:
        """For each urgency, by when the hub takes it up if it is sent now."""
        said = {"urgent": "It cannot wait, for the person’s sake. ", "standard": ""}
        return {code: f"{said.get(code, '')}{self._accepted_by(code)}" for code in codes("escalation_urgency")}

    @property
    def banner(self) -> Banner | None:
        """To the hub, whom the item is about, so that nobody raises it from another person's."""
        return banner_of_item(self.source.item) if self.source is not None and self.actor.is_hub else None

    @property
    def is_of_an_approach(self) -> bool:
        """Whether a unit is in it that said no and is shown the name no more."""
        return self.source is not None and self.source.item.kind == "approach"

    @property
    def is_hub_a_side(self) -> bool:
        """Whether the hub is a side whoever else is chosen, so that somebody from outside convenes."""
        return self.actor.is_hub and not self.places.chooses_all

    @property
    def stages(self) -> list[tuple[str, str, str]]:
        """Each step of the ladder: its name, and how long it may take when standard and when urgent."""
        return [(IN_WORDS[stage].capitalize(), *self._both(f"escalation.stage.{SHORT[stage]}")) for stage in STAGES]

    @property
    def reply(self) -> tuple[str, str]:
        """How long each side has for its first position, when standard and when urgent."""
        return self._both("escalation.reply.local")

    def _both(self, key: str) -> tuple[str, str]:
        return self._length(key, "standard"), self._length(key, "urgent")

    def _length(self, key: str, urgency: str) -> str:
        return self._book.policy(self._version, self.now).duration(key, urgency=urgency).text

    def _accepted_by(self, urgency: str) -> str:
        rule = self._book.policy(self._version, self.now).duration("escalation.accept", urgency=urgency)
        due = work_out(rule, self.now, self._book.calendar(self._version, self.now)).due_at
        return f"Sent now, it is taken up or sent elsewhere by {moment_within(due, self.now)} ({rule.text})."
