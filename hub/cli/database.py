"""A session for a command: the configured database, opened and closed, with the code lists as they are now."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from hub.config import settings
from hub.db import make_engine, make_sessions, transaction
from hub.embedded import database_url
from hub.engine.code_lists import keep_up


@contextmanager
def open_session() -> Iterator[Session]:
    """A session on the configured database; the caller says `with transaction(session):`."""
    import hub.reactions  # noqa: F401 - every table known, and every topic heard

    engine = make_engine(database_url(settings()), pool_size=2)
    try:
        with make_sessions(engine)() as session:
            with transaction(session):
                keep_up(session)
            yield session
    finally:
        engine.dispose()
