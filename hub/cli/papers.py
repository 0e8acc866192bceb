"""`hub papers`: prove that no paper was altered."""

from __future__ import annotations

import sys

import click

from hub.cli.database import open_session
from hub.papers.checking import check_papers


@click.group()
def papers() -> None:
    """Forms and notices as they were made."""


@papers.command()
def check() -> None:
    """Read every paper again and name each that is not as it was made. Exit code 1 when one was altered."""
    with open_session() as session:
        read = check_papers(session)
    for said in read.altered:
        click.echo(said)
    counted = f"{read.papers:,} papers were read"
    click.echo(f"{counted}: {f'{len(read.altered):,} of them not as made' if read.altered else 'nothing was altered'}.")
    if read.altered:
        sys.exit(1)
