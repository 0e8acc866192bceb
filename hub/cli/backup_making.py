"""Making a backup: database and files as of one snapshot, complete under another name before it gets its own."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import Connection, Engine, func, inspect, quoted_name, select, table, text
from sqlalchemy.orm import Session

from hub.cli.backup_archive import DUMP, FILES, BackupRefused, Manifest, copy_files, files_of, flush, stored
from hub.cli.postgres_programs import programs_for, server_version
from hub.engine.digests import heads_digest
from hub.migrate import current


def make_backup(engine: Engine, files: Path, folder: Path, *, now: datetime) -> Manifest:
    """Write database and stored files to `folder`, which must be empty or not there yet.

    People may go on working: dump, row counts and heads are read in one snapshot. Raises BackupRefused, and then
    `folder` is as it was. A file that the snapshot names is on disk before its row, so copying files last misses none.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupRefused(f"{folder} is there already and not empty: choose another name, or move it away")
    number = server_version(engine)
    programs = programs_for(engine, number)
    revision = current(engine)
    if revision is None:
        raise BackupRefused("The database has no tables yet, so there is nothing to back up. Run: hub migrate")
    with _private(), _working_folder(folder) as partial:
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            programs.run(
                "pg_dump",
                *("--format=custom", f"--snapshot={snapshot}", f"--file={partial / DUMP}"),
                *("--no-owner", "--no-privileges", f"--dbname={programs.address}"),
            )
            with Session(connection) as session:
                items, heads = heads_digest(session)
                rows = count_rows(connection)
            connection.rollback()
        if files.is_dir():
            copy_files(files, partial / FILES)
        manifest = Manifest(
            made_at=now.astimezone(UTC).isoformat(timespec="seconds"),
            program=version("commissioning-hub"),
            server=number,
            revision=revision,
            items=items,
            heads=heads,
            rows=rows,
            files=stored(partial),
        )
        manifest.write(partial)
        for name in files_of(partial):
            flush((partial / name).parent)
        flush(partial / DUMP)
        partial.rename(folder)
        flush(folder.parent)
    return manifest


def count_rows(connection: Connection) -> dict[str, int]:
    """Every table of the hub's schema with its number of rows."""
    return {
        name: connection.execute(select(func.count()).select_from(table(quoted_name(name, quote=True)))).scalar_one()
        for name in sorted(inspect(connection).get_table_names())
    }


@contextmanager
def _private() -> Iterator[None]:
    """What is written in here can be read by this account alone: it is everything the hub knows."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def _working_folder(folder: Path) -> Iterator[Path]:
    """`folder` with ".partial" after it, empty, and held by this process; gone afterwards unless it was renamed.

    One that a killed backup left behind is used again; one in which another backup is at work is not.
    """
    partial = folder.with_name(f"{folder.name}.partial")
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial.mkdir(exist_ok=True)
    # Never through a link, which would lead to a folder that is not ours to empty; and a folder somebody else made
    # beforehand must be as private as one of our own.
    handle = os.open(partial, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchmod(handle, 0o700)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRefused(f"Another backup is being written to {folder} just now") from None
        _empty(partial)
        try:
            yield partial
        finally:
            if partial.exists():
                shutil.rmtree(partial)
    finally:
        os.close(handle)


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
