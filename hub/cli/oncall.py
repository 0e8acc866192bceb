"""`hub oncall`: the on-call rota."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from hub.accounts.on_call import add_shift, end_shift, gaps_ahead, shifts
from hub.accounts.rota_page import change_words
from hub.accounts.services import account_with_email
from hub.cli.database import open_session
from hub.cli.refusals import refusals_as_errors
from hub.db import transaction
from hub.engine.access_log import log_access
from workflows.durations import ClockChange, moment_words, parse_moment


class LondonMoment(click.ParamType[datetime]):
    """A London date and time, 2026-03-27T17:00, as an aware moment; with an offset it is taken as written."""

    name = "YYYY-MM-DDTHH:MM"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """The moment in UTC; click's usage error when it is not one."""
        try:
            return parse_moment(value.replace(" ", "T"))
        except (ValueError, ClockChange) as error:
            self.fail(f"'{value}' is not a date and time: {error}", param, ctx)


@click.group()
def oncall() -> None:
    """Who is on call."""


@oncall.command()
@click.argument("email")
@click.option("--from", "from_at", type=LondonMoment(), required=True, help="London time, 2026-03-27T17:00.")
@click.option("--until", "until_at", type=LondonMoment(), required=True, help="London time; not included.")
@click.option("--deputy", help="E-mail of who stands in.")
def add(email: str, from_at: datetime, until_at: datetime, deputy: str | None) -> None:
    """Put a person of the hub on the rota."""
    now = datetime.now(UTC)
    with open_session() as session, refusals_as_errors(), transaction(session):
        shift = add_shift(
            session,
            user=account_with_email(session, email),
            from_at=from_at,
            until_at=until_at,
            deputy=account_with_email(session, deputy) if deputy else None,
            now=now,
        )
        log_access(session, None, "rota_changed", now=now, path="hub oncall add", detail=change_words("added", shift))
        said = f"{shift.user.name} is on call from {moment_words(from_at)} until {moment_words(until_at)}."
    click.echo(said)


@oncall.command()
@click.argument("email")
@click.option("--at", type=LondonMoment(), required=True, help="A moment of the shift, London time.")
def end(email: str, at: datetime) -> None:
    """End the shift of this person that runs at that moment, or take it off the rota when it has not begun."""
    now = datetime.now(UTC)
    with open_session() as session, refusals_as_errors(), transaction(session):
        person = account_with_email(session, email)
        theirs = [shift for shift in shifts(session, at, at + timedelta(seconds=1)) if shift.user_id == person.id]
        shift = end_shift(session, theirs[0].id if theirs else 0, now)
        log_access(session, None, "rota_changed", now=now, path="hub oncall end", detail=change_words("ended", shift))
    click.echo(f"{person.name} is no longer on call then.")


@oncall.command("list")
@click.option("--days", default=28, show_default=True, type=click.IntRange(1, 366))
def list_all(days: int) -> None:
    """The rota from now on, and the gaps in the days that policy looks ahead."""
    now = datetime.now(UTC)
    with open_session() as session:
        for shift in shifts(session, now, now + timedelta(days=days)):
            deputy = f", deputy {shift.deputy.name}" if shift.deputy else ""
            click.echo(f"{moment_words(shift.from_at)} until {moment_words(shift.until_at)}: {shift.user.name}{deputy}")
        for start, end in gaps_ahead(session, now):
            click.echo(f"Nobody is on call from {moment_words(start)} until {moment_words(end)}.")
