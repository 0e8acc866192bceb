"""The plans of a search: no big table is read whole, whoever asks and whatever is typed."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from hub.search.keys import read_keys
from hub.search.queries import find
from hub.search.question import read_question
from hub.search.told import read_items, read_people
from tests.features.test_worklist_plans import BIG, plans, twenty_thousand
from workflows.actor import Actor

pytestmark = pytest.mark.property

PEOPLE = 5_000
TYPED = ("smith", "an", "akers tom", "q7z", "smith 14/03/2011", "14/03/2011", "999 000 0018", "ref 42", "42", "xyzzy")
WORDS = (
    # Common names, rare ones and a great many that begin alike: a plan must suit them all.
    """UPDATE patient SET given_name = (ARRAY['Tom', 'Ann', 'Isobel', 'Ravi'])[1 + id % 4],
        family_name = (ARRAY['Smith', 'Anders', 'Akers', 'Name' || id])[1 + id / 7 % 4],
        date_of_birth = date '1990-01-01' + id % 9000""",
    """UPDATE referral SET family_name = patient.family_name, given_name = patient.given_name,
        date_of_birth = patient.date_of_birth, nhs_number = patient.nhs_number
        FROM patient WHERE patient.id = referral.id""",
)


@pytest.fixture(scope="module")
def many(make_database: Callable[[str], str]) -> Iterator[tuple[Engine, dict[str, Actor]]]:
    """5,000 people with a case and a referral each: a small table is the easier one to read whole."""
    made = twenty_thousand(make_database, PEOPLE)
    engine, actors = next(made)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for statement in WORDS:
            connection.execute(text(statement))
        connection.execute(text("VACUUM ANALYZE"))
    finance = actors["on call"]
    yield engine, {**actors, "finance": replace(finance, is_on_call=False)}
    next(made, None)


def test_no_big_table_is_read_as_a_whole(many: tuple[Engine, dict[str, Actor]]) -> None:
    engine, actors = many
    with Session(engine) as session:
        for who, actor in actors.items():
            for typed in TYPED:
                question = read_question(typed, date(2026, 3, 16))
                keys = read_keys(session, question.words) if question.words else None
                [plan] = plans(session, lambda: find(session, actor, question, keys))  # noqa: B023 - called at once
                whole = set(re.findall(r"Seq Scan on (\w+)", plan)) & BIG
                assert not whole, f"{who}, {typed}: {whole} read as a whole:\n{plan}"
        ids = range(1, PEOPLE, 100)
        for actor in actors.values():
            for read in (read_people, read_items):
                [plan] = plans(session, lambda: read(session, actor, ids))  # noqa: B023 - called at once
                whole = set(re.findall(r"Seq Scan on (\w+)", plan)) & BIG
                assert not whole, f"{read}: {whole} read as a whole:\n{plan}"
