"""Shows WTForms fields as NHS.UK components: label, hint, error, and whatever was typed."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from flask import current_app
from markupsafe import Markup
from wtforms import Field, FieldList, Form, FormField, fields
from wtforms.fields.choices import SelectChoice

from hub.web.date_fields import DateParts, MomentParts
from hub.web.rows_field import RowsField

__all__ = ["DateParts", "MomentParts", "choices", "form_errors", "nhs_field"]

OWN: Final = ("count", "rows", "width", "prefix", "suffix", "small", "inline", "hints", "size")
"""Keys of a field's `render_kw` that this module reads; all others become attributes of the input."""
SAID_BETTER: Final = {
    "This field is required.": "Fill in “{}”",
    "Not a valid choice.": "Choose an answer for “{}”",
    "Invalid Choice: could not coerce.": "Choose an answer for “{}”",
    "Not a valid integer value.": "“{}” must be a whole number, such as 12",
    "Not a valid decimal value.": "“{}” must be a number, such as 12.50",
    "Not a valid float value.": "“{}” must be a number, such as 12.50",
    "Invalid email address.": "“{}” must be an email address, such as name@example.org",
    "CSRF token missing.": "This page was open for too long. Send it again: what you typed is still here",
    "The CSRF token has expired.": "This page was open for too long. Send it again: what you typed is still here",
}
"""What WTForms says by itself, put so that it names the question and says what to do."""


def choices(pairs: Iterable[tuple[str, str]] | Mapping[str, str]) -> list[SelectChoice]:
    """The `choices` of a select, radio or checkbox field, from (value, label): WTForms no longer takes plain pairs."""
    given = pairs.items() if isinstance(pairs, Mapping) else pairs
    return [SelectChoice(str(value), label) for value, label in given]


def nhs_field(field: Field, shows: Mapping[str, Markup] | None = None, **extra: Any) -> Markup:
    """`field` as an NHS.UK component, ready to print.

    `shows` gives, for a radio or checkbox value, the markup that appears under it. `extra` goes to the component.
    """
    own = {key: value for key, value in (field.render_kw or {}).items() if key in OWN}
    others = {key: value for key, value in (field.render_kw or {}).items() if key not in OWN}
    macro, params = _component(field, own, shows or {})
    size = own.pop("size", "s")
    names: dict[str, Any] = {"fieldset": {"legend": {"text": field.label.text, "size": size}}}
    if macro not in {"radios", "checkboxes", "dateInput"}:
        names = {"label": {"text": field.label.text, "size": size}}
    if isinstance(field, fields.BooleanField):
        names = {}
    given = {
        "id": field.id,
        "name": field.name,
        "idPrefix": field.id,
        **names,
        **params,
    }
    if macro in {"radios", "checkboxes"}:
        del given["id"]  # it would name the group and its first box alike, and the first label would then do nothing
    if field.description:
        given["hint"] = {"text": field.description}
    if field.errors:
        given["errorMessage"] = {"text": _said(field, field.errors[0])}
    given["attributes"] = {**others, **given.get("attributes", {})}
    template = current_app.jinja_env.get_template(f"nhsuk/components/{_folder(macro)}/macro.jinja")
    # Escaping is on for every template, so a macro gives Markup.
    shown: Markup = getattr(template.module, macro)(given | extra)
    return shown


def _component(field: Field, own: dict[str, Any], shows: Mapping[str, Markup]) -> tuple[str, dict[str, Any]]:
    kind: dict[str, Any] = {key: own[key] for key in ("width", "prefix", "suffix") if key in own}
    if isinstance(field, DateParts):
        return "dateInput", {"items": [_box(field, box) for box in field.boxes]}
    if isinstance(field, fields.BooleanField):
        return "checkboxes", {
            "small": True,
            "items": [{"value": "y", "text": field.label.text, "checked": bool(field.data)}],
        }
    if isinstance(field, fields.RadioField | fields.SelectMultipleField):
        hints = own.get("hints", {})
        items = [_choice(choice, hints, shows) for choice in field.iter_choices()]
        looks = {"small": own.get("small", True), "inline": own.get("inline", False) and not shows}
        return ("radios" if isinstance(field, fields.RadioField) else "checkboxes"), {
            "items": items,
            **looks,
        }
    if isinstance(field, fields.SelectField):
        return "select", {"items": [{"value": c[0], "text": c[1], "selected": c[2]} for c in field.iter_choices()]}
    if isinstance(field, fields.TextAreaField):
        params = {"rows": own.get("rows", 4), "value": field._value()}
        return ("characterCount", {**params, "maxlength": own["count"]}) if "count" in own else ("textarea", params)
    if isinstance(field, fields.FileField):
        return "fileUpload", {}
    if isinstance(field, fields.PasswordField):
        return "passwordInput", {}
    numeric = {"inputmode": "numeric"} if isinstance(field, fields.IntegerField) else {}
    numeric = {"inputmode": "decimal"} if isinstance(field, fields.DecimalField | fields.FloatField) else numeric
    is_typed = isinstance(
        field,
        fields.EmailField | fields.TelField | fields.SearchField | fields.URLField,
    )
    shown = {"type": field.widget.input_type} if is_typed else numeric
    return "input", {"value": field._value(), **kind, **shown}


def _choice(choice: Any, hints: Mapping[str, str], shows: Mapping[str, Markup]) -> dict[str, Any]:
    value = str(choice[0])
    item: dict[str, Any] = {
        "value": value,
        "text": choice[1],
        "checked": bool(choice[2]),
    }
    if value in hints:
        item["hint"] = {"text": hints[value]}
    if value in shows:
        item["conditional"] = {"html": shows[value]}
    return item


def _box(field: DateParts, box: str) -> dict[str, Any]:
    wide = {"year": 4, "time": 5}.get(box, 2)
    wrong = field.wrong or (field.boxes if field.errors else ())
    return {
        "id": f"{field.id}-{box}",
        "name": f"{field.name}-{box}",
        "label": box.capitalize(),
        "value": field.typed.get(box, ""),
        "width": wide,
        "inputmode": "text" if box == "time" else "numeric",
        "classes": "nhsuk-input--error" if field.errors and box in wrong else "",
    }


def _folder(macro: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", macro).lower()


def form_errors(form: Form) -> list[dict[str, str]]:
    """Every error of `form`, in the order of its fields, each with the address of the box that mends it."""
    found = [{"text": str(text)} for text in form.form_errors]
    for field in form:
        found.extend(_errors_of(field))
    return found


def _errors_of(field: Field) -> list[dict[str, str]]:
    if isinstance(field, FormField):
        return form_errors(field.form)
    if isinstance(field, FieldList):
        return [error for entry in field for error in _errors_of(entry)]
    if isinstance(field, RowsField):
        return _errors_of_rows(field)
    at = field.id
    if isinstance(field, DateParts):
        at = f"{field.id}-{(field.wrong or field.boxes)[0]}"
    return [{"text": _said(field, text), "href": f"#{at}"} for text in field.errors]


def _errors_of_rows(table: RowsField) -> list[dict[str, str]]:
    """Of the table as a whole, at its first box; then of each box, with the number of its row as it is shown."""
    found = [{"text": text, "href": f"#{table.first_box}"} for text in table.said]
    for number, row in enumerate(table.rows, start=1):
        for error in (error for cell in row.form for error in _errors_of(cell)):
            said = f"{table.label.text}, number {number}: {error['text'][:1].lower()}{error['text'][1:]}"
            found.append({**error, "text": said})
    return found


def _said(field: Field, text: object) -> str:
    return SAID_BETTER[str(text)].format(field.label.text) if str(text) in SAID_BETTER else str(text)
