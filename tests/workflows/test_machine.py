"""The `transitions` machine agrees with the definition on every pair of a state and an arrow."""

import pytest

from tests.engine.loan import LOAN
from workflows import ALL
from workflows.core import Workflow
from workflows.machine import machine_of, move
from workflows.referral import REFERRAL


@pytest.mark.parametrize("workflow", ALL.values(), ids=list(ALL))
def test_every_arrow_from_every_state(workflow: Workflow) -> None:
    for action in workflow.actions:
        for state in workflow.state_names:
            expected = action.dest_from(state) if state in action.sources else None
            assert move(workflow, state, action) == expected, (action.name, state)


def test_the_machine_is_built_once_and_holds_no_model() -> None:
    assert machine_of(REFERRAL) is machine_of(REFERRAL)
    assert machine_of(REFERRAL).models == []


def test_two_arrows_of_one_name_are_told_apart() -> None:
    whole, broken = LOAN.named("give_back")
    assert (move(LOAN, "lent", whole), move(LOAN, "lent", broken)) == ("returned", "mending")
    assert move(LOAN, "mending", whole) is None


def test_an_arrow_of_another_definition_leads_nowhere() -> None:
    [lend] = LOAN.named("lend")
    stranger = type(lend)("give_back", "Give it back", "lent", "returned", by=lend.by)
    assert move(LOAN, "lent", stranger) is None
