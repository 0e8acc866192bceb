"""A task: something still owed after an item went on without it: the rest of a form, or what becomes of a bed."""

from enum import StrEnum

from workflows.core import Action, Clock, May, Wording, Workflow
from workflows.roles import Role
from workflows.who import CASE_MANAGER, COORDINATOR, DIRECTOR, HEAD


class State(StrEnum):
    """Where a task is."""

    TO_DO = "to_do"
    BED_TO_SETTLE = "bed_to_settle"
    DONE = "done"
    NOT_NEEDED = "not_needed"


TASK = Workflow(
    name="task",
    title="Task",
    prefix="TSK",
    states=State,
    initial=State.TO_DO,
    ends={State.DONE, State.NOT_NEEDED},
    started_by=(May(Role.SYSTEM),),
    accepting="say_not_needed",
    on_start=("task.rest_owed",),
    begins_in=frozenset({State.BED_TO_SETTLE}),
    actions=(
        Action(
            "tick_off",
            "Tick it off",
            State.TO_DO,
            State.DONE,
            by=(May(Role.SYSTEM),),
            emits=("task.done",),
            about="The hub does this by itself, as soon as everything is there.",
        ),
        Action(
            "say_not_needed",
            "Say that it is not needed",
            State.TO_DO,
            State.NOT_NEEDED,
            by=(COORDINATOR, CASE_MANAGER, May(Role.SYSTEM)),
            reason=True,
            emits=("task.not_needed",),
            abandons=True,
            aside=True,
            about="Nobody is asked for it any more.",
        ),
        Action(
            "settle_bed",
            "Say what becomes of the bed",
            State.BED_TO_SETTLE,
            State.DONE,
            by=(HEAD, DIRECTOR),
            reason=True,
            emits=("task.done",),
            about="Give the bed back or keep it on the placement's own page, then write here what was settled.",
        ),
    ),
    clocks=(
        Clock("owed", "referral.emergency_rest", runs_in={State.TO_DO}, from_fact="asked_at", label="Rest of the form"),
        Clock(
            "settle",
            "task.bed_to_settle",
            runs_in={State.BED_TO_SETTLE},
            from_fact="asked_at",
            tells=(Role.HEAD_OF_COMMISSIONING,),
            label="What becomes of the bed",
        ),
    ),
    wording={
        State.TO_DO: Wording("To do", "Send the rest of the form", "others", row=0, column=0),
        State.BED_TO_SETTLE: Wording(
            "Bed to settle", "Say what becomes of the bed", "us", row=1, column=0, is_decision=True
        ),
        State.DONE: Wording("Done", "", "done", row=0, column=1),
        State.NOT_NEEDED: Wording("Not needed", "", "done", row=1, column=1),
    },
)
