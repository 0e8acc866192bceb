"""`hub backup` and `hub restore`: database and stored files to a folder, and back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from hub.cli.backup_archive import FILES, BackupRefused, Manifest
from hub.cli.backup_making import make_backup
from hub.cli.backup_restoring import Target, read_backup
from hub.cli.backup_restoring import restore as put_back
from hub.config import settings
from hub.db import make_engine
from hub.embedded import database_url
from hub.migrate import newest

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=_FOLDER)
def backup(folder: Path) -> None:
    """Write the database and the stored files to FOLDER, while people go on working.

    FOLDER must be empty or not there yet. It is written as FOLDER.partial and gets its name when it is whole.
    """
    with _target() as target:
        manifest = make_backup(target.engine, target.files, folder.absolute(), now=datetime.now(UTC))
    click.echo(f"Backed up to {folder}: {_contents(manifest)}.")
    if settings().storage_url:
        click.echo("Documents are kept at HUB_STORAGE_URL and are not in this backup: back that place up too.")
    click.echo(f"Its seal, to be kept somewhere else: {manifest.seal}")


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option("--replace", "replaces", is_flag=True, help="Delete what is here now, and put the backup in its place.")
@click.option("--yes", "is_sure", is_flag=True, help="With --replace: do not ask.")
@click.option("--seal", help="What `hub backup` printed: refuse any other backup.")
@click.option("--check", "only_checks", is_flag=True, help="Look whether the backup is whole, and stop there.")
def restore(folder: Path, replaces: bool, is_sure: bool, seal: str | None, only_checks: bool) -> None:
    """Put the backup in FOLDER into an empty database, and compare what came back.

    Everything is checked before anything is written, and a restore that fails leaves things as they were. Stop the
    hub and its worker first. Exit code 1 when it was refused, or when the histories in it had been altered.
    """
    with _target() as target:
        manifest = read_backup(folder, seal)
        click.echo(f"The backup is whole: {_contents(manifest)}, made {manifest.made_at}.")
        if only_checks:
            return
        there = target.what_is_there()
        if there and replaces and not is_sure:
            _ask(target, there)
        found = put_back(folder, manifest, target, replaces=replaces)
        is_behind = manifest.revision != newest(target.engine)
    click.echo(f"Restored: same tables and row counts, same heads of {manifest.items:,} histories.")
    for finding in found.findings:
        click.echo(str(finding))
    if found.findings:
        click.echo(f"{len(found.findings)} things were not as they were written when the backup was made.")
        sys.exit(1)
    click.echo(f"Every history was read again: {found.items:,} items, {found.rows:,} rows, nothing altered.")
    if is_behind:
        click.echo("It is of an older version. Run: hub migrate")


@contextmanager
def _target() -> Iterator[Target]:
    """The configured database and the folder of stored files; a refusal is said as a sentence."""
    import hub.models  # noqa: F401 - every table must be known before the first mapper is used

    chosen = settings()
    engine = make_engine(database_url(chosen), pool_size=1)
    try:
        yield Target(engine, chosen.data_dir / FILES)
    except BackupRefused as no:
        raise click.ClickException(f"{no}.") from no
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'The disk'}: {error.strerror}.") from error
    finally:
        engine.dispose()


def _ask(target: Target, there: list[str]) -> None:
    name = target.engine.url.database
    click.echo(f"All of this will be deleted: {' and '.join(there)}.")
    if click.prompt(f"Type the name of the database, {name}, to go on", default="", show_default=False) != name:
        raise BackupRefused("That is not its name, so nothing was changed")


def _contents(manifest: Manifest) -> str:
    files = sum(1 for name in manifest.files if name.startswith(f"{FILES}/"))
    size = sum(one.bytes for one in manifest.files.values())
    return (
        f"{manifest.items:,} items, {sum(manifest.rows.values()):,} rows in {len(manifest.rows)} tables, "
        f"{files:,} stored files, {size / 1e6:,.1f} MB"
    )
