"""A world of any size: the same from the same seed, true to the engine's rules, and never beside real people's data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership, UserAccount
from hub.accounts.passwords import verify_password
from hub.app import create_app
from hub.cli import main
from hub.config import Settings, settings
from hub.db import make_engine, make_sessions, transaction
from hub.demo.people import HUB, PASSWORD
from hub.demo.scale import make_scale, midnight
from hub.demo.scale_copy import text_line
from hub.demo.scale_rows import nhs_number
from hub.demo.world import DemoRefused
from hub.engine.audit import verify
from hub.engine.models import FAR, Clock, ItemParty, Transition, WorkItem
from hub.engine.perform import perform
from hub.engine.rulebook import rulebook
from hub.engine.stored_clocks import deadline_of
from hub.organisations.models import Organisation
from hub.patients.models import Patient
from hub.referrals.models import Referral
from hub.referrals.services import new_referral
from tests.factories import actor_of, make_organisation, referral_values, signed_in_cookie
from workflows import form1
from workflows.referral import REFERRAL
from workflows.roles import Role

pytestmark = pytest.mark.property

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
ITEMS = 2_000
Make = Callable[[str], str]


@pytest.fixture(scope="module")
def world(make_database: Make) -> Iterator[Engine]:
    """A database with a world of 2,000 referrals, loaded with every trigger firing; changed by the last test alone."""
    engine = make_engine(make_database("scale"), pool_size=3)
    make_scale(engine, items=ITEMS, now=NOW, processes=1, is_quiet=False)
    yield engine
    engine.dispose()


@pytest.fixture
def made(world: Engine) -> Iterator[Session]:
    """A session on it."""
    with Session(world, expire_on_commit=False) as session:
        yield session


def heads(engine: Engine) -> list[tuple[str, str]]:
    with Session(engine) as session:
        query = select(WorkItem.reference, WorkItem.head_hash).order_by(WorkItem.id)
        return [(row.reference, row.head_hash) for row in session.execute(query)]


def test_the_same_seed_makes_the_same_heads_and_another_does_not(world: Engine, make_database: Make) -> None:
    quiet = make_engine(make_database("scale_quiet"), pool_size=2)
    make_scale(quiet, items=ITEMS, now=NOW, processes=1)
    other = make_engine(make_database("scale_other"), pool_size=2)
    make_scale(other, items=40, now=NOW, seed=7, processes=1)
    assert heads(quiet) == heads(world)
    assert heads(other)[:40] != heads(world)[:40]
    for engine in (quiet, other):
        engine.dispose()


@pytest.mark.slow
def test_two_processes_make_what_one_makes(make_database: Make) -> None:
    found = []
    for processes in (1, 2):
        engine = make_engine(make_database(f"scale_{processes}"), pool_size=2)
        make_scale(engine, items=4_100, now=NOW, processes=processes)
        found.append(heads(engine))
        engine.dispose()
    assert len(found[0]) == 4_100
    assert found[0] == found[1]


def test_no_history_looks_altered(made: Session) -> None:
    read = verify(made)
    assert (read.items, read.findings) == (ITEMS, ())
    assert 3.5 < read.rows / ITEMS < 4.2


def test_most_is_closed_and_a_few_refer_most(made: Session) -> None:
    assert made.scalar(select(func.count()).where(WorkItem.is_open)) == ITEMS * 8 // 100
    by_place = made.execute(
        select(Referral.referring_organisation, func.count())
        .group_by(Referral.referring_organisation)
        .order_by(func.count().desc())
    ).all()
    assert len(by_place) == 40
    assert by_place[0][1] > ITEMS / 6
    assert made.scalar(select(func.count()).where(UserAccount.email.endswith("@scale.test"))) == 300
    clocks = made.scalar(select(func.count()).select_from(Clock)) or 0
    assert 1.9 < clocks / ITEMS < 2.1


def test_items_clocks_and_party_rows_agree(made: Session) -> None:
    running = select(Clock.item_id, func.min(Clock.due_at)).where(Clock.is_running).group_by(Clock.item_id)
    soonest = {row.item_id: row[1] for row in made.execute(running)}
    for item in made.scalars(select(WorkItem)):
        assert item.next_due_at == soonest.get(item.id, FAR)
        assert item.is_open is REFERRAL.is_open(item.state) is (item.closed_at is None)
        assert item.version == item.history_length
    copies = select(func.count()).select_from(ItemParty).join(WorkItem, WorkItem.id == ItemParty.item_id)
    differ = (ItemParty.next_due_at != WorkItem.next_due_at) | (ItemParty.is_open != WorkItem.is_open)
    assert made.scalar(copies.where(differ)) == 0
    assert not made.scalar(select(func.count()).where(Clock.is_running, Clock.rang_at.is_(None), Clock.due_at <= NOW))


def test_every_deadline_is_what_its_rule_says(made: Session) -> None:
    calendar = rulebook(made).calendar(None, NOW)
    clocks = list(made.scalars(select(Clock).where(Clock.id % 5 == 0)))
    assert {clock.name for clock in clocks} == {"review", "acknowledge", "resubmit"}
    for clock in clocks:
        if not clock.pauses:
            assert deadline_of(clock, calendar).due_at == clock.due_at
        assert clock.is_running is (clock.stopped_at is None and clock.paused_at is None)


def test_every_form_is_complete_and_every_person_invented(made: Session) -> None:
    for referral in made.scalars(select(Referral)):
        assert not form1.missing(referral, referral.priority), referral.reference
    numbers = made.scalars(select(Patient.nhs_number)).all()
    assert len(numbers) == ITEMS * 7 // 8
    assert all(number is None or number.startswith("999") for number in numbers)
    assert numbers.count(None) < len(numbers) / 4


def test_history_is_in_order_of_time(made: Session) -> None:
    rows = made.execute(select(Transition.item_id, Transition.at).order_by(Transition.item_id, Transition.position))
    last = (0, NOW)
    for item, at in rows:
        assert at <= NOW
        assert item != last[0] or at >= last[1]
        last = (item, at)


def test_the_pages_show_it(world: Engine, test_settings: Settings) -> None:
    app = create_app(test_settings, session_factory=make_sessions(world))
    with Session(world) as session, transaction(session):
        hub = session.scalars(select(Organisation.id).where(Organisation.ods_code == HUB)).one()
        people = [
            session.scalars(query.order_by(Membership.id.desc()).limit(1)).one()
            for query in (
                select(Membership).where(Membership.organisation_id == hub, Membership.role == Role.CASE_MANAGER),
                select(Membership).join(Organisation).where(Organisation.ods_code == "ZS000"),
            )
        ]
        assert verify_password(session.get_one(UserAccount, people[0].user_id).password_hash, PASSWORD)
        items = {
            state: session.scalars(select(Referral.reference).where(Referral.state == state).limit(1)).one()
            for state in ("submitted", "in_review", "returned", "accepted", "declined", "redirected", "withdrawn")
        }
        clients: list[FlaskClient] = []
        for person in people:
            clients.append(app.test_client())
            signed_in_cookie(session, clients[-1], person)
    for client in clients:
        assert "25 shown" in client.get("/worklist").get_data(as_text=True)
    for reference in items.values():
        assert clients[0].get(f"/referrals/{reference}").status_code == 200


def test_a_scale_world_is_made_once_and_never_beside_real_data(world: Engine, committed: Engine) -> None:
    with pytest.raises(DemoRefused, match="already"):
        make_scale(world, items=10, now=NOW, processes=1)
    with Session(committed) as session, transaction(session):
        make_organisation(session, "RX1", name="A real trust")
    with pytest.raises(DemoRefused, match="more than invented data"):
        make_scale(committed, items=10, now=NOW, processes=1)
    with Session(committed) as session:
        assert session.scalar(select(func.count()).select_from(WorkItem)) == 0


def test_a_real_person_is_enough_to_refuse(committed: Engine) -> None:
    with Session(committed) as session, transaction(session):
        session.add(Patient(nhs_number="4010232137", family_name="Real", name_sound="RL", created_at=NOW))
    with pytest.raises(DemoRefused):
        make_scale(committed, items=10, now=NOW, processes=1)


@pytest.mark.parametrize(("items", "share"), [(0, 8), (1_000_001, 8), (10, 101)])
def test_a_size_that_cannot_be_is_an_error(committed: Engine, items: int, share: int) -> None:
    with pytest.raises(ValueError, match="from 1 to"):
        make_scale(committed, items=items, now=NOW, open_percent=share)


def test_the_command_makes_one_and_says_no_in_production(committed: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", committed.url.render_as_string(hide_password=False))
    settings.cache_clear()
    try:
        done = CliRunner().invoke(main, ["demo", "scale", "--items", "30", "--open", "100", "--until", "2026-11-20"])
        assert done.exit_code == 0, done.output
        assert "30 referrals" in done.output
        again = CliRunner().invoke(main, ["demo", "scale", "--items", "30"])
        assert (again.exit_code, "already" in again.output) == (1, True)
        for name, value in (("PRODUCTION", "1"), ("SECRET_KEY", "k"), ("HOSTS", '["hub.example"]')):
            monkeypatch.setenv(f"HUB_{name}", value)
        settings.cache_clear()
        refused = CliRunner().invoke(main, ["demo", "scale", "--items", "30"])
        assert (refused.exit_code, "production" in refused.output) == (1, True)
    finally:
        settings.cache_clear()
    with Session(committed) as session:
        assert session.scalar(select(func.count()).where(WorkItem.is_open)) == 30


def test_rows_survive_the_copy_format() -> None:
    values: list[object] = [None, True, False, 7, "a\tb\\n\nc\r", {"k": "back\\slash"}, [], {}, date(2026, 1, 2), NOW]
    line = text_line(values)
    assert line == (
        "\\N\tt\tf\t7\ta\\tb\\\\n\\nc\\r\t"
        + '{"k": "back\\\\\\\\slash"}\t[]\t{}\t2026-01-02\t2026-11-20T09:00:00+00:00\n'
    )
    assert (nhs_number(999_100_001), nhs_number(999_000_000)) == ("9991000011", None)
    assert midnight(NOW + timedelta(hours=20)) == datetime(2026, 11, 21, tzinfo=UTC)


def test_work_goes_on_in_it(world: Engine) -> None:
    with Session(world) as session, transaction(session):
        people = select(Membership).where(Membership.role == Role.CASE_MANAGER).order_by(Membership.id.desc()).limit(1)
        manager = actor_of(session.scalars(people).one())
        item = session.scalars(select(Referral).where(Referral.state == "submitted").limit(1)).one()
        perform(session, item, "start_review", manager, now=NOW)
        at = select(Membership).join(Organisation).where(Organisation.ods_code == "ZS001").limit(1)
        values = referral_values(referring_organisation="ZS001")
        added = new_referral(session, actor_of(session.scalars(at).one()), now=NOW, values=values)
        assert added.id > ITEMS
        perform(session, added, "submit", actor_of(session.scalars(at).one()), now=NOW, values={"declaration": True})
        assert added.case_id is not None
    with Session(world) as session:
        assert verify(session).findings == ()
