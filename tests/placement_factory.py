"""Searches for a bed for tests: units in and out of the collaborative, their people, and a walk to any state."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.cases.models import CareCase
from hub.cases.services import note_facts
from hub.engine.perform import perform
from hub.organisations.models import Collaborative, CollaborativeMember, Organisation, Unit
from hub.placements.approach_models import Approach
from hub.placements.models import Placement
from hub.stays.models import Stay
from tests.admission_factory import Crew, make_admission, make_crew, searches
from tests.factories import FIRST_DAY, NOW, REASON, actor_of, make_membership, make_organisation, make_unit
from workflows.actor import Actor
from workflows.roles import Role


@dataclass(frozen=True)
class Ward:
    """A unit and its people."""

    unit: Unit
    manager: Actor
    clinician: Actor


def make_ward(session: Session, code: str = "ZPR01", *, bed_type: str = "301", **organisation: Any) -> Ward:
    """A new unit of the organisation `code` with a manager and a clinician of its own."""
    unit = make_unit(session, make_organisation(session, code, **organisation))
    unit.bed_type = bed_type
    session.flush()
    return Ward(
        unit,
        actor_of(make_membership(session, Role.UNIT_MANAGER, unit.site.organisation, unit=unit)),
        actor_of(make_membership(session, Role.UNIT_CLINICIAN, unit.site.organisation, unit=unit)),
    )


def make_placement(session: Session, crew: Crew | None = None, **more: Any) -> Placement:
    """A search in its first state, opened by an agreed admission; `more` as for `make_admission`."""
    crew = crew or make_crew(session)
    admission = make_admission(session, "admission_agreed", crew=crew, **more)
    found = searches(session, admission)[-1]
    join_collaborative(session, found, make_organisation(session, "ZPR01"))
    return found


def collaborative_of(session: Session, placement: Placement) -> Collaborative:
    """The collaborative to which the search belongs, made when there is none."""
    if placement.collaborative_id is None:
        lead = make_organisation(session, "ZLP01", name="Fellside Partnership", kind="nhs_trust")
        name = "Fellside collaborative"
        found = session.scalar(select(Collaborative).where(Collaborative.name == name)) or Collaborative(
            name=name, service_line="cyp", lead_organisation_id=lead.id, policy_set="default"
        )
        session.add(found)
        session.flush()
        placement.collaborative_id = found.id
        session.flush()
    return session.get_one(Collaborative, placement.collaborative_id)


def join_collaborative(session: Session, placement: Placement, organisation: Organisation) -> None:
    """The organisation is a member of the search's collaborative."""
    collaborative_of(session, placement)
    query = select(CollaborativeMember).where(
        CollaborativeMember.collaborative_id == placement.collaborative_id,
        CollaborativeMember.organisation_id == organisation.id,
    )
    if session.scalar(query) is None:
        session.add(
            CollaborativeMember(
                collaborative_id=placement.collaborative_id, organisation_id=organisation.id, from_on=FIRST_DAY
            )
        )
        session.flush()


def approach(
    session: Session, placement: Placement, unit: Unit, actor: Actor, *, now: datetime = NOW, **changes: Any
) -> Approach:
    """Ask a unit, and give the approach that this opened."""
    values = {"asked_unit_id": unit.id, "asked_person": "Bev, nurse in charge", "asked_how": "telephone"} | changes
    perform(session, placement, "approach_unit", actor, now=now, values=values)
    query = select(Approach).where(Approach.parent_id == placement.id).order_by(Approach.id.desc())
    return session.scalars(query.limit(1)).one()


def offer(session: Session, asked: Approach, actor: Actor, *, now: datetime = NOW, **changes: Any) -> None:
    """The unit offers a bed."""
    values = {"offered_bed": "Room 4", "offer_from": now + timedelta(hours=5)} | changes
    perform(session, asked, "offer", actor, now=now, values=values)


def accept(
    session: Session, placement: Placement, chosen: Approach, actor: Actor, *, now: datetime = NOW, **more: Any
) -> None:
    """Accept an offer; `more` is what a bed outside the collaborative calls for."""
    values = {"accepted_approach": chosen.reference} | more
    perform(session, placement, "accept_offer", actor, now=now, values=values)


def plan(session: Session, placement: Placement, actor: Actor, *, now: datetime = NOW, **changes: Any) -> None:
    """Plan the journey."""
    values = {
        "conveyance_how": "staff_car",
        "conveyance_by": "Jo Thorne, 01632 960 007",
        "conveyance_at": now + timedelta(hours=20),
        "conveyance_authority": "Her own consent",
    }
    perform(session, placement, "plan_conveyance", actor, now=now, values=values | changes)


def complete(session: Session, placement: Placement, *, now: datetime = NOW) -> None:
    """Everything of the case that an admission needs, as if the forms had said it."""
    note_facts(
        session,
        placement.case_id,
        care_coordinator_name="Ann Dale",
        consultant_name="Dr Leah Marchetti",
        responsible_icb="ZIC01",
        consent_basis="gillick",
        family_told=True,
        form2_signed_at=now,
    )
    session.expire(session.get_one(CareCase, placement.case_id))


def admit(session: Session, placement: Placement, actor: Actor, *, now: datetime = NOW, **changes: Any) -> Stay:
    """Record the admission, and give the stay it began."""
    values = {"admitted_at": now, "estimated_discharge_on": (now + timedelta(days=77)).date()} | changes
    perform(session, placement, "admit", actor, now=now, values=values)
    return session.scalars(select(Stay).where(Stay.parent_id == placement.id)).one()


def make_stay(session: Session, crew: Crew, ward: Ward, *, now: datetime = NOW, **more: Any) -> Stay:
    """A person on `ward` since `now`, through every step from the referral on."""
    placement = make_placement(session, crew, now=now, **more)
    asked = approach(session, placement, ward.unit, crew.coordinator, now=now)
    offer(session, asked, ward.manager, now=now)
    accept(session, placement, asked, crew.case_manager, now=now)
    complete(session, placement, now=now)
    return admit(session, placement, ward.manager, now=now)


__all__ = [
    "REASON",
    "Ward",
    "accept",
    "admit",
    "approach",
    "collaborative_of",
    "complete",
    "join_collaborative",
    "make_placement",
    "make_stay",
    "make_ward",
    "offer",
    "plan",
]
