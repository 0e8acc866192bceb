"""The on-call rota page: who is on call, gaps with their hours, and who may change it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner, Result
from flask import render_template
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, OnCallShift
from hub.accounts.on_call import add_shift, gaps_ahead, on_call_now
from hub.accounts.services import AccountRefused
from hub.cli import main
from hub.config import settings
from hub.db import transaction
from hub.engine.models import AccessLog
from tests.factories import make_membership, make_person
from tests.statements import counted
from workflows.roles import PERSON_ROLES, Role

NOW = datetime(2026, 3, 25, 10, 0, tzinfo=UTC)
"""A Wednesday; the clocks go forward on Sunday 29 March 2026."""
HOUR = timedelta(hours=1)
KEEPERS = {Role.COORDINATOR, Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR, Role.ADMINISTRATOR}
SignIn = Callable[[FlaskClient, Any], None]


@pytest.fixture(autouse=True)
def wednesday() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ruth(session: Session) -> Membership:
    return make_membership(session, Role.CASE_MANAGER, user=make_person(session, "Ruth Calloway"))


@pytest.fixture
def keeper(session: Session, client: FlaskClient, sign_in: SignIn) -> Membership:
    """A coordinator, signed in."""
    made = make_membership(session, Role.COORDINATOR, user=make_person(session, "Dele Okafor"))
    sign_in(client, made)
    return made


def shift(who: object, start: str = "27 3 2026 5pm", end: str = "28 3 2026 9am", deputy: object = "") -> dict[str, str]:
    """The boxes of the form."""
    typed = {"person": str(who), "deputy": str(deputy)}
    for name, text in (("from_at", start), ("until_at", end)):
        for box, value in zip(("day", "month", "year", "time"), text.split(" ", 3), strict=True):
            typed[f"{name}-{box}"] = value
    return typed


def rota(session: Session) -> list[OnCallShift]:
    return list(session.scalars(select(OnCallShift).order_by(OnCallShift.from_at)))


def changes(session: Session) -> list[AccessLog]:
    return list(session.scalars(select(AccessLog).where(AccessLog.what == "rota_changed").order_by(AccessLog.id)))


def test_a_shift_is_added_shown_and_logged(
    session: Session, client: FlaskClient, keeper: Membership, ruth: Membership
) -> None:
    answer = client.post("/rota/add", data=shift(ruth.user_id, deputy=keeper.user_id), follow_redirects=True)
    assert "Ruth Calloway is on call from Friday 27 March 2026, 5pm until Saturday 28 March 2026, 9am." in answer.text
    assert "Deputy: Dele Okafor" in answer.text
    (made,) = rota(session)
    assert (made.from_at, made.until_at) == (
        datetime(2026, 3, 27, 17, tzinfo=UTC),
        datetime(2026, 3, 28, 9, tzinfo=UTC),
    )
    (logged,) = changes(session)
    assert logged.user_id == keeper.user_id
    assert logged.detail["change"] == "added" and logged.detail["person_id"] == ruth.user_id


def test_gaps_are_told_with_their_hours_and_can_be_filled(
    session: Session, client: FlaskClient, keeper: Membership, ruth: Membership
) -> None:
    add_shift(session, user=ruth.user, from_at=NOW - HOUR, until_at=NOW + HOUR)
    page = client.get("/rota").text
    assert "Nobody is on call for part of the coming days" in page
    assert "From Wednesday 25 March 2026, 11am until Thursday 2 April 2026, midnight (7 days 12 h)" in page
    assert "<dt>On call now</dt><dd>Ruth Calloway</dd>" in page and "<dd>Wednesday 25 March 2026, 11am</dd>" in page
    add_shift(session, user=ruth.user, from_at=NOW + 5 * HOUR, until_at=NOW + 6 * HOUR)
    page = client.get("/rota").text
    assert "Nobody is on call at 2 times in the coming days" in page
    assert "until Wednesday 25 March 2026, 3pm (4 h)" in page
    filled = client.get("/rota/add?from=2026-03-25T11:00:00%2B00:00&until=2026-03-25T15:00:00%2B00:00").text
    assert 'value="11am"' in filled and 'value="3pm"' in filled


def test_no_gap_no_warning(session: Session, client: FlaskClient, keeper: Membership, ruth: Membership) -> None:
    add_shift(session, user=ruth.user, from_at=NOW, until_at=NOW + timedelta(days=7))
    add_shift(session, user=ruth.user, from_at=NOW + timedelta(days=7), until_at=NOW + timedelta(days=8))
    page = client.get("/rota").text
    assert "Nobody is on call" not in page
    assert "without a break until Thursday 2 April 2026, 11am" in page
    assert gaps_ahead(session, NOW) == []


def test_how_far_ahead_a_gap_is_looked_for_comes_from_policy(
    session: Session, ruth: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workflows.durations import parse_duration
    from workflows.policy import PolicySet

    monkeypatch.setattr(PolicySet, "duration", lambda _self, key: parse_duration("48 hours"))
    ((start, end),) = gaps_ahead(session, NOW)
    assert (start, end) == (NOW, NOW + 48 * HOUR)


def test_the_notice_for_other_pages(app: Any, session: Session, ruth: Membership) -> None:
    with app.test_request_context("/"):
        said = render_template("accounts/_rota_gap.html", rota_gaps=gaps_ahead(session, NOW))
        assert "From Wednesday 25 March 2026, 10am until Thursday 2 April 2026, midnight" in said
        assert 'href="/rota"' in said
        assert render_template("accounts/_rota_gap.html", rota_gaps=[]).strip() == ""


def test_a_night_of_the_clock_change_has_its_real_length(
    session: Session, client: FlaskClient, keeper: Membership, ruth: Membership
) -> None:
    client.post("/rota/add", data=shift(ruth.user_id, "28 3 2026 8pm", "29 3 2026 8am"))
    (made,) = rota(session)
    assert made.until_at - made.from_at == 11 * HOUR
    page = client.get("/rota").text
    assert ">11 h</span>" in page and "Sun 29 March, 8am" in page


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        ("29 3 2026 1:30am", "29 3 2026 8am", "did not exist"),
        ("24 10 2026 8pm", "25 10 2026 1:30am", "happened twice"),
        ("28 3 2026 9am", "27 3 2026 5pm", "The shift ends before it starts"),
        ("24 3 2026 9am", "24 3 2026 5pm", "The shift is over already"),
        ("27 3 2026 9am", "27 4 2026 9am", "seven days at most"),
        ("27 3 2026 17", "28 3 2026 9am", "must have a time"),
    ],
)
def test_times_that_cannot_be_are_refused_and_kept_in_the_form(
    session: Session, client: FlaskClient, keeper: Membership, ruth: Membership, start: str, end: str, words: str
) -> None:
    answer = client.post("/rota/add", data=shift(ruth.user_id, start, end))
    assert answer.status_code == 422 and words in answer.text
    assert f'value="{ruth.user_id}" selected' in answer.text
    assert rota(session) == [] and changes(session) == []


def test_which_of_two_hours_can_be_said(
    session: Session, client: FlaskClient, keeper: Membership, ruth: Membership
) -> None:
    client.post("/rota/add", data=shift(ruth.user_id, "24 10 2026 8pm", "25 10 2026 1:30am gmt"))
    (made,) = rota(session)
    assert made.until_at - made.from_at == timedelta(hours=6, minutes=30)
    assert "1:30am (Greenwich Mean Time)" in client.get(f"/rota/{made.id}/end").text


def test_two_people_are_not_on_call_at_once(
    session: Session, client: FlaskClient, keeper: Membership, ruth: Membership
) -> None:
    client.post("/rota/add", data=shift(ruth.user_id))
    answer = client.post("/rota/add", data=shift(keeper.user_id, "28 3 2026 8am", "28 3 2026 5pm"))
    assert answer.status_code == 422
    assert "Ruth Calloway is on call already from Friday 27 March 2026, 5pm" in answer.text
    assert len(rota(session)) == 1


def test_only_the_hubs_own_people_can_be_chosen(session: Session, client: FlaskClient, keeper: Membership) -> None:
    outside = make_membership(session, Role.UNIT_MANAGER, user=make_person(session, "Bea Longmire"))
    assert "Bea Longmire" not in client.get("/rota/add").text
    answer = client.post("/rota/add", data=shift(outside.user_id))
    assert answer.status_code == 422 and rota(session) == []


def test_a_shift_to_come_is_removed_and_one_that_runs_is_ended(
    session: Session, client: FlaskClient, keeper: Membership, ruth: Membership
) -> None:
    running = add_shift(session, user=ruth.user, from_at=NOW - HOUR, until_at=NOW + HOUR)
    coming = add_shift(session, user=ruth.user, from_at=NOW + HOUR, until_at=NOW + 2 * HOUR)
    assert "Remove this shift" in client.get(f"/rota/{coming.id}/end").text
    said = client.post(f"/rota/{coming.id}/end", follow_redirects=True).text
    assert "Ruth Calloway is off the rota for that shift." in said
    assert rota(session) == [running]
    assert "End this shift now" in client.get(f"/rota/{running.id}/end").text
    said = client.post(f"/rota/{running.id}/end", follow_redirects=True).text
    assert "Ruth Calloway is no longer on call." in said
    assert running.until_at == NOW and on_call_now(session, NOW) is None
    assert [row.detail["change"] for row in changes(session)] == ["removed", "ended"]
    assert client.post(f"/rota/{running.id}/end").status_code == 404
    assert client.get("/rota/nonsense/end").status_code == 404


def test_a_shift_that_somebody_else_just_removed_is_said_to_be_gone(
    session: Session, client: FlaskClient, keeper: Membership, ruth: Membership, monkeypatch: pytest.MonkeyPatch
) -> None:
    coming = add_shift(session, user=ruth.user, from_at=NOW + HOUR, until_at=NOW + 2 * HOUR)
    import hub.accounts.rota_views as views

    def too_late(*_given: Any) -> None:
        raise AccountRefused("This shift is over, or somebody has removed it already")

    monkeypatch.setattr(views, "end_shift", too_late)
    said = client.post(f"/rota/{coming.id}/end", follow_redirects=True).text
    assert "somebody has removed it already." in said and changes(session) == []


def test_powers_come_from_the_rota_and_go_with_it(
    session: Session, client: FlaskClient, sign_in: SignIn, ruth: Membership
) -> None:
    sign_in(client, ruth)
    assert "on call now" not in client.get("/rota").text
    shift_now = add_shift(session, user=ruth.user, from_at=NOW, until_at=NOW + HOUR)
    session.flush()
    assert "case manager, on call now" in client.get("/rota").text
    assert client.get("/rota/add").status_code == 404, "being on call is no right to change the rota"
    shift_now.until_at = NOW + timedelta(seconds=1)
    session.flush()
    with time_machine.travel(NOW + timedelta(seconds=1), tick=False):
        assert "case manager, on call now" not in client.get("/rota").text


@pytest.mark.parametrize("role", PERSON_ROLES)
def test_who_may_see_and_who_may_change(
    session: Session, client: FlaskClient, sign_in: SignIn, ruth: Membership, role: Role
) -> None:
    coming = add_shift(session, user=ruth.user, from_at=NOW + HOUR, until_at=NOW + 2 * HOUR)
    member = make_membership(session, role)
    sign_in(client, member)
    is_hub = member.organisation_id == ruth.organisation_id
    page = client.get("/rota")
    assert page.status_code == (200 if is_hub else 404)
    assert ("Add a shift" in page.text) == (role in KEEPERS)
    wanted = 200 if role in KEEPERS else 404
    assert client.get("/rota/add").status_code == wanted
    assert client.get(f"/rota/{coming.id}/end").status_code == wanted
    posted = client.post("/rota/add", data=shift(ruth.user_id))
    assert posted.status_code == (303 if role in KEEPERS else 404)
    assert client.post(f"/rota/{coming.id}/end").status_code == posted.status_code
    assert len(rota(session)) == 1
    assert (rota(session) == [coming]) == (role not in KEEPERS)


def test_the_page_needs_few_statements(
    engine: Engine, session: Session, client: FlaskClient, keeper: Membership, ruth: Membership
) -> None:
    for number in range(20):
        add_shift(session, user=ruth.user, from_at=NOW + number * HOUR, until_at=NOW + (number + 1) * HOUR)
    client.get("/rota")
    with counted(engine) as sent:
        client.get("/rota")
    assert len(sent) <= 4, sent


def test_the_command_adds_ends_lists_and_logs(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with Session(committed) as made, transaction(made):
        email = make_membership(made, Role.CASE_MANAGER).user.email

    monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
    settings.cache_clear()

    def run(*given: str) -> Result:
        return CliRunner().invoke(main, ["oncall", *given])

    added = run("add", email, "--from", "2026-03-27T17:00", "--until", "2026-03-28T09:00")
    assert added.exit_code == 0, added.output
    assert "on call from Friday 27 March 2026, 5pm" in added.output
    assert "Nobody is on call from Saturday 28 March 2026, 9am" in run("list").output
    past = run("add", email, "--from", "2026-03-20T17:00", "--until", "2026-03-21T09:00")
    assert past.exit_code == 1 and "over already" in past.output
    ended = run("end", email, "--at", "2026-03-27T20:00")
    assert ended.exit_code == 0, ended.output
    again = run("end", email, "--at", "2026-03-27T20:00")
    assert again.exit_code == 1 and "removed it already" in again.output
    settings.cache_clear()
    with Session(committed) as after:
        assert [row.path for row in changes(after)] == ["hub oncall add", "hub oncall end"]
        assert rota(after) == []


def test_an_administrator_keeps_the_rota_and_cannot_put_themselves_on_it(
    session: Session, client: FlaskClient, sign_in: SignIn, ruth: Membership
) -> None:
    sam = make_membership(session, Role.ADMINISTRATOR, user=make_person(session, "Sam Ridley"))
    sign_in(client, sam)
    for typed in (shift(sam.user_id), shift(ruth.user_id, deputy=sam.user_id)):
        refused = client.post("/rota/add", data=typed)
        assert refused.status_code == 422 and "You cannot put yourself on call" in refused.text
    assert rota(session) == []
    assert client.post("/rota/add", data=shift(ruth.user_id)).status_code == 303
