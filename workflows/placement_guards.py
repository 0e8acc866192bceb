"""What must be true of a search before a bed is taken up, and of the answers that say which bed and how."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from workflows.core import Actor
from workflows.durations import local
from workflows.form1 import cetr_missing


def has_an_offer(placement: Any, _actor: Actor) -> str | None:
    """A unit has offered a bed, and the offer stands"""
    return None if placement.live_offers else "No unit offers a bed now: approach one, or ring those that were asked"


def may_be_admitted(placement: Any, _actor: Actor) -> str | None:
    """Form 2 is signed, or the emergency route is on record"""
    if placement.case.form2_signed_at or placement.case.emergency_route_at:
        return None
    return "Form 2 is not signed, and no emergency admission is on record"


def has_a_legal_status(placement: Any, _actor: Actor) -> str | None:
    """The legal status is on record"""
    return None if placement.case.current_status else "The legal status is not on record"


def has_a_consent_basis(placement: Any, _actor: Actor) -> str | None:
    """The consent basis is on record"""
    return None if placement.case.consent_basis else "The consent basis is not on record"


def has_a_care_coordinator(placement: Any, _actor: Actor) -> str | None:
    """A care coordinator is named"""
    return None if placement.case.care_coordinator_name else "No care coordinator is named"


def has_a_consultant(placement: Any, _actor: Actor) -> str | None:
    """A consultant is named"""
    return None if placement.case.consultant_name else "No consultant is named"


def has_a_responsible_icb(placement: Any, _actor: Actor) -> str | None:
    """The responsible ICB is known"""
    return None if placement.case.responsible_icb else "The responsible ICB is not known"


def has_the_care_review(placement: Any, _actor: Actor) -> str | None:
    """Learning disability or autism: the date of a C(E)TR or LAEP, or the reason for neither"""
    referral = placement.admission.referral if placement.admission is not None else None
    return cetr_missing(referral) if referral is not None else None


def family_is_told(placement: Any, _actor: Actor) -> str | None:
    """The family is told, or it is written why not"""
    if placement.case.family_told or placement.case.family_not_told_why:
        return None
    return "The family is not told, and nobody wrote why not"


TO_ADMIT = (
    may_be_admitted,
    has_a_legal_status,
    has_a_consent_basis,
    has_a_care_coordinator,
    has_a_consultant,
    has_a_responsible_icb,
    has_the_care_review,
    family_is_told,
)
"""Everything an admission needs; the page shows each with a tick or a cross before anybody tries."""


def names_a_live_offer(placement: Any, values: Mapping[str, Any]) -> str | None:
    """The reference is one of the offers that stand."""
    if values.get("accepted_approach") in placement.live_offers:
        return None
    return "This offer does not stand any more. Choose one of those that do"


def has_an_out_of_area_reason(placement: Any, values: Mapping[str, Any]) -> str | None:
    """The reason is on the hub's own list."""
    reason = values.get("out_of_area_reason")
    allowed = placement.policy.value("placement.out_of_area_reasons")
    return None if reason is None or reason in allowed else "Choose a reason from the list"


def says_why_not_told(_placement: Any, values: Mapping[str, Any]) -> str | None:
    """A family that is not told: why."""
    if values.get("family_told") is False and not (values.get("family_not_told_why") or "").strip():
        return "Say why the family is not told"
    return None


def is_after_the_referral(placement: Any, values: Mapping[str, Any]) -> str | None:
    """A bed that was looked for is not one the person was in before anybody asked for it."""
    admitted_at = values.get("admitted_at")
    if admitted_at is None or admitted_at >= asked_for_at(placement):
        return None
    return "This is before the referral arrived. Look at the date again"


def asked_for_at(placement: Any) -> datetime:
    """When the hub was first asked: nothing that follows from it was earlier."""
    referral = placement.admission.referral if placement.admission is not None else None
    opened_at: datetime = placement.opened_at
    return min(opened_at, (referral.received_at if referral is not None else None) or opened_at)


def is_after_the_admission(_placement: Any, values: Mapping[str, Any]) -> str | None:
    """A discharge is not expected before the admission."""
    day, admitted_at = values.get("estimated_discharge_on"), values.get("admitted_at")
    if day is None or admitted_at is None or day >= local(admitted_at).date():
        return None
    return "This is before the admission"


def bed_is_planned(placement: Any) -> bool:
    """The day of the admission is planned: it is the promise from then on."""
    return placement.conveyance_at is not None


def bed_is_not_planned(placement: Any) -> bool:
    """No day is planned yet."""
    return not bed_is_planned(placement)
