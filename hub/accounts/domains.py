"""E-mail addresses of organisations: what makes an address acceptable, and whether its domain is the organisation's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import EMAIL_LENGTH
from hub.accounts.organisation_table import organisation
from hub.accounts.request_models import DOMAIN_LENGTH, OrganisationEmailDomain
from hub.accounts.services import AccountRefused

PUBLIC_HOSTS: Final = frozenset(
    """
    aol.com btinternet.com duck.com fastmail.com gmail.com gmx.com gmx.co.uk gmx.net googlemail.com hey.com
    hotmail.com hotmail.co.uk icloud.com live.com live.co.uk mac.com mail.com me.com msn.com ntlworld.com outlook.com
    outlook.co.uk proton.me protonmail.com protonmail.ch pm.me rocketmail.com sky.com talktalk.net tiscali.co.uk
    tutanota.com tuta.io virginmedia.com yahoo.com yahoo.co.uk yandex.com ymail.com zoho.com
    """.split()
)
"""Where anybody can get an address: it shows nothing about where a person works."""
_SHARED_ENDINGS: Final = frozenset(
    "nhs.uk nhs.net gov.uk org.uk co.uk ac.uk sch.uk police.uk ltd.uk plc.uk me.uk mod.uk".split()
)
"""Endings under which anybody of that kind may register: not one organisation's own."""
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.[a-z]{{2,63}}")
_LOCAL: Final = re.compile(r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LONGEST_LOCAL: Final = 64
_LOOK_ALIKE: Final = (
    "Type {} in plain letters a to z: letters of other alphabets can look the same and are not accepted"
)


class Match(StrEnum):
    """Whether an address belongs to the organisation that was named."""

    LISTED = "listed"
    """Its domain is on the organisation's list."""
    ELSEWHERE = "elsewhere"
    """Its domain is on the list of other organisations alone."""
    NOT_LISTED = "not_listed"


def clean_address(typed: str) -> str:
    """An address as it is stored: trimmed and lower case."""
    return typed.strip().lower()


def problem_with_address(address: str) -> str | None:
    """What is wrong with an e-mail address, in words for whoever typed it; None when it will do."""
    local, at, domain = address.rpartition("@")
    if not at or not local or "." not in domain or any(letter.isspace() for letter in address):
        return "Enter an e-mail address, such as name@example.nhs.uk"
    if _looks_alike(domain):
        return _LOOK_ALIKE.format("the part after the @")
    if len(address) > EMAIL_LENGTH or len(local) > _LONGEST_LOCAL:
        return f"Enter an e-mail address of at most {EMAIL_LENGTH} characters, {_LONGEST_LOCAL} of them before the @"
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        return "Enter an e-mail address, such as name@example.nhs.uk, without accents or special signs"
    return None


def problem_with_work_address(address: str) -> str | None:
    """The same for an address that must be an organisation's: one that anybody can get will not do."""
    wrong = problem_with_address(address)
    if wrong is None and _is_public(address.rpartition("@")[2]):
        return "Use the e-mail address your organisation gave you: anybody can get an address like this one"
    return wrong


def problem_with_domain(domain: str) -> str | None:
    """Why a domain cannot be an organisation's, in words for the administrator; None when it can."""
    if _looks_alike(domain):
        return _LOOK_ALIKE.format("the domain")
    if len(domain) > DOMAIN_LENGTH or not _DOMAIN.fullmatch(domain):
        return "Enter the part after the @ alone, such as example.nhs.uk"
    if _is_public(domain):
        return f"Anybody can get an address at {domain}, so it belongs to no organisation"
    if domain in _SHARED_ENDINGS:
        return f"{domain} is shared by very many organisations, so it does not show which one somebody belongs to"
    return None


def domains_of(session: Session, organisation_id: int) -> list[OrganisationEmailDomain]:
    """The domains of one organisation, by name."""
    query = select(OrganisationEmailDomain).where(OrganisationEmailDomain.organisation_id == organisation_id)
    return list(session.scalars(query.order_by(OrganisationEmailDomain.domain)))


def add_domain(
    session: Session, organisation_id: int, typed: str, *, has_subdomains: bool, now: datetime, by: int | None
) -> OrganisationEmailDomain:
    """Let addresses at a domain count as the organisation's; "@example.nhs.uk" is understood too.

    Raises AccountRefused with what is wrong, also when it is there already. The caller commits.
    """
    domain = typed.strip().lower().removeprefix("@").rstrip(".")
    wrong = problem_with_domain(domain)
    if wrong is None and domain in {row.domain for row in domains_of(session, organisation_id)}:
        wrong = f"{domain} is on the list of this organisation already"
    if wrong is not None:
        raise AccountRefused(wrong)
    row = OrganisationEmailDomain(
        organisation_id=organisation_id, domain=domain, has_subdomains=has_subdomains, added_at=now, added_by_id=by
    )
    session.add(row)
    session.flush()
    return row


def remove_domain(session: Session, domain_id: int) -> OrganisationEmailDomain:
    """Take a domain off the list; accounts that exist stay. Raises AccountRefused when it is gone. Caller commits."""
    row = session.get(OrganisationEmailDomain, domain_id)
    if row is None:
        raise AccountRefused("That domain is off the list already")
    session.delete(row)
    session.flush()
    return row


@dataclass(frozen=True)
class Directory:
    """The listed domains that some addresses may lie under."""

    rows: Sequence[tuple[int, str, str, bool]]
    """Organisation id and name, domain, and whether its sub-domains count."""

    def match(self, address: str, organisation_id: int | None) -> tuple[Match, list[str]]:
        """Whether the address is that organisation's, and the names of all organisations it is listed for."""
        domain = address.rpartition("@")[2]
        found = [
            (identity, name)
            for identity, name, listed, has_subdomains in self.rows
            if domain == listed or (has_subdomains and domain.endswith(f".{listed}"))
        ]
        names = list(dict.fromkeys(name for _, name in found))
        if organisation_id in {identity for identity, _ in found}:
            return Match.LISTED, names
        return (Match.ELSEWHERE if found else Match.NOT_LISTED), names

    def places_of(self, address: str) -> list[int]:
        """The ids of the organisations that the address is listed for."""
        return [row[0] for row in self.rows if self.match(address, row[0])[0] is Match.LISTED]


def directory(session: Session, addresses: Iterable[str]) -> Directory:
    """What is listed for the domains of `addresses` and all above them; one statement."""
    asked = {address.rpartition("@")[2] for address in addresses}
    above = {domain.split(".", start)[-1] for domain in asked for start in range(domain.count(".") + 1)}
    rows = session.execute(
        select(
            organisation.c.id,
            organisation.c.name,
            OrganisationEmailDomain.domain,
            OrganisationEmailDomain.has_subdomains,
        )
        .join(OrganisationEmailDomain, OrganisationEmailDomain.organisation_id == organisation.c.id)
        .where(OrganisationEmailDomain.domain.in_(above))
        .order_by(organisation.c.name)
    )
    return Directory([tuple(row) for row in rows])


def _looks_alike(domain: str) -> bool:
    return not domain.isascii() or any(label.startswith("xn--") for label in domain.split("."))


def _is_public(domain: str) -> bool:
    return any(domain == host or domain.endswith(f".{host}") for host in PUBLIC_HOSTS)
