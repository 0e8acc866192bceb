"""The connection to the mail server: one for one e-mail, or kept open while many are sent."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final

TIMEOUT: Final = 15.0
"""Seconds that a mail server may take to answer."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail is handed over. `has_starttls`: encrypt before anything is said."""

    host: str
    port: int
    user: str
    password: str
    is_tls: bool
    has_starttls: bool


class Connection:
    """Connects when there is something to send, and ends after each e-mail unless it is `kept_open`.

    After anything went wrong it is given up: the next e-mail begins with a new one.
    """

    def __init__(self) -> None:
        self._is_kept = False
        self._open: smtplib.SMTP | None = None

    @contextmanager
    def kept_open(self) -> Iterator[None]:
        """As long as this lasts, one connection serves every e-mail."""
        self._is_kept = True
        try:
            yield
        finally:
            self._is_kept = False
            self._end()

    def send(self, server: MailServer, me: str, message: EmailMessage, to: str) -> None:
        """Hand over one e-mail; `me` is the name this machine gives itself. Raises OSError, as smtplib does."""
        try:
            self._ready(server, me).send_message(message, to_addrs=[to])
        except BaseException:
            self._give_up()
            raise
        if not self._is_kept:
            self._end()

    def _ready(self, server: MailServer, me: str) -> smtplib.SMTP:
        """One that answers: a mail server may have ended the kept one for having been idle, and that harms nothing."""
        if self._open is not None and not _answers(self._open):
            self._give_up()
        if self._open is None:
            self._open = _connect(server, me)
            if server.user:
                self._open.login(server.user, server.password)
        return self._open

    def _end(self) -> None:
        """Say goodbye, as a server expects."""
        if self._open is not None:
            with suppress(OSError):
                self._open.quit()
        self._give_up()

    def _give_up(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def _answers(connection: smtplib.SMTP) -> bool:
    try:
        return connection.noop()[0] == 250
    except OSError:
        return False


def _connect(server: MailServer, me: str) -> smtplib.SMTP:
    """A connection, encrypted as the address asks for, with the server's certificate checked."""
    if server.is_tls:
        return smtplib.SMTP_SSL(server.host, server.port, me, timeout=TIMEOUT, context=ssl.create_default_context())
    connection = smtplib.SMTP(server.host, server.port, me, timeout=TIMEOUT)
    if server.has_starttls:
        try:
            connection.starttls(context=ssl.create_default_context())
        except (smtplib.SMTPException, OSError):
            connection.close()
            raise
    return connection
