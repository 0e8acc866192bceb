"""What happened to one referral of a scale world: its history with hashes, its clocks, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any, Final

from hub.demo.past import DECLINED, LATE, REDIRECTED, WITHDRAWN
from hub.demo.scale_ground import LINE, Ground, Member, Place
from hub.engine.chain import FIRST, link
from hub.engine.clock_steps import FRESH
from hub.engine.models import FAR
from hub.engine.rulebook import Rulebook
from hub.engine.turn import as_json
from workflows.calendar import Rule, warnings, work_out
from workflows.everyday import STARTED
from workflows.roles import Role

YEARS: Final = 5
OPEN_FOR: Final = timedelta(days=365)
"""How long the case of somebody who was accepted stays open."""
HOUR: Final = 60 * 60
ENDS: Final = {"accept": "accepted", "decline": "declined", "redirect": "redirected", "withdraw": "withdrawn"}
SHARES: Final = (60, 20, 12, 8)
MISSING: Final = "The date of the care and treatment review, or why there was none."
Row = dict[str, Any]


@dataclass
class Story:
    """One referral from its first word to where it stands."""

    item_id: int
    place: Place
    opened_at: datetime
    received_at: datetime
    state: str = "draft"
    owner: Member | None = None
    closed_at: datetime | None = None
    next_due_at: datetime = FAR
    history: list[Row] = field(default_factory=list)
    clocks: list[Row] = field(default_factory=list)
    decided: Row = field(default_factory=dict)
    """Columns of the referral that the hub filled."""


class Teller:
    """Tells stories by the rules of the referral workflow and the policy set in force."""

    def __init__(self, ground: Ground, book: Rulebook, now: datetime) -> None:
        self.ground, self.now = ground, now
        policy, calendar = book.policies[ground.policy_version_id], book.calendars[ground.policy_version_id]
        percents = (policy.number("clocks.warn_percent", "first"), policy.number("clocks.warn_percent", "second"))
        self._policy = policy

        def counted(rule: Rule, start: datetime) -> tuple[datetime, datetime | None, datetime | None]:
            deadline = work_out(rule, start, calendar)
            return deadline.due_at, *warnings(deadline, percents)

        # What is closed was received on the hour, so that many are counted from the same moment.
        self._counted = lru_cache(maxsize=1 << 18)(counted)

    def tell(self, random: Random, item_id: int, place: Place, *, is_open: bool, form: Row) -> Story:
        """One referral of `place`; open ones stand within the time their priority has, some after it."""
        review = self._policy.duration("referral.review", service_line=LINE, priority=form["priority"])
        if is_open:
            back = self._length(review) * random.uniform(0.02, 1.15)
            received = (self.now - back).replace(microsecond=0)
        else:
            seconds = random.randrange(15 * 86_400, YEARS * 365 * 86_400)
            received = self.now - timedelta(seconds=seconds)
            received = datetime.fromtimestamp(received.timestamp() // HOUR * HOUR, self.now.tzinfo)
        opened = received - timedelta(seconds=random.randrange(120, 3 * 3600))
        story = Story(item_id, place, opened, received)
        referrer = random.choice(place.people)
        first = {name: {"new": form[name]} for name in ("family_name", "given_name", "priority")}
        self._act(story, STARTED, "draft", referrer, Role.REFERRER, opened, values=first)
        self._submit(story, referrer, review)
        if is_open:
            self._stand(random, story, form)
        else:
            self._end(random, story)
        running = [clock["due_at"] for clock in story.clocks if clock["is_running"]]
        story.next_due_at = min(running, default=FAR)
        return story

    def _submit(self, story: Story, referrer: Member, review: Rule) -> None:
        at = story.received_at
        values = {"declaration": {"new": True}, "received_at": {"old": None, "new": as_json(at)}}
        self._act(story, "submit", "submitted", referrer, Role.REFERRER, at, values=values)
        self._run(story, "review", "referral.review", review, at)
        answered = self._policy.duration("referral.acknowledge", service_line=LINE)
        self._run(story, "acknowledge", "referral.acknowledge", answered, at)

    def _end(self, random: Random, story: Story) -> None:
        length = story.clocks[0]["due_at"] - story.received_at
        is_late = random.random() < LATE
        ended = story.received_at + length * (random.uniform(1.05, 1.6) if is_late else random.uniform(0.4, 0.95))
        begun = story.received_at + (ended - story.received_at) * random.uniform(0.05, 0.6)
        self._review(random, story, begun.replace(microsecond=0))
        outcome, state = random.choices(tuple(ENDS.items()), SHARES)[0]
        story.decided, reason = self._decision(random, outcome)
        values = {name: {"old": None, "new": value} for name, value in story.decided.items()}
        manager, at = story.owner or self.ground.managers[0], ended.replace(microsecond=0)
        self._act(story, outcome, state, manager, Role.CASE_MANAGER, at, values=values, reason=reason)
        self._stop(story.clocks[0], at, is_given_up=outcome == "withdraw")
        story.closed_at = at

    def _decision(self, random: Random, outcome: str) -> tuple[Row, str | None]:
        if outcome == "decline":
            code, advice = random.choice(DECLINED)
            return {"decline_reason": code, "alternative_advice": advice, "named_clinician": "Ring the hub"}, None
        if outcome == "redirect":
            code, why = random.choice(REDIRECTED)
            return {"redirected_to": code}, why
        return {}, random.choice(WITHDRAWN) if outcome == "withdraw" else None

    def _stand(self, random: Random, story: Story, form: Row) -> None:
        """Three in ten wait to be looked at, two are with the referrer again, the others are in review."""
        where = random.random()
        if where >= 0.3:
            since = self.now - story.received_at
            begun = story.received_at + since * random.uniform(0.1, 0.5)
            self._review(random, story, begun.replace(microsecond=0))
            back = begun + (self.now - begun) * random.uniform(0.1, 0.9)
            is_in_time = back < story.clocks[0]["due_at"]
            if where < 0.5 and form["priority"] != "emergency" and is_in_time:
                self._return(story, form, back.replace(microsecond=0))
        elif where < 0.2:
            story.owner = random.choice(self.ground.managers)
        for clock in story.clocks:
            if clock["is_running"] and clock["due_at"] <= self.now:
                clock["rang_at"] = clock["warned_at"] = clock["due_at"]

    def _return(self, story: Story, form: Row, at: datetime) -> None:
        story.decided = {"what_is_missing": MISSING}
        values = {"what_is_missing": {"old": None, "new": MISSING}}
        manager = story.owner or self.ground.managers[0]
        self._act(story, "return_incomplete", "returned", manager, Role.CASE_MANAGER, at, values=values)
        if form["priority"] == "routine":
            waiting: Row = {"from": at.isoformat(), "to": None, "why": "waiting: returned"}
            waiting |= {"asked_by": "", "approved_by": ""}
            story.clocks[0] |= {"is_running": False, "paused_at": at, "pauses": [waiting]}
        self._run(story, "resubmit", "referral.resubmit", self._policy.duration("referral.resubmit"), at)

    def _review(self, random: Random, story: Story, at: datetime) -> None:
        coordinator = random.choice(self.ground.coordinators)
        self._act(story, "start_review", "in_review", coordinator, Role.COORDINATOR, at)
        self._stop(story.clocks[1], at)
        if random.random() < 0.9:
            story.owner = random.choice(self.ground.managers)

    def _act(
        self,
        story: Story,
        action: str,
        to_state: str,
        who: Member,
        role: Role,
        at: datetime,
        *,
        values: Row | None = None,
        reason: str | None = None,
    ) -> None:
        row = {
            "item_id": story.item_id,
            "position": len(story.history) + 1,
            "action": action,
            "from_state": story.state if story.history else None,
            "to_state": to_state,
            "actor_id": who.user_id,
            "acting_as": who.membership_id,
            "acting_role": str(role),
            "on_behalf_of": None,
            "reason": reason,
            "values": values or {},
            "audience": "all",
            "at": at,
            "prev_hash": story.history[-1]["hash"] if story.history else FIRST,
        }
        row["hash"] = link(row)
        story.history.append(row)
        story.state = to_state

    def _run(self, story: Story, name: str, key: str, rule: Rule, at: datetime) -> None:
        due, half, most = self._counted(rule, at)
        clock: Row = {**FRESH, "item_id": story.item_id, "name": name, "rule": key, "duration": rule.text}
        clock |= {"started_at": at, "due_at": due, "warn_50_at": half, "warn_80_at": most, "pauses": [], "changes": []}
        story.clocks.append(clock)

    def _stop(self, clock: Row, at: datetime, *, is_given_up: bool = False) -> None:
        """None of these rules counts working time, so the time used is the time that passed."""
        is_late, used = at > clock["due_at"], int((at - clock["started_at"]).total_seconds())
        outcomes = ("missed", "stopped") if is_given_up else ("met_late", "met")
        clock |= {"is_running": False, "stopped_at": at, "outcome": outcomes[0 if is_late else 1]}
        clock |= {"gross_seconds": used, "net_seconds": used}
        if is_late:
            clock["rang_at"] = clock["warned_at"] = clock["due_at"]

    def _length(self, rule: Rule) -> timedelta:
        due, _, _ = self._counted(rule, self.now)
        return due - self.now
