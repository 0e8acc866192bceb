"""Admission decisions for tests: a small crew, complete answers, and a walk to any state through `perform`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.admissions.models import Admission
from hub.engine.documents import StoredFile
from hub.engine.models import Clock
from hub.engine.perform import perform
from hub.placements.models import Placement
from hub.referrals.models import Referral
from tests.factories import NOW, REASON, actor_of, make_actor, make_membership, make_organisation, make_referral
from workflows.actor import Actor
from workflows.roles import Capacity, Role


@dataclass(frozen=True)
class Crew:
    """One person of each sort that an admission decision meets."""

    referrer: Actor
    coordinator: Actor
    case_manager: Actor
    head: Actor
    director: Actor
    on_call: Actor
    assessor: Actor
    outside: Actor


def make_crew(session: Session) -> Crew:
    """New people; the assessor's organisation assesses and the outside member's is an ICB."""
    assessing = make_organisation(session, "ZAS01", name="Beckside Access Team", kind="nhs_trust")
    board = make_organisation(session, "ZIC01", name="Northmoor ICB", kind="icb")
    return Crew(
        referrer=make_actor(session, Role.REFERRER),
        coordinator=make_actor(session, Role.COORDINATOR),
        case_manager=make_actor(session, Role.CASE_MANAGER),
        head=make_actor(session, Role.HEAD_OF_COMMISSIONING),
        director=make_actor(session, Role.DIRECTOR),
        on_call=make_actor(session, Role.FINANCE_LEAD, is_on_call=True),
        assessor=actor_of(make_membership(session, Role.ACCESS_ASSESSOR, assessing)),
        outside=actor_of(make_membership(session, Role.OUTSIDE_MEMBER, board)),
    )


STEPS: dict[str, tuple[str, ...]] = {
    "assessment_requested": (),
    "assessment_booked": ("book_assessment",),
    "assessed": ("book_assessment", "fill_in_assessment", "sign_assessment"),
    "awaiting_ratification": ("admit_in_emergency",),
    "withdrawn": ("withdraw",),
}
STEPS["recommended"] = (*STEPS["assessed"], "recommend")
STEPS["more_needed"] = (*STEPS["recommended"], "ask_more")
STEPS["admission_agreed"] = (*STEPS["recommended"], "agree_admission")
STEPS["alternative_agreed"] = (*STEPS["recommended"], "agree_alternative")
STEPS["admission_refused"] = (*STEPS["recommended"], "refuse_admission")

FORM_2: dict[str, Any] = {
    "assessor_name": "Aisha Thorne",
    "assessor_position": "Consultant psychiatrist",
    "assessor_trust": "Beckside NHS Trust",
    "assessor_team": "Beckside Access Team",
    "assessor_phone": "01632 960 003",
    "assessed_at": NOW,
    "diagnosis": "Anorexia nervosa",
    "mental_state": "Tired, frightened, answers well",
    "addresses_needs": True,
    "addresses_needs_details": "Meals supported day and night",
    "may_do_harm": False,
    "has_alternatives": False,
    "has_risk_factors": False,
    "needs_programme": False,
    "has_health_needs": False,
    "has_education_needs": False,
    "has_welfare_needs": False,
    "needs_specialist": False,
}
OUTCOME: dict[str, Any] = {"is_appropriate": True, "only_for_lack_of_services": False}
PAPER: dict[str, Any] = {"paper_signed_by": "Aisha Thorne", "paper_signed_at": NOW, "paper_kept_at": "Cabinet 4"}


def add_scan(session: Session, admission: Admission, actor: Actor) -> None:
    """The scan of a form that was signed on paper; its bytes are no matter of the engine's."""
    scan = StoredFile("Form 2, signed.pdf", "pdf", 812, "ab" * 32, "clean")
    perform(session, admission, "add_document", actor, now=NOW, values={"document": scan, "audience": "hub"})


def answers(session: Session, action: str, now: datetime) -> dict[str, Any]:
    """Complete answers of an action, as a case manager's eight weeks on a general ward: £38,400, within their limit."""
    given: dict[str, dict[str, Any]] = {
        "book_assessment": {
            "assessing_organisation_id": make_organisation(session, "ZAS01").id,
            "booked_assessor": "Aisha Thorne, 01632 960 003",
            "booked_for": now + timedelta(hours=5),
            "assessment_how": "in_person",
            "assessment_where": "Ward 7",
        },
        "fill_in_assessment": FORM_2,
        "sign_assessment": {**OUTCOME, "signature": True},
        "enter_signed_paper": {**OUTCOME, **PAPER},
        "sign_late_assessment": {**OUTCOME, "signature": True},
        "enter_late_paper": {**OUTCOME, **PAPER},
        "recommend": {
            "recommendation": "admit",
            "alternatives_considered": "Home treatment: tried for six weeks",
            "purpose": "To eat and to rest",
            "bed_type": "301",
            "expected_length_weeks": 8,
            "exit_plan": "Home, with the team twice a week",
        },
        "ask_more": {
            "question": "What does the school say?",
            "asked_organisation_id": make_organisation(session, "ZPR01").id,
            "answer_due_at": now + timedelta(days=3),
        },
        "answer": {"answer_given": "The school holds the place"},
        "record_objection": {"objection_by": "family", "objection": "It is too far from home"},
        "reconsider": {"new_facts": "The community team has lost two nurses"},
        "agree_admission": {
            "responsible_commissioner": "ZIC01",
            "funding_source": "collaborative",
            "has_interest": False,
        },
        "agree_alternative": {
            "alternative": "package",
            "alternative_provider": "Brackendale Community Team",
            "contingency": "Back to the case manager within a day",
            "has_interest": False,
        },
        "refuse_admission": {
            "advice": "Home treatment twice a day",
            "dispute_route": "Write to the head of commissioning within 14 days",
            "has_interest": False,
        },
        "record_immediate_risk": {"immediate_risk": "Has not drunk since yesterday"},
        "admit_in_emergency": {
            "why_it_cannot_wait": "The ward cannot keep her safe tonight",
            "clinician_in_charge": "Gwen Larkrise, 01632 960 004",
            "bed_type": "301",
        },
        "refuse_ratification": {"tonight": "Stays on the paediatric ward with two nurses"},
    }
    return dict(given.get(action, {}))


def usual(crew: Crew, action: str) -> Actor:
    """Who usually does it."""
    return {
        "book_assessment": crew.coordinator,
        "cannot_assess": crew.assessor,
        "fill_in_assessment": crew.assessor,
        "sign_assessment": crew.assessor,
        "sign_late_assessment": crew.assessor,
        "answer": crew.coordinator,
        "agree_admission": crew.head,
        "agree_alternative": crew.head,
        "refuse_admission": crew.head,
        "ratify": crew.head,
        "refuse_ratification": crew.head,
        "withdraw": crew.referrer,
    }.get(action, crew.case_manager)


def do(
    session: Session, item: Any, action: str, actor: Actor, *, now: datetime = NOW, reason: str = REASON, **changes: Any
) -> None:
    """Perform an action with complete answers; a change of None leaves an answer out."""
    given = answers(session, action, now) | changes
    values = {name: value for name, value in given.items() if value is not None}
    perform(session, item, action, actor, now=now, values=values, reason=reason)


def admission_of(session: Session, referral: Referral) -> Admission:
    """The admission decision that an accepted referral opened."""
    return session.scalars(select(Admission).where(Admission.parent_id == referral.id)).one()


def make_admission(
    session: Session,
    state: str = "assessment_requested",
    *,
    crew: Crew | None = None,
    priority: str = "routine",
    service_line: str = "cyp",
    now: datetime = NOW,
    step: timedelta = timedelta(0),
    referral: dict[str, Any] | None = None,
    **changes: Any,
) -> Admission:
    """An admission decision walked to `state` through `perform`, one action every `step` from `now`.

    `referral` changes answers of Form 1; other changes go to whichever action asks for them.
    """
    crew = crew or make_crew(session)
    made = make_referral(
        session,
        "accepted",
        priority=priority,
        service_line=service_line,
        referrer=crew.referrer,
        now=now,
        step=step,
        **referral or {},
    )
    admission = admission_of(session, made)
    now += 3 * step
    for name in STEPS[state]:
        now += step
        asked = {ask.name for action in admission.workflow.named(name) for ask in action.questions}
        mine = {field: value for field, value in changes.items() if field in asked}
        do(session, admission, name, usual(crew, name), now=now, **mine)
    return admission


def let_outside_in(session: Session, admission: Admission, crew: Crew, *, now: datetime = NOW) -> None:
    """The hub lets the outside member's organisation in to the item."""
    values = {"organisation_id": crew.outside.organisation_id}
    perform(session, admission, "add_party", crew.coordinator, now=now, values=values, reason="Nobody inside may")


def searches(session: Session, admission: Admission) -> list[Placement]:
    """The case's placements, the oldest first."""
    return list(session.scalars(select(Placement).where(Placement.case_id == admission.case_id).order_by(Placement.id)))


def clock_named(session: Session, item: Any, name: str) -> Clock:
    """The last clock of this name."""
    rows = session.scalars(
        select(Clock)
        .where(Clock.item_id == item.id, Clock.name == name)
        .order_by(Clock.id)
        .execution_options(populate_existing=True)
    )
    return list(rows)[-1]


def capacities(item: Any) -> dict[int, set[Capacity]]:
    """What each organisation now is to the item."""
    return {
        party.organisation_id: {Capacity(held) for held in party.capacities}
        for party in item.parties
        if party.until_at is None and party.organisation_id
    }
