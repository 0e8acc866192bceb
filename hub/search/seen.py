"""Which people, cases and items a search may find for somebody: `may_be_seen`, asked of one candidate at a time.

An `EXISTS` inside an `OR` lets the database read a whole table to answer it at once; a scalar sub-select with a limit
is always one index probe for one row.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, literal_column, or_, select, true
from sqlalchemy.sql.selectable import FromClause

import workflows
from hub.cases.models import CareCase, CaseSeal
from hub.engine.models import WorkItem
from hub.engine.visibility import (
    EMERGENCY_KINDS,
    OPEN_KINDS,
    OPENS_NO_CASE,
    View,
    began_by,
    keeps_the_name,
    may_be_seen,
    person_may_be_known,
    view_of,
)
from workflows.actor import Actor

KINDS: tuple[str, ...] = tuple(sorted(workflows.ALL))


def views_of(actor: Actor) -> set[View]:
    """What the actor's role sees of the kinds about people: one that everybody may read says nothing of them."""
    return {view_of(kind, actor) for kind in KINDS if kind not in OPEN_KINDS}


def knows_everybody(actor: Actor) -> bool:
    """Whether the role opens every case that is not sealed, as the case page has it."""
    return View.ALL in views_of(actor)


def sees_the_trail_alone(actor: Actor) -> bool:
    """Whether the role is told who looked at a case and nothing of whose it is."""
    return View.HISTORY in views_of(actor)


def told_names(actor: Actor) -> Actor:
    """The actor as names count: a role that sees cost or history alone is told whose an item is by no search.

    What such a person is a party to, or sees while on call, is found as by anybody else.
    """
    return replace(actor, role=None) if views_of(actor) & {View.COST, View.HISTORY} else actor


def item_is_seen(actor: Actor, item_id: Any, *outside: FromClause) -> ColumnElement[bool]:
    """Whether the actor may see the item of this id, a column of the tables `outside`."""
    return _probe(WorkItem.id == item_id, may_be_seen(actor, KINDS), of=outside)


def item_is_told(actor: Actor, item_id: Any, *outside: FromClause) -> ColumnElement[bool]:
    """Whether the actor may find the item by the name of a person; a draft outside the hub is its writer's alone.

    What an approached unit keeps of an approach that ended is found by its reference alone.
    """
    conditions = [WorkItem.id == item_id, may_be_seen(told_names(actor), KINDS), person_may_be_known(actor)]
    if not actor.is_hub:
        conditions.append(or_(WorkItem.is_draft.is_(False), began_by(actor)))
    kept_back = [kind for kind in KINDS if keeps_the_name(kind, actor)]
    if kept_back:
        limit = select(CareCase.sharing_restricted).where(CareCase.id == WorkItem.case_id).correlate(WorkItem)
        conditions.append(or_(WorkItem.kind.not_in(kept_back), limit.scalar_subquery().is_not(True)))
    return _probe(*conditions, of=outside)


def is_not_sealed(actor: Actor) -> ColumnElement[bool]:
    """Whether a case is open to those whose role opens cases: not sealed, or sealed and naming the actor."""
    named = exists().where(CaseSeal.case_id == CareCase.id, CaseSeal.user_id == actor.user_id)
    return or_(CareCase.is_sealed.is_(False), named)


def person_is_seen(actor: Actor, patient_id: Any, *outside: FromClause) -> ColumnElement[bool]:
    """Whether one of the person's cases is open to the actor, for a role that opens cases."""
    asked = select(true()).where(CareCase.patient_id == patient_id, is_not_sealed(actor))
    return asked.limit(literal_column("1")).correlate(*outside).scalar_subquery().is_(True)


def case_is_seen(actor: Actor) -> ColumnElement[bool]:
    """Whether the actor may open a case: by role, on call for an emergency of it, or for an item of it they see."""
    of_the_case = CareCase.__table__
    leads_on = WorkItem.kind.not_in(OPENS_NO_CASE)
    ways = [_probe(WorkItem.case_id == CareCase.id, leads_on, may_be_seen(actor, KINDS), of=(of_the_case,))]
    if views_of(actor) & {View.ALL, View.HISTORY}:
        ways.append(is_not_sealed(actor))
    if actor.is_on_call:
        emergency = _probe(
            WorkItem.case_id == CareCase.id,
            WorkItem.kind.in_(EMERGENCY_KINDS),
            WorkItem.priority == "emergency",
            WorkItem.is_draft.is_(False),
            of=(of_the_case,),
        )
        ways.append(and_(emergency, is_not_sealed(actor)))
    return or_(*ways)


def _probe(*conditions: ColumnElement[bool], of: tuple[FromClause, ...]) -> ColumnElement[bool]:
    asked = select(true()).where(*conditions).limit(literal_column("1")).correlate(*of)
    return asked.scalar_subquery().is_(True)
