"""An approach: one question to one unit, whether it can offer a bed, with its own clock and one unit as party."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Any

from workflows.core import A_YEAR, Action, Actor, Ask, Clock, May, Wording, Workflow
from workflows.placement import State as Search
from workflows.roles import UNIT_ROLES, Capacity, Role
from workflows.who import CASE_MANAGER, COORDINATOR, ON_CALL


class State(StrEnum):
    """Where an approach is."""

    ASKED = "asked"
    OFFERED = "offered"
    TAKEN = "taken"
    REFUSED = "refused"
    OFFER_WITHDRAWN = "offer_withdrawn"
    LAPSED = "lapsed"
    STOOD_DOWN = "stood_down"


UNIT = tuple(May(role, Capacity.ASKED) for role in sorted(UNIT_ROLES))
"""The unit that was asked."""
BY_TELEPHONE = (COORDINATOR, ON_CALL)
"""Who writes down what a unit said on the telephone."""
NO_BED = "no_bed"
"""The reason for a refusal that the unit's own bed state can contradict; a code of `approach_refusal_reason`."""
CLINICAL_REASONS = frozenset(
    {
        "acuity",
        "diagnosis",
        "ld_or_autism",
        "physical_health",
        "safeguarding_mix",
    }
)
"""Reasons for a refusal that a consultant answers for. Source: pathways of the shared design, 2.9."""
CLINICAL_ANSWERS = frozenset({"refusal_consultant", "refusal_criterion", "would_change"})
"""What such a reason calls for; asked of every refusal, since the reason is on the same form."""


def is_clinical(values: Mapping[str, Any]) -> bool:
    """Whether the refusal is one that a named consultant answers for."""
    return values.get("refusal_reason") in CLINICAL_REASONS


def _needed_when_clinical(name: str, words: str) -> Any:
    def check(_approach: Any, values: Mapping[str, Any]) -> str | None:
        return words if is_clinical(values) and not (values.get(name) or "").strip() else None

    return check


def is_not_admitted_yet(approach: Any, _actor: Actor) -> str | None:
    """The person is not admitted yet"""
    if approach.placement.state != Search.ADMITTED:
        return None
    return "The person is admitted: end the stay, or transfer the person"


def is_after_the_question(approach: Any, values: Mapping[str, Any]) -> str | None:
    """A bed is offered for the time to come; one that is free since the night before is free now."""
    offer_from = values.get("offer_from")
    if offer_from is None or offer_from > approach.opened_at - timedelta(days=1):
        return None
    return "This is long before you were asked. If the bed is free already, give today and now"


def has_its_own_end(approach: Any) -> bool:
    """The unit said until when the offer stands."""
    return approach.offer_until is not None


def has_the_usual_end(approach: Any) -> bool:
    """The unit said no time, so the usual one holds."""
    return not has_its_own_end(approach)


OFFER = (
    Ask("offered_bed", "Which bed?", hint="Ward, room or kind of bed, as you call it."),
    Ask("offer_from", "From when?", "moment", check=is_after_the_question, within_days=A_YEAR),
    Ask(
        "offer_conditions",
        "Conditions",
        "long_text",
        "What must be so for the person to come. Leave empty if there are none.",
        optional=True,
    ),
    Ask(
        "offer_until",
        "Until when does the offer stand?",
        "moment",
        "Leave empty for the usual time.",
        optional=True,
        tense="future",
        within_days=A_YEAR,
    ),
)
REFUSAL = (
    Ask("refusal_reason", "Why not?", "choice", codes="approach_refusal_reason", stays=True),
    Ask("refusal_details", "In your own words", "long_text", optional=True),
    Ask(
        "refusal_consultant",
        "Which consultant decided?",
        hint="Only for a clinical reason.",
        optional=True,
        check=_needed_when_clinical("refusal_consultant", "A clinical reason needs the name of the consultant"),
    ),
    Ask(
        "refusal_criterion",
        "Which of your criteria is not met?",
        "long_text",
        "Only for a clinical reason.",
        optional=True,
        check=_needed_when_clinical("refusal_criterion", "A clinical reason needs the criterion that is not met"),
    ),
    Ask(
        "would_change",
        "What would change the answer?",
        "long_text",
        "Only for a clinical reason: a date, a fact or a measure.",
        optional=True,
        check=_needed_when_clinical("would_change", "Say what would change the answer, or that nothing would"),
    ),
)

APPROACH = Workflow(
    name="approach",
    title="Approach",
    prefix="APR",
    states=State,
    initial=State.ASKED,
    ends={State.TAKEN, State.REFUSED, State.OFFER_WITHDRAWN, State.LAPSED, State.STOOD_DOWN},
    started_by=(COORDINATOR, CASE_MANAGER, ON_CALL, May(Role.SYSTEM)),
    on_start=("approach.asked",),
    person_shown_in=frozenset({State.ASKED, State.OFFERED, State.TAKEN}),
    actions=(
        Action(
            "offer",
            "Offer a bed",
            State.ASKED,
            State.OFFERED,
            by=(*UNIT, *BY_TELEPHONE),
            asks=OFFER,
            emits=("approach.offered",),
            about="The hub is told at once. The offer stands until the time given.",
        ),
        Action(
            "refuse",
            "Say no",
            (State.ASKED, State.OFFERED),
            State.REFUSED,
            by=(*UNIT, *BY_TELEPHONE),
            asks=REFUSAL,
            emits=("approach.refused",),
            aside=True,
            about="The hub is told at once. You keep what you wrote, and no longer see who it is about.",
        ),
        Action(
            "withdraw_offer",
            "Withdraw the offer",
            State.OFFERED,
            State.OFFER_WITHDRAWN,
            by=UNIT,
            reason=True,
            emits=("approach.offer_withdrawn",),
            abandons=True,
            aside=True,
            about="The hub is told at once.",
        ),
        Action(
            "lapse",
            "Let the offer lapse",
            State.OFFERED,
            State.LAPSED,
            by=(May(Role.SYSTEM),),
            emits=("approach.lapsed",),
            abandons=True,
            about="Nobody accepted it in its time.",
        ),
        Action(
            "take",
            "Take the bed",
            State.OFFERED,
            State.TAKEN,
            by=(May(Role.SYSTEM),),
            emits=("approach.taken",),
            about="The hub accepted the offer.",
        ),
        Action(
            "withdraw_taken",
            "Withdraw the accepted bed",
            State.TAKEN,
            State.OFFER_WITHDRAWN,
            by=(*UNIT, May(Role.SYSTEM)),
            needs=(is_not_admitted_yet,),
            reason=True,
            emits=("approach.taken_withdrawn",),
            abandons=True,
            reopening=True,
            aside=True,
            about="The person has no bed then: the hub is told at once, and the search begins again.",
        ),
        Action(
            "stand_down",
            "Stand down",
            (State.ASKED, State.OFFERED),
            State.STOOD_DOWN,
            by=(May(Role.SYSTEM),),
            reason=True,
            emits=("approach.stood_down",),
            abandons=True,
            about="No bed is needed from this unit any more.",
        ),
    ),
    clocks=(
        Clock("reply", "approach.reply", runs_in={State.ASKED}, label="Answer"),
        Clock(
            "offer",
            "approach.offer",
            runs_in={State.OFFERED},
            due_fact="offer_until",
            when=has_its_own_end,
            on_ring="lapse",
            label="Offer",
        ),
        Clock(
            "offer",
            "approach.offer",
            runs_in={State.OFFERED},
            when=has_the_usual_end,
            on_ring="lapse",
            label="Offer",
        ),
    ),
    wording={
        State.ASKED: Wording("Asked", "Say whether you can offer a bed", "others", 0, 0),
        State.OFFERED: Wording("Offered", "Accept the bed or let it go", "us", 0, 1, is_decision=True),
        State.TAKEN: Wording("Taken", "", "done", 0, 2),
        State.REFUSED: Wording("Refused", "", "done", 1, 1),
        State.OFFER_WITHDRAWN: Wording("Offer withdrawn", "", "done", 1, 2),
        State.LAPSED: Wording("Lapsed", "", "done", 2, 2),
        State.STOOD_DOWN: Wording("Stood down", "", "done", 1, 0),
    },
)
