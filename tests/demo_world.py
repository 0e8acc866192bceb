"""The demo world for tests that only read it: one database for all workers of a run."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, make_url, text
from sqlalchemy.orm import Session

from hub.db import make_engine, transaction
from hub.demo.world import make_world

NOW = datetime(2026, 11, 24, 10, 20, tzinfo=UTC)
"""When the world stands."""
DATABASE = "hub_test_demo"
TURN = 7264004
"""The lock under which one worker makes it while the others wait."""
COPYING = 7264002
"""The lock of whoever copies the migrated template: nobody else may meanwhile."""


def demo_database(server_url: str, template: str, run: str) -> str:
    """The address of a database with the world as of NOW, made unless another worker of this `run` has made it."""
    address = make_url(server_url).set(database=DATABASE).render_as_string(hide_password=False)
    admin = make_engine(server_url, pool_size=1)
    try:
        with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SELECT pg_advisory_lock(:turn)"), {"turn": TURN})
            if _made_by(connection) != run:
                connection.execute(text(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"))
                connection.execute(text("SELECT pg_advisory_lock(:turn)"), {"turn": COPYING})
                connection.execute(text(f"CREATE DATABASE {DATABASE} TEMPLATE {template}"))
                connection.execute(text("SELECT pg_advisory_unlock(:turn)"), {"turn": COPYING})
                _make(address)
                connection.execute(text(f"COMMENT ON DATABASE {DATABASE} IS '{run}'"))
            connection.execute(text("SELECT pg_advisory_unlock(:turn)"), {"turn": TURN})
    finally:
        admin.dispose()
    return address


def _make(address: str) -> None:
    engine = make_engine(address, pool_size=1)
    try:
        with Session(engine) as session, transaction(session):
            assert make_world(session, now=NOW)
    finally:
        engine.dispose()


def _made_by(connection: Connection) -> str | None:
    """Which run made the one that is there: a server may outlast a run."""
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = :name"
    found = connection.execute(text(query), {"name": DATABASE}).scalar()
    return str(found) if found is not None else None
