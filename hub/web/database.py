"""The request's database session and its moment: `db.session` and `g.now`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask, current_app, g
from sqlalchemy.orm import Session

SessionFactory = Callable[[], Session]
_EXTENSION = "hub.sessions"


class Database:
    """Gives each request its own session. It never commits: views do, with `transaction(db.session)`."""

    def init_app(self, app: Flask, sessions: SessionFactory) -> None:
        """Open a session from `sessions` when a request first asks, and close it when the request ends."""
        app.extensions[_EXTENSION] = sessions
        app.before_request(_note_the_moment)
        app.teardown_appcontext(_close)

    @property
    def session(self) -> Session:
        """The session of this request. Outside a request or application context Flask raises RuntimeError."""
        if "db_session" not in g:
            sessions: SessionFactory = current_app.extensions[_EXTENSION]
            g.db_session = sessions()
        session: Session = g.db_session
        return session


def _note_the_moment() -> None:
    g.now = datetime.now(UTC)


def _close(_error: BaseException | None) -> None:
    session: Session | None = g.pop("db_session", None)
    if session is not None:
        session.rollback()
        session.close()


db = Database()
