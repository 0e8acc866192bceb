"""Many people at once, each in a thread with a connection and a real commit of their own."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hub.cases.models import CareCase
from hub.db import make_sessions, transaction
from hub.engine.access_log import log_access
from hub.engine.audit import verify, write_digest
from hub.engine.models import FAR, Clock, OutboxMessage, Reaction, Transition
from hub.engine.perform import perform
from hub.engine.refusal import ActionRefused
from hub.patients.models import Patient
from hub.referrals.models import Referral
from hub.referrals.services import new_referral
from tests.factories import ANSWERS, NOW, make_actor, make_referral, referral_values, start_referral
from workflows.actor import Actor
from workflows.roles import Role

THREADS = 16
LEADS_TO = {
    "accept": "accepted",
    "decline": "declined",
    "redirect": "redirected",
    "withdraw": "withdrawn",
    "return_incomplete": "returned",
}
CONFLICTING = tuple(LEADS_TO)


def all_at_once(engine: Engine, works: Sequence[Callable[[Session], Any]]) -> list[list[str]]:
    """Each piece of work in its own thread, session and transaction; the words of each refusal, empty for a success."""
    gate = Barrier(len(works))
    sessions = make_sessions(engine)

    def run(work: Callable[[Session], Any]) -> list[str]:
        with sessions() as session:
            session.connection()
            gate.wait(30)
            try:
                with transaction(session):
                    work(session)
            except ActionRefused as no:
                return [problem.message for problem in no.problems]
        return []

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def press(item_id: int, action: str, actor: Actor, **more: Any) -> Callable[[Session], None]:
    """Work that loads the item and presses one action."""

    def work(session: Session) -> None:
        item = session.get_one(Referral, item_id)
        perform(session, item, action, actor, now=NOW + timedelta(hours=1), **{"values": ANSWERS.get(action)} | more)

    return work


def made(engine: Engine, state: str, number: int = 1, **values: Any) -> tuple[list[int], Actor]:
    """Committed referrals and a case manager."""
    with make_sessions(engine)() as session, transaction(session):
        items = [make_referral(session, state, **values) for _ in range(number)]
        return [item.id for item in items], make_actor(session, Role.CASE_MANAGER)


def test_one_of_sixteen_conflicting_actions_wins(committed: Engine) -> None:
    [item_id], actor = made(committed, "in_review")
    actions = [CONFLICTING[number % len(CONFLICTING)] for number in range(THREADS)]
    said = all_at_once(committed, [press(item_id, action, actor, reason="x") for action in actions])
    won = [action for action, words in zip(actions, said, strict=True) if not words]
    with Session(committed) as session:
        item = session.get_one(Referral, item_id)
        # A returned referral can still be withdrawn: then two succeed, one after the other.
        assert len(won) == 1 or sorted(won) == ["return_incomplete", "withdraw"]
        assert item.state == LEADS_TO["withdraw" if "withdraw" in won else won[0]]
        assert (item.version, item.history_length) == (3 + len(won), 3 + len(won))
        for words in said:
            assert words == [] or (len(words) == 1 and "is not possible now: this referral is " in words[0])
        assert verify(session).findings == ()
        topics = session.scalars(select(OutboxMessage.topic)).all()
        assert len(topics) == 1 + len(won)


def test_exactly_one_of_sixteen_who_decide(committed: Engine) -> None:
    [item_id], actor = made(committed, "in_review")
    actions = [CONFLICTING[number % len(CONFLICTING)] for number in range(THREADS)]
    seen = 3
    said = all_at_once(committed, [press(item_id, action, actor, reason="x", seen=seen) for action in actions])
    assert sum(1 for words in said if not words) == 1
    losers = {words[0] for words in said if words}
    assert losers == {"Someone else has changed this since you opened it. Look at what changed, then decide again"}
    with Session(committed) as session:
        item = session.get_one(Referral, item_id)
        assert (item.version, item.history_length) == (4, 4)
        assert verify(session).findings == ()


def test_sixteen_people_on_sixteen_items_do_not_hinder_each_other(committed: Engine) -> None:
    items, actor = made(committed, "in_review", THREADS)
    said = all_at_once(committed, [press(item_id, "accept", actor) for item_id in items])
    assert said == [[]] * THREADS
    with Session(committed) as session:
        assert session.scalars(select(Referral.state).distinct()).all() == ["accepted"]
        assert verify(session).findings == ()


def test_two_priority_changes_at_the_last_second(committed: Engine) -> None:
    [item_id], actor = made(committed, "in_review")
    said = all_at_once(
        committed,
        [
            press(item_id, "change_priority", actor, values={"priority": priority}, reason="x")
            for priority in ("urgent", "urgent", "emergency", "emergency")
        ],
    )
    with Session(committed) as session:
        item = session.get_one(Referral, item_id)
        changes = session.scalars(select(Clock.changes).where(Clock.name == "review")).one()
        done = sum(1 for words in said if not words)
        assert 2 <= done <= 4 and len(changes) == done == item.version - 3
        assert {words[0] for words in said if words} <= {"It already has this priority"}
        texts = [change["text"].split(" by ")[0] for change in changes]
        assert texts[-1].endswith(f"to {item.priority}") and texts[0].startswith("Priority changed from routine")
        for before, after in pairwise(texts):
            assert before.rsplit(" ", 1)[1] == after.split(" from ")[1].split(" to ")[0], "each saw the one before"
        assert verify(session).findings == ()


def test_acting_on_an_item_that_is_just_closing(committed: Engine) -> None:
    [item_id], actor = made(committed, "in_review")
    with make_sessions(committed)() as closing, ThreadPoolExecutor(1) as pool:
        perform(closing, closing.get_one(Referral, item_id), "accept", actor, now=NOW)
        waiting = pool.submit(all_at_once, committed, [press(item_id, "decline", actor)])
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        closing.commit()
        assert waiting.result(timeout=30) == [["“Decline” is not possible now: this referral is accepted"]]
    with Session(committed) as session:
        item = session.get_one(Referral, item_id)
        assert (item.state, item.version, item.next_due_at) == ("accepted", 4, FAR)
        review = select(Clock.is_running).where(Clock.item_id == item_id)
        assert session.scalars(review).all() == [False], "the clock that runs is the admission decision's"


def test_the_same_new_person_sent_twice_at_once_has_one_case(committed: Engine) -> None:
    with make_sessions(committed)() as session, transaction(session):
        referrer = make_actor(session, Role.REFERRER)
        values = referral_values()
        items = [start_referral(session, referrer, **values).id for _ in range(4)]
    said = all_at_once(committed, [press(item_id, "submit", referrer) for item_id in items])
    assert said == [[]] * 4
    with Session(committed) as session:
        assert session.scalar(select(func.count()).select_from(Patient)) == 1
        assert session.scalar(select(func.count()).select_from(CareCase)) == 1
        assert session.scalar(select(func.count(Referral.case_id.distinct()))) == 1
        assert session.scalar(select(func.count()).select_from(Reaction)) == 4


def test_a_known_person_sent_twice_at_once_to_another_service_has_one_case_there(committed: Engine) -> None:
    with make_sessions(committed)() as session, transaction(session):
        known = make_referral(session)
        referrer = make_actor(session, Role.REFERRER)
        values = referral_values(service_line="secure", nhs_number=known.nhs_number)
        items = [start_referral(session, referrer, **values).id for _ in range(THREADS)]
    assert all_at_once(committed, [press(item_id, "submit", referrer) for item_id in items]) == [[]] * THREADS
    with Session(committed) as session:
        assert session.scalar(select(func.count()).select_from(CareCase)) == 2
        assert session.scalar(select(func.count(Referral.case_id.distinct()))) == 2


def test_a_failure_after_the_writes_leaves_nothing(committed: Engine) -> None:
    [item_id], actor = made(committed, "in_review")

    class Sudden(Exception):
        pass

    def work(session: Session) -> None:
        press(item_id, "accept", actor)(session)
        raise Sudden

    with make_sessions(committed)() as session:
        with pytest.raises(Sudden), transaction(session):
            work(session)
        item = session.get_one(Referral, item_id)
        assert (item.state, item.version) == ("in_review", 3)
        assert session.scalar(select(func.count()).select_from(Transition)) == 3
        press(item_id, "accept", actor)(session)
        assert item.state == "accepted", "the same session and object can be used again"


def test_reading_everything_while_people_work_finds_nothing(committed: Engine) -> None:
    [item_id], actor = made(committed, "in_review")

    def write(session: Session) -> None:
        for number in range(60):
            values = {"note": f"Note {number}", "audience": "hub"}
            with transaction(session):
                perform(session, session.get_one(Referral, item_id), "note", actor, now=NOW, values=values)

    def read(session: Session) -> None:
        for _ in range(60):
            assert verify(session).findings == ()
            session.rollback()

    all_at_once(committed, [write, read, read])


def test_a_digest_waits_for_who_is_writing_the_access_log(committed: Engine) -> None:
    _, actor = made(committed, "draft")
    with make_sessions(committed)() as slow, ThreadPoolExecutor(1) as pool:
        log_access(slow, actor, "opened", now=NOW)
        with make_sessions(committed)() as quick, transaction(quick):
            log_access(quick, actor, "searched", now=NOW)
        digest = pool.submit(all_at_once, committed, [lambda session: write_digest(session, now=NOW)])
        with pytest.raises(TimeoutError):
            digest.result(timeout=0.3)
        slow.commit()
        assert digest.result(timeout=30) == [[]]
    with Session(committed) as session:
        assert verify(session).findings == ()


def test_six_identical_posts_of_one_page_begin_one_referral(committed: Engine) -> None:
    with make_sessions(committed)() as session, transaction(session):
        referrer = make_actor(session, Role.REFERRER)

    def begin(session: Session) -> None:
        new_referral(session, referrer, now=NOW, values={"family_name": "Marlowe"}, page="7-one-page")

    said = all_at_once(committed, [begin] * 6)
    assert sorted(said) == [[], *[["A referral was begun from this page before"]] * 5]
    with make_sessions(committed)() as session:
        assert session.scalars(select(Referral.family_name).where(Referral.begun_from == "7-one-page")).all() == [
            "Marlowe"
        ]
        assert not verify(session).findings
