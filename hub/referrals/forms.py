"""Form 1 on a page: its questions as fields, and what was typed read by the same rules as an import row."""

from datetime import date, datetime
from typing import Any

from flask import g

from hub.codes import codes
from hub.engine.refusal import Problem
from hub.referrals.validation import check
from hub.web.action_choices import organisations
from hub.web.action_form import ActionForm
from hub.web.date_fields import DateParts
from hub.web.sections import SectionedForm, as_typed, planned, question
from workflows.core import Actor
from workflows.form1_fields import FIELD, FIELDS, SECTIONS, Field
from workflows.referral import ANSWERS
from workflows.roles import Role

EMERGENCY_WORDS = {
    "no_identity_reason": "Name and date of birth, or NHS number, or why neither is known",
    "consent_basis": "Consent, or the lawful basis without it",
    "sharing_restriction_details": "Limits on sharing, when there are any",
}
"""Where one answer of several is enough, what the emergency set asks for."""
ASKS = {ask.name: ask for ask in ANSWERS}


class ReferralForm(SectionedForm):
    """The base of the form; its questions are added from the field table."""

    plan = planned(SECTIONS, FIELDS)


def referral_form(actor: Actor) -> type[ReferralForm]:
    """The form class with every question of Form 1 this person is asked, and the lists as they are now.

    A referrer refers for their own organisation, so they are not asked which.
    """
    known = organisations("ods_code")
    choices = {field.name: known for field in FIELDS if field.kind == "organisation"}
    left_out = {"referring_organisation"} if actor.role is Role.REFERRER else set()
    made = {field.name: question(field, ASKS[field.name], choices) for field in FIELDS if field.name not in left_out}
    return type("FilledReferralForm", (ReferralForm,), made)


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


def shown_in_form(item: Any) -> dict[str, Any]:
    """A referral's answers as the form shows them."""
    return as_typed(item, FIELDS)


def clean_fill_in(form: ActionForm, _item: Any) -> tuple[dict[str, Any], list[Problem]]:
    """The answers of "Fill in the form"."""
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
