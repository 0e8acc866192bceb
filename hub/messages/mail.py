"""One e-mail: how it is built, and handing it to the mail server, or to a folder where there is none."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from markupsafe import Markup, escape

from hub.config import Settings
from hub.messages.delivery import sync_folder, write_whole

TIMEOUT: Final = 15.0
"""Seconds that a mail server may take to answer."""
TRIAL_ADDRESS: Final = "http://127.0.0.1:8000"
_TRIAL_SENDER: Final = "hub@localhost"
_SCHEMES: Final = {"smtp": 587, "smtps": 465}


class MailFailed(Exception):
    """It was not sent; the words say why. Hopeless: trying again would not help."""

    def __init__(self, why: str, *, is_hopeless: bool = False) -> None:
        super().__init__(why)
        self.is_hopeless = is_hopeless


@dataclass(frozen=True, slots=True)
class Mail:
    """What an e-mail says: to one address, in paragraphs, with at most one link (words and address) after the first."""

    to: str
    subject: str
    paragraphs: tuple[str, ...]
    link: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail is handed over. `has_starttls`: encrypt before anything is said."""

    host: str
    port: int
    user: str
    password: str
    is_tls: bool
    has_starttls: bool


@dataclass(frozen=True)
class PostOffice:
    """Sends e-mail for this installation: through its mail server, or as files into `folder` when it has none."""

    chosen: Settings
    folder: Path

    @property
    def address(self) -> str:
        """What links begin with, without a slash at the end."""
        return (self.chosen.address or TRIAL_ADDRESS).rstrip("/")

    def send(self, mail: Mail, *, number: int, at: datetime) -> None:
        """Send one e-mail; the same `number` (of the outbox row) and `at` make the same message, however often.

        Raises MailFailed.
        """
        try:
            message = self.message(mail, number=number, at=at)
        except (ValueError, MessageError) as error:
            raise MailFailed(f"it cannot be written as an e-mail: {error}", is_hopeless=True) from error
        if self.chosen.smtp_url is None:
            self._write(message, number)
        else:
            self._hand_over(message, mail.to)

    def message(self, mail: Mail, *, number: int, at: datetime) -> EmailMessage:
        """The e-mail as it goes out: plain text, and the same as simple HTML."""
        message = EmailMessage(policy=SMTP)
        message["From"] = self.chosen.mail_from or _TRIAL_SENDER
        message["To"] = mail.to
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<hub.{number}.{at:%Y%m%d%H%M%S}@{self._host}>"
        message["Auto-Submitted"] = "auto-generated"
        text, html = _as_text(mail), _as_html(mail)
        # As it is, while it can be: a link must not be cut in two by an encoding.
        message.set_content(text, cte="7bit" if text.isascii() else None)
        message.add_alternative(html, subtype="html", cte="7bit" if html.isascii() else None)
        message["Content-Language"] = "en-GB"
        message.set_boundary(f"hub-{number}-{at:%Y%m%d%H%M%S}")  # nothing by chance: sent again, it is the same message
        return message

    @property
    def _host(self) -> str:
        return urlsplit(self.address).hostname or "localhost"

    def _write(self, message: EmailMessage, number: int) -> None:
        if self.chosen.production:
            raise MailFailed("HUB_SMTP_URL is not set, so this hub sends no e-mail")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # For the owner's eyes alone: it may hold a link that opens an account.
            write_whole(self.folder / f"{number:012d}.eml", message.as_bytes(), mode=0o600)
            sync_folder(self.folder)
        except OSError as error:
            raise MailFailed(f"{self.folder}: {error.strerror}") from error

    def _hand_over(self, message: EmailMessage, to: str) -> None:
        if absent := self.chosen.missing_for_mail():
            raise MailFailed(f"{' and '.join(absent)} must be set before e-mail can be sent")
        try:
            server = mail_server(self.chosen)
            with _connect(server, self._host) as connection:
                if server.user:
                    connection.login(server.user, server.password)
                connection.send_message(message, to_addrs=[to])
        except smtplib.SMTPRecipientsRefused as error:
            code, said = error.recipients[to]
            raise MailFailed(
                f"the mail server refused the address: {code} {_said(said)}", is_hopeless=code >= 500
            ) from error
        except smtplib.SMTPResponseException as error:
            raise MailFailed(f"the mail server said no: {error.smtp_code} {_said(error.smtp_error)}") from error
        except (smtplib.SMTPException, ssl.SSLError) as error:
            raise MailFailed(f"the mail server could not be used: {error}") from error
        except OSError as error:
            raise MailFailed(f"the mail server does not answer: {error.strerror or error}") from error
        except ValueError as error:
            raise MailFailed(str(error)) from error


def mail_server(chosen: Settings) -> MailServer:
    """What HUB_SMTP_URL says. Raises ValueError with what is wrong with it, without the password.

    smtps:// is encrypted from the start. smtp:// is encrypted by STARTTLS, except to this machine itself or with
    "?starttls=no"; a password never goes over the network unencrypted.
    """
    given = chosen.smtp_url.get_secret_value() if chosen.smtp_url else ""
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        raise ValueError("HUB_SMTP_URL is not an address: the port must be a number") from None
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise ValueError("HUB_SMTP_URL must look like smtp://user:password@host:587 or smtps://user:password@host")
    asked = parse_qs(parts.query).get("starttls", ["no" if _is_this_machine(parts.hostname) else "yes"])[0]
    server = MailServer(
        host=parts.hostname,
        port=port or _SCHEMES[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_tls=parts.scheme == "smtps",
        has_starttls=parts.scheme == "smtp" and asked != "no",
    )
    if server.user and not (server.is_tls or server.has_starttls or _is_this_machine(server.host)):
        raise ValueError("HUB_SMTP_URL would send its password unencrypted: take “?starttls=no” away, or use smtps://")
    return server


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


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _said(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer


def _as_text(mail: Mail) -> str:
    first, *rest = mail.paragraphs
    link = [f"{mail.link[0]}:\n{mail.link[1]}"] if mail.link else []
    return "\n\n".join([first, *link, *rest]) + "\n"


def _as_html(mail: Mail) -> str:
    first, *rest = (Markup("<p>{}</p>").format(words) for words in mail.paragraphs)
    link = [Markup('<p><a href="{}">{}</a></p>').format(mail.link[1], mail.link[0])] if mail.link else []
    body = Markup("\n").join([first, *link, *rest])
    return str(
        Markup(
            '<!doctype html>\n<html lang="en-GB">\n<head><title>{}</title></head>\n<body>\n{}\n</body>\n</html>\n'
        ).format(escape(mail.subject), body)
    )
