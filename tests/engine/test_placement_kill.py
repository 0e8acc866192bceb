"""A process killed with -9 in the middle of accepting a bed or admitting somebody: all of it happened, or nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.orm import Session

from hub.cases.models import CaseStay
from hub.db import make_sessions, transaction
from hub.engine.audit import verify
from hub.engine.models import ItemParty
from hub.engine.perform import perform
from hub.engine.sweep import ring_due
from hub.placements.models import Placement
from hub.stays.models import Stay
from tests.admission_factory import Crew, make_crew
from tests.factories import NOW
from tests.placement_factory import accept, admit, approach, complete, make_placement, make_ward, offer
from tests.stay_factory import DAY

Do = Callable[[Session], Any]


def killed(engine: Engine, at: int, do: Do) -> bool:
    """Whether a process of its own that does this was killed as it sent its statement number `at`."""
    child = os.fork()
    if child == 0:
        _do_and_die(engine.url.render_as_string(hide_password=False), at, do)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def _do_and_die(url: str, at: int, do: Do) -> None:
    """In the child: statements are counted where they leave for the server, whoever sends them."""
    sent, send = 0, psycopg.Cursor.execute

    def counted(cursor: Any, *given: Any, **more: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return send(cursor, *given, **more)

    try:
        psycopg.Cursor.execute = counted  # type: ignore[method-assign, assignment]  # the child's alone, and it ends here
        with make_sessions(create_engine(url))() as session, transaction(session):
            do(session)
        os._exit(0)
    finally:
        os._exit(1)


def states(session: Session, placement: Placement) -> tuple[Any, ...]:
    """All that an accepted bed or an admission changes."""
    session.execute(text("SELECT 1 FROM work_item WHERE id = :id FOR UPDATE"), {"id": placement.id})
    session.refresh(placement)
    receiving = select(ItemParty.unit_id).where(
        ItemParty.item_id == placement.id, ItemParty.until_at.is_(None), ItemParty.unit_id.is_not(None)
    )
    return (
        placement.state,
        placement.accepted_approach,
        [each.state for each in placement.approaches],
        session.scalars(receiving).all(),
        session.scalars(select(Stay.state).where(Stay.parent_id == placement.id)).all(),
        session.scalars(select(CaseStay.unit_id).where(CaseStay.case_id == placement.case_id)).all(),
    )


@pytest.mark.parametrize("action", ["accept_offer", "admit"])
def test_a_killed_process_leaves_nothing_by_halves(committed: Engine, action: str) -> None:
    sessions = make_sessions(committed)
    with sessions() as session, transaction(session):
        crew: Crew = make_crew(session)
        found = make_placement(session, crew)
        wards = [make_ward(session) for _ in range(3)]
        asked = [approach(session, found, ward.unit, crew.coordinator) for ward in wards]
        for approached, ward in zip(asked[:2], wards, strict=False):
            offer(session, approached, ward.manager)
        complete(session, found)
        if action == "admit":
            accept(session, found, asked[0], crew.case_manager)
        placement, first, unit = found.id, asked[0].reference, wards[0].unit.id

    def do(session: Session) -> None:
        item = session.get_one(Placement, placement)
        if action == "admit":
            admit(session, item, crew.coordinator)
        else:
            perform(session, item, action, crew.case_manager, now=NOW, values={"accepted_approach": first})

    with sessions() as session:
        before = states(session, session.get_one(Placement, placement))
    at, kills = 4, 0
    while killed(committed, at, do):
        kills += 1
        with sessions() as session:
            assert states(session, session.get_one(Placement, placement)) == before, at
            assert verify(session).findings == ()
        at += 17
    assert kills > 1
    with sessions() as session:
        is_admitted = action == "admit"
        assert states(session, session.get_one(Placement, placement)) == (
            "admitted" if is_admitted else "bed_accepted",
            first,
            ["taken", "stood_down", "stood_down"],
            [unit],
            ["current"] if is_admitted else [],
            [unit] if is_admitted else [],
        )
        after = states(session, session.get_one(Placement, placement))
    with sessions() as session:
        with transaction(session):
            ring_due(session, now=NOW + DAY)  # every offer's time is over by then, and none of them lapses any more
        assert states(session, session.get_one(Placement, placement)) == after
        assert verify(session).findings == ()
