"""Who convenes and decides a dispute, who is kept out and why, and what the partners agreed to do first."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from hub.codes import label
from hub.engine.available import asked_once
from hub.escalations import page_queries
from hub.escalations.eligible import nobody_eligible, to_be_replaced
from hub.escalations.standing import sees_it_by_role
from hub.web.filters import listed, lower_first, moment_within
from workflows.actor import Actor
from workflows.conflicts import PROVIDER_ARM


class Convening:
    """The convenor, the panel and who may be neither, in words for every side."""

    def __init__(self, item: Any, actor: Actor, session: Session, now: datetime) -> None:
        self._item = item
        self._actor = actor
        self._session = session
        self._now = now

    @property
    def since(self) -> str:
        """When somebody began to look after it, and that nothing kept them out."""
        at = self._item.accepted_at
        return f"Accepted {moment_within(at, self._now)}. Nothing kept them out" if at is not None else ""

    @property
    def panel(self) -> list[tuple[str, str, str]]:
        """(name, seat, declaration) of everybody on the panel now, its chair first."""
        seats = sorted(self._item.panel, key=lambda seat: seat.seat != "chair")
        return [(seat.name, lower_first(label("panel_seat", seat.seat)), seat.declaration) for seat in seats]

    @cached_property
    def kept_out(self) -> list[tuple[str, str]]:
        """(name, why) of those who would convene or sit on the panel and may not.

        What somebody's interest is, those who appoint are told: the hub, where it is no side itself.
        """
        found, _ = self._registers
        appoints = sees_it_by_role(self._item, self._actor) and not self._item.hub_is_a_side
        return [(each.name, listed(why.words if appoints else why.brief for why in each.reasons)) for each in found]

    @property
    def nobody_of(self) -> str:
        """Whose people convene and decide nothing here, in a sentence."""
        sides = [side.organisation for side in self._item.sides]
        arms = any(place.is_hub or place.arm == PROVIDER_ARM for place in sides)
        lead = ", nor of the provider arm of the lead provider" if arms else ""
        said = listed((side.name for side in self._item.sides), "or")
        return f"Nobody of {said}{lead}, nor anybody who acted for a side, convenes or decides."

    @cached_property
    def nobody_holds(self) -> list[str]:
        """What keeps it from going on: a role that nobody holds, and somebody who is to be replaced."""
        return self._registers[1]

    @cached_property
    def _registers(self) -> tuple[list[page_queries.OutOfIt], list[str]]:
        """What the registers say of those who convene and decide, asked together: much of it is the same question."""
        with asked_once(self._item):
            out = page_queries.who_is_kept_out(self._session, self._item)
            return out, [*nobody_eligible(self._session, self._item), *to_be_replaced(self._session, self._item)]

    @property
    def flash_point(self) -> tuple[int, str, str, str] | None:
        """(number, what goes wrong, the first response agreed, whom to ring) of the flash point it was raised with."""
        found = self._item.flash_point
        if found is None:
            return None
        return found.id, found.goes_wrong, found.first_response, found.whom_to_ring
