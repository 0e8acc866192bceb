"""What writing one e-mail needs: the row it comes from, addresses of pages, one-time links."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from hub.accounts.links import token_of, works_until
from hub.accounts.request_models import OneTimeLink, Purpose
from hub.messages.mail import Mail, PostOffice, Section
from workflows.durations import moment_words

_NO_ANSWERS: Final = "This message was sent by a program. Nobody reads answers to it."


@dataclass(frozen=True)
class Writing:
    """What writing one e-mail needs. It may move the moment at which a link stops working: that counts from sending."""

    session: Session
    office: PostOffice
    payload: Mapping[str, Any]
    now: datetime

    @property
    def service(self) -> str:
        """What the hub calls itself."""
        return self.office.chosen.service_name

    def page(self, path: str) -> str:
        """The full address of a page."""
        return f"{self.office.address}{path}"

    def mail(
        self,
        to: str,
        subject: str,
        *paragraphs: str,
        link: tuple[str, str] | None = None,
        sections: tuple[Section, ...] = (),
        wishes: str | None = None,
    ) -> Mail:
        """An e-mail whose subject says from where it comes."""
        return Mail(to, f"{self.service}: {subject}", (*paragraphs, _NO_ANSWERS), link, sections, wishes)

    def link(self) -> WrittenLink | None:
        """The link of the payload; None when it is of no more use."""
        link = self.session.get(OneTimeLink, self.payload["link_id"])
        if link is None or link.used_at is not None or link.ended_at is not None:
            return None
        if link.user is not None and not link.user.is_active:
            return None
        reader = link.user or link.request
        if reader is None:
            return None
        link.expires_at = works_until(self.session, Purpose(link.purpose), self.now)
        return WrittenLink(
            to=reader.email,
            address=self.page(f"/account/link?t={token_of(link, self.office.chosen.key())}"),
            until=f"The link works once, until {moment_words(link.expires_at)}.",
        )


@dataclass(frozen=True, slots=True)
class WrittenLink:
    """A one-time link that still works: to whom, its full address, and until when in words."""

    to: str
    address: str
    until: str
