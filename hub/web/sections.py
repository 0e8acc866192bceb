"""A long form as a table of sections and fields: its page, and what was entered as a page shows it."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from wtforms import TextAreaField

from hub.web.action_form import ActionForm, field_for
from hub.web.item_page import shown
from workflows.core import Ask
from workflows.form_fields import Field, Section


class SectionedForm(ActionForm):
    """The base of a form whose questions stand in sections."""

    plan: ClassVar[tuple[tuple[Section, tuple[Field, ...]], ...]]
    """Each section with its fields, in the page's order."""

    def sections(self) -> list[tuple[str, str, list[Any]]]:
        """(name, title, fields) in the page's order; a question this person is not asked is left out."""
        return [
            (section.name, section.title, [self._fields[field.name] for field in fields if field.name in self._fields])
            for section, fields in self.plan
        ]


def planned(sections: Sequence[Section], fields: Sequence[Field]) -> tuple[tuple[Section, tuple[Field, ...]], ...]:
    """Sections with their fields."""
    return tuple((section, tuple(field for field in fields if field.section == section.name)) for section in sections)


def question(field: Field, ask: Ask, choices: Mapping[str, Any]) -> Any:
    """The WTForms field of one question. On a page an organisation is chosen by name, so its code needs no hint."""
    if field.kind == "long_text":
        return TextAreaField(field.label, description=field.hint, render_kw={"rows": 3})
    hint = "" if field.kind == "organisation" else ask.hint
    return field_for(Ask(ask.name, ask.label, ask.kind, hint, ask.codes), choices)


def answered(
    item: Any, sections: Sequence[Section], fields: Sequence[Field], named: Mapping[str, str] | None = None
) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(name, title, [(question, answer in words), …]) for each section that has an answer.

    `named` gives, for an answer that is an organisation's code, the item's relation that has its name.
    """
    found = []
    for section, own in planned(sections, fields):
        pairs = [(field.label, _answer(item, field, named or {})) for field in own]
        answers = given(*pairs)
        if answers:
            found.append((section.name, section.title, answers))
    return found


def _answer(item: Any, field: Field, named: Mapping[str, str]) -> str:
    place = getattr(item, named[field.name]) if field.name in named else None
    value = getattr(item, field.name)
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
