"""A placement: one person's search for a bed. So far it opens and is stood down; approaches and beds come to it."""

from enum import StrEnum

from workflows.core import Action, Clock, May, Wording, Workflow
from workflows.roles import Role
from workflows.who import CASE_MANAGER, ON_CALL


class State(StrEnum):
    """Where a placement is."""

    SEARCHING = "searching"
    STOOD_DOWN = "stood_down"


PLACEMENT = Workflow(
    name="placement",
    title="Placement",
    prefix="PLA",
    states=State,
    initial=State.SEARCHING,
    ends={State.STOOD_DOWN},
    started_by=(May(Role.SYSTEM),),
    accepting="stand_down",
    actions=(
        Action(
            "stand_down",
            "Stand the search down",
            State.SEARCHING,
            State.STOOD_DOWN,
            by=(CASE_MANAGER, ON_CALL, May(Role.SYSTEM)),
            reason=True,
            emits=("placement.stood_down",),
            abandons=True,
            about="No bed is looked for any more.",
        ),
    ),
    clocks=(Clock("search", "placement.search", runs_in={State.SEARCHING}),),
    wording={
        State.SEARCHING: Wording("Searching", "Find a bed", "us", 0, 0),
        State.STOOD_DOWN: Wording("Stood down", "", "done", 0, 1),
    },
)
