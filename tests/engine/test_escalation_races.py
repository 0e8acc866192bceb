"""Sides that act at once on one dispute: one text for all or none, no position lost, stale pages refused."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hub.db import make_sessions, transaction
from hub.engine.audit import verify
from hub.engine.models import OutboxMessage, Transition
from hub.engine.perform import perform
from hub.escalations.models import Escalation
from tests.engine.test_races import all_at_once
from tests.escalation_factory import Table, actions_of, do, make_dispute, make_table
from tests.factories import NOW, REASON
from workflows.actor import Actor

STALE = "Someone else has changed this since you opened it. Look at what changed, then decide again"


@dataclass(frozen=True)
class Ground:
    """A committed dispute."""

    engine: Engine
    table: Table
    item: int
    version: int

    def press(self, action: str, actor: Actor, *, seen: int | None = None, **values: Any) -> Callable[[Session], None]:
        """Work that presses one action; `seen` as the page has it."""

        def work(session: Session) -> None:
            item = session.get_one(Escalation, self.item)
            reason = REASON if action in {"reopen_dispute", "withdraw", "raise_urgency"} else None
            perform(session, item, action, actor, now=NOW, values=values, reason=reason, seen=seen)

        return work

    def proposes(self, actor: Actor, words: str) -> Callable[[Session], None]:
        return self.press("propose", actor, settlement=words, actions=actions_of(self.table, NOW))


def ground(engine: Engine, state: str, sides: int = 2) -> Ground:
    with make_sessions(engine)() as session, transaction(session):
        table = make_table(session, sides)
        item = make_dispute(session, state, table=table)
        return Ground(engine, table, item.id, item.version)


@pytest.mark.parametrize("sides", [2, 3])
def test_the_last_acceptances_at_once_settle_once(committed: Engine, sides: int) -> None:
    there = ground(committed, "local_resolution", sides)
    both = [*there.table.speakers, *there.table.seconds]
    with make_sessions(committed)() as session, transaction(session):
        there.proposes(there.table.convenor, "We share it")(session)
        there.press("accept_proposal", there.table.speakers[0], version=1)(session)
        # An edit after one acceptance clears it: nobody is bound to what they did not read.
        there.proposes(there.table.speakers[1], "We share it by halves")(session)
        item = session.get_one(Escalation, there.item)
        assert item.on_the_table is not None and item.on_the_table.version == 2
        assert not any(item.on_the_table.is_accepted_by(side) for side in item.sides)
    said = all_at_once(committed, [there.press("accept_proposal", actor, version=2) for actor in both])
    assert sum(not words for words in said) == sides, said
    with Session(committed) as session:
        item = session.get_one(Escalation, there.item)
        assert item.state == "agreed"
        assert sorted(each.side_id for each in item.acceptances if each.proposal_id == item.proposals[1].id) == [
            side.id for side in item.sides
        ]
        settled = select(func.count()).select_from(Transition).where(Transition.action == "settle")
        assert session.scalar(settled) == 1
        told = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.topic == "escalation.settled")
        assert session.scalar(told) == 1
        assert [visit.left_at for visit in item.visits] == [NOW]
        assert verify(session).findings == ()


@pytest.mark.parametrize("is_edit_first", [True, False])
def test_an_acceptance_that_races_an_edit_never_binds_a_text_that_was_not_seen(
    committed: Engine, is_edit_first: bool
) -> None:
    there = ground(committed, "local_resolution")
    with make_sessions(committed)() as session, transaction(session):
        there.proposes(there.table.convenor, "By halves")(session)
        there.press("accept_proposal", there.table.speakers[0], version=1)(session)
    accept = there.press("accept_proposal", there.table.speakers[1], version=1)
    works = [there.proposes(there.table.convenor, "By thirds"), accept]
    first, second = works if is_edit_first else works[::-1]
    with make_sessions(committed)() as session, ThreadPoolExecutor(1) as pool:
        first(session)
        waiting = pool.submit(all_at_once, committed, [second])
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        session.commit()
        [said] = waiting.result(timeout=30)
    with Session(committed) as session:
        item = session.get_one(Escalation, there.item)
        bound = [each.proposal_id for each in item.acceptances]
        if is_edit_first:
            assert said == ["The text has changed: version 2 is on the table now. Read it, then decide again"]
            assert item.state == "local_resolution" and bound == [item.proposals[0].id]
        else:
            assert said == ["“Propose a settlement” is not possible now: this escalation is agreed"]
            assert item.state == "agreed" and bound == [item.proposals[0].id] * 2


def test_two_sides_state_their_positions_at_once_and_both_stand(committed: Engine) -> None:
    there = ground(committed, "local_resolution")
    one, other = there.table.speakers
    same = there.table.seconds[0]
    works = [
        there.press("state_position", actor, words=f"The words of {actor.name}", wanted="A date", new_facts="Ready")
        for actor in (one, other, same)
    ]
    said = all_at_once(committed, works)
    with Session(committed) as session:
        item = session.get_one(Escalation, there.item)
        assert {position.side_id for position in item.positions} == {side.id for side in item.sides}
        # Two of one side: the later one changes it, or is told that the other side's stands beside it.
        for words in (said[0], said[2]):
            assert words in ([], ["Brackendale Council has its position on record too, so yours stands as it is"])
        assert not said[1] and [] in (said[0], said[2])
        assert [fact.words for fact in item.facts].count("Ready") == 1
        assert verify(session).findings == ()


@pytest.mark.parametrize(
    ("state", "action"),
    [
        ("senior_review", "return_to_local"),
        ("senior_review", "escalate_to_executive"),
        ("implementing", "reopen_dispute"),
    ],
)
def test_who_looks_at_an_old_page_is_refused_and_one_of_many_moves_it(
    committed: Engine, state: str, action: str
) -> None:
    with make_sessions(committed)() as session, transaction(session):
        table = make_table(session)
        item = make_dispute(session, state, table=table, urgency="urgent")
        if action == "escalate_to_executive":
            go_up_but_one(session, item, table)
        there = Ground(committed, table, item.id, item.version)
    values = {"question": "Why?"} if action == "return_to_local" else {}
    who = table.seconds[0] if action == "reopen_dispute" else table.convenor
    works = [there.press(action, who, seen=seen, **values) for seen in [there.version] * 4 + [there.version - 1] * 2]
    said = all_at_once(committed, works)
    assert sum(not words for words in said) == 1
    assert {words[0] for words in said if words} == {STALE}
    with Session(committed) as session:
        item = session.get_one(Escalation, there.item)
        assert sum(visit.left_at is None for visit in item.visits) == 1
        assert item.version == there.version + 1 and verify(session).findings == ()


def go_up_but_one(session: Session, item: Escalation, table: Table) -> None:
    """Everything that going up to executive review needs, but the last step."""
    for first, second in zip(table.seconds, table.speakers, strict=True):
        do(session, item, "state_position", first, NOW, words="So", wanted="A date")
        given: dict[str, Any] = {"side_id": first.organisation_id, "at_stage": "executive_review"}
        do(session, item, "name_speaker", first, NOW, **given, speaker_id=second.user_id)


def test_sides_answer_claims_while_another_reopens(committed: Engine) -> None:
    there = ground(committed, "implementing")
    owner, other = there.table.speakers
    with make_sessions(committed)() as session, transaction(session):
        there.press("claim_done", owner, action_number=1, evidence="A letter")(session)
    works = [
        *[there.press("confirm_done", other, action_number=1)] * 2,
        there.press("reopen_dispute", other),
        there.press("close", there.table.convenor, would_have_prevented="Ringing"),
    ]
    said = all_at_once(committed, works)
    assert sum(not words for words in said[:2]) <= 1 and not (not said[2] and not said[3])
    with Session(committed) as session:
        item = session.get_one(Escalation, there.item)
        assert item.state == ("executive_review" if not said[2] else "closed" if not said[3] else "implementing")
        assert verify(session).findings == ()
