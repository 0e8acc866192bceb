"""A: one guarded, audited transition, committed; and A2: the same under fifty racing calls, threads and processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.db import make_engine, make_sessions, transaction
from hub.engine.chain import link
from hub.engine.models import OutboxMessage, Transition
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.engine.statements import CLOCK_COLUMNS, CLOCKS, PARTIES, RULEBOOK, SEALED, kind_table
from hub.engine.unread import unread
from hub.engine.writing import HISTORY
from hub.referrals.models import Referral
from tests.factories import actor_of
from tests.performance.data_sets import STANDS_AT
from tests.performance.figures import Figure, at_least, at_most, in_turn
from workflows.actor import Actor
from workflows.roles import Role

ACTION, ANSWERS = "return_incomplete", {"what_is_missing": "The date of the care and treatment review"}
"""It asks and checks an answer, pauses one clock, starts another, moves the copies and tells the outside."""
THREADS = 16
RACERS = 50

INSERT = "INSERT INTO transition ({}) VALUES ({})".format(", ".join(HISTORY), ", ".join(f"%({n})s" for n in HISTORY))
CASE = "SELECT id FROM care_case WHERE id = (SELECT case_id FROM work_item WHERE id = %(id)s) FOR UPDATE"
ITEM = """UPDATE work_item SET state = 'returned', version = version + 1, is_open = true, is_draft = false,
    closed_at = NULL, next_due_at = %(due)s, history_length = %(length)s, head_hash = %(hash)s WHERE id = %(id)s"""
FORM = "UPDATE referral SET what_is_missing = %(words)s WHERE id = %(id)s"
PAUSE = "UPDATE clock SET is_running = false, paused_at = %(now)s, pauses = %(pauses)s WHERE id = %(id)s"
START = """INSERT INTO clock (item_id, name, rule, duration, started_at, due_at, is_running, pauses, changes,
    warn_50_at, warn_80_at) VALUES (%(id)s, 'resubmit', 'referral.resubmit', '5 working days', %(now)s, %(due)s, true,
    '[]', '[]', %(due)s, %(due)s)"""
COPIES = "UPDATE item_party SET is_open = true, next_due_at = %(due)s WHERE item_id = %(id)s"
OUTBOX = """INSERT INTO outbox_message (topic, item_id, payload, created_at, attempts)
    VALUES ('referral.returned', %(id)s, %(payload)s, %(now)s, 0)"""


class Floor:
    """The same thirteen statements by hand, on one connection, with no more checks than the action itself needs."""

    def __init__(self, engine: Engine, actor: Actor) -> None:
        self.pool = engine.raw_connection()
        self.raw: Any = self.pool.driver_connection
        self.actor, self.lock = actor, kind_table(Referral).lock
        self.names = kind_table(Referral).columns
        self.reads = (CASE, self.lock, PARTIES, CLOCKS, RULEBOOK, SEALED)

    def close(self) -> None:
        """Give the connection back."""
        self.pool.close()

    def plain(self, identity: int) -> None:
        """One round trip a statement, and those of BEGIN and COMMIT."""
        cursor = self.raw.cursor()
        asked = {"id": identity, "user": self.actor.user_id}
        read = [cursor.execute(sql, asked, prepare=True).fetchall() for sql in self.reads]
        for sql, values in self._writes(identity, read):
            cursor.execute(sql, values, prepare=True)
        self.raw.commit()

    def pipelined(self, identity: int) -> None:
        """Two turns, and the commit."""
        asked = {"id": identity, "user": self.actor.user_id}
        with self.raw.pipeline():
            cursors = [self.raw.execute(sql, asked, prepare=True) for sql in self.reads]
        read = [cursor.fetchall() for cursor in cursors]
        with self.raw.pipeline():
            for sql, values in self._writes(identity, read):
                self.raw.execute(sql, values, prepare=True)
        self.raw.commit()

    def _writes(self, identity: int, read: list[list[Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
        _case, items, parties, clocks, rulebook, sealed = read
        item = dict(zip(self.names, items[0], strict=True))
        running = [dict(zip(CLOCK_COLUMNS, clock, strict=True)) for clock in clocks]
        review = next(clock for clock in running if clock["name"] == "review")
        if (
            item["state"] != "in_review"
            or self.actor.role is not Role.CASE_MANAGER
            or sealed
            or not (parties and rulebook)
        ):
            raise ValueError("this cannot be done")
        due, now = STANDS_AT + timedelta(days=7), STANDS_AT
        row = {
            **dict.fromkeys(HISTORY),
            "item_id": identity,
            "position": item["history_length"] + 1,
            "action": ACTION,
            "from_state": "in_review",
            "to_state": "returned",
            "actor_id": self.actor.user_id,
            "acting_as": self.actor.membership_id,
            "acting_role": "case_manager",
            "values": {"what_is_missing": {"old": item["what_is_missing"], "new": ANSWERS["what_is_missing"]}},
            "audience": "all",
            "at": now,
            "prev_hash": item["head_hash"],
        }
        hashed = link(row)
        yield INSERT, {**row, "values": Jsonb(row["values"]), "hash": hashed}
        yield ITEM, {"due": due, "length": row["position"], "hash": hashed, "id": identity}
        yield FORM, {"words": ANSWERS["what_is_missing"], "id": identity}
        pauses = [{"from": now.isoformat(), "to": None, "why": "waiting: returned", "asked_by": "", "approved_by": ""}]
        yield PAUSE, {"now": now, "pauses": Jsonb(pauses), "id": review["id"]}
        yield START, {"id": identity, "now": now, "due": due}
        yield COPIES, {"id": identity, "due": due}
        payload = {"reference": item["reference"], "kind": "referral", "position": row["position"]}
        yield OUTBOX, {"id": identity, "payload": Jsonb(payload), "now": now}


def a_manager(session: Session) -> Actor:
    """A case manager of the hub."""
    query = select(Membership).where(Membership.role == Role.CASE_MANAGER).order_by(Membership.id.desc()).limit(1)
    return actor_of(session.scalars(query).one())


def fresh_items(session: Session) -> Iterator[int]:
    """Routine referrals in review whose time has not run out, in an order that jumps about."""
    query = select(Referral.id).where(
        Referral.state == "in_review",
        Referral.priority == "routine",
        Referral.next_due_at > STANDS_AT,
        Referral.is_open,
    )
    return iter(session.scalars(query.order_by(Referral.id % 997, Referral.id)).all())


def one(session: Session, identity: int, actor: Actor) -> None:
    """Load and perform, committed: what a reaction or a job does; the lock's own statement is the load."""
    with transaction(session):
        perform(session, unread(session, Referral, identity), ACTION, actor, now=STANDS_AT, values=ANSWERS)


def measure(engine: Engine, *, rounds: int) -> list[Figure]:
    """A: the medians of the four ways, each on items of its own, taken in turn."""
    sessions = make_sessions(engine)
    with sessions() as session:
        actor, items = a_manager(session), fresh_items(session)
    floor = Floor(engine, actor)

    def with_load(_round: int) -> None:
        with sessions() as session:
            one(session, next(items), actor)

    def loaded(_round: int) -> float:
        with sessions() as session:
            referral = session.get_one(Referral, next(items))
            began = time.perf_counter()
            with transaction(session):
                perform(session, referral, ACTION, actor, now=STANDS_AT, values=ANSWERS)
            return time.perf_counter() - began

    found = in_turn(
        {
            "plain": lambda _round: floor.plain(next(items)),
            "pipelined": lambda _round: floor.pipelined(next(items)),
            "with load": with_load,
            "loaded": loaded,
        },
        rounds,
    )
    floor.close()
    return [
        at_most("A transition with its load / 13 plain statements", found["plain"], found["with load"], 1.5),
        at_most("A transition, item loaded / 13 plain statements", found["plain"], found["loaded"], 1.0),
        at_most("A transition with its load / pipelined by hand", found["pipelined"], found["with load"], None),
    ]


def race(engine: Engine) -> list[Figure]:
    """A2: fifty callers on one item: how many succeeded, and how many rows of it there should not be."""
    sessions = make_sessions(engine)
    with sessions() as session:
        actor, identity = a_manager(session), next(fresh_items(session))
        before = session.get_one(Referral, identity).history_length
    ready = Barrier(RACERS)

    def call(_number: int) -> bool:
        with sessions() as session:
            referral = session.get_one(Referral, identity)
            ready.wait()
            try:
                with transaction(session):
                    perform(session, referral, ACTION, actor, now=STANDS_AT, values=ANSWERS)
            except ActionRefused:
                return False
            return True

    with ThreadPoolExecutor(RACERS) as pool:
        won = sum(pool.map(call, range(RACERS)))
    with sessions() as session:
        positions = session.scalars(select(Transition.position).where(Transition.item_id == identity)).all()
        told = session.scalars(select(OutboxMessage.id).where(OutboxMessage.item_id == identity)).all()
    strange = len(set(range(1, before + 2)) ^ set(positions)) + abs(len(positions) - before - 1) + abs(len(told) - 1)
    return [
        Figure(f"A2 {RACERS} racing calls on one item: winners", 1, won, won, "exactly 1", won == 1, ""),
        Figure("A2 impossible rows after it", 0, strange, float(strange), "none", strange == 0, ""),
    ]


def threads(engine: Engine, *, each: int) -> list[Figure]:
    """A2: sixteen threads on distinct items, transitions a second; the floor by plain statements."""
    sessions = make_sessions(engine)
    with sessions() as session:
        actor, items = a_manager(session), fresh_items(session)
    floors = [Floor(engine, actor) for _ in range(THREADS)]
    open_sessions = [sessions() for _ in range(THREADS)]

    def rate(do: Callable[[int, int], None]) -> float:
        mine = [[next(items) for _ in range(each)] for _ in range(THREADS)]

        def work(number: int) -> None:
            for identity in mine[number]:
                do(number, identity)

        began = time.perf_counter()
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(work, range(THREADS)))
        return THREADS * each / (time.perf_counter() - began)

    def ours(number: int, identity: int) -> None:
        with open_sessions[number] as session:
            one(session, identity, actor)

    pairs = [(rate(lambda number, identity: floors[number].plain(identity)), rate(ours)) for _ in range(3)][1:]
    for floor in floors:
        floor.close()
    return [at_least(f"A2 {THREADS} threads on distinct items", *_middle(pairs), 0.45, "/s")]


def _middle(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """The pair whose ratio is in the middle."""
    return sorted(pairs, key=lambda pair: pair[1] / pair[0])[len(pairs) // 2]


def processes(engine: Engine, *, each: int) -> list[Figure]:
    """A2: transitions a second by one process, and by two at once."""
    url = engine.url.render_as_string(hide_password=False)
    alone, together = _rate_of(url, 1, each, skip=0), _rate_of(url, 2, each, skip=each)
    return [at_least("A2 two processes / one process", alone, together, 1.2, "/s")]


def _rate_of(url: str, count: int, each: int, *, skip: int) -> float:
    code = "import sys; from tests.performance.transitions import work; work(sys.argv[1], *map(int, sys.argv[2:]))"
    began = [
        subprocess.Popen(
            [sys.executable, "-c", code, url, str(each), str(skip + number * each)], stdout=subprocess.PIPE, text=True
        )
        for number in range(count)
    ]
    return sum(float(process.communicate()[0]) for process in began)


def work(url: str, each: int, skip: int) -> None:
    """In a process of its own: print how many transitions a second it made."""
    import hub.models
    import hub.reactions  # noqa: F401

    engine = make_engine(url, pool_size=1)
    sessions = make_sessions(engine)
    with sessions() as session:
        actor, items = a_manager(session), list(fresh_items(session))[-1 - skip - each : -1 - skip or None]
        one(session, items.pop(), actor)
    began = time.perf_counter()
    for identity in items:
        with sessions() as session:
            one(session, identity, actor)
    print(len(items) / (time.perf_counter() - began))
    engine.dispose()
