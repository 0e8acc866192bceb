"""Form 1: which answers a referral must have at each priority, and what is still missing.

Source: shared design, referral page ("Sets") and the published Form 1. The fields themselves are in `form1_fields`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from workflows.form1_fields import FIELD, FIELDS, SECTIONS, Field, Kind, Section, fields_of
from workflows.form_fields import Demand, Facts, Missing, has_answer, not_met, value_of
from workflows.policy import DEFAULT, DIMENSIONS, NotAllowed

__all__ = [
    "ALLOWED_PRIORITIES",
    "DETAINED",
    "EMERGENCY",
    "EMERGENCY_SET",
    "FIELD",
    "FIELDS",
    "FULL_SET",
    "LD_OR_AUTISM_POSSIBLE",
    "PRIORITIES",
    "ROUTINE",
    "SECTIONS",
    "URGENT",
    "Demand",
    "Facts",
    "Field",
    "Kind",
    "Missing",
    "Section",
    "cetr_missing",
    "demands",
    "fields_of",
    "follow_up",
    "missing",
    "missing_fields",
    "priorities_for",
]

EMERGENCY: Final = "emergency"
URGENT: Final = "urgent"
ROUTINE: Final = "routine"
PRIORITIES: Final = (EMERGENCY, URGENT, ROUTINE)


def _is_taken(line: str, priority: str) -> bool:
    """Whether the policy set has a time to answer for it; a line that takes no such referral has none."""
    try:
        DEFAULT.duration("referral.review", service_line=line, priority=priority)
    except NotAllowed:
        return False
    return True


ALLOWED_PRIORITIES: Final[Mapping[str, tuple[str, ...]]] = {
    line: tuple(priority for priority in PRIORITIES if _is_taken(line, priority)) for line in DIMENSIONS["service_line"]
}

# National legal status codes under which a person is held; guardianship (35, 36) holds nobody in hospital.
DETAINED: Final = frozenset(
    {"02", "03", "04", "05", "06", "07", "08", "09", "10", "12", "13"}
    | {"14", "15", "16", "17", "18", "19", "20", "31", "32", "37", "38"}
)
# National status codes from "confirmed" to "suspected": each of them calls for a care and treatment review.
LD_OR_AUTISM_POSSIBLE: Final = frozenset(["1", "2", "3", "4"])
NO_CONSENT: Final = "not_established"

_HOW: Final[Mapping[Kind, str]] = {
    "text": "write it in",
    "long_text": "write a few words",
    "date": "give the date",
    "moment": "give the date and time",
    "yes_no": "answer yes or no",
    "choice": "choose it from the list",
    "nhs_number": "give its 10 digits",
    "postcode": "write it in",
    "phone": "give a number we can ring",
    "email": "write it in",
    "organisation": "choose the organisation",
}


def _needs(name: str) -> Demand:
    field = FIELD[name]
    is_question = field.label.endswith("?") or field.label.startswith(("Where", "Why"))
    lead = f"“{field.label}” has no answer" if is_question else f"{field.label} is missing"
    sentence = f"{lead}: {_HOW[field.kind]}"
    return Demand(name, sentence, lambda facts: has_answer(facts, name))


def _has_identity(facts: Facts) -> bool:
    named = has_answer(facts, "family_name") and has_answer(facts, "date_of_birth")
    return named or has_answer(facts, "nhs_number") or has_answer(facts, "no_identity_reason")


def _number_or(name: str) -> Callable[[Facts], bool]:
    return lambda facts: has_answer(facts, "nhs_number") or has_answer(facts, name)


def _has_basis(facts: Facts) -> bool:
    consent = has_answer(facts, "consent_basis") and value_of(facts, "consent_basis") != NO_CONSENT
    return consent or has_answer(facts, "lawful_basis")


def _is_restricted(facts: Facts) -> bool:
    return value_of(facts, "sharing_restricted") is True


def _is_held(facts: Facts) -> bool:
    return value_of(facts, "legal_status") in DETAINED


_BASIS = Demand(
    "consent_basis",
    "Consent or a lawful basis is missing: say who agreed, or choose the lawful basis for going on without consent",
    _has_basis,
    ("lawful_basis",),
)
_RESTRICTION = Demand(
    "sharing_restriction_details",
    "Sharing is limited but the details are missing: say what must not be shared, and with whom",
    lambda facts: has_answer(facts, "sharing_restriction_details"),
    applies=_is_restricted,
)

EMERGENCY_SET: Final[tuple[Demand, ...]] = (
    _needs("service_line"),
    _needs("priority"),
    Demand(
        "no_identity_reason",
        "The person is not named: give the NHS number, or the family name and date of birth, or why there is neither",
        _has_identity,
        ("nhs_number", "family_name", "date_of_birth"),
    ),
    _needs("location_kind"),
    _needs("where_now"),
    _needs("immediate_risk"),
    _needs("legal_status"),
    _BASIS,
    _needs("call_back_number"),
    _needs("why_it_cannot_wait"),
    _RESTRICTION,
)
"""What a doctor in A&E can give at half past eleven at night."""

FULL_SET: Final[tuple[Demand, ...]] = (
    _needs("service_line"),
    _needs("priority"),
    _needs("bed_type_wanted"),
    _needs("referring_organisation"),
    _needs("referrer_name"),
    _needs("location_kind"),
    _needs("call_back_number"),
    _needs("family_name"),
    _needs("given_name"),
    _needs("date_of_birth"),
    Demand(
        "nhs_number_status",
        "NHS number is missing: give its 10 digits, or choose the NHS number status",
        _number_or("nhs_number_status"),
        ("nhs_number",),
    ),
    Demand(
        "no_identity_reason",
        "NHS number is missing: give its 10 digits, or choose why there is none",
        _number_or("no_identity_reason"),
        ("nhs_number",),
    ),
    _needs("postcode"),
    _BASIS,
    _needs("sharing_restricted"),
    _RESTRICTION,
    _needs("legal_status"),
    Demand(
        "legal_status_from",
        "Date the legal status began is missing: the person is held under it, so give the date",
        lambda facts: has_answer(facts, "legal_status_from"),
        applies=_is_held,
    ),
    _needs("primary_reason"),
    _needs("presenting_problem"),
    _needs("learning_disability"),
    _needs("autism"),
)
"""What an urgent or routine referral must have before the hub starts its review."""


def demands(priority: str | None) -> tuple[Demand, ...]:
    """Return the set of this priority, in the page's order; an unknown priority has the full set."""
    return EMERGENCY_SET if priority == EMERGENCY else FULL_SET


def missing_fields(facts: Facts, priority: str | None) -> tuple[Missing, ...]:
    """Return what the set of this priority still lacks, in the page's order."""
    return not_met(demands(priority), facts)


def missing(facts: Facts, priority: str | None) -> tuple[str, ...]:
    """Return one sentence for each thing the set of this priority still lacks; empty when it is complete."""
    return tuple(item.sentence for item in missing_fields(facts, priority))


def follow_up(facts: Facts) -> tuple[Missing, ...]:
    """Return what an emergency referral still owes of the full set, to be asked for within 24 hours."""
    return missing_fields(facts, None)


def cetr_missing(facts: Facts) -> str | None:
    """Return why a referral cannot be accepted for want of a C(E)TR, or None.

    Learning disability or autism, confirmed or suspected, calls for the date of a community C(E)TR, the date of a local
    area emergency protocol meeting (LAEP), or a coded reason why there was neither.
    """
    if not {value_of(facts, "learning_disability"), value_of(facts, "autism")} & LD_OR_AUTISM_POSSIBLE:
        return None
    if any(has_answer(facts, name) for name in ("cetr_on", "laep_on", "no_cetr_reason")):
        return None
    return (
        "Learning disability or autism is confirmed or suspected: give the date of the community C(E)TR or of the "
        "emergency meeting (LAEP), or choose why there was neither"
    )


def priorities_for(service_line: str) -> tuple[str, ...]:
    """Return the priorities a service line takes, most pressing first; all of them when the line is not known."""
    return ALLOWED_PRIORITIES.get(service_line, PRIORITIES)
