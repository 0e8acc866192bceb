"""Form 2 on a page, and the lists an admission decision offers."""

from typing import Any

from hub.admissions.models import Admission
from hub.codes import codes_of_line
from hub.engine.reading import Reading
from hub.web.action_choices import choices_for
from hub.web.action_form import ActionForm, form_for
from hub.web.sections import SectionedForm, as_typed, planned, question
from workflows import form2
from workflows.admission.asks import FORM_2
from workflows.core import Action

ASKS = {ask.name: ask for ask in FORM_2}


class Form2(SectionedForm):
    """The base of the form; its questions are added from the field table."""

    plan = planned(form2.SECTIONS, form2.FIELDS)


def form_2(_action: Action, _reading: Reading) -> type[Form2]:
    """The form class with every question of Form 2."""
    made = {field.name: question(field, ASKS[field.name], {}) for field in form2.FIELDS}
    return type("FilledForm2", (Form2,), made)


def with_beds_of_the_line(action: Action, reading: Reading) -> type[ActionForm]:
    """The action's own form, with the bed types of the item's service line alone."""
    beds = list(codes_of_line("bed_type", reading.item.service_line).items())
    return form_for(action, {**choices_for(action, reading), "bed_type": beds})


def form_2_as_typed(reading: Reading) -> dict[str, Any]:
    """The answers of Form 2 as its form shows them."""
    item: Admission = reading.item
    return as_typed(item, form2.FIELDS)


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
    """What was booked before, to change only what changes."""
    item: Admission = reading.item
    found = {
        "assessing_organisation_id": str(item.assessing_organisation_id or ""),
        "booked_assessor": item.booked_assessor,
        "booked_for": item.booked_for,
        "assessment_how": item.assessment_how,
        "assessment_where": item.assessment_where,
    }
    return {name: value for name, value in found.items() if value}
