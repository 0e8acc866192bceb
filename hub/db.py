"""The database: declarative base, engine, and `transaction()`, the only place that commits."""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any, ClassVar

from sqlalchemy import DateTime, Engine, MetaData, Text, create_engine, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
"""Constraint names are part of the schema, so that a migration can find them again."""


class Base(DeclarativeBase):
    """Every table of the hub."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
    }


class Lock(IntEnum):
    """Advisory locks, in one list so that no two share a number: the second to come waits for the first."""

    MIGRATION = 7_264_001
    IMPORT = 7_264_003
    DEMO_WORLD = 7_264_004
    DIGEST = 7_264_005
    ROTA = 7_264_006
    PLACES = 7_264_010
    CODE_LISTS = 7_264_011
    ADMINISTRATORS = 7_264_012
    ABSENCES = 7_264_013
    FLASH_POINTS = 7_264_014


Moment = DateTime(timezone=True)
"""An instant: timestamptz, always UTC in the program."""


def make_engine(url: str, *, pool_size: int = 8) -> Engine:
    """An engine on PostgreSQL through psycopg, every connection in UTC."""
    address = make_url(url).set(drivername="postgresql+psycopg")
    return create_engine(
        address,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=False,
        hide_parameters=True,  # an error in the log shows the statement, and no name or number somebody looked for
        connect_args={"options": "-c timezone=UTC -c application_name=hub"},
    )


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Sessions that keep what was loaded after a commit, since pages are rendered from it."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(session: Session) -> Iterator[Session]:
    """All of it or nothing: commits at the end, rolls back when anything was raised. Nothing else commits."""
    try:
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise


def hold(session: Session, lock: Lock) -> None:
    """Take an advisory lock, waiting for whoever has it; it is given back when the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(int(lock))))
