"""The clocks of a dispute: a stage that runs out offers the next, returns, urgency, late holidays, no lost reply."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.engine.audit import verify
from hub.engine.models import Clock, OutboxMessage, Transition
from hub.engine.recount_days import Day, Kind, add_days
from hub.engine.recounts import recount_due
from hub.engine.resuming import resume_due
from hub.escalations.models import Escalation
from tests.escalation_factory import (
    DAY,
    Table,
    do,
    go_up,
    make_dispute,
    make_table,
    name_all,
    refusal,
    ring,
    settle,
    spokesmen,
    state_positions,
)
from tests.factories import NOW
from workflows.durations import LONDON

HOUR = timedelta(hours=1)
FRIDAY = datetime(2026, 5, 1, 16, 30, tzinfo=UTC)
"""Half past five on the Friday evening before the early May bank holiday: the working day is over."""


def london(day: int, hour: int, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=LONDON).astimezone(UTC)


def clock(item: Escalation, name: str, per: str | None = None) -> Clock:
    """The newest of this name."""
    return [row for row in item.clocks if row.name == name and per in {None, row.per}][-1]


def back(session: Session, item: Escalation, table: Table, stage: str, now: datetime) -> None:
    do(session, item, f"return_to_{stage}", table.convenor, now, question="What did the ward say?")
    session.expire_all()


@pytest.mark.parametrize("urgency", ["standard", "urgent"])
def test_a_stage_that_expires_on_the_friday_before_a_bank_holiday_offers_and_stays(
    session: Session, urgency: str
) -> None:
    begun = london(29, 12, 4) if urgency == "standard" else FRIDAY - 4 * HOUR
    table = make_table(session, 3)
    item = make_dispute(session, table=table, now=begun, urgency=urgency)
    due = {"standard": london(1, 17, 5), "urgent": FRIDAY}[urgency]
    assert clock(item, "stage_local").due_at == due
    if urgency == "standard":
        ring(session, due - HOUR)  # every reply is over by then
        name_all(session, item, table, "senior_review", due - HOUR)
        [why] = refusal(session, item, "escalate_to_senior", table.speakers[0], due - HOUR)
        assert why.startswith("The time of this stage has not run out, it is not urgent, and Larkwood Care, ")
    for after in (timedelta(0), HOUR, 3 * DAY, 4 * DAY):
        ring(session, FRIDAY + after)
        assert item.state == "local_resolution" and item.here is not None and item.here.visit.left_at is None
    rung = session.scalars(
        select(OutboxMessage).where(OutboxMessage.item_id == item.id, OutboxMessage.topic == "clock.rang")
    ).all()
    assert sorted((each.payload["clock"], each.payload.get("per") is None) for each in rung) == [
        *[("reply_local", False)] * 3,
        ("stage_local", True),
    ]
    [offer] = [each for each in rung if each.payload["clock"] == "stage_local"]
    assert offer.next_try_at is None, "told as the working day ends, and an urgent one whatever the hour"
    # Every side reads that another one let its time pass.
    assert set(session.scalars(select(Transition.audience).where(Transition.action == "ring"))) == {"all"}
    do(session, item, "escalate_to_senior", table.speakers[1], FRIDAY + 4 * DAY)
    session.expire_all()
    assert item.state == "senior_review" and [each.is_no_reply for each in item.positions] == [True] * 3
    assert [each.is_unsaid for each in item.speakers] == [urgency == "urgent"] * 3
    assert (clock(item, "stage_local").outcome, clock(item, "reply_local").outcome) == ("missed", "missed")
    assert verify(session).findings == ()


RETURNS: dict[str, tuple[timedelta, datetime, str, datetime]] = {
    # Local resolution has two working days and a reply one. Left after so much of it, back at; then due at.
    "what was left": (2 * HOUR, london(18, 10), "standard", london(20, 15)),
    "at least a reply": (DAY + 5 * HOUR, london(18, 10), "standard", london(19, 17)),
    "over a weekend": (2 * DAY + 4 * HOUR, london(20, 16), "standard", london(23, 17)),
    "it had run out": (4 * DAY, london(25, 11), "standard", london(26, 17)),
    "urgent, what was left": (HOUR, london(16, 20), "urgent", london(16, 23)),
    "urgent, at least a reply": (3 * HOUR + HOUR / 2, london(21, 22), "urgent", london(22, 0)),
    "urgent, it had run out": (9 * HOUR, london(21, 22), "urgent", london(22, 0)),
}


@pytest.mark.parametrize("name", RETURNS)
def test_a_stage_gone_back_to_has_what_was_left_and_at_least_a_reply(session: Session, name: str) -> None:
    used, returned, urgency, due = RETURNS[name]
    table = make_table(session)
    item = make_dispute(session, table=table, now=NOW, urgency=urgency)
    ring(session, NOW + used)
    go_up(session, item, table, "senior", NOW + used)
    back(session, item, table, "local", returned)
    stage = clock(item, "stage_local")
    assert (stage.due_at, stage.stopped_at, stage.rang_at, stage.outcome) == (due, None, None, None)
    replies = [row for row in item.clocks if row.name == "reply_local" and row.stopped_at is None]
    assert {row.per for row in replies} == {f"organisation:{each}" for each in table.side_ids}
    assert all(row.due_at <= due for row in replies), "the stage never ends before its replies"
    assert item.here is not None and item.here.visit.why == "What did the ward say?"
    assert not any(item.here.position_of(side) for side in item.sides), "every side is heard again"
    ring(session, due)
    assert clock(item, "stage_local").rang_at == due
    # Once for each pair of stages, and gross is never less than net.
    do(session, item, "escalate_to_senior", table.convenor, due)
    [said] = refusal(session, item, "return_to_local", table.convenor, due, question="Again")
    assert said == "It went back from senior review to local resolution once already, which is all that may be"
    assert all((row.gross_seconds or 0) >= (row.net_seconds or 0) for row in item.clocks)


def test_a_stage_made_urgent_above_is_urgent_when_it_is_gone_back_to(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table, now=NOW)
    do(session, item, "ask_pause", table.speakers[0], NOW, clock="stage_local", pause_code="awaiting_information")
    go_up(session, item, table, "senior", NOW + HOUR)
    do(session, item, "raise_urgency", table.convenor, NOW + 2 * HOUR)
    assert clock(item, "stage_senior").due_at == NOW + 26 * HOUR
    back(session, item, table, "local", NOW + 3 * HOUR)
    stage = clock(item, "stage_local")
    assert (stage.due_at, stage.asked) == (NOW + 7 * HOUR, None), "four hours from now, and nobody asks any more"
    assert stage.changes[-1]["rule"] == "4 hours"
    # The same length twice changes nothing more.
    go_up(session, item, table, "senior", NOW + 4 * HOUR)
    session.expire_all()
    assert len(clock(item, "stage_local").changes) == 1


def test_making_it_urgent_ends_pauses_and_lets_replies_be_paused_with_the_stage_later(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table, now=NOW)
    asks = {"clock": "stage_local", "pause_code": "awaiting_information"}
    do(session, item, "ask_pause", table.speakers[0], NOW, **asks, until=NOW + 2 * HOUR)
    do(session, item, "approve_pause", table.convenor, NOW, clock="stage_local")
    session.expire_all()
    assert {row.is_running for row in item.clocks if row.stopped_at is None} == {False}
    do(session, item, "state_position", table.speakers[0], NOW + HOUR / 2, words="So", wanted="That")
    do(session, item, "raise_urgency", table.speakers[1], NOW + HOUR)
    session.expire_all()
    live = {row.name: row for row in item.clocks if row.stopped_at is None}
    assert {name: row.due_at for name, row in live.items()} == {
        "stage_local": NOW + 5 * HOUR,
        "reply_local": NOW + 3 * HOUR,
    }
    assert all(row.is_running and row.resume_at is None for row in live.values())
    assert clock(item, "reply_local", f"organisation:{table.side_ids[0]}").outcome == "met"
    assert (item.urgency, item.priority) == ("urgent", "urgent")
    assert refusal(session, item, "raise_urgency", table.convenor, NOW + HOUR) == ["It is urgent already"]
    # At the next stage a pause stands for the stage and for every reply, and ends for all at the same moment.
    go_up(session, item, table, "senior", NOW + HOUR)
    asks = {"clock": "stage_senior", "pause_code": "awaiting_information"}
    speaker = spokesmen(item, table)[0]
    do(session, item, "ask_pause", speaker, NOW + HOUR, **asks, until=NOW + 4 * HOUR)
    do(session, item, "approve_pause", table.convenor, NOW + HOUR, clock="stage_senior")
    assert refusal(session, item, "resume_clock", table.convenor, NOW + 2 * HOUR, clock="reply_senior") == [
        "It goes along with “Senior review”: choose that clock"
    ]
    assert resume_due(session, now=NOW + 9 * HOUR) == 1
    session.expire_all()
    assert {row.due_at for row in item.clocks if row.name == "reply_senior"} == {NOW + 16 * HOUR}
    assert clock(item, "stage_senior").due_at == NOW + 28 * HOUR


def test_a_clock_made_urgent_while_it_may_be_paused_moves_its_replies_with_it(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table, now=NOW)
    do(session, item, "raise_urgency", table.convenor, NOW)
    asks = {"clock": "stage_local", "pause_code": "awaiting_information", "until": NOW + 2 * HOUR}
    do(session, item, "ask_pause", table.speakers[0], NOW + HOUR, **asks)
    do(session, item, "approve_pause", table.convenor, NOW + HOUR, clock="stage_local")
    do(session, item, "resume_clock", table.convenor, NOW + 2 * HOUR, clock="stage_local")
    session.expire_all()
    assert {row.name: row.due_at for row in item.clocks if row.stopped_at is None} == {
        "stage_local": NOW + 5 * HOUR,
        "reply_local": NOW + 3 * HOUR,
    }


def test_a_start_is_corrected_for_the_stage_and_every_reply(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table, now=NOW, urgency="urgent")
    begun = NOW - HOUR
    for wrong in (table.speakers[0], table.outside):
        assert refusal(session, item, "correct_start", wrong, NOW, clock="stage_local", started_at=begun)
    [said] = refusal(session, item, "correct_start", table.convenor, NOW, clock="reply_local", started_at=begun)
    assert said == "It goes along with “Local resolution”: choose that clock"
    do(session, item, "correct_start", table.convenor, NOW, clock="stage_local", started_at=begun)
    session.expire_all()
    assert clock(item, "stage_local").due_at == NOW + 3 * HOUR
    assert {row.due_at for row in item.clocks if row.name == "reply_local"} == {NOW + HOUR}


def test_a_holiday_added_late_gives_a_stage_that_had_run_out_its_time_again(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table, now=london(16, 10))
    now = london(18, 18)
    ring(session, now)
    assert clock(item, "stage_local").rang_at == london(18, 17)
    add_days(session, None, [Day(date(2026, 3, 18), Kind.LOCAL_CLOSURE, "Snow")], now=now, why="Snow")
    while recount_due(session, now=now):
        pass
    session.expire_all()
    stage = clock(item, "stage_local")
    assert (stage.due_at, stage.rang_at) == (london(19, 17), None)
    name_all(session, item, table, "senior_review", now)
    why = refusal(session, item, "escalate_to_senior", table.convenor, now)
    assert why[0].startswith("The time of this stage has not run out"), "the replies were over on Tuesday"
    assert len(why) == 1
    ring(session, london(19, 17))
    do(session, item, "escalate_to_senior", table.convenor, london(19, 17))
    assert verify(session).findings == ()


def test_a_position_can_be_changed_until_another_side_has_its_own(session: Session) -> None:
    table = make_table(session, 3)
    item = make_dispute(session, table=table, now=NOW)
    first, second, third = table.speakers
    said: dict[str, Any] = {"words": "So", "wanted": "A date", "new_facts": "- Ready since May\nReady since May"}
    do(session, item, "state_position", first, NOW, **said)
    do(session, item, "state_position", table.seconds[0], NOW + HOUR, words="Rather so", wanted="Two dates")
    session.expire_all()
    [position] = item.positions
    assert (position.words, position.at, position.changed_at) == ("Rather so", NOW, NOW + HOUR)
    assert item.asked_for == "A named home and a date", "what the raiser asked for stays as it was"
    assert [fact.words for fact in item.facts].count("Ready since May") == 1
    do(session, item, "state_position", second, NOW + HOUR, words="No", wanted="Nothing")
    for actor, others in ((first, "Brackendale Council"), (second, "Larkwood Care")):
        [why] = refusal(session, item, "state_position", actor, NOW + HOUR, words="x", wanted="x")
        assert why == f"{others} has its position on record too, so yours stands as it is"
    ring(session, NOW + 9 * DAY)
    do(session, item, "state_position", third, NOW + 9 * DAY, words="Late", wanted="Late")
    assert clock(item, "reply_local", f"organisation:{table.side_ids[2]}").outcome == "met_late"
    [why] = refusal(session, item, "state_position", first, NOW + 9 * DAY, words="x", wanted="x")
    assert why == "Brackendale Council and Wharfe ICB have their positions on record too, so yours stands as it is"


def test_who_speaks_next_took_no_part_here_or_there_is_nobody_else(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, table=table, now=NOW)
    state_positions(session, item, table, NOW)
    for actor in table.speakers:
        do(session, item, "ask_to_escalate", actor, NOW)
    assert refusal(session, item, "ask_to_escalate", table.speakers[0], NOW) == [
        "Your side has asked already at this stage"
    ]
    assert refusal(session, item, "escalate_to_senior", table.speakers[0], NOW) == [
        f"{name} has not said who speaks for it at senior review, or that it has nobody else"
        for name in ("Larkwood Care", "Brackendale Council")
    ]
    first, other = table.speakers
    about: dict[str, Any] = {"side_id": first.organisation_id, "at_stage": "senior_review"}
    [why] = refusal(session, item, "name_speaker", first, NOW, **about, speaker_id=first.user_id)
    assert "took part in local resolution" in why
    [why] = refusal(session, item, "name_speaker", other, NOW, **about, nobody_else=True)
    assert why == "You speak for your own side: the other one names its own people"
    do(session, item, "name_speaker", first, NOW, **about, speaker_id=table.seconds[0].user_id)
    do(
        session,
        item,
        "name_speaker",
        table.convenor,
        NOW,
        **about | {"side_id": other.organisation_id},
        nobody_else=True,
    )
    do(session, item, "propose", table.seconds[0], NOW, settlement="So", actions=[row_of(table, NOW)])
    [why] = refusal(session, item, "escalate_to_senior", table.convenor, NOW)
    assert "and took part in local resolution: name somebody else" in why
    do(session, item, "name_speaker", first, NOW, **about, speaker_name="Jo Thorne, director of nursing")
    do(session, item, "escalate_to_senior", table.convenor, NOW, why_up="The date")
    assert [each.why for each in item.visits] == [None, "The date"]
    # Named nobody with an account: anyone of the side may speak. Named somebody: the others read.
    do(session, item, "state_position", first, NOW, words="x", wanted="y")
    do(session, item, "name_speaker", other, NOW, side_id=other.organisation_id, at_stage="senior_review",
       speaker_id=table.seconds[1].user_id)  # fmt: skip
    [why] = refusal(session, item, "state_position", other, NOW, words="x", wanted="y")
    assert why == f"{table.seconds[1].name} speaks for Brackendale Council at senior review"


def row_of(table: Table, now: datetime) -> dict[str, Any]:
    owner = {"owner_organisation_id": table.side_ids[0], "owner_name": "Jo Thorne"}
    return {"what": "Find a home", **owner, "due_on": (now + 9 * DAY).date()}


def test_a_dispute_reopened_goes_on_with_what_was_left_at_executive_review(session: Session) -> None:
    table = make_table(session)
    item = make_dispute(session, "executive_review", table=table, now=NOW)
    settle(session, item, table, NOW + HOUR)
    do(session, item, "start_implementing", table.convenor, NOW + HOUR)
    assert clock(item, "stage_executive").outcome == "met"
    later = london(13, 11, 7)
    do(session, item, "reopen_dispute", table.seconds[1], later)
    session.expire_all()
    stage = clock(item, "stage_executive")
    assert (item.state, stage.due_at) == ("executive_review", london(20, 17, 7))
    assert item.on_the_table is None and item.here is not None and item.here.visit.came == "reopened"
    assert clock(item, "action").outcome == "missed", "its day was in March"
    assert clock(item, "reply_executive").due_at == london(16, 17, 7)
    settle(session, item, table, later)
    do(session, item, "start_implementing", table.convenor, later)
    assert [each.state for each in item.agreed_actions] == ["dropped", "open"]
    assert verify(session).findings == ()
