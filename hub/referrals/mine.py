"""The referrer's own page: what is asked of me, where my referrals are, and what I began."""

from __future__ import annotations

from flask import Blueprint, g, render_template, request

from hub.db import transaction
from hub.engine.rulebook import rulebook
from hub.messages.queries import read_inbox
from hub.referrals import queries
from hub.referrals.mine_lines import WHICH, MinePage
from hub.web.access import roles
from hub.web.database import db
from hub.web.paging import read_cursor
from hub.web.trail import note
from workflows.roles import Role

blueprint = Blueprint("mine", __name__)


@blueprint.get("/referrals/")
@roles(Role.REFERRER)
def show() -> str:
    """Every referral of my organisation, what I am asked for first."""
    asked_for = request.args.get("which", "")
    which = asked_for if asked_for in WHICH else "open"
    after = read_cursor(request.args.get("after"))
    counts = queries.read_counts(db.session, g.actor)
    page = MinePage(
        now=g.now,
        book=rulebook(db.session),
        which=which,
        is_first=after is None,
        asked=queries.read_asked(db.session, g.actor),
        drafts=queries.read_drafts(db.session, g.actor),
        begun=queries.read_begun(db.session, g.actor),
        counts=counts,
        found=queries.read_mine(db.session, g.actor, which, after),
        messages=read_inbox(db.session, g.actor.user_id).rows,
        escalations=queries.read_escalations(db.session, g.actor),
    )
    with transaction(db.session):
        note(db.session, "listed", query=f"which={which}", count=counts[which])
    return render_template("referrals/mine.html", page=page)
