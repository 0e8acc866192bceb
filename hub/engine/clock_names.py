"""What a clock is called: between sides its name says whose it is, as in "Reply, Larkwood Care"."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

import workflows
from hub.db import Base
from hub.engine.models import WorkItem
from workflows.core import in_words, upper_first

_ORGANISATION = "organisation:"


@dataclass(frozen=True)
class ClockNames:
    """Names of the clocks of some items; of a clock that was not asked for, what it is without whose it is."""

    owners: Mapping[tuple[int, str], int] = field(default_factory=dict)
    """(item, own row) to the organisation that has it."""
    places: Mapping[int, str] = field(default_factory=dict)
    """Organisation to its name."""

    def title(self, kind: str, item_id: int, name: str, per: str | None) -> str:
        """What the clock `name` of an item is called on a page: "Reply, Larkwood Care". It begins with a capital."""
        plain = title_of(kind, name)
        if per is None or not _names_its_owner(kind):
            return plain
        place = self.places.get(_organisation(per) or self.owners.get((item_id, per), 0), "")
        row, _, number = per.partition(":")
        if per.startswith(_ORGANISATION) or not number:
            said = plain
        else:
            said = f"{upper_first(row)} {number}" if plain.casefold() == row else f"{plain}, {row} {number}"
        return f"{said}, {place}" if place else said


def title_of(kind: str, name: str) -> str:
    """What a clock is called, whosever it is."""
    workflow = workflows.ALL.get(kind)
    titles = {clock.name: clock.title for clock in workflow.clocks} if workflow else {}
    return titles.get(name, in_words(name))


def read_clock_names(session: Session, clocks: Iterable[tuple[str, int, str | None]]) -> ClockNames:
    """The names of these clocks, each (kind, item id, whose): nothing is read where none says whose it is.

    Two statements at most for each kind between sides, however many clocks there are.
    """
    asked = [(kind, item_id, per) for kind, item_id, per in clocks if per is not None and _names_its_owner(kind)]
    owners = read_row_owners(session, asked)
    found = {_organisation(per) for _, _, per in asked} | set(owners.values())
    return ClockNames(owners, _names(session, found - {None}))


def read_row_owners(session: Session, clocks: Iterable[tuple[str, int, str | None]]) -> dict[tuple[int, str], int]:
    """Of clocks of items' own rows, as (kind, item id, whose): the row to the organisation it is of."""
    rows: dict[str, set[int]] = defaultdict(set)
    for kind, item_id, per in clocks:
        if per is not None and _organisation(per) is None and _names_its_owner(kind):
            rows[kind].add(item_id)
    found: dict[tuple[int, str], int] = {}
    for kind, ids in rows.items():
        found |= WorkItem.__mapper__.polymorphic_map[kind].class_.row_owners(session, ids)
    return found


def _names_its_owner(kind: str) -> bool:
    """Parties that do not see each other are not named by their clocks."""
    workflow = workflows.ALL.get(kind)
    return workflow is not None and workflow.is_between_sides


def _organisation(per: str) -> int | None:
    number = per.removeprefix(_ORGANISATION).partition("/")[0]
    return int(number) if per.startswith(_ORGANISATION) and number.isdecimal() else None


def _names(session: Session, ids: set[Any]) -> dict[int, str]:
    if not ids:
        return {}
    table = Base.metadata.tables["organisation"]
    return {
        int(row.id): str(row.name)
        for row in session.execute(select(table.c.id, table.c.name).where(table.c.id.in_(ids)))
    }
