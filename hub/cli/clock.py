"""`hub clock`: try out a deadline for any rule and moment and see how it was worked out."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import click

from hub.policies.holidays import bundled_calendar
from workflows.calendar import LONDON, Calendar, Deadline, Pause, Rule, named, parse_duration, parse_moment, work_out
from workflows.policy import DEFAULT, DIMENSIONS, PolicyError

SERVICE_LINE_UNLESS_NAMED = "cyp"


class WrongInput(click.ClickException):
    """Something in the command that cannot be used; one sentence, exit code 2."""

    exit_code = 2


@click.command()
@click.argument("rule")
@click.option("--from", "start", metavar="MOMENT", help="When it starts, for example 2026-04-02T16:30. Needed.")
@click.option(
    "--service-line", metavar="CODE", help="cyp (unless named), secure or aed, where a policy key depends on it."
)
@click.option("--priority", metavar="CODE", help="emergency, urgent or routine, where a policy key depends on it.")
@click.option("--urgency", metavar="CODE", help="urgent or standard, where a policy key depends on it.")
@click.option("--pause", "pauses", multiple=True, metavar="FROM/TO", help="A time in which the clock stands still.")
@click.option("--closure", "closures", multiple=True, metavar="DATE", help="A working day on which the hub is closed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def clock(
    rule: str,
    start: str | None,
    service_line: str | None,
    priority: str | None,
    urgency: str | None,
    pauses: tuple[str, ...],
    closures: tuple[str, ...],
    as_json: bool,
) -> None:
    """Work out a deadline and say how.

    RULE is a policy key (referral.review) or a length of time in words ("48 hours", "7 calendar days", "3 months",
    "5 working days", "16 working hours"). Moments without an offset are London time.
    """
    codes = {"service_line": service_line, "priority": priority, "urgency": urgency}
    try:
        length, key, used, told = _rule(rule, codes)
        if start is None:
            raise ValueError("Say when it starts, for example --from 2026-04-02T16:30.")
        calendar = _calendar(closures)
        spans = [_pause(text) for text in pauses]
        deadline = work_out(length, parse_moment(start), calendar, spans, rule_text=told)
    except (PolicyError, ValueError) as problem:
        said = str(problem)
        raise WrongInput(said if said.endswith(("?", ".")) else f"{said}.") from None
    if as_json:
        click.echo(json.dumps(_as_json(deadline, key, used), ensure_ascii=False, indent=2))
    else:
        width = max(len(step.label) for step in deadline.steps)
        for step in deadline.steps:
            click.echo(f"{step.label:<{width}}  {step.text}")


def _rule(text: str, codes: Mapping[str, str | None]) -> tuple[Rule, str | None, dict[str, str], str]:
    """The rule, its policy key if it is one, the codes that chose it, and where it comes from in words."""
    for name, code in codes.items():
        if code is not None and code not in DIMENSIONS[name]:
            raise ValueError(f"“{code}” is not a {_words(name)}: choose from {', '.join(DIMENSIONS[name])}.")
    named_codes = [name for name, code in codes.items() if code is not None]
    if "." not in text or " " in text.strip():
        return parse_duration(text), None, {}, _no_difference(named_codes)
    key = text.strip()
    given = {**codes, "service_line": codes["service_line"] or SERVICE_LINE_UNLESS_NAMED}
    length = DEFAULT.duration(key, **given)
    used = {name: str(given[name]) for name in DEFAULT.takes(key)}
    choice = ", ".join(f"{_words(name)} {code}" for name, code in used.items())
    origin = f"{DEFAULT.origin(key)} ({choice})." if choice else f"{DEFAULT.origin(key)}."
    return length, key, used, f"{origin} {_no_difference([name for name in named_codes if name not in used])}".strip()


def _no_difference(names: list[str]) -> str:
    """A code that was given and is not looked at is said to be so, since whoever gave it expected otherwise."""
    words = " and ".join(_words(name) for name in names)
    return f"The {words} given {'make' if len(names) > 1 else 'makes'} no difference to it." if names else ""


def _words(name: str) -> str:
    return name.replace("_", " ")


def _pause(text: str) -> Pause:
    begun, slash, ended = text.partition("/")
    if not slash:
        raise ValueError(f"“{text}” is not a pause: write its start, a slash and its end.")
    return Pause(parse_moment(begun), parse_moment(ended))


def _calendar(closures: tuple[str, ...]) -> Calendar:
    days = []
    for text in closures:
        try:
            days.append(date.fromisoformat(text.strip()))
        except ValueError:
            raise ValueError(f"“{text}” is not a date: write it like 2026-04-02.") from None
    starts, ends = (DEFAULT.time_of_day(f"clocks.day_{edge}") for edge in ("starts", "ends"))
    return replace(bundled_calendar(named(days, "local closure")), opens=starts, closes=ends)


def _as_json(deadline: Deadline, key: str | None, used: Mapping[str, str]) -> dict[str, Any]:
    return {
        "due_at": _london(deadline.due_at),
        "started_at": _london(deadline.start),
        "first_due_at": _london(deadline.first_due_at),
        "rule": deadline.rule.text,
        "basis": str(deadline.rule.basis),
        "key": key,
        **used,
        "steps": [{"label": step.label, "text": step.text} for step in deadline.steps],
    }


def _london(moment: datetime) -> str:
    return moment.astimezone(LONDON).isoformat()
