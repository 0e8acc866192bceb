"""The on-call page: when it is sent and to whom, once however many workers there are; and what it shows to whom."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, OnCallShift
from hub.accounts.on_call import add_shift
from hub.accounts.on_call_pages import PAGES, next_weekend, tell_on_call, weekend_at
from hub.cases.models import CareCase
from hub.cases.services import record_legal_status
from hub.db import make_sessions, transaction
from hub.engine.life import JobOccasion, take_occasions
from hub.engine.models import AccessLog, OutboxMessage
from hub.engine.perform import perform
from hub.engine.rulebook import BankHoliday
from hub.messages.delivery import deliver_due
from hub.messages.models import Message
from hub.policies.holidays import bundled_calendar
from hub.policies.horizon import HOLIDAYS_SHORT, tell_of_short_holidays
from hub.weekend.presenters import read_weekend
from tests.factories import actor_of, make_membership, make_referral
from tests.placement_factory import make_ward
from tests.policies import put_in_force
from tests.stay_factory import answers, stay_on
from workflows.policy import DEFAULT
from workflows.roles import Role

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


FRIDAY, SATURDAY, MONDAY = at("2026-03-20T16:00+00:00"), at("2026-03-21T09:00+00:00"), at("2026-03-23T09:00+00:00")


@pytest.mark.parametrize(
    ("changes", "now", "sent_on", "opens_at"),
    [
        ({}, "2026-03-20T15:59:59+00:00", None, ""),
        ({}, "2026-03-20T16:00+00:00", "2026-03-20", "2026-03-23T09:00+00:00"),
        ({}, "2026-03-23T08:59:59+00:00", "2026-03-20", "2026-03-23T09:00+00:00"),
        ({}, "2026-03-23T09:00+00:00", None, ""),
        # Good Friday: sent on Thursday, for four days, in winter and then in summer time.
        ({}, "2026-04-02T15:59+01:00", None, ""),
        ({}, "2026-04-02T16:00+01:00", "2026-04-02", "2026-04-07T09:00+01:00"),
        ({}, "2026-04-06T23:00+01:00", "2026-04-02", "2026-04-07T09:00+01:00"),
        ({}, "2026-03-29T12:00+01:00", "2026-03-27", "2026-03-30T09:00+01:00"),
        # Christmas on a Friday, and Monday the substitute for Boxing Day.
        ({}, "2026-12-27T12:00+00:00", "2026-12-24", "2026-12-29T09:00+00:00"),
        ({"oncall.page_day": "Wednesday"}, "2026-03-18T20:00+00:00", "2026-03-18", "2026-03-19T09:00+00:00"),
        ({"oncall.page_day": "sunday"}, "2026-03-20T16:00+00:00", "2026-03-20", "2026-03-23T09:00+00:00"),
        ({"oncall.page_at": "18:30"}, "2026-03-20T18:00+00:00", None, ""),
        ({"oncall.page_at": "18:30"}, "2026-03-20T18:30+00:00", "2026-03-20", "2026-03-23T09:00+00:00"),
    ],
)
def test_when_it_is_due(changes: dict[str, Any], now: str, sent_on: str | None, opens_at: str) -> None:
    policy = DEFAULT
    for key, value in changes.items():
        policy = policy.with_value(key, value)
    found = weekend_at(policy, bundled_calendar(), at(now))
    assert (found.sent_on.isoformat() if found else None) == sent_on
    coming = next_weekend(policy, bundled_calendar(), at(now))
    assert coming == found if found else coming.sent_at > at(now)
    assert found is None or found.opens_at == at(opens_at)


def people(session: Session, *roles: Role) -> list[Membership]:
    return [make_membership(session, role) for role in roles]


def on_call(session: Session, who: Membership, start: datetime, end: datetime, deputy: Any = None) -> OnCallShift:
    stands_in = deputy.user if deputy is not None else None
    return add_shift(session, user=who.user, from_at=start, until_at=end, deputy=stands_in)


def sent(session: Session) -> list[dict[str, Any]]:
    rows = session.scalars(select(OutboxMessage.payload).where(OutboxMessage.topic == PAGES).order_by(OutboxMessage.id))
    return list(rows)


def test_everybody_on_call_is_told_once_and_whoever_comes_later_then(session: Session, tmp_path: Any) -> None:
    one, deputy, two, three, early = people(session, *[Role.CASE_MANAGER] * 5)
    on_call(session, early, FRIDAY - 7 * HOUR, FRIDAY + HOUR)
    on_call(session, one, FRIDAY + HOUR, SATURDAY, deputy)
    on_call(session, two, SATURDAY, MONDAY)
    on_call(session, three, MONDAY, MONDAY + DAY)
    assert tell_on_call(session, now=FRIDAY - HOUR / 60) == 0
    assert [tell_on_call(session, now=FRIDAY + number * HOUR) for number in range(3)] == [3, 0, 0]
    wanted = sorted([one.user_id, deputy.user_id, two.user_id])
    assert sent(session) == [{"user_ids": wanted, "until": "Monday 23 March 2026, 9am"}]
    deliver_due(session, now=FRIDAY + HOUR, folder=tmp_path)
    told = session.execute(select(Message.user_id, Message.words).where(Message.topic == PAGES)).all()
    assert {user_id for user_id, _ in told} == set(wanted)
    assert {words for _, words in told} == {"You are on call: what to watch until Monday 23 March 2026, 9am"}
    session.execute(delete(OnCallShift).where(OnCallShift.user_id == two.user_id))
    on_call(session, three, SATURDAY, MONDAY)
    assert [tell_on_call(session, now=SATURDAY + number * HOUR) for number in range(2)] == [1, 0]
    assert sent(session)[1]["user_ids"] == [three.user_id]
    assert tell_on_call(session, now=MONDAY) == 0
    assert tell_on_call(session, now=FRIDAY + 7 * DAY) == 0, "nobody is on call, and nobody is told"


def test_a_worker_that_was_away_on_friday_sends_it_when_it_is_back(session: Session) -> None:
    [one, over] = people(session, Role.CASE_MANAGER, Role.CASE_MANAGER)
    on_call(session, over, FRIDAY, SATURDAY)
    on_call(session, one, SATURDAY, MONDAY)
    assert tell_on_call(session, now=MONDAY - HOUR) == 1
    assert sent(session)[0]["user_ids"] == [one.user_id], "whose shift is over needs it no more"


def test_bank_holidays_that_end_too_soon_are_told_once_a_month(session: Session, tmp_path: Any) -> None:
    [sam] = people(session, Role.ADMINISTRATOR)
    assert tell_of_short_holidays(session, now=at("2027-12-30T10:00+00:00")) == 0, "known until the end of 2028"
    moments = ["2028-01-01T00:10+00:00", "2028-01-04T10:00+00:00", "2028-01-31T23:59+00:00", "2028-02-01T00:00+00:00"]
    assert [tell_of_short_holidays(session, now=at(moment)) for moment in moments] == [1, 0, 0, 1]
    [first, second] = session.scalars(select(OutboxMessage).where(OutboxMessage.topic == HOLIDAYS_SHORT)).all()
    assert first.next_try_at == at("2028-01-04T09:00+00:00"), "New Year is kept on Monday: told on Tuesday"
    assert second.next_try_at == at("2028-02-01T09:00+00:00")
    deliver_due(session, now=at("2028-02-01T10:00+00:00"), folder=tmp_path)
    told = session.execute(select(Message.user_id, Message.words).where(Message.topic == HOLIDAYS_SHORT)).all()
    words = "Bank holidays are known only until Sunday 31 December 2028: add the next year"
    assert [tuple(row) for row in told] == [(sam.user_id, words)] * 2
    session.add(BankHoliday(on_date=date(2029, 1, 1), title="New Year"))
    session.flush()
    assert tell_of_short_holidays(session, now=at("2028-03-01T10:00+00:00")) == 0
    put_in_force(session, "clocks.holidays_known", "36 months")
    assert tell_of_short_holidays(session, now=at("2028-03-02T10:00+00:00")) == 1


def test_many_workers_and_kills_make_one(committed: Engine) -> None:
    """Eight at a time, each killed before its commit now and then: what was done is done once, and nothing is lost."""
    sessions = make_sessions(committed)
    with sessions() as session, transaction(session):
        members = people(session, *[Role.CASE_MANAGER] * 6, Role.ADMINISTRATOR)
        for number, member in enumerate(members[:6]):
            on_call(session, member, FRIDAY + (1 + 10 * number) * HOUR, FRIDAY + (11 + 10 * number) * HOUR)
        wanted = sorted(member.user_id for member in members[:6])

    class Killed(Exception):
        """Kill -9 before the commit."""

    def work(number: int) -> None:
        try:
            with sessions() as session, transaction(session):
                tell_on_call(session, now=FRIDAY + HOUR)
                tell_of_short_holidays(session, now=at("2028-05-02T10:00+01:00"))
                if number % 3:
                    raise Killed
        except Killed:
            pass

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [1, 2, 1, 2, 4, 5, 7, 8, *range(16)]))
    with sessions() as session:
        told = [user_id for payload in sent(session) for user_id in payload["user_ids"]]
        assert sorted(told) == wanted
        assert session.scalar(select(func.count()).where(OutboxMessage.topic == HOLIDAYS_SHORT)) == 1
        assert session.scalar(select(func.count()).select_from(JobOccasion)) == 7
        assert take_occasions(session, "nothing", [], FRIDAY) == []


class TestPage:
    """What it shows, to whom."""

    @pytest.fixture
    def friday(self, session: Session) -> Any:
        """A weekend with a gap, an emergency, a legal status and a leave that end in it, and others that do not."""
        one, deputy = people(session, Role.QUALITY_LEAD, Role.CASE_MANAGER)
        on_call(session, one, FRIDAY + HOUR, SATURDAY, deputy)
        on_call(session, deputy, SATURDAY + HOUR, MONDAY)
        emergency = make_referral(session, priority="emergency", now=FRIDAY - 2 * HOUR)
        make_referral(session, priority="urgent", now=FRIDAY - 2 * HOUR)
        ward = make_ward(session)
        stay = stay_on(session, ward, now=FRIDAY - 10 * DAY)
        treating = answers("start_leave", FRIDAY - HOUR)
        perform(session, stay, "start_leave", ward.manager, now=FRIDAY, values=treating)
        case = session.get_one(CareCase, stay.case_id)
        record_legal_status(
            session, case, code="02", from_on=date(2026, 3, 1), expires_at=SATURDAY, by_id=None, now=FRIDAY
        )
        return one, deputy, emergency, stay, case

    def page(self, session: Session, client: FlaskClient, sign_in: Any, member: Membership, now: datetime) -> str:
        with time_machine.travel(now, tick=False):
            sign_in(client, member)
            answer = client.get("/weekend")
        assert answer.status_code == 200
        return answer.text

    def test_by_role_and_shift(
        self, session: Session, client: FlaskClient, sign_in: Callable[[FlaskClient, Any], None], friday: Any
    ) -> None:
        one, deputy, emergency, stay, case = friday
        whole = self.page(session, client, sign_in, deputy, FRIDAY + 2 * HOUR)
        assert "Nobody is on call from Saturday 21 March 2026, 9am until Saturday 21 March 2026, 10am" in whole
        assert emergency.reference in whole and case.reference in whole and stay.reference in whole
        assert "Legal status that ends" in whole and "None that you may see" not in whole
        early = self.page(session, client, sign_in, one, FRIDAY)
        assert "Your shift begins" in early and emergency.reference not in early and case.reference not in early
        now_on_call = self.page(session, client, sign_in, one, FRIDAY + 2 * HOUR)
        assert "Your shift begins" not in now_on_call and emergency.reference in now_on_call
        [admin, finance] = people(session, Role.ADMINISTRATOR, Role.FINANCE_LEAD)
        for other in (admin, finance):
            said = self.page(session, client, sign_in, other, FRIDAY + 2 * HOUR)
            assert case.reference not in said and stay.reference not in said and emergency.reference not in said
            assert one.user.name in said
            with time_machine.travel(FRIDAY + 2 * HOUR, tick=False):
                # Finance reads what an admission costs, and so where it stands.
                opened = client.get(f"/cases/{case.reference}").status_code
                assert opened == (200 if other is finance else 404)
        rows = session.scalars(
            select(AccessLog.detail).where(AccessLog.path == "/weekend").order_by(AccessLog.id)
        ).all()
        assert [row["query"] for row in rows] == ["on-call page"] * 5 and rows[0]["count"] > rows[1]["count"] == 0

    def test_a_sealed_case_is_not_on_it(self, app: Flask, session: Session, friday: Any) -> None:
        _, deputy, _, stay, case = friday
        actor = actor_of(deputy)
        with app.test_request_context():
            before = read_weekend(session, actor, FRIDAY)
        assert [line.case for line in (*before.law, *before.leave)] == [case.reference] * 2
        assert before.leave[0].reference == stay.reference
        case.is_sealed = True
        session.flush()
        with app.test_request_context():
            after = read_weekend(session, actor, FRIDAY)
        assert (after.law, after.leave) == ([], [])

    def test_a_long_list_says_that_it_goes_on(
        self, session: Session, friday: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("hub.weekend.queries.MOST", 0)
        monkeypatch.setattr("hub.weekend.presenters.MOST", 0)
        page = read_weekend(session, actor_of(friday[1]), FRIDAY)
        assert page.cut_words == "Only the first 0 rows are shown of: emergencies, legal status and leave."
        assert page.count == 0
