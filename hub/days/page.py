"""What the pages of days nobody works have in common: the blueprint, who may change them, what is kept of typing."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Final

from flask import Blueprint, abort, g

from hub.engine.recount_days import Day, known_days
from hub.web.access import roles
from hub.web.database import db
from hub.web.page_forms import PageDrafts
from workflows.roles import Role

CHANGES: Final = (Role.ADMINISTRATOR, Role.HEAD_OF_COMMISSIONING)
"""Who adds and removes a day; everybody of the hub reads."""
LONGEST_REASON: Final = 500

blueprint = Blueprint("days", __name__, url_prefix="/days")
TYPED = PageDrafts("days")
changes = roles(*CHANGES)


def may_change() -> bool:
    """Whether the buttons are shown."""
    return bool(g.actor.roles & set(CHANGES))


def known_day(text: str) -> Day:
    """The day with this ISO date; 404 when there is none."""
    try:
        found = known_days(db.session).get(date.fromisoformat(text))
    except ValueError:
        found = None
    return found or abort(HTTPStatus.NOT_FOUND)
