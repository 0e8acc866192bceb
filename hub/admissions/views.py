"""Admission decision pages: the item, and the one action page with its authority."""

from typing import Any

from flask import Blueprint, g
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from hub.admissions import forms
from hub.admissions.models import Admission
from hub.admissions.presenters import AdmissionPage
from hub.admissions.queries import who_is_next
from hub.cases.banner import Banner, banner_loads, banner_of_case
from hub.engine.reading import Reading
from hub.web import access
from hub.web.actions import Pages, action_routes, keep_typed, show_item
from hub.web.database import db

blueprint = Blueprint("admissions", __name__, url_prefix="/admissions")


def banner(admission: Admission) -> Banner | None:
    """Who it is about."""
    if admission.case is None:
        return None
    return banner_of_case(admission.case, g.now, is_hub=g.actor.is_hub, form=admission.referral)


def more(reading: Reading) -> dict[str, Any]:
    """What its pages show besides: what was entered, and who may decide."""
    return {"admission": AdmissionPage(reading, g.actor, who_is_next(db.session, reading.item, now=g.now))}


PAGES = Pages(
    model=Admission,
    endpoint="admissions.show",
    options=(
        joinedload(Admission.owner),
        joinedload(Admission.referral),
        joinedload(Admission.assessing),
        joinedload(Admission.asked),
        joinedload(Admission.commissioner),
        joinedload(Admission.form2_signed_by),
        joinedload(Admission.recommended_by),
        joinedload(Admission.asked_by),
        joinedload(Admission.decided_by),
        joinedload(Admission.admitted_by),
        joinedload(Admission.ratified_by),
        *banner_loads(Admission.case),
    ),
    banner=banner,
    form_of={
        "fill_in_assessment": forms.form_2,
        "recommend": forms.with_beds_of_the_line,
        "admit_in_emergency": forms.with_beds_of_the_line,
    },
    prefill={
        "fill_in_assessment": forms.form_2_as_typed,
        "book_assessment": forms.as_booked,
        "recommend": forms.last_recommendation,
        "agree_admission": forms.named_commissioner,
        "admit_in_emergency": forms.bed_already_known,
    },
    more=more,
    form_template={"fill_in_assessment": "workflow/fill_in.html"},
    action_template="admissions/act.html",
)


@blueprint.get("/<reference>")
@access.signed_in
def show(reference: str) -> ResponseReturnValue:
    """One admission decision."""
    return show_item(PAGES, reference, "admissions/show.html")


action_routes(blueprint, PAGES)
KEEPERS = (keep_typed(PAGES),)
"""What the application asks to keep a post that came too late."""
