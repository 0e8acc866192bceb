"""For whatever watches the service: is the process there, and is the hub as a whole ready to keep its promises."""

from __future__ import annotations

from functools import cache

from alembic.script import ScriptDirectory
from flask import Blueprint, g
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from hub.engine.life import is_worker_seen, watched
from hub.paths import MIGRATIONS
from hub.web.access import public
from hub.web.database import db
from workflows.durations import counted

blueprint = Blueprint("health", __name__)

_PLAIN = {"Content-Type": "text/plain; charset=utf-8"}


@blueprint.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """The process answers."""
    return "ok\n", 200, _PLAIN


@blueprint.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """Database, migrations and worker are as they should be; 503 with the first that is not."""
    try:
        wrong = _what_is_wrong(db.session)
    except SQLAlchemyError:
        wrong = "the database does not answer"
    return ("ok\n", 200, _PLAIN) if wrong is None else (f"{wrong}\n", 503, _PLAIN)


def _what_is_wrong(session: Session) -> str | None:
    # A database without any migration has not even the table that says so.
    has_table = session.execute(text("SELECT to_regclass('alembic_version') IS NOT NULL")).scalar_one()
    at = session.execute(text("SELECT version_num FROM alembic_version")).scalar() if has_table else None
    if at != _newest():
        return "the database is not up to date: run hub migrate"
    try:
        silent = watched(session, g.now).worker_silent
    except LookupError:
        return "the database has no policy set: run hub migrate"
    if not is_worker_seen(session, g.now, silent):
        return f"no worker was seen for {counted(round(silent.total_seconds()), 'second')}: start hub worker"
    return None


@cache
def _newest() -> str | None:
    """The newest migration this program knows."""
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()
