"""The demo's past: every imported referral answered as it would have been, by the right people at plausible times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from random import Random
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from hub.engine.models import Clock, OutboxMessage
from hub.engine.perform import perform
from hub.referrals.models import Referral
from workflows import form1
from workflows.actor import Actor
from workflows.durations import LONDON, local

SEED: Final = 20261122
OUTCOMES: Final = ("accept",) * 11 + ("decline",) * 3 + ("redirect",) * 2 + ("withdraw",) * 2 + ("return",) * 2
LATE: Final = 0.14
"""The share that is answered after its deadline."""
LATEST_OPEN: Final = timedelta(days=10)
"""Younger ones may still be open, as in any week."""
DECLINED: Final = (
    ("need_met_in_community", "Daily visits by the intensive team, and a review with us in two weeks."),
    ("criteria_not_met", "An outpatient eating disorder programme fits better; the local service expects the family."),
    ("physical_health_first", "Refer again when the children's ward says that treatment is finished."),
    ("more_harm_than_good", "Support at home with a named worker; a stay would cut off school and friends."),
)
REDIRECTED: Final = (
    ("intensive_community", "The home treatment team can start tomorrow."),
    ("adult_mental_health", "Turned 18 soon after; the adult service takes over."),
    ("learning_disability_team", "The community learning disability team knows this person well."),
)
WITHDRAWN: Final = ("The person is much better and the family asked to stop.", "Admitted elsewhere by another hub.")
MISSING: Final = "The date of the care and treatment review, or why there was none."


class Past:
    """Walks referrals to where they stand at `now`; the same seed walks them the same way."""

    def __init__(self, session: Session, people: Mapping[str, Actor], now: datetime) -> None:
        self.session, self.now, self.random = session, now, Random(SEED)
        self.coordinators = [people["Dele Okafor"], people["Morag Tennant"]]
        self.managers = [people["Priya Nandakumar"], people["Karen Stott"]]

    def walk(self) -> None:
        """Every imported referral, oldest first."""
        query = select(Referral).where(Referral.source_reference.is_not(None), Referral.is_draft.is_(False))
        for referral in self.session.scalars(query.order_by(Referral.received_at, Referral.id)).all():
            self._walk_one(referral)
        settle(self.session, self.now)

    def _walk_one(self, referral: Referral) -> None:
        random, received = self.random, referral.received_at or referral.opened_at
        length = self._due(referral) - received
        outcome = random.choice(OUTCOMES)
        is_late = random.random() < LATE and self.now - received > LATEST_OPEN
        begun = self._hour(referral, received + length * random.uniform(0.04, 0.4))
        answered = self._hour(
            referral, received + length * (random.uniform(1.05, 1.5) if is_late else random.uniform(0.45, 0.9))
        )
        answered = max(answered, begun + timedelta(minutes=25))
        coordinator, manager = random.choice(self.coordinators), random.choice(self.managers)
        if begun > self.now:
            return
        self._do(referral, "assign", coordinator, begun - timedelta(minutes=5), {"owner_id": manager.user_id})
        if outcome == "withdraw":
            self._do(referral, "withdraw", manager, answered, reason=random.choice(WITHDRAWN))
            return
        self._do(referral, "start_review", manager, begun)
        self._answer(referral, outcome, coordinator, manager, answered)

    def _answer(self, referral: Referral, outcome: str, coordinator: Actor, manager: Actor, at: datetime) -> None:
        lacks_review = form1.cetr_missing(referral) is not None
        if referral.priority == form1.EMERGENCY:
            outcome = (
                "redirect" if lacks_review and outcome in {"accept", "return"} else outcome.replace("return", "accept")
            )
        elif outcome == "return" or (lacks_review and outcome == "accept"):
            at = self._sent_back(referral, coordinator, manager, at)
            outcome = "accept"
        match outcome:
            case "accept":
                self._do(referral, "accept", manager, at)
            case "decline":
                code, advice = self.random.choice(DECLINED)
                values = {
                    "decline_reason": code,
                    "alternative_advice": advice,
                    "named_clinician": f"{manager.name}, 01632 960500",
                }
                self._do(referral, "decline", manager, at, values)
            case "redirect":
                code, why = self.random.choice(REDIRECTED)
                self._do(referral, "redirect", manager, at, {"redirected_to": code}, reason=why)

    def _sent_back(self, referral: Referral, coordinator: Actor, manager: Actor, at: datetime) -> datetime:
        """Returned for what is missing, completed and reviewed again; gives when the answer follows."""
        back, again = self._hour(referral, at + timedelta(days=2)), self._hour(referral, at + timedelta(days=3))
        self._do(referral, "return_incomplete", manager, at, {"what_is_missing": MISSING})
        answers = {"no_cetr_reason": "not_known_to_services"} if form1.cetr_missing(referral) else {"family_told": True}
        self._do(referral, "fill_in", coordinator, back, answers)
        self._do(referral, "submit", coordinator, back + timedelta(minutes=6), {"declaration": True})
        self._do(referral, "start_review", manager, again)
        return again + timedelta(hours=1)

    def _do(
        self,
        referral: Referral,
        action: str,
        actor: Actor,
        at: datetime,
        values: dict[str, Any] | None = None,
        reason: str | None = None,
    ) -> None:
        """Do it, unless the time for it has not come: what is still open today is open for this reason."""
        if at <= self.now:
            perform(self.session, referral, action, actor, now=at, values=values, reason=reason)

    def _due(self, referral: Referral) -> datetime:
        query = select(Clock.due_at).where(Clock.item_id == referral.id, Clock.name == "review")
        return self.session.scalars(query).one()

    def _hour(self, referral: Referral, at: datetime) -> datetime:
        """Routine work is done in the day; what is urgent at any hour."""
        if referral.priority != form1.ROUTINE:
            return at
        there = local(at)
        hour = min(max(there.hour, 9), 16)
        moved = datetime.combine(there.date(), time(hour, there.minute), LONDON)
        return max(moved, referral.received_at or moved)


def settle(session: Session, now: datetime) -> None:
    """Let messages and rings stand as they would if the hub had been there all year.

    The import marked every past deadline as rung, before the answers that came in time were known.
    """
    session.execute(
        update(Clock)
        .where(Clock.stopped_at < Clock.rang_at)
        .values(rang_at=None, warned_at=None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Clock)
        .where(Clock.stopped_at.is_(None), Clock.rang_at.is_(None), Clock.is_running, Clock.due_at <= now)
        .values(rang_at=Clock.due_at, warned_at=Clock.due_at)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(OutboxMessage)
        .where(OutboxMessage.sent_at.is_(None), OutboxMessage.created_at < now)
        .values(sent_at=func.least(OutboxMessage.created_at + timedelta(seconds=20), now), attempts=1)
        .execution_options(synchronize_session=False)
    )
