"""The import page: send a file, see what is wrong with it, and have it imported in the background."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import PureWindowsPath
from typing import Any

from flask import Blueprint, Response, abort, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage
from wtforms import FileField
from wtforms.validators import ValidationError

from hub.db import transaction
from hub.engine.refusal import ActionRefused
from hub.referrals import import_runs
from hub.referrals.import_models import ImportRun, Stage
from hub.referrals.import_page import RunPage, run_line
from hub.web.access import roles
from hub.web.database import db
from hub.web.trail import note
from workflows.roles import Role

blueprint = Blueprint("imports", __name__, url_prefix="/referrals/import")
_who = roles(Role.COORDINATOR, Role.ADMINISTRATOR)
_LONGEST_NAME = 120


class FileForm(FlaskForm):
    """One file of referrals."""

    file = FileField("A file of referrals", description="CSV, JSON (.json) or JSON lines (.jsonl)")

    def validate_file(self, field: Any) -> None:
        """Everything that can be seen at once; the worker looks at every row."""
        if not isinstance(field.data, FileStorage) or not field.data.filename:
            raise ValidationError("Choose a file")
        self.content: bytes = field.data.read()
        if not self.content:
            raise ValidationError("The file is empty: choose another")
        said = import_runs.problem_at_the_start(field.data.filename, self.content)
        if said:
            raise ValidationError(said)

    @property
    def file_name(self) -> str:
        """The name without folders, which some browsers send along, and without characters nobody can see."""
        name = PureWindowsPath(self.file.data.filename).name  # it divides at / too
        return "".join(letter for letter in name if letter.isprintable())[-_LONGEST_NAME:]


@blueprint.route("", methods=["GET", "POST"])
@_who
def show() -> ResponseReturnValue:
    """Send a file; and the files that were sent before."""
    form = FileForm()
    if form.validate_on_submit():
        with transaction(db.session):
            run = import_runs.ask(
                db.session, asked_by_id=g.actor.user_id, file_name=form.file_name, content=form.content, now=g.now
            )
            note(db.session, "import_sent", import_id=run.id, sha256=run.file_sha256)
        return redirect(url_for("imports.show_run", reference=run.id), 303)
    lines = [run_line(run) for run in import_runs.runs_seen_by(db.session, g.actor)]
    page = render_template("referrals/import.html", form=form, lines=lines, is_everybodys=_is_coordinator())
    return page, 422 if form.is_submitted() else 200


@blueprint.get("/<reference>")
@_who
def show_run(reference: str) -> str:
    """One file: how far it is, what is wrong with it by row and field, and what can be done."""
    run = _seen(reference, "opened")
    page = RunPage(run, import_runs.same_file_before(db.session, run), g.now, request.args.get("from", ""))
    return render_template("referrals/import_run.html", page=page, form=FlaskForm())


@blueprint.post("/<reference>")
@_who
def go_on(reference: str) -> ResponseReturnValue:
    """Have the checked rows imported."""
    run = _seen(reference, "opened")
    try:
        with transaction(db.session):
            import_runs.go_on(db.session, run, skips_bad=request.form.get("leave_out") == "yes", now=g.now)
            note(db.session, "import_begun", import_id=run.id, count=run.report["good"])
    except ActionRefused as no:
        flash(f"{no}.", "late")
    return redirect(url_for("imports.show_run", reference=run.id), 303)


@blueprint.get("/<reference>/problems.csv")
@_who
def problems(reference: str) -> Response:
    """Every row with problems, whole, one line for each problem."""
    run = _seen(reference, "exported")
    content = import_runs.rejects_of(db.session, run.id)
    if content is None:
        abort(HTTPStatus.NOT_FOUND)
    name = f"problems-of-import-{run.id}.csv"
    return Response(content, mimetype="text/csv", headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _seen(reference: str, what: str) -> ImportRun:
    """The import, logged. One that is not for this person answers as one that is not there, and the try is logged.

    While the worker is at it the page asks again every few seconds and shows no row: that is not a look at anything.
    """
    run = import_runs.run_seen_by(db.session, g.actor, reference)
    if run is None or not Stage(run.stage).is_waiting:
        with transaction(db.session):
            note(db.session, what if run else "refused", import_id=run.id if run else reference[:20])
    if run is None:
        abort(HTTPStatus.NOT_FOUND)
    return run


def _is_coordinator() -> bool:
    return Role.COORDINATOR in g.actor.roles
