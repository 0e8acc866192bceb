"""The page of every workflow."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request

import workflows
from hub.db import transaction
from hub.how_it_works import queries
from hub.how_it_works.presenters import HowItWorksPage
from hub.web.access import signed_in
from hub.web.database import db
from hub.web.shell import pages_under
from hub.web.trail import note

blueprint = Blueprint("how_it_works", __name__)


@blueprint.get("/how-it-works")
@signed_in
def show() -> str:
    """One workflow as it runs, with the open items this person may see; the first when none is named."""
    first = next(iter(workflows.ALL.values()))
    workflow = workflows.ALL.get(request.args.get("workflow", ""), first)
    policy = queries.read_book(db.session).policy(None, g.now)
    counts = queries.read_counts(db.session, g.actor, g.now)
    with transaction(db.session):
        note(db.session, "listed", query=f"workflow={workflow.name}", count=sum(counts[workflow.name].open.values()))
    page = HowItWorksPage(workflow=workflow, counts=counts, policy=policy, now=g.now)
    return render_template("how_it_works/show.html", page=page, rules=pages_under("how_it_works.show"))
