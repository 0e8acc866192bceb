"""A session for a command: the configured database, opened and closed."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from hub.config import settings
from hub.db import make_engine, make_sessions
from hub.embedded import database_url


@contextmanager
def open_session() -> Iterator[Session]:
    """A session on the configured database; the caller says `with transaction(session):`."""
    import hub.reactions  # noqa: F401 - every table known, and every topic heard

    engine = make_engine(database_url(settings()), pool_size=2)
    try:
        with make_sessions(engine)() as session:
            yield session
    finally:
        engine.dispose()
