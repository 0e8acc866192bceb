"""The plans of the worklist's statements: no big table is read whole, for the hub or an organisation of any size."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.app import create_app
from hub.config import Settings
from hub.db import make_engine, make_sessions, transaction
from hub.demo.scale import make_scale
from hub.organisations.models import Organisation
from hub.web.paging import Cursor
from hub.worklist import queries
from hub.worklist.filters import Filters
from hub.worklist.presenters import tabs_for
from tests.factories import actor_of, make_membership, make_organisation, signed_in_cookie
from tests.statements import counted
from workflows.actor import Actor
from workflows.roles import Role

pytestmark = pytest.mark.property

ITEMS = 20_000
BIG = {"work_item", "item_party", "clock", "referral", "care_case", "patient", "transition", "access_log"}
NOW = datetime.now(UTC)
SCALED_AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROWS = (
    """INSERT INTO patient (id, family_name, name_sound, date_of_birth, created_at)
    SELECT n, 'Name' || n, 'NM', '2010-01-01', now() FROM generate_series(1, :items) n""",
    """INSERT INTO care_case (id, reference, patient_id, service_line, opened_at, is_sealed)
    SELECT n, 'CAS-2020-' || n, n, 'cyp', now(), n % 200 = 0 FROM generate_series(1, :items) n""",
    """INSERT INTO work_item (id, kind, reference, state, version, is_open, is_draft, case_id, owner_id, priority,
        title, opened_at, next_due_at, history_length, head_hash, service_line)
    SELECT n, 'referral', 'REF-2020-' || n, CASE WHEN n % 100 < 8 THEN 'in_review' ELSE 'accepted' END, 1, n % 100 < 8,
        false, n, CASE WHEN n % 3 = 0 THEN NULL ELSE CAST(:owner AS int) END,
        (ARRAY['emergency', 'urgent', 'routine'])[1 + (n / 100) % 3], '', now(),
        now() + ((n * 7919) % 20000 - 3000) * interval '1 minute', 1, 'x', 'cyp'
    FROM generate_series(1, :items) n""",
    "INSERT INTO referral (id, where_now) SELECT id, 'Ward 12' FROM work_item",
    """INSERT INTO item_party (item_id, organisation_id, capacities, from_at, is_open, kind, next_due_at, why)
    SELECT id, CASE WHEN id / 100 % 50 = 1 THEN CAST(:small AS int) ELSE CAST(:big AS int) END, '["referrer"]', now(),
        is_open, kind, next_due_at, '' FROM work_item""",
    """INSERT INTO item_party (item_id, organisation_id, capacities, from_at, is_open, kind, next_due_at, why)
    SELECT id, CAST(:hub AS int), '["requester"]', now(), is_open, kind, next_due_at, ''
    FROM work_item WHERE id / 100 % 5 = 1""",
    """INSERT INTO clock (item_id, name, rule, duration, started_at, due_at, is_running, pauses, changes, stopped_at)
    SELECT id, 'review', 'referral.review', '7 calendar days', opened_at, next_due_at, is_open, '[]', '[]',
        CASE WHEN is_open THEN NULL ELSE now() END FROM work_item""",
    """INSERT INTO transition (item_id, position, action, to_state, values, audience, at, prev_hash, hash)
    SELECT id, 1, 'start', state, '{}', 'all', opened_at, '', 'x' FROM work_item""",
)


@pytest.fixture(scope="module")
def many(make_database: Callable[[str], str]) -> Iterator[tuple[Engine, dict[str, Actor]]]:
    """A database with 20,000 items, and who looks at it."""
    yield from twenty_thousand(make_database)


def twenty_thousand(
    make_database: Callable[[str], str], items: int = ITEMS
) -> Iterator[tuple[Engine, dict[str, Actor]]]:
    """A database with 20,000 items, and who looks at it; gone when the iterator is."""
    engine = make_engine(make_database("plans"), pool_size=2)
    with Session(engine) as session, transaction(session):
        hub = make_membership(session, Role.CASE_MANAGER)
        finance = actor_of(make_membership(session, Role.FINANCE_LEAD))
        big, small = (
            make_membership(session, Role.REFERRER, make_organisation(session, code)) for code in ("ZBIG", "ZSMALL")
        )
        actors = {name: actor_of(member) for name, member in {"hub": hub, "big": big, "small": small}.items()}
        actors["on call"] = replace(finance, is_on_call=True)
        values = {
            "items": items,
            "owner": hub.user_id,
            "hub": hub.organisation_id,
            "big": big.organisation_id,
            "small": small.organisation_id,
        }
        for statement in ROWS:
            wanted = {name: value for name, value in values.items() if f":{name}" in statement}
            session.execute(text(statement), wanted)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    yield engine, actors
    engine.dispose()


def plans(session: Session, read: Callable[[], Any]) -> list[str]:
    """The plan of every statement `read` sends."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        sent.append((statement, parameters))

    engine = session.get_bind().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        read()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    raw: Any = session.connection().connection.driver_connection
    return ["\n".join(row[0] for row in raw.execute(f"EXPLAIN {statement}", values)) for statement, values in sent]


WHO = ("hub", "big", "small", "on call")
FILTERS = (
    Filters(),
    Filters(kind=("referral",), due=("late", "today")),
    Filters(due=("late", "later"), priority=("emergency",), where=("us", "paused")),
    Filters(owner="me"),
    Filters(owner="nobody"),
    Filters(organisation=2),
)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_no_big_table_is_read_as_a_whole(many: tuple[Engine, dict[str, Actor]], who: str, filters: Filters) -> None:
    engine, actors = many
    look_at_the_plans(engine, actors, who, filters, now=NOW)


def look_at_the_plans(engine: Engine, actors: dict[str, Actor], who: str, filters: Filters, *, now: datetime) -> None:
    """Three statements, and no big table read whole by any of them."""
    actor = actors[who]
    if filters.organisation is not None:
        filters = replace(filters, organisation=actors["small"].organisation_id)
    middle = Cursor(now, ITEMS // 2)
    lists = {**tabs_for(actor), "this": filters}
    with Session(engine) as session:
        found = [
            *plans(session, lambda: queries.read_page(session, actor, filters, now, None)),
            *plans(session, lambda: queries.read_page(session, actor, filters, now, middle)),
            *plans(session, lambda: queries.read_counts(session, actor, filters, lists, now)),
        ]
        assert len(found) == 3
        for plan in found:
            whole = set(re.findall(r"Seq Scan on (\w+)", plan)) & BIG
            assert not whole, f"{whole} read as a whole:\n{plan}"


def test_the_big_organisation_has_more_than_is_counted(many: tuple[Engine, dict[str, Actor]]) -> None:
    engine, actors = many
    with Session(engine) as session:
        for who, is_many in (("hub", True), ("big", True), ("small", False)):
            counts = queries.read_counts(session, actors[who], Filters(), tabs_for(actors[who]), NOW)
            assert (counts.lists["All open"] > queries.MOST_COUNTED) is is_many
            assert (counts.beside is None) is is_many
            # Of 1,600 open items none is with others; a list that was looked through to its end says so.
            assert not counts.at_least


def test_a_count_that_stops_looking_says_at_least(
    many: tuple[Engine, dict[str, Actor]], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, actors = many
    monkeypatch.setattr(queries, "MOST_LOOKED_AT", 200)
    lists = {"others": Filters(where=("others",)), "urgent": Filters(priority=("urgent",)), "all": Filters()}
    with Session(engine) as session:
        counts = queries.read_counts(session, actors["big"], Filters(), lists, NOW)
        assert counts.at_least == {"others", "urgent"}
        assert counts.lists["others"] == 0 and 0 < counts.lists["urgent"] <= 200
        assert not queries.read_counts(session, actors["small"], Filters(), lists, NOW).at_least
        assert not queries.read_counts(session, actors["hub"], Filters(), lists, NOW).at_least


@pytest.fixture(scope="module")
def scaled(make_database: Callable[[str], str]) -> Iterator[tuple[Engine, dict[str, Actor]]]:
    """A world of 100,000 referrals as real ones would lie, and who looks at it."""
    engine = make_engine(make_database("scaled"), pool_size=2)
    make_scale(engine, items=100_000, now=SCALED_AT)
    with Session(engine) as session:
        at = select(Membership).join(Organisation, Organisation.id == Membership.organisation_id)
        members = {
            "hub": at.where(Membership.role == Role.CASE_MANAGER),
            "big": at.where(Organisation.ods_code == "ZS000"),
            "small": at.where(Organisation.ods_code == "ZS039"),
            "on call": at.where(Membership.role == Role.FINANCE_LEAD),
        }
        found = {name: session.scalars(query.order_by(Membership.id).limit(1)).one() for name, query in members.items()}
        actors = {name: actor_of(member, is_on_call=name == "on call") for name, member in found.items()}
    yield engine, actors
    engine.dispose()


@pytest.mark.slow
def test_nor_at_a_hundred_thousand(scaled: tuple[Engine, dict[str, Actor]]) -> None:
    engine, actors = scaled
    for who in WHO:
        for filters in FILTERS:
            look_at_the_plans(engine, actors, who, filters, now=SCALED_AT)


@pytest.mark.slow
def test_a_page_of_a_hundred_thousand_takes_six_statements(
    scaled: tuple[Engine, dict[str, Actor]], test_settings: Settings
) -> None:
    engine, actors = scaled
    app = create_app(test_settings, session_factory=make_sessions(engine))
    for who in ("hub", "big", "small"):
        client = app.test_client()
        with Session(engine) as session, transaction(session):
            signed_in_cookie(session, client, session.get_one(Membership, actors[who].membership_id))
        assert client.get("/worklist").status_code == 200
        with counted(engine) as sent:
            page = client.get("/worklist").get_data(as_text=True)
        assert "25 shown" in page
        assert len(sent) <= 6, sent
