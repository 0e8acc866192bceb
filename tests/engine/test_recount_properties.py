"""Days come and go while people work: in the end every open clock is what working it out from nothing gives."""

from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from sqlalchemy import Engine, select

from hub.engine.clock_steps import warn_percents
from hub.engine.models import FAR, WorkItem
from hub.engine.perform import perform
from hub.engine.recount_days import Day, Kind, add_days, known_days, remove_day
from hub.engine.recounts import recount_due
from hub.engine.refusal import ActionRefused
from hub.engine.rulebook import rulebook
from hub.engine.stored_clocks import worked_out_again
from hub.engine.sweep import ring_due
from tests.engine.machine import Undone, run_from
from tests.factories import ANSWERS, NOW, make_actor, make_referral
from workflows.roles import Role

STATES = ("returned", "in_review", "submitted", "returned")


class Calendars(Undone):
    """A few referrals whose clocks count in every way, and a calendar that changes under them."""

    @initialize(random=st.randoms(use_true_random=True))
    def begin(self, random: Random) -> None:
        """Items that began within a week, and two people of the hub."""
        self.random = random
        self.people = [make_actor(self.session, role) for role in (Role.CASE_MANAGER, Role.COORDINATOR)]
        self.referrer = make_actor(self.session, Role.REFERRER)
        self.items = [
            make_referral(
                self.session,
                random.choice(STATES),
                priority=random.choice(["urgent", "routine"]),
                service_line=random.choice(["cyp", "secure", "aed"]),
                referrer=self.referrer,
                now=NOW + timedelta(hours=random.randint(0, 100)),
            )
            for _ in range(4)
        ]
        self.now = NOW + timedelta(hours=101)

    @rule()
    def add(self) -> None:
        """A day within three weeks becomes one nobody works, in the past too; what cannot be is refused."""
        self.change(lambda day, kind: add_days(self.session, None, [Day(day, kind, "Closed")], now=self.now, why="So"))

    @rule()
    def remove(self) -> None:
        """One of the days near goes."""
        near = [day for day in known_days(self.session) if abs(day - NOW.date()) < timedelta(days=40)]
        if near:
            remove_day(self.session, None, self.random.choice(near), now=self.now, why="Not after all")

    def change(self, work: Any) -> None:
        """Try a day and a kind."""
        day = NOW.date() + timedelta(days=self.random.randint(-1, 13))
        try:
            with self.session.begin_nested():
                work(day, self.random.choice(list(Kind)))
        except ActionRefused as no:
            assert day.weekday() >= 5 or day in known_days(self.session), no

    @rule()
    def go_on(self) -> None:
        """The worker gets a step or two further."""
        for _ in range(self.random.randint(1, 3)):
            recount_due(self.session, now=self.now, limit=self.random.randint(1, 3))

    @rule()
    def wait(self) -> None:
        """Time passes, and deadlines with it."""
        self.now += timedelta(hours=self.random.choice([1, 7, 30, 80]))
        ring_due(self.session, now=self.now)

    @rule()
    def work(self) -> None:
        """Somebody does something that touches a clock; what is refused changes nothing."""
        random, item = self.random, self.random.choice(self.items)
        clock = {"clock": random.choice([row.name for row in item.clocks])}
        name, actor, values = random.choice(
            [
                ("change_priority", self.people[0], {"priority": random.choice(["urgent", "routine"])}),
                ("ask_pause", self.people[0], {**clock, "until": None}),
                ("approve_pause", self.people[1], clock),
                ("resume_clock", self.people[1], clock),
                (
                    "correct_start",
                    self.people[1],
                    {**clock, "started_at": NOW - timedelta(hours=random.randint(0, 90))},
                ),
                ("submit", self.referrer, ANSWERS["submit"]),
                ("start_review", self.people[0], {}),
                ("return_incomplete", self.people[0], ANSWERS["return_incomplete"]),
            ]
        )
        try:
            with self.session.begin_nested():
                perform(self.session, item, name, actor, now=self.now, values=dict(values), reason="It is so")
        except ActionRefused:
            self.session.expire_all()

    def teardown(self) -> None:
        """When the worker has done all, everything is as if it were worked out now."""
        while recount_due(self.session, now=self.now, limit=50):
            pass
        self.session.expire_all()
        book = rulebook(self.session)
        for item in self.session.scalars(select(WorkItem)):
            calendar = book.calendar(item.policy_version_id, self.now)
            policy = book.policy(item.policy_version_id, self.now)
            for row in (row for row in item.clocks if row.stopped_at is None):
                again = worked_out_again(row, calendar, warn_percents(policy), self.now)
                assert (row.due_at, row.warn_50_at, row.warn_80_at) == (
                    again.due_at,
                    again.warn_50_at,
                    again.warn_80_at,
                )
                assert row.rang_at is None or row.rang_at <= self.now
            running = [row.due_at for row in item.clocks if row.is_running]
            assert item.next_due_at == min(running, default=FAR)
            assert all(party.next_due_at == item.next_due_at for party in item.parties if party.until_at is None)
        super().teardown()


def test_a_changing_calendar(engine: Engine) -> None:
    Calendars.engine = engine
    run_from(20260322, Calendars, runs=8, steps=40)
