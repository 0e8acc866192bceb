"""What the hub and a unit each read of the same happening: a question to the one is news to the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.accounts.organisation_table import organisation

FOR_A_UNIT: Final[Mapping[str, str]] = {
    "approach.asked": "Can you offer a bed?",
    "approach.taken": "Your offer of a bed is accepted",
    "approach.stood_down": "No bed is needed from you any more",
    "approach.lapsed": "Your offer of a bed ran out: nobody accepted it in time",
    "approach.taken_withdrawn": "The bed that was accepted from you is given back",
    "placement.conveyance_planned": "The journey to you is planned",
    "placement.admitted": "The admission is recorded",
    "stay.begun": "Somebody was admitted to your unit",
    "stay.ended": "A stay on your unit has ended",
    "stay.transferred": "Somebody has moved from your unit to another",
}
FOR_THE_HUB: Final[Mapping[str, str]] = {
    "approach.asked": "A unit is asked for a bed",
    "approach.offered": "A unit offers a bed",
    "approach.refused": "A unit says no",
    "approach.offer_withdrawn": "A unit has withdrawn its offer of a bed",
    "approach.taken": "An offer of a bed is accepted",
    "approach.taken_withdrawn": "The accepted bed is given back",
    "approach.stood_down": "A unit is not needed any more",
    "approach.lapsed": "An offer of a bed ran out: nobody accepted it in time",
    "placement.conveyance_planned": "The journey is planned",
    "stay.begun": "A stay has begun",
    "stay.ended": "A stay has ended",
    "stay.transferred": "A person has moved to another unit",
}
"""By topic; one that is not here is said in the word after its dot. No name and no clinical word stands in any."""


def people_inside(session: Session) -> frozenset[int]:
    """The accounts that have a role of the hub; such a person has none outside it."""
    hub = select(Membership.user_id).join(organisation, organisation.c.id == Membership.organisation_id)
    return frozenset(session.scalars(hub.where(organisation.c.arm == "hub")))
