"""The on-call page of the weekend, for the hub; also before it is sent and after."""

from __future__ import annotations

from flask import Blueprint, g, render_template

from hub.db import transaction
from hub.web.access import hub_staff
from hub.web.database import db
from hub.web.trail import note
from hub.weekend.presenters import read_weekend

blueprint = Blueprint("weekend", __name__)


@blueprint.get("/weekend")
@hub_staff
def show() -> str:
    """Who is on call until the hub opens again, and what to watch, as far as this person may see it."""
    page = read_weekend(db.session, g.actor, g.now)
    with transaction(db.session):
        note(db.session, "listed", query="on-call page", count=page.count)
    return render_template("weekend/show.html", page=page)
