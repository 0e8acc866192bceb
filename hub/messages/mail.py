"""One e-mail: how it is built, and handing it to the mail server, or to a folder where there is none."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
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
from hub.messages.mail_connection import Connection, MailServer
from hub.messages.mail_failed import MailFailed
from hub.messages.notify import send_by_notify

TRIAL_ADDRESS: Final = "http://127.0.0.1:8000"
_TRIAL_SENDER: Final = "hub@localhost"
_LINK: Final = Markup('<a href="{}">{}</a>')
_SCHEMES: Final = {"smtp": 587, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Section:
    """A list in an e-mail: its heading, and lines of words with the full address they lead to."""

    title: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Mail:
    """What an e-mail says: to one address, in paragraphs, with at most one link (words and address) after the first.

    Lists follow the link.
    """

    to: str
    subject: str
    paragraphs: tuple[str, ...]
    link: tuple[str, str] | None = None
    sections: tuple[Section, ...] = ()
    wishes: str | None = None
    """Of one that comes regularly: the address of the page where its reader turns it off."""


@dataclass(frozen=True)
class PostOffice:
    """Sends e-mail for this installation: through its mail server, or as files into `folder` when it has none."""

    chosen: Settings
    folder: Path
    connection: Connection = field(default_factory=Connection, compare=False)

    @property
    def address(self) -> str:
        """What links begin with, without a slash at the end."""
        return (self.chosen.address or TRIAL_ADDRESS).rstrip("/")

    def send(self, mail: Mail, *, number: int, at: datetime, is_again: bool = False) -> None:
        """Send one e-mail; the same `number` (of the outbox row) and `at` make the same message, however often.

        `is_again`: an earlier try went wrong, and may have come further than it seemed. Raises MailFailed.
        """
        try:
            message = self.message(mail, number=number, at=at)
        except (ValueError, MessageError) as error:
            raise MailFailed(f"it cannot be written as an e-mail: {error}", is_hopeless=True) from error
        if self.chosen.mail_via == "notify":
            send_by_notify(self.chosen, mail.to, mail.subject, as_text(mail), message["Message-ID"], is_again=is_again)
        elif self.chosen.smtp_url is None:
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
        if mail.wishes is not None:
            message["List-Id"] = f"<messages.{self._host}>"
            message["List-Unsubscribe"] = f"<{mail.wishes}>"
        text, html = as_text(mail), _as_html(mail)
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
            self.connection.send(mail_server(self.chosen), self._host, message, to)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = error.recipients[to]
            raise MailFailed(
                f"the mail server refused the address: {code} {_said(said)}",
                is_hopeless=code >= 500,
                is_the_address=True,
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


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _said(answer: bytes | str) -> str:
    return answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer


def as_text(mail: Mail) -> str:
    """The plain text of an e-mail."""
    first, *rest = mail.paragraphs
    link = [f"{mail.link[0]}:\n{mail.link[1]}"] if mail.link else []
    lists = [
        "\n".join([section.title, *(f"- {words}\n  {address}" for words, address in section.lines)])
        for section in mail.sections
    ]
    return "\n\n".join([first, *link, *lists, *rest]) + "\n"


def _as_html(mail: Mail) -> str:
    first, *rest = (Markup("<p>{}</p>").format(words) for words in mail.paragraphs)
    link = [Markup("<p>{}</p>").format(_LINK.format(mail.link[1], mail.link[0]))] if mail.link else []
    lists = [
        Markup("<h2>{}</h2>\n<ul>\n{}\n</ul>").format(
            section.title,
            Markup("\n").join(Markup("<li>{}</li>").format(_LINK.format(to, words)) for words, to in section.lines),
        )
        for section in mail.sections
    ]
    body = Markup("\n").join([first, *link, *lists, *rest])
    return str(
        Markup(
            '<!doctype html>\n<html lang="en-GB">\n<head><title>{}</title></head>\n<body>\n{}\n</body>\n</html>\n'
        ).format(escape(mail.subject), body)
    )
