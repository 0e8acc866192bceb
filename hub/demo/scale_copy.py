"""Rows as PostgreSQL's COPY takes them, and the processes that send them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import date, datetime
from multiprocessing import get_context
from types import NoneType
from typing import Any, Final

import psycopg
from psycopg import Connection, sql
from sqlalchemy.orm import Session

import hub.models  # noqa: F401 - a fresh process must know every table before the first mapper is used
from hub.db import make_engine
from hub.demo.scale_ground import Ground
from hub.demo.scale_rows import COLUMNS, Blocks, Scale
from hub.engine.rulebook import rulebook

BIG_TABLES: Final = tuple(COLUMNS)


def text_line(values: Sequence[Any]) -> str:
    """One row in COPY's text format."""
    return "\t".join([_WRITERS[type(value)](value) for value in values]) + "\n"


def _text(value: str) -> str:
    if "\\" not in value and value.isprintable():
        return value
    for letter, written in (("\\", r"\\"), ("\n", r"\n"), ("\r", r"\r"), ("\t", r"\t")):
        value = value.replace(letter, written)
    return value


def _json(value: dict[str, Any] | list[Any]) -> str:
    return _text(json.dumps(value, ensure_ascii=False)) if value else "{}" if isinstance(value, dict) else "[]"


_WRITERS: Final[Mapping[type, Callable[[Any], str]]] = {
    NoneType: lambda _: r"\N",
    bool: lambda value: "t" if value else "f",
    int: str,
    str: _text,
    dict: _json,
    list: _json,
    datetime: datetime.isoformat,
    date: date.isoformat,
}
"""By exact type: asking what each of eighty million values is would take longer than writing it."""


def may_load_quietly(connection: Connection[Any]) -> bool:
    """Whether this role may load without firing the foreign keys' triggers for every row: superusers alone may."""
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


def send(connection: Connection[Any], block: Mapping[str, list[Sequence[Any]]], *, is_quiet: bool) -> None:
    """One block in one transaction, tables in the order in which they refer to each other."""
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        if is_quiet:
            # No row that is loaded changes another, so the only triggers passed over are the foreign keys' checks
            # (a state is watched on UPDATE alone); the rows are right by how they are made, and a test fires them all.
            cursor.execute("SET LOCAL session_replication_role = replica")
        for table, names in COLUMNS.items():
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(
                sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, names))
            )
            with cursor.copy(into) as copy:
                copy.write("".join([text_line(row) for row in block[table]]))


def send_blocks(address: str, ground: Ground, scale: Scale, numbers: Sequence[int], *, is_quiet: bool) -> int:
    """Make the blocks of these numbers and send them; gives how many items they hold."""
    engine = make_engine(address, pool_size=1)
    with Session(engine) as session:
        book = rulebook(session)
    engine.dispose()
    maker, made = Blocks(ground, scale, book), 0
    with psycopg.connect(address, autocommit=True) as connection:
        for number in numbers:
            block = maker.block(number)
            send(connection, block, is_quiet=is_quiet)
            made += len(block["work_item"])
    return made


def send_all(address: str, ground: Ground, scale: Scale, *, processes: int, is_quiet: bool) -> Iterator[int]:
    """Every block, spread over `processes`; gives the number of items of each part as it is done."""
    parts = _parts(range(scale.blocks), max(1, scale.blocks // 50))
    if processes == 1 or scale.blocks == 1:
        yield from (send_blocks(address, ground, scale, part, is_quiet=is_quiet) for part in parts)
        return
    # Fresh processes: a copy of this one would share its open connections.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(send_blocks, address, ground, scale, part, is_quiet=is_quiet) for part in parts]
        for done in as_completed(waiting):
            yield done.result()


def _parts(numbers: Sequence[int], size: int) -> Iterable[Sequence[int]]:
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


def settle_in(address: str) -> None:
    """What autovacuum would do in time: the planner knows the tables, and pages need no second look."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.SQL(", ").join(map(sql.Identifier, BIG_TABLES))))
        connection.execute("ANALYZE")
