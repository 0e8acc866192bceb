"""What will happen when an action is done, in words, before anybody presses the button."""

from collections.abc import Iterator
from datetime import datetime

from hub.engine.clock_steps import clock_definition
from hub.engine.reading import Reading
from hub.web.filters import moment
from workflows.core import Action
from workflows.policy import NotAllowed, PolicySet

FOR_EVER = "Your name, the time and what you enter go into the history. Nobody can change them later."


def what_follows(reading: Reading, action: Action, now: datetime, received: datetime | None) -> list[str]:
    """One sentence for each thing that follows; `received` is the recorded moment the first clock counts from."""
    workflow, before, after = reading.item.workflow, str(reading.item.state), action.dest_from(reading.item.state)
    said = list(_clocks_that_end(reading, before, after))
    if before in workflow.drafts and after not in workflow.drafts:
        said.append(f"The time to answer counts from {moment(received)}." if received else "The time to answer begins.")
    elif before != after:
        said += _clocks_that_start(reading, after, now)
    if action.dest in workflow.ends:
        reopened = any(found.reopening and after in found.sources for found in workflow.actions)
        said.append("It ends here. It can be reopened with a reason." if reopened else "It ends here.")
    return [*said, FOR_EVER]


def _clocks_that_end(reading: Reading, before: str, after: str) -> Iterator[str]:
    if before == after:
        return
    for name in dict.fromkeys(row.name for row in reading.clocks if row.stopped_at is None):
        definition = clock_definition(reading.item, name)
        if definition is not None and after not in definition.runs_in:
            stands = after in definition.pauses_in
            yield f"The clock “{definition.title}” {'stands still' if stands else 'stops'}."


def _clocks_that_start(reading: Reading, after: str, now: datetime) -> Iterator[str]:
    going = {row.name for row in reading.clocks if row.stopped_at is None}
    policy = reading.book.policy(reading.item.policy_version_id, now)
    for name in dict.fromkeys(clock.name for clock in reading.item.workflow.clocks):
        definition = clock_definition(reading.item, name)
        if definition is None or name in going or after not in definition.runs_in:
            continue
        length = "" if definition.due_fact else _length(reading, policy, definition.rule)
        yield f"The clock “{definition.title}” starts{': ' if length else ''}{length}."


def _length(reading: Reading, policy: PolicySet, rule: str) -> str:
    """The length in words, for the item's service line, priority and urgency; nothing where the policy gives none."""
    asked = {name: getattr(reading.item, name, None) for name in ("service_line", "priority", "urgency")}
    try:
        return policy.duration(rule, **{name: asked[name] for name in policy.takes(rule) if name in asked}).text
    except NotAllowed:
        return ""
