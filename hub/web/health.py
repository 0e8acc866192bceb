"""For whatever watches the service: is the process there, and does it reach its database."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from hub.web.access import public
from hub.web.database import db

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
    """The process reaches its database; 503 when it does not."""
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return "the database does not answer\n", 503, _PLAIN
    return "ok\n", 200, _PLAIN
