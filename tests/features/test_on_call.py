"""The on-call rota: who is on call now, overlaps refused, gaps found."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.accounts.models import OnCallShift, UserAccount
from hub.accounts.on_call import Gap, add_shift, gaps_between, on_call_now, shifts
from hub.accounts.services import AccountRefused, disable_account
from tests.features.people import People
from workflows.roles import Role

FRIDAY = datetime(2026, 3, 27, 17, 0, tzinfo=UTC)
MONDAY = datetime(2026, 3, 30, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def people(session: Session) -> People:
    return People(session)


@pytest.fixture
def ruth(people: People) -> UserAccount:
    return people.someone().user


def test_a_shift_runs_from_its_first_moment_until_just_before_its_last(
    session: Session, people: People, ruth: UserAccount
) -> None:
    tom = people.someone(name="Tom Brierley").user
    add_shift(session, user=ruth, from_at=FRIDAY, until_at=MONDAY, deputy=tom)
    assert on_call_now(session, FRIDAY - timedelta(seconds=1)) is None
    shift = on_call_now(session, FRIDAY)
    assert shift is not None and shift.user is ruth and shift.deputy is tom
    assert on_call_now(session, MONDAY) is None


def test_shifts_may_meet_but_not_overlap(session: Session, people: People, ruth: UserAccount) -> None:
    tom = people.someone(name="Tom Brierley").user
    add_shift(session, user=ruth, from_at=FRIDAY, until_at=MONDAY)
    add_shift(session, user=tom, from_at=MONDAY, until_at=MONDAY + HOUR)
    for start, end in ((FRIDAY - HOUR, FRIDAY + HOUR), (FRIDAY + HOUR, MONDAY - HOUR), (FRIDAY - HOUR, MONDAY + HOUR)):
        with pytest.raises(AccountRefused, match="Ruth Calloway is on call already from Friday 27 March 2026, 5pm"):
            add_shift(session, user=tom, from_at=start, until_at=end)


def test_a_shift_that_cannot_be_is_refused_with_every_reason(
    session: Session, people: People, ruth: UserAccount
) -> None:
    outside = people.someone(Role.UNIT_MANAGER, "XTH", "Bea Longmire").user
    with pytest.raises(AccountRefused) as no:
        add_shift(session, user=ruth, from_at=MONDAY, until_at=FRIDAY, deputy=outside)
    assert no.value.reasons == (
        "The shift ends before it starts",
        "Bea Longmire does not belong to the hub for the whole shift",
    )
    with pytest.raises(AccountRefused, match="another person"):
        add_shift(session, user=ruth, from_at=FRIDAY, until_at=MONDAY, deputy=ruth)
    with pytest.raises(AccountRefused, match="seven days"):
        add_shift(session, user=ruth, from_at=FRIDAY, until_at=FRIDAY + timedelta(days=8))
    disable_account(session, ruth, FRIDAY)
    with pytest.raises(AccountRefused, match="does not belong"):
        add_shift(session, user=ruth, from_at=FRIDAY, until_at=MONDAY)
    with pytest.raises(ValueError, match="time zone"):
        add_shift(session, user=ruth, from_at=FRIDAY.replace(tzinfo=None), until_at=MONDAY)


def test_somebody_who_leaves_during_the_shift_is_not_put_on_it(session: Session, people: People) -> None:
    member = people.member(people.account(), until_on=FRIDAY.date())
    with pytest.raises(AccountRefused, match="for the whole shift"):
        add_shift(session, user=member.user, from_at=FRIDAY, until_at=MONDAY)


def test_gaps_between_two_moments(session: Session, people: People, ruth: UserAccount) -> None:
    week = FRIDAY + timedelta(days=7)

    def gaps() -> list[Gap]:
        # What begins after the end does not count, however far the list goes.
        return gaps_between(shifts(session, FRIDAY, week + 2 * HOUR), FRIDAY, week)

    assert gaps() == [(FRIDAY, week)]
    add_shift(session, user=ruth, from_at=FRIDAY - HOUR, until_at=FRIDAY + HOUR)
    add_shift(session, user=ruth, from_at=FRIDAY + 3 * HOUR, until_at=MONDAY)
    assert gaps() == [(FRIDAY + HOUR, FRIDAY + 3 * HOUR), (MONDAY, week)]
    add_shift(session, user=ruth, from_at=FRIDAY + HOUR, until_at=FRIDAY + 3 * HOUR)
    add_shift(session, user=ruth, from_at=MONDAY, until_at=week + HOUR)
    assert gaps() == []
    assert [shift.from_at for shift in shifts(session, FRIDAY, week)] == sorted(
        shift.from_at for shift in shifts(session, FRIDAY, week)
    )


def test_two_added_at_once_do_not_both_find_the_time_free(committed: Engine) -> None:
    with Session(committed) as session:
        ruth_id = People(session).someone().user_id
        session.commit()

    def add(_number: int) -> bool:
        with Session(committed) as session:
            try:
                add_shift(session, user=session.get_one(UserAccount, ruth_id), from_at=FRIDAY, until_at=MONDAY)
                session.commit()
            except AccountRefused:
                return False
            return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(add, range(8))) == 1
    with Session(committed) as session:
        assert len(session.query(OnCallShift).all()) == 1
