"""A form as a table of sections and fields: its questions on a page, and what was entered in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup
from wtforms import TextAreaField

from hub.web.action_form import field_for
from hub.web.stored_words import shown
from workflows.core import Ask
from workflows.form_fields import Field, Section


def planned(sections: Sequence[Section], fields: Sequence[Field]) -> tuple[tuple[Section, tuple[Field, ...]], ...]:
    """Sections with their fields."""
    return tuple((section, tuple(field for field in fields if field.section == section.name)) for section in sections)


def question(field: Field, ask: Ask, choices: Mapping[str, Any], *, label: str = "", hints: Sequence[str] = ()) -> Any:
    """The WTForms field of one question. On a page an organisation is chosen by name, so its code needs no hint.

    `label` is shown instead of the field's own, `hints` (text or markup) before its own.
    """
    own = "" if field.kind == "organisation" else field.hint
    said = Markup(" ").join(part for part in (*hints, own) if part)
    if field.kind == "long_text":
        return TextAreaField(label or field.label, description=said, render_kw={"rows": 3})
    return field_for(Ask(ask.name, label or ask.label, ask.kind, said, ask.codes), choices)


def answered(
    item: Any,
    sections: Sequence[Section],
    fields: Sequence[Field],
    named: Mapping[str, str] | None = None,
    places: Mapping[str, str] | None = None,
) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(name, title, [(question, answer in words), …]) for each section that has an answer.

    An answer that is an organisation's code is given by its name: `named` says which relation of the item has it,
    `places` gives the names by code to whoever has no relations loaded.
    """
    found = []
    for section, own in planned(sections, fields):
        pairs = [(field.label, answer_in_words(item, field, named, places)) for field in own]
        answers = given(*pairs)
        if answers:
            found.append((section.name, section.title, answers))
    return found


def answer_in_words(
    item: Any, field: Field, named: Mapping[str, str] | None = None, places: Mapping[str, str] | None = None
) -> str:
    """One answer in words; empty when there is none. `named` and `places` as for `answered`."""
    value = getattr(item, field.name)
    if field.kind == "organisation" and places and value in places:
        return places[value]
    place = getattr(item, named[field.name]) if named and field.name in named else None
    return str(place.name) if place is not None else shown(value, codes=field.codes or "", kind=field.kind)


def given(*pairs: tuple[str, str | None]) -> list[tuple[str, str]]:
    """The (question, answer in words) pairs that have an answer."""
    return [(question, answer) for question, answer in pairs if answer]


def as_typed(item: Any, fields: Sequence[Field]) -> dict[str, Any]:
    """The answers of an item as its form shows them."""
    found = {field.name: getattr(item, field.name) for field in fields}
    return {
        name: {True: "yes", False: "no"}[value] if isinstance(value, bool) else value for name, value in found.items()
    }
