"""The permitted-action matrix: state, action, who. Written again by `python -m tests.workflows.make_permitted_actions`.

"yes" means that this person may do it as far as who they are goes; what is still missing is another matter. Else the
priorities are named at which they may. A decision under a limit is one that costs nothing and is not contested here,
and a question was asked by whoever acts: tests/workflows/test_authority.py has the limits.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hub.engine.authority import by_of, why_not
from workflows import ALL
from workflows.core import Action, Actor, Workflow
from workflows.everyday import everyday_of
from workflows.policy import DEFAULT
from workflows.roles import PERSON_ROLES, Capacity, Role

PATH = Path(__file__).with_name("permitted_actions.csv")
COLUMNS = ("workflow", "state", "action", "to", "who", "may")
EVERYWHERE = "any"


def table() -> str:
    """The whole matrix as CSV text; only what somebody may is listed."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for workflow in ALL.values():
        for state in workflow.state_names:
            for action in workflow.arrows(state):
                writer.writerows(
                    (workflow.name, state, action.name, action.dest_from(state), who, may)
                    for who, may in _who(workflow, action, state)
                )
        for action in everyday_of(workflow):
            writer.writerows(
                (workflow.name, EVERYWHERE, action.name, EVERYWHERE, who, may)
                for who, may in _who(workflow, action, workflow.initial)
            )
    return out.getvalue()


def _who(workflow: Workflow, action: Action, state: str) -> list[tuple[str, str]]:
    """Who may, and at which priorities; a party or a person is listed only for what their role alone does not give."""
    if any(may.role is None and may.capacity is Capacity.ONLOOKER for may in by_of(workflow, action)):
        return [("anyone who may see it", "yes")]
    found: dict[str, str] = {}
    for person in PEOPLE:
        priorities = [priority for priority in workflow.urgent_first if person.may(workflow, action, state, priority)]
        said = "yes" if priorities == list(workflow.urgent_first) else " ".join(priorities)
        if said and said != found.get(person.actor.role or ""):
            found[person.who] = said
    return list(found.items())


@dataclass(frozen=True)
class Person:
    """Somebody who might press: an actor, and what they are to the item."""

    who: str
    actor: Actor
    parties: tuple[Any, ...] = ()
    is_owner: bool = False
    is_writer: bool = False

    def may(self, workflow: Workflow, action: Action, state: str, priority: str) -> bool:
        """Whether who they are is enough."""
        whose = (False, True) if workflow.is_between_sides else (False,)
        return any(self._may(workflow, action, state, priority, hub_is_a_side=each) for each in whose)

    def _may(self, workflow: Workflow, action: Action, state: str, priority: str, *, hub_is_a_side: bool) -> bool:
        action_of_theirs = SimpleNamespace(owner_organisation_id=self.actor.organisation_id)
        item = SimpleNamespace(
            state=state,
            priority=priority,
            service_line="cyp",
            owner_id=self.actor.user_id if self.is_owner else None,
            opened_by_id=self.actor.user_id if self.is_writer else None,
            opened_for_id=None,
            is_draft=state in workflow.drafts,
            asked_by_id=self.actor.user_id,
            asked_for_id=None,
            policy=DEFAULT,
            estimated_cost_pence=0,
            why_contested=(),
            hub_is_a_side=hub_is_a_side,
            interim_funder_id=7,
            open_actions=[action_of_theirs],
            claimed_actions=[],
            side_of=lambda _actor: SimpleNamespace(is_raiser=True),
            why_kept_out=lambda _actor: "",
            why_not_speaking=lambda _actor: "",
        )
        return why_not(workflow, action, item, self.actor, self.parties) is None


def people() -> Iterator[Person]:
    """Each role, on-call, owner, writer, each capacity of a person, and of the organisation of each role."""
    nobody = Actor(1, "x")
    for role in Role:
        yield Person(str(role), Actor(None if role is Role.SYSTEM else 1, "x", role))
    yield Person("on call by the rota", Actor(1, "x", is_on_call=True))
    yield Person("owner", nobody, is_owner=True)
    yield Person("who opened it", nobody, is_writer=True)
    for capacity in Capacity:
        yield Person(f"person as {capacity}", nobody, (_party(capacity, user_id=1),))
    for role in PERSON_ROLES:
        for capacity in Capacity:
            actor = Actor(1, "x", role, organisation_id=7)
            yield Person(f"{role} of the {capacity}", actor, (_party(capacity, organisation_id=7),))


def _party(capacity: Capacity, **who: int) -> Any:
    return SimpleNamespace(
        **{"organisation_id": None, "unit_id": None, "user_id": None, "until_at": None, **who},
        capacities=[str(capacity)],
    )


PEOPLE = tuple(people())

if __name__ == "__main__":
    PATH.write_text(table(), encoding="utf-8")
