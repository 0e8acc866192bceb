"""What every stateful property test stands on: one connection whose work is undone, a clock, people and items."""

from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from hub.engine.audit import verify
from tests.factories import NOW
from workflows.actor import Actor


class Undone(RuleBasedStateMachine):
    """A run in a transaction of its own: every chain is whole at its end, and nothing survives it."""

    engine: Engine

    def __init__(self) -> None:
        super().__init__()
        self.connection = self.engine.connect()
        self.outer = self.connection.begin()
        self.session = Session(self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False)
        self.now = NOW
        self.people: list[Actor] = []
        self.items: list[Any] = []

    def teardown(self) -> None:
        """Look at every chain, then undo everything."""
        if self.items:
            assert verify(self.session).findings == ()
        self.session.close()
        self.outer.rollback()
        self.connection.close()


def run_from(number: int, machine: type[Undone], *, runs: int, steps: int) -> None:
    """A few runs that begin at `number`: from one beginning alone, runs come out much alike."""
    seed(number)(machine)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            # Shrinking replays a run hundreds of times on the database; the failing run itself is short enough to read.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
