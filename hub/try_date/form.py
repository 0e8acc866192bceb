"""The form of "Try a date". It is sent in the address, so that what was tried can be shown to somebody else."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, StringField

from hub.codes import codes
from hub.policies.trying import SERVICE_LINE_UNLESS_NAMED, Asked, NotTried
from hub.web.nhs_forms import DateParts, MomentParts, choices
from workflows.core import in_words
from workflows.policy import DEFAULT, DIMENSIONS, Kind, PolicySet

PAUSES = CLOSURES = (1, 2, 3)
"""So many pauses and closures can be tried at once."""
FIELD_OF = {"from": "start"}
"""Where a refusal is shown whose part is called otherwise on the form."""


class TryForm(FlaskForm):
    """What is tried: a rule of the policy set or a length in words, a start, and what happens on the way."""

    class Meta:
        """Sent in the address: it changes nothing, so it needs no token."""

        csrf = False

    rule = SelectField("Which rule?", description="A rule of the policy set in force.", validate_choice=False)
    words = StringField(
        "Or a length of time in words",
        description="For example: 48 hours, 7 calendar days, 3 months, 5 working days, 16 working hours",
        render_kw={"width": "20"},
    )
    start = MomentParts("When does it start?")
    service_line = SelectField("Service line", validate_choice=False, default=SERVICE_LINE_UNLESS_NAMED)
    priority = SelectField("Priority", description="Some rules depend on it.", validate_choice=False)
    urgency = SelectField("Urgency", description="Some rules about disputes and packages do.", validate_choice=False)

    @property
    def pauses(self) -> list[tuple[MomentParts, MomentParts]]:
        """The two ends of each pause."""
        return [(self[f"pause_{number}_from"], self[f"pause_{number}_to"]) for number in PAUSES]

    @property
    def closures(self) -> list[DateParts]:
        """The days on which the hub is closed besides those it knows."""
        return [self[f"closure_{number}"] for number in CLOSURES]

    @property
    def has_more(self) -> bool:
        """Whether something is typed in the part that is folded away."""
        folded = [*(end for pause in self.pauses for end in pause), *self.closures]
        return any(said for field in folded for said in field.typed.values())

    @property
    def asked(self) -> Asked:
        """What is tried, as text. Raises NotTried for half a pause and for two rules at once."""
        rule, words = self.rule.data or "", (self.words.data or "").strip()
        if bool(rule) == bool(words):
            said = "Choose a rule or write a length of time, not both" if rule else "Choose a rule, or write a length"
            raise NotTried(said, "rule")
        if self.start.data is None:
            raise NotTried("Enter when it starts", "from")
        return Asked(
            rule=rule or words,
            start=self.start.data.isoformat(),
            codes={name: self[name].data or None for name in DIMENSIONS},
            pauses=[_span(begun, ended) for begun, ended in self.pauses if begun.data or ended.data],
            closures=[day.data.isoformat() for day in self.closures if day.data],
        )

    def refuse(self, problem: NotTried) -> None:
        """Show what cannot be used beside the field it is about."""
        part = "words" if problem.part == "rule" and self.words.data else problem.part
        field = self[FIELD_OF.get(part, part)]
        field.errors = [*field.errors, str(problem)]


for _number in PAUSES:
    setattr(TryForm, f"pause_{_number}_from", MomentParts(f"Pause {_number}: from"))
    setattr(TryForm, f"pause_{_number}_to", MomentParts(f"Pause {_number}: to"))
for _number in CLOSURES:
    setattr(TryForm, f"closure_{_number}", DateParts(f"Day {_number} on which the hub is closed"))


def try_form(policy: PolicySet, **given: Any) -> TryForm:
    """The form with the rules of `policy` by subject and the codes to choose from."""
    form = TryForm(**given)
    form.rule.choices = rules_of(policy)
    for name, label in (("service_line", "service_line"), ("priority", "priority")):
        form[name].choices = choices([("", "Not needed"), *codes(label).items()])
    form.urgency.choices = choices([("", "Not needed"), *((code, in_words(code)) for code in DIMENSIONS["urgency"])])
    return form


def rules_of(policy: PolicySet) -> dict[str, Any]:
    """Every length of time of the policy set by subject; a key that is newer than the set counts as the default's."""
    found: dict[str, list[tuple[str, str]]] = {}
    for key in sorted({*policy.keys(), *DEFAULT.keys()}):
        entry = policy.entry(key)
        if entry.kind is Kind.DURATION:
            found.setdefault(in_words(key.partition(".")[0]), []).append((key, f"{entry.sentence.rstrip('.')} ({key})"))
    return {"": choices([("", "Choose one")]), **{subject: choices(pairs) for subject, pairs in found.items()}}


def _span(begun: MomentParts, ended: MomentParts) -> str:
    if begun.data is None or ended.data is None:
        raise NotTried("A pause needs its start and its end", begun.name if begun.data is None else ended.name)
    if ended.data < begun.data:
        raise NotTried("A pause cannot end before it starts", ended.name)
    return f"{begun.data.isoformat()}/{ended.data.isoformat()}"
