"""The steps of a search for a bed and of a stay, as the demo's stories tell them: hours after the referral came."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from hub.demo.stories import APPROACH, DELE, PLACEMENT, STAY, THE_HUB, Step

Steps = tuple[Step, ...]

CALDER: Final = "ZD003A-1"
ASHGILL: Final = "ZD101A-1"
LINNET: Final = "ZD101A-2"
STONECHAT: Final = "ZD102A-1"
KITTIWAKE: Final = "ZD102A-4"
FELLGATE: Final = "ZD103A-1"
ROWAN: Final = "ZD103A-2"
WOLDS: Final = "ZD104A-1"
REDSHANK: Final = "ZD104A-3"
MOORHEN: Final = "ZD111A-1"
TARN: Final = "ZD112A-1"
HARROWBY: Final = "ZD112B-1"
SKELBECK: Final = "ZD113A-1"
MARRAM: Final = "ZD114A-1"
BELLS: Final = {"telephone": "Bed line of the unit", "page": "The unit's page", "email": "The unit's bed desk"}
"""Whom one asks, by way of asking."""
FACTS: Final = {
    "care_coordinator_name": "Tom Brierley, 01632 960112",
    "consultant_name": "Dr Leah Marchetti",
    "responsible_icb": "ZD301",
    "consent_basis": "mental_health_act",
    "family_told": True,
}
"""What the admission needs of the case, where the form of an emergency left it out."""


def on_search(
    after: float, action: str, who: str, values: dict[str, Any] | None = None, reason: str | None = None
) -> Steps:
    """One action on the search for a bed."""
    return (Step(after, action, who, values or {}, reason, to=PLACEMENT),)


def approach(after: float, who: str, unit: str, *, how: str = "page", why: str = "") -> Steps:
    """A unit is asked; `why` for one that the list leaves out."""
    values = {"asked_unit_id": unit, "asked_person": BELLS[how], "asked_how": how}
    return on_search(after, "approach_unit", who, values | ({"why_this_unit": why} if why else {}))


def offered(
    after: float, who: str, unit: str, bed: str, *, ready: float = 2, until: float | None = None, conditions: str = ""
) -> Steps:
    """The unit offers a bed, free in so many hours; the offer stands for `until` hours, else for the usual time."""
    values: dict[str, Any] = {"offered_bed": bed, "offer_from": timedelta(hours=ready)}
    if conditions:
        values["offer_conditions"] = conditions
    if until is not None:
        values["offer_until"] = timedelta(hours=until)
    return (Step(after, "offer", who, values, to=APPROACH, unit=unit),)


def refused(after: float, who: str, unit: str, code: str, **said: Any) -> Steps:
    """The unit has no bed, or none for this person."""
    return (Step(after, "refuse", who, {"refusal_reason": code, **said}, to=APPROACH, unit=unit),)


def gone(after: float, action: str, who: str, unit: str, reason: str | None = None) -> Steps:
    """The offer is withdrawn by the unit, before or after it was accepted."""
    return (Step(after, action, who, {}, reason, to=APPROACH, unit=unit),)


def lapsed(after: float, unit: str) -> Steps:
    """Nobody accepted the offer in its time."""
    return (Step(after, "lapse", THE_HUB, {}, to=APPROACH, unit=unit),)


def accepted(after: float, who: str, unit: str, *, out_of_area: str = "", plan: str = "", back: float = 42) -> Steps:
    """An offer is accepted; outside the collaborative with a reason, a plan for coming back and its day from now."""
    values: dict[str, Any] = {"accepted_approach": unit}
    if out_of_area:
        values |= {
            "out_of_area_reason": out_of_area,
            "repatriation_plan": plan,
            "repatriation_on": timedelta(days=back),
        }
    return on_search(after, "accept_offer", who, values)


def journey(after: float, ahead: float, how: str, by: str, authority: str) -> Steps:
    """How the person gets there, so many hours later."""
    values = {
        "conveyance_how": how,
        "conveyance_by": by,
        "conveyance_at": timedelta(hours=ahead),
        "conveyance_authority": authority,
    }
    return on_search(after, "plan_conveyance", DELE, values)


def facts(after: float, who: str = DELE, **other: Any) -> Steps:
    """What the admission needs, and nobody had written down."""
    return on_search(after, "complete_facts", who, FACTS | other)


def arrived(after: float, who: str, weeks: float) -> Steps:
    """The person is on the unit since half an hour; how many weeks the stay is meant to last."""
    values = {"admitted_at": timedelta(minutes=-30), "estimated_discharge_on": timedelta(weeks=weeks)}
    return on_search(after, "admit", who, values)


def on_stay(
    after: float, action: str, who: str, values: dict[str, Any] | None = None, reason: str | None = None
) -> Steps:
    """One action on the stay."""
    return (Step(after, action, who, values or {}, reason, to=STAY),)


def leave(after: float, who: str, kind: str, hours: float, terms: str, *, ago: float = 0.5) -> Steps:
    """The person went on leave `ago` hours before it was written down, for so many hours."""
    values = {
        "leave_kind": kind,
        "leave_from": timedelta(hours=-ago),
        "leave_until": timedelta(hours=hours - ago),
        "leave_terms": terms,
        "leave_granted_by": "Dr Ingrid Sowerby, responsible clinician",
    }
    return on_stay(after, "start_leave", who, values)


def returned(after: float, who: str) -> Steps:
    """Back on the unit a quarter of an hour ago."""
    return on_stay(after, "return_from_leave", who, {"returned_at": timedelta(minutes=-15)})


def left(after: float, who: str, destination: str, reason: str) -> Steps:
    """The person left an hour ago."""
    return on_stay(after, "end_stay", who, {"left_at": timedelta(hours=-1), "destination": destination}, reason)


def followed_up(after: float, who: str, how: str = "telephone", notes: str = "") -> Steps:
    """Somebody spoke to the person a quarter of an hour ago."""
    values = {"followed_up_at": timedelta(minutes=-15), "followed_up_how": how, "followed_up_by": who}
    return on_stay(after, "record_follow_up", who, values | ({"follow_up_notes": notes} if notes else {}))
