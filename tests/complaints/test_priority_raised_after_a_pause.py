"""Old complaint: the priority was raised after a pause. The earlier deadline holds, and the pause is kept."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.complaints.at_the_desk import Desk, SignIn, moment
from tests.factories import make_membership, make_referral
from workflows.roles import Role


@pytest.mark.parametrize(
    ("raised_at", "due"),
    [
        ("2026-03-20T12:00Z", "2026-03-22T12:00Z"),  # 48 hours from the raise come first
        ("2026-03-24T12:00Z", "2026-03-25T23:59:59Z"),  # the old deadline comes first, with its two days of pause
    ],
)
def test_priority_raised_after_a_pause(
    session: Session, client: FlaskClient, sign_in: SignIn, raised_at: str, due: str
) -> None:
    desk = Desk(session, client, sign_in)
    dele, priya = make_membership(session, Role.COORDINATOR), make_membership(session, Role.CASE_MANAGER)
    item = make_referral(session, now=moment("2026-03-16T10:00Z"))
    desk.press(dele, item, "ask_pause", moment("2026-03-17T11:00Z"), clock="review", reason="The family asked for time")
    desk.press(priya, item, "approve_pause", moment("2026-03-17T12:00Z"), clock="review")
    desk.press(dele, item, "resume_clock", moment("2026-03-19T12:00Z"), clock="review", reason="They rang")
    assert desk.due(item, "review") == moment("2026-03-25T23:59:59Z")
    desk.press(priya, item, "change_priority", moment(raised_at), priority="urgent", reason="Not eating since Friday")
    assert desk.due(item, "review") == moment(due)
    said = desk.reads(dele, item, moment(raised_at))
    assert "Tuesday 17 March 2026, midday to Thursday 19 March 2026, midday: 2 days" in said, "the pause is kept"
    assert "Priority changed from routine to urgent" in said
    # It stands in the history with the old deadline, and no further pause can be asked for.
    assert "Was: Deadline: Wednesday 25 March 2026" in said
    with pytest.raises(AssertionError, match="At this priority the clock cannot be paused"):
        desk.press(dele, item, "ask_pause", moment(raised_at), clock="review", reason="Once more")
