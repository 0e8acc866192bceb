"""B: the server's time for a page of the worklist, through the whole application, at two sizes of the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from hub.accounts.models import Membership
from hub.accounts.sessions import start_session
from hub.app import create_app
from hub.config import Settings
from hub.db import make_sessions, transaction
from hub.engine.models import ItemParty, WorkItem
from hub.organisations.models import Organisation
from hub.web.paging import Cursor
from hub.worklist import queries
from hub.worklist.filters import Filters
from tests.factories import actor_of
from tests.performance.figures import Figure, at_most, in_turn
from tests.statements import counted
from workflows.roles import Role

MOST_STATEMENTS = 6
FILTERED = "kind=referral&due=late&due=today&due=week"


@dataclass(frozen=True)
class World:
    """The application on one data set, and who is signed in to it by name."""

    engine: Engine
    app: Flask
    tokens: dict[str, str]
    members: dict[str, Membership]

    def page(self, who: str, query: str = "") -> bytes:
        """The worklist of `who`, by a real WSGI call."""
        cookie = f"{self.app.config['HUB_SIGN_IN_COOKIE']}={self.tokens[who]}"
        environ = EnvironBuilder(
            path="/worklist", query_string=query, headers=Headers({"Cookie": cookie})
        ).get_environ()
        body, status, _ = run_wsgi_app(self.app.wsgi_app, environ, buffered=True)
        if not status.startswith("200"):
            raise ValueError(f"the worklist answered {status}")
        return b"".join(body)

    def reading(self, who: str, query: str) -> Callable[[int], object]:
        """`page`, to be called by the number of a round."""
        return lambda _round: self.page(who, query)

    def after(self, rows: int) -> str:
        """The query of the page that starts so many rows into the hub's list; empty when it is not that long."""
        with Session(self.engine) as session:
            query = select(WorkItem.next_due_at, WorkItem.id).where(WorkItem.is_open)
            row = session.execute(query.order_by(WorkItem.next_due_at, WorkItem.id).offset(rows).limit(1)).one_or_none()
        return f"after={Cursor(row.next_due_at, row.id)}" if row else ""

    def statement(self, who: str) -> Callable[[int], object]:
        """The one statement that reads the rows of the first page, by hand, and an empty template."""
        sent: list[tuple[str, Any]] = []

        def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
            sent.append((statement, parameters))

        with Session(self.engine) as session:
            actor = actor_of(session.merge(self.members[who], load=True))
            event.listen(self.engine, "before_cursor_execute", note)
            queries.read_page(session, actor, Filters(), datetime.now(UTC), None)
            event.remove(self.engine, "before_cursor_execute", note)
        (sql, values), raw = sent[-1], self.engine.raw_connection()
        nothing = self.app.jinja_env.from_string("")

        def read(_round: int) -> None:
            connection: Any = raw.driver_connection
            connection.execute(sql, values, prepare=True).fetchall()
            connection.rollback()
            nothing.render()

        return read


def open_world(engine: Engine, folder: Path) -> World:
    """The application on a data set; a case manager and referrers of a big and a small organisation are signed in."""
    chosen = Settings(secret_key="the bench's own", data_dir=folder, hosts=("localhost",))
    app = create_app(chosen, session_factory=make_sessions(engine))
    now = datetime.now(UTC)
    with Session(engine, expire_on_commit=False) as session, transaction(session):
        members = {name: session.scalars(query.limit(1)).one() for name, query in _people().items()}
        tokens = {
            name: start_session(session, user_id=member.user_id, membership_id=member.id, address="127.0.0.1", now=now)
            for name, member in members.items()
        }
    return World(engine, app, tokens, members)


def _people() -> dict[str, Any]:
    """A case manager who owns items; the busiest organisation is the first of the forty, the small one the last."""
    at = select(Membership).join(Organisation, Organisation.id == Membership.organisation_id)
    return {
        "hub": at.where(Membership.role == Role.CASE_MANAGER).order_by(Membership.id.desc()),
        "big": at.where(Organisation.ods_code == "ZS000").order_by(Membership.id),
        "small": at.where(Organisation.ods_code == "ZS039").order_by(Membership.id),
    }


def measure(small: Engine, large: Engine, *, rounds: int, deep: int) -> list[Figure]:
    """B: each kind of reader at the small and the large size, taken in turn; and how many statements a page takes."""
    with TemporaryDirectory() as folder:
        few, many = open_world(small, Path(folder)), open_world(large, Path(folder))
        pages = {f"{who}, first page": (who, "", "") for who in ("hub", "big", "small")}
        pages["hub, by kind and due"] = ("hub", FILTERED, FILTERED)
        if further := many.after(deep):
            pages[f"hub, {deep:,} rows in"] = ("hub", "", further)
        ways: dict[str, Callable[[int], object]] = {}
        for name, (who, at_few, at_many) in pages.items():
            ways[f"{name} few"] = few.reading(who, at_few)
            ways[f"{name} many"] = many.reading(who, at_many)
        for who in ("hub", "big", "small"):
            ways[f"{who} floor"] = many.statement(who)
        found = in_turn(ways, rounds)
        sizes = " / ".join(f"{_items(world.engine):,}" for world in (many, few))
        figures = [
            at_most(f"B {name}: {sizes} items", found[f"{name} few"], found[f"{name} many"], 1.5) for name in pages
        ]
        for who in ("hub", "big", "small"):
            what = f"B {who}, whole page / its one statement ({_open(many, who):,} open)"
            figures.append(at_most(what, found[f"{who} floor"], found[f"{who}, first page many"], None))
        worst = max(_statements(many, who, query) for who, _, query in pages.values())
        figures.append(
            Figure(
                "B SQL statements of a page",
                MOST_STATEMENTS,
                worst,
                worst / MOST_STATEMENTS,
                "at most 1",
                worst <= MOST_STATEMENTS,
                "",
            )
        )
    return figures


def _items(engine: Engine) -> int:
    with Session(engine) as session:
        return session.scalars(select(func.count()).select_from(WorkItem)).one()


def _open(world: World, who: str) -> int:
    member = world.members[who]
    query = (
        select(func.count())
        .select_from(ItemParty)
        .where(ItemParty.organisation_id == member.organisation_id, ItemParty.is_open)
    )
    if who == "hub":
        query = select(func.count()).select_from(WorkItem).where(WorkItem.is_open)
    with Session(world.engine) as session:
        return session.scalars(query).one()


def _statements(world: World, who: str, query: str) -> int:
    with counted(world.engine) as sent:
        world.page(who, query)
    return len(sent)
