"""D: ranking 2,000 units for one search, beside a plain read of the same rows by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from hub.placements.models import Placement
from hub.placements.ranking_queries import rank
from tests.approach_factory import make_search
from tests.factories import NOW
from tests.performance.figures import Figure, at_most, in_turn
from tests.statements import counted
from tests.unit_factory import many_units

UNITS = 2_000
MOST_STATEMENTS = 4


def measure(engine: Engine, *, rounds: int) -> list[Figure]:
    """The ranking and its floor taken in turn, and how many statements it takes; nothing stays behind."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            placement = make_search(session)
            many_units(session, UNITS)
            floor = _by_hand(engine, session, placement)
            found = in_turn({"floor": floor, "hub": lambda _round: rank(session, placement, NOW)}, rounds)
            with counted(engine) as sent:
                rank(session, placement, NOW)
        outer.rollback()
    statements = len(sent)
    return [
        at_most(f"D a ranking of {UNITS:,} units / a plain read of the same rows", found["floor"], found["hub"], None),
        Figure(
            "D SQL statements of a ranking",
            MOST_STATEMENTS,
            statements,
            statements / MOST_STATEMENTS,
            "at most 1",
            statements <= MOST_STATEMENTS,
            "",
        ),
    ]


def _by_hand(engine: Engine, session: Session, placement: Placement) -> Callable[[int], object]:
    """The ranking's own statements on the driver, every row fetched and nothing made of it."""
    sent: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        sent.append((statement, parameters))

    rank(session, placement, NOW)
    event.listen(engine, "before_cursor_execute", note)
    rank(session, placement, NOW)
    event.remove(engine, "before_cursor_execute", note)
    raw: Any = session.connection().connection.driver_connection

    def read(_round: int) -> None:
        for sql, values in sent:
            raw.execute(sql, values, prepare=True).fetchall()

    return read
