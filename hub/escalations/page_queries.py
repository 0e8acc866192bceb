"""What a dispute's page reads besides the dispute: each side's evidence, and who of those who convene is kept out."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub.accounts.models import Membership
from hub.documents.models import Document
from hub.documents.queries import is_read_by
from hub.engine.visibility import View
from hub.escalations.standing import DECIDE, convening_roles, kept_out, who_holds
from hub.organisations.models import Organisation
from workflows.actor import Actor
from workflows.conflicts import KeptOut, Why
from workflows.escalation.states import STAGES


@dataclass(frozen=True, slots=True)
class OutOfIt:
    """Somebody who may neither convene nor decide, and every reason why."""

    name: str
    reasons: tuple[KeptOut, ...]


def evidence_of(session: Session, item: Any, view: View, actor: Actor) -> dict[int, list[Document]]:
    """By organisation: the documents that its people added and this reader may open, the oldest first."""
    rows = session.execute(
        select(Document, Membership.organisation_id)
        .join(Membership, Membership.id == Document.acting_as)
        .where(Document.item_id == item.id, Document.taken_back_at.is_(None))
        .order_by(Document.id)
    )
    found: dict[int, list[Document]] = defaultdict(list)
    for document, organisation_id in rows:
        if is_read_by(document, view, actor):
            found[organisation_id].append(document)
    return dict(found)


def owner_names(session: Session, item: Any) -> dict[int, str]:
    """Every organisation that an action of a proposal belongs to, id to name; those of the sides cost no statement."""
    known = {side.organisation_id: side.name for side in item.sides}
    named = {row["owner_organisation_id"] for proposal in item.proposals for row in proposal.actions} - set(known)
    if named:
        rows = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(named)))
        known |= {int(identity): str(name) for identity, name in rows}
    return known


def who_is_kept_out(session: Session, item: Any) -> list[OutOfIt]:
    """Those who would convene such a dispute, or sit on its panel, and may not; by name.

    The hub's coordinators and case managers, or outside members where the hub is one of the sides; at the last stage
    also those who would sit on a panel, but for whoever only belongs to a side: `nobody_of` says that of all of them.
    """
    names = who_holds(session, item, convening_roles(item)) | {seat.user_id: seat.name for seat in item.panel}
    if item.convenor is not None:
        names[item.convenor.id] = item.convenor.name
    more = who_holds(session, item, DECIDE) if item.state == STAGES[-1] else {}
    found = kept_out(session, item, names | more)
    out = {
        user_id: OutOfIt((names | more)[user_id], why)
        for user_id, why in found.items()
        if why and (user_id in names or any(each.why is not Why.BELONGS for each in why))
    }
    return sorted(out.values(), key=lambda each: each.name.casefold())
