"""Whom a stay's page is about: the whole banner for the hub, and for the unit what it treats the person by."""

from dataclasses import replace

from flask import g

from hub.cases.banner import Banner, banner_of_case
from hub.engine.authority import is_party
from hub.stays.models import Stay
from workflows.actor import Actor
from workflows.roles import Capacity
from workflows.stay import THERE


def banner_of_stay(stay: Stay) -> Banner | None:
    """The banner for who asks now; the stay's case is loaded by `banner_loads`.

    The unit knows whom it treats, and the law while the person is there: what became of them later is not told by the
    banner of a stay that ended. Alerts, and why sharing is restricted, are the hub's to tell.
    """
    if stay.case is None:
        return None
    if not g.actor.is_hub and not _treats(stay, g.actor):
        return banner_of_case(stay.case, g.now, is_hub=False)
    whole = banner_of_case(stay.case, g.now, is_hub=True)
    if g.actor.is_hub:
        return whole
    restriction = "ask the hub before you share" if whole.restriction else ""
    return replace(whole, law=whole.law if stay.state in THERE else None, restriction=restriction, alerts=())


def _treats(stay: Stay, actor: Actor) -> bool:
    live = (party for party in stay.parties if party.until_at is None and is_party(actor, party))
    return any(Capacity.TREATING in party.capacities for party in live)
