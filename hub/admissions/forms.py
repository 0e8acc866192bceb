"""Form 2 on a page, and the lists an admission decision offers."""

from typing import Any

from flask import url_for

from hub.admissions.models import Admission
from hub.codes import codes_of_line
from hub.engine.reading import Reading
from hub.organisations.queries import find_organisation
from hub.web.action_choices import choices_for
from hub.web.action_form import ActionForm, form_for
from hub.web.database import db
from hub.web.item_rows import action_href
from hub.web.long_form import LongForm
from hub.web.long_form_pages import mends_of
from hub.web.sections import answer_in_words
from workflows import form2
from workflows.admission.guards import NO_SCAN, has_form_2
from workflows.core import SYSTEM, Action

FORM_2 = LongForm(
    title="Form 2",
    sections=form2.SECTIONS,
    fields=form2.FIELDS,
    saves=("fill_in_assessment",),
    sends=("sign_assessment", "sign_late_assessment", "enter_signed_paper", "enter_late_paper"),
    demands=lambda _admission: form2.DEMANDS,
    answer=answer_in_words,
    clean=lambda form, _admission: (form.answers(), []),
)


def mends(reading: Reading) -> dict[str, str]:
    """Where each answer is given that Form 2 lacks; where there are many, the form itself."""
    scan = {NO_SCAN: action_href(reading.item, "add_document")}
    found = mends_of("admissions.show", FORM_2, reading)
    if not found:
        return scan
    whole = url_for("admissions.show_form", reference=reading.item.reference)
    return dict.fromkeys(has_form_2(reading.item, SYSTEM), whole) | found | scan


def with_beds_of_the_line(action: Action, reading: Reading) -> type[ActionForm]:
    """The action's own form, with the bed types of the item's service line alone."""
    beds = list(codes_of_line("bed_type", reading.item.service_line).items())
    return form_for(action, {**choices_for(action, reading), "bed_type": beds})


def last_recommendation(reading: Reading) -> dict[str, Any]:
    """A second recommendation starts from the first: after an answer most of it stands."""
    item: Admission = reading.item
    names = ("recommendation", "alternatives_considered", "purpose", "bed_type", "expected_length_weeks", "exit_plan")
    return {name: getattr(item, name) for name in names if getattr(item, name) is not None}


def named_commissioner(reading: Reading) -> dict[str, Any]:
    """The ICB on the case is who is responsible, unless somebody says another."""
    item: Admission = reading.item
    return {"responsible_commissioner": item.case.responsible_icb} if item.case else {}


def bed_already_known(reading: Reading) -> dict[str, Any]:
    """The type of bed that was recommended, or the one that was referred for."""
    item: Admission = reading.item
    wanted = item.bed_type or getattr(item.referral, "bed_type_wanted", None)
    return {"bed_type": wanted, "why_it_cannot_wait": getattr(item.referral, "why_it_cannot_wait", None)}


def as_booked(reading: Reading) -> dict[str, Any]:
    """What was booked before, to change only what changes; before that, whoever was named on accepting the referral."""
    item: Admission = reading.item
    named = getattr(item.referral, "assessing_organisation", None) if item.assessing_organisation_id is None else None
    assessing = find_organisation(db.session, named) if named else None
    found = {
        "assessing_organisation_id": str(item.assessing_organisation_id or (assessing.id if assessing else "")),
        "booked_assessor": item.booked_assessor,
        "booked_for": item.booked_for,
        "assessment_how": item.assessment_how,
        "assessment_where": item.assessment_where,
    }
    return {name: value for name, value in found.items() if value}
