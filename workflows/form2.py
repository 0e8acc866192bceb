"""Form 2, the access assessment: its questions as a table, and what a signature must find answered.

Source: the published Form 2 (assessor, problem, questions with details, outcome). The outcome itself, whether an
admission is appropriate and what is missing in the community, is asked with the signature.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from workflows.form_fields import (
    LINE_LENGTH,
    NAME_LENGTH,
    STORY_LENGTH,
    Demand,
    Facts,
    Field,
    Missing,
    Only,
    Section,
    has_answer,
    not_met,
)

SECTIONS: Final = (
    Section("assessor", "Who assessed"),
    Section("findings", "What was found"),
    Section("questions", "Would an admission help?"),
    Section("needs", "What the person needs"),
)


@dataclass(frozen=True, slots=True)
class Detailed:
    """A question answered yes or no, and the answer that calls for details."""

    name: str
    label: str
    section: str
    details_label: str
    hint: str = ""
    explain_when: bool | None = True
    """Details are needed for this answer; None: for both."""

    @property
    def details(self) -> str:
        """The name of the field with the details."""
        return f"{self.name}_details"

    @property
    def only(self) -> Only | None:
        """When details are asked for; always, where both answers call for them."""
        return None if self.explain_when is None else Only(self.name, (self.explain_when,))


QUESTIONS: Final = (
    Detailed(
        "addresses_needs",
        "Will inpatient admission address the person’s needs?",
        "questions",
        "How it addresses the needs, or why it does not",
        "Which needs, and how.",
        None,
    ),
    Detailed(
        "may_do_harm",
        "Could an admission do more harm than good?",
        "questions",
        "What harm an admission could do",
        "For example distance from home, contagion, loss of school.",
    ),
    Detailed(
        "has_alternatives",
        "Is there a less restrictive alternative that would be suitable?",
        "questions",
        "Which alternative, and what it would need",
    ),
    Detailed(
        "has_risk_factors",
        "Are there specific risk factors?",
        "needs",
        "Which risk factors",
        "Self-harm, risk to others, earlier admissions, criminal justice.",
    ),
    Detailed(
        "needs_programme",
        "Is a programme of treatment needed?",
        "needs",
        "Which interventions, and who gives them",
    ),
    Detailed(
        "has_health_needs",
        "Are there physical health needs?",
        "needs",
        "Which physical health needs, and what they ask of a unit",
    ),
    Detailed(
        "has_education_needs",
        "Are there education needs?",
        "needs",
        "Which education needs",
        "School, plan, what must go on.",
    ),
    Detailed(
        "has_welfare_needs",
        "Are there welfare or safeguarding needs?",
        "needs",
        "Which welfare or safeguarding needs, and who knows of them",
    ),
    Detailed(
        "needs_specialist",
        "Is a specialist assessment needed before a decision?",
        "needs",
        "Which specialist assessment, and by whom",
    ),
)


def _line(name: str, label: str, hint: str = "", *, who: bool = False) -> Field:
    length = NAME_LENGTH if who else LINE_LENGTH
    return Field(name, label, "assessor", "text", hint, max_length=length, identifies=who)


def _story(name: str, label: str, section: str, hint: str = "", only: Only | None = None) -> Field:
    return Field(name, label, section, "long_text", hint, max_length=STORY_LENGTH, clinical=True, only=only)


def _detailed(section: str) -> tuple[Field, ...]:
    return tuple(
        field
        for question in QUESTIONS
        if question.section == section
        for field in (
            Field(question.name, question.label, section, "yes_no", clinical=True),
            _story(question.details, question.details_label, section, question.hint, question.only),
        )
    )


FIELDS: Final[tuple[Field, ...]] = (
    _line("assessor_name", "Full name of the assessor", who=True),
    _line("assessor_position", "Position"),
    _line("assessor_trust", "Trust or organisation"),
    _line("assessor_team", "Access assessment unit or team"),
    Field("assessor_email", "E-mail address of the assessor", "assessor", "email", max_length=254, identifies=True),
    Field("assessor_phone", "Telephone of the assessor", "assessor", "phone", max_length=40, identifies=True),
    Field("assessed_at", "When the person was seen", "assessor", "moment"),
    _story("diagnosis", "Provisional diagnosis or presenting problem", "findings"),
    _story("mental_state", "What was found", "findings", "Mental state, physical state, what has changed."),
    *_detailed("questions"),
    *_detailed("needs"),
    _story("other_considerations", "Other considerations", "needs", "If there are any."),
)
FIELD: Final[dict[str, Field]] = {field.name: field for field in FIELDS}
OPTIONAL: Final = frozenset({"assessor_email", "other_considerations", *(question.details for question in QUESTIONS)})
"""Answers a signature does not wait for by themselves; details are called for by their question's answer."""


def fields_of(section: str) -> tuple[Field, ...]:
    """The fields of one section in the order they are asked."""
    return tuple(field for field in FIELDS if field.section == section)


def _called_for(question: Detailed) -> Callable[[Facts], bool]:
    return lambda facts: has_answer(facts, question.name) and (question.only is None or question.only.holds(facts))


def _has(name: str) -> Callable[[Facts], bool]:
    return lambda facts: has_answer(facts, name)


DEMANDS: Final = (
    *(
        Demand(field.name, f"Form 2: “{field.label}” has no answer", _has(field.name))
        for field in FIELDS
        if field.name not in OPTIONAL
    ),
    *(
        Demand(
            question.details,
            f"Form 2: “{question.label}” needs details",
            _has(question.details),
            applies=_called_for(question),
        )
        for question in QUESTIONS
    ),
)
"""What a signature asks for, in the form's order; the details last."""


def missing_fields(facts: Facts) -> tuple[Missing, ...]:
    """What Form 2 still lacks, each with the field it belongs to."""
    return not_met(DEMANDS, facts)


def missing(facts: Facts) -> tuple[str, ...]:
    """One sentence for each answer Form 2 still lacks."""
    return tuple(lacking.sentence for lacking in missing_fields(facts))
