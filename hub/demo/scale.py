"""A world of any size to measure with, loaded by COPY: the demo's organisations and people, and items by the million.

It skips the engine, so it writes what `start` and `perform` would have left: states, history with valid hashes, clocks
with their deadlines, party rows with their copies. No outbox rows: nothing of it is to be sent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time

import psycopg
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.db import Lock, hold, transaction
from hub.demo.scale_copy import may_load_quietly, send_all, settle_in
from hub.demo.scale_ground import MOST_CASES, check_it_is_a_demo, prepare
from hub.demo.scale_rows import Scale

SEED = 20261122
MOST = MOST_CASES
"""Items of one world: a person of its own needs a number of the 999 range."""


def midnight(day: datetime) -> datetime:
    """The start of a day in UTC: worlds made on one day from one seed are the same."""
    return datetime.combine(day.astimezone(UTC).date(), time(), UTC)


def make_scale(
    engine: Engine,
    *,
    items: int,
    now: datetime,
    open_percent: int = 8,
    seed: int = SEED,
    processes: int = 2,
    is_quiet: bool | None = None,
    progress: Callable[[int], object] = lambda _made: None,
) -> None:
    """Make a world of `items` referrals as it stands at `now`; commits as it goes, `progress` gets items just made.

    The same arguments on an empty database make the same rows, whatever `processes` and `is_quiet` are. `is_quiet`
    loads without the foreign keys' triggers; unset, whenever this database role may. Raises DemoRefused when the
    database holds anything but invented data, or a scale world already; ValueError for a size that cannot be.
    """
    if not 0 < items <= MOST or not 0 <= open_percent <= 100:
        raise ValueError(f"from 1 to {MOST:,} items, of which 0 to 100 percent are open")
    with Session(engine) as session, transaction(session):
        hold(session, Lock.DEMO_WORLD)
        check_it_is_a_demo(session)
        ground = prepare(session, items=items, now=now)
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    if is_quiet is None:
        with psycopg.connect(address) as connection:
            is_quiet = may_load_quietly(connection)
    scale = Scale(items, open_percent, seed, now)
    for made in send_all(address, ground, scale, processes=processes, is_quiet=is_quiet):
        progress(made)
    settle_in(address)


__all__ = ["MOST", "SEED", "make_scale", "midnight"]
