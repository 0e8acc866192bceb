"""`hub clock`: try out a deadline for any rule and moment and see how it was worked out."""

import json
from dataclasses import replace

import click

from hub.policies.holidays import bundled_calendar
from hub.policies.trying import Asked, NotTried, try_out
from workflows.calendar import Calendar
from workflows.policy import DEFAULT


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
        tried = try_out(Asked(rule, start, codes, pauses, closures), DEFAULT, _calendar())
    except NotTried as problem:
        raise WrongInput(str(problem)) from None
    if as_json:
        click.echo(json.dumps(tried.as_json, ensure_ascii=False, indent=2))
        return
    steps = tried.deadline.steps
    width = max(len(step.label) for step in steps)
    for step in steps:
        click.echo(f"{step.label:<{width}}  {step.text}")


def _calendar() -> Calendar:
    """The calendar that comes with the program: without a database it knows no closures but those that are given."""
    starts, ends = (DEFAULT.time_of_day(f"clocks.day_{edge}") for edge in ("starts", "ends"))
    return replace(bundled_calendar(), opens=starts, closes=ends)
