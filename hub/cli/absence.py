"""`hub absence`: who is away and who stands in."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from sqlalchemy import select

from hub.absences.queries import list_absences
from hub.absences.services import end_absence, record_absence
from hub.accounts.absence_models import Absence
from hub.accounts.services import account_with_email
from hub.cli.database import open_session
from hub.cli.oncall import LondonMoment
from hub.cli.refusals import refusals_as_errors
from hub.db import transaction
from workflows.durations import moment_words


@click.group()
def absence() -> None:
    """Who is away, and who stands in for them."""


@absence.command()
@click.argument("email")
@click.option("--deputy", required=True, help="E-mail of who stands in.")
@click.option("--from", "from_at", type=LondonMoment(), required=True, help="London time, 2026-03-27T17:00.")
@click.option("--until", "until_at", type=LondonMoment(), required=True, help="London time; not included.")
@click.option("--why", default="", help="What colleagues read, such as: Annual leave.")
def add(email: str, deputy: str, from_at: datetime, until_at: datetime, why: str) -> None:
    """Record that a person is away, with a deputy."""
    with open_session() as session, refusals_as_errors(), transaction(session):
        person, other = account_with_email(session, email), account_with_email(session, deputy)
        times = {"from_at": from_at, "until_at": until_at, "now": datetime.now(UTC)}
        record_absence(session, None, user_id=person.id, deputy_id=other.id, why=why, **times)
        said = f"{person.name} is away from {moment_words(from_at)} until {moment_words(until_at)}."
    click.echo(f"{said} {other.name} stands in.")


@absence.command()
@click.argument("email")
@click.option("--at", type=LondonMoment(), help="A moment of the absence, London time; now when left out.")
def end(email: str, at: datetime | None) -> None:
    """End the absence of this person that runs at that moment, or call it off when it has not begun."""
    now = datetime.now(UTC)
    with open_session() as session, refusals_as_errors(), transaction(session):
        person = account_with_email(session, email)
        theirs = select(Absence.id).where(Absence.user_id == person.id, Absence.runs_at(at or now))
        end_absence(session, None, session.scalar(theirs) or 0, now)
    click.echo(f"{person.name} is not away then any more.")


@absence.command("list")
def list_all() -> None:
    """Everybody who is away now or will be, soonest first."""
    with open_session() as session:
        for row in list_absences(session, datetime.now(UTC)):
            when = f"from {moment_words(row.from_at)} until {moment_words(row.until_at)}"
            click.echo(f"{row.user.name} <{row.user.email}> {when}; {row.deputy.name} stands in")
