"""What stands on the receipt of an emergency: deadline, who is told, and what is still owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub.accounts.on_call import on_call_now
from hub.engine.models import Clock, WorkItem
from hub.engine.reading import find_item
from hub.engine.visibility import visible
from hub.organisations.queries import find_organisation
from hub.referrals.models import Referral
from workflows.actor import Actor


@dataclass(frozen=True)
class Receipt:
    """One emergency that was sent, as its sender may read it."""

    item_id: int
    case_id: int | None
    reference: str
    title: str
    due_at: datetime | None
    """When the hub's answer is due."""
    told: list[str]
    owed_by: datetime | None
    """When the rest of the form is due; None when nothing is owed."""


def find_receipt(session: Session, reference: str, actor: Actor, now: datetime) -> Receipt | None:
    """The receipt of the referral called `reference`, or None when it was not sent or the actor may not see it."""
    referral = find_item(session, Referral, reference, actor)
    if referral is None or referral.is_draft:
        return None
    due_at = session.scalar(
        select(func.min(Clock.due_at)).where(
            Clock.item_id == referral.id, Clock.name == "review", Clock.stopped_at.is_(None)
        )
    )
    owed = visible(WorkItem, actor).where(WorkItem.parent_id == referral.id, WorkItem.kind == "task", WorkItem.is_open)
    owed_by = session.scalar(owed.with_only_columns(func.min(WorkItem.next_due_at)))
    told = _told(session, referral, actor, now)
    return Receipt(
        referral.id, referral.case_id, referral.reference, referral.title or "", due_at, told, owed_by=owed_by
    )


def _told(session: Session, referral: Referral, actor: Actor, now: datetime) -> list[str]:
    """In words what hub/messages/who_is_told.py says of an emergency; to those outside, no names of hub people."""
    told = ["The coordinators of the hub"]
    shift = on_call_now(session, now)
    if shift is None:
        told.append("Nobody is on call now: ring the hub as well")
    elif shift.user_id == actor.user_id:
        told.append("You: you are on call now")
    else:
        told.append(f"The manager on call{': ' + shift.user.name if actor.is_hub else ''}")
    if actor.is_hub and (referring := find_organisation(session, referral.referring_organisation or "")):
        told.append(f"{referring.name}: it stands on their own page of referrals")
    return told
