"""An admission decision: assessment, recommendation, a decision under authority, and the emergency route."""

from typing import Any

from workflows.admission import assessment, decision, emergency
from workflows.admission.guards import REFERRER
from workflows.admission.states import OPEN, State
from workflows.core import Action, Clock, May, Wording, Workflow
from workflows.roles import Capacity, Role
from workflows.who import CASE_MANAGER

__all__ = ["ADMISSION", "State"]


def has_no_form_2(admission: Any) -> bool:
    """The late Form 2 is owed until it is signed."""
    return admission.form2_signed_at is None


ADMISSION = Workflow(
    name="admission",
    title="Admission decision",
    prefix="ADM",
    states=State,
    initial=State.ASSESSMENT_REQUESTED,
    ends={State.ADMISSION_AGREED, State.ALTERNATIVE_AGREED, State.ADMISSION_REFUSED, State.WITHDRAWN},
    started_by=(May(Role.SYSTEM),),
    accepting="recommend",
    actions=(
        *assessment.ACTIONS,
        *decision.ACTIONS,
        *emergency.ACTIONS,
        Action(
            "withdraw",
            "Withdraw",
            OPEN,
            State.WITHDRAWN,
            by=(REFERRER, CASE_MANAGER),
            reason=True,
            lets_go=(Capacity.ASSESSOR, Capacity.ASKED),
            emits=("admission.withdrawn",),
            abandons=True,
            about="Nobody goes on with it. A search for a bed is stood down.",
        ),
    ),
    clocks=(
        Clock(
            "assess",
            "admission.assess",
            runs_in={State.ASSESSMENT_REQUESTED, State.ASSESSMENT_BOOKED},
            from_fact="received_at",
            less_fact="pauses_before",
            on_return="restart",
            given_up_on=("admit_in_emergency",),
        ),
        Clock(
            "decide",
            "admission.decide",
            runs_in={State.ASSESSED, State.RECOMMENDED},
            pauses_in={State.MORE_NEEDED},
            tells=(Role.HEAD_OF_COMMISSIONING,),
            on_return="restart",
            given_up_on=("admit_in_emergency",),
        ),
        Clock(
            "answer",
            "admission.answer",
            runs_in={State.MORE_NEEDED},
            due_fact="answer_due_at",
            on_return="restart",
            given_up_on=("proceed_without",),
        ),
        Clock(
            "late_assessment",
            "admission.late_assessment",
            runs_in={State.AWAITING_RATIFICATION},
            when=has_no_form_2,
            on_return="restart",
            given_up_on=("refuse_ratification",),
        ),
        Clock(
            "ratify",
            "admission.ratify",
            runs_in={State.AWAITING_RATIFICATION},
            stops_on=("ratify", "refuse_ratification"),
            tells=(Role.HEAD_OF_COMMISSIONING, Role.DIRECTOR),
            on_return="restart",
        ),
    ),
    wording={
        State.ASSESSMENT_REQUESTED: Wording("Assessment requested", "Book the access assessment", "us", 1, 0),
        State.ASSESSMENT_BOOKED: Wording("Assessment booked", "Sign the assessment", "others", 1, 1),
        State.ASSESSED: Wording("Assessed", "Recommend", "us", 1, 2),
        State.RECOMMENDED: Wording("Recommended", "Decide on admission", "us", 1, 3, is_decision=True),
        State.MORE_NEEDED: Wording("More needed", "Answer the question", "paused", 2, 2),
        State.AWAITING_RATIFICATION: Wording(
            "Awaiting ratification", "See to ratification and Form 2", "us", 0, 2, is_decision=True
        ),
        State.ADMISSION_AGREED: Wording("Admission agreed", "", "done", 0, 4),
        State.ALTERNATIVE_AGREED: Wording("Alternative agreed", "", "done", 1, 4),
        State.ADMISSION_REFUSED: Wording("Admission refused", "", "done", 2, 4),
        State.WITHDRAWN: Wording("Withdrawn", "", "done", 2, 0),
    },
)
