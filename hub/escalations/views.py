"""Escalation pages: the dispute with every side's words in step, and the one action page."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import Blueprint, abort, g, render_template
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload, selectinload

from hub.cases.banner import Banner, banner_loads, banner_of_item
from hub.engine.reading import Reading, read_item
from hub.escalations.forms import CLEAN, FORM_OF, FORM_TEMPLATE, PREFILL
from hub.escalations.models import Escalation
from hub.escalations.page import DisputePage
from hub.escalations.settlement_models import AgreedAction, Issue, Proposal, Seat
from hub.escalations.settlement_page import difference
from hub.escalations.side_models import Position
from hub.escalations.standing import sees_it_by_role
from hub.web import access
from hub.web.actions import Pages, action_routes, keep_typed, log_item, refuse_unseen, show_item
from hub.web.database import db

blueprint = Blueprint("escalations", __name__, url_prefix="/escalations")


def more(reading: Reading) -> dict[str, Any]:
    """What the page of a dispute shows besides."""
    return {"dispute": DisputePage(reading, g.actor, g.now, db.session)}


def banner(item: Escalation) -> Banner | None:
    """Who it is about, for the hub; whoever else takes part reads a name and a date of birth on the page, no more."""
    return banner_of_item(item) if sees_it_by_role(item, g.actor) else None


LOADS = (
    joinedload(Escalation.owner),
    joinedload(Escalation.convenor),
    joinedload(Escalation.flash_point),
    joinedload(Escalation.learned_flash_point),
    joinedload(Escalation.interim_funder),
    *banner_loads(Escalation.case),
    *(selectinload(getattr(Escalation, name)) for name in ("sides", "visits", "wishes", "speakers", "facts", "views")),
    selectinload(Escalation.acceptances),
    selectinload(Escalation.positions).joinedload(Position.by),
    selectinload(Escalation.proposals).joinedload(Proposal.by),
    selectinload(Escalation.seats).joinedload(Seat.user),
    selectinload(Escalation.issues).joinedload(Issue.chosen),
    selectinload(Escalation.agreed_actions).joinedload(AgreedAction.owner),
)
"""Each relation in a statement of its own, whatever is in it."""
PAGES = Pages(
    model=Escalation,
    endpoint="escalations.show",
    options=LOADS,
    banner=banner,
    form_of=FORM_OF,
    prefill=PREFILL,
    clean=CLEAN,
    by_link=frozenset({"action_number"}),
    form_template=FORM_TEMPLATE,
    more=more,
)


@blueprint.get("/<reference>")
@access.signed_in
def show(reference: str) -> ResponseReturnValue:
    """One dispute, as everybody who takes part reads it."""
    return show_item(PAGES, reference, "escalations/show.html")


@blueprint.get("/<reference>/versions/<int(max=9999):number>")
@access.signed_in
def version(reference: str, number: int) -> ResponseReturnValue:
    """One version of the settlement beside the one before it."""
    reading = read_item(db.session, Escalation, reference, g.actor, options=LOADS)
    if reading is None:
        refuse_unseen(PAGES, reference)
    dispute = DisputePage(reading, g.actor, g.now, db.session)
    pair = dispute.pair(number)
    if pair is None:
        abort(HTTPStatus.NOT_FOUND)
    log_item(reading.item, "opened")
    return render_template(
        "escalations/version.html", dispute=dispute, item=reading.item, pair=pair, pieces=difference(*pair)
    )


action_routes(blueprint, PAGES)
KEEPERS = (keep_typed(PAGES),)
"""What the application asks to keep a post that came too late."""
