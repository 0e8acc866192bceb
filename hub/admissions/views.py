"""Admission decision pages: the item, and the one action page with its authority."""

from typing import Any

from flask import Blueprint, g
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload

from hub.admissions import forms
from hub.admissions.models import Admission
from hub.admissions.presenters import AdmissionPage
from hub.admissions.queries import who_is_next
from hub.cases.banner import Banner, banner_loads, banner_of_item
from hub.engine.reading import Reading
from hub.web import access
from hub.web.actions import Pages, action_routes, keep_typed, show_item
from hub.web.database import db
from hub.web.long_form import filled_form
from hub.web.long_form_pages import form_routes

blueprint = Blueprint("admissions", __name__, url_prefix="/admissions")


def banner(admission: Admission) -> Banner | None:
    """Who it is about."""
    return banner_of_item(admission, form=admission.referral)


def more(reading: Reading) -> dict[str, Any]:
    """What its pages show besides: what was entered, and who may decide."""
    page = AdmissionPage(reading, g.actor, who_is_next(db.session, reading.item, now=g.now))
    return {"admission": page, "may_fill_in": filled_form(forms.FORM_2, reading) is not None}


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
        "recommend": forms.with_beds_of_the_line,
        "admit_in_emergency": forms.with_beds_of_the_line,
    },
    prefill={
        "book_assessment": forms.as_booked,
        "recommend": forms.last_recommendation,
        "agree_admission": forms.named_commissioner,
        "admit_in_emergency": forms.bed_already_known,
    },
    more=more,
    mends=forms.mends,
    elsewhere=dict.fromkeys(forms.FORM_2.saves, "admissions.show_form"),
    action_template="admissions/act.html",
)


@blueprint.get("/<reference>")
@access.signed_in
def show(reference: str) -> ResponseReturnValue:
    """One admission decision."""
    return show_item(PAGES, reference, "admissions/show.html")


keep_section = form_routes(blueprint, PAGES, forms.FORM_2)
action_routes(blueprint, PAGES)
KEEPERS = (keep_typed(PAGES), keep_section)
"""What the application asks to keep a post that came too late."""
