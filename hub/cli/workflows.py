"""`hub workflows`: what may happen, read from the definitions themselves."""

from __future__ import annotations

import json
from typing import Any

import click

from workflows import ALL
from workflows.core import Action, Clock, Workflow, sentence_of
from workflows.diagram import draw
from workflows.policy import DEFAULT


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def workflows(context: click.Context, as_json: bool) -> None:
    """Every workflow: states, who may do what and when, and the clocks with their lengths."""
    if context.invoked_subcommand is not None:
        return
    found = [describe(workflow) for workflow in ALL.values()]
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    click.echo("\n\n".join("\n".join(_lines(workflow)) for workflow in found))


@workflows.command()
@click.argument("name", type=click.Choice(sorted(ALL)))
def diagram(name: str) -> None:
    """Print the diagram of one workflow as an SVG file."""
    click.echo(draw(ALL[name], standalone=True))


def describe(workflow: Workflow) -> dict[str, Any]:
    """The whole definition in words, as plain dictionaries and lists."""
    return {
        "name": workflow.name,
        "title": workflow.title,
        "states": [_state(workflow, state) for state in workflow.state_names],
        "ends": [state for state in workflow.state_names if not workflow.is_open(state)],
        "actions": [_action(workflow, action) for action in workflow.actions],
        "clocks": [_clock(clock) for clock in workflow.clocks],
    }


def _state(workflow: Workflow, state: str) -> dict[str, str]:
    wording = workflow.wording_of(state)
    return {"name": state, "label": wording.label, "to_do": wording.to_do, "with_whom": wording.with_whom}


def _action(workflow: Workflow, action: Action) -> dict[str, Any]:
    return {
        "name": action.name,
        "label": action.label,
        "from": list(action.sources),
        "to": sorted({action.dest_from(source) for source in action.sources}, key=workflow.state_names.index),
        "by": [may.words for may in action.by],
        "needs": [sentence_of(need) for need in action.needs],
        "when": sentence_of(action.when),
        "asks": [f"{ask.label} (optional)" if ask.optional else ask.label for ask in action.questions],
        "reason": action.reason,
        "about": action.about,
    }


def _clock(clock: Clock) -> dict[str, Any]:
    return {
        "name": clock.name,
        "title": clock.title,
        "runs_in": sorted(map(str, clock.runs_in)),
        "pauses_in": sorted(map(str, clock.pauses_in)),
        "when": sentence_of(clock.when),
        "rule": clock.rule,
        "lengths": {} if clock.due_fact else _lengths(clock.rule),
    }


def _lengths(key: str) -> dict[str, str]:
    """The length for each combination the default policy set knows: {"cyp, routine": "7 calendar days", ...}."""
    entry = DEFAULT.entry(key)
    return {", ".join(at) or "always": entry.words(at) for at in entry.values}


def _lines(workflow: dict[str, Any]) -> list[str]:
    lines = [f"{workflow['title']} ({workflow['name']})", "  States"]
    for state in workflow["states"]:
        said = f"next: {state['to_do']} ({state['with_whom']})" if state["to_do"] else ""
        end = "an end" if state["name"] in workflow["ends"] else ""
        lines.append(": ".join(part for part in (f"    {state['label']}", said or end) if part))
    lines.append("  Actions")
    for action in workflow["actions"]:
        lines.append(
            f"    {action['label']} ({action['name']}): {', '.join(action['from'])} -> {', '.join(action['to'])}"
        )
        lines.append(f"      by: {', '.join(action['by'])}")
        for name in ("needs", "asks"):
            lines += [f"      {name}: {said}" for said in action[name]]
        if action["reason"]:
            lines.append("      asks: the reason")
    lines.append("  Clocks")
    for clock in workflow["clocks"]:
        where = f"runs in {', '.join(clock['runs_in'])}"
        still = f"; stands still in {', '.join(clock['pauses_in'])}" if clock["pauses_in"] else ""
        when = f" ({clock['when']})" if clock["when"] else ""
        lines.append(f"    {clock['title']}{when}: {where}{still}")
        lines += [f"      {at}: {length}" for at, length in clock["lengths"].items()]
    return lines
