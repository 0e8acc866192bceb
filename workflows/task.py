"""A task: something still owed after an item went on without it. So far the rest of an emergency's form."""

from enum import StrEnum

from workflows.core import Action, Clock, May, Wording, Workflow
from workflows.roles import Role
from workflows.who import CASE_MANAGER, COORDINATOR


class State(StrEnum):
    """Where a task is."""

    TO_DO = "to_do"
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
    ),
    clocks=(
        Clock("owed", "referral.emergency_rest", runs_in={State.TO_DO}, from_fact="asked_at", label="Rest of the form"),
    ),
    wording={
        State.TO_DO: Wording("To do", "Send the rest of the form", "others", row=0, column=0),
        State.DONE: Wording("Done", "", "done", row=0, column=1),
        State.NOT_NEEDED: Wording("Not needed", "", "done", row=1, column=1),
    },
)
