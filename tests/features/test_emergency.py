"""An emergency by telephone: one short page, sent whole or kept, and a receipt that says what happens next."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts.models import OnCallShift
from hub.engine.drafts import Draft
from hub.referrals.models import Referral
from tests.factories import make_membership, make_referring
from workflows.roles import Role

SignIn = Callable[[FlaskClient, Any], None]
HERE = "/referrals/emergency"
MOST_QUESTIONS = 14
TOLD = {
    "service_line": "cyp",
    "referring_organisation": "ZRF01",
    "family_name": "Marlowe",
    "given_name": "Ines",
    "date_of_birth-day": "14",
    "date_of_birth-month": "9",
    "date_of_birth-year": "2011",
    "location_kind": "emergency_department",
    "where_now": "A&E, cubicle 4",
    "immediate_risk": "Has said she will run",
    "legal_status": "01",
    "basis": "consent_basis:gillick",
    "call_back_number": "01632 960001",
    "why_it_cannot_wait": "The ward cannot keep her safe",
    "do": "send",
}


def _questions(page: str) -> set[str]:
    """The questions of the page as rendered: the boxes of a date are one."""
    form = page[page.index('<form class="hub-form"') :]
    visible = re.findall(r'<(?:input(?![^>]*type="hidden")|select|textarea)[^>]*\sname="([^"]+)"', form)
    return {re.sub("-(day|month|year)$", "", name) for name in visible}


def _count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Referral)) or 0


@pytest.mark.parametrize(
    ("role", "count"), [(Role.COORDINATOR, MOST_QUESTIONS), (Role.REFERRER, MOST_QUESTIONS - 1), (Role.DIRECTOR, 14)]
)
def test_one_page_of_at_most_fourteen_questions_sends_it_whole(
    session: Session, client: FlaskClient, sign_in: SignIn, role: Role, count: int
) -> None:
    make_referring(session)
    member = make_membership(session, role)
    now = datetime.now(UTC)
    if role is Role.DIRECTOR:
        sign_in(client, member)
        assert client.get(HERE).status_code == 404, "not without being on call"
        shift = OnCallShift(user_id=member.user_id, from_at=now - timedelta(hours=1), until_at=now + timedelta(hours=1))
        session.add(shift)
        session.flush()
    sign_in(client, member)
    page = client.get(HERE).text
    assert len(_questions(page)) == count <= MOST_QUESTIONS
    assert 'type="checkbox"' not in page, "the sentence by the button is the declaration"
    assert "By sending it you say that the answers are right" in page
    assert client.head(HERE).status_code == 200 and _count(session) == 0

    sent = client.post(HERE, data={**TOLD, "page": f"{member.user_id}-1"})
    referral = session.scalars(select(Referral)).one()
    assert (sent.status_code, sent.location) == (303, f"{HERE}/{referral.reference}")
    assert (referral.state, referral.priority, referral.family_name) == ("submitted", "emergency", "Marlowe")
    assert (referral.consent_basis, referral.lawful_basis) == ("gillick", None)
    assert referral.received_at is not None and referral.case_id is not None
    receipt = client.get(sent.location).text
    assert referral.reference in receipt and "The hub answers by" in receipt
    told = {
        Role.COORDINATOR: ("Nobody is on call now", "Brackendale Community Team: it stands on their own page"),
        Role.REFERRER: ("The coordinators of the hub", "Nobody is on call now"),
        Role.DIRECTOR: ("You: you are on call now",),
    }
    for words in (*told[role], "The rest of the form is owed by", f"/referrals/{referral.reference}/form"):
        assert words in receipt, words
    assert session.scalars(select(Draft)).all() == []
    # What the page saved while it was being sent may come after it: shown to be copied, and not to be sent once more.
    late = {**TOLD, "page": f"{member.user_id}-1", "where_now": "Somewhere else by now"}
    assert client.post(f"{HERE}/draft", data=late).status_code == 200
    again = client.get(HERE).text
    assert 'value="Marlowe"' not in again and "Somewhere else by now" in again


def test_all_that_is_missing_is_said_at_once_and_nothing_is_lost(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    make_referring(session)
    sign_in(client, make_membership(session, Role.COORDINATOR))
    wrong = {"do": "send", "family_name": "Marlowe", "nhs_number": "999 000 0019", "immediate_risk": "Will run"}
    refused = client.post(HERE, data={**wrong, "basis": "consent_basis:no_such"})
    assert (refused.status_code, _count(session)) == (422, 0)
    named = set(re.findall(r'<li><a href="#([\w-]+)">', refused.text))
    asked = {"service_line", "referring_organisation", "nhs_number", "location_kind", "where_now", "basis"}
    assert named == asked | {"legal_status", "call_back_number", "why_it_cannot_wait", "no_identity_reason"}
    for box in named:
        assert f'id="{box}"' in refused.text, box
    again = client.get(HERE).text  # left without JavaScript and opened again
    for words in ("Marlowe", "999 000 0019", "Will run"):
        assert words in refused.text and words in again


def test_kept_as_a_draft_it_asks_for_nothing_more_and_the_lawful_basis_has_its_own_column(
    session: Session, client: FlaskClient, sign_in: SignIn
) -> None:
    sign_in(client, make_membership(session, Role.REFERRER))
    kept = client.post(HERE, data={"do": "keep", "given_name": "Ines", "basis": "lawful_basis:vital_interests"})
    referral = session.scalars(select(Referral)).one()
    assert kept.location == f"/referrals/{referral.reference}"
    assert (referral.state, referral.consent_basis, referral.lawful_basis) == ("draft", None, "vital_interests")
    assert (referral.priority, referral.received_at) == ("emergency", None)
    assert client.get(f"{HERE}/{referral.reference}").status_code == 404, "no receipt for what was not sent"
    unknown = {**TOLD, "family_name": "", "given_name": "", "date_of_birth-year": "", "date_of_birth-day": ""}
    nobody = {**unknown, "date_of_birth-month": "", "no_identity_reason": "not_able_to_say"}
    assert client.post(HERE, data=nobody).status_code == 303
    sign_in(client, make_membership(session, Role.CASE_MANAGER))
    assert client.get(HERE).status_code == 404
