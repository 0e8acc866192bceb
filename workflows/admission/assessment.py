"""The access assessment: booked, filled in, signed."""

from workflows.admission import asks, guards
from workflows.admission.guards import ASSESSOR
from workflows.admission.states import State
from workflows.core import SAME, Action
from workflows.roles import Capacity
from workflows.who import CASE_MANAGER, COORDINATOR

ACTIONS = (
    Action(
        "book_assessment",
        "Book the assessment",
        (State.ASSESSMENT_REQUESTED, State.ASSESSMENT_BOOKED),
        State.ASSESSMENT_BOOKED,
        by=(COORDINATOR, CASE_MANAGER),
        asks=asks.BOOKING,
        lets_go=(Capacity.ASSESSOR,),
        lets_in={"assessing_organisation_id": Capacity.ASSESSOR},
        emits=("admission.assessment_booked",),
        about="Whoever assesses sees the referral and fills in Form 2.",
    ),
    Action(
        "book_assessment",
        "Book the assessment",
        State.AWAITING_RATIFICATION,
        SAME,
        by=(COORDINATOR, CASE_MANAGER),
        needs=(guards.is_not_signed_yet,),
        asks=asks.BOOKING,
        lets_go=(Capacity.ASSESSOR,),
        lets_in={"assessing_organisation_id": Capacity.ASSESSOR},
        emits=("admission.assessment_booked",),
        about="For the late Form 2 of an emergency admission.",
    ),
    Action(
        "cannot_assess",
        "Say that we cannot assess",
        State.ASSESSMENT_BOOKED,
        State.ASSESSMENT_REQUESTED,
        by=(ASSESSOR,),
        reason=True,
        lets_go=(Capacity.ASSESSOR,),
        emits=("admission.cannot_assess",),
        aside=True,
        about="The hub asks somebody else. The clock goes on.",
    ),
    Action(
        "fill_in_assessment",
        "Fill in Form 2",
        (State.ASSESSMENT_BOOKED, State.AWAITING_RATIFICATION),
        SAME,
        by=(ASSESSOR, CASE_MANAGER),
        needs=(guards.is_not_signed_yet,),
        asks=asks.FORM_2,
        about="Answers can be added bit by bit. Nothing is signed yet.",
    ),
    Action(
        "sign_assessment",
        "Sign the assessment",
        State.ASSESSMENT_BOOKED,
        State.ASSESSED,
        by=(ASSESSOR,),
        needs=(guards.has_form_2,),
        asks=(*asks.OUTCOME, asks.SIGNATURE),
        marks="form2_signed",
        lets_go=(Capacity.ASSESSOR,),
        emits=("admission.assessed",),
        about="Form 2 is signed and stays as it is. Your access ends with it.",
    ),
    Action(
        "enter_signed_paper",
        "Enter a signed paper Form 2",
        State.ASSESSMENT_BOOKED,
        State.ASSESSED,
        by=(CASE_MANAGER,),
        needs=(guards.has_form_2, guards.has_the_scan),
        asks=(*asks.OUTCOME, *asks.PAPER),
        marks="form2_signed",
        lets_go=(Capacity.ASSESSOR,),
        emits=("admission.assessed",),
        about="For a form that was signed on paper: the hub holds it.",
    ),
)
