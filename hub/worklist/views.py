"""The worklist page, and the same list as a file."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from flask import Blueprint, g, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from hub.db import transaction
from hub.web.access import signed_in
from hub.web.database import db
from hub.web.paging import address, read_cursor
from hub.web.trail import note
from hub.worklist import export as files
from hub.worklist import queries
from hub.worklist.presenters import THIS, WorklistPage, lists_of, origin_of
from hub.worklist.stale import open_list
from workflows.durations import local

blueprint = Blueprint("worklist", __name__)


@blueprint.get("/worklist")
@signed_in
def list_items() -> str:
    """Every open item this person may see, soonest due first, with the filters of the address or a saved view."""
    ground = queries.read_ground(db.session, g.actor, local(g.now).date())
    opened = open_list(request.args, ground, g.actor)
    after = read_cursor(request.args.get("after"))
    page = queries.read_page(db.session, g.actor, opened.filters, g.now, after)
    lists = lists_of(g.actor, ground, opened)
    counts = queries.read_counts(db.session, g.actor, opened.filters, lists, g.now)
    with transaction(db.session):
        note(db.session, "listed", query=urlencode(opened.filters.pairs()), count=counts.lists[THIS])
    shown = WorklistPage(actor=g.actor, now=g.now, ground=ground, opened=opened, page=page, counts=counts, after=after)
    return render_template("worklist/list_items.html", page=shown)


@blueprint.get("/worklist/export.csv")
@signed_in
def export() -> ResponseReturnValue:
    """The whole list as a CSV file: exactly what was filtered, or refused with the number."""
    ground = queries.read_ground(db.session, g.actor, local(g.now).date())
    opened = open_list(request.args, ground, g.actor)
    if opened.is_another:  # the file would hold every open item: the list says why
        return redirect(f"{url_for('worklist.list_items')}?{urlencode(list(request.args.items(multi=True)))}")
    most = ground.book.policy(None, g.now).number("worklist.export_most")
    origin = origin_of(g.person, opened, ground, g.now)
    query = urlencode(opened.filters.pairs())
    try:
        made, number = files.write_list(db.session, g.actor, opened.filters, ground.book, origin, most=most)
    except files.TooMany:
        number = queries.count_all(db.session, g.actor, opened.filters, g.now)
        back_href = address("worklist.list_items", opened.pairs())
        page = render_template("worklist/too_many.html", number=number, most=most, back_href=back_href)
        return page, HTTPStatus.UNPROCESSABLE_ENTITY
    with transaction(db.session):
        note(db.session, "exported", query=query, count=number)
    return send_file(made, "text/csv", as_attachment=True, download_name=files.file_name(g.now), etag=False)
