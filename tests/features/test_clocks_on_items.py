"""The clocks of an item on its page: requests, answers, corrections, and how each ended, for ever."""

from datetime import date, datetime, timedelta
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.cases.models import CareCase, CaseSeal
from hub.engine.models import OutboxMessage
from hub.engine.outbox import claim
from hub.engine.perform import perform
from hub.engine.rulebook import LocalClosure
from hub.messages.who_is_told import who_is_told
from tests.complaints.at_the_desk import Desk, SignIn, boxes, moment
from tests.factories import ANSWERS, NOW, actor_of, make_membership, make_organisation, make_referral
from workflows.roles import Role

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def told(session: Session, topic: str) -> set[int]:
    """Who is told of the newest outbox row of this topic."""
    rows = session.scalars(select(OutboxMessage.id).where(OutboxMessage.topic == topic).order_by(OutboxMessage.id))
    newest = list(rows)[-1]
    later = NOW + 60 * DAY
    batch = [sent for sent in claim(session, now=later, limit=1_000) if sent.id == newest]
    return who_is_told(session, batch, later)[newest]


def test_asked_refused_asked_again_agreed_corrected_and_ended(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    desk = Desk(session, client, sign_in)
    joy = make_membership(session, Role.REFERRER)
    dele, priya = make_membership(session, Role.COORDINATOR), make_membership(session, Role.CASE_MANAGER)
    item = make_referral(session, "in_review", referrer=actor_of(joy))
    desk.press(dele, item, "assign", NOW, owner_id=str(priya.user_id))
    assert told(session, "item.assigned") == {priya.user_id}
    # A referrer asks: who may agree is told, and reads why and until when on the page where they answer.
    until = datetime(2026, 3, 18, 9)
    desk.press(joy, item, "ask_pause", NOW, clock="review", reason="The family is away", **boxes("until", until))
    assert told(session, "item.pause_asked") >= {priya.user_id, dele.user_id}
    said = f"{joy.user.name} asked to pause it until Wed 18 March, 9am: “The family is away”"
    beside = desk.reads(dele, item, NOW).split(said)[1]
    assert "Approve a pause" in beside and "Refuse a pause" in beside, "answered where it is read"
    assert f"Review: {said}" in desk.reads(dele, item, NOW, "approve_pause")
    desk.press(priya, item, "refuse_pause", NOW, clock="review", reason="Ring them first")
    assert joy.user_id in told(session, "item.pause_refused")
    desk.press(joy, item, "ask_pause", NOW + HOUR, clock="review", reason="We rang")
    desk.press(dele, item, "approve_pause", NOW + 2 * HOUR, clock="review")
    assert told(session, "item.pause_approved") >= {priya.user_id, joy.user_id}
    desk.press(priya, item, "resume_clock", NOW + 2 * DAY, clock="review", reason="They are back")
    desk.press(
        dele,
        item,
        "correct_start",
        NOW + 2 * DAY,
        clock="review",
        reason="Fax",
        **boxes("started_at", datetime(2026, 3, 13, 9)),
    )
    page = desk.reads(dele, item, NOW + 2 * DAY)
    for words in (
        "Started Monday 16 March 2026, 10am.",
        "Start corrected from Monday 16 March 2026, 10am to Friday 13 March 2026, 9am",
        f"Asked by {joy.user.name}, agreed by {dele.user.name}: “We rang”",
        "Ring them first",
        "Was: When did it really start: Monday 16 March 2026, 10am Now: When did it really start: Friday 13 March",
    ):
        assert words in page, words
    desk.press(
        priya, item, "decline", NOW + 3 * DAY, **{name: str(value) for name, value in ANSWERS["decline"].items()}
    )
    page = desk.reads(dele, item, NOW + 300 * DAY)
    assert "Met, 3 days left" not in page and "Met, 3 days 13 h early" in page
    assert "Ended Thursday 19 March 2026, 10am. Time taken: 6 days 1 h in all, 4 days 3 h without pauses." in page


def test_what_was_answered_is_told_to_nobody_who_may_not_see_it(session: Session) -> None:
    asking = make_membership(session, Role.REFERRER)
    dele, priya = make_membership(session, Role.COORDINATOR), make_membership(session, Role.CASE_MANAGER)
    item = make_referral(session)
    guest = make_membership(session, Role.REFERRER, make_organisation(session, "ZRF07"))
    values: dict[str, Any] = {"organisation_id": guest.organisation_id}
    perform(session, item, "add_party", actor_of(dele), now=NOW, values=values, reason="x")
    perform(session, item, "ask_pause", actor_of(guest), now=NOW, values={"clock": "review"}, reason="x")
    perform(session, item, "remove_party", actor_of(dele), now=NOW, values=values, reason="x")
    perform(session, item, "approve_pause", actor_of(priya), now=NOW, values={"clock": "review"})
    assert told(session, "item.pause_approved").isdisjoint({guest.user_id, asking.user_id})
    # Nor to somebody of the hub for whom the case was sealed meanwhile.
    other, clock = make_referral(session), {"clock": "review"}
    perform(session, other, "ask_pause", actor_of(dele), now=NOW, values=clock, reason="x")
    session.get_one(CareCase, other.case_id).is_sealed = True
    session.add(CaseSeal(case_id=other.case_id or 0, user_id=priya.user_id))
    session.flush()
    perform(session, other, "approve_pause", actor_of(priya), now=NOW, values=clock)
    assert dele.user_id not in told(session, "item.pause_approved")


def test_a_clock_that_ended_keeps_what_was_true(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    desk, dele = Desk(session, client, sign_in), make_membership(session, Role.COORDINATOR)
    item = make_referral(session, "returned")
    perform(
        session,
        item,
        "submit",
        actor_of(make_membership(session, Role.COORDINATOR)),
        now=NOW + 8 * DAY,
        values=ANSWERS["submit"],
    )
    before = desk.reads(dele, item, NOW + 9 * DAY)
    assert "Met late, 17 h after it was due Monday 23 March 2026, 5pm" in before
    assert "Time taken: 6 working days." in before
    session.add(LocalClosure(on_date=date(2026, 3, 18), title="Snow"))
    session.flush()
    after = desk.reads(dele, item, NOW + 9 * DAY)
    assert "Met late, 17 h after it was due Monday 23 March 2026, 5pm" in after
    assert (
        "Since then Bank holidays or closures were changed after this clock had ended. It keeps the deadline" in after
    )
    assert moment("2026-03-23T17:00Z") == desk.due(item, "resubmit")
