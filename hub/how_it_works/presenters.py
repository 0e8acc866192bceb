"""How it works, ready for the template: tabs, the live diagram, the same facts in tables, the heat map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import workflows
from hub.how_it_works.queries import Counts
from hub.how_it_works.words import Promise, Rights, everyday_rights, promises_of, rights_of
from hub.web.paging import address
from workflows.core import Workflow
from workflows.diagram import HEAT_KEY, draw, shade_of
from workflows.durations import length_words
from workflows.policy import PolicySet

WORKLIST = "worklist.list_items"


@dataclass(frozen=True, slots=True)
class Cell:
    """One state with its numbers. `shade` 0 to 5 by how many are there; `href` opens the list of an open state."""

    label: str
    number: int
    late: int
    shade: int
    href: str


@dataclass(frozen=True, slots=True)
class HeatRow:
    """One workflow of the heat map."""

    title: str
    href: str
    open: int
    late: int
    late_href: str
    oldest: str
    cells: tuple[Cell, ...]


class HowItWorksPage:
    """One workflow in full, and all of them at a glance."""

    def __init__(self, *, workflow: Workflow, counts: Mapping[str, Counts], policy: PolicySet, now: datetime) -> None:
        self.workflow = workflow
        self.now = now
        self.heat_key = HEAT_KEY
        self._counts = counts
        self._policy = policy

    @property
    def tabs(self) -> list[tuple[str, str, None, bool]]:
        """Every workflow: title, address, no count, whether it is this one."""
        return [(each.title, _here(each), None, each is self.workflow) for each in workflows.ALL.values()]

    @property
    def diagram(self) -> str:
        """The drawing with today's items; each open state opens its list."""
        found = self._counts[self.workflow.name]
        ends = [state for state in self.workflow.state_names if not self.workflow.is_open(state)]
        return draw(
            self.workflow,
            counts={**found.open, **{state: found.ended.get(state, 0) for state in ends}},
            late=found.late,
            captions={state: "last 30 days" if state in ends else "open" for state in self.workflow.state_names},
            links={state: _list(self.workflow, state) for state in self.workflow.open_states},
        )

    @property
    def open_cells(self) -> tuple[Cell, ...]:
        """The open states of this workflow, in order."""
        return self._cells(self.workflow)

    @property
    def ended(self) -> list[tuple[str, int]]:
        """The ending states: label, and how many ended there in the last 30 days."""
        found = self._counts[self.workflow.name].ended
        states = [state for state in self.workflow.state_names if not self.workflow.is_open(state)]
        return [(self.workflow.wording_of(state).label, found.get(state, 0)) for state in states]

    @property
    def rights(self) -> tuple[Rights, ...]:
        """Who may do what."""
        return rights_of(self.workflow)

    @property
    def everyday(self) -> tuple[Rights, ...]:
        """What every item has besides."""
        return everyday_rights(self.workflow)

    @property
    def promises(self) -> tuple[Promise, ...]:
        """Its clocks, by the policy set in force."""
        return promises_of(self.workflow, self._policy)

    @property
    def widest(self) -> int:
        """How many open states the workflow with most of them has."""
        return max(len(each.open_states) for each in workflows.ALL.values())

    @property
    def heat(self) -> list[HeatRow]:
        """Every workflow with its open items by state."""
        return [self._heat_row(workflow) for workflow in workflows.ALL.values()]

    def _heat_row(self, workflow: Workflow) -> HeatRow:
        found = self._counts[workflow.name]
        return HeatRow(
            title=workflow.title,
            href=_here(workflow),
            open=sum(found.open.values()),
            late=sum(found.late.values()),
            late_href=address(WORKLIST, [("kind", workflow.name), ("due", "late")]),
            oldest=length_words(self.now - found.oldest, exact=False) if found.oldest else "",
            cells=self._cells(workflow),
        )

    def _cells(self, workflow: Workflow) -> tuple[Cell, ...]:
        found = self._counts[workflow.name]
        return tuple(
            Cell(
                label=workflow.wording_of(state).label,
                number=found.open.get(state, 0),
                late=found.late.get(state, 0),
                shade=shade_of(found.open.get(state, 0)),
                href=_list(workflow, state),
            )
            for state in workflow.open_states
        )


def _here(workflow: Workflow) -> str:
    return address("how_it_works.show", [("workflow", workflow.name)])


def _list(workflow: Workflow, state: str) -> str:
    return address(WORKLIST, [("state", f"{workflow.name}.{state}")])
