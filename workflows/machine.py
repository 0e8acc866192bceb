"""The `transitions` machine behind a workflow: one for each, at module level, fired on a throw-away token."""

from functools import cache
from typing import Any

from transitions import EventData, Machine, MachineError

from workflows.core import SAME, Action, Workflow


class Token:
    """What moves through the machine: a state, and the arrow that was meant when two share a name."""

    __slots__ = ("arrow", "state")

    def __init__(self, state: str, arrow: Action) -> None:
        self.state = state
        self.arrow = arrow


@cache
def machine_of(workflow: Workflow) -> Machine:
    """The machine of `workflow`, built once. It holds no model: adding one for each row costs 0.8 ms and leaks."""
    return Machine(
        model=None,
        states=list(workflow.state_names),
        initial=str(workflow.initial),
        auto_transitions=False,
        queued=False,
        send_event=True,
        transitions=[
            {
                "trigger": action.name,
                "source": list(action.sources),
                "dest": SAME if action.dest == SAME else str(action.dest),
                "conditions": [_meant(action)],
            }
            for action in workflow.actions
        ],
    )


def move(workflow: Workflow, state: str, arrow: Action) -> str | None:
    """The state `arrow` leads to from `state`, or None when there is no such arrow from there."""
    token = Token(str(state), arrow)
    try:
        fired = machine_of(workflow).events[arrow.name].trigger(token)
    except MachineError:
        return None
    return token.state if fired else None


def _meant(action: Action) -> Any:
    def is_meant(event: EventData) -> bool:
        return isinstance(event.model, Token) and event.model.arrow is action

    return is_meant
