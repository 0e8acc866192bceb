"""A placement: one person's search for a bed, from the decision to the admission."""

from enum import StrEnum

from workflows import placement_guards as guards
from workflows.core import A_YEAR, SAME, Action, Ask, Clock, May, Wording, Workflow
from workflows.roles import UNIT_ROLES, Capacity, Role
from workflows.who import CASE_MANAGER, COORDINATOR, DIRECTOR, ON_CALL


class State(StrEnum):
    """Where a placement is."""

    SEARCHING = "searching"
    BED_ACCEPTED = "bed_accepted"
    CONVEYANCE_PLANNED = "conveyance_planned"
    ADMITTED = "admitted"
    STOOD_DOWN = "stood_down"


OPEN = (State.SEARCHING, State.BED_ACCEPTED, State.CONVEYANCE_PLANNED)
WITH_A_BED = (State.BED_ACCEPTED, State.CONVEYANCE_PLANNED)
RECEIVING = tuple(May(role, Capacity.RECEIVING) for role in sorted(UNIT_ROLES))
"""The unit whose bed was accepted."""
TAKEN_UP = (
    "accepted_approach",
    "out_of_area_reason",
    "repatriation_plan",
    "repatriation_on",
    "conveyance_how",
    "conveyance_by",
    "conveyance_at",
    "conveyance_authority",
)
"""What is said of one bed, and holds no more once the search goes on."""

APPROACH = (
    Ask(
        "asked_unit_id",
        "Which unit?",
        "unit",
        "It sees this question and what it needs to answer, nothing else.",
        stays=True,
    ),
    Ask("asked_person", "Whom did you ask?", hint="Name and how to reach them; or who reads the unit's page."),
    Ask("asked_how", "How?", "choice", codes="approach_route"),
    Ask(
        "why_this_unit",
        "Why this unit, although it is left out of the list?",
        "long_text",
        "Only for a unit that the list leaves out.",
        optional=True,
    ),
)
OFFER = (
    Ask("accepted_approach", "Which offer?", "choice", check=guards.names_a_live_offer, stays=True),
    Ask(
        "out_of_area_reason",
        "Why outside the collaborative?",
        "choice",
        "Only for a unit outside the collaborative.",
        codes="out_of_area_reason",
        optional=True,
        check=guards.has_an_out_of_area_reason,
        stays=True,
    ),
    Ask(
        "repatriation_plan",
        "How does the person come back near home?",
        "long_text",
        "Only for a unit outside the collaborative: what has to happen, and who sees to it.",
        optional=True,
    ),
    Ask(
        "repatriation_on",
        "When is that looked at again?",
        "date",
        "Only for a unit outside the collaborative.",
        optional=True,
        tense="future",
        within_days=A_YEAR,
    ),
)
CONVEYANCE = (
    Ask("conveyance_how", "How does the person travel?", "choice", codes="conveyance_mode"),
    Ask("conveyance_by", "Who goes with them?", hint="Names, and a telephone number on the way."),
    Ask("conveyance_at", "When?", "moment", tense="future", stays=True, within_days=A_YEAR),
    Ask(
        "conveyance_authority",
        "Under what legal authority?",
        "text",
        "For example their own consent, a parent's, or the Mental Health Act section and who holds the papers.",
    ),
)
FACTS = (
    Ask("care_coordinator_name", "Care coordinator", hint="Name and telephone.", optional=True, stays=True),
    Ask("consultant_name", "Consultant", hint="Who is responsible on the unit.", optional=True, stays=True),
    Ask("responsible_icb", "Responsible ICB", "organisation", optional=True, stays=True),
    Ask("consent_basis", "Consent basis", "choice", codes="consent_basis", optional=True, stays=True),
    Ask("family_told", "Is the family told?", "yes_no", optional=True, stays=True),
    Ask(
        "family_not_told_why",
        "Why is the family not told?",
        "long_text",
        "Only if it is not.",
        optional=True,
        check=guards.says_why_not_told,
        stays=True,
    ),
)

PLACEMENT = Workflow(
    name="placement",
    title="Placement",
    prefix="PLA",
    states=State,
    initial=State.SEARCHING,
    ends={State.ADMITTED, State.STOOD_DOWN},
    started_by=(May(Role.SYSTEM),),
    accepting="stand_down",
    actions=(
        Action(
            "approach_unit",
            "Approach a unit",
            State.SEARCHING,
            SAME,
            by=(COORDINATOR, CASE_MANAGER, ON_CALL),
            asks=APPROACH,
            emits=("placement.unit_approached",),
            is_inside=True,
            about="The unit gets the question with the facts it needs, and its time to answer starts.",
        ),
        Action(
            "allow_exception",
            "Allow an exception",
            State.SEARCHING,
            SAME,
            by=(DIRECTOR,),
            asks=(
                Ask("exception_unit_id", "For which unit?", "unit", stays=True),
                Ask("exception_until", "Until when?", "moment", tense="future", stays=True, within_days=A_YEAR),
            ),
            reason=True,
            emits=("placement.exception_allowed",),
            is_inside=True,
            aside=True,
            about="A unit at the intensive level or with admissions suspended may take this person, until then.",
        ),
        Action(
            "accept_offer",
            "Accept an offer",
            State.SEARCHING,
            State.BED_ACCEPTED,
            by=(CASE_MANAGER, ON_CALL),
            needs=(guards.has_an_offer,),
            asks=OFFER,
            marks="bed_accepted",
            emits=("placement.bed_accepted",),
            about="The unit is told. Every other unit that was asked is stood down and loses the person's details.",
        ),
        Action(
            "reopen_search",
            "Search again",
            WITH_A_BED,
            State.SEARCHING,
            by=(COORDINATOR, CASE_MANAGER, May(Role.SYSTEM)),
            reason=True,
            clears=TAKEN_UP,
            lets_go=(Capacity.RECEIVING,),
            emits=("placement.search_reopened",),
            aside=True,
            about="The bed is given back, and the search goes on.",
        ),
        Action(
            "plan_conveyance",
            "Plan the journey",
            WITH_A_BED,
            State.CONVEYANCE_PLANNED,
            by=(COORDINATOR,),
            asks=CONVEYANCE,
            emits=("placement.conveyance_planned",),
            about="From then on the planned time is what the admission is measured by.",
        ),
        Action(
            "complete_facts",
            "Write down what the admission needs",
            OPEN,
            SAME,
            by=(COORDINATOR, CASE_MANAGER, ON_CALL),
            asks=FACTS,
            emits=("placement.facts_completed",),
            is_inside=True,
            aside=True,
            about="The case keeps it. What you leave empty stays as it is.",
        ),
        Action(
            "admit",
            "Record the admission",
            WITH_A_BED,
            State.ADMITTED,
            by=(*RECEIVING, COORDINATOR),
            needs=guards.TO_ADMIT,
            asks=(
                Ask(
                    "admitted_at",
                    "When was the person admitted?",
                    "moment",
                    tense="past",
                    check=guards.is_after_the_referral,
                    stays=True,
                ),
                Ask(
                    "estimated_discharge_on",
                    "Estimated discharge date",
                    "date",
                    check=guards.is_after_the_admission,
                    stays=True,
                ),
            ),
            emits=("placement.admitted",),
            about="The stay begins.",
        ),
        Action(
            "stand_down",
            "Stand the search down",
            OPEN,
            State.STOOD_DOWN,
            by=(CASE_MANAGER, ON_CALL, May(Role.SYSTEM)),
            reason=True,
            lets_go=(Capacity.RECEIVING,),
            emits=("placement.stood_down",),
            abandons=True,
            aside=True,
            about="No bed is looked for any more, and every unit that was asked is told.",
        ),
    ),
    clocks=(
        Clock(
            "search",
            "placement.search",
            runs_in={State.SEARCHING},
            on_return="restart",
        ),
        Clock(
            "admit",
            "placement.admit",
            runs_in=set(WITH_A_BED),
            due_fact="conveyance_at",
            when=guards.bed_is_planned,
            on_return="restart",
            given_up_on=("reopen_search",),
            label="Admission",
        ),
        Clock(
            "admit",
            "placement.admit",
            runs_in=set(WITH_A_BED),
            when=guards.bed_is_not_planned,
            on_return="restart",
            given_up_on=("reopen_search",),
            label="Admission",
        ),
    ),
    wording={
        State.SEARCHING: Wording("Searching", "Find a bed", "us", 0, 0),
        State.BED_ACCEPTED: Wording("Bed accepted", "Plan the journey", "us", 0, 1),
        State.CONVEYANCE_PLANNED: Wording("Journey planned", "Record the admission", "others", 0, 2),
        State.ADMITTED: Wording("Admitted", "", "done", 0, 3),
        State.STOOD_DOWN: Wording("Stood down", "", "done", 1, 3),
    },
)
