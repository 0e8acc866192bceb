"""The demo's e-mail domains, and people who ask for an account: two wait for an answer, one was refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.asking import confirm, refuse
from hub.accounts.domains import add_domain
from hub.accounts.models import UserAccount
from hub.accounts.request_models import AccountRequest
from hub.organisations.models import Organisation

ASKED: Final = (
    (
        "Dr Leila Farrant",
        "Consultant psychiatrist",
        "leila.farrant@zd201.nhs.test",
        "ZD201",
        "I refer young people from the crisis team and want to see what became of them.",
        timedelta(hours=20),
    ),
    (
        "Tomasz Wren",
        "Team manager",
        "t.wren@schools.brackley.test",
        "Brackley schools service",
        "Our school nurses ask me where a referral is.",
        timedelta(hours=3),
    ),
    (
        "Alex Corrie",
        "Locum",
        "alex.corrie@locums.test",
        "ZD205",
        "I am on the rota next month.",
        timedelta(days=9),
    ),
)
REFUSED: Final = "Alex Corrie"
WHO_REFUSES: Final = "dele.okafor@zd002.nhs.test"


def make_domains(session: Session, now: datetime) -> None:
    """Every organisation's own domain, under .test, its sub-domains included; the hub's is the exact one."""
    for place in session.scalars(select(Organisation).order_by(Organisation.id)):
        typed = f"{place.ods_code.lower()}.nhs.test"
        add_domain(session, place.id, typed, has_subdomains=not place.is_hub, now=now, by=None)


def make_account_requests(session: Session, now: datetime) -> None:
    """Requests whose address is confirmed."""
    for name, job, email, organisation, reason, since in ASKED:
        asked_at = now - since
        request = AccountRequest(
            name=name, job=job, email=email, organisation_typed=organisation, reason=reason, asked_at=asked_at
        )
        session.add(request)
        session.flush()
        confirm(session, request.id, asked_at + timedelta(minutes=12))
        if name == REFUSED:
            by = session.scalars(select(UserAccount.id).where(UserAccount.email == WHO_REFUSES)).one()
            answered_at = asked_at + timedelta(days=1)
            refuse(
                session,
                request.id,
                code="not_found",
                words="The team does not know the name.",
                by=by,
                now=answered_at,
            )
