"""Guessing passwords is slowed down, by account and by address, whether or not the account exists."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from hub.accounts.models import AttemptOutcome, SignInAttempt
from hub.accounts.throttle import FREE_BY_ACCOUNT, FREE_BY_ADDRESS, LONGEST_WAIT, begin_attempt, wait_left
from tests.features.people import PASSWORD, People

NOW = datetime(2026, 3, 27, 12, 0, tzinfo=UTC)


@pytest.fixture
def people(session: Session) -> People:
    return People(session)


def post_sign_in(client: FlaskClient, email: str, password: str = PASSWORD) -> TestResponse:
    return client.post("/sign-in", data={"email": email, "password": password})


@pytest.mark.parametrize("email", ["ruth.calloway@hub.example", "nobody@hub.example"])
def test_guessing_is_slowed_down_whether_or_not_the_account_exists(
    client: FlaskClient, people: People, email: str
) -> None:
    people.someone()
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(FREE_BY_ACCOUNT):
            assert post_sign_in(client, email, "a guess").status_code == 422
        answer = post_sign_in(client, email)
        assert answer.status_code == 429 and int(answer.headers["Retry-After"]) <= 16
        assert "Wait 16 seconds" in answer.text
        clock.shift(timedelta(seconds=16))
        assert post_sign_in(client, email, "a guess").status_code == 422
        clock.shift(timedelta(seconds=16))
        assert post_sign_in(client, email).status_code == 429, "the wait doubles"


def test_a_success_forgets_earlier_failures(client: FlaskClient, people: People) -> None:
    people.someone()
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(2):
            for _ in range(FREE_BY_ACCOUNT - 1):
                assert post_sign_in(client, "ruth.calloway@hub.example", "a guess").status_code == 422
            assert post_sign_in(client, "ruth.calloway@hub.example").status_code == 303
            clock.shift(timedelta(seconds=1))


def test_one_address_cannot_try_many_accounts(session: Session) -> None:
    for number in range(FREE_BY_ADDRESS):
        assert not begin_attempt(session, f"person{number}@hub.example", "192.0.2.1", NOW).wait
    assert begin_attempt(session, "another@hub.example", "192.0.2.1", NOW).wait
    assert not begin_attempt(session, "another@hub.example", "192.0.2.2", NOW).wait


@pytest.mark.parametrize(("failures", "seconds"), [(0, 0), (4, 0), (5, 15), (6, 30), (7, 60), (11, 900), (5000, 900)])
def test_the_wait_doubles_up_to_a_quarter_of_an_hour(failures: int, seconds: int) -> None:
    assert wait_left(failures, NOW, NOW, free=5) == timedelta(seconds=seconds) <= LONGEST_WAIT
    assert wait_left(failures, NOW - LONGEST_WAIT, NOW, free=5) == timedelta(0)


def test_many_attempts_at_once_do_not_slip_under_the_limit(committed: Engine) -> None:
    def attempt(number: int) -> bool:
        with Session(committed) as session:
            wait = begin_attempt(session, "ruth@hub.example", f"192.0.2.{number}", NOW).wait
            session.commit()
            return not wait

    with ThreadPoolExecutor(12) as pool:
        assert sum(pool.map(attempt, range(24))) == FREE_BY_ACCOUNT
    with Session(committed) as session:
        count = select(func.count()).where(SignInAttempt.outcome == AttemptOutcome.THROTTLED)
        assert session.scalar(count) == 24 - FREE_BY_ACCOUNT
