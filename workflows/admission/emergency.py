"""Admitting first and ratifying after: the emergency route."""

from typing import Any

from workflows.admission import asks, guards
from workflows.admission.guards import ASSESSOR
from workflows.admission.states import State
from workflows.core import SAME, Action, Ask, May, Need
from workflows.roles import Capacity
from workflows.who import CASE_MANAGER, COORDINATOR, DIRECTOR, ON_CALL

TONIGHT = Ask("tonight", "What happens to the person tonight?", "long_text", "The referrer reads this in the notice.")


def _late(name: str, label: str, by: May, signed: tuple[Ask, ...], *needs: Need) -> tuple[Action, Action]:
    """The late Form 2: not ratified yet, it stays where it is; once ratified, the admission is agreed with it."""
    shared: dict[str, Any] = {
        "by": (by,),
        "needs": (guards.is_not_signed_yet, guards.has_form_2, *needs),
        "asks": (*asks.OUTCOME, *signed),
        "marks": "form2_signed",
        "lets_go": (Capacity.ASSESSOR,),
    }
    return (
        Action(
            name,
            label,
            State.AWAITING_RATIFICATION,
            SAME,
            when=guards.is_not_ratified,
            emits=("admission.late_assessment_signed",),
            about="Form 2 after the emergency admission.",
            **shared,
        ),
        Action(
            name,
            label,
            State.AWAITING_RATIFICATION,
            State.ADMISSION_AGREED,
            when=guards.is_ratified,
            emits=("admission.late_assessment_signed", "admission.ratified"),
            about="The last thing missing: the admission is agreed with it.",
            **shared,
        ),
    )


ACTIONS = (
    Action(
        "record_immediate_risk",
        "Write down the immediate risk",
        (State.ASSESSMENT_REQUESTED, State.ASSESSMENT_BOOKED, State.ASSESSED, State.RECOMMENDED),
        SAME,
        by=(COORDINATOR, CASE_MANAGER, ON_CALL),
        asks=(Ask("immediate_risk", "What could happen if nothing is done now?", "long_text"),),
        aside=True,
        about="Needed before anybody is admitted in an emergency.",
    ),
    Action(
        "admit_in_emergency",
        "Admit in an emergency",
        (State.ASSESSMENT_REQUESTED, State.ASSESSMENT_BOOKED, State.ASSESSED, State.RECOMMENDED),
        State.AWAITING_RATIFICATION,
        by=(CASE_MANAGER, ON_CALL, DIRECTOR),
        needs=(guards.has_immediate_risk, guards.takes_emergencies),
        asks=asks.EMERGENCY,
        marks="admitted",
        emits=("admission.admitted_in_emergency",),
        about="Opens the search for a bed at once. Another person ratifies it, and a missing Form 2 follows.",
    ),
    *_late("sign_late_assessment", "Sign the late assessment", ASSESSOR, (asks.SIGNATURE,)),
    *_late("enter_late_paper", "Enter a late paper Form 2", CASE_MANAGER, asks.PAPER, guards.has_the_scan),
    Action(
        "ratify",
        "Ratify the emergency admission",
        State.AWAITING_RATIFICATION,
        State.ADMISSION_AGREED,
        by=guards.RATIFIERS,
        needs=(guards.is_another_person,),
        when=guards.is_signed,
        reason=True,
        marks="ratified",
        emits=("admission.ratified",),
        about="Confirms what was done in the emergency.",
    ),
    Action(
        "ratify",
        "Ratify the emergency admission",
        State.AWAITING_RATIFICATION,
        SAME,
        by=guards.RATIFIERS,
        needs=(guards.is_another_person, guards.is_not_ratified_yet),
        when=guards.is_not_signed,
        reason=True,
        marks="ratified",
        emits=("admission.ratified_before_form_2",),
        about="Confirms what was done in the emergency. The admission is agreed once the late Form 2 is signed.",
    ),
    Action(
        "refuse_ratification",
        "Refuse to ratify",
        State.AWAITING_RATIFICATION,
        State.ASSESSED,
        by=guards.RATIFIERS,
        needs=(guards.is_another_person, guards.is_not_ratified_yet),
        when=guards.is_signed,
        asks=(TONIGHT,),
        reason=True,
        marks="ratification_refused",
        emits=("admission.ratification_refused",),
        aside=True,
        about="A search for a bed is stood down. The decision is made in the usual way.",
    ),
    Action(
        "refuse_ratification",
        "Refuse to ratify",
        State.AWAITING_RATIFICATION,
        State.ASSESSMENT_REQUESTED,
        by=guards.RATIFIERS,
        needs=(guards.is_another_person, guards.is_not_ratified_yet),
        when=guards.is_not_signed,
        asks=(TONIGHT,),
        reason=True,
        lets_go=(Capacity.ASSESSOR,),
        marks="ratification_refused",
        emits=("admission.ratification_refused",),
        aside=True,
        about="A search for a bed is stood down, and an assessment comes first.",
    ),
)
