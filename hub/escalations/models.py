"""The escalation table, and what its workflow asks of it: sides, stages, settlements, panel and actions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, time
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from hub.accounts.models import UserAccount
from hub.cases.models import CareCase
from hub.cases.queries import restricts_sharing
from hub.db import Moment
from hub.engine.models import WorkItem
from hub.escalations import answers, standing
from hub.escalations.effects import EFFECTS
from hub.escalations.now import Here, OnTheTable
from hub.escalations.settlement_models import Acceptance, AgreedAction, Issue, Proposal, Seat
from hub.escalations.side_models import Fact, Position, Side, Speaker, View, Visit, Wish
from hub.flash_points.models import FlashPoint
from hub.organisations.models import Organisation
from workflows.actor import Actor
from workflows.durations import LONDON
from workflows.escalation import ESCALATION

END_OF_DAY = time(23, 59, 59)
REFUSALS = frozenset({"approach", "admission"})
"""Kinds whose refusal may be what a dispute is about."""


class Escalation(WorkItem):
    """One dispute between organisations that go on working together."""

    __tablename__ = "escalation"
    workflow = ESCALATION
    needs_loaded: ClassVar[tuple[str, ...]] = (
        "sides",
        "visits",
        "positions",
        "wishes",
        "speakers",
        "facts",
        "views",
        "proposals",
        "acceptances",
        "seats",
        "agreed_actions",
    )
    own_rows: ClassVar[frozenset[str]] = frozenset(
        f"escalation_{name}"
        for name in ("side visit position wish speaker fact view proposal acceptance seat issue action".split())
    )
    acts_on_its_page_alone: ClassVar[bool] = True
    effects: ClassVar[Mapping[str, Callable[[Any], None]]] = EFFECTS

    id: Mapped[int] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    dispute_kind: Mapped[str]
    """A code of `dispute_kind`."""
    urgency: Mapped[str]
    """urgent or standard."""
    asked_for: Mapped[str]
    """What whoever raised it wants; what a side wants later is in its positions."""
    safety_plan: Mapped[str | None]
    """How the person is kept safe meanwhile; only where it is about a person."""
    started_from: Mapped[str | None]
    """The kind of the item it was raised from; None for one that stands by itself."""
    begun_from: Mapped[str | None]
    """The token of the page it was raised on: what is sent twice is raised once."""
    flash_point_id: Mapped[int | None] = mapped_column(ForeignKey("flash_point.id"))
    interim_funder_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    """Who was asked to pay meanwhile."""
    funding_terms: Mapped[str | None]
    funding_agreed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    funding_agreed_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    funding_agreed_role: Mapped[str | None]
    funding_agreed_at: Mapped[datetime | None] = mapped_column(Moment)
    convenor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    interim_arrangement: Mapped[str | None]
    interim_payer: Mapped[str | None]
    """funder (who agreed) or hub (without prejudice)."""
    accepted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    accepted_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    accepted_role: Mapped[str | None]
    accepted_at: Mapped[datetime | None] = mapped_column(Moment)
    instead: Mapped[str | None]
    settled_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    settled_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    settled_role: Mapped[str | None]
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    binding: Mapped[str | None]
    determined_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    determined_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    determined_role: Mapped[str | None]
    determined_at: Mapped[datetime | None] = mapped_column(Moment)
    referred_to: Mapped[str | None]
    agreed_statement: Mapped[str | None]
    learned_flash_point_id: Mapped[int | None] = mapped_column(ForeignKey("flash_point.id"))
    would_have_prevented: Mapped[str | None]
    sop_to_change: Mapped[str | None]
    refusal_overturned: Mapped[bool | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_for_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    ended_role: Mapped[str | None]
    ended_at: Mapped[datetime | None] = mapped_column(Moment)

    case: Mapped[CareCase | None] = relationship(viewonly=True)
    convenor: Mapped[UserAccount | None] = relationship(foreign_keys=[convenor_id], viewonly=True)
    interim_funder: Mapped[Organisation | None] = relationship(foreign_keys=[interim_funder_id], viewonly=True)
    flash_point: Mapped[FlashPoint | None] = relationship(foreign_keys=[flash_point_id], viewonly=True)
    learned_flash_point: Mapped[FlashPoint | None] = relationship(foreign_keys=[learned_flash_point_id], viewonly=True)
    sides: Mapped[list[Side]] = relationship(order_by=Side.place, viewonly=True)
    visits: Mapped[list[Visit]] = relationship(order_by=Visit.id, viewonly=True)
    positions: Mapped[list[Position]] = relationship(order_by=Position.id, viewonly=True)
    wishes: Mapped[list[Wish]] = relationship(order_by=Wish.id, viewonly=True)
    speakers: Mapped[list[Speaker]] = relationship(order_by=Speaker.id, viewonly=True)
    facts: Mapped[list[Fact]] = relationship(order_by=Fact.number, viewonly=True)
    views: Mapped[list[View]] = relationship(order_by=View.id, viewonly=True)
    proposals: Mapped[list[Proposal]] = relationship(order_by=Proposal.version, viewonly=True)
    acceptances: Mapped[list[Acceptance]] = relationship(order_by=Acceptance.id, viewonly=True)
    seats: Mapped[list[Seat]] = relationship(order_by=Seat.id, viewonly=True)
    issues: Mapped[list[Issue]] = relationship(order_by=Issue.number, viewonly=True)
    agreed_actions: Mapped[list[AgreedAction]] = relationship(order_by=AgreedAction.number, viewonly=True)

    __mapper_args__ = {"polymorphic_identity": "escalation"}
    __table_args__: Any = (
        CheckConstraint("urgency IN ('urgent', 'standard')", name="urgency_is_known"),
        Index("ix_escalation_flash_point_id", "flash_point_id"),
        Index("uq_escalation_begun_from", "begun_from", unique=True),
    )

    # What it is about

    @property
    def is_about_a_person(self) -> bool:
        """Whether it is about one person's care."""
        return self.case_id is not None

    @property
    def is_sharing_restricted(self) -> bool:
        """Whether its case, or a form of it, says that who it is about must be kept from somebody; one statement."""
        return self.case_id is not None and bool(self._session.scalar(select(restricts_sharing(self.case_id))))

    @property
    def is_about_a_refusal(self) -> bool:
        """Whether a refusal is in dispute, which may be overturned."""
        return self.dispute_kind == "bed_refusal" or self.started_from in REFUSALS

    @property
    def hub_is_a_side(self) -> bool:
        """Whether the hub itself is one of the sides, so that somebody outside convenes."""
        return any(side.organisation.is_hub for side in self.sides)

    # Sides and stages

    def side_of(self, actor: Actor) -> Side | None:
        """The side of the organisation that somebody acts for."""
        return next((side for side in self.sides if side.organisation_id == actor.organisation_id), None)

    @property
    def here(self) -> Here | None:
        """The visit that goes on; None outside the ladder."""
        found = next((visit for visit in self.visits if visit.left_at is None), None)
        return Here(self, found) if found is not None else None

    def speaker_of(self, side: Side, stage: str) -> Speaker | None:
        """Who was named last for a side at a stage."""
        named = [each for each in self.speakers if each.side_id == side.id and each.stage == stage]
        return named[-1] if named else None

    def why_not_speaking(self, actor: Actor) -> str:
        """Why somebody does not speak for their side at this stage; "" when they do."""
        return answers.why_not_speaking(self, actor)

    def returns_to(self, stage: str) -> int:
        """How often it was sent back to a stage."""
        return sum(1 for visit in self.visits if visit.stage == stage and visit.came == "back")

    @property
    def who_acted_here(self) -> frozenset[int]:
        """The people who acted for a side at the stage it is in."""
        return self.who_acted_at(self.state)

    def who_acted_at(self, stage: str) -> frozenset[int]:
        """The people who took part in a stage for a side, deputies and whom they stood in for."""
        return standing.who_spoke_at(self._session, self, stage)

    # Settlements, panel, actions

    @property
    def on_the_table(self) -> OnTheTable | None:
        """The version that can be accepted now."""
        found = next((each for each in self.proposals if each.ended_at is None), None)
        return OnTheTable(self, found) if found is not None else None

    @property
    def panel(self) -> list[Seat]:
        """Who sits on the panel now."""
        return [seat for seat in self.seats if seat.until_at is None]

    @property
    def open_actions(self) -> list[AgreedAction]:
        """Actions that nobody says are done."""
        return [each for each in self.agreed_actions if each.state == "open"]

    @property
    def claimed_actions(self) -> list[AgreedAction]:
        """Actions whose owner says that they are done, and nobody answered."""
        return [each for each in self.agreed_actions if each.state == "claimed"]

    @property
    def silent_claims(self) -> frozenset[int]:
        """The numbers of claimed actions whose time to be answered is over."""
        over = {
            row.per
            for row in self.clocks
            if row.name == "silence" and row.stopped_at is None and row.rang_at is not None
        }
        return frozenset(each.number for each in self.claimed_actions if key_of_action(each) in over)

    @classmethod
    def row_owners(cls, session: Session, item_ids: Iterable[int]) -> dict[tuple[int, str], int]:
        """Whose each action is."""
        actions = select(AgreedAction).where(AgreedAction.item_id.in_(set(item_ids)))
        return {(each.item_id, key_of_action(each)): each.owner_organisation_id for each in session.scalars(actions)}

    def clock_rows(self, per: str) -> Mapping[str, datetime | None]:
        """Actions by number: those to be done by the end of their day, and those whose claim waits for an answer."""
        if per == "open_actions":
            return {
                key_of_action(each): datetime.combine(each.due_on, END_OF_DAY, LONDON) for each in self.open_actions
            }
        if per == "claimed_actions":
            return {key_of_action(each): None for each in self.claimed_actions}
        is_settled = self.agreed_actions and not self.open_actions and not self.claimed_actions
        return {"all": None} if per == "closing" and is_settled else {}

    # Who is kept out, and which answers hold: questions to the registers

    def why_kept_out(self, actor: Actor) -> str:
        """Why somebody may neither convene nor decide, as a sentence to them; "" when they may."""
        return standing.why_actor_is_kept_out(self._session, self, actor)

    def why_not_on_panel(self, seat: Seat) -> list[str]:
        """Why somebody may not sit on the panel."""
        return standing.why_not_on_panel(self._session, self, seat.user_id)

    def why_not_convenor(self, user_id: Any) -> str:
        """Why somebody cannot convene; "" when they can."""
        return standing.why_not_convenor(self._session, self, user_id)

    def why_not_this_panel(self, rows: Any) -> str:
        """What is wrong with a panel as it was typed."""
        return standing.why_not_this_panel(self._session, self, rows)

    def why_not_this_speaker(self, values: Mapping[str, Any]) -> str:
        """What is wrong with a speaker as they were typed."""
        return answers.why_not_this_speaker(self._session, self, values)

    def why_not_this_action(self, number: Any) -> str:
        """Why no action of this number can be meant."""
        return answers.why_not_this_action(self, number)

    def why_not_this_change(self, values: Mapping[str, Any]) -> str:
        """What is wrong with a change of an action as it was typed."""
        return answers.why_not_this_change(self, values)

    def is_a_flash_point(self, identity: Any) -> bool:
        """Whether the register has a flash point of this number."""
        return identity is None or self._session.get(FlashPoint, identity) is not None

    @property
    def possible_owners(self) -> frozenset[int]:
        """The organisations an action may belong to: the sides, the hub, and who pays meanwhile."""
        return answers.possible_owners(self._session, self)

    @property
    def _session(self) -> Session:
        found = object_session(self)
        if found is None:
            raise LookupError("an escalation that is in no session cannot be judged")
        return found


def key_of_action(action: AgreedAction) -> str:
    """What a clock calls an action."""
    return f"action:{action.number}"
