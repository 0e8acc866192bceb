"""Disputes as one side reads them: what goes on whole, what is over in lines, and what each of ours did last.

Every statement begins at a live party row of the reader, so that another provider's dispute cannot come into it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, select, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, joinedload, selectinload

from hub.accounts.models import Membership
from hub.engine.models import ItemParty, Transition, WorkItem
from hub.engine.rulebook import Rulebook
from hub.engine.visibility import lets_in, visible
from hub.escalations.models import Escalation
from hub.escalations.side_models import Side
from hub.escalations.standing import SPOKE, kept_out_of_each
from hub.web.paging import Cursor, Page, page_of
from workflows.actor import Actor
from workflows.durations import local

MOST_OPEN: Final = 200
"""More disputes than any organisation has open; beyond it the worklist is the place."""
PAGE_SIZE: Final = 25
_JUDGED_BY: Final = (
    *("sides", "visits", "positions", "wishes", "speakers"),
    *("proposals", "acceptances", "seats", "agreed_actions", "clocks", "parties"),
)
"""Every relation that what a side is asked for depends on: loaded for all disputes at once, not for each."""
_DISPUTE: Any = Escalation.__table__
_SIDE: Any = Side.__table__


@dataclass(frozen=True, slots=True)
class Deed:
    """The last thing somebody of ours did on an item: its action, what was entered, and when."""

    action: str
    values: dict[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class Over:
    """A dispute that ended."""

    id: int
    reference: str
    title: str
    state: str
    dispute_kind: str
    closed_at: datetime
    is_raiser: bool | None
    """None for who was no side."""


@dataclass(frozen=True, slots=True)
class Disputes:
    """The disputes of one reader: those that go on, those that are over, and what ours did last on any of them."""

    book: Rulebook
    going: Sequence[Escalation]
    over: Page[Over]
    deeds: dict[int, Deed]


def read_disputes(
    session: Session, actor: Actor, book: Rulebook, now: datetime, after: Cursor | None = None, most: int = 0
) -> Disputes:
    """What goes on, soonest due first, and a page of what is over, newest first; a fixed number of statements.

    `most` rows of what is over, a page when left out.
    """
    going = _read_going(session, actor)
    over = _read_over(session, actor, after, most or PAGE_SIZE)
    _ask_registers(session, actor, going, now)
    ids = [*(item.id for item in going), *(each.id for each in over.rows)]
    return Disputes(book, going, over, _read_deeds(session, actor, ids) if ids else {})


def _read_going(session: Session, actor: Actor) -> Sequence[Escalation]:
    found = (
        select(ItemParty.item_id)
        .where(ItemParty.kind == "escalation", ItemParty.until_at.is_(None), ItemParty.is_open, lets_in(actor))
        .order_by(ItemParty.next_due_at, ItemParty.item_id)
        .limit(MOST_OPEN)
    )
    query = (
        visible(Escalation, actor)
        .where(WorkItem.id.in_(found), WorkItem.is_open)
        .options(*(selectinload(getattr(Escalation, name)) for name in _JUDGED_BY), joinedload(Escalation.convenor))
        .order_by(WorkItem.next_due_at, WorkItem.id)
    )
    return session.scalars(query).all()


def _read_over(session: Session, actor: Actor, after: Cursor | None, most: int) -> Page[Over]:
    query = (
        select(
            WorkItem.id,
            WorkItem.reference,
            WorkItem.title,
            WorkItem.state,
            _DISPUTE.c.dispute_kind,
            WorkItem.closed_at,
            _SIDE.c.is_raiser,
        )
        .join(_DISPUTE, _DISPUTE.c.id == WorkItem.id)
        .outerjoin(_SIDE, and_(_SIDE.c.item_id == WorkItem.id, _SIDE.c.organisation_id == actor.organisation_id))
        .where(WorkItem.kind == "escalation", WorkItem.is_open.is_(False), _is_party(actor))
        .order_by(WorkItem.closed_at.desc(), WorkItem.id.desc())
        .limit(most + 1)
    )
    if after is not None:
        query = query.where(tuple_(WorkItem.closed_at, WorkItem.id) < tuple_(after.at, after.id))
    rows = [Over(*found) for found in session.execute(query)]
    return page_of(rows, most, lambda ended: Cursor(ended.closed_at, ended.id))


def _is_party(actor: Actor) -> ColumnElement[bool]:
    return exists().where(ItemParty.item_id == WorkItem.id, ItemParty.until_at.is_(None), lets_in(actor))


def _read_deeds(session: Session, actor: Actor, ids: Iterable[int]) -> dict[int, Deed]:
    query = (
        select(Transition.item_id, Transition.action, Transition.values, Transition.at)
        .join(Membership, Membership.id == Transition.acting_as)
        .where(Transition.item_id.in_(ids), Membership.organisation_id == actor.organisation_id)
        .order_by(Transition.item_id, Transition.position.desc())
        .ext(distinct_on(Transition.item_id))
    )
    return {item_id: Deed(action, values, at) for item_id, action, values, at in session.execute(query)}


def _ask_registers(session: Session, actor: Actor, going: Sequence[Escalation], now: datetime) -> None:
    """What the guards ask of registers and history, asked for all disputes at once and kept with each of them."""
    if not going:
        return
    out = kept_out_of_each(session, going, actor.hands, local(now).date())
    spoke: dict[int, set[int]] = defaultdict(set)
    for item_id, *hands in session.execute(_who_spoke_here([item.id for item in going])):
        spoke[item_id] |= {hand for hand in hands if hand is not None}
    for item in going:
        kept = {("kept_out", actor.hands): out[item.id], ("spoke", item.state): frozenset(spoke[item.id])}
        item.__dict__["register_answers"] = kept


def _who_spoke_here(ids: Sequence[int]) -> Select[*tuple[Any, ...]]:
    """`who_spoke_at` the stage each dispute is in: item, who acted, and whom they stood in for."""
    return (
        select(Transition.item_id, Transition.actor_id, Transition.on_behalf_of)
        .join(WorkItem, WorkItem.id == Transition.item_id)
        .join(Membership, Membership.id == Transition.acting_as)
        .join(_SIDE, and_(_SIDE.c.item_id == WorkItem.id, _SIDE.c.organisation_id == Membership.organisation_id))
        .where(WorkItem.id.in_(ids), Transition.from_state == WorkItem.state, Transition.action.in_(SPOKE))
        .distinct()
    )
