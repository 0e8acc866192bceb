"""Reading what a stay's page shows besides the item: its leaves, told by its own history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import UserAccount
from hub.engine.models import Transition
from workflows.durations import parse_moment

OF_A_LEAVE = ("leave_kind", "leave_from", "leave_until", "leave_terms", "leave_granted_by")
STARTS, RETURNS, CORRECTS, CLOSES = "start_leave", "return_from_leave", "correct_field", ("end_stay", "transfer")
TELLING = (STARTS, RETURNS, CORRECTS, *CLOSES)


@dataclass(frozen=True, slots=True)
class Leave:
    """One leave from the unit. `kind` is a code; the moments are aware."""

    kind: str
    from_at: datetime
    until_at: datetime
    terms: str
    granted_by: str
    recorded_by: str
    returned_at: datetime | None = None
    """When the person came back; None while they are away, and where the stay ended during the leave."""
    is_over: bool = False


def leaves_of(session: Session, item_id: int) -> list[Leave]:
    """Every leave of this stay, the latest first."""
    query = (
        select(Transition.action, Transition.values, UserAccount.name)
        .outerjoin(UserAccount, UserAccount.id == Transition.actor_id)
        .where(Transition.item_id == item_id, Transition.action.in_(TELLING))
        .order_by(Transition.position)
    )
    return leaves_in([(action, values, name or "The hub") for action, values, name in session.execute(query)])


def leaves_in(rows: Sequence[tuple[str, Mapping[str, Any], str]]) -> list[Leave]:
    """The leaves that these (action, values, who) tell of, the latest first.

    History keeps what an action changed: what a second leave has in common with the first stands with the first.
    """
    found: list[Leave] = []
    known: dict[str, Any] = {}
    for action, values, who in rows:
        known |= {name: change["new"] for name, change in values.items() if isinstance(change, dict)}
        if action == STARTS:
            found.append(_leave(known, who))
        elif found and action == CORRECTS and not values.keys().isdisjoint((*OF_A_LEAVE, "returned_at")):
            found[-1] = _corrected(found[-1], known)
        elif found and action == RETURNS:
            found[-1] = replace(found[-1], returned_at=parse_moment(known["returned_at"]), is_over=True)
        elif found and action in CLOSES:
            found[-1] = replace(found[-1], is_over=True)
    return found[::-1]


def _leave(known: Mapping[str, Any], who: str) -> Leave:
    return Leave(
        kind=known["leave_kind"],
        from_at=parse_moment(known["leave_from"]),
        until_at=parse_moment(known["leave_until"]),
        terms=known["leave_terms"],
        granted_by=known.get("leave_granted_by") or "",
        recorded_by=who,
    )


def _corrected(leave: Leave, known: Mapping[str, Any]) -> Leave:
    right = _leave(known, leave.recorded_by)
    returned = parse_moment(known["returned_at"]) if leave.returned_at is not None else None
    return replace(right, returned_at=returned, is_over=leave.is_over)
