"""Placement pages: the search with its ranking, and the one action page."""

from typing import Any

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from hub.cases.banner import Banner, banner_loads, banner_of_item
from hub.engine.reading import Reading
from hub.placements import forms
from hub.placements.approach_views import banner_of_the_unit
from hub.placements.models import Placement
from hub.placements.page import page_of, taken_by
from hub.web import access
from hub.web.actions import Pages, action_routes, keep_typed, show_item

blueprint = Blueprint("placements", __name__, url_prefix="/placements")


def banner(placement: Placement) -> Banner | None:
    """Who it is about; to the unit whose bed was accepted, as much as its own approach says."""
    taken = None if g.actor.is_hub else taken_by(placement, g.actor)
    return banner_of_item(placement) if taken is None else banner_of_the_unit(taken)


def more(reading: Reading) -> dict[str, Any]:
    """What its pages show besides: the ranking, the approaches, the bed; and the unit that a link names."""
    page = page_of(reading)
    named = request.args.get("asked_unit_id") or request.args.get("exception_unit_id")
    return {"search": page, "chosen_unit": page.chosen(named)}


PAGES = Pages(
    model=Placement,
    endpoint="placements.show",
    options=(joinedload(Placement.owner), joinedload(Placement.admission), *banner_loads(Placement.case)),
    banner=banner,
    form_of={
        "approach_unit": forms.with_ranked_units,
        "allow_exception": forms.with_watched_units,
        "accept_offer": forms.with_live_offers,
    },
    prefill={
        "plan_conveyance": forms.journey_so_far,
        "complete_facts": forms.facts_on_record,
    },
    more=more,
    mends=forms.mends,
    action_template="placements/act.html",
)


@blueprint.get("/<reference>")
@access.signed_in
def show(reference: str) -> ResponseReturnValue:
    """One search for a bed."""
    return show_item(PAGES, reference, "placements/show.html")


action_routes(blueprint, PAGES)
KEEPERS = (keep_typed(PAGES),)
"""What the application asks to keep a post that came too late."""
