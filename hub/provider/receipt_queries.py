"""What the reader's own organisation sent, as history keeps it: never what anybody else did.

A row counts when whoever acted did so under a membership of the reader's organisation, on an item that the reader may
see, or could before its access ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, false, literal, not_, or_, select, true, union_all
from sqlalchemy.orm import Session, aliased

import workflows
from hub.accounts.models import Membership, UserAccount
from hub.engine.models import ItemParty, Transition, WorkItem
from hub.engine.visibility import history_seen_by, is_a_party_to, lets_in
from hub.organisations.models import Organisation, Unit
from hub.web.paging import Cursor, Page, page_of
from workflows.actor import Actor

PAGE_SIZE: Final = 25
Names = Mapping[tuple[str, int], str]
"""("person", 7) to a name; also "organisation" and "unit"."""


@dataclass(frozen=True, slots=True)
class Sent:
    """One history row of ours: who acted, for whom they stood in, and the item."""

    row: Transition
    who: str
    on_behalf_of: str | None
    item_id: int
    kind: str
    reference: str
    case_id: int | None
    is_open_to_reader: bool
    """The reader may open the item now; else its words are not shown any more."""


def read_sent(session: Session, actor: Actor, after: Cursor | None = None, *, most: int = 0) -> Page[Sent]:
    """A page of what ours sent, newest first; one statement. `most` rows, a page when left out."""
    most = most or PAGE_SIZE
    newest = _of_one_member(actor)
    if after is not None:
        newest = newest.where(Transition.id < after.id)
    rows = newest.order_by(Transition.id.desc()).limit(most + 1).lateral("newest")
    found = (
        select(rows.c.id)
        .select_from(Membership)
        .join(rows, true())
        .where(_is_of_ours(actor))
        .order_by(rows.c.id.desc())
        .limit(most + 1)
        .subquery("found")
    )
    query = _whole(actor).join(found, found.c.id == Transition.id).order_by(Transition.id.desc())
    return page_of([Sent(*row) for row in session.execute(query)], most, lambda sent: Cursor(sent.row.at, sent.row.id))


def find_sent(session: Session, actor: Actor, number: int) -> Sent | None:
    """The row of ours with this number; None for every other number."""
    of_ours = exists().where(Membership.id == Transition.acting_as, _is_of_ours(actor))
    found = session.execute(_whole(actor).where(Transition.id == number, of_ours, *_counts(actor))).one_or_none()
    return Sent(*found) if found is not None else None


def read_names(session: Session, wanted: Mapping[str, set[int]]) -> Names:
    """The people, organisations and units behind the numbers of answers; one statement, none when there are none."""
    tables: dict[str, Any] = {"person": UserAccount, "organisation": Organisation, "unit": Unit}
    parts = [
        select(literal(kind), tables[kind].id, tables[kind].name).where(tables[kind].id.in_(ids))
        for kind, ids in wanted.items()
        if ids
    ]
    return {(kind, number): name for kind, number, name in session.execute(union_all(*parts))} if parts else {}


def _is_of_ours(actor: Actor) -> ColumnElement[bool]:
    return Membership.organisation_id == actor.organisation_id if actor.organisation_id is not None else false()


def _of_one_member(actor: Actor) -> Select[int]:
    """The rows of one membership, for a lateral join: each reads its own newest from the index and no more."""
    return (
        select(Transition.id)
        .join(WorkItem, WorkItem.id == Transition.item_id)
        .where(Transition.acting_as == Membership.id, *_counts(actor))
        .correlate(Membership)
    )


def _counts(actor: Actor) -> list[ColumnElement[bool]]:
    """What was sent, on an item whose party the reader is or was; what is being written counts when it is sent."""
    drafts = [
        and_(WorkItem.kind == name, Transition.to_state.in_(sorted(map(str, workflow.drafts))))
        for name, workflow in workflows.ALL.items()
        if workflow.drafts
    ]
    ever = exists().where(ItemParty.item_id == Transition.item_id, lets_in(actor))
    return [ever, history_seen_by(actor), WorkItem.is_draft.is_(False), not_(or_(false(), *drafts))]


def _whole(actor: Actor) -> Select[*tuple[Any, ...]]:
    behalf = aliased(UserAccount)
    return (
        select(
            Transition,
            UserAccount.name,
            behalf.name,
            WorkItem.id,
            WorkItem.kind,
            WorkItem.reference,
            WorkItem.case_id,
            is_a_party_to(actor),
        )
        .join(WorkItem, WorkItem.id == Transition.item_id)
        .join(UserAccount, UserAccount.id == Transition.actor_id)
        .outerjoin(behalf, behalf.id == Transition.on_behalf_of)
    )
