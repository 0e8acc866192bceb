"""The bench's data sets: made once in a server of their own, used again while the schema and the seed are the same."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import platformdirs
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from hub.db import make_engine, transaction
from hub.demo.scale import SEED, make_scale
from hub.embedded import embedded_url
from hub.migrate import newest, upgrade
from hub.policies.services import seed

STANDS_AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
"""When every world stands: what is due is counted from here, so that a set stays good for years."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the sets are."""

    small: int
    large: int
    few_running: int
    many_running: int
    due: int
    """Clocks that ring in one sweep."""
    deep: int
    """Rows before the second page that is measured."""


FULL = Sizes(10_000, 1_000_000, 88_000, 880_000, 10_000, 20_000)
"""Of the clocks of a hundred open items some 114 run and have not rung: these run about 100,000 and 1,000,000."""
QUICK = Sizes(400, 1_600, 2_000, 2_400, 200, 30)


def folder() -> Path:
    """Where the bench's server lives: HUB_BENCH_DIR, else beside the hub's own data."""
    given = os.environ.get("HUB_BENCH_DIR")
    return Path(given) if given else Path(platformdirs.user_data_dir("commissioning-hub")) / "bench"


def data_set(place: Path, items: int, *, open_percent: int = 8) -> Engine:
    """An engine on the world of this size, which is made when it is not there yet or the schema has moved on."""
    admin = make_engine(embedded_url(place / "postgres", database="postgres"), pool_size=1)
    name = _name(admin, items, open_percent)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        is_there = connection.execute(
            text("SELECT 1 FROM pg_database WHERE datname = :name AND NOT datistemplate"), {"name": name}
        ).scalar()
        if not is_there:
            began = time.monotonic()
            _drop_older(connection, items, open_percent)
            _make(place, connection, name, items, open_percent)
            print(f"made {items:,} items, {open_percent} % open, in {time.monotonic() - began:.0f} s", flush=True)
    admin.dispose()
    return make_engine(embedded_url(place / "postgres", database=name), pool_size=20)


@contextmanager
def throw_away(place: Path, items: int, *, open_percent: int) -> Iterator[Engine]:
    """An engine on a copy of a data set, which may be changed and is dropped afterwards."""
    made = data_set(place, items, open_percent=open_percent)
    name, copy = str(made.url.database), f"copy_{items}_{open_percent}_{os.getpid()}"
    made.dispose()
    admin = make_engine(embedded_url(place / "postgres", database="postgres"), pool_size=1)
    with admin.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {copy} TEMPLATE {name} STRATEGY file_copy"))
        connection.execute(text("CHECKPOINT"))  # its writing must not fall into what is measured
        engine = make_engine(embedded_url(place / "postgres", database=copy), pool_size=60)
        try:
            yield engine
        finally:
            engine.dispose()
            connection.execute(text(f"DROP DATABASE {copy} WITH (FORCE)"))
    admin.dispose()


def _name(engine: Engine, items: int, open_percent: int) -> str:
    """The database's name holds all that its content follows from."""
    made_from = f"{newest(engine)} {SEED} {STANDS_AT}"
    return f"bench_{items}_{open_percent}_{hashlib.sha256(made_from.encode()).hexdigest()[:8]}"


def _drop_older(connection: Connection, items: int, open_percent: int) -> None:
    names = connection.execute(
        text("SELECT datname FROM pg_database WHERE datname LIKE :like"),
        {"like": f"bench\\_{items}\\_{open_percent}\\_%"},
    ).scalars()
    for name in names.all():
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def _make(place: Path, connection: Connection, name: str, items: int, open_percent: int) -> None:
    """Under another name until it is whole, so that one broken off is made anew."""
    half = f"{name}_half"
    connection.execute(text(f"DROP DATABASE IF EXISTS {half} WITH (FORCE)"))
    engine = make_engine(embedded_url(place / "postgres", database=half), pool_size=2)
    upgrade(engine)
    with Session(engine) as session, transaction(session):
        seed(session)
    make_scale(engine, items=items, now=STANDS_AT, open_percent=open_percent, processes=os.cpu_count() or 1)
    engine.dispose()
    connection.execute(text(f"ALTER DATABASE {half} RENAME TO {name}"))
