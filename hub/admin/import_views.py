"""Importing organisations, sites and units from files: tried out first, every problem by row, all or nothing."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from hub.admin.page import blueprint, writes
from hub.admin.place_forms import FilesForm
from hub.db import transaction
from hub.organisations.csv_rows import ImportRefused, Problem
from hub.organisations.importing import Report
from hub.organisations.place_imports import import_places, try_import
from hub.web.database import db
from hub.web.trail import note

MOST_SHOWN: Final = 200
_NAMES: Final = {"organisation": "Organisations", "site": "Sites", "unit": "Units"}
_FILES: Final = ("organisations", "sites", "units")


@blueprint.route("/import", methods=["GET", "POST"])
@writes
def import_files() -> ResponseReturnValue:
    """Send files, see what would happen or what is wrong, and only then have it done."""
    form = FilesForm()
    if not form.validate_on_submit():
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY if form.is_submitted() else HTTPStatus.OK
    try:
        with transaction(db.session):
            report, touched = try_import(db.session, g.actor, now=g.now, **form.lines)
    except ImportRefused as refused:
        return _page(form, problems=refused.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    files = {name: "".join(lines) for name, lines in form.lines.items()}
    return _page(form, report=report, touched=touched, files=files)


@blueprint.post("/import/go-on")
@writes
def import_now() -> ResponseReturnValue:
    """Have done what was tried out: the same files are read and checked again."""
    files = {name: _lines(request.form[name]) for name in _FILES if request.form.get(name, "").strip()}
    if not files:
        return redirect(url_for("admin.import_files"), HTTPStatus.SEE_OTHER)
    why = request.form.get("why", "").replace("\0", "").strip()[:500] or "Import of a file"
    try:
        with transaction(db.session):
            report = import_places(db.session, g.actor, now=g.now, why=why, **files)
            note(db.session, "places_imported", count=len(report.touched))
    except ImportRefused as refused:
        return _page(FilesForm(formdata=None), problems=refused.problems), HTTPStatus.UNPROCESSABLE_ENTITY
    added, changed = sum(report.added.values()), sum(report.changed.values())
    flash(f"Imported: {added:,} added, {changed:,} changed, {sum(report.same.values()):,} as they were.", "success")
    return redirect(url_for("admin.organisations"), HTTPStatus.SEE_OTHER)


def _page(
    form: FilesForm,
    *,
    problems: Sequence[Problem] = (),
    report: Report | None = None,
    touched: Sequence[tuple[str, str]] = (),
    files: Mapping[str, str] | None = None,
) -> str:
    counts = [
        (words, report.added.get(name, 0), report.changed.get(name, 0), report.same.get(name, 0))
        for name, words in _NAMES.items()
        if report is not None
    ]
    return render_template(
        "admin/import.html",
        form=form,
        token=FlaskForm(),
        problems=problems[:MOST_SHOWN],
        problem_count=len(problems),
        counts=[row for row in counts if any(row[1:])],
        touched=touched[:MOST_SHOWN],
        touched_count=len(touched),
        files=files or {},
        is_tried=report is not None,
    )


def _lines(text: str) -> list[str]:
    """A browser sends every line's end as two characters, also inside a quoted cell: the file's own had one."""
    return io.StringIO(text.replace("\0", "").replace("\r\n", "\n"), newline="").readlines()
