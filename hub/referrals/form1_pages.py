"""Form 1 as a long form, and the page on which the hub sends it back with what it asks for."""

from typing import Any

from flask import g
from wtforms import SelectMultipleField

from hub.engine.reading import Reading
from hub.referrals.answers_page import answer_of
from hub.referrals.forms import clean_section, lists_now, not_asked_of
from hub.referrals.models import Referral
from hub.web.action_choices import choices_for
from hub.web.action_form import ActionForm, form_for
from hub.web.long_form import LongForm
from hub.web.long_form_pages import mends_of
from workflows import form1
from workflows.core import Action
from workflows.form_fields import Demand, Field
from workflows.referral import REFERRAL, State

SEND = "submit"
RETURN = "return_incomplete"
STAYS_AS_SENT = frozenset({"service_line", "priority", "referring_organisation"})
"""The referrer cannot change these, so the hub does not ask for them."""
_BEFORE_SENDING = REFERRAL.named(SEND)[0].sources


def demands_of(referral: Referral) -> tuple[Demand, ...]:
    """The set of its priority until it is sent; afterwards an emergency still owes the full one."""
    return form1.demands(referral.priority if referral.state in _BEFORE_SENDING else None)


def asked_for(referral: Referral) -> frozenset[str]:
    """What the hub asked for when it sent the form back, while it is with the referrer."""
    return frozenset(referral.fields_asked_for or ()) if referral.state == State.RETURNED else frozenset()


def said_back(referral: Referral) -> str:
    """What the hub wrote when it sent the form back, while it is with the referrer."""
    return (referral.what_is_missing or "") if referral.state == State.RETURNED else ""


FORM_1 = LongForm(
    title="Form 1",
    sections=form1.SECTIONS,
    fields=form1.FIELDS,
    saves=("fill_in", "add_the_rest"),
    sends=(SEND,),
    demands=demands_of,
    answer=answer_of,
    clean=clean_section,
    choices=lists_now,
    left_out=lambda: not_asked_of(g.actor),
    asked_for=asked_for,
    asked_by=RETURN,
    said_back=said_back,
)


def mends(reading: Reading) -> dict[str, str]:
    """Where each missing answer is given."""
    return mends_of("referrals.show", FORM_1, reading)


def labels_asked_for(referral: Referral) -> list[str]:
    """The questions the hub asked for, in the form's order."""
    wanted = asked_for(referral)
    return [field.label for field in form1.FIELDS if field.name in wanted]


def return_form(action: Action, reading: Reading) -> type[ActionForm]:
    """The form of "Return as incomplete": every question of Form 1 that the referrer can answer can be ticked."""
    questions = [(field.name, field.label) for field in form1.FIELDS if _can_be_asked_back(field, reading.item)]
    return form_for(action, {**choices_for(action, reading), "fields_asked_for": questions})


def _can_be_asked_back(field: Field, referral: Referral) -> bool:
    only = field.only
    is_decided_elsewhere = only is not None and form1.FIELD[only.field].section != field.section
    is_ruled_out = only is not None and is_decided_elsewhere and only.is_ruled_out(referral)
    return field.name not in STAYS_AS_SENT and not is_ruled_out


def what_lacks(reading: Reading) -> dict[str, Any]:
    """What is missing now is ticked to begin with: of the full set, and what accepting it would ask for."""
    referral: Referral = reading.item
    names = [lack.field for lack in form1.missing_fields(referral, referral.priority)]
    return {"fields_asked_for": names + (["cetr_on"] if form1.cetr_missing(referral) else [])}


def ticks_by_section(field: SelectMultipleField) -> list[tuple[str, int, list[Any]]]:
    """(section, how many are ticked, its boxes) of the questions to ask for."""
    boxes = {box.data: box for box in field}
    found = []
    for section in form1.SECTIONS:
        own = [boxes[each.name] for each in form1.fields_of(section.name) if each.name in boxes]
        found.append((section.title, sum(box.checked for box in own), own))
    return found
