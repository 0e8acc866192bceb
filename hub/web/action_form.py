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
from hub.web.rows_field import ANOTHER_ROW, RowsField
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

    def gets_another_row(self, pressed: str) -> bool:
        """Whether the button that was pressed asks for one more row of a table; it has it then."""
        tables = (field for field in self if isinstance(field, RowsField))
        table = next((each for each in tables if pressed == f"{ANOTHER_ROW}{each.name}"), None)
        if table is not None and table.may_have_another:
            table.add_row()
        return table is not None

    def not_on_the_list(self) -> list[str]:
        """Names of the questions answered with something that their list does not offer."""
        named = [(field.name, field) for field in self]
        named += [found for field in self if isinstance(field, RowsField) for found in field.named_cells()]
        lists = ((name, field) for name, field in named if isinstance(field, SelectField | RadioField))
        offered = [(name, field, {str(choice.value) for choice in field.choices or ()}) for name, field in lists]
        return [name for name, field, values in offered if not _given(field) <= values]

    def take_over(self, entered: Iterable[Mapping[str, Any]]) -> None:
        """Let answers this person did not touch follow what somebody else entered meanwhile, oldest first.

        `entered` are the values of history rows, {field: {"old": …, "new": …}}. Without this, sending a form that was
        filled in before would undo the other person's changes.
        """
        answers = self.answers()
        for values in entered:
            for name, value in values.items():
                # Without an old value it is no column: words of another person's own, which answer nothing here.
                is_column = "old" in value and name in self._fields and name in answers
                if is_column and as_json(answers[name]) == value["old"]:
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


def field_for(ask: Ask, choices: Choices, *, in_a_row: bool = False) -> Field:
    """One WTForms field for one question. Whether it is answered is the engine's matter: nothing is required here.

    `in_a_row`: it is one box of a table, where radios would take the place of a whole row.
    """
    label = f"{ask.label} (optional)" if ask.optional else ask.label
    hint = ask.hint
    if ask.name in choices:
        return _choice(ask, label, list(choices[ask.name]), as_radios=not in_a_row)
    if ask.codes:
        return _choice(ask, label, list(codes(ask.codes).items()), as_radios=not in_a_row)
    match ask.kind:
        case "rows":
            parts = {part.name: field_for(part, choices, in_a_row=True) for part in ask.parts}
            return RowsField(label, description=hint, parts=parts)
        case "file":
            box = {"multiple": True, "accept": intake().accept}
            return MultipleFileField(label, description=intake().hint, render_kw=box)
        case "long_text":
            return TextAreaField(label, description=hint, render_kw={"rows": 3 if in_a_row else 5})
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
    if isinstance(field, RowsField):
        return field.in_words()
    return field.data or "" if isinstance(field, StringField) and not isinstance(field, HiddenField) else ""


def _given(field: Field) -> set[str]:
    """What was chosen of a list: one answer, several, or none."""
    chosen = field.data if isinstance(field, SelectMultipleField) else [field.data]
    return {str(value) for value in chosen or () if value}


def _choice(ask: Ask, label: str, options: list[tuple[str, str]], *, as_radios: bool = True) -> Field:
    if ask.kind == "choices":
        return SelectMultipleField(
            label, description=ask.hint, choices=nhs_choices(options), validate_choice=False, coerce=str
        )
    # A list of people or organisations grows, so it looks the same on the first day and after a year.
    coerce = _number_or_text if ask.kind == "number" else str
    hint = ask.hint
    if as_radios and len(options) <= SHORT_LIST and ask.kind not in {"person", "organisation", "unit"}:
        return RadioField(label, description=hint, choices=nhs_choices(options), validate_choice=False, coerce=coerce)
    return SelectField(
        label,
        description=hint,
        choices=nhs_choices([("", "Choose one"), *options]),
        validate_choice=False,
        default="",
        coerce=coerce,
    )


def _number_or_text(value: Any) -> Any:
    """A number that was chosen from a list; what is none stays text, for the list to refuse."""
    text = str(value)
    return int(text) if text.isdecimal() and len(text) <= LONGEST_NUMBER else text


def _typed(field: Field) -> Any:
    if isinstance(field, RowsField):
        return [{name: _typed(cell) for name, cell in row.form._fields.items()} for row in field.filled] or None
    value = field.data
    if isinstance(field, RadioField) and [choice.value for choice in field.choices or ()] == ["yes", "no"]:
        return {"yes": True, "no": False}.get(value)
    if isinstance(value, str):
        value = value.strip() or None
    if isinstance(field, SelectMultipleField):
        return value or None
    is_number = isinstance(field, WholeNumber) or field.name.endswith("_id")
    return _number_or_text(value) if is_number and value is not None else value
