"""What must be true for an admission decision to move on, and who holds which authority over it."""

from collections.abc import Mapping
from typing import Any

from workflows import form2
from workflows.authority import Scheme
from workflows.core import Actor, May
from workflows.policy import NotAllowed
from workflows.roles import Capacity, Role
from workflows.who import DIRECTOR, HEAD

SCHEME = Scheme(
    limits="admission.limit_pence",
    contested="admission.contested_role",
    alternate="admission.outside_alternate",
)
LONGEST_STAY = 520
"""Weeks: ten years, beyond which a length is a slip of the keyboard."""
NO_SCAN = "A scan of the signed paper is not here yet: add it as a document first"
MOST_NAMED = 6
"""Missing answers that are named one by one; a longer list is read on the form itself."""


def has_form_2(admission: Any, _actor: Actor) -> tuple[str, ...]:
    """Every question of Form 2 is answered"""
    found = form2.missing(admission)
    return found if len(found) <= MOST_NAMED else (f"Form 2 has {len(found)} answers missing: fill it in first",)


def has_the_scan(admission: Any, _actor: Actor) -> str | None:
    """A scan of the signed form is among its documents"""
    if any(document.taken_back_at is None for document in admission.documents):
        return None
    return NO_SCAN


def has_immediate_risk(admission: Any, _actor: Actor) -> str | None:
    """The immediate risk is on record"""
    return None if admission.immediate_risk else "The immediate risk is not on record: write it down first"


def takes_emergencies(admission: Any, _actor: Actor) -> str | None:
    """The service takes emergency admissions"""
    if admission.policy.value("admission.emergency_route", service_line=admission.service_line):
        return None
    return "This service takes nobody without an assessment: book one"


def is_not_your_own(admission: Any, actor: Actor) -> str | None:
    """You did not recommend it, or it is within your own limit and not contested"""
    return SCHEME.why_not_own(admission, actor)


def is_another_person(admission: Any, actor: Actor) -> str | None:
    """Somebody else admitted the person"""
    who = actor.who_did(admission, "admitted")
    if who is None:
        return None
    return f"{who} admitted this person, so another head of commissioning or director ratifies it"


def is_not_ratified_yet(admission: Any, _actor: Actor) -> str | None:
    """It is not ratified yet"""
    return "It is ratified already; the late Form 2 is what is still to come" if admission.ratified_at else None


def is_not_signed_yet(admission: Any, _actor: Actor) -> str | None:
    """Form 2 is not signed yet"""
    return "Form 2 is signed already" if admission.form2_signed_at else None


def is_signed(admission: Any, _actor: Actor) -> str | None:
    """When Form 2 is signed"""
    return None if admission.form2_signed_at else "Form 2 is not signed"


def is_not_signed(admission: Any, _actor: Actor) -> str | None:
    """When Form 2 is not signed"""
    return "Form 2 is signed" if admission.form2_signed_at else None


def is_ratified(admission: Any, _actor: Actor) -> str | None:
    """When it is ratified"""
    return None if admission.ratified_at else "It is not ratified"


def is_not_ratified(admission: Any, _actor: Actor) -> str | None:
    """When it is not ratified"""
    return "It is ratified" if admission.ratified_at else None


def asked_it(admission: Any, actor: Actor) -> str | None:
    """Who asked"""
    return None if actor.did(admission, "asked") else "Who asked the question may go on without the answer"


def has_a_price(admission: Any, values: Mapping[str, Any]) -> str | None:
    """The bed type is on the price list."""
    try:
        admission.policy.number("admission.weekly_price_pence", str(values.get("bed_type")))
    except NotAllowed:
        return "This type of bed has no price, so nobody could say who may decide: choose another"
    return None


def is_a_length(_admission: Any, values: Mapping[str, Any]) -> str | None:
    """The length is in whole weeks, from one up."""
    weeks = values.get("expected_length_weeks")
    if isinstance(weeks, int) and 1 <= weeks <= LONGEST_STAY:
        return None
    return f"Give a whole number of weeks, 1 to {LONGEST_STAY}"


def says_what_is_missing(_admission: Any, values: Mapping[str, Any]) -> str | None:
    """An admission only for lack of community services says which."""
    if values.get("only_for_lack_of_services") and not values.get("missing_service"):
        return "Choose what is missing in the community"
    return None


def describes_what_is_missing(_admission: Any, values: Mapping[str, Any]) -> str | None:
    """And in words."""
    if values.get("only_for_lack_of_services") and not (values.get("missing_service_details") or "").strip():
        return "Say in a few words what is missing in the community"
    return None


def is_ticked(_admission: Any, values: Mapping[str, Any]) -> str | None:
    """The box is ticked."""
    return None if values.get("signature") is True else "Tick the box to sign"


def says_which_interest(_admission: Any, values: Mapping[str, Any]) -> str | None:
    """A declared interest is described."""
    if values.get("has_interest") and not (values.get("interest") or "").strip():
        return "Say what your interest is"
    return None


ASSESSOR = May(Role.ACCESS_ASSESSOR, Capacity.ASSESSOR)
REFERRER = May(Role.REFERRER, Capacity.REFERRER)
RATIFIERS = (HEAD, DIRECTOR)
DECIDERS = (
    *(May(role, when=SCHEME.may(role)) for role in (Role.CASE_MANAGER, Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR)),
    May(Role.OUTSIDE_MEMBER, Capacity.INTERESTED, when=SCHEME.may(Role.OUTSIDE_MEMBER)),
)
"""Whoever's role holds the limit; and an outside member whom the hub let in to the item, with its reason on record."""
WHO_WAS_ASKED = tuple(
    May(role, Capacity.ASKED)
    for role in (
        Role.REFERRER,
        Role.ACCESS_ASSESSOR,
        Role.UNIT_CLINICIAN,
        Role.UNIT_MANAGER,
        Role.FUNDER,
        Role.OUTSIDE_MEMBER,
    )
)
