"""An emergency taken by telephone: one page of at most fourteen questions, and what they mean for Form 1."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from wtforms import SelectField
from wtforms.fields.choices import SelectChoice

from hub.codes import codes
from hub.engine.refusal import Problem
from hub.referrals.forms import ASKS, answers_of
from hub.web.action_choices import organisations
from hub.web.action_form import ActionForm, field_for
from workflows.core import Actor, Ask
from workflows.form1 import EMERGENCY, NO_CONSENT, missing_fields, priorities_for
from workflows.roles import Role

BASIS: Final = "basis"
"""One list for two columns: who consented, or on which lawful basis it goes on without."""
COLUMNS: Final = ("consent_basis", "lawful_basis")
PARTS: Final = (
    ("The referral", ("service_line", "referring_organisation")),
    ("The person", ("family_name", "given_name", "date_of_birth", "nhs_number", "no_identity_reason")),
    ("Where they are", ("location_kind", "where_now", "call_back_number")),
    ("Why now", ("why_it_cannot_wait", "immediate_risk")),
    ("The law", ("legal_status", BASIS)),
)
"""The page from top to bottom, in the order in which a caller tells it."""
SAID_HERE: Final = {
    "no_identity_reason": ("Why there is no name or NHS number", "Only when the person cannot be named."),
    "where_now": ("Where the person is now", "Name of the place, and the ward, room or cubicle."),
    "nhs_number": ("NHS number", "10 digits. Leave it empty when it is not to hand."),
    "why_it_cannot_wait": ("Why it cannot wait", "What happens if we wait."),
}
"""Label and hint where the telephone needs other words than the long form."""
SHORT_ROWS: Final = 3


class EmergencyForm(ActionForm):
    """The base of the form; its questions are added from Form 1's own table."""

    def parts(self) -> list[tuple[str, list[Any]]]:
        """(title, fields) in the page's order; a question this person is not asked is left out."""
        return [(title, [self._fields[name] for name in names if name in self._fields]) for title, names in PARTS]


def emergency_form(actor: Actor) -> type[EmergencyForm]:
    """The form class with the lists as they are now. A referrer refers for their own organisation."""
    left_out = {"referring_organisation"} if actor.role is Role.REFERRER else set()
    choices = {"referring_organisation": organisations("ods_code"), "service_line": _lines()}
    names = [name for _, part in PARTS for name in part if name not in left_out]
    made = {name: _basis() if name == BASIS else _question(name, choices) for name in names}
    return type("FilledEmergencyForm", (EmergencyForm,), made)


def _question(name: str, choices: Any) -> Any:
    ask = ASKS[name]
    label, hint = SAID_HERE.get(name, (ask.label, "" if ask.kind == "organisation" else ask.hint))
    field = field_for(Ask(ask.name, label, ask.kind, hint, ask.codes), choices)
    if ask.kind == "long_text":
        field.kwargs["render_kw"] = {"rows": SHORT_ROWS}
    return field


def _lines() -> list[tuple[str, str]]:
    """The service lines that take emergencies at all."""
    return [(code, label) for code, label in codes("service_line").items() if EMERGENCY in priorities_for(code)]


def _basis() -> SelectField:
    return SelectField(
        "Consent, or the lawful basis without it",
        description="Who agreed. If nobody could, why the law allows it.",
        choices=[SelectChoice("", "Choose one"), *_bases()],
        validate_choice=False,
        default="",
    )


def _bases() -> Iterator[SelectChoice]:
    groups = {"consent_basis": "There is consent", "lawful_basis": "Without consent, because of"}
    for column, group in groups.items():
        for code, label in codes(column).items():
            if code != NO_CONSENT:
                yield SelectChoice(f"{column}:{code}", label, optgroup=group)


def read_emergency(form: EmergencyForm, now: datetime, *, is_sent: bool) -> tuple[dict[str, Any], list[Problem]]:
    """Typed values by Form 1 column, and everything that is wrong; when it `is_sent`, all that is missing too."""
    values, problems = answers_of(form, now)
    said = {problem.field for problem in problems}
    others = (name for name in form.not_on_the_list() if name not in said)
    problems = [*problems, *(Problem("Choose one from the list", name) for name in others)]
    column, _, code = (form[BASIS].data or "").partition(":")
    values = {**values, "priority": EMERGENCY, **({column: code} if column in COLUMNS else {})}
    if is_sent:
        unclear = {problem.field for problem in problems} | {field.name for field in form if field.errors}
        problems += [problem for problem in _missing(form, values) if problem.field not in unclear]
    return values, problems


def _missing(form: EmergencyForm, values: dict[str, Any]) -> Iterator[Problem]:
    for lacking in missing_fields(values, EMERGENCY):
        yield Problem(lacking.sentence, BASIS if lacking.field in COLUMNS else lacking.field)
    if "referring_organisation" in form and not values.get("referring_organisation"):
        yield Problem("Choose the organisation that refers the person", "referring_organisation")
