"""The questions of one section as they stand on its page: one that hangs on an answer appears under that answer."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from wtforms import RadioField

from hub.web.action_form import ActionForm
from hub.web.long_form import FilledForm
from hub.web.nhs_forms import nhs_field
from workflows.form_fields import Field, Section


@dataclass(frozen=True)
class Question:
    """One question of a section's page; `shows` is what appears under an answer, by its value."""

    field: Any
    shows: dict[str, Markup]
    is_asked_for: bool


def questions_of(filled: FilledForm, section: Section, form: ActionForm) -> list[Question]:
    """The section's questions in order. Under a list to pick from nothing can appear, so there it stands by itself."""
    fields = filled.fields_of(section)
    hanging = [field for field in fields if _hangs_on_radios(filled, field, form)]
    still_asked = filled.asked_for - filled.given_since
    return [
        Question(form[field.name], _under(field, hanging, form), field.name in still_asked)
        for field in fields
        if field not in hanging
    ]


def kept_label(field: Field, filled: FilledForm) -> str:
    """An answer that stays on record though it is not asked of this person, or not any more."""
    is_past = field.only is not None and not field.only.holds(filled.item)
    return f"{field.label} (not asked any more)" if is_past else field.label


def _hangs_on_radios(filled: FilledForm, field: Field, form: ActionForm) -> bool:
    return field.only is not None and filled.stands_beside(field) and isinstance(form[field.only.field], RadioField)


def _under(field: Field, hanging: list[Field], form: ActionForm) -> dict[str, Markup]:
    found: dict[str, Markup] = {}
    for other in hanging:
        if other.only is not None and other.only.field == field.name:
            for answer in other.only.answers:
                value = {True: "yes", False: "no"}[answer] if isinstance(answer, bool) else str(answer)
                found[value] = found.get(value, Markup("")) + nhs_field(form[other.name])
    return found
