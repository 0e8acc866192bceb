"""Form 1 on a page: its questions as fields, and what was typed read by the same rules as an import row."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from flask import g

from hub.codes import codes
from hub.engine.refusal import Problem
from hub.referrals.validation import check
from hub.web.action_choices import organisations
from hub.web.action_form import ActionForm
from hub.web.date_fields import DateParts
from hub.web.sections import question
from workflows.core import Actor
from workflows.form1 import EMERGENCY, PRIORITIES
from workflows.form1_fields import FIELD, FIELDS, Field
from workflows.referral import ANSWERS
from workflows.roles import Role

ASKS = {ask.name: ask for ask in ANSWERS}
BEGINS_WITH = ("service_line", "priority", "referring_organisation", "family_name", "given_name", "date_of_birth")
"""What a new urgent or routine referral is begun with."""
NEEDED_TO_BEGIN = ("service_line", "priority", "referring_organisation")


def lists_now() -> dict[str, list[tuple[str, str]]]:
    """The organisations to choose from, by question. Codes come from their own lists."""
    known = organisations("ods_code")
    return {field.name: known for field in FIELDS if field.kind == "organisation"}


def not_asked_of(actor: Actor) -> frozenset[str]:
    """A referrer refers for their own organisation, so they are not asked which."""
    return frozenset({"referring_organisation"} if actor.role is Role.REFERRER else ())


def beginning_form(actor: Actor) -> type[ActionForm]:
    """The form class of a new referral that is no emergency."""
    labels = codes("priority")
    choices = lists_now() | {"priority": [(name, labels[name]) for name in PRIORITIES if name != EMERGENCY]}
    made = {}
    for name in BEGINS_WITH:
        if name not in not_asked_of(actor):
            label = FIELD[name].label if name in NEEDED_TO_BEGIN else f"{FIELD[name].label} (if known)"
            made[name] = question(replace(FIELD[name], hint=""), ASKS[name], choices, label=label)
    return type("BeginningForm", (ActionForm,), made)


def answers_to_begin(form: ActionForm, now: datetime) -> tuple[dict[str, Any], list[Problem]]:
    """Typed values of a new referral and everything wrong with them."""
    values, problems = answers_of(form, now)
    said = {problem.field for problem in problems}
    problems += [Problem("Choose one from the list", name) for name in form.not_on_the_list() if name not in said]
    unclear = {problem.field for problem in problems}
    for name in NEEDED_TO_BEGIN:
        if name in form and values[name] is None and name not in unclear:
            problems.append(Problem(f"{FIELD[name].label}: choose an answer", name))
    return values, problems


def answers_of(form: ActionForm, now: datetime) -> tuple[dict[str, Any], list[Problem]]:
    """Typed values and everything wrong with them. An answer that is not there is no problem: `submit` asks for it."""
    asked = [name for name in FIELD if name in form]
    typed = {name: _as_text(form, name) for name in asked}
    unreadable = {name for name in asked if form[name].errors}
    known = {code for code, _ in organisations("ods_code")}
    values, problems = check(
        {name: text for name, text in typed.items() if name not in unreadable},
        now=now,
        known_organisations=known,
    )
    wrong = [Problem(found.message, found.field) for found in problems if typed.get(found.field)]
    return {name: values.get(name) for name in asked}, wrong


def _as_text(form: ActionForm, name: str) -> str:
    field = form[name]
    if isinstance(field, DateParts):
        value = field.data
        return value.isoformat() if isinstance(value, date | datetime) else ""
    return str(field.data or "").strip() if field.data not in (None, "None") else ""


def clean_section(form: ActionForm, _item: Any) -> tuple[dict[str, Any], list[Problem]]:
    """What was sent from one section."""
    return answers_of(form, g.now)


def clean_correction(form: ActionForm, item: Any) -> tuple[dict[str, Any], list[Problem]]:
    """A corrected answer, read by the rules of its own question."""
    given = form.answers()
    name, text = given.get("field"), given.get("value")
    if name not in FIELD or not text:
        return given, []
    rows = dict.fromkeys(FIELD, "") | {
        "service_line": item.service_line or "",
        name: _code_of(FIELD[name], str(text)),
    }
    values, problems = check(rows, now=g.now, known_organisations={code for code, _ in organisations("ods_code")})
    wrong = [Problem(found.message, "value") for found in problems if found.field == name]
    if not wrong and name not in values:
        wrong = [Problem("This cannot be read as an answer to that question", "value")]
    return {**given, "value": _in_text(values.get(name))}, wrong


def _in_text(value: Any) -> str | None:
    """A value as the engine takes a correction: ISO dates and moments, yes or no."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date | datetime) else value


def _code_of(field: Field, text: str) -> str:
    """The code behind a choice written in words, so that a correction can be typed as it is read."""
    if not field.codes:
        return text
    return next((code for code, label in codes(field.codes).items() if label.casefold() == text.casefold()), text)
