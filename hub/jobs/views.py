"""The page about the worker, and putting back what was given up."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import Blueprint, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.db import transaction
from hub.engine.outbox import try_again
from hub.jobs.queries import read_jobs
from hub.web.access import roles
from hub.web.database import db
from hub.web.filters import count
from hub.web.trail import note
from workflows.roles import Role

blueprint = Blueprint("jobs", __name__)
_MOST: Final = 2**63
"""What the database has no number for."""


@blueprint.get("/jobs")
@roles(Role.ADMINISTRATOR, Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR, Role.INFORMATION_GOVERNANCE)
def show() -> str:
    """The workers, the last run of each job, and what waits."""
    may_retry = Role.ADMINISTRATOR in g.actor.roles
    return render_template("jobs/show.html", state=read_jobs(db.session, g.now), now=g.now, may_retry=may_retry)


@blueprint.post("/jobs/retry")
@roles(Role.ADMINISTRATOR)
def retry() -> ResponseReturnValue:
    """Put one message that was given up back, or all of them, to be tried from the start."""
    with transaction(db.session):
        put_back = try_again(db.session, now=g.now, only=_chosen())
        note(db.session, "messages_put_back", count=put_back)
    if put_back:
        flash(f"{count(put_back, 'message')} put back. The worker tries again now.", "success")
    else:
        flash("Nothing was put back: somebody did it already, or it has left meanwhile.", "info")
    return redirect(url_for("jobs.show"), HTTPStatus.SEE_OTHER)


def _chosen() -> int | None:
    """The message whose button was pressed, None for all of them; 0, which none is, for what is no number of one."""
    if "message" not in request.form:
        return None
    number = request.form.get("message", 0, int)
    return number if 0 < number < _MOST else 0
