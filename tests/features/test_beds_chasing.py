"""Units whose bed figures are stale are asked once in a period, and of two who confirm at once one wins."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.beds.chasing import chase_stale
from hub.beds.figures import Figures
from hub.beds.models import BedChase, BedState
from hub.beds.services import Confirmation, ConfirmedMeanwhile, confirm
from hub.db import make_sessions, transaction
from hub.engine.models import OutboxMessage
from hub.messages.delivery import deliver_due
from hub.messages.models import Message
from hub.organisations.models import Unit
from tests.factories import make_membership, make_unit
from tests.features.bed_rows import HOUR, NOW, entries, said
from workflows.roles import Role


class TestChasing:
    """Units whose figures are stale are asked for new ones."""

    @pytest.fixture
    def stale(self, committed: Engine) -> Iterator[tuple[Engine, int]]:
        """A unit with stale figures and a manager, one that nobody manages, and one that was never confirmed."""
        with make_sessions(committed)() as session, transaction(session):
            units = [make_unit(session) for _ in range(3)]
            for unit in units[:2]:
                said(session, unit, NOW - 25 * HOUR)
            for unit in (units[0], units[2]):
                make_membership(session, Role.UNIT_MANAGER, unit.site.organisation, unit=unit)
            make_membership(session, Role.UNIT_CLINICIAN, units[0].site.organisation)
            found = committed, units[0].id
        yield found

    def test_once_in_a_period_and_only_whom_it_is_for(self, stale: tuple[Engine, int], tmp_path: Any) -> None:
        engine, unit_id = stale
        with make_sessions(engine)() as session:
            seen = [_chased(session, NOW + HOUR * hours) for hours in (0, 1, 23, 24, 25)]
            assert seen == [2, 0, 0, 2, 0]
            with transaction(session):
                said(session, session.get_one(Unit, unit_id), NOW + 26 * HOUR)
            assert [_chased(session, NOW + HOUR * hours) for hours in (48, 50, 51)] == [1, 0, 1]
            with transaction(session):
                deliver_due(session, now=NOW + 60 * HOUR, folder=tmp_path)
            told = session.execute(select(Message.user_id, Message.words).order_by(Message.id)).all()
            assert len(told) == 6 and len({row.user_id for row in told}) == 2
            assert told[0].words == "Confirm the beds of Linden: the figures are stale"
            managers = select(Membership.user_id).where(Membership.role == Role.UNIT_MANAGER)
            assert {row.user_id for row in told} == set(session.scalars(managers))
            assert '"link": "/beds/"' in next(iter(tmp_path.glob("*.json"))).read_text()

    def test_two_workers_and_one_that_dies_ring_once(self, stale: tuple[Engine, int]) -> None:
        engine, _ = stale
        sessions = make_sessions(engine)
        with sessions() as killed, pytest.raises(KeyboardInterrupt), transaction(killed):
            assert chase_stale(killed, now=NOW) == 2
            raise KeyboardInterrupt
        together, done = threading.Barrier(4), list[int]()

        def work() -> None:
            with sessions() as session:
                together.wait()
                done.append(_chased(session, NOW))

        workers = [threading.Thread(target=work) for _ in range(4)]
        for each in workers:
            each.start()
        for each in workers:
            each.join()
        with sessions() as session:
            assert sum(done) == 2 == session.scalar(select(func.count()).select_from(OutboxMessage))
            assert session.scalar(select(func.count()).select_from(BedChase)) == 2


def _chased(session: Session, now: datetime) -> int:
    with transaction(session):
        return chase_stale(session, now=now)


def test_of_two_who_confirm_at_once_one_wins_and_the_other_is_told(committed: Engine) -> None:
    sessions = make_sessions(committed)
    with sessions() as session, transaction(session):
        unit = make_unit(session)
        unit_id = unit.id
    together, told = threading.Barrier(4), list[str]()

    def press(occupied: int) -> None:
        with sessions() as session:
            together.wait()
            sent = Confirmation(unit_id, "301", Figures(10, 10, occupied, 0), None, NOW)
            try:
                with transaction(session):
                    confirm(session, sent, seen=0, now=NOW)
                told.append("won")
            except ConfirmedMeanwhile as late:
                told.append(f"told {len(late.entries)}")

    people = [threading.Thread(target=press, args=(number,)) for number in range(4)]
    for each in people:
        each.start()
    for each in people:
        each.join()
    assert sorted(told) == ["told 1", "told 1", "told 1", "won"]
    with sessions() as session:
        assert entries(session) == 1 and session.scalars(select(BedState)).one().version == 1
