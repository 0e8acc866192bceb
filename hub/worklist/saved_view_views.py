"""The pages of saved views: naming the filters that are on, and the list of all views."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qsl

from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from hub.db import transaction
from hub.engine.refusal import ActionRefused
from hub.web.access import signed_in
from hub.web.database import db
from hub.web.page_forms import PageDrafts
from hub.worklist import queries
from hub.worklist.filters import Filters, read_filters
from hub.worklist.forms import TEAM, SaveViewForm
from hub.worklist.presenters import said_of, view_href
from hub.worklist.saved_views import may_change, remove_view, save_view
from hub.worklist.stale import kept_as, read_view
from workflows.durations import local

blueprint = Blueprint("saved_views", __name__, url_prefix="/worklist/views")
TYPED = PageDrafts("saved_view", "new")


@blueprint.route("/new", methods=["GET", "POST"])
@signed_in
def new() -> ResponseReturnValue:
    """Give the filters that are on a name."""
    ground = _ground()
    form = TYPED.form_of(SaveViewForm)
    given = MultiDict(parse_qsl(form.query.data or "")) if form.is_submitted() else request.args
    filters = read_filters(given, ground.choices).filters
    if not form.validate_on_submit():
        return _new_page(form, ground, filters, HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK)
    told = {"name": form.name.data, "is_team": form.whose.data == TEAM, "replaces": form.replaces.data}
    most = ground.book.policy(None, g.now).number("worklist.views_most")
    try:
        with transaction(db.session):
            made = save_view(db.session, g.actor, filters, ground.choices, **told, most=most, now=g.now)
            TYPED.discard()
    except ActionRefused as refused:
        form.show(refused)
        return _new_page(form, ground, filters, HTTPStatus.UNPROCESSABLE_ENTITY)
    flash(f"“{form.name.data}” is saved.", "success")
    return redirect(view_href(made), HTTPStatus.SEE_OTHER)


def _new_page(form: SaveViewForm, ground: queries.Ground, filters: Filters, status: HTTPStatus) -> ResponseReturnValue:
    form.query.data = kept_as(filters) or form.query.data
    page = render_template(
        "worklist/save_view.html",
        form=form,
        filters=said_of(filters, ground.choices),
        windows=TYPED.windows_of(form),
        back_href=url_for("worklist.list_items") + (f"?{kept_as(filters)}" if filters.pairs() else ""),
    )
    return page, status


@blueprint.get("")
@signed_in
def list_views() -> str:
    """This person's saved views and their team's, with what is gone of each."""
    ground = _ground()
    read = [(view, *read_view(view, g.actor, ground.choices)) for view in ground.views]
    lines = [
        (view, view_href(view.id), said_of(asked.filters, ground.choices), gone, may_change(view, g.actor))
        for view, asked, gone in read
    ]
    return render_template("worklist/list_views.html", lines=lines)


@blueprint.post("/<int(max=2147483647):view_id>/remove")
@signed_in
def remove(view_id: int) -> ResponseReturnValue:
    """Forget a view. One that is not theirs to see answers as one that is not there."""
    view = next((view for view in _ground().views if view.id == view_id), None) or abort(HTTPStatus.NOT_FOUND)
    if not may_change(view, g.actor):
        abort(HTTPStatus.FORBIDDEN)
    with transaction(db.session):
        remove_view(db.session, view.id)
    flash(f"The view “{view.name}” is removed. The items in it are as they were.", "success")
    return redirect(url_for("saved_views.list_views"), HTTPStatus.SEE_OTHER)


KEEPERS = (TYPED.keeper(lambda posted: posted.endpoint == "saved_views.new"),)
"""What the application asks to keep a post that came too late."""


def _ground() -> queries.Ground:
    return queries.read_ground(db.session, g.actor, local(g.now).date())
