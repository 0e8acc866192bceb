"""Approach pages: the question as the unit and the hub see it, and the answer on the one action page."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, g
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from hub.cases.banner import Banner, banner_loads, banner_of_item, law_of
from hub.engine.reading import Reading
from hub.engine.visibility import View, knows_person
from hub.organisations.models import Site, Unit
from hub.placements.approach_models import Approach
from hub.placements.approach_presenters import ApproachPage
from hub.placements.approach_queries import beds_of_the_unit, own_lines, pack_of
from hub.placements.pack import is_sharing_restricted
from hub.web import access
from hub.web.action_choices import choices_for
from hub.web.action_form import ActionForm, form_for
from hub.web.actions import Pages, action_routes, keep_typed, show_item
from hub.web.database import db
from workflows.approach import CLINICAL_ANSWERS
from workflows.core import Action

blueprint = Blueprint("approaches", __name__, url_prefix="/approaches")
USUAL_END = "If you leave this empty it stands for {} from when you send it."


def banner(item: Approach) -> Banner | None:
    """Who it is about, for whoever may know: the hub by the case, the unit as its pack says; nobody after the end."""
    if not knows_person(item, g.actor) or item.case is None:
        return None
    if g.actor.is_hub:
        return banner_of_item(item)
    return banner_of_the_unit(item)


def banner_of_the_unit(item: Approach) -> Banner:
    """As much as the pack says, and no case reference: the unit opens this approach and nothing else.

    The law is told while a bed is looked for. From then on the stay tells it as long as the person is there: what
    became of them elsewhere is no matter of this unit.
    """
    case = item.case
    assert case is not None
    patient = case.patient
    law = law_of(case.current_status, g.now) if item.placement.is_open else None
    if is_sharing_restricted(item.placement):
        return Banner(None, None, None, None, None, "this person", law=law, restriction="ring the hub")
    return Banner(
        patient.family_name,
        patient.given_name,
        patient.preferred_name,
        patient.date_of_birth,
        patient.nhs_number,
        patient.called,
        law=law,
    )


def _more(reading: Reading) -> dict[str, Any]:
    """What the page shows besides; whoever may not know the person is read no pack."""
    item, is_whole = reading.item, reading.view is View.ALL
    return {
        "approach": ApproachPage(
            reading,
            g.actor,
            g.now,
            pack=pack_of(db.session, item, g.actor) if is_whole else None,
            own=own_lines(db.session, reading, g.actor) if reading.view is View.OUTCOME else (),
            beds=beds_of_the_unit(db.session, item),
        )
    }


def _offer_form(action: Action, reading: Reading) -> type[ActionForm]:
    """The questions of an offer, which say how long it stands when no time is given."""
    policy = reading.book.policy(reading.item.policy_version_id, g.now)
    said = USUAL_END.format(policy.duration("approach.offer").text)
    asks = [replace(ask, hint=said) if ask.name == "offer_until" else ask for ask in action.questions]
    return form_for(replace(action, asks=tuple(asks)), choices_for(action, reading))


def _refusal_form(action: Action, reading: Reading) -> type[ActionForm]:
    """The questions of a refusal; those for a clinical reason stand together, so each need not say so."""
    asks = [replace(ask, hint="", optional=False) if ask.name in CLINICAL_ANSWERS else ask for ask in action.questions]
    return form_for(replace(action, asks=tuple(asks)), choices_for(action, reading))


PAGES = Pages(
    model=Approach,
    endpoint="approaches.show",
    options=(
        joinedload(Approach.owner),
        joinedload(Approach.unit).joinedload(Unit.site).joinedload(Site.organisation),
        joinedload(Approach.pack),
        joinedload(Approach.figures),
        *banner_loads(Approach.case),
    ),
    banner=banner,
    more=_more,
    form_of={"offer": _offer_form, "refuse": _refusal_form},
    action_template="approaches/act.html",
)


@blueprint.get("/<reference>")
@access.signed_in
def show(reference: str) -> ResponseReturnValue:
    """One approach."""
    return show_item(PAGES, reference, "approaches/show.html")


action_routes(blueprint, PAGES)
KEEPERS = (keep_typed(PAGES),)
"""What the application asks to keep a post that came too late."""
