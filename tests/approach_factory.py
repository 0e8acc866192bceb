"""Searches for a bed and approaches to units for tests: asked, answered, taken and given back through `perform`."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.engine.perform import perform
from hub.organisations.models import Unit
from hub.placements.approach_models import Approach
from hub.placements.models import Placement
from tests.admission_factory import Crew, make_admission, make_crew, searches
from tests.factories import NOW, REASON, actor_of, make_membership, make_unit
from tests.placement_factory import accept as accept_offer
from tests.placement_factory import approach as ask_unit
from tests.placement_factory import offer
from workflows.actor import Actor
from workflows.core import SYSTEM
from workflows.roles import Role

NO: dict[str, Any] = {"refusal_reason": "staffing", "refusal_details": "Two nurses short until Friday"}
"""A complete refusal."""
ENDS = ("refused", "offer_withdrawn", "withdrawn after it was taken", "lapsed", "stood_down")
"""Every way in which an approach ends without a bed."""


def make_search(session: Session, crew: Crew | None = None, **referral: Any) -> Placement:
    """An open search for a bed, with a signed Form 2 behind it; `referral` changes answers of Form 1."""
    (found,) = searches(session, make_admission(session, "admission_agreed", crew=crew, referral=referral))
    return found


def member_of(session: Session, unit: Unit, role: Role = Role.UNIT_MANAGER) -> Membership:
    """Somebody who works on this unit."""
    return make_membership(session, role, unit.site.organisation, unit=unit)


def ask(session: Session, placement: Placement, unit: Unit, by: Actor, *, now: datetime = NOW) -> Approach:
    """The unit is asked for a bed on its page, even when the ranking leaves it out."""
    why = "The family asked for it"
    return ask_unit(session, placement, unit, by, now=now, asked_person="Bed desk", asked_how="page", why_this_unit=why)


def answer(session: Session, approach: Approach, action: str, by: Actor, *, now: datetime = NOW, **more: Any) -> None:
    """The unit offers, refuses or withdraws."""
    if action == "offer":
        return offer(session, approach, by, now=now, **more)
    values = (NO if action == "refuse" else {}) | more
    reason = REASON if action.startswith("withdraw") else None
    perform(session, approach, action, by, now=now, values=values, reason=reason)


def accept(session: Session, approach: Approach, by: Actor, *, now: datetime = NOW) -> None:
    """The hub accepts the offer of a unit outside the collaborative."""
    out_of_area: dict[str, Any] = {
        "out_of_area_reason": "no_bed_in_area",
        "repatriation_plan": "Back to a unit near home as soon as one has a bed",
        "repatriation_on": (now + timedelta(days=18)).date(),
    }
    accept_offer(session, session.get_one(Placement, approach.parent_id), approach, by, now=now, **out_of_area)


def make_approach(
    session: Session, state: str = "asked", *, crew: Crew | None = None, unit: Unit | None = None, **referral: Any
) -> Approach:
    """An approach walked to `state`, or to one of ENDS, by a manager of the unit and the crew."""
    crew = crew or make_crew(session)
    unit = unit or make_unit(session)
    placement = make_search(session, crew, **referral)
    made = ask(session, placement, unit, crew.coordinator)
    manager = actor_of(member_of(session, unit))
    if state == "refused":
        answer(session, made, "refuse", manager)
    elif state == "stood_down":
        perform(session, placement, "stand_down", crew.case_manager, now=NOW, reason=REASON)
    elif state != "asked":
        answer(session, made, "offer", manager)
    if state == "offer_withdrawn":
        answer(session, made, "withdraw_offer", manager)
    elif state == "lapsed":
        perform(session, made, "lapse", SYSTEM, now=NOW + timedelta(hours=5))
    elif state in {"taken", "withdrawn after it was taken"}:
        accept(session, made, crew.case_manager)
    if state == "withdrawn after it was taken":
        answer(session, made, "withdraw_taken", manager)
    session.refresh(made)
    return made
