"""E-mail in tests: a real mail server on loopback that keeps what it is given, and the worker's round of sending."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from sqlalchemy.orm import Session as Database

from hub.messages.mail import PostOffice
from hub.messages.mail_delivery import send_next


@dataclass
class Mailbox:
    """What a mail server was given: recipients and the bytes. `answers` says no to an address or a sender."""

    got: list[tuple[str, bytes]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    port: int = 0

    @property
    def url(self) -> str:
        """What HUB_SMTP_URL is set to."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def mails(self) -> list[EmailMessage]:
        """Everything that came, in order."""
        return [parsed(raw) for _, raw in self.got]

    async def handle_MAIL(self, _s: SMTP, _session: Session, envelope: Envelope, address: str, _o: Any) -> str:
        """Who sends."""
        envelope.mail_from = address
        return self.answers.get(address, "250 OK")

    async def handle_RCPT(self, _s: SMTP, _session: Session, envelope: Envelope, address: str, _o: Any) -> str:
        """To whom."""
        envelope.rcpt_tos.append(address)
        return self.answers.get(address, "250 OK")

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """What it says."""
        assert isinstance(envelope.content, bytes)
        self.got.extend((address, envelope.content) for address in envelope.rcpt_tos)
        return "250 Taken"


@contextmanager
def mail_server(box: Mailbox | None = None) -> Iterator[Mailbox]:
    """A running server; given a mailbox that has a port, on that port."""
    kept = box or Mailbox()
    kept.port = kept.port or free_port()
    controller = Controller(kept, hostname="127.0.0.1", port=kept.port)
    controller.start()
    try:
        yield kept
    finally:
        controller.stop()


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def send_all(session: Database, office: PostOffice, now: datetime) -> list[EmailMessage]:
    """Everything the worker has to send at `now`, each in its savepoint; gives the files it wrote, newest last."""
    while send_next(session, now=now, office=office):
        session.flush()
    return [parsed(path.read_bytes()) for path in sorted(office.folder.glob("*.eml"))]


def parsed(raw: bytes) -> EmailMessage:
    """One e-mail, read."""
    return message_from_bytes(raw, policy=default)


def text_of(mail: EmailMessage) -> str:
    """Its plain text."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def link_in(mail: EmailMessage) -> str:
    """The path of the link in it, as a browser asks for it."""
    found = re.search(r"https?://[^/\s]+(/\S+)", text_of(mail))
    assert found
    return found[1]
