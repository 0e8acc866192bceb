"""A unit's own pages: what it is asked and has, and what it answered."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Blueprint, g, render_template, request

from hub.db import transaction
from hub.messages.queries import read_inbox
from hub.provider import queries
from hub.provider.presenters import AnsweredPage, HomePage, place_of
from hub.web.access import roles
from hub.web.database import db
from hub.web.paging import read_cursor
from hub.web.trail import note
from workflows.roles import UNIT_ROLES

blueprint = Blueprint("provider", __name__, url_prefix="/home")


@blueprint.get("/")
@roles(*sorted(UNIT_ROLES))
def index() -> str:
    """What my unit is asked, its offers, beds and people; for a membership without a unit, of all its units."""
    ground = queries.read_ground(db.session, g.actor, g.now)
    place = place_of(g.person.organisation_name, ground.units, request.args.get("unit"))
    found = queries.read_open(db.session, g.actor, place.ids)
    ended = queries.read_ended(db.session, g.actor, place.ids)
    messages = read_inbox(db.session, g.actor.user_id).rows
    with transaction(db.session):
        note(db.session, "listed", query=urlencode(place.pairs), count=len(found))
    page = HomePage(place=place, now=g.now, ground=ground, found=found, ended=ended, messages=messages)
    return render_template("provider/home.html", page=page)


@blueprint.get("/answered")
@roles(*sorted(UNIT_ROLES))
def answered() -> str:
    """Every approach to my unit that ended: our own words, and nothing of whom it was about."""
    ground = queries.read_ground(db.session, g.actor, g.now)
    place = place_of(g.person.organisation_name, ground.units, request.args.get("unit"))
    after = read_cursor(request.args.get("after"))
    ended = queries.read_ended(db.session, g.actor, place.ids, after)
    with transaction(db.session):
        note(db.session, "listed", query=urlencode(place.pairs), count=len(ended.rows))
    page = AnsweredPage(place=place, now=g.now, ended=ended, after=after)
    return render_template("provider/answered.html", page=page)
