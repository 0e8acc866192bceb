"""`hub user handover`: everything a leaver owns moves to somebody else; first as a dry run."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from hub.absences.handover import hand_over
from hub.absences.leaving import Plan, read_plan
from hub.accounts.services import AccountRefused, account_with_email
from hub.cli.database import open_session
from hub.cli.refusals import refusals_as_errors
from hub.db import transaction


@click.command("handover")
@click.argument("email")
@click.option("--to", "to_email", required=True, help="E-mail of who takes over.")
@click.option("--dry-run", is_flag=True, help="Only say what would move and what would not, with the reason.")
@click.option("--why", default="", help="Kept in the history.")
def handover(email: str, to_email: str, dry_run: bool, why: str) -> None:
    """Move everything EMAIL owns to somebody else. Cut short, run it again: it goes on with what is left."""
    now = datetime.now(UTC)
    with open_session() as session, refusals_as_errors():
        leaver, to = (account_with_email(session, each) for each in (email, to_email))
        if leaver.id == to.id:
            raise AccountRefused("Choose another person: this is who leaves")
        with transaction(session):
            plan = read_plan(session, leaver, to, now)
        _say(plan)
        if dry_run:
            click.echo("Nothing was changed.")
            return
        moved = hand_over(session, None, plan, why=why, now=now)
        for thing in moved.refused:
            click.echo(f"{thing.words} stayed: {thing.why_not}.")
        click.echo(f"Moved to {to.name}: {moved.count}.")


def _say(plan: Plan) -> None:
    for group in plan.groups:
        click.echo(f"{group.title}: {len(group.moving)} to move, {len(group.staying)} to stay")
        for thing in group.things:
            click.echo(f"    {thing.words}{f' stays: {thing.why_not}' if thing.why_not else ''}")
    if not plan.groups:
        click.echo(f"{plan.leaver.name} owns and holds nothing that is still open.")
