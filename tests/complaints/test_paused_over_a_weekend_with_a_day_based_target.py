"""Old complaint: paused over a weekend with a day-based target. The deadline should not have moved."""

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from hub.engine.resuming import resume_due
from tests.complaints.at_the_desk import Desk, SignIn, boxes, moment
from tests.factories import make_membership, make_referral
from workflows.roles import Role

WHY = {"clock": "resubmit", "reason": "The ward is closed over the weekend"}


def test_paused_over_a_weekend_with_a_day_based_target(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    # Five working days from Thursday 19 March end on Thursday 26 March at 5pm.
    desk = Desk(session, client, sign_in)
    dele, priya = make_membership(session, Role.COORDINATOR), make_membership(session, Role.CASE_MANAGER)
    by_hand, by_itself, longer = (make_referral(session, "returned", now=moment("2026-03-19T10:00Z")) for _ in range(3))
    due = moment("2026-03-26T17:00Z")
    monday = moment("2026-03-23T09:00Z")
    for item, asked in ((by_hand, {}), (by_itself, boxes("until", monday)), (longer, {})):
        assert desk.due(item, "resubmit") == due
        desk.press(dele, item, "ask_pause", moment("2026-03-20T15:30Z"), **WHY, **asked)
    for item, at in ((by_hand, "17:00"), (by_itself, "17:00"), (longer, "16:00")):
        desk.press(priya, item, "approve_pause", moment(f"2026-03-20T{at}Z"), clock="resubmit")
    # On Friday the page says since when it stands still, who agreed, and when it goes on.
    said = desk.reads(dele, by_itself, moment("2026-03-20T18:00Z"))
    assert "Paused" in said and "It goes on by itself Mon 23 March, 9am." in said
    assert "“The ward is closed over the weekend”" in said
    desk.press(priya, by_hand, "resume_clock", monday, clock="resubmit", reason="They are back")
    assert resume_due(session, now=monday) == 1
    assert (desk.due(by_hand, "resubmit"), desk.due(by_itself, "resubmit")) == (due, due)
    assert "No working time in it, so it adds nothing" in desk.reads(dele, by_hand, monday)
    # An hour of Friday and an hour of Monday are two working hours, which make a 5pm deadline 11am the next day.
    desk.press(priya, longer, "resume_clock", moment("2026-03-23T10:00Z"), clock="resubmit", reason="They are back")
    assert desk.due(longer, "resubmit") == moment("2026-03-27T11:00Z")
