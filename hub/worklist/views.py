"""The worklist page."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, g, render_template, request

from hub.db import transaction
from hub.web.access import signed_in
from hub.web.database import db
from hub.web.paging import read_cursor
from hub.web.trail import note
from hub.worklist import queries
from hub.worklist.filters import read_filters
from hub.worklist.presenters import THIS, WorklistPage, tabs_for
from workflows.durations import local

blueprint = Blueprint("worklist", __name__)


@blueprint.get("/worklist")
@signed_in
def list_items() -> str:
    """Every open item this person may see, soonest due first, with the filters of the address."""
    choices, book = queries.read_choices(db.session, g.actor, local(g.now).date())
    asked = read_filters(request.args, choices)
    after = read_cursor(request.args.get("after"))
    page = queries.read_page(db.session, g.actor, asked.filters, g.now, after)
    lists = {**tabs_for(g.actor), THIS: asked.filters}
    counts = queries.read_counts(db.session, g.actor, asked.filters, lists, g.now)
    with transaction(db.session):
        note(db.session, "listed", query=urlencode(asked.filters.pairs()), count=counts.lists[THIS])
    shown = WorklistPage(
        actor=g.actor,
        now=g.now,
        choices=choices,
        book=book,
        asked=asked,
        page=page,
        counts=counts,
        is_first=after is None,
    )
    return render_template("worklist/list_items.html", page=shown)
