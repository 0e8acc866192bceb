"""Random people press random things on a dispute of two or three sides while time passes: its promises hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule
from sqlalchemy import Engine, func, select

from hub.accounts.models import UserAccount
from hub.conflicts.models import Interest
from hub.engine.available import Offer, available_actions
from hub.engine.models import FAR, Clock, Transition
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.resuming import resume_due
from hub.engine.rulebook import rulebook
from hub.engine.stored_clocks import pauses_of
from hub.engine.sweep import ring_due
from hub.escalations.eligible import nobody_eligible
from hub.escalations.models import Escalation
from hub.escalations.raising import raise_dispute
from tests.engine.machine import Undone, run_from
from tests.escalation_factory import Table, actions_of, make_table, raised
from tests.factories import make_actor, make_organisation
from workflows.actor import Actor
from workflows.durations import local
from workflows.escalation.states import SHORT, STAGES, next_stage
from workflows.roles import Role

WAITS = (timedelta(0), timedelta(hours=2), timedelta(hours=7), timedelta(days=1), timedelta(days=4))
RARE = {"withdraw", "reject", "refer_on", "change_convenor", "change_actions", "reopen_dispute", "raise_urgency"}
"""What ends it, or does nothing for it: left out mostly, or no run would climb."""
MOST_PAUSED = timedelta(hours=88)
"""Ten working days of eight hours, and what was left of the day that the first pause began on."""
Offers = list[tuple[Actor, Offer]]


class Disputes(Undone):
    """One dispute, everybody round it, and beside it a record of our own of who said what."""

    @initialize(random=st.randoms(use_true_random=True))
    def begin(self, random: Random) -> None:
        """Chance decides all that follows."""
        self.random = random
        self.table: Table = make_table(self.session, random.choice([2, 3]), hub_is_a_side=random.random() < 0.3)
        funder = make_actor(self.session, Role.FUNDER, make_organisation(self.session, "ZEF01", kind="icb"))
        nhse = make_organisation(self.session, "ZEN01")
        panel = [make_actor(self.session, Role.OUTSIDE_MEMBER, nhse) for _ in range(2)]
        hub = [
            make_actor(self.session, role) for role in (Role.COORDINATOR, Role.CASE_MANAGER, Role.HEAD_OF_COMMISSIONING)
        ]
        table = self.table
        self.people = [*table.speakers, *table.seconds, table.convenor, table.outside, funder, *panel, *hub]
        self.panel = panel
        self.gone: set[int | None] = set()
        kind = random.choice(["discharge_delay", "invoice"])
        said = raised(
            table,
            dispute_kind=kind,
            urgency=random.choice(["urgent", "standard", "standard"]),
            interim_funder_id=random.choice([None, funder.organisation_id]),
        )
        self.item: Escalation = raise_dispute(self.session, table.speakers[0], said, now=self.now)
        self.items = [self.item]
        self.positions: set[int | None] = set()
        self.wishes: set[int | None] = set()
        self.accepted: set[int | None] = set()
        for _ in range(random.randint(1, 9)):
            self.lead_on()

    @rule()
    def lead_on(self) -> None:
        """What brings it further, as people do who want to end it: without this no run would climb."""
        item, random = self.item, self.random
        convenor = next((who for who in self.people if who.user_id == item.convenor_id), self.table.convenor)
        sides = [random.choice(pair) for pair in zip(self.table.speakers, self.table.seconds, strict=True)]
        if item.state == "raised":
            self.attempt(convenor, "accept")
        elif item.state in STAGES:
            way = random.choice(["up", "up", "up", "back", "settle", "decide", "pause", "pause", "wait"])
            if way in {"up", "decide"}:
                self.all_do(sides, "state_position", "ask_to_escalate", "name_speaker")
            above = STAGES[STAGES.index(item.state) + 1 :][:1]
            for stage in above if way == "up" else ():
                self.attempt(random.choice([convenor, *sides]), f"escalate_to_{SHORT[stage]}")
            for stage in STAGES[: STAGES.index(item.state)][-1:] if way == "back" else ():
                self.attempt(convenor, f"return_to_{SHORT[stage]}")
            if way == "settle":
                self.attempt(random.choice([convenor, *sides]), "propose")
                self.all_do(sides[: random.choice([1, len(sides)])], "accept_proposal")
            if way == "wait":
                self.time_passes()
            if way == "pause":
                self.attempt(random.choice(sides), "ask_pause")
                self.attempt(convenor, random.choice(["approve_pause", "approve_pause", "refuse_pause"]))
            if way == "decide":
                self.attempt(convenor, "appoint_panel")
                self.attempt(self.panel[0], "determine")
        elif item.state == "implementing":
            self.all_do(sides, "claim_done", "confirm_done")
            self.attempt(random.choice([convenor, convenor, *sides]), random.choice(["close", "reopen_dispute"]))
        else:
            self.attempt(convenor, "start_implementing")

    def all_do(self, people: list[Actor], *actions: str) -> None:
        """Each of them each of these, as long as the dispute stays where it is."""
        state = self.item.state
        for action in actions:
            for who in people:
                if self.item.state == state:
                    self.attempt(who, action)

    @rule()
    def ask_everybody(self) -> None:
        """What everybody is shown, of which somebody presses one."""
        offers = self.offers()
        self.check_somebody_can_act(offers)
        able = [(who, offer.action.name) for who, offer in offers if offer.is_allowed]
        able = [(who, name) for who, name in able if name not in RARE or self.random.random() < 0.05]
        if able:
            name = self.random.choice(sorted({name for _, name in able}))
            self.attempt(self.random.choice([who for who, offered in able if offered == name]), name)

    @rule()
    def press(self) -> None:
        """Anything by anybody who is still there."""
        action = self.random.choice([*self.item.workflow.actions, *self.item.workflow.everyday.values()]).name
        if action not in RARE or self.random.random() < 0.05:
            self.attempt(self.random.choice([who for who in self.people if who.user_id not in self.gone]), action)

    @rule()
    def time_passes(self) -> None:
        """Deadlines ring and pauses end; nothing moves by itself."""
        state = self.item.state
        self.now += self.random.choice(WAITS)
        while resume_due(self.session, now=self.now) or ring_due(self.session, now=self.now):
            self.session.expire_all()
        self.session.expire_all()
        assert self.item.state == state, "time alone decides nothing"

    @rule()
    def somebody_is_lost(self) -> None:
        """Now and then a person leaves, or declares an interest in a side."""
        if self.random.random() < 0.1:
            lost = self.random.choice(self.people)
            if self.random.random() < 0.5:
                self.session.get_one(UserAccount, lost.user_id).is_active = False
                self.gone.add(lost.user_id)
            else:
                interest = {"user_id": lost.user_id, "organisation_id": self.table.side_ids[0], "kind": "employment"}
                declared = {"declared_by_id": lost.user_id, "declared_at": self.now, "from_on": self.now.date()}
                self.session.add(Interest(what="Works there", **interest, **declared))
            self.session.flush()

    def offers(self) -> Offers:
        """What each person who is still there is shown."""
        self.item.__dict__["as_of"] = self.now
        here = [actor for actor in self.people if actor.user_id not in self.gone]
        return [(actor, offer) for actor in here for offer in available_actions(self.item, actor)]

    def check_somebody_can_act(self, offers: Offers) -> None:
        """Of each part in the next step: somebody can take it, or the page names the role that nobody holds."""
        if not self.item.is_open:
            return
        named = nobody_eligible(self.session, self.item)
        mine = [(who, offer.action.name) for who, offer in offers if offer.is_mine]
        convening = (
            {"accept"}
            if self.item.state == "raised"
            else {"change_convenor", "refer_on", "close", "start_implementing"}
        )
        assert named or any(name in convening for _, name in mine), "nobody convenes, and nobody is told"
        if self.item.state in STAGES:
            speaking = {who.organisation_id for who, name in mine if name in {"name_speaker", "state_position"}}
            for side in self.item.sides:
                assert side.organisation_id in speaking or any(side.name in words for words in named)

    def attempt(self, actor: Actor, action: str) -> None:
        """Perform in a transaction of its own; a refusal must leave everything as it was."""
        before, state, given = self.written(), self.item.state, self.given(action, actor)
        is_ready = self.is_ready_to_go_up() if action.startswith("escalate_to") else True
        try:
            with self.session.begin_nested():
                perform(self.session, self.item, action, actor, now=self.now, values=given, reason="Right")
        except ActionRefused as no:
            assert no.problems and all(problem.message for problem in no.problems)
            self.session.expire_all()
            assert self.written() == before
            return
        self.session.expire_all()
        assert is_ready, "no escalation without positions or lapsed windows"
        self.keep_record(action, actor, state)
        if action == "approve_pause":
            self.check_the_caps()

    def is_ready_to_go_up(self) -> bool:
        """By our own record and the clocks: cause, and every side heard."""
        live = [row for row in self.item.clocks if row.stopped_at is None and row.is_running and row.due_at <= self.now]
        short = SHORT.get(self.item.state, "")
        lapsed = {row.per for row in live if row.name == f"reply_{short}"}
        heard = all(f"organisation:{side}" in lapsed or side in self.positions for side in self.table.side_ids)
        ran_out = any(row.name == f"stage_{short}" for row in live)
        return heard and (ran_out or self.item.urgency == "urgent" or self.wishes == set(self.table.side_ids))

    def keep_record(self, action: str, actor: Actor, state: str) -> None:
        """Who said what since the stage was entered, and who accepted what lies there."""
        if action == "state_position":
            self.positions.add(actor.organisation_id)
        if action == "ask_to_escalate":
            self.wishes.add(actor.organisation_id)
        if action in {"propose", "reopen_dispute"}:
            self.accepted = set()
        if action == "accept_proposal":
            self.accepted.add(actor.organisation_id)
            settled = self.accepted == set(self.table.side_ids)
            assert self.item.state == ("agreed" if settled else state), "all sides, on one version, or none"
        else:
            assert self.item.state != "agreed" or state == "agreed"
        if self.item.state != state:
            self.positions, self.wishes = set(), set()

    def check_the_caps(self) -> None:
        """One pause a stage, and all of them together within what policy allows."""
        calendar = rulebook(self.session).calendar(self.item.policy_version_id, self.now)
        spans: list[tuple[datetime, datetime]] = []
        for name in (f"stage_{short}" for short in SHORT.values()):
            rows = [row for row in self.item.clocks if row.name == name]
            asked = [(span, row) for row in rows for span in pauses_of(row) if span.approved_by]
            assert len(asked) <= 1
            spans += [(span.start, span.end or row.resume_at or FAR) for span, row in asked]
        if self.item.urgency == "urgent":
            assert sum((end - begun for begun, end in spans), timedelta(0)) <= timedelta(hours=24)
        else:
            assert sum((calendar.worked(local(begun), local(end)) for begun, end in spans), timedelta(0)) <= MOST_PAUSED

    def given(self, action: str, actor: Actor) -> dict[str, Any]:
        """Answers that are complete, and now and then wrong."""
        random, item, table = self.random, self.item, self.table
        number = random.choice([each.number for each in item.agreed_actions] or [1])
        own = actor.organisation_id if actor.organisation_id in table.side_ids else random.choice(table.side_ids)
        version = item.proposals[-1].version if item.proposals else 1
        live = [row.name for row in item.clocks if row.stopped_at is None and row.name.startswith("stage_")]
        seats = [
            {"user_id": who.user_id, "seat": seat, "declaration": "none"}
            for who, seat in zip(self.panel, ["chair", "member"], strict=True)
        ]
        is_on_it = item.state in STAGES
        answers: dict[str, Any] = {
            "funding_terms": "For a month",
            "convenor_id": random.choice([actor.user_id, table.convenor.user_id, self.people[0].user_id]),
            "instead": "complaints",
            "words": "It is their turn",
            "wanted": "A date",
            "new_facts": random.choice([None, f"It is {self.now:%d %B}"]),
            "agreed": [str(fact.number) for fact in item.facts if not fact.is_locked],
            "settlement": "By halves",
            "actions": actions_of(table, self.now, random.choice([1, 2])),
            "version": random.choice([version, version, version - 1]),
            "side_id": own,
            "at_stage": random.choice([next_stage(item.state), *STAGES]) if is_on_it else STAGES[0],
            "speaker_id": None,
            "nobody_else": True,
            "question": "What did the ward say?",
            "panel": seats,
            "issues": [{"issue": "Who pays", "chosen_organisation_id": table.side_ids[0], "reasons": "The law"}],
            "binding": "binding",
            "referred_to": "mediation",
            "agreed_statement": "None",
            "action_number": number,
            "evidence": "A letter",
            "is_dropped": random.choice([None, True]),
            "what": "Ring them",
            "would_have_prevented": "Ringing earlier",
            "clock": random.choice(live or ["stage_local"]),
            "pause_code": "awaiting_information",
            "until": random.choice([None, self.now + timedelta(hours=random.choice([5, 30, 500]))]),
            "started_at": self.now - timedelta(hours=1),
            "field": "interim_arrangement",
            "value": "Where she is",
            "organisation_id": random.choice(table.side_ids),
        }  # fmt: skip
        every = [one for one in item.workflow.named(action) if item.state in one.sources]
        every += filter(None, [item.workflow.everyday.get(action)])
        asked = {ask.name for one in every for ask in one.questions}
        return {name: value for name, value in answers.items() if name in asked and value is not None}

    def written(self) -> list[Any]:
        """What a refusal may not change."""
        item = self.item
        rows: list[list[Any]] = [
            item.visits,
            item.positions,
            item.wishes,
            item.speakers,
            item.facts,
            item.views,
            item.proposals,
        ]
        rows += [item.acceptances, item.seats, item.agreed_actions, item.parties]
        counts = [len(each) for each in rows]
        history = self.session.scalar(select(func.count()).select_from(Transition))
        clocks = self.session.scalar(select(func.count()).select_from(Clock).where(Clock.stopped_at.is_(None)))
        return [*counts, history, clocks, item.state, item.version, item.head_hash]

    @invariant()
    def promises(self) -> None:
        """What is true at every moment."""
        self.session.expire_all()
        item = self.item
        here = [visit for visit in item.visits if visit.left_at is None]
        assert [visit.stage for visit in here] == ([item.state] if item.state in STAGES else [])
        backs = [visit.stage for visit in item.visits if visit.came == "back"]
        assert len(backs) == len(set(backs)), "back once for each pair of stages"
        assert sum(each.ended_at is None for each in item.proposals) <= 1
        live = [row for row in item.clocks if row.stopped_at is None]
        assert bool(live) is item.is_open, "an open state has a clock, which runs or stands still"
        assert item.next_due_at == min((row.due_at for row in live if row.is_running), default=FAR)
        for row in item.clocks:
            assert (row.gross_seconds or 0) >= (row.net_seconds or 0) >= 0
        if item.state in STAGES:
            stage, short = f"stage_{SHORT[item.state]}", SHORT[item.state]
            standing = [row for row in live if not row.is_running]
            assert not standing or any(row.name == stage for row in standing), "replies stand still with the stage"
            waiting = {row.per for row in live if row.name == f"reply_{short}"}
            assert waiting == {f"organisation:{side}" for side in set(self.table.side_ids) - self.positions}


@pytest.fixture
def machine(engine: Engine) -> Iterator[type[Disputes]]:
    """The state machine on the shared database; each run rolls itself back."""
    Disputes.engine = engine
    yield Disputes


@pytest.mark.property
@pytest.mark.parametrize("number", range(3))
def test_whatever_the_sides_press(machine: type[Disputes], number: int) -> None:
    run_from(number, machine, runs=2, steps=15)
