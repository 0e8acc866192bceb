"""A process killed with -9 as the last side accepts a settlement: all sides are bound by it, or none is."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from hub.db import make_sessions, transaction
from hub.engine.audit import verify
from hub.engine.models import Clock, OutboxMessage
from hub.escalations.models import Escalation
from tests.engine.test_placement_kill import killed
from tests.escalation_factory import actions_of, do, make_dispute, make_table
from tests.factories import NOW


def told(session: Session, identity: int) -> tuple[Any, ...]:
    """All that the last acceptance changes."""
    session.execute(text("SELECT 1 FROM work_item WHERE id = :id FOR UPDATE"), {"id": identity})
    item = session.get_one(Escalation, identity)
    return (
        item.state,
        len(item.acceptances),
        [visit.left_at for visit in item.visits],
        sorted(row.name for row in item.clocks if row.stopped_at is None),
        session.scalar(select(func.count()).select_from(OutboxMessage)),
        session.scalar(select(func.count()).select_from(Clock)),
        item.history_length,
    )


@pytest.mark.slow
def test_a_killed_acceptance_binds_all_sides_or_none(committed: Engine) -> None:
    sessions = make_sessions(committed)
    with sessions() as session, transaction(session):
        table = make_table(session, 3)
        item = make_dispute(session, table=table)
        do(session, item, "propose", table.convenor, NOW, settlement="By thirds", actions=actions_of(table, NOW))
        for actor in table.speakers[:2]:
            do(session, item, "accept_proposal", actor, NOW, version=1)
        identity = item.id

    def accept(session: Session) -> None:
        do(session, session.get_one(Escalation, identity), "accept_proposal", table.speakers[2], NOW, version=1)

    with sessions() as session:
        before = told(session, identity)
    assert before[:2] == ("local_resolution", 2)
    at, kills = 3, 0
    while killed(committed, at, accept):
        kills += 1
        with sessions() as session:
            assert told(session, identity) == before, at
            assert verify(session).findings == ()
        at += 11
    assert kills > 2
    with sessions() as session:
        after = told(session, identity)
        assert after[:4] == ("agreed", 3, [NOW], ["start"])
        assert verify(session).findings == ()
