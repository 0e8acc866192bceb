"""Where the bytes of documents are kept: by their SHA-256, in a folder of this machine or an S3-compatible service."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import S3Store

from hub.config import Settings, SettingsError

if TYPE_CHECKING:
    from obstore.store import S3Config

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_TIMEOUT: Final = timedelta(seconds=30)


class StorageDown(Exception):
    """The place where documents are kept does not answer, or refuses."""


class BytesMissing(Exception):
    """The bytes of a document are not there, or are not what they were."""


class Storage(ABC):
    """Keeps bytes under their hash; the same bytes twice are kept once. Nothing is ever changed or removed."""

    def keep(self, data: bytes) -> str:
        """Keep `data` and give its SHA-256, 64 hex digits; on disk when this returns. Raises StorageDown."""
        sha256 = hashlib.sha256(data).hexdigest()
        try:
            if self._size(_place(sha256)) != len(data):
                self._put(_place(sha256), data)
        except (BaseError, OSError) as error:
            raise StorageDown(str(error)) from error
        return sha256

    def has(self, sha256: str, size: int) -> bool:
        """Whether the bytes of this hash are there, in their whole length. Raises StorageDown."""
        try:
            return self._size(_place(sha256)) == size
        except (BaseError, OSError) as error:
            raise StorageDown(str(error)) from error

    def read(self, sha256: str) -> bytes:
        """The bytes of this hash. Raises StorageDown, and BytesMissing also for others than those that were kept."""
        try:
            data = self._get(_place(sha256))
        except (NotFoundError, FileNotFoundError) as error:
            raise BytesMissing(f"nothing is kept under {sha256}") from error
        except (BaseError, OSError) as error:
            raise StorageDown(str(error)) from error
        if hashlib.sha256(data).hexdigest() != sha256:
            raise BytesMissing(f"what is kept under {sha256} was changed")
        return data

    @abstractmethod
    def _size(self, place: str) -> int | None:
        """Bytes kept at `place`; None for nothing."""

    @abstractmethod
    def _put(self, place: str, data: bytes) -> None:
        """Keep `data` at `place`: all of it or nothing."""

    @abstractmethod
    def _get(self, place: str) -> bytes:
        """What is kept at `place`; FileNotFoundError or NotFoundError for nothing."""


class Folder(Storage):
    """A folder of this machine, private to the account that runs the hub; made when the first document is kept."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def _size(self, place: str) -> int | None:
        try:
            return (self.path / place).stat().st_size
        except FileNotFoundError:
            return None

    def _put(self, place: str, data: bytes) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        self.path.chmod(0o700)
        target = self.path / place
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Under another name first: whoever is killed here leaves a file that no row names and no backup carries.
        handle, name = tempfile.mkstemp(prefix=".", dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            Path(name).replace(target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        for folder in (target.parent, target.parent.parent, self.path):
            _flush(folder)

    def _get(self, place: str) -> bytes:
        return (self.path / place).read_bytes()


class Bucket(Storage):
    """An S3-compatible service. Its client has threads of its own, so each process makes one when it needs it."""

    def __init__(self, name: str, prefix: str, settings: Settings) -> None:
        self.name, self.prefix, self.settings = name, prefix, settings

    @cached_property
    def _store(self) -> S3Store:
        endpoint, secret = self.settings.storage_endpoint, self.settings.storage_secret_key
        given: Mapping[str, str | None] = {
            "endpoint": endpoint,
            "region": self.settings.storage_region or ("us-east-1" if endpoint else None),
            "access_key_id": self.settings.storage_key_id,
            "secret_access_key": secret.get_secret_value() if secret else None,
        }
        return S3Store(
            self.name,
            prefix=self.prefix or None,
            config=cast("S3Config", {name: value for name, value in given.items() if value}),
            client_options={"timeout": _TIMEOUT, "allow_http": bool(endpoint and endpoint.startswith("http://"))},
            retry_config={"max_retries": 2, "retry_timeout": _TIMEOUT},
        )

    def _size(self, place: str) -> int | None:
        try:
            return int(obstore.head(self._store, place)["size"])
        except (NotFoundError, FileNotFoundError):
            return None

    def _put(self, place: str, data: bytes) -> None:
        obstore.put(self._store, place, data, use_multipart=False)

    def _get(self, place: str) -> bytes:
        return bytes(obstore.get(self._store, place).bytes())


def storage_of(settings: Settings) -> Storage:
    """The storage that HUB_STORAGE_URL names; SettingsError for one that is none."""
    url = settings.storage_url
    if url is None:
        return Folder(default_folder(settings))
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path.startswith("/") and not parts.netloc:
        return Folder(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        return Bucket(parts.netloc, parts.path.strip("/"), settings)
    raise SettingsError("HUB_STORAGE_URL must be file:///a/folder or s3://bucket/prefix")


def default_folder(settings: Settings) -> Path:
    """Among the stored files of the data folder, which every backup carries."""
    return settings.data_dir / "files" / "documents"


def _place(sha256: str) -> str:
    """Two levels of folders, so that none holds more than a few hundred names."""
    if not _SHA256.fullmatch(sha256):
        raise ValueError("not a SHA-256")
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _flush(folder: Path) -> None:
    """A power cut after the row was committed must not take the name of its bytes."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
