"""What was entered on Form 1, by section, for the referral's page."""

from hub.referrals.models import Referral
from hub.web.item_page import shown
from workflows.form1_fields import SECTIONS, Field, fields_of

ORGANISATIONS = {"referring_organisation": "referring", "responsible_icb": "icb", "local_authority": "authority"}
"""Answers that are an organisation's code, and the relation that has its name."""


def sections_of(referral: Referral) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(name, title, [(question, answer in words), …]) for each section that has an answer."""
    found = []
    for section in SECTIONS:
        pairs = [(field.label, _answer(referral, field)) for field in fields_of(section.name)]
        answered = [(label, answer) for label, answer in pairs if answer]
        if answered:
            found.append((section.name, section.title, answered))
    return found


def _answer(referral: Referral, field: Field) -> str:
    value = getattr(referral, field.name)
    named = getattr(referral, ORGANISATIONS[field.name]) if field.name in ORGANISATIONS else None
    return str(named.name) if named is not None else shown(value, codes=field.codes or "", kind=field.kind)


def outcome_of(referral: Referral) -> list[tuple[str, str]]:
    """What the review said, as (question, answer in words)."""
    pairs = [
        ("Declined because", shown(referral.decline_reason, codes="referral_decline_reason")),
        ("What should happen instead", shown(referral.alternative_advice)),
        ("Whom to talk to", shown(referral.named_clinician)),
        ("Redirected to", shown(referral.redirected_to, codes="redirect_destination")),
        ("Superseded by", shown(referral.superseded_by)),
    ]
    return [(name, value) for name, value in pairs if value]
