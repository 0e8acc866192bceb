"""Who could decide or ratify one admission, by name."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from hub.accounts.queries import holders_of
from workflows.actor import Actor
from workflows.admission import State
from workflows.admission.guards import RATIFIERS, SCHEME, is_another_person
from workflows.durations import local


def waits_for_ratification(admission: Any) -> bool:
    """Whether a second person has still to look at an emergency admission."""
    return admission.state == State.AWAITING_RATIFICATION and admission.ratified_at is None


def who_is_next(session: Session, admission: Any, *, now: datetime) -> list[tuple[str, str]]:
    """(name, role in words) of everybody who may now decide or ratify; empty when that is not what is waited for."""
    if waits_for_ratification(admission):
        return who_can_ratify(session, admission, now=now)
    return who_can_decide(session, admission, now=now) if admission.state == State.RECOMMENDED else []


def who_can_decide(session: Session, admission: Any, *, now: datetime) -> list[tuple[str, str]]:
    """(name, role in words) of everybody inside who may decide, else of the outside members let in to the item."""
    today = local(now).date()
    found = holders_of(session, SCHEME.holders(admission), today)
    inside = [(name, role.label) for user, name, role in found if SCHEME.why_not_own(admission, _as(user)) is None]
    if inside:
        return inside
    places = {party.organisation_id for party in admission.parties if party.until_at is None and party.organisation_id}
    outside = holders_of(session, (SCHEME.outside(admission.policy),), today, organisations=places)
    return [(name, role.label) for _, name, role in outside]


def who_can_ratify(session: Session, admission: Any, *, now: datetime) -> list[tuple[str, str]]:
    """(name, role in words) of everybody who may ratify: not whoever admitted."""
    found = holders_of(session, [may.role for may in RATIFIERS if may.role], local(now).date())
    return [(name, role.label) for user, name, role in found if is_another_person(admission, _as(user)) is None]


def _as(user_id: int) -> Actor:
    return Actor(user_id=user_id, name="")
