"""A definition that contradicts itself is refused at import, with every contradiction named."""

from dataclasses import replace
from enum import StrEnum
from typing import Any

import pytest

from workflows.core import SAME, Action, Actor, Ask, Clock, May, Workflow, WorkflowError
from workflows.roles import Capacity, Role


class State(StrEnum):
    NEW = "new"
    DOING = "doing"
    DONE = "done"


def yes(_item: Any, _actor: Actor) -> str | None:
    """Yes"""
    return None


SOMEBODY = (May(Role.COORDINATOR),)
HUB = (May(Role.SYSTEM),)
BEGIN = Action("begin", "Begin", State.NEW, State.DOING, by=SOMEBODY)
FINISH = Action("finish", "Finish", State.DOING, State.DONE, by=SOMEBODY)
CLOCK = Clock("all", "x.y", {State.NEW, State.DOING})
SOUND = Workflow(
    name="task",
    title="Task",
    prefix="TSK",
    states=State,
    initial=State.NEW,
    ends={State.DONE},
    started_by=SOMEBODY,
    actions=(BEGIN, FINISH),
    clocks=(CLOCK,),
    accepting="begin",
)


def with_action(*more: Action, instead: tuple[Action, ...] = (BEGIN, FINISH)) -> dict[str, Any]:
    return {"actions": (*instead, *more)}


def with_clock(**changes: Any) -> dict[str, Any]:
    return {"clocks": (CLOCK, Clock(**{"name": "odd", "rule": "x.y", "runs_in": {State.NEW}, **changes}))}


GO = Action("go", "Go", State.NEW, SAME, by=SOMEBODY)
CASES: dict[str, dict[str, Any]] = {
    "the initial state names the state 'nowhere', which does not exist": {"initial": "nowhere"},
    "ends names the state 'gone', which does not exist": {"ends": {"gone", "done"}},
    "drafts names the state 'half', which does not exist": {"drafts": {"half"}},
    "wording names the state 'odd', which does not exist": {"wording": {"odd": None}},
    "the source of go names the state 'nwe', which does not exist": with_action(replace(GO, source="nwe")),
    "the destination of go names the state 'dne', which does not exist": with_action(replace(GO, dest="dne")),
    "clock odd names the state 'doign', which does not exist": with_clock(pauses_in={"doign"}),
    "go has no label": with_action(replace(GO, label="")),
    "go leaves new twice and one arrow has no `when`": with_action(GO, replace(GO, dest=State.DOING, when=yes)),
    "again leaves the ending state done without being a reopening action": with_action(
        Action("again", "Again", State.DONE, State.NEW, by=SOMEBODY)
    ),
    "go emits 'other.gone', which does not begin with 'task'": with_action(replace(GO, emits=("other.gone",))),
    "its beginning emits 'other.begun', which does not begin with 'task'": {"on_start": ("other.begun",)},
    "go asks for size twice": with_action(replace(GO, asks=("size", Ask("size")))),
    "go asks for size as 'colour', which is no kind of field": with_action(
        replace(GO, asks=(Ask("size", kind="colour"),))
    ),
    "go asks for when in 'never', which is no tense": with_action(
        replace(GO, asks=(Ask("when", kind="moment", tense="never"),))
    ),
    "go lets in whoever 'place_id' names, and does not ask for it": with_action(
        replace(GO, asks=("size",), lets_in={"place_id": Capacity.ASKED})
    ),
    "clock odd is given up on 'fly', which is no action": with_clock(given_up_on=("fly",)),
    "nobody may start it": {"started_by": ()},
    "nobody may go": with_action(replace(GO, by=())),
    "go names neither a role nor a capacity": with_action(replace(GO, by=(May(),))),
    "the accepting action 'agree' does not exist": {"accepting": "agree"},
    "clock odd both runs and pauses in new": with_clock(pauses_in={State.NEW}),
    "clock odd runs in the ending state done": with_clock(runs_in={State.DONE}),
    "clock odd stops on 'fly', which is no action": with_clock(stops_on=("fly",)),
    "clock odd does 'dance' on return": with_clock(on_return="dance"),
    "clock odd goes along with 'even', which is no clock": with_clock(pauses_with="even"),
    "'sing' is no everyday action that it could have in its own way": {"everyday": {"sing": replace(GO, name="sing")}},
    "'note' is no everyday action that it could have in its own way": {"everyday": {"note": GO}},
    "go asks for size with columns that are no rows, or rows without columns": with_action(
        replace(GO, asks=(Ask("size", parts=(Ask("length"),)),))
    ),
    "go asks for them with columns that are no rows, or rows without columns": with_action(
        replace(GO, asks=(Ask("them", kind="rows"),))
    ),
    "clock odd rings 'finish', which the hub may not do in new": with_clock(on_ring="finish"),
    "clock odd rings 'begin', which the hub may not do in new": with_clock(on_ring="begin"),
    "the open state doing has no clock, so it would drop out of every list": {
        "clocks": (replace(CLOCK, runs_in={State.NEW}),)
    },
    "no action leads to done": with_action(
        Action("back", "Back", State.DOING, State.NEW, by=SOMEBODY), instead=(BEGIN,)
    ),
    "a person has no way out of doing": with_action(replace(FINISH, by=HUB), instead=(BEGIN,)),
}


@pytest.mark.parametrize("words", CASES)
def test_a_contradiction_is_named(words: str) -> None:
    with pytest.raises(WorkflowError) as no:
        replace(SOUND, **CASES[words])
    assert str(no.value).startswith("task: ")
    assert words in str(no.value).removeprefix("task: ").split("; ")


def test_all_contradictions_are_named_at_once() -> None:
    with pytest.raises(WorkflowError) as no:
        replace(SOUND, started_by=(), accepting="agree", actions=(BEGIN, replace(FINISH, label="")))
    assert len(str(no.value).split("; ")) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"clocks": ()},
        {"accepting": ""},
        {"drafts": {State.NEW}, "clocks": (replace(CLOCK, runs_in={State.DOING}),)},
        with_clock(on_ring="tick", stops_on=("begin",), on_return="once")
        | with_action(Action("tick", "Tick", State.NEW, SAME, by=HUB)),
        with_action(replace(GO, when=yes), replace(GO, when=yes, dest=State.DOING)),
        with_clock(pauses_with="all") | {"everyday": {"note": replace(GO, name="note")}},
        with_action(replace(GO, asks=(Ask("them", kind="rows", parts=(Ask("size"),)),))),
        with_clock(given_up_on=("go",))
        | with_action(replace(GO, asks=(Ask("place_id", kind="organisation"),), lets_in={"place_id": Capacity.ASKED})),
        with_action(Action("again", "Again", State.DONE, State.NEW, by=SOMEBODY, reopening=True)),
    ],
)
def test_a_sound_definition_is_taken(changes: dict[str, Any]) -> None:
    assert replace(SOUND, **changes).name == "task"
