"""Old complaint: created out of hours. It should have counted from the next working day."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.complaints.at_the_desk import Desk, SignIn, moment
from tests.factories import make_membership, make_referral
from workflows.roles import Role


@pytest.mark.parametrize(
    ("returned_at", "day_nought", "due"),
    [
        ("2026-03-20T16:59Z", "", "2026-03-27T17:00Z"),  # a Friday, a minute before the hub closes
        ("2026-03-20T17:00Z", "Monday 23 March 2026", "2026-03-30T16:00Z"),
        ("2026-03-21T02:00Z", "Monday 23 March 2026", "2026-03-30T16:00Z"),
        ("2026-04-02T18:00Z", "Tuesday 7 April 2026", "2026-04-14T16:00Z"),  # the evening before Good Friday
    ],
)
def test_created_out_of_hours(
    session: Session, client: FlaskClient, sign_in: SignIn, returned_at: str, day_nought: str, due: str
) -> None:
    desk, dele = Desk(session, client, sign_in), make_membership(session, Role.COORDINATOR)
    at = moment(returned_at)
    item = make_referral(session, "in_review", now=at)
    desk.press(dele, item, "return_incomplete", at, what_is_missing="The care plan")
    assert desk.due(item, "resubmit") == moment(due)
    said = desk.reads(dele, item, at)
    assert (f"Outside working time, so day 0 is {day_nought}." in said) is bool(day_nought)
