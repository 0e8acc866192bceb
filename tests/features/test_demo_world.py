"""The demo world: every role and every state, made through the import and the engine, the same each time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.accounts.on_call import gaps, on_call_now
from hub.accounts.passwords import problems_with_password, verify_password
from hub.accounts.queries import held_roles
from hub.cases.models import CareCase, LegalStatus
from hub.cli import main
from hub.config import settings
from hub.db import make_engine, transaction
from hub.demo.people import PASSWORD, PEOPLE
from hub.demo.world import DemoRefused, make_world, sign_ins
from hub.engine.audit import verify
from hub.engine.available import available_actions
from hub.engine.models import Clock, OutboxMessage, Transition
from hub.organisations.models import Collaborative, Organisation
from hub.organisations.queries import active_collaborative
from hub.referrals.models import Referral
from tests.factories import actor_of, make_hub
from workflows.durations import local
from workflows.referral import State
from workflows.roles import PERSON_ROLES

NOW = datetime(2026, 11, 24, 10, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(make_database: object) -> Iterator[Session]:
    """A session on a database that holds the world as of NOW; its tests only read."""
    assert callable(make_database)
    engine = make_engine(make_database("demo"), pool_size=1)
    with Session(engine, expire_on_commit=False) as session:
        with transaction(session):
            assert make_world(session, now=NOW)
        yield session
    engine.dispose()


def open_clocks(session: Session) -> list[Clock]:
    return list(session.scalars(select(Clock).where(Clock.stopped_at.is_(None), Clock.is_running)))


def test_every_state_has_a_referral(made: Session) -> None:
    assert set(made.scalars(select(Referral.state))) == {str(state) for state in State}


def test_every_role_has_a_person_who_can_sign_in(made: Session) -> None:
    assert {role.role for role in held_roles(made, local(NOW).date(), demo_only=True)} == set(PERSON_ROLES)
    accounts = {account.email: account for account in made.scalars(select(UserAccount))}
    assert [email for email, _, _ in sign_ins()] == [person.email for person in PEOPLE]
    assert set(accounts) == {person.email for person in PEOPLE}
    assert all(email.endswith(".nhs.test") for email in accounts)
    assert verify_password(accounts["dele.okafor@zd002.nhs.test"].password_hash, PASSWORD)
    assert not any(problems_with_password(PASSWORD, email=person.email, name=person.name) for person in PEOPLE)


def test_somebody_is_on_call_now_and_the_week_ahead_has_one_gap(made: Session) -> None:
    assert on_call_now(made, NOW) is not None
    assert len(gaps(made, NOW)) == 1


def test_three_collaboratives_and_only_invented_organisations(made: Session) -> None:
    assert all(active_collaborative(made, line) for line in ("cyp", "secure", "aed"))
    assert made.scalar(select(func.count()).select_from(Collaborative)) == 3
    assert set(made.scalars(select(Organisation.is_demo))) == {True}
    assert all(number.startswith("999") for number in made.scalars(select(Referral.nhs_number)) if number)


def test_some_are_late_some_due_today_and_some_later(made: Session) -> None:
    due = [clock.due_at for clock in open_clocks(made)]
    tonight = datetime(2026, 11, 25, tzinfo=UTC)
    late, today = [at for at in due if at <= NOW], [at for at in due if NOW < at <= tonight]
    assert len(late) >= 3 and len(today) >= 3 and len(due) > len(late) + len(today)
    assert made.scalar(select(func.count()).where(Clock.paused_at.is_not(None), Clock.stopped_at.is_(None)))


def test_the_past_year_was_mostly_answered_in_time(made: Session) -> None:
    outcomes = dict(
        made.execute(select(Clock.outcome, func.count()).where(Clock.name == "review").group_by(Clock.outcome)).all()
    )
    assert outcomes["met"] > 3 * outcomes["met_late"] > 0
    old = select(Referral).where(Referral.received_at < NOW - timedelta(days=30), Referral.is_open)
    assert not made.scalars(old).all()


def test_nothing_happened_in_the_future_or_before_it_was_received(made: Session) -> None:
    assert made.scalar(select(func.max(Transition.at))) <= NOW  # type: ignore[operator]  # there are rows
    for referral in made.scalars(select(Referral)):
        times = [row.at for row in referral.history]
        assert times == sorted(times)


def test_history_is_sound_and_every_row_names_who_did_it(made: Session) -> None:
    assert not verify(made).findings
    nobody = made.scalars(select(Transition).where(Transition.actor_id.is_(None))).all()
    assert {row.action for row in nobody} == {"start", "submit"} and {row.acting_role for row in nobody} == {"system"}


def test_met_deadlines_never_rang_and_no_message_waits(made: Session) -> None:
    assert not made.scalar(select(func.count()).where(Clock.stopped_at < Clock.rang_at))
    assert not made.scalar(select(func.count()).where(OutboxMessage.sent_at.is_(None)))
    assert all(clock.rang_at is not None for clock in open_clocks(made) if clock.due_at <= NOW)


def test_the_referrals_worth_showing_are_there(made: Session) -> None:
    drafts = made.scalars(select(Referral).where(Referral.is_draft)).all()
    assert len(drafts) == 3
    restricted = select(Referral).where(
        Referral.sharing_restricted.is_(True), Referral.is_open, Referral.source_reference.is_(None)
    )
    assert made.scalars(restricted).all()
    soon = select(LegalStatus).where(LegalStatus.expires_at > NOW, LegalStatus.ended_on.is_(None))
    assert made.scalars(soon).all()
    people = {referral.title: referral for referral in made.scalars(select(Referral).where(Referral.is_open))}
    manager = next(
        actor_of(membership)
        for account in made.scalars(select(UserAccount).where(UserAccount.name == "Karen Stott"))
        for membership in account.memberships
    )
    accept = next(
        offer for offer in available_actions(people["Holloway, Keira"], manager) if offer.action.name == "accept"
    )
    assert accept.is_mine and not accept.is_allowed and "C(E)TR" in " ".join(accept.missing)
    assert people["Marrick, Callum"].others_open
    assert people["Hartwin, Isobel"].priority == "emergency"
    assert not made.scalars(select(CareCase).where(CareCase.closed_at.is_not(None))).all()


def test_a_second_time_it_is_found_and_left_alone(made: Session) -> None:
    before = made.scalar(select(func.max(Transition.id)))
    assert not make_world(made, now=NOW + timedelta(days=3))
    made.rollback()
    assert made.scalar(select(func.max(Transition.id))) == before


def test_the_same_moment_makes_the_same_world(made: Session, session: Session) -> None:
    assert make_world(session, now=NOW)
    story = (
        "SELECT string_agg(w.title || t.action || t.to_state || t.at || coalesce(t.reason, ''), '|' ORDER BY t.at, "
        "w.title, t.action) FROM transition t JOIN work_item w ON w.id = t.item_id"
    )
    assert session.execute(text(story)).scalar_one() == made.execute(text(story)).scalar_one()


@pytest.mark.parametrize("day", [date(2026, 12, 25), date(2027, 3, 28), date(2027, 10, 31), date(2028, 2, 29)])
def test_it_can_be_made_on_any_day(session: Session, day: date) -> None:
    now = datetime(day.year, day.month, day.day, 1, 30, tzinfo=UTC)
    assert make_world(session, now=now)
    assert set(session.scalars(select(Referral.state))) == {str(state) for state in State}
    due = [clock.due_at for clock in open_clocks(session)]
    assert any(at <= now for at in due) and any(now < at <= now + timedelta(hours=24) for at in due)


def test_it_is_not_mixed_with_anything_else(session: Session) -> None:
    make_hub(session)
    with pytest.raises(DemoRefused, match="in use already"):
        make_world(session, now=NOW)


def test_the_command_makes_it_and_prints_who_can_sign_in(
    committed: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
    monkeypatch.setenv("HUB_DATA_DIR", str(tmp_path))
    settings.cache_clear()
    run = CliRunner()
    first = run.invoke(main, ["demo", "--no-serve"])
    assert first.exit_code == 0, first.output
    assert first.output.splitlines()[0] == "The demo hub is ready."
    assert f"Everybody's password: {PASSWORD}" in first.output
    assert all(person.email in first.output for person in PEOPLE)
    assert run.invoke(main, ["demo", "--no-serve"]).output.startswith("The demo hub was there already.")
    settings.cache_clear()


def test_the_command_refuses_a_database_in_use(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    with Session(committed) as session, transaction(session):
        make_hub(session)
    monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
    settings.cache_clear()
    refused = CliRunner().invoke(main, ["demo", "--no-serve"])
    settings.cache_clear()
    assert refused.exit_code == 1 and "in use already" in refused.output


def test_the_command_refuses_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("PRODUCTION", "yes"),
        ("SECRET_KEY", "k"),
        ("DATABASE_URL", "postgresql://x"),
        ("HOSTS", '["a"]'),
    ):
        monkeypatch.setenv(f"HUB_{name}", value)
    settings.cache_clear()
    refused = CliRunner().invoke(main, ["demo", "--no-serve"])
    settings.cache_clear()
    assert refused.exit_code == 1 and "production" in refused.output
