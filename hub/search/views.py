"""The search page: one box, what was found, and straight to the thing when a reference names one."""

from __future__ import annotations

from flask import Blueprint, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from hub.db import transaction
from hub.search.finding import answer
from hub.web.access import signed_in
from hub.web.database import db
from hub.web.trail import note

blueprint = Blueprint("search", __name__)


@blueprint.get("/search")
@signed_in
def find() -> ResponseReturnValue:
    """What `q` finds within what this person may see; what was asked and how much was found is logged."""
    found = answer(db.session, g.actor, request.args.get("q", ""), now=g.now)
    if found.question.text:
        with transaction(db.session):
            note(db.session, "searched", query=found.question.text, count=found.count)
    if found.straight_to:
        return redirect(found.straight_to)
    return render_template("search/find.html", answer=found)
