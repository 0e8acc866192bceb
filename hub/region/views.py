"""The region's page, for the hub alone: a provider must not see the beds of another."""

from flask import Blueprint, g, render_template, request

from hub.beds.queries import policy_now
from hub.places import bands_in
from hub.region.page import Asked, RegionPage
from hub.region.queries import read_beds, read_members
from hub.web.access import hub_staff
from hub.web.database import db

blueprint = Blueprint("region", __name__)


@blueprint.get("/region")
@hub_staff
def show() -> str:
    """Every unit that is open with its free beds, in a list and on a picture; nobody's details are on it."""
    asked = Asked.read(request.args)
    found = read_beds(db.session, g.actor, g.now, asked.bed_type)
    page = RegionPage(asked, found, read_members(db.session, g.now), bands_in(policy_now(db.session, g.now)))
    return render_template("region/show.html", page=page)
