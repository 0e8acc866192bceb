"""The rows of Today's tables: what each says besides a worklist's row, and how the tables share their room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import workflows
from hub.engine.models import FAR
from hub.engine.rulebook import Rulebook
from hub.today.queries import Line
from hub.web.filters import listed as joined
from hub.worklist.rows import Row, row_of
from workflows.actor import Actor
from workflows.authority import with_article
from workflows.core import Action
from workflows.roles import Role


def shared_out(wanted: Sequence[int], most: int, least: int) -> list[int]:
    """How many of `most` rows each group gets: the first ones first, `least` kept back for every later one."""
    rooms: list[int] = []
    for place, number in enumerate(wanted):
        kept_back = sum(min(later, least) for later in wanted[place + 1 :])
        rooms.append(min(number, max(most - sum(rooms) - kept_back, 0)))
    return rooms


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of a table: its row, and what that table says besides."""

    row: Row
    owner: str
    """"Me", a name, or that nobody owns it."""
    arrived_at: datetime
    since: datetime | None
    """When it came into its state."""
    sender: str
    """Who referred the person."""
    asked_of: str
    """Who is waited for."""
    has_a_deadline: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Rows under one heading; `more` says in words how many there are in all when some are left out."""

    heading: str
    entries: list[Entry]
    more: str
    href: str


def entry_of(line: Line, actor: Actor, book: Rulebook, now: datetime) -> Entry:
    """One row as `actor` may read it at `now`."""
    row = row_of(line.found, actor, book, now)
    is_mine = line.found.item.owner_id == actor.user_id
    return Entry(
        row=row,
        owner="Me" if is_mine else row.owner or "Nobody yet",
        arrived_at=line.arrived_at,
        since=line.entered_at,
        sender=joined(name for name, capacities in line.parties if "referrer" in capacities),
        asked_of=_asked_of(line, row),
        has_a_deadline=line.found.item.next_due_at != FAR,
    )


def due(line: Line) -> tuple[datetime, int]:
    """What tables are ordered by."""
    return line.found.item.next_due_at, line.found.item.id


def _asked_of(line: Line, row: Row) -> str:
    """Who moves it on: the parties whose capacity may, else the owner, else the roles that may."""
    item = line.found.item
    workflow = workflows.ALL[item.kind]
    moves = [action for action in workflow.arrows(item.state) if _moves_on(action, item.state)]
    if workflow.wording_of(item.state).is_decision:
        moves = [action for action in moves if not workflow.is_open(action.dest_from(item.state))]
    able = {str(may.capacity) for action in moves for may in action.by if may.capacity}
    named = [name for name, capacities in line.parties if able & set(capacities)]
    if named and row.with_whom != "us":
        return joined(named)
    roles = dict.fromkeys(may.role for action in moves for may in action.by if may.role and _is_standing(may.role))
    return row.owner or joined((with_article(role) for role in roles), "or")


def _moves_on(action: Action, state: str) -> bool:
    return not action.abandons and action.dest_from(state) != state


def _is_standing(role: Role) -> bool:
    return role not in {Role.SYSTEM, Role.ON_CALL}
