"""The vocabulary: what a definition says of itself."""

from enum import StrEnum
from typing import Any

import pytest

from workflows import ALL
from workflows.actor import SYSTEM
from workflows.core import SAME, Action, Actor, Ask, Clock, May, Wording, Workflow, in_words, sentence_of
from workflows.referral import REFERRAL, State
from workflows.roles import CAPACITY_LABELS, CAPACITY_SENTENCES, HUB_ROLES, PERSON_ROLES, ROLE_SENTENCES, Capacity, Role


def is_ready(_item: Any, _actor: Actor) -> str | None:
    """It is ready."""
    return None


def has_no_words(_item: Any, _actor: Actor) -> str | None:
    return None


class Door(StrEnum):
    OPEN = "open"
    SHUT_FOR_GOOD = "shut_for_good"


DOOR = Workflow(
    name="door",
    title="Door",
    prefix="DOO",
    states=Door,
    initial=Door.OPEN,
    ends={Door.SHUT_FOR_GOOD},
    started_by=(May(Role.COORDINATOR),),
    actions=(
        Action(
            "shut", "Shut", Door.OPEN, Door.SHUT_FOR_GOOD, by=(May(Role.COORDINATOR),), emits=("door.shut", "door.x")
        ),
        Action("knock", "Knock", Door.OPEN, SAME, by=(May(Role.COORDINATOR),), asks=("how_hard",), emits=("door.x",)),
    ),
)


def test_may_in_words() -> None:
    assert May(Role.REFERRER, Capacity.REFERRER).words == "referrer as referrer of this item"
    assert May(Role.ON_CALL, when=is_ready).words == "on-call manager (It is ready)"
    assert May(capacity=Capacity.OWNER).words == "owner"


def test_an_action_knows_its_states_and_questions() -> None:
    knock = DOOR.named("knock")[0]
    assert (knock.sources, knock.dest_from("open")) == (("open",), "open")
    assert knock.questions == (Ask("how_hard", "How hard"),)
    assert DOOR.named("shut")[0].dest_from("open") == "shut_for_good"
    assert REFERRAL.named("submit")[0].sources == ("draft", "returned")
    assert REFERRAL.named("fly") == ()


def test_a_workflow_knows_its_states() -> None:
    assert DOOR.state_names == ("open", "shut_for_good")
    assert DOOR.open_states == ("open",)
    assert DOOR.is_open("open") and not DOOR.is_open("shut_for_good")
    assert [action.name for action in DOOR.arrows("open")] == ["shut", "knock"]
    assert DOOR.arrows("shut_for_good") == DOOR.arrows("nowhere") == ()
    assert DOOR.topics == ("door.shut", "door.x")
    assert repr(DOOR) == "<workflow door>"


def test_wording_falls_back_to_the_name() -> None:
    assert DOOR.wording_of("open") == Wording("Open", with_whom="us")
    assert DOOR.wording_of("shut_for_good") == Wording("Shut for good", with_whom="done")
    assert REFERRAL.wording_of("returned").with_whom == "others"


def test_names_and_guards_in_words() -> None:
    assert in_words("return_incomplete") == "Return incomplete"
    assert (sentence_of(is_ready), sentence_of(has_no_words), sentence_of(None)) == ("It is ready", "Has no words", "")
    assert sentence_of(type("Odd", (), {"__doc__": None, "__call__": is_ready})()) == "Condition"
    assert Clock("review_time", "x.y", {"open"}).title == "Review time"
    assert Clock("review", "x.y", {"open"}, label="Answer").title == "Answer"


def test_the_roles_somebody_acts_in() -> None:
    assert Actor(1, "x", Role.DIRECTOR, is_on_call=True).roles == {Role.DIRECTOR, Role.ON_CALL}
    assert Actor(1, "x").roles == frozenset()
    assert SYSTEM.is_system and not Actor(1, "x", Role.DIRECTOR).is_system


def test_every_role_and_capacity_has_its_words() -> None:
    assert set(ROLE_SENTENCES) == set(Role) and set(CAPACITY_SENTENCES) == set(CAPACITY_LABELS) == set(Capacity)
    assert all(role.label for role in Role) and all(capacity.label for capacity in Capacity)
    assert set(PERSON_ROLES) == set(Role) - {Role.SYSTEM, Role.ON_CALL} and set(PERSON_ROLES) > HUB_ROLES


@pytest.mark.parametrize("workflow", ALL.values(), ids=list(ALL))
def test_every_state_is_worded_and_every_action_described(workflow: Workflow) -> None:
    assert set(map(str, workflow.wording)) == set(workflow.state_names)
    for state in workflow.state_names:
        wording = workflow.wording_of(state)
        assert bool(wording.to_do) is workflow.is_open(state), state
        assert wording.with_whom in {"us", "others", "paused", "done"}
        assert (wording.with_whom == "done") is (not workflow.is_open(state))
    assert all(action.about.endswith(".") for action in workflow.actions)
    for action in workflow.actions:
        assert all(sentence_of(need)[0].isupper() for need in action.needs)
    assert State.DRAFT in REFERRAL.drafts
