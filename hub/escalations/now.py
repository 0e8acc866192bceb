"""What lies on the table of a dispute now: the visit of the stage it is in, and the version that can be accepted."""

from __future__ import annotations

from typing import Any

from hub.escalations.settlement_models import Proposal
from hub.escalations.side_models import Position, Side, Visit, Wish


class Here:
    """One visit of a stage, the one that goes on or one before, with what each side has said at it."""

    def __init__(self, item: Any, visit: Visit) -> None:
        self.visit = visit
        self._item = item

    def position_of(self, side: Side) -> Position | None:
        """What a side has on record at this visit."""
        found = (each for each in self._item.positions if (each.visit_id, each.side_id) == (self.visit.id, side.id))
        return next(found, None)

    def wish_of(self, side: Side) -> Wish | None:
        """Whether a side has asked to go up."""
        found = (each for each in self._item.wishes if (each.visit_id, each.side_id) == (self.visit.id, side.id))
        return next(found, None)


class OnTheTable:
    """The version of the settlement that can be accepted now."""

    def __init__(self, item: Any, proposal: Proposal) -> None:
        self.proposal, self.version = proposal, proposal.version
        self._sides = {each.side_id for each in item.acceptances if each.proposal_id == proposal.id}

    def is_accepted_by(self, side: Side) -> bool:
        """Whether a side has accepted this version."""
        return side.id in self._sides
