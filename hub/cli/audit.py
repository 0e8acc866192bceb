"""`hub audit`: prove that history was not altered, and write the digest that is kept outside."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import click

from hub.cli.database import open_session
from hub.db import transaction
from hub.engine.audit import DigestFileError, verify, write_digest


class UnusableFile(click.ClickException):
    """A digest file that cannot be read or written; exit code 2."""

    exit_code = 2


@click.group()
def audit() -> None:
    """Was history altered?"""


@audit.command("verify")
@click.option(
    "--digest",
    "digest_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A file that `hub audit digest` wrote earlier and that was kept outside.",
)
def verify_all(digest_file: Path | None) -> None:
    """Read every history and every digest again, and name each row that is not as it was written.

    With --digest, a history that was rewritten from end to end since that file is found too. Exit code 1 when anything
    was found, 2 when the file cannot be used.
    """
    try:
        with open_session() as session:
            read = verify(session, digest_file)
    except DigestFileError as no:
        raise UnusableFile(str(no)) from no
    for finding in read.findings:
        click.echo(str(finding))
    what = f"{read.items} items with {read.rows} history rows and {read.digests} digests were read"
    click.echo(f"{what}: {f'{len(read.findings)} findings' if read.findings else 'nothing was altered'}.")
    if read.findings:
        sys.exit(1)


@audit.command()
@click.option(
    "--to",
    "to_file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write every head to this new file, to be kept where nobody who can alter the database can reach it.",
)
def digest(to_file: Path | None) -> None:
    """Add a digest of all heads and of the access log to its chain."""
    try:
        # Only a new file: an older digest is evidence, and the one being replaced could be the only good one.
        lines = to_file.open("x", encoding="utf-8") if to_file else None
    except OSError as no:
        raise UnusableFile(f"{to_file} cannot be written: {no.strerror}") from no
    with ExitStack() as stack:
        if to_file and lines:
            stack.enter_context(lines)
            stack.callback(to_file.unlink)
        with open_session() as session, transaction(session):
            made = write_digest(session, now=datetime.now(UTC), to=lines)
            said = f"Digest of {made.items} items: {made.hash}"
        stack.pop_all()
    if lines:
        lines.close()
    click.echo(said)
