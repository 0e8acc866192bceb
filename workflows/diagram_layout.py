"""Where a workflow's boxes go: a grid of states, main line first, with lanes between for the arrows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from workflows.core import SAME, Action, Workflow
from workflows.diagram_lanes import Router
from workflows.diagram_parts import BOX_WIDTH, Arrow, Box, Plan, wrapped

COLUMNS: Final = 5
MANY: Final = 3
"""From this many sources on, an action is a note under its destination: the arrows would only hide the others."""
SIDE_LABEL: Final = 98
LANE_LABEL: Final = 230


def plan(workflow: Workflow) -> Plan:
    """Places everything of `workflow`."""
    cells = _cells(workflow)
    boxes = {
        state: Box(
            state,
            row,
            column,
            wrapped(workflow.wording_of(state).label, BOX_WIDTH - 20, 14),
        )
        for state, (row, column) in cells.items()
    }
    arrows: dict[tuple[str, str], Arrow] = {}
    for action in workflow.actions:
        sources = [source for source in action.sources if source != action.dest_from(source)]
        if action.dest == SAME or not sources:
            continue
        dest = str(action.dest)
        if len(sources) >= MANY:
            boxes[dest].notes.append((action, wrapped(_note(workflow, action, sources), BOX_WIDTH + 30)))
            continue
        for source in sources:
            arrow = arrows.setdefault((source, dest), Arrow(source, dest))
            along = boxes[dest].column - boxes[source].column
            room = {1: SIDE_LABEL, 0: BOX_WIDTH}.get(along, LANE_LABEL)
            if all(name != action.name for name, _ in arrow.labels):
                arrow.labels.append(
                    (
                        action.name,
                        wrapped(action.label, room),
                    )
                )
    drawing = Plan(boxes, list(arrows.values()))
    drawing.box_height = 26 + 18 * max(len(box.lines) for box in boxes.values()) + 14
    Router(drawing).run()
    return drawing


def _note(workflow: Workflow, action: Action, sources: Sequence[str]) -> str:
    if set(sources) >= set(workflow.open_states) - {str(action.dest)}:
        return f"{action.label}: from any open state"
    names = [workflow.wording_of(source).label for source in sources]
    return f"{action.label}: from {', '.join(names[:-1])} or {names[-1]}"


def _cells(workflow: Workflow) -> dict[str, tuple[int, int]]:
    """A row and column for each state: as its wording says, else the main line first and the ends below it."""
    given = {state: workflow.wording_of(state) for state in workflow.state_names}
    cells = {
        state: (word.row, word.column)
        for state, word in given.items()
        if word.row is not None and word.column is not None
    }
    row = max((row for row, _ in cells.values()), default=-1) + 1
    for group in (
        workflow.open_states,
        [state for state in workflow.state_names if not workflow.is_open(state)],
    ):
        rest = [state for state in group if state not in cells]
        for index, state in enumerate(rest):
            cells[state] = (row + index // COLUMNS, index % COLUMNS)
        row += -(-len(rest) // COLUMNS)
    rows = {value: index for index, value in enumerate(sorted({row for row, _ in cells.values()}))}
    columns = {value: index for index, value in enumerate(sorted({column for _, column in cells.values()}))}
    return {state: (rows[cells[state][0]], columns[cells[state][1]]) for state in workflow.state_names}
