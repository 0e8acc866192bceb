"""Which open items a person may see, in order, by a query that stops early: the same rows as `visible()` gives.

An `EXISTS` inside an `OR` lets the database read a whole table to answer it at once; a scalar sub-select with a limit
is always one index probe for one row. An organisation's list starts on its own party rows, which carry the due time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    and_,
    case,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

import workflows
from hub.cases.models import CareCase, CaseSeal
from hub.db import Base
from hub.engine.models import FAR, Clock, ItemParty, WorkItem
from hub.engine.visibility import EMERGENCY_KINDS, View, is_of_the_organisation, lets_in, opens_by_organisation, view_of
from hub.web.paging import Cursor
from hub.worklist.filters import ME, NOBODY, Filters, due_spans, joined_spans, needed_states
from workflows.core import Actor
from workflows.roles import Capacity

Conditions = list[ColumnElement[bool]]
Query = Select[*tuple[Any, ...]]
KINDS: tuple[str, ...] = tuple(sorted(workflows.ALL))


def listed(
    actor: Actor,
    filters: Filters,
    now: datetime,
    most: int,
    after: Cursor | None = None,
    *,
    looks_at: int | None = None,
) -> Query:
    """The first `most` open items after `after` that `actor` may see and `filters` lets through: columns due and id.

    `looks_at`: for a count, look only so many rows down an organisation's list; `widest` says where that matters.
    """
    branches = _branches(actor, filters, now, after, looks_at)
    cut = [_in_order(branch, most) for branch in branches]
    if len(cut) == 1:
        return cut[0]
    found = union_all(*(select(part.subquery()) for part in cut)).subquery("found")
    return _in_order(select(found.c.due, found.c.id).distinct(), most)


def _in_order(query: Query, most: int) -> Query:
    # The limit is written into the statement: behind a parameter a prepared plan would expect a tenth of the table.
    due, identity = query.selected_columns
    return query.order_by(due, identity).limit(literal_column(str(most)))


def widest(actor: Actor, filters: Filters) -> Filters | None:
    """The list whose rows are looked at one by one to count `filters` for an organisation; None when none are."""
    if actor.is_hub or not _of_the_item(filters, actor):
        return None
    return Filters(kind=filters.kind, due=filters.due, before=filters.before)


def is_counted_fast(filters: Filters, actor: Actor) -> bool:
    """Whether an index alone counts a list: by kind and due, and by owner for who sees every kind."""
    sees_all_kinds = all(view_of(kind, actor) is not View.NONE for kind in KINDS)
    by_index = Filters(kind=filters.kind, due=filters.due, before=filters.before)
    return filters == (replace(by_index, owner=filters.owner) if sees_all_kinds else by_index)


def _branches(
    actor: Actor, filters: Filters, now: datetime, after: Cursor | None, looks_at: int | None = None
) -> list[Query]:
    by_role = [kind for kind in KINDS if view_of(kind, actor) is not View.NONE]
    sees_all_kinds = len(by_role) == len(KINDS)
    if filters.organisation is not None and sees_all_kinds:
        named = and_(
            ItemParty.organisation_id == filters.organisation,
            ItemParty.capacities.op("@>", is_comparison=True)(literal([str(Capacity.REFERRER)], JSONB)),
        )
        rest = Filters(**{**vars(filters), "organisation": None})
        return [_from_parties(named, rest, actor, now, after, [or_(_by_role(actor, by_role), _is_party(actor))])]
    if sees_all_kinds:
        return [_from_items([or_(_by_role(actor, by_role), _is_party(actor))], filters, actor, now, after)]
    branches = [_from_parties(ItemParty.user_id == actor.user_id, filters, actor, now, after)]
    if actor.organisation_id is not None:
        conditions = [opens_by_organisation(actor)] if actor.is_hub else []
        # The hub's own rows show few of its items, so there a look at the first ones would say nothing.
        looks_at = None if actor.is_hub else looks_at
        branches.append(_from_parties(is_of_the_organisation(actor), filters, actor, now, after, conditions, looks_at))
    if by_role:
        branches.append(_from_items([_by_role(actor, by_role)], filters, actor, now, after))
    if actor.is_on_call:
        emergency = and_(WorkItem.priority == "emergency", _by_role(actor, sorted(EMERGENCY_KINDS & set(KINDS))))
        branches.append(_from_items([emergency], filters, actor, now, after))
    return branches


def _from_items(conditions: Conditions, filters: Filters, actor: Actor, now: datetime, after: Cursor | None) -> Query:
    query = select(WorkItem.next_due_at.label("due"), WorkItem.id.label("id")).where(WorkItem.is_open, *conditions)
    query = query.where(*_due_and_kind(filters, now, WorkItem.next_due_at, WorkItem.kind))
    query = query.where(*_of_the_item(filters, actor))
    if filters.owner == NOBODY:
        # To the planner a column that IS NULL is not one value: named first, the index gives the rows in order.
        query = query.order_by(WorkItem.owner_id)
    return query.where(tuple_(WorkItem.next_due_at, WorkItem.id) > tuple_(after.at, after.id)) if after else query


def _from_parties(
    named: ColumnElement[bool],
    filters: Filters,
    actor: Actor,
    now: datetime,
    after: Cursor | None,
    conditions: Sequence[ColumnElement[bool]] = (),
    looks_at: int | None = None,
) -> Query:
    """From the party rows, whose copies of due time and kind the engine keeps; one item may have several rows."""
    query = select(ItemParty.next_due_at.label("due"), ItemParty.item_id.label("id"))
    query = query.where(ItemParty.is_open, ItemParty.until_at.is_(None), named)
    query = query.where(*_due_and_kind(filters, now, ItemParty.next_due_at, ItemParty.kind))
    if after:
        query = query.where(tuple_(ItemParty.next_due_at, ItemParty.item_id) > tuple_(after.at, after.id))
    of_the_item = [*conditions, *_of_the_item(filters, actor)]
    if of_the_item and looks_at is not None:
        first = _in_order(query, looks_at).subquery("first")
        return (
            select(first.c.due, first.c.id).distinct().where(_probe(WorkItem.id == first.c.id, *of_the_item, of=first))
        )
    if of_the_item:
        query = query.where(_probe(WorkItem.id == ItemParty.item_id, *of_the_item, of=ItemParty))
    return query.distinct()


def _due_and_kind(filters: Filters, now: datetime, due: Any, kind: Any) -> Conditions:
    found: Conditions = []
    spans = joined_spans(filters.due, now)
    if spans:
        whole = (spans[0][0], spans[-1][1])
        found.append(_within(due, *whole))
        if len(spans) > 1:
            found.append(or_(*(_within(due, *span) for span in spans)))
    if filters.where == ("paused",) and not _states("paused"):
        # Only standing clocks make an item paused, and those items stand together at the far end.
        found.append(due == FAR)
    if filters.before is not None:
        found.append(due < filters.before)
    if filters.arrived is not None:
        # No clock of such an item is due before it arrived: the index skips all that has been late for longer.
        found.append(due >= filters.arrived)
    if filters.state:
        found.append(kind == filters.state.partition(".")[0])
    if filters.kind:
        found.append(kind == filters.kind[0] if len(filters.kind) == 1 else kind.in_(filters.kind))
    return found


def _within(due: Any, start: datetime | None, end: datetime | None) -> ColumnElement[bool]:
    parts: Conditions = [true()]
    if start is not None:
        parts.append(due >= start)
    if end is not None:
        parts.append(due < end)
    return and_(*parts)


def _of_the_item(filters: Filters, actor: Actor) -> Conditions:
    found: Conditions = []
    if filters.priority:
        found.append(WorkItem.priority.in_(filters.priority))
    if filters.where:
        found.append(place_of_item().in_(filters.where))
    if filters.needs:
        found.append(or_(*(in_states(needed_states(need, actor)) for need in filters.needs)))
    if filters.state:
        found.append(WorkItem.state == filters.state.partition(".")[2])
    if filters.arrived is not None:
        found += [WorkItem.is_draft.is_(False), arrived_at() >= filters.arrived]
    if filters.owner == NOBODY:
        found.append(WorkItem.owner_id.is_(None))
    elif filters.owner:
        found.append(WorkItem.owner_id == (actor.behind_id if filters.owner == ME else int(filters.owner)))
    if filters.organisation is not None:
        found.append(
            _probe(
                ItemParty.item_id == WorkItem.id,
                ItemParty.until_at.is_(None),
                ItemParty.organisation_id == filters.organisation,
                ItemParty.capacities.op("@>", is_comparison=True)(literal([str(Capacity.REFERRER)], JSONB)),
            )
        )
    return found


def place_of_item() -> ColumnElement[str]:
    """Where an item is: us, others or paused, from its state's wording; paused too while all its clocks stand still."""
    standing = _probe(Clock.item_id == WorkItem.id, Clock.stopped_at.is_(None), Clock.paused_at.is_not(None))
    return case(
        (or_(in_states(_states("paused")), and_(WorkItem.next_due_at == FAR, standing)), "paused"),
        (in_states(_states("others")), "others"),
        else_="us",
    )


def arrived_at() -> ColumnElement[datetime]:
    """When an item arrived: from when its first clock counts, else when it was opened."""
    first = select(func.min(Clock.started_at)).where(Clock.item_id == WorkItem.id).correlate(WorkItem)
    return func.coalesce(first.scalar_subquery(), WorkItem.opened_at)


def need_of_item(actor: Actor) -> ColumnElement[str]:
    """What an item waits for, as the filter names it; nothing for most."""
    need = "decision" if actor.is_hub else "answer"
    return case((in_states(needed_states(need, actor)), need), else_="")


def due_of_item(now: datetime) -> ColumnElement[str]:
    """Which due filter an item falls under."""
    spans = due_spans(now)
    return case(*((WorkItem.next_due_at < end, name) for name, (_, end) in spans.items() if end), else_="none")


def in_states(wanted: Mapping[str, Sequence[str]]) -> ColumnElement[bool]:
    """Whether an item is in one of these states, given by kind."""
    found = [and_(WorkItem.kind == kind, WorkItem.state.in_(states)) for kind, states in wanted.items()]
    return or_(*found) if found else literal(False)


def _states(with_whom: str) -> dict[str, list[str]]:
    """The open states of each kind whose wording says so; kinds without any left out."""
    found = {
        kind: [state for state in workflow.open_states if workflow.wording_of(state).with_whom == with_whom]
        for kind, workflow in workflows.ALL.items()
    }
    return {kind: states for kind, states in found.items() if states}


def _by_role(actor: Actor, kinds: Sequence[str]) -> ColumnElement[bool]:
    return and_(WorkItem.kind.in_(kinds), WorkItem.is_draft.is_(False), _is_open_to(actor))


def _is_open_to(actor: Actor) -> ColumnElement[bool]:
    named = exists().where(CaseSeal.case_id == CareCase.id, CaseSeal.user_id == actor.user_id)
    is_closed = select(and_(CareCase.is_sealed, ~named)).where(CareCase.id == WorkItem.case_id)
    return func.coalesce(is_closed.correlate(WorkItem).scalar_subquery(), literal(False)).is_(False)


def _is_party(actor: Actor) -> ColumnElement[bool]:
    return _probe(ItemParty.item_id == WorkItem.id, ItemParty.until_at.is_(None), lets_in(actor))


def _probe(*conditions: ColumnElement[bool], of: type[Base] | Subquery = WorkItem) -> ColumnElement[bool]:
    """Whether there is such a row, asked by one index probe for each row of `of`."""
    asked = select(true()).where(*conditions).limit(literal_column("1")).correlate(of)
    return asked.scalar_subquery().is_(True)
