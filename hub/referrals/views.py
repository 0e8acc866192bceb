"""Referral pages: a new one, the item, and the one action page."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from hub.cases.banner import Banner, banner_loads, banner_of_form, banner_of_item
from hub.cases.models import CareCase
from hub.referrals.answers_page import outcome_of, sections_of
from hub.referrals.beginning import TYPED, ask_to_begin, begin
from hub.referrals.form1_pages import (
    FORM_1,
    RETURN,
    labels_asked_for,
    mends,
    return_form,
    ticks_by_section,
    what_lacks,
)
from hub.referrals.forms import clean_correction
from hub.referrals.models import Referral
from hub.web import access
from hub.web.actions import Pages, action_routes, keep_typed, show_item
from hub.web.long_form import filled_form
from hub.web.long_form_pages import form_routes
from workflows.roles import Role

blueprint = Blueprint("referrals", __name__, url_prefix="/referrals")


def banner(referral: Referral) -> Banner:
    """Who it is about: the case's person, or what was typed while there is no case."""
    return banner_of_item(referral, form=referral) or banner_of_form(referral)


PAGES = Pages(
    model=Referral,
    endpoint="referrals.show",
    options=(
        joinedload(Referral.owner),
        joinedload(Referral.referring),
        joinedload(Referral.icb),
        joinedload(Referral.authority),
        *banner_loads(Referral.case),
        joinedload(Referral.case).selectinload(CareCase.open_items),
    ),
    banner=banner,
    form_of={RETURN: return_form},
    prefill={RETURN: what_lacks},
    clean={"correct_field": clean_correction},
    more=lambda reading: {
        "asked_labels": labels_asked_for(reading.item),
        "ticks_by_section": ticks_by_section,
        "may_fill_in": filled_form(FORM_1, reading) is not None,
    },
    mends=mends,
    elsewhere=dict.fromkeys(FORM_1.saves, "referrals.show_form"),
    form_template={RETURN: "referrals/return_incomplete.html"},
)


@blueprint.route("/new", methods=["GET", "POST"])
@access.roles(Role.REFERRER, Role.COORDINATOR, Role.ON_CALL)
def new() -> ResponseReturnValue:
    """A new referral: an emergency goes elsewhere, any other is begun here and filled in section by section."""
    return begin() if request.method == "POST" else ask_to_begin()


@blueprint.post("/new/draft")
@access.roles(Role.REFERRER, Role.COORDINATOR, Role.ON_CALL)
def save_new_draft() -> ResponseReturnValue:
    """What is being typed on the page of a new referral."""
    return TYPED.save()


@blueprint.get("/<reference>")
@access.signed_in
def show(reference: str) -> ResponseReturnValue:
    """One referral."""
    return show_item(PAGES, reference, "referrals/show.html", sections_of=sections_of, outcome_of=outcome_of)


keep_section = form_routes(blueprint, PAGES, FORM_1)
action_routes(blueprint, PAGES)


keep_new = TYPED.keeper(lambda posted: posted.endpoint in {"referrals.new", "referrals.save_new_draft"})
KEEPERS = (keep_typed(PAGES), keep_section, keep_new)
"""What the application asks to keep a post that came too late."""
