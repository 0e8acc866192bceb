"""Putting a backup back: checked whole before anything is touched, all of it or nothing, compared afterwards."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from hub.cli.backup_archive import DUMP, FILES, BackupRefused, Manifest, check_whole, copy_files
from hub.cli.backup_making import count_rows
from hub.cli.postgres_programs import Postgres, last_words, programs_for, server_version
from hub.engine.audit import Verified, verify
from hub.migrate import knows, newest

_PIECE = 1 << 20
_GOODBYE = 2.0
"""Seconds that somebody who has just left may still be in the server's list."""
_FRESH_SCHEMA = "DROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n"
_HEADS = (
    "SELECT encode(sha256(convert_to(coalesce(string_agg('[' || to_json(reference) || ',' || history_length "
    "|| ',' || to_json(head_hash) || ']', '' ORDER BY id), ''), 'UTF8')), 'hex') FROM public.work_item"
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a backup goes: the database and the folder of stored files."""

    engine: Engine
    files: Path

    def what_is_there(self) -> list[str]:
        """In words, what a restore would replace; empty for a target with nothing in it."""
        with self.engine.connect() as connection:
            rows = count_rows(connection)
        found = [f"the database has {len(rows)} tables with {sum(rows.values()):,} rows"] if rows else []
        if self.files.exists() and any(self.files.iterdir()):
            found.append(f"{self.files} has files")
        return found


def read_backup(folder: Path, seal: str | None = None) -> Manifest:
    """The manifest of a backup that is whole. Raises BackupRefused for anything else; touches nothing."""
    manifest = Manifest.read(folder)
    if seal is not None and manifest.seal != seal.strip().lower():
        raise BackupRefused(f"{folder} is not the backup with this seal: its own begins with {manifest.seal[:12]}")
    check_whole(folder, manifest)
    return manifest


def restore(folder: Path, manifest: Manifest, target: Target, *, replaces: bool) -> Verified:
    """Put a whole backup into the target and compare; gives what the audit found in it.

    Raises BackupRefused, and then the target is as it was before. `replaces` allows one that is not empty.
    """
    there = target.what_is_there()
    if there and not replaces:
        raise BackupRefused(
            f"There is something here already: {' and '.join(there)}. Restore into an empty database, or use --replace"
        )
    if not knows(target.engine, manifest.revision):
        raise BackupRefused(
            f"The backup is of a newer hub (database revision {manifest.revision}; this program knows up to "
            f"{newest(target.engine)}). Install version {manifest.program} or newer"
        )
    number = server_version(target.engine)
    if number < manifest.server:
        raise BackupRefused(
            f"The backup is of PostgreSQL {manifest.server} and this server is {number}: use {manifest.server} or newer"
        )
    programs = programs_for(target.engine, number)
    _refuse_company(target.engine)
    with _files_beside(folder / FILES, target.files) as place:
        _restore_database(programs, folder / DUMP, manifest, first=_FRESH_SCHEMA if there else "")
        place()
    with Session(target.engine) as session:
        return verify(session)


def _refuse_company(engine: Engine) -> None:
    """Nobody else may be connected: a web server would go on with what it remembers of the old database."""
    end = time.monotonic() + _GOODBYE
    while others := _others(engine):
        if time.monotonic() > end:
            raise BackupRefused(f"Other programs use this database ({others} connections). Stop the hub and its worker")
        time.sleep(0.1)


def _others(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(
            connection.execute(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )
            ).scalar_one()
        )


def _restore_database(programs: Postgres, dump: Path, manifest: Manifest, *, first: str) -> None:
    """One transaction from the first statement to the last comparison; only a whole script is committed.

    pg_restore writes the script and psql runs it. COMMIT is sent only when pg_restore came to a good end: a script cut
    short would otherwise look complete.
    """
    script = programs.command("pg_restore", "--no-owner", "--no-privileges", "--file=-", str(dump))
    runner = programs.command("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", f"--dbname={programs.address}")
    with (
        tempfile.TemporaryFile("w+") as complaints,
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
            script, stdout=subprocess.PIPE, stderr=complaints, env=programs.environment
        ) as reading,
        subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
            runner, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, env=programs.environment
        ) as writing,
    ):
        assert reading.stdout is not None and writing.stdin is not None
        try:
            writing.stdin.write(f"BEGIN;\nSET lock_timeout = '10s';\n{first}".encode())
            while piece := reading.stdout.read(_PIECE):
                writing.stdin.write(piece)
            if reading.wait() == 0:
                writing.stdin.write(f"{_must_be_the_same(manifest)}\nCOMMIT;\n".encode())
            writing.stdin.close()
        except BrokenPipeError:
            reading.kill()  # psql has stopped at an error: what it said is read below
        if reading.wait() > 0:
            complaints.seek(0)
            raise BackupRefused(f"The dump cannot be read, so nothing was changed: {last_words(complaints.read())}")
        if writing.wait() != 0:
            said.seek(0)
            raise BackupRefused(f"The restore failed, so nothing was changed: {last_words(said.read())}")


def _must_be_the_same(manifest: Manifest) -> str:
    """SQL that fails, and so takes everything back, unless rows and heads are those of the manifest.

    The heads are hashed as hub/engine/digests.py does: canonical JSON of reference, length and head, in order of id.
    """
    counts = "\n".join(
        f"IF (SELECT count(*) FROM public.{_quoted(name)}) <> {int(count)} THEN "  # noqa: S608 - quoted
        f"RAISE EXCEPTION 'table % has another number of rows', {_literal(name)}; END IF;"
        for name, count in manifest.rows.items()
    )
    heads = (
        f"IF ({_HEADS}) <> {_literal(manifest.heads)} THEN "
        "RAISE EXCEPTION 'the heads of the histories are others'; END IF;"
    )
    return f"DO $check$ BEGIN\n{counts}\n{heads}\nEND $check$;"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(name: str) -> str:
    return "'" + name.replace("'", "''") + "'"


@contextmanager
def _files_beside(source: Path, files: Path) -> Iterator[Callable[[], None]]:
    """Copies the files next to their place first; calling what it gives puts them there, in place of the old ones."""
    waiting = files.with_name(f"{files.name}.restoring")
    old = files.with_name(f"{files.name}.replaced")
    for left_over in (waiting, old):
        shutil.rmtree(left_over, ignore_errors=True)
    files.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        copy_files(source, waiting)

    def place() -> None:
        if files.exists():
            files.rename(old)
        if waiting.exists():
            waiting.rename(files)
        shutil.rmtree(old, ignore_errors=True)

    try:
        yield place
    finally:
        shutil.rmtree(waiting, ignore_errors=True)
