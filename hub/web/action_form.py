"""The form of an action, made from what the action asks; a feature gives its own form only where that is not enough."""

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms import (
    BooleanField,
    Field,
    HiddenField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields import EmailField, MultipleFileField, TelField

from hub.codes import codes, why_not
from hub.engine.turn import as_json
from hub.web.date_fields import DateParts, MomentParts
from hub.web.drafts import LONGEST_NUMBER, NO_WORDS
from hub.web.files import intake
from hub.web.nhs_forms import choices as nhs_choices
from hub.web.page_forms import PageForm
from workflows.core import Action, Ask

YES_NO = (("yes", "Yes"), ("no", "No"))
SHORT_LIST = 6
"""Up to so many choices are shown as radios; more as a list to pick from."""
Choices = Mapping[str, Iterable[tuple[str, str]]]


class ActionForm(PageForm):
    """What every action page sends: the version the person was looking at, its window's token, a reason when needed."""

    seen = HiddenField()

    def answers(self) -> dict[str, Any]:
        """Typed values by name of the question; an empty answer is None."""
        return {
            name: _typed(field) for name, field in self._fields.items() if name not in NO_WORDS and name != "reason"
        }

    def own_words(self) -> list[tuple[str, str]]:
        """(question, words) for every text and date that was typed, to be shown where the form itself no longer is."""
        typed = ((field.label.text, _words_in(field)) for field in self)
        return [(question, words) for question, words in typed if words]

    def not_on_the_list(self) -> list[str]:
        """Names of the questions answered with something that their list does not offer."""
        lists = (field for field in self if isinstance(field, SelectField | RadioField))
        offered = {field: {str(choice.value) for choice in field.choices or ()} for field in lists}
        return [field.name for field, values in offered.items() if not _given(field) <= values]

    def take_over(self, entered: Iterable[Mapping[str, Any]]) -> None:
        """Let answers this person did not touch follow what somebody else entered meanwhile, oldest first.

        `entered` are the values of history rows, {field: {"old": …, "new": …}}. Without this, sending a form that was
        filled in before would undo the other person's changes.
        """
        answers = self.answers()
        for values in entered:
            for name, value in values.items():
                if name in self._fields and name in answers and as_json(answers[name]) == value.get("old"):
                    answers[name] = new = value.get("new")
                    self._fields[name].process(None, {True: "yes", False: "no"}[new] if isinstance(new, bool) else new)


def why_not_offered(action: Action, form: ActionForm, name: str) -> str:
    """Why an answer cannot be chosen: by name and day when its code has ended since the form was opened."""
    ask = next((ask for ask in action.questions if ask.name == name), None)
    said = why_not(ask.codes, str(form[name].data)) if ask is not None and ask.codes else ""
    return said or "Choose one from the list"


class WholeNumber(StringField):
    """A whole number typed as text; what is none stays as it was typed, for the engine to refuse in words."""


def form_for(action: Action, choices: Choices | None = None) -> type[ActionForm]:
    """The form class of `action`. `choices` gives the answers of questions whose list depends on the item or actor."""
    made: dict[str, Any] = {ask.name: field_for(ask, choices or {}) for ask in action.questions}
    if action.reason:
        made["reason"] = TextAreaField("Your reason", render_kw={"rows": 4})
    return type(f"{action.name.title().replace('_', '')}Form", (ActionForm,), made)


def field_for(ask: Ask, choices: Choices) -> Field:
    """One WTForms field for one question. Whether it is answered is the engine's matter: nothing is required here."""
    label = f"{ask.label} (optional)" if ask.optional else ask.label
    hint = ask.hint
    if ask.name in choices:
        return _choice(ask, label, list(choices[ask.name]))
    if ask.codes:
        return _choice(ask, label, list(codes(ask.codes).items()))
    match ask.kind:
        case "file":
            box = {"multiple": True, "accept": intake().accept}
            return MultipleFileField(label, description=intake().hint, render_kw=box)
        case "long_text":
            return TextAreaField(label, description=hint, render_kw={"rows": 5})
        case "tick":
            return BooleanField(label, description=hint)
        case "yes_no":
            return RadioField(
                label,
                description=hint,
                choices=nhs_choices(YES_NO),
                validate_choice=False,
                render_kw={"inline": True},
            )
        case "date":
            return DateParts(label, description=hint)
        case "moment":
            return MomentParts(label, description=hint)
        case "phone":
            return TelField(label, description=hint)
        case "email":
            return EmailField(label, description=hint)
        case "number":
            return WholeNumber(label, description=hint, render_kw={"inputmode": "numeric", "width": "4"})
    return StringField(label, description=hint)


def _words_in(field: Field) -> str:
    """What was typed into a box, or into the boxes of a date; nothing of what is only chosen."""
    if isinstance(field, DateParts):
        return " ".join(part for part in field.typed.values() if part)
    return field.data or "" if isinstance(field, StringField) and not isinstance(field, HiddenField) else ""


def _given(field: Field) -> set[str]:
    """What was chosen of a list: one answer, several, or none."""
    chosen = field.data if isinstance(field, SelectMultipleField) else [field.data]
    return {str(value) for value in chosen or () if value}


def _choice(ask: Ask, label: str, options: list[tuple[str, str]]) -> Field:
    if ask.kind == "choices":
        return SelectMultipleField(
            label, description=ask.hint, choices=nhs_choices(options), validate_choice=False, coerce=str
        )
    # A list of people or organisations grows, so it looks the same on the first day and after a year.
    if len(options) <= SHORT_LIST and ask.kind not in {"person", "organisation", "unit"}:
        return RadioField(label, description=ask.hint, choices=nhs_choices(options), validate_choice=False)
    return SelectField(
        label,
        description=ask.hint,
        choices=nhs_choices([("", "Choose one"), *options]),
        validate_choice=False,
        default="",
    )


def _typed(field: Field) -> Any:
    value = field.data
    if isinstance(field, RadioField) and [choice.value for choice in field.choices or ()] == ["yes", "no"]:
        return {"yes": True, "no": False}.get(value)
    if isinstance(value, str):
        value = value.strip() or None
    if isinstance(field, SelectMultipleField):
        return value or None
    is_number = isinstance(field, WholeNumber) or field.name.endswith("_id")
    if is_number and value is not None:
        return int(value) if str(value).isdecimal() and len(str(value)) <= LONGEST_NUMBER else value
    return value
