"""`hub organisations`: import and list organisations, sites and units."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from hub.cli.database import open_session
from hub.cli.refusals import refusals_as_errors
from hub.db import transaction
from hub.organisations.place_imports import import_places
from hub.organisations.queries import current_organisations
from workflows.durations import local

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def organisations() -> None:
    """Organisations, their sites and units."""


@organisations.command("import")
@click.argument("organisations_csv", type=_FILE)
@click.option("--sites", "sites_csv", type=_FILE, help="Columns: site_code,name,organisation_ods_code,postcode.")
@click.option(
    "--units", "units_csv", type=_FILE, help="Columns: unit_code,name,site_code,bed_type,gender,age_from,age_to."
)
@click.option("--demo", "is_demo", is_flag=True, help="Mark new organisations as invented.")
def import_files(organisations_csv: Path, sites_csv: Path | None, units_csv: Path | None, is_demo: bool) -> None:
    """Add or bring up to date: by code, all or nothing, any number of times.

    Columns of ORGANISATIONS_CSV: ods_code,name,kind,parent_ods_code,arm.
    """
    with open_session() as session, refusals_as_errors(), transaction(session):
        report = import_places(
            session,
            None,
            now=datetime.now(UTC),
            why="hub organisations import",
            organisations=_lines(organisations_csv),
            sites=_lines(sites_csv),
            units=_lines(units_csv),
            is_demo=is_demo,
        )
    for table in ("organisation", "site", "unit"):
        added, changed, same = (counts.get(table, 0) for counts in (report.added, report.changed, report.same))
        if added or changed or same:
            click.echo(f"{table}s: {added} added, {changed} changed, {same} as they were")


@organisations.command("list")
def list_all() -> None:
    """Every organisation that exists today."""
    with open_session() as session:
        for row in current_organisations(session, local(datetime.now(UTC)).date()):
            arm = f", {row.arm} arm" if row.arm else ""
            click.echo(f"{row.ods_code}  {row.name}  ({row.kind}{arm}){'  invented' if row.is_demo else ''}")


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return path.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as error:
        raise click.ClickException(f"{path.name} is not UTF-8 text. Save it as 'CSV UTF-8' and try again.") from error
