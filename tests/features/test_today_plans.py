"""The plans of Today's statements: no big table is read whole, for the hub, an organisation or somebody on call."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.engine.rulebook import rulebook
from hub.today import queries
from hub.today.lists import plan_for
from tests.features import test_worklist_plans as worklist
from workflows.actor import Actor

pytestmark = pytest.mark.property


@pytest.fixture(scope="module")
def many(make_database: Callable[[str], str]) -> Iterator[tuple[Engine, dict[str, Actor]]]:
    """The worklist's 20,000 items, and who looks at them."""
    yield from worklist.twenty_thousand(make_database)


@pytest.mark.parametrize("who", ["hub", "big", "small", "on call"])
@pytest.mark.parametrize("whose", ["me", "all"])
def test_no_big_table_is_read_as_a_whole(many: tuple[Engine, dict[str, Actor]], who: str, whose: str) -> None:
    engine, actors = many
    actor = actors[who]
    with Session(engine) as session:
        book = rulebook(session)
        plan = plan_for(actor, whose, book.calendar(None, worklist.NOW), worklist.NOW)
        readings: list[Callable[[], Any]] = [
            lambda: queries.read_ground(session, actor, worklist.NOW),
            lambda: queries.read_numbers(session, actor, plan.lists, worklist.NOW),
            lambda: queries.read_lines(session, actor, plan.tables, worklist.NOW),
        ]
        for read in readings:
            for text in worklist.plans(session, read):
                whole = set(re.findall(r"Seq Scan on (\w+)", text)) & worklist.BIG
                assert not whole, f"{whole} read as a whole:\n{text}"


def test_numbers_stop_at_a_thousand(many: tuple[Engine, dict[str, Actor]]) -> None:
    engine, actors = many
    with Session(engine) as session:
        calendar = rulebook(session).calendar(None, worklist.NOW)
        plan = plan_for(actors["hub"], "all", calendar, worklist.NOW)
        numbers = queries.read_numbers(session, actors["hub"], plan.lists, worklist.NOW)
        assert numbers["all"].count == 1_001
        assert 0 < numbers["late"].late <= numbers["late"].count
