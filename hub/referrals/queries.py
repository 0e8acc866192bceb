"""What the referrer's own page reads: a fixed number of statements, however many referrals there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, exists, func, literal, or_, select, true, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session, aliased

from hub.accounts.models import UserAccount
from hub.engine.drafts import Draft
from hub.engine.models import Clock, ItemParty, WorkItem
from hub.engine.visibility import may_be_seen, names
from hub.referrals.models import Referral
from hub.web.item_rows import next_clock
from hub.web.paging import Cursor, Page, page_of
from workflows.actor import Actor
from workflows.referral import REFERRAL
from workflows.roles import Capacity

PAGE_SIZE: Final = 25
MOST_ASKED: Final = 50
MOST_ESCALATIONS: Final = 3
FOLLOWS: Final = ("admission", "placement")
"""Kinds that come of a referral; of them its referrer reads where they are and how they ended."""
ASKED_OF: Final = (
    ("referral", "returned", Capacity.REFERRER),
    ("task", "to_do", Capacity.REFERRER),
    ("admission", "more_needed", Capacity.ASKED),
)
"""Kind, state, and the capacity in which an organisation is waited for: what is asked of a referrer."""

_REFERRAL: Any = Referral.__table__


@dataclass(frozen=True)
class Asked:
    """One thing the hub waits for: the item, its clock, and what a returned form lacks."""

    item: WorkItem
    clock: Clock | None
    owed_on: str | None
    """Reference of the item it is owed on, for a task."""
    what_is_missing: str | None
    fields: Sequence[str]
    """Names of the answers that are asked for."""


@dataclass(frozen=True)
class Mine:
    """One referral of the organisation, with the items that came of it, oldest first."""

    item: WorkItem
    clock: Clock | None
    follows: Sequence[Any] = ()


def read_asked(session: Session, actor: Actor) -> list[Asked]:
    """What the hub waits for from this organisation, soonest due first, at most MOST_ASKED."""
    upper = aliased(WorkItem)
    ways = [
        and_(WorkItem.kind == kind, WorkItem.state == state, WorkItem.id.in_(_items_of(actor, kind, capacity)))
        for kind, state, capacity in ASKED_OF
    ]
    query = (
        select(WorkItem, next_clock, upper.reference, _REFERRAL.c.what_is_missing, _REFERRAL.c.fields_asked_for)
        .outerjoin(_REFERRAL, _REFERRAL.c.id == WorkItem.id)
        .outerjoin(upper, upper.id == WorkItem.parent_id)
        .outerjoin(next_clock, true())
        .where(WorkItem.is_open, or_(*ways))
        .order_by(WorkItem.next_due_at, WorkItem.id)
        .limit(MOST_ASKED)
    )
    return [
        Asked(item, clock, owed_on, missing, fields or ())
        for item, clock, owed_on, missing, fields in session.execute(query)
    ]


def read_drafts(session: Session, actor: Actor) -> Sequence[Any]:
    """Referrals that were begun and not sent, newest first: reference, title, opened_at, name of who began."""
    query = (
        select(WorkItem.reference, WorkItem.title, WorkItem.opened_at, UserAccount.name)
        .outerjoin(UserAccount, UserAccount.id == WorkItem.opened_by_id)
        .where(_is_mine(actor), WorkItem.is_open, WorkItem.is_draft)
        .order_by(WorkItem.opened_at.desc(), WorkItem.id.desc())
        .limit(PAGE_SIZE)
    )
    return session.execute(query).all()


def read_escalations(session: Session, actor: Actor) -> Sequence[Any]:
    """The first open escalations this organisation takes part in, soonest due first: reference, title, state."""
    theirs = select(ItemParty.item_id).where(
        ItemParty.kind == "escalation", ItemParty.until_at.is_(None), ItemParty.is_open, names(actor)
    )
    query = select(WorkItem.reference, WorkItem.title, WorkItem.state).where(WorkItem.id.in_(theirs))
    return session.execute(query.order_by(WorkItem.next_due_at, WorkItem.id).limit(MOST_ESCALATIONS)).all()


def read_begun(session: Session, actor: Actor) -> Mapping[str, datetime]:
    """New referrals this person was typing and never saved: which page, and when last."""
    rows = session.execute(
        select(Draft.action, func.max(Draft.saved_at).label("saved_at"))
        .where(Draft.user_id == actor.user_id, Draft.kind == REFERRAL.name, Draft.item_id.is_(None))
        .where(Draft.is_set_aside.is_(False))
        .group_by(Draft.action)
    )
    return {row.action: row.saved_at for row in rows}


def read_counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many referrals were sent: "open", "ended" and "all"."""
    query = (
        select(func.count().filter(_goes_on()), func.count())
        .select_from(WorkItem)
        .where(_is_mine(actor), WorkItem.is_draft.is_(False))
    )
    still, whole = session.execute(query).one()
    return {"open": int(still), "ended": int(whole - still), "all": int(whole)}


def read_mine(session: Session, actor: Actor, which: str, after: Cursor | None) -> Page[Mine]:
    """One page of what was sent, newest first; `which` is "open", "ended" or "all". Two statements."""
    query = select(WorkItem, next_clock).outerjoin(next_clock, true())
    query = query.where(_is_mine(actor), WorkItem.is_draft.is_(False))
    if which != "all":
        query = query.where(_goes_on() if which == "open" else ~_goes_on())
    if after:
        query = query.where(tuple_(WorkItem.opened_at, WorkItem.id) < tuple_(after.at, after.id))
    query = query.order_by(WorkItem.opened_at.desc(), WorkItem.id.desc()).limit(PAGE_SIZE + 1)
    rows = [Mine(*row) for row in session.execute(query)]
    page = page_of(rows, PAGE_SIZE, lambda row: Cursor(row.item.opened_at, row.item.id))
    follows = _follows(session, actor, [row.item.id for row in page.rows])
    return Page([Mine(row.item, row.clock, follows[row.item.id]) for row in page.rows], page.next)


def _follows(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, list[Any]]:
    """What came of each referral as far as the actor may see it: kind, reference, state. Asked even for none."""
    upper = aliased(WorkItem)
    rows = session.execute(
        select(WorkItem.kind, WorkItem.reference, WorkItem.state, WorkItem.parent_id, upper.parent_id.label("above"))
        .join(upper, upper.id == WorkItem.parent_id)
        .where(or_(WorkItem.parent_id.in_(ids), upper.parent_id.in_(ids)), WorkItem.kind.in_(FOLLOWS))
        .where(may_be_seen(actor, FOLLOWS))
        .order_by(WorkItem.id)
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.parent_id if row.parent_id in ids else row.above].append(row)
    return found


def _goes_on() -> ColumnElement[bool]:
    """Whether a referral, or anything that came of it, is still open: an accepted one is not over for its referrer."""
    child, below = aliased(WorkItem), aliased(WorkItem)
    below_goes_on = exists().where(below.parent_id == child.id, below.kind.in_(FOLLOWS), below.is_open)
    follows = exists().where(child.parent_id == WorkItem.id, child.kind.in_(FOLLOWS), or_(child.is_open, below_goes_on))
    return or_(WorkItem.is_open, follows)


def _is_mine(actor: Actor) -> ColumnElement[bool]:
    return and_(WorkItem.kind == REFERRAL.name, WorkItem.id.in_(_items_of(actor, REFERRAL.name, Capacity.REFERRER)))


def _items_of(actor: Actor, kind: str, capacity: Capacity) -> Select[int]:
    """The items of one kind on which the actor, or their organisation, holds a capacity now."""
    held = ItemParty.capacities.op("@>", is_comparison=True)(literal([str(capacity)], JSONB))
    return select(ItemParty.item_id).where(names(actor), ItemParty.until_at.is_(None), ItemParty.kind == kind, held)
