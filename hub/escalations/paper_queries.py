"""What the paper of a whole dispute reads besides the dispute: its whole history, its documents, and names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from hub.accounts.models import Membership, UserAccount
from hub.documents.models import Document
from hub.documents.queries import is_read_by
from hub.engine.clock_names import ClockNames
from hub.engine.models import Clock
from hub.engine.reading import Reading, lines_of, names_in
from hub.engine.rulebook import rulebook
from hub.engine.visibility import View, history_seen_by
from hub.escalations.models import Escalation
from hub.organisations.models import Organisation
from hub.patients.models import Patient
from workflows.actor import Actor

EVERY_SIDE = Actor(user_id=None, name="everybody who takes part")
"""Reads what all who take part may read, and nothing that one of them or the hub keeps to itself."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One document and whose it is."""

    document: Document
    organisation: str


def whole(session: Session, reading: Reading, actor: Actor) -> Reading:
    """The same reading with every row of history that the actor may read, and with whom it is about."""
    case = reading.item.case
    if case is not None:
        set_committed_value(case, "patient", session.get(Patient, case.patient_id))
    lines = lines_of(session, reading.item, history_seen_by(actor), None)
    return replace(reading, lines=lines, names=names_in(session, reading.item, lines))


def read_for_all(session: Session, item: Escalation) -> Reading:
    """The dispute as all who take part may read it, as an action has just left it in this transaction."""
    session.flush()
    session.expire(item, [*item.needs_loaded, "issues", "convenor", "interim_funder", "flash_point"])
    clocks = select(Clock).where(Clock.item_id == item.id).order_by(Clock.id)
    reading = Reading(
        item=item,
        clocks=session.scalars(clocks, execution_options={"populate_existing": True}).all(),
        parties=(),
        lines=(),
        book=rulebook(session),
        view=View.ALL,
        offers=(),
        everyday=(),
        related=(),
        names={},
        clock_names=ClockNames(),
    )
    return whole(session, reading, EVERY_SIDE)


def evidence_of_all(session: Session, item: Any, actor: Actor) -> list[Evidence]:
    """Every document that this reader may know of, those taken back too, the oldest first."""
    rows = session.execute(
        select(Document, Organisation.name)
        .outerjoin(Membership, Membership.id == Document.acting_as)
        .outerjoin(Organisation, Organisation.id == Membership.organisation_id)
        .where(Document.item_id == item.id)
        .order_by(Document.id)
    )
    return [Evidence(row, name or "") for row, name in rows if is_read_by(row, View.ALL, actor)]


def people_of(session: Session, item: Escalation) -> dict[int, str]:
    """Everybody who did something in a dispute, or for whom it was done, id to name."""
    rows: Sequence[Any] = [
        *(*item.positions, *item.proposals, *item.acceptances, *item.facts),
        *item.agreed_actions,
        item,
    ]
    names = ("by_id", "for_id", "claimed_by_id", "answered_by_id", "determined_by_id", "determined_for_id")
    wanted = {getattr(row, name, None) for row in rows for name in (*names, "accepted_by_id")} - {None}
    found = session.execute(select(UserAccount.id, UserAccount.name).where(UserAccount.id.in_(wanted)))
    return {int(identity): str(name) for identity, name in found}
