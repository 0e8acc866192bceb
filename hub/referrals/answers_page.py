"""What was entered on Form 1, by section, for the referral's page."""

from hub.referrals.models import Referral
from hub.web.sections import answer_in_words, answered, given
from hub.web.stored_words import shown
from workflows.form1_fields import FIELDS, SECTIONS, Field

ORGANISATIONS = {"referring_organisation": "referring", "responsible_icb": "icb", "local_authority": "authority"}
"""Answers that are an organisation's code, and the relation that has its name."""


def sections_of(referral: Referral) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """(name, title, [(question, answer in words), …]) for each section that has an answer."""
    return answered(referral, SECTIONS, FIELDS, ORGANISATIONS)


def answer_of(referral: Referral, field: Field) -> str:
    """One answer in words; empty when there is none."""
    return answer_in_words(referral, field, ORGANISATIONS)


def outcome_of(referral: Referral) -> list[tuple[str, str]]:
    """What the review said, as (question, answer in words)."""
    return given(
        ("Declined because", shown(referral.decline_reason, codes="referral_decline_reason")),
        ("What should happen instead", shown(referral.alternative_advice)),
        ("Whom to talk to", shown(referral.named_clinician)),
        ("Redirected to", shown(referral.redirected_to, codes="redirect_destination")),
        ("Superseded by", shown(referral.superseded_by)),
    )
