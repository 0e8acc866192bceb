"""Stay pages: the item with its leaves, and the one action page."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from hub.cases.banner import banner_loads
from hub.engine.reading import Reading
from hub.organisations.models import Site, Unit
from hub.stays.banner import banner_of_stay
from hub.stays.models import Stay
from hub.stays.presenters import StayPage
from hub.stays.queries import leaves_of
from hub.web import access
from hub.web.actions import Pages, action_routes, keep_typed, show_item
from hub.web.database import db

blueprint = Blueprint("stays", __name__, url_prefix="/stays")


def more(reading: Reading) -> dict[str, Any]:
    """What the page of a stay shows besides; nothing of what was recorded to one who sees history alone."""
    leaves = [] if reading.is_content_hidden else leaves_of(db.session, reading.item.id)
    return {"stay": StayPage(reading, leaves, g.now)}


def planned(reading: Reading) -> dict[str, Any]:
    """The date that somebody changes, as it is."""
    return {"estimated_discharge_on": reading.item.estimated_discharge_on}


PAGES = Pages(
    model=Stay,
    endpoint="stays.show",
    options=(
        joinedload(Stay.owner),
        joinedload(Stay.unit).joinedload(Unit.site).joinedload(Site.organisation),
        joinedload(Stay.next_unit).joinedload(Unit.site),
        *banner_loads(Stay.case),
    ),
    banner=banner_of_stay,
    prefill={"change_discharge_date": planned},
    more=more,
)


@blueprint.get("/<reference>")
@access.signed_in
def show(reference: str) -> ResponseReturnValue:
    """One stay."""
    return show_item(PAGES, reference, "stays/show.html")


action_routes(blueprint, PAGES)
KEEPERS = (keep_typed(PAGES),)
"""What the application asks to keep a post that came too late."""
