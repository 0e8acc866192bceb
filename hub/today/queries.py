"""What Today reads: the rulebook with the rota, the numbers, the rows; one statement each, however much there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, literal, null, select, union_all
from sqlalchemy.orm import Session, joinedload

from hub.accounts.models import OnCallShift, UserAccount
from hub.engine.models import ItemParty, Transition, WorkItem
from hub.engine.rulebook import Rulebook, RulebookState, rulebook_at
from hub.organisations.models import Arm, Organisation
from hub.today.lists import Tables
from hub.worklist.filters import Filters
from hub.worklist.queries import MOST_COUNTED, Listed, rows_of
from hub.worklist.seen import Query, arrived_at, listed
from workflows.actor import Actor

ROTA_AHEAD = timedelta(days=90)
"""More than any policy set looks ahead for gaps."""


@dataclass(frozen=True)
class Number:
    """A capped count of one list, the due moment of its first item, and how many of the counted ones are late."""

    count: int
    first_due: datetime | None
    late: int


@dataclass(frozen=True)
class Line:
    """One item of a table."""

    found: Listed
    arrived_at: datetime
    entered_at: datetime | None
    """When it came into the state it is in."""
    parties: tuple[tuple[str, tuple[str, ...]], ...]
    """Name and capacities of each live party outside the hub; empty for a reader outside the hub."""


def read_ground(session: Session, actor: Actor, now: datetime) -> tuple[Rulebook, list[OnCallShift]]:
    """The rulebook, and for the hub the shifts of the coming weeks with their people, in order."""
    soon = and_(OnCallShift.until_at > now, OnCallShift.from_at < now + ROTA_AHEAD, literal(actor.is_hub))
    people = (joinedload(OnCallShift.user), joinedload(OnCallShift.deputy))
    query = select(RulebookState.version, OnCallShift).outerjoin(OnCallShift, soon).options(*people)
    rows = session.execute(query.order_by(OnCallShift.from_at)).all()
    return rulebook_at(session, int(rows[0][0])), [shift for _, shift in rows if shift is not None]


def read_numbers(
    session: Session, actor: Actor, lists: Mapping[str, Filters], now: datetime, besides: Sequence[Query] = ()
) -> dict[str, Number]:
    """The numbers of `lists`, by name; two names for one list are counted once. `besides`: more rows of this shape."""
    names = {filters: name for name, filters in lists.items()}
    parts: list[Query] = [*besides]
    for filters, name in names.items():
        inside = listed(actor, filters, now, MOST_COUNTED + 1).subquery()
        late = func.count().filter(inside.c.due <= now)
        parts.append(select(literal(name), func.count(), func.min(inside.c.due), late).select_from(inside))
    found = {row[0]: Number(*row[1:]) for row in session.execute(union_all(*parts))}
    return found | {name: found[names[filters]] for name, filters in lists.items()}


def read_lines(session: Session, actor: Actor, tables: Tables, now: datetime) -> dict[str, list[Line]]:
    """The rows of `tables`, by name, each soonest due first."""
    parts: list[Query] = []
    for name, (filters, most) in tables.items():
        inside = listed(actor, filters, now, most).subquery()
        parts.append(select(literal(name).label("name"), inside.c.due, inside.c.id))
    found = union_all(*parts).subquery("found")
    query = rows_of(found).add_columns(
        arrived_at(), _entered_at(), _parties() if actor.is_hub else null(), found.c.name
    )
    lines: dict[str, list[Line]] = {name: [] for name in tables}
    for *row, arrived, entered, parties, name in session.execute(query):
        named = tuple((party, tuple(capacities)) for party, capacities in parties or ())
        lines[name].append(Line(Listed(*row), arrived, entered, named))
    return lines


def _entered_at() -> Any:
    moved = select(Transition.at).where(
        Transition.item_id == WorkItem.id,
        Transition.to_state == WorkItem.state,
        Transition.from_state.is_distinct_from(Transition.to_state),
    )
    return moved.order_by(Transition.position.desc()).limit(1).correlate(WorkItem).scalar_subquery()


def _parties() -> Any:
    named = func.jsonb_build_array(func.coalesce(UserAccount.name, Organisation.name), ItemParty.capacities)
    who = (
        select(func.jsonb_agg(named))
        .select_from(ItemParty)
        .outerjoin(Organisation, Organisation.id == ItemParty.organisation_id)
        .outerjoin(UserAccount, UserAccount.id == ItemParty.user_id)
        .where(ItemParty.item_id == WorkItem.id, ItemParty.until_at.is_(None))
        .where(Organisation.arm.is_distinct_from(Arm.HUB))
    )
    return who.correlate(WorkItem).scalar_subquery()
