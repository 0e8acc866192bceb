"""Beds from a file: tried out first, every problem by row and field, then all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from hub.beds import presenters, queries
from hub.beds.csv_file import COLUMNS, MOST_ROWS, OPTIONAL
from hub.beds.forms import LARGEST_FILE, FileForm
from hub.beds.importing import Report, import_beds, try_import
from hub.beds.page import blueprint
from hub.db import transaction
from hub.organisations.csv_rows import ImportRefused, Problem
from hub.web.access import roles
from hub.web.database import db
from hub.web.filters import count
from hub.web.trail import note
from workflows.roles import UNIT_ROLES

MOST_SHOWN: Final = 200
sends = roles(*sorted(UNIT_ROLES), *queries.BY_TELEPHONE)


@blueprint.route("/import/beds", methods=["GET", "POST"])
@sends
def import_file() -> ResponseReturnValue:
    """Send a file, see what would change or what is wrong, and only then have it done."""
    form = FileForm()
    if not form.validate_on_submit():
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    try:
        with transaction(db.session):
            report = try_import(db.session, form.text, g.actor, now=g.now)
    except ImportRefused as refused:
        return _page(form, problems=refused.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    return _page(form, report=report, text=form.text)


@blueprint.post("/import/beds/go-on")
@sends
def import_now() -> ResponseReturnValue:
    """Have done what was tried out: the same file is read and checked again."""
    text = request.form.get("text", "")
    if not text.strip() or len(text.encode()) > 2 * LARGEST_FILE:
        return redirect(url_for("beds.import_file"), HTTPStatus.SEE_OTHER)
    try:
        with transaction(db.session):
            report = import_beds(db.session, text, g.actor, now=g.now)
            note(db.session, "beds_imported", count=len(report.told))
    except ImportRefused as refused:
        return _page(FileForm(formdata=None), problems=refused.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(f"Imported: {count(len(report.told), 'row')} confirmed, {report.same} as before.", "success")
    return redirect(url_for("beds.index"), HTTPStatus.SEE_OTHER)


def _page(form: FileForm, *, problems: Sequence[Problem] = (), report: Report | None = None, text: str = "") -> str:
    told = report.told if report else []
    return render_template(
        "beds/import.html",
        form=form,
        token=FlaskForm(),
        problems=problems[:MOST_SHOWN],
        problem_count=len(problems),
        report=report,
        told=told[:MOST_SHOWN],
        text=text,
        says=presenters,
        columns=COLUMNS,
        optional=OPTIONAL,
        most_rows=MOST_ROWS,
        is_of_the_hub=g.actor.is_hub,
    )
