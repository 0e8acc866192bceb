"""`hub migrate` and `hub doctor`: bring the database up to date, and say what is to be mended."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import click
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from hub.cli.doctor_checks import check_content, check_database, check_machine
from hub.cli.finding import Finding
from hub.config import Settings, SettingsError, settings
from hub.db import make_engine, transaction
from hub.embedded import database_url
from hub.migrate import current, newest, upgrade
from hub.policies.services import seed


@click.command()
def migrate() -> None:
    """Bring the database up to date: its tables, the default policy set and the bank holidays.

    Any number of times, and by several at once: the others wait.
    """
    import hub.models  # noqa: F401 - every table must be known before the first mapper is used

    engine = make_engine(database_url(settings()), pool_size=2)
    try:
        before = current(engine)
        upgrade(engine)
        with Session(engine) as session, transaction(session):
            seed(session)
        after = current(engine)
    finally:
        engine.dispose()
    click.echo(f"The database was up to date: {after}." if before == after else f"The database is now at {after}.")


@click.command()
def doctor() -> None:
    """Look whether everything is as it should be; for what is not, say how to mend it. Exit code 1 then."""
    is_well = True
    for finding in _findings():
        click.echo(str(finding))
        is_well = is_well and not finding.mend
    if not is_well:
        sys.exit(1)


def _findings() -> Iterator[Finding]:
    try:
        chosen = settings()
    except SettingsError as error:
        yield Finding("Settings", str(error).rstrip("."), "Change the environment variable and try again")
        return
    yield from check_machine(chosen)
    if chosen.database_url is None and not (chosen.data_dir / "postgres" / "PG_VERSION").exists():
        yield Finding("Database", f"there is none in {chosen.data_dir} yet", "Run: hub migrate")
        return
    try:
        yield from _in_the_database(chosen)
    except (SQLAlchemyError, OSError) as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        yield Finding("Database", f"it does not answer ({said})", "Start it, or correct HUB_DATABASE_URL")


def _in_the_database(chosen: Settings) -> Iterator[Finding]:
    import hub.models  # noqa: F401 - every table must be known before the first mapper is used

    engine = make_engine(database_url(chosen), pool_size=2)
    try:
        yield from check_database(engine, chosen)
        if current(engine) == newest(engine):
            with Session(engine) as session:
                yield from check_content(session, chosen, datetime.now(UTC))
    finally:
        engine.dispose()
