"""Try a date: page and API give what the command gives, by the hub's own rules and calendar, and refuse in words."""

import html
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from hub.cli.clock import clock as command
from hub.engine.rulebook import LocalClosure, PolicyVersion
from tests.complaints.at_the_desk import boxes, plain
from tests.factories import make_membership, make_provider
from workflows.policy import DEFAULT
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
PAUSED = datetime(2026, 4, 3)
START = {"start-day": "2", "start-month": "4", "start-year": "2026", "start-time": "4:30pm"}


@pytest.fixture(autouse=True)
def somebody_of_a_unit(session: Session, client: FlaskClient, sign_in: SignIn) -> None:
    """Anyone signed in may try: here a unit manager, who sees no item at all."""
    sign_in(client, make_membership(session, Role.UNIT_MANAGER, make_provider(session)))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"rule": "5 working days", "from": "2026-04-02T16:30"}, ("5 working days", "--from", "2026-04-02T16:30")),
        (
            {"rule": "referral.review", "priority": "emergency", "from": "2026-03-28T23:30"},
            ("referral.review", "--priority", "emergency", "--from", "2026-03-28T23:30"),
        ),
        (
            {
                "rule": "5 working days",
                "from": "2026-04-13T10:00",
                "pause": ["2026-04-14T12:00/2026-04-16T12:00", "2026-04-17T09:00/2026-04-17T10:00"],
                "closure": ["2026-04-20"],
                "urgency": "standard",
            },
            (
                *("5 working days", "--from", "2026-04-13T10:00", "--closure", "2026-04-20", "--urgency", "standard"),
                *("--pause", "2026-04-14T12:00/2026-04-16T12:00", "--pause", "2026-04-17T09:00/2026-04-17T10:00"),
            ),
        ),
    ],
)
def test_the_api_answers_as_the_command_does(client: FlaskClient, asked: Any, words: tuple[str, ...]) -> None:
    answer = client.get("/api/clock", query_string=asked)
    printed = CliRunner().invoke(command, [*words, "--json"])
    assert (answer.status_code, answer.json) == (200, json.loads(printed.output))


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "Name a rule: a policy key such as referral.review"),
    ({"rule": "5 working days"}, "Say when it starts"),
    ({"rule": "soon", "from": "2026-04-02T16:30"}, "“soon” is not a length of time."),
    ({"rule": "referral.revue", "from": "2026-04-02T16:30"}, "did you mean referral.review?"),
    ({"rule": "referral.review", "from": "2026-04-02T16:30"}, "“referral.review” needs the priority"),
    ({"rule": "referral.review", "priority": "asap", "from": "2026-04-02T16:30"}, "“asap” is not a priority"),
    ({"rule": "1 hour", "from": "2026-03-29T01:30"}, "1:30am on Sunday 29 March 2026 did not exist"),
    ({"rule": "1 hour", "from": "2026-10-25T01:30"}, "Add +01:00 for the first"),
    ({"rule": "1 hour", "from": "2026-04-02T16:30", "pause": "Easter"}, "“Easter” is not a pause"),
    ({"rule": "1 hour", "from": "2026-04-02T16:30", "closure": "Easter"}, "“Easter” is not a date"),
    ({"rule": "1 hour", "from": "2026-04-02T16:30", "closure": ["2026-04-02"] * 51}, "At most 50 can be tried"),
    (
        {"rule": "1 working day", "from": "2026-04-02T16:30", "pause": "2026-04-02T17:00/9999-12-31T00:00"},
        "A pause lasts more than 20 years",
    ),
    ({"rule": "99999 months", "from": "2026-04-02T16:30"}, "a date too far away to work out"),
    ({"rule": "900 months", "from": "2026-04-02T16:30"}, "more than 20 years ahead"),
]


def test_the_api_refuses_in_words(client: FlaskClient) -> None:
    for asked, said in REFUSED:
        answer = client.get("/api/clock", query_string=asked)
        words = answer.get_json()["error"]
        assert answer.status_code == 400 and said in words and words[-1] in ".?", (asked, words)


def test_the_hubs_own_rules_and_closures_count(session: Session, client: FlaskClient) -> None:
    week = DEFAULT.with_value("referral.resubmit", "7 working days")
    since = datetime(2026, 1, 1, tzinfo=UTC)
    session.add(PolicyVersion(name="Ours", number=2, in_force_from=since, content=week.to_json()))
    session.add(LocalClosure(on_date=date(2026, 4, 8), title="Training day"))
    session.flush()
    asked = {"rule": "referral.resubmit", "from": "2026-04-02T10:00"}
    assert client.get("/api/clock", query_string=asked).get_json()["due_at"] == "2026-04-16T17:00:00+01:00"
    page = plain(client.get("/try-a-date", query_string={"rule": "referral.resubmit", **START}).text)
    assert "Due Thursday 16 April 2026, 5pm" in page
    assert "Wednesday 8 April 2026: Training day" in page and "7 working days, only working days count" in page
    assert (
        "Friday 10 April 2026, 4:20pm A warning: 50% of the time" not in page
    )  # a warning has its own line and moment
    assert page.count("of the time that counts is used") == 2


def test_the_page_begins_with_now_and_says_what_is_wrong_beside_its_field(client: FlaskClient) -> None:
    with time_machine.travel(datetime(2026, 4, 2, 8, 5, tzinfo=UTC), tick=False):
        first = client.get("/try-a-date").text
    assert 'value="9:05am"' in first and 'value="referral.review"' in first and "The deadline" not in first
    for asked, at, said in (
        ({}, "rule", "Choose a rule, or write a length."),
        (
            {"rule": "referral.review", "words": "2 hours"},
            "words",
            "Choose a rule or write a length of time, not both.",
        ),
        ({"words": "soon"}, "words", "is not a length of time"),
        ({"words": "900 months"}, "words", "more than 20 years ahead"),
        ({"rule": "referral.review", "priority": ""}, "priority", "needs the priority"),
        (
            {"words": "2 hours", "start-time": "", "start-day": "", "start-month": "", "start-year": ""},
            "start-day",
            "Enter when it starts",
        ),
        ({"words": "2 hours", "start-time": "25:00"}, "start-time", "must have a time, for example 3:30pm"),
        ({"words": "2 hours", **boxes("start", datetime(2026, 3, 29, 1, 30))}, "start-time", "did not exist"),
        ({"words": "2 hours", **boxes("pause_2_from", PAUSED)}, "pause_2_to-day", "its start and its end"),
        ({"words": "2 hours", **boxes("pause_2_to", PAUSED)}, "pause_2_from-day", "its start and its end"),
        (
            {"words": "2 hours", **boxes("pause_1_from", PAUSED), **boxes("pause_1_to", datetime(2026, 4, 1))},
            "pause_1_to-day",
            "A pause cannot end before it starts",
        ),
    ):
        answer = client.get("/try-a-date", query_string={**START, **asked})
        page = html.unescape(answer.text)
        assert answer.status_code == 422 and f'href="#{at}"' in page and said in page, (asked, said)
        assert "No deadline was worked out" in page
        is_folded_open = '<details class="hub-worked" open>' in page
        assert is_folded_open is any(name.startswith("pause") for name in asked), asked


def test_pauses_and_closures_on_the_page(client: FlaskClient) -> None:
    asked = {
        "words": "5 working days",
        **boxes("start", datetime(2026, 4, 13, 10)),
        **boxes("pause_1_from", datetime(2026, 4, 14, 12)),
        **boxes("pause_1_to", datetime(2026, 4, 16, 12)),
        "closure_2-day": "20",
        "closure_2-month": "4",
        "closure_2-year": "2026",
    }
    page = client.get("/try-a-date", query_string=asked).text
    assert "Due Thursday 23 April 2026, 5pm" in plain(page)
    assert '<details class="hub-worked" open>\n<summary>Pauses' in page, "what was typed there stays in sight"
    address = html.unescape(page.split('href="/api/clock?')[1].split('"')[0])
    assert client.get(f"/api/clock?{address}").get_json()["due_at"] == "2026-04-23T17:00:00+01:00"
