"""Pauses of a dispute: asked by a side, approved by who convenes, once a stage, capped in all, never once run out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.engine.models import Clock
from hub.engine.refusal import ActionRefused
from hub.engine.resuming import resume_due
from hub.escalations.models import Escalation
from tests.escalation_factory import Table, do, go_up, make_dispute, make_table, ring, spokesmen, state_positions
from workflows.actor import Actor
from workflows.durations import LONDON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def london(day: int, hour: int = 10) -> datetime:
    """A moment of March 2026 by the clocks of London; the 2nd is a Monday, and no day is a holiday."""
    return datetime(2026, 3, day, hour, tzinfo=LONDON).astimezone(UTC)


def clocks_of(session: Session, item: Escalation, name: str) -> list[Clock]:
    """Its clocks of a name that have not stopped, as they are stored."""
    session.expire_all()
    rows = select(Clock).where(Clock.item_id == item.id, Clock.name == name, Clock.stopped_at.is_(None))
    return list(session.scalars(rows.order_by(Clock.id)))


def ask(session: Session, item: Escalation, who: Actor, clock: str, at: datetime, until: datetime | None) -> None:
    """Somebody of a side asks for a pause."""
    do(session, item, "ask_pause", who, at, clock=clock, until=until, pause_code="legal_advice")


def pause(session: Session, item: Escalation, table: Table, clock: str, at: datetime, until: datetime) -> None:
    """A whole pause: asked, approved at once, and ended by itself."""
    ask(session, item, spokesmen(item, table)[0], clock, at, until)
    do(session, item, "approve_pause", table.convenor, at, clock=clock)
    resume_due(session, now=until)
    session.expire_all()


def refused(action: Any, *args: Any, **values: Any) -> str:
    """What a refusal says."""
    with pytest.raises(ActionRefused) as no:
        action(*args, **values)
    return "; ".join(str(problem) for problem in no.value.problems)


def test_the_convenor_alone_agrees_to_a_pause_and_every_reply_stands_still_along(session: Session) -> None:
    """Accepted on Monday 2 March, 10am: the stage is due on Wednesday 4, the replies on Tuesday 3, 5pm.

    Paused on Monday from 2pm until Wednesday 4 March, 2pm: 3 + 8 + 5 = 16 working hours, which are two days.
    """
    table = make_table(session, 3)
    item = make_dispute(session, table=table, now=london(2))
    do(session, item, "state_position", table.speakers[2], london(2, 11), words="Ours", wanted="A date")
    ask(session, item, table.speakers[0], "stage_local", london(2, 12), london(4, 14))
    for nobody in (table.speakers[0], table.speakers[1], table.outside):
        assert refused(do, session, item, "approve_pause", nobody, london(2, 13), clock="stage_local")
    assert all(row.is_running for row in clocks_of(session, item, "reply_local")), "it is only asked for"
    assert "cannot be paused" in refused(ask, session, item, table.speakers[1], "reply_local", london(2, 13), london(4))
    do(session, item, "approve_pause", table.convenor, london(2, 14), clock="stage_local")
    (stage,), replies = clocks_of(session, item, "stage_local"), clocks_of(session, item, "reply_local")
    assert (stage.paused_at, stage.resume_at) == (london(2, 14), london(4, 14))
    assert [row.paused_at for row in replies] == [london(2, 14)] * 2, "the third side has replied"
    ring(session, london(4, 13))
    assert all(row.rang_at is None for row in [stage, *clocks_of(session, item, "reply_local")])
    assert resume_due(session, now=london(5)) == 1
    (stage,), replies = clocks_of(session, item, "stage_local"), clocks_of(session, item, "reply_local")
    assert stage.is_running and stage.due_at == london(6, 17)
    assert [(row.is_running, row.due_at) for row in replies] == [(True, london(5, 17))] * 2
    assert "once" in refused(ask, session, item, table.speakers[1], "stage_local", london(5), london(6))


def test_a_convenor_ends_a_pause_early_and_a_reply_given_meanwhile_ends_its_clock(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table, now=london(2))
    ask(session, item, table.speakers[0], "stage_local", london(2, 12), london(6, 12))
    do(session, item, "approve_pause", table.convenor, london(2, 13), clock="stage_local")
    do(session, item, "state_position", table.speakers[1], london(3, 9), words="Ours", wanted="A date")
    assert len(clocks_of(session, item, "reply_local")) == 1
    do(session, item, "resume_clock", table.convenor, london(3, 13), clock="stage_local")
    (stage,), (reply,) = clocks_of(session, item, "stage_local"), clocks_of(session, item, "reply_local")
    assert stage.is_running and stage.due_at == london(5, 17), "4 + 4 working hours later than Wednesday 4 March, 5pm"
    assert reply.is_running and reply.due_at == london(4, 17)


def test_all_pauses_together_last_ten_working_days_at_most(session: Session) -> None:
    """Counted as every 10 working days are: the first day is day 0, and the tenth ends at closing time.

    From Monday 2 March, 9am, that is Monday 16 March, 5pm. The first pause ends on Thursday 12 March, 9am; each hour
    between two pauses is an hour later: 10am on the 17th for the second, which begins at 10am, and midday for the
    third, which begins two working hours after the second one ended.
    """
    table = make_table(session)
    item = make_dispute(session, table=table, now=london(2, 9))
    who = table.speakers[0]
    too_long = refused(ask, session, item, who, "stage_local", london(2, 9), london(17, 9))
    assert "give a time up to Monday 16 March 2026" in too_long
    pause(session, item, table, "stage_local", london(2, 9), london(12, 9))
    go_up(session, item, table, "senior", london(12, 10))
    second = spokesmen(item, table)[0]
    said = refused(ask, session, item, second, "stage_senior", london(12, 10), london(17, 11))
    assert "All pauses together may last no longer: give a time up to Tuesday 17 March 2026, 10am" in said
    pause(session, item, table, "stage_senior", london(12, 10), london(16, 10))
    go_up(session, item, table, "executive", london(16, 11))
    third = spokesmen(item, table)[0]
    ask(session, item, third, "stage_executive", london(16, 12), None)
    do(session, item, "approve_pause", table.convenor, london(16, 12), clock="stage_executive")
    (stage,) = clocks_of(session, item, "stage_executive")
    assert stage.resume_at == london(17, 12), "nobody named an end, so it ends when all are used up"
    assert resume_due(session, now=london(17, 12)) == 1
    session.expire_all()
    go_up(session, item, table, "independent", london(17, 12))
    said = refused(ask, session, item, spokesmen(item, table)[0], "stage_independent", london(17, 12), None)
    assert "10 working days, and that is used up" in said


def test_an_urgent_dispute_pauses_a_day_at_most_and_one_made_urgent_goes_on_at_once(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table, now=london(2), urgency="urgent")
    who, at = table.speakers[0], london(2, 11)
    said = refused(ask, session, item, who, "stage_local", at, at + 25 * HOUR)
    assert "give a time up to Tuesday 3 March 2026, 11am" in said
    pause(session, item, table, "stage_local", at, at + 24 * HOUR)
    go_up(session, item, table, "senior", at + 25 * HOUR)
    said = refused(ask, session, item, spokesmen(item, table)[0], "stage_senior", at + 26 * HOUR, at + 27 * HOUR)
    assert "24 hours, and that is used up" in said
    other = make_dispute(session, table=table, now=london(2))
    ask(session, other, who, "stage_local", at, london(9))
    do(session, other, "approve_pause", table.convenor, at, clock="stage_local")
    do(session, other, "raise_urgency", table.convenor, at + HOUR)
    (stage,), replies = clocks_of(session, other, "stage_local"), clocks_of(session, other, "reply_local")
    assert stage.is_running and stage.resume_at is None and stage.due_at == at + 5 * HOUR
    assert [row.is_running for row in replies] == [True, True]


def test_what_has_run_out_is_paused_no_more(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table, now=london(2))
    (stage,) = clocks_of(session, item, "stage_local")
    just_before = stage.due_at - HOUR
    ask(session, item, table.speakers[0], "stage_local", just_before, stage.due_at + DAY)
    assert "has run out" in refused(
        do, session, item, "approve_pause", table.convenor, stage.due_at, clock="stage_local"
    )
    ring(session, stage.due_at)
    assert "has run out" in refused(ask, session, item, table.speakers[1], "stage_local", stage.due_at + HOUR, None)
    state_positions(session, item, table, stage.due_at + HOUR)
    (stage,) = clocks_of(session, item, "stage_local")
    assert stage.rang_at is not None and not stage.pauses
    other = make_dispute(session, table=table, now=london(2))
    ask(session, other, table.speakers[0], "stage_local", just_before, None)
    do(session, other, "approve_pause", table.convenor, just_before, clock="stage_local")
    do(session, other, "resume_clock", table.convenor, just_before + HOUR, clock="stage_local")
    assert all(row.is_running and not row.pauses for row in clocks_of(session, other, "reply_local")), "theirs is over"
