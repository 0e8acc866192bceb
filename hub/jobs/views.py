"""The page about the worker."""

from __future__ import annotations

from flask import Blueprint, g, render_template

from hub.jobs.queries import read_jobs
from hub.web.access import roles
from hub.web.database import db
from workflows.roles import Role

blueprint = Blueprint("jobs", __name__)


@blueprint.get("/jobs")
@roles(Role.ADMINISTRATOR, Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR, Role.INFORMATION_GOVERNANCE)
def show() -> str:
    """The workers, the last run of each job, and what waits."""
    return render_template("jobs/show.html", state=read_jobs(db.session, g.now), now=g.now)
