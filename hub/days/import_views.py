"""Days from a file: tried out first, every problem by row and field, then all of them or none."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from hub.days.forms import LARGEST_FILE, FileForm
from hub.days.importing import COLUMNS, MOST_ROWS, Report, import_days, read_days
from hub.days.page import LONGEST_REASON, blueprint, changes
from hub.db import transaction
from hub.organisations.csv_rows import ImportRefused, Problem
from hub.web.database import db
from hub.web.filters import count
from hub.web.page_forms import stripped

MOST_SHOWN: Final = 200


@blueprint.route("/import", methods=["GET", "POST"])
@changes
def import_file() -> ResponseReturnValue:
    """Send a file, see what it would add or what is wrong, and only then have it done."""
    form = FileForm()
    if not form.validate_on_submit():
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    try:
        report = read_days(db.session, form.text)
    except ImportRefused as refused:
        return _page(form, problems=refused.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    return _page(form, report=report, text=form.text)


@blueprint.post("/import/go-on")
@changes
def import_now() -> ResponseReturnValue:
    """Have done what was tried out: the same file is read and checked again."""
    text, why = request.form.get("text", ""), stripped(request.form.get("why"))[:LONGEST_REASON]
    if not text.strip() or len(text.encode()) > 2 * LARGEST_FILE:
        return redirect(url_for("days.import_file"), HTTPStatus.SEE_OTHER)
    try:
        with transaction(db.session):
            report = import_days(db.session, text, g.actor, now=g.now, why=why or "From a file")
    except ImportRefused as refused:
        return _page(FileForm(formdata=None), problems=refused.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    flash(f"{count(len(report.added), 'day')} added. The deadlines they touch are being worked out again.", "success")
    return redirect(url_for("days.index"), HTTPStatus.SEE_OTHER)


def _page(form: FileForm, *, problems: Sequence[Problem] = (), report: Report | None = None, text: str = "") -> str:
    return render_template(
        "days/import.html",
        form=form,
        token=FlaskForm(),
        problems=problems[:MOST_SHOWN],
        problem_count=len(problems),
        report=report,
        text=text,
        columns=COLUMNS,
        most_rows=MOST_ROWS,
    )
