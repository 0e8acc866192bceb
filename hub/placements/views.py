"""Placement pages: the item, and the one action page."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from hub.cases.banner import banner_loads, banner_of_item
from hub.placements.models import Placement
from hub.web import access
from hub.web.actions import Pages, action_routes, keep_typed, show_item
from hub.web.filters import count
from hub.web.stored_words import shown

blueprint = Blueprint("placements", __name__, url_prefix="/placements")


def wanted(placement: Placement) -> list[tuple[str, str]]:
    """What is looked for and what a unit will ask on the telephone, as (name, value in words)."""
    weeks, admission = placement.expected_length_weeks, placement.admission
    referral = admission.referral if admission is not None else None
    return [
        ("Type of bed", shown(placement.bed_type, codes="bed_type")),
        ("Expected length", count(weeks, "week") if weeks else ""),
        ("Where the person is", shown(getattr(referral, "where_now", None))),
        ("Call-back number", shown(getattr(referral, "call_back_number", None))),
        ("Clinician in charge", shown(getattr(admission, "clinician_in_charge", None))),
        ("Immediate risk", shown(getattr(admission, "immediate_risk", None))),
    ]


PAGES = Pages(
    model=Placement,
    endpoint="placements.show",
    options=(joinedload(Placement.owner), *banner_loads(Placement.case)),
    banner=banner_of_item,
    more=lambda reading: {"wanted": wanted(reading.item)},
)


@blueprint.get("/<reference>")
@access.signed_in
def show(reference: str) -> ResponseReturnValue:
    """One search for a bed."""
    return show_item(PAGES, reference, "placements/show.html")


action_routes(blueprint, PAGES)
KEEPERS = (keep_typed(PAGES),)
"""What the application asks to keep a post that came too late."""
