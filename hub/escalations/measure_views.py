"""Measures of disputes as counts: a page for a chosen period, and the same numbers as a file."""

from __future__ import annotations

from flask import Blueprint, Response, g, render_template, request, url_for

from hub.engine.visibility import roles_that_see
from hub.escalations.measures import read_measures
from hub.escalations.measures_page import Asked, MeasuresPage, asked_period, csv_of, file_name
from hub.web.access import roles
from hub.web.database import db
from workflows.durations import local

blueprint = Blueprint("dispute_measures", __name__, url_prefix="/escalations")
_who = roles(*roles_that_see("escalation"))


@blueprint.get("/measures")
@_who
def show() -> str:
    """What is open, how what ended did, replies, refusals and flash points."""
    asked, page = _counted()
    since, until = page.period.since.isoformat(), page.period.until.isoformat()
    return render_template(
        "escalations/measures.html",
        page=page,
        notes=asked.notes,
        export_href=url_for("dispute_measures.export", since=since, until=until),
    )


@blueprint.get("/measures.csv")
@_who
def export() -> Response:
    """The same numbers, one a line."""
    _, page = _counted()
    named = f'attachment; filename="{file_name(page.period)}"'
    return Response("\ufeff" + csv_of(page), mimetype="text/csv", headers={"Content-Disposition": named})


def _counted() -> tuple[Asked, MeasuresPage]:
    asked = asked_period(request.args, local(g.now).date())
    return asked, MeasuresPage(read_measures(db.session, g.actor, asked.period), asked.period)
