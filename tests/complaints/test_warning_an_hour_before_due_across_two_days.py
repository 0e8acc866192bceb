"""Old complaint: a warning an hour before due, across two days. It should have come at the right working hour."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub.engine.rulebook import PolicyVersion
from hub.engine.sweep import warn_due
from hub.messages.delivery import deliver_due
from hub.messages.models import Message
from tests.complaints.at_the_desk import Desk, SignIn, moment
from tests.factories import make_membership, make_referral
from workflows.policy import DEFAULT
from workflows.roles import Role

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("returned_at", "due", "half_used", "last_hour"),
    [
        # Due on Wednesday at 9:30: the last working hour begins on Tuesday at 4:30pm, and not at half past eight.
        ("2026-03-17T12:30Z", "2026-03-18T09:30Z", "2026-03-17T15:00Z", "2026-03-17T16:30Z"),
        # Due on Wednesday at 11am: it begins that morning at ten, and not four hours after the return.
        ("2026-03-17T14:00Z", "2026-03-18T11:00Z", "2026-03-17T16:30Z", "2026-03-18T10:00Z"),
    ],
)
def test_warning_an_hour_before_due_across_two_days(
    session: Session,
    client: FlaskClient,
    sign_in: SignIn,
    tmp_path: Path,
    returned_at: str,
    due: str,
    half_used: str,
    last_hour: str,
) -> None:
    # Given five working hours to answer, and a return on Tuesday
    short = DEFAULT.with_value("referral.resubmit", "5 working hours")
    session.execute(update(PolicyVersion).values(content=short.to_json()))
    desk, dele = Desk(session, client, sign_in), make_membership(session, Role.COORDINATOR)
    item = make_referral(session, "in_review", now=moment("2026-03-17T12:00Z"))
    desk.press(dele, item, "return_incomplete", moment(returned_at), what_is_missing="The care plan")
    assert desk.due(item, "resubmit") == moment(due)

    def near(at: datetime) -> int:
        """How many warnings of it stand in the inbox once the worker has been by."""
        warn_due(session, now=at)
        deliver_due(session, now=at, folder=tmp_path)
        found = session.scalars(select(Message.words).where(Message.user_id == dele.user_id))
        return sum(1 for words in found if words.startswith("Deadline near: send again"))

    # Then each warning comes in the minute in which so much working time is used, and none by the wall clock
    assert near(moment(half_used) - MINUTE) == 0
    assert near(moment(half_used)) == near(moment(last_hour) - MINUTE) == 1
    assert near(moment(last_hour)) == 2
    assert near(moment(due) - MINUTE) == 2, "and not once more an hour before by the wall clock"
