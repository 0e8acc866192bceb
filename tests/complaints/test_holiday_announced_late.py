"""Old complaint: holiday announced late. Open clocks should have moved, ended ones not, and each owner be told once."""

from collections import Counter
from pathlib import Path

import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from hub.accounts.models import Membership
from hub.engine.perform import perform
from hub.messages.models import Message
from hub.worker.jobs import Round, deliver, recount
from tests.complaints.at_the_desk import Desk, SignIn, moment, plain
from tests.factories import NOW, make_actor, make_membership, make_referral
from workflows.roles import Role


def test_holiday_announced_late(session: Session, client: FlaskClient, sign_in: SignIn, tmp_path: Path) -> None:
    desk = Desk(session, client, sign_in)
    head, owner = make_membership(session, Role.HEAD_OF_COMMISSIONING), make_membership(session, Role.CASE_MANAGER)
    make_membership(session, Role.CASE_MANAGER)  # who owns none of it
    mine = [make_referral(session, "returned", now=NOW) for _ in range(3)]
    nobodys, ended = make_referral(session, "returned", now=NOW), make_referral(session, "returned", now=NOW)
    arranger = make_actor(session, Role.COORDINATOR)
    for item in mine:
        perform(session, item, "assign", arranger, now=NOW, values={"owner_id": owner.user_id})
    perform(session, ended, "withdraw", make_actor(session, Role.CASE_MANAGER), now=NOW, reason="They moved away")
    was = moment("2026-03-23T17:00Z")
    assert [desk.due(item, "resubmit") for item in (*mine, nobodys, ended)] == [was] * 5
    session.commit()

    # Thursday is announced on Wednesday, when all of this has begun.
    announced = moment("2026-03-18T12:00Z")
    answers = {"kind": "bank_holiday", "on_date-day": "19", "on_date-month": "3", "on_date-year": "2026"}
    answers |= {"title": "Day of national mourning", "why": "Announced this morning"}
    with time_machine.travel(announced, tick=False):
        sign_in(client, head)
        seen = client.post("/days/add", data=answers)
        assert "it may move " in plain(seen.text) and "Nothing is changed yet" in plain(seen.text)
        done = client.post("/days/add", data={**answers, "previewed": "bank_holiday 2026-03-19"})
        assert done.status_code == 303, plain(done.text)
        with Session(session.connection(), join_transaction_mode="create_savepoint") as worker:
            work = Round(worker, sessionmaker(worker.get_bind()), tmp_path, clock=lambda: announced)
            assert recount(work) > 0
            deliver(work)

        assert [desk.due(item, "resubmit") for item in (*mine, nobodys)] == [moment("2026-03-24T17:00Z")] * 4
        assert desk.due(ended, "resubmit") == was
        told = session.scalars(select(Message).where(Message.topic == "calendar.recounted")).all()
        # One for all three of the owner's, and of what nobody owns those who take it in; not the head, who did it.
        take_in = session.scalars(select(Membership.user_id).where(Membership.role == Role.COORDINATOR)).all()
        assert Counter(row.user_id for row in told) == Counter([owner.user_id, *take_in])
        assert {row.words for row in told} == {
            "Deadlines you look after have moved: a bank holiday on Thursday 19 March 2026 was added"
        }
        sign_in(client, owner)
        page = plain(client.get(told[0].page or "").text)
        assert "Added: bank holiday on Thursday 19 March 2026, Day of national mourning" in page
        assert "Monday 23 March 2026, 5pm" in page and "Tuesday 24 March 2026, 5pm" in page
        assert f"{len(told)} people have a message" in page
    assert "Day of national mourning" in desk.reads(owner, mine[0], announced), "the deadline explains itself"
