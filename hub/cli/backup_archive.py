"""A backup on disk: its folder, its manifest, and whether it is whole."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

from hub.engine.chain import canonical

FORMAT: Final = "hub backup 1"
MANIFEST: Final = "manifest.json"
DUMP: Final = "database.dump"
FILES: Final = "files"
_MOST_NAMED: Final = 5


class BackupRefused(Exception):
    """A backup cannot be made or used; the words say why and what to do."""


@dataclass(frozen=True, slots=True)
class Stored:
    """One file of a backup: its size in bytes and its SHA-256, 64 hex digits."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds, all of it as of one moment of the database."""

    made_at: str
    """ISO, UTC."""
    program: str
    """The version of the hub that made it."""
    server: int
    """The major version of PostgreSQL."""
    revision: str
    """The migration the database was at."""
    items: int
    heads: str
    """One SHA-256 over the heads of all histories."""
    rows: Mapping[str, int]
    """Table to number of rows."""
    files: Mapping[str, Stored]
    """Path inside the backup to what it holds, the manifest itself left out."""

    @property
    def seal(self) -> str:
        """The manifest's own SHA-256; with it kept elsewhere, nobody can exchange the backup for another."""
        return hashlib.sha256(canonical(asdict(self)).encode()).hexdigest()

    def write(self, folder: Path) -> None:
        """Put it into the backup, on disk when this returns."""
        text = json.dumps({"format": FORMAT, **asdict(self), "seal": self.seal}, indent=1, sort_keys=True)
        path = folder / MANIFEST
        path.write_text(text + "\n", encoding="utf-8")
        flush(path)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The manifest of a backup. Raises BackupRefused when it is missing, unreadable or was changed."""
        path = folder / MANIFEST
        if not path.is_file():
            raise BackupRefused(f"{folder} is not a whole backup: it has no {MANIFEST}")
        try:
            given: dict[str, Any] = json.loads(path.read_bytes())
            if given.pop("format", None) != FORMAT:
                raise BackupRefused(f"{path} is not the list of a backup that this program can read")
            seal = given.pop("seal")
            made = cls(**{**given, "files": {name: Stored(**one) for name, one in given["files"].items()}})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BackupRefused(f"{path} cannot be read: it is damaged") from error
        if made.seal != seal:
            raise BackupRefused(f"{path} was changed after the backup was made")
        return made


def check_whole(folder: Path, manifest: Manifest) -> None:
    """Compare every file of a backup with its manifest. Raises BackupRefused, naming what is missing or damaged."""
    there = set(files_of(folder)) - {MANIFEST}
    wrong = [f"{name} is missing" for name in sorted(manifest.files.keys() - there)]
    wrong += [f"{name} does not belong to it" for name in sorted(there - manifest.files.keys())]
    for name in sorted(there & manifest.files.keys()):
        path, expected = folder / name, manifest.files[name]
        if path.stat().st_size != expected.bytes:
            wrong.append(f"{name} has {path.stat().st_size:,} bytes and had {expected.bytes:,}")
        elif digest(path) != expected.sha256:
            wrong.append(f"{name} is not as it was written")
    if DUMP not in manifest.files:
        wrong.append(f"{DUMP} is not in its list")
    if wrong:
        more = f"; and {len(wrong) - _MOST_NAMED} more" if len(wrong) > _MOST_NAMED else ""
        raise BackupRefused(f"The backup in {folder} is damaged: {'; '.join(wrong[:_MOST_NAMED])}{more}")


def files_of(folder: Path) -> Iterator[str]:
    """The path of every file under `folder`, relative and with "/". Raises BackupRefused for a link or a device."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or (path.exists() and not (path.is_file() or path.is_dir())):
            raise BackupRefused(f"{path} is neither a file nor a folder")
        if path.is_file():
            yield path.relative_to(folder).as_posix()


def stored(folder: Path) -> dict[str, Stored]:
    """Size and SHA-256 of every file under `folder`."""
    return {name: Stored((folder / name).stat().st_size, digest(folder / name)) for name in files_of(folder)}


def digest(path: Path) -> str:
    """SHA-256 of a file, 64 hex digits, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def copy_files(source: Path, target: Path) -> None:
    """Copy a folder of stored files, private to this account and on disk when this returns.

    A file is written under another name and then renamed, so one whose name begins with "." is not there yet.
    """
    target.mkdir(mode=0o700)
    for name in files_of(source):
        if not Path(name).name.startswith("."):
            to = target / name
            to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _copy_one(source / name, to)


def _copy_one(source: Path, target: Path) -> None:
    with source.open("rb") as given, target.open("xb") as made:
        target.chmod(0o600)
        while piece := given.read(1 << 20):
            made.write(piece)
        made.flush()
        os.fsync(made.fileno())


def flush(path: Path) -> None:
    """Put a file, or the names in a folder, on disk: a power cut right afterwards loses nothing."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
