"""The compiled statements of a transition, sent in the driver's pipeline: two turns instead of eleven round trips."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from psycopg import Connection
from psycopg.types.json import Jsonb
from sqlalchemy import inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from hub.engine.models import Clock, ItemParty, WorkItem
from workflows.core import Workflow


@dataclass(frozen=True)
class KindTable:
    """Which columns a kind has, where each lives, and its locking statement."""

    model: type[WorkItem]
    workflow: Workflow
    shared: tuple[str, ...]
    """Columns of work_item."""
    own: tuple[str, ...]
    """Columns of the kind's own table."""
    json: frozenset[str]
    lock: str

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column, in the order the locking statement gives them."""
        return self.shared + self.own

    @property
    def table(self) -> str:
        """The kind's own table."""
        return str(self.model.__tablename__)


@cache
def kind_table(model: type[WorkItem]) -> KindTable:
    """The table of one kind, worked out once."""
    mapper = inspect(model)
    own_name = str(model.__tablename__)
    shared = tuple(column.key for column in WorkItem.__table__.columns)
    own = tuple(column.key for column in mapper.local_table.c if column.key != "id")
    selected = [f"work_item.{name}" for name in shared] + [f"{own_name}.{name}" for name in own]
    json = {column.key for table in (WorkItem.__table__, mapper.local_table) for column in table.c if _is_json(column)}
    return KindTable(
        model=model,
        workflow=model.workflow,
        shared=shared,
        own=own,
        json=frozenset(json),
        lock=(
            f"SELECT {', '.join(selected)} FROM work_item JOIN {own_name} ON {own_name}.id = work_item.id "  # noqa: S608 - names from the mapper
            f"WHERE work_item.id = %(id)s FOR UPDATE OF work_item, {own_name}"
        ),
    )


def _is_json(column: Any) -> bool:
    return isinstance(column.type, JSONB)


def model_of(workflow: Workflow) -> type[WorkItem]:
    """The model whose rows move through `workflow`."""
    found = inspect(WorkItem).polymorphic_map[workflow.name].class_
    if found.workflow is not workflow:
        raise LookupError(f"{found.__name__} is not the model of this definition of {workflow.name}")
    return found


PARTY_COLUMNS = tuple(column.key for column in ItemParty.__table__.columns)
CLOCK_COLUMNS = tuple(column.key for column in Clock.__table__.columns)

PARTIES = f"SELECT {', '.join(PARTY_COLUMNS)} FROM item_party WHERE item_id = %(id)s AND until_at IS NULL ORDER BY id"  # noqa: S608 - names from the table
CLOCKS = f"SELECT {', '.join(CLOCK_COLUMNS)} FROM clock WHERE item_id = %(id)s ORDER BY id"  # noqa: S608 - names from the table
RULEBOOK = "SELECT version FROM rulebook_state WHERE id = 1"
SEALED = (
    "SELECT 1 FROM work_item JOIN care_case ON care_case.id = work_item.case_id "
    "WHERE work_item.id = %(id)s AND care_case.is_sealed AND NOT EXISTS "
    "(SELECT 1 FROM case_seal WHERE case_seal.case_id = care_case.id AND case_seal.user_id = %(user)s)"
)
"""A row when the item's case is sealed and does not name this person."""
LOCK_CASE = "SELECT id FROM care_case WHERE id = %(id)s FOR UPDATE"
LOCK_CASE_OF = "SELECT id FROM care_case WHERE id = (SELECT case_id FROM work_item WHERE id = %(id)s) FOR UPDATE"
"""The case of an item that was not read yet; no row for an item without one."""


def raw_connection(session: Session) -> Connection[Any]:
    """The driver's own connection under this session, in its transaction; what the ORM holds is flushed first."""
    session.flush()
    found = session.connection().connection.driver_connection
    if not isinstance(found, Connection):
        raise TypeError("the hub runs on psycopg")
    return found


def adapt(value: Any, *, as_json: bool = False) -> Any:
    """A value as the driver takes it: JSON columns and plain dictionaries as jsonb."""
    return Jsonb(value) if as_json or isinstance(value, dict) else value


@cache
def insert(table: str, names: Sequence[str], returning: str = "") -> str:
    """An INSERT with named parameters."""
    marks = ", ".join(f"%({name})s" for name in names)
    tail = f" RETURNING {returning}" if returning else ""
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}){tail}"  # noqa: S608 - names from the models


@cache
def update(table: str, names: Sequence[str], key: str = "id") -> str:
    """An UPDATE of one row by `key` with named parameters."""
    changes = ", ".join(f"{name} = %({name})s" for name in names)
    return f"UPDATE {table} SET {changes} WHERE {key} = %({key})s"  # noqa: S608 - names from the models
