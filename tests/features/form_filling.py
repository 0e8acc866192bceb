"""Filling in a long form by its pages: answers as a browser sends them, and what stands on record."""

import re
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.engine.models import Transition
from hub.referrals.models import Referral
from tests.factories import actor_of, start_referral

BORN = {"date_of_birth-day": "3", "date_of_birth-month": "2", "date_of_birth-year": "2011"}
SECTIONS = {
    "priority": {
        "service_line": "cyp",
        "priority": "routine",
        "bed_type_wanted": "301",
        "referrer_name": "Joy Fenwick",
    },
    "where_now": {"location_kind": "home", "call_back_number": "01632 960001"},
    "person": {
        "family_name": "Marlowe",
        "given_name": "Ines",
        **BORN,
        "nhs_number": "9990000018",
        "postcode": "LS1 4AB",
    },
    "consent": {"consent_basis": "gillick"},
    "sharing": {"sharing_restricted": "no"},
    "legal": {"legal_status": "01"},
    "clinical": {"primary_reason": "01", "presenting_problem": "Not eating since January"},
    "neurodiversity": {"learning_disability": "5", "autism": "5"},
}
"""What a routine referral must have, section by section, as a browser sends it."""


def begin_draft(session: Session, member: Any, **values: Any) -> str:
    """A draft of this referrer; the address of its page."""
    made = start_referral(session, actor_of(member), **({"service_line": "cyp", "priority": "routine"} | values))
    return f"/referrals/{made.reference}"


def find(session: Session, address: str) -> Referral:
    """The referral behind an address, as it is now."""
    found = session.scalars(select(Referral).where(Referral.reference == address.split("/")[2])).one()
    session.refresh(found)
    return found


def rows_of(session: Session, address: str) -> list[Transition]:
    """Its history, oldest first."""
    item = find(session, address)
    return list(session.scalars(select(Transition).where(Transition.item_id == item.id).order_by(Transition.position)))


def save(client: FlaskClient, session: Session, address: str, section: str, **data: str) -> Any:
    """Send one section, answering to what is on record now."""
    seen = str(find(session, address).version)
    return client.post(f"{address}/form/{section}", data={"seen": seen, **data})


def line_of(page: str, title: str) -> str:
    """What the task list says of a section."""
    found = re.search(rf"<li><div><a [^>]*>{re.escape(title)}</a>.*?</li>", page, re.DOTALL)
    assert found, title
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0]))
