"""Asking clamd whether a file has a virus: the INSTREAM command, which is all of its protocol that is needed."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from hub.config import SettingsError

SECONDS: Final = 20.0
"""For each step of the exchange; a person waits for it."""
_PIECE: Final = 1 << 16
_LONGEST_ANSWER: Final = 4096


class ScannerDown(Exception):
    """The scanner did not answer, or did not say whether the file is clean."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """A clamd at `host` and `port`, or at a Unix socket `path`."""

    host: str = ""
    port: int = 0
    path: str = ""

    def virus_in(self, data: bytes) -> str | None:
        """The name of the virus found in `data`, or None. Raises ScannerDown whenever that is not certain."""
        try:
            with self._connection() as connection:
                connection.sendall(b"zINSTREAM\0")
                for start in range(0, len(data), _PIECE):
                    piece = data[start : start + _PIECE]
                    connection.sendall(struct.pack(">I", len(piece)) + piece)
                connection.sendall(struct.pack(">I", 0))
                said = _answer(connection)
        except OSError as error:
            raise ScannerDown(str(error)) from error
        if said == "stream: OK":
            return None
        if said.startswith("stream: ") and said.endswith(" FOUND"):
            return said.removeprefix("stream: ").removesuffix(" FOUND")
        raise ScannerDown(f"it said {said!r}")

    def _connection(self) -> socket.socket:
        if not self.path:
            return socket.create_connection((self.host, self.port), timeout=SECONDS)
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        made.settimeout(SECONDS)
        try:
            made.connect(self.path)
        except OSError:
            made.close()
            raise
        return made


def scanner_at(url: str | None) -> Scanner | None:
    """The scanner that HUB_CLAMD_URL names; None when it is not set. SettingsError for an address that is none."""
    if not url:
        return None
    parts = urlsplit(url)
    try:
        if parts.scheme == "tcp" and parts.hostname and parts.port:
            return Scanner(host=parts.hostname, port=parts.port)
    except ValueError:
        pass  # a port that is none: said below
    if parts.scheme == "unix" and parts.path.startswith("/"):
        return Scanner(path=parts.path)
    raise SettingsError("HUB_CLAMD_URL must be tcp://host:port or unix:/path")


def _answer(connection: socket.socket) -> str:
    """What clamd says: one line that ends with a zero byte, or with the connection."""
    said = b""
    while not said.endswith(b"\0") and len(said) < _LONGEST_ANSWER and (piece := connection.recv(_LONGEST_ANSWER)):
        said += piece
    return said.rstrip(b"\0\n").decode("utf-8", "replace")
